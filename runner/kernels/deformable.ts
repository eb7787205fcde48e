import { gaussianBlur } from './blur.ts';
import { identityAffine, invertAffine, multiplyAffines, type Affine, type Vec3 } from './geometry.ts';
import { summariseJacobian } from './displacement.ts';
import { binOf, binsFor, JointHistogram } from './mutualInformation.ts';
import { axesToHalve, halve, halveGrid } from './pyramid.ts';
import { resampleLinear, resampleNearest } from './sample.ts';
import type { DisplacementField } from './transform.ts';
import { voxelCount, type Volume } from './volume.ts';

/** Choices of {@link registerDeformable}. */
export interface DeformableOptions {
  /** RAS points of the fixed image to RAS points of the moving one: what is applied after the warp. */
  readonly affine: Affine;
  /** On the fixed grid: voxels that are compared and that pull. Default all. */
  readonly mask?: ArrayLike<number>;
  /** Most iterations per resolution level, the coarsest (of half the resolution per level) first. Default 100, 50. */
  readonly iterations?: readonly number[];
  /** Standard deviation, in voxels, of the smoothing of the force. Default 4. */
  readonly gradientSigma?: number;
  /** Standard deviation, in voxels, of the smoothing of the warp after each update. Default 2. */
  readonly warpSigma?: number;
  /** Called after each iteration; may throw to stop. */
  readonly afterIteration?: (done: number, total: number) => void;
}

/** A warp and how it came about. */
export interface DeformableResult {
  /** Moves fixed points before the affine: moving point = affine(p + D(p)). On the fixed image's grid. */
  readonly warp: DisplacementField;
  /** Iterations carried out per level. */
  readonly iterations: readonly number[];
  /** Mutual information at the start and at the end of each level, as the optimiser saw it, in nats. */
  readonly information: readonly (readonly [number, number])[];
  readonly minJacobian: number;
}

/** Voxels along an axis below which it is not halved. */
const smallestAxis = 8;
/** Least accepted Jacobian determinant of an update. */
const leastJacobian = 0.1;
/** Iterations between checks for progress and folding. */
const checkEvery = 5;
/** Steps (largest update, in voxels) start at 1, as greedy's, and are halved without progress until below this. */
const smallestStep = 0.1;

/**
 * Deformable registration in the manner of greedy (Yushkevich et al., 2016): at each iteration the gradient of the images'
 * mutual information with respect to the warp is smoothed (gradientSigma), scaled so that no point moves more than a
 * voxel, composed with the warp, and the warp is smoothed (warpSigma). Coarse to fine.
 *
 * Unlike greedy, updates are kept only while the mutual information grows and space does not fold: otherwise the best warp
 * so far is restored and the step halved, the warp's smoothing with it. A level ends early when nothing is gained any more,
 * and images that match already stay within a fraction of a voxel of where they are.
 *
 * @param fixed values from 0 to 1 (see normaliseIntensity)
 * @param moving values from 0 to 1
 */
export function registerDeformable(fixed: Volume<Float32Array>, moving: Volume<Float32Array>, options: DeformableOptions): DeformableResult {
  const limits = options.iterations ?? [100, 50];
  const levels = pyramid(fixed, moving, options, limits.length);
  const total = limits.reduce((sum, n) => sum + n, 0);
  let before = 0;
  let warp: Float32Array | undefined;
  let previous: Level | undefined;
  const iterations: number[] = [];
  const information: (readonly [number, number])[] = [];
  levels.forEach((level, index) => {
    const start = previous === undefined || warp === undefined ? new Float32Array(3 * voxelCount(level.fixed.size)) : upsample(warp, previous, level);
    const offset = before;
    const result = optimise(level, start, limits[index], options, (done) => options.afterIteration?.(offset + done, total));
    before += limits[index];
    warp = result.warp;
    previous = level;
    iterations.push(result.iterations);
    information.push(result.information);
  });
  const finest = levels[levels.length - 1];
  const field = unfold(toMillimetres(warp as Float32Array, finest.fixed));
  return { warp: field, iterations, information, minJacobian: summariseJacobian(field).min };
}

/** One resolution. Warps of a level are in voxels of its fixed image, components one after another. */
interface Level {
  readonly fixed: Volume<Float32Array>;
  readonly moving: Volume<Float32Array>;
  /** Voxels of `fixed` that count. */
  readonly mask: Uint8Array;
  /** Which axes of the next finer level were halved to make this one. */
  readonly halved: readonly [boolean, boolean, boolean];
}

function pyramid(fixed: Volume<Float32Array>, moving: Volume<Float32Array>, options: DeformableOptions, count: number): Level[] {
  const { mask } = options;
  const fullMask = new Uint8Array(fixed.data.length);
  if (mask === undefined) fullMask.fill(1);
  else for (let i = 0; i < fullMask.length; i++) fullMask[i] = mask[i] === 0 ? 0 : 1;
  const levels: Level[] = [{ fixed, moving, mask: fullMask, halved: [false, false, false] }];
  while (levels.length < count) {
    const finer = levels[0];
    const halved = axesToHalve(finer.fixed.size, smallestAxis);
    const coarse = halve(finer.fixed, halved);
    const coarseMask = resampleNearest({ data: finer.mask, size: finer.fixed.size, affine: finer.fixed.affine }, halveGrid(finer.fixed, halved));
    levels.unshift({ fixed: coarse, moving: halve(finer.moving, axesToHalve(finer.moving.size, smallestAxis)), mask: coarseMask.data, halved });
  }
  return levels;
}

/** A coarse level's warp on the next finer grid. */
function upsample(warp: Float32Array, from: Level, to: Level): Float32Array {
  const count = voxelCount(from.fixed.size);
  const out = new Float32Array(3 * voxelCount(to.fixed.size));
  for (let c = 0; c < 3; c++) {
    const component: Volume<Float32Array> = { data: warp.subarray(c * count, (c + 1) * count), size: from.fixed.size, affine: from.fixed.affine };
    const fine = resampleLinear(component, to.fixed).data;
    const scale = from.halved[c] ? 2 : 1;
    for (let i = 0; i < fine.length; i++) out[c * fine.length + i] = fine[i] * scale;
  }
  return out;
}

/** What one level's optimisation came to. */
interface LevelResult {
  readonly warp: Float32Array;
  readonly iterations: number;
  readonly information: readonly [number, number];
}

function optimise(level: Level, start: Float32Array, limit: number, options: DeformableOptions, afterIteration: (done: number) => void): LevelResult {
  const { size } = level.fixed;
  const count = voxelCount(size);
  const matcher = new Matcher(level, options.affine);
  const gradientSigma = options.gradientSigma ?? 4;
  const warpSigma = options.warpSigma ?? 2;
  let warp = start;
  let update: Float32Array = new Float32Array(3 * count);
  const best = start.slice();
  const first = matcher.compare(warp);
  let bestInformation = first;
  let step = 1;
  let done = 0;
  // Keeps the warp if it is the best one so far, else goes back to that; takes smaller steps when little was gained.
  const settle = (information: number): void => {
    const gain = information - bestInformation;
    const accepted = gain > 0 && summariseJacobian({ data: warp, size, affine: identityAffine }).min >= leastJacobian;
    if (accepted) {
      best.set(warp);
      bestInformation = information;
    } else {
      warp.set(best);
    }
    if (!accepted || gain < 1e-3 * bestInformation) step /= 2;
  };
  let information = first;
  while (done < limit && step >= smallestStep) {
    matcher.force(update);
    for (let c = 0; c < 3; c++) smooth(update, c, size, gradientSigma);
    if (!limitStep(update, step)) break;
    compose(warp, update, size);
    // Smoothing diffuses the warp: a smaller step stands for less time, in which less diffuses.
    for (let c = 0; c < 3; c++) smooth(update, c, size, warpSigma * Math.sqrt(step));
    [warp, update] = [update, warp];
    done++;
    information = matcher.compare(warp);
    if (done % checkEvery === 0 || done === limit) {
      settle(information);
      if (information !== bestInformation) matcher.compare(warp);
    }
    afterIteration(done);
  }
  return { warp: best, iterations: done, information: [first, bestInformation] };
}

function smooth(components: Float32Array, component: number, size: Vec3, sigma: number): void {
  const count = voxelCount(size);
  const one = components.subarray(component * count, (component + 1) * count);
  gaussianBlur(one, size, sigma, { truncate: 3, out: one });
}

/** Scales vectors so that the longest is `step`. False when all are zero. */
function limitStep(vectors: Float32Array, step: number): boolean {
  const count = vectors.length / 3;
  let longest = 0;
  for (let p = 0; p < count; p++) {
    const square = vectors[p] ** 2 + vectors[p + count] ** 2 + vectors[p + 2 * count] ** 2;
    if (square > longest) longest = square;
  }
  if (!(longest > 1e-24)) return false;
  const scale = step / Math.sqrt(longest);
  for (let i = 0; i < vectors.length; i++) vectors[i] *= scale;
  return true;
}

/** Puts into `update` (g) the warp that moves by g first and by the present warp u then: g(x) + u(x + g(x)). */
function compose(warp: Float32Array, update: Float32Array, size: Vec3): void {
  const [nx, ny, nz] = size;
  const count = voxelCount(size);
  const plane = nx * ny;
  for (let z = 0, p = 0; z < nz; z++) {
    for (let y = 0; y < ny; y++) {
      for (let x = 0; x < nx; x++, p++) {
        const u = Math.min(nx - 1, Math.max(0, x + update[p]));
        const v = Math.min(ny - 1, Math.max(0, y + update[p + count]));
        const w = Math.min(nz - 1, Math.max(0, z + update[p + 2 * count]));
        const iu = Math.floor(u), iv = Math.floor(v), iw = Math.floor(w);
        const fu = u - iu, fv = v - iv, fw = w - iw;
        const du = iu < nx - 1 ? 1 : 0, dv = iv < ny - 1 ? nx : 0, dw = iw < nz - 1 ? plane : 0;
        const base = iu + nx * iv + plane * iw;
        const w00 = (1 - fv) * (1 - fw), w10 = fv * (1 - fw), w01 = (1 - fv) * fw, w11 = fv * fw;
        for (let o = base, q = p; q < 3 * count; o += count, q += count) {
          const lower = warp[o] * w00 + warp[o + dv] * w10 + warp[o + dw] * w01 + warp[o + dv + dw] * w11;
          const upper = warp[o + du] * w00 + warp[o + dv + du] * w10 + warp[o + dw + du] * w01 + warp[o + dv + dw + du] * w11;
          update[q] += lower + (upper - lower) * fu;
        }
      }
    }
  }
}

/** Compares the warped moving image with the fixed one, and says which way each voxel should go. */
class Matcher {
  readonly #level: Level;
  /** Fixed voxels to moving voxels. */
  readonly #toMoving: Affine;
  readonly #histogram: JointHistogram;
  /** Bin of each fixed voxel; 255 where it does not count. */
  readonly #fixedBins: Uint8Array;
  /** The moving image on the fixed grid, as bin coordinates; -1 where it has no voxel. */
  readonly #warped: Float32Array;

  constructor(level: Level, affine: Affine) {
    this.#level = level;
    this.#toMoving = multiplyAffines(invertAffine(level.moving.affine), multiplyAffines(affine, level.fixed.affine));
    let inside = 0;
    for (const value of level.mask) inside += value;
    const bins = binsFor(inside);
    this.#histogram = new JointHistogram(bins);
    this.#fixedBins = Uint8Array.from(level.fixed.data, (value, i) => (level.mask[i] === 0 ? 255 : binOf(value, bins)));
    this.#warped = new Float32Array(level.fixed.data.length);
  }

  /** Warps the moving image and returns the mutual information. */
  compare(warp: Float32Array): number {
    this.#warp(warp);
    const histogram = this.#histogram;
    histogram.clear();
    const warped = this.#warped, fixedBins = this.#fixedBins;
    for (let p = 0; p < warped.length; p++) {
      if (fixedBins[p] !== 255 && warped[p] >= 0) histogram.add(fixedBins[p], warped[p]);
    }
    return histogram.finish();
  }

  #warp(warp: Float32Array): void {
    const [nx, ny, nz] = this.#level.fixed.size;
    const count = voxelCount(this.#level.fixed.size);
    const { data, size: [mx, my, mz] } = this.#level.moving;
    const [a, b, c, d, e, f, g, h, i, j, k, l] = this.#toMoving;
    const scale = this.#histogram.bins - 1;
    const warped = this.#warped;
    const plane = mx * my;
    for (let z = 0, p = 0; z < nz; z++) {
      for (let y = 0; y < ny; y++) {
        for (let x = 0; x < nx; x++, p++) {
          const px = x + warp[p], py = y + warp[p + count], pz = z + warp[p + 2 * count];
          let u = a * px + b * py + c * pz + d;
          let v = e * px + f * py + g * pz + h;
          let w = i * px + j * py + k * pz + l;
          if (!(u >= -0.5 && u <= mx - 0.5 && v >= -0.5 && v <= my - 0.5 && w >= -0.5 && w <= mz - 0.5)) {
            warped[p] = -1;
            continue;
          }
          u = Math.min(Math.max(u, 0), mx - 1);
          v = Math.min(Math.max(v, 0), my - 1);
          w = Math.min(Math.max(w, 0), mz - 1);
          const iu = Math.floor(u), iv = Math.floor(v), iw = Math.floor(w);
          const fu = u - iu, fv = v - iv, fw = w - iw;
          const du = iu < mx - 1 ? 1 : 0, dv = iv < my - 1 ? mx : 0, dw = iw < mz - 1 ? plane : 0;
          const o = iu + mx * iv + plane * iw;
          const v00 = data[o] + (data[o + du] - data[o]) * fu;
          const v10 = data[o + dv] + (data[o + dv + du] - data[o + dv]) * fu;
          const v01 = data[o + dw] + (data[o + dw + du] - data[o + dw]) * fu;
          const v11 = data[o + dv + dw] + (data[o + dv + dw + du] - data[o + dv + dw]) * fu;
          const w0 = v00 + (v10 - v00) * fv;
          const w1 = v01 + (v11 - v01) * fv;
          warped[p] = (w0 + (w1 - w0) * fw) * scale;
        }
      }
    }
  }

  /** Gradient of the mutual information by the warp, after {@link compare}: into `out`, in any unit. */
  force(out: Float32Array): void {
    const [nx, ny, nz] = this.#level.fixed.size;
    const count = voxelCount(this.#level.fixed.size);
    const plane = nx * ny;
    const warped = this.#warped, fixedBins = this.#fixedBins, histogram = this.#histogram;
    out.fill(0);
    for (let z = 0, p = 0; z < nz; z++) {
      for (let y = 0; y < ny; y++) {
        for (let x = 0; x < nx; x++, p++) {
          if (fixedBins[p] === 255 || warped[p] < 0) continue;
          const slope = histogram.slopeAt(fixedBins[p], warped[p]);
          if (x > 0 && x < nx - 1 && warped[p - 1] >= 0 && warped[p + 1] >= 0) out[p] = slope * (warped[p + 1] - warped[p - 1]);
          if (y > 0 && y < ny - 1 && warped[p - nx] >= 0 && warped[p + nx] >= 0) out[p + count] = slope * (warped[p + nx] - warped[p - nx]);
          if (z > 0 && z < nz - 1 && warped[p - plane] >= 0 && warped[p + plane] >= 0) out[p + 2 * count] = slope * (warped[p + plane] - warped[p - plane]);
        }
      }
    }
  }
}

/** A warp in voxels of a grid as a field in RAS millimetres. */
function toMillimetres(warp: Float32Array, grid: Volume<Float32Array>): DisplacementField {
  const count = voxelCount(grid.size);
  const m = grid.affine;
  const data = new Float32Array(warp.length);
  for (let p = 0; p < count; p++) {
    const u = warp[p], v = warp[p + count], w = warp[p + 2 * count];
    data[p] = m[0] * u + m[1] * v + m[2] * w;
    data[p + count] = m[4] * u + m[5] * v + m[6] * w;
    data[p + 2 * count] = m[8] * u + m[9] * v + m[10] * w;
  }
  return { data, size: grid.size, affine: grid.affine };
}

/** Smooths a field until no voxel of it folds; updates hardly ever leave one that does. */
function unfold(field: DisplacementField): DisplacementField {
  let data: Float32Array = field.data;
  for (let round = 0; round < 20 && summariseJacobian({ ...field, data }).min <= 0; round++) {
    data = data.slice();
    for (let c = 0; c < 3; c++) smooth(data, c, field.size, 1);
  }
  return { ...field, data };
}
