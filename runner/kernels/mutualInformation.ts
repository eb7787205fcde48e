import { invertAffine, multiplyAffines, type Affine } from './geometry.ts';
import { sampleLinear } from './sample.ts';
import { voxelCount, type Volume } from './volume.ts';

/** A joint histogram of two images' intensities and what follows from it. */
export class JointHistogram {
  readonly bins: number;
  /** Counts, then (after {@link finish}) probabilities: fixed bin · bins + moving bin. */
  readonly joint: Float64Array;
  /** Derivative of log(p(f, m) / p(m)) by the moving intensity, per bin of it; same order as `joint`. */
  readonly slope: Float64Array;
  readonly #marginal: Float64Array;
  readonly #scratch: Float64Array;

  constructor(bins: number) {
    this.bins = bins;
    this.joint = new Float64Array(bins * bins);
    this.slope = new Float64Array(bins * bins);
    this.#marginal = new Float64Array(bins);
    this.#scratch = new Float64Array(bins * bins);
  }

  clear(): void {
    this.joint.fill(0);
  }

  /** Counts a pair: the fixed intensity as a bin number, the moving one as a bin coordinate from 0 to bins − 1. */
  add(fixedBin: number, moving: number): void {
    const bin = Math.min(this.bins - 2, Math.floor(moving));
    const fraction = moving - bin;
    const at = fixedBin * this.bins + bin;
    this.joint[at] += 1 - fraction;
    this.joint[at + 1] += fraction;
  }

  /**
   * Turns counts into a density smoothed by a binomial window of five bins (Parzen estimate), fills `slope` and returns
   * the mutual information in nats: Σ p(f,m) log(p(f,m) / (p(f) p(m))).
   */
  finish(): number {
    const { bins, joint, slope } = this;
    this.#smooth(1);
    this.#smooth(bins);
    let total = 0;
    for (let i = 0; i < joint.length; i++) total += joint[i];
    if (total === 0) {
      slope.fill(0);
      return 0;
    }
    // A floor keeps logarithms finite where no pair was seen; it is too small to carry information.
    const floor = 1e-6 / joint.length;
    const marginal = this.#marginal.fill(0);
    for (let i = 0; i < joint.length; i++) {
      joint[i] = joint[i] / total * (1 - 1e-6) + floor;
      marginal[i % bins] += joint[i];
    }
    let information = 0;
    for (let f = 0; f < bins; f++) {
      let fixed = 0;
      for (let m = 0; m < bins; m++) fixed += joint[f * bins + m];
      for (let m = 0; m < bins; m++) {
        const p = joint[f * bins + m];
        information += p * Math.log(p / (fixed * marginal[m]));
        const a = Math.max(0, m - 1), b = Math.min(bins - 1, m + 1);
        slope[f * bins + m] = (Math.log(joint[f * bins + b] / marginal[b]) - Math.log(joint[f * bins + a] / marginal[a])) / (b - a);
      }
    }
    return information;
  }

  /** The slope at a moving intensity between bins. */
  slopeAt(fixedBin: number, moving: number): number {
    const bin = Math.min(this.bins - 2, Math.floor(moving));
    const fraction = moving - bin;
    const at = fixedBin * this.bins + bin;
    return this.slope[at] * (1 - fraction) + this.slope[at + 1] * fraction;
  }

  /** (1 4 6 4 1) / 16 along one axis of the histogram, the ends repeated. */
  #smooth(stride: number): void {
    const { bins, joint } = this;
    const other = stride === 1 ? bins : 1;
    const scratch = this.#scratch;
    const last = bins - 1;
    for (let line = 0; line < bins; line++) {
      const start = line * other;
      for (let i = 0; i < bins; i++) {
        const at = (j: number): number => joint[start + Math.min(last, Math.max(0, j)) * stride];
        scratch[start + i * stride] = (at(i - 2) + at(i + 2) + 4 * (at(i - 1) + at(i + 1)) + 6 * at(i)) / 16;
      }
    }
    joint.set(scratch);
  }
}

/** Number of histogram bins that so many voxels can fill: their cube root, from 8 to 32. */
export function binsFor(voxels: number): number {
  return Math.min(32, Math.max(8, Math.floor(Math.cbrt(voxels))));
}

/** Bin of an intensity from 0 to 1. */
export function binOf(value: number, bins: number): number {
  return Math.min(bins - 1, Math.floor(value * bins));
}

/** Choices of {@link mutualInformation}. */
export interface MutualInformationOptions {
  /** Fixed voxels that count; default all. */
  readonly mask?: ArrayLike<number>;
  /** About how many voxels of the fixed image are looked at, evenly spread. Default 100 000. */
  readonly samples?: number;
}

/**
 * Mutual information, in nats, of two images with intensities from 0 to 1. Where the moving image has no voxel it counts
 * as dark, so that a mapping that moves it out of sight is not rewarded.
 *
 * @param toMoving RAS points of the fixed image to RAS points of the moving one
 */
export function mutualInformation(fixed: Volume, moving: Volume, toMoving: Affine, options: MutualInformationOptions = {}): number {
  const step = Math.max(1, Math.round(Math.cbrt(voxelCount(fixed.size) / (options.samples ?? 100_000))));
  const [nx, ny, nz] = fixed.size;
  const bins = binsFor(voxelCount(fixed.size) / step ** 3);
  const histogram = new JointHistogram(bins);
  const m = multiplyAffines(invertAffine(moving.affine), multiplyAffines(toMoving, fixed.affine));
  for (let z = 0; z < nz; z += step) {
    for (let y = 0; y < ny; y += step) {
      for (let x = 0; x < nx; x += step) {
        const p = x + nx * (y + ny * z);
        if (options.mask !== undefined && options.mask[p] === 0) continue;
        const value = sampleLinear(moving,
          m[0] * x + m[1] * y + m[2] * z + m[3],
          m[4] * x + m[5] * y + m[6] * z + m[7],
          m[8] * x + m[9] * y + m[10] * z + m[11]);
        histogram.add(binOf(fixed.data[p], bins), value * (bins - 1));
      }
    }
  }
  return histogram.finish();
}
