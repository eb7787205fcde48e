import { reportError, SpimquantError } from '../protocol/errors.ts';
import { determinant, invertAffine, multiplyAffines, transformPoint, type Affine, type Vec3 } from '../kernels/geometry.ts';
import { mutualInformation } from '../kernels/mutualInformation.ts';
import { gridCentre, type Grid } from '../kernels/transform.ts';
import type { Volume } from '../kernels/volume.ts';
import { elastixAffine } from './elastix.ts';

/** An affine registration and how it was found. */
export interface AffineRegistration {
  /** RAS points of the fixed image to RAS points of the moving one. */
  readonly matrix: Affine;
  /** Where the search began; `none` when it failed from everywhere and `matrix` merely lays the centres on each other. */
  readonly start: 'image-centres' | 'brightness-centres' | 'none';
  /** Mutual information in nats with the image centres aligned, and with `matrix`. */
  readonly before: number;
  readonly after: number;
  /** Why attempts were discarded, one sentence each. */
  readonly warnings: readonly string[];
}

/** Choices of {@link registerAffine}. */
export interface AffineOptions {
  /** Iterations per resolution. */
  readonly iterations?: number;
}

/** Volume ratios beyond which an affine between two brains is not believed. */
const leastScale = 0.2;
const mostScale = 5;
/** Mutual information, in nats, that any two pictures of a brain exceed by far when they lie on each other. */
const leastInformation = 0.005;
/** Part of the fixed image's bright voxels that must fall on the moving image. */
const leastOverlap = 0.25;

/**
 * Registers affinely and checks the result: it must match better than the start, keep volumes within a factor of five and
 * the images on each other. The search starts with the image centres aligned; when its result does not hold, with the
 * centres of brightness aligned; when that does not hold either, the image centres are left aligned, with a warning.
 *
 * @param fixed values from 0 to 1
 * @param moving values from 0 to 1
 */
export async function registerAffine(fixed: Volume<Float32Array>, moving: Volume<Float32Array>, options: AffineOptions = {}): Promise<AffineRegistration> {
  const centres = translation(gridCentre(fixed), gridCentre(moving));
  const before = mutualInformation(fixed, moving, centres);
  const warnings: string[] = [];
  for (const start of ['image-centres', 'brightness-centres'] as const) {
    const laidOn = start === 'image-centres' ? gridCentre(moving) : brightnessStart(fixed, moving);
    try {
      const matrix = await elastixAffine(fixed, moving, laidOn, options);
      const after = mutualInformation(fixed, moving, matrix);
      const problem = objection(fixed, moving, matrix, before, after);
      if (problem === undefined) return { matrix, start, before, after, warnings };
      warnings.push(`Affine registration from the ${start.replace('-', ' ')} was discarded: ${problem}.`);
    } catch (error) {
      if (!(error instanceof SpimquantError) || error.cause === undefined || isMissingFile(error.cause)) throw error;
      warnings.push(`Affine registration from the ${start.replace('-', ' ')} failed: ${reportError(error).message}`);
    }
  }
  return { matrix: centres, start: 'none', before, after: before, warnings };
}

function isMissingFile(cause: unknown): boolean {
  return cause instanceof Error && (cause as NodeJS.ErrnoException).code === 'ENOENT';
}

/** What speaks against a result; undefined when nothing does. */
function objection(fixed: Volume<Float32Array>, moving: Volume<Float32Array>, matrix: Affine, before: number, after: number): string | undefined {
  const scale = determinant(matrix);
  if (!(scale >= leastScale && scale <= mostScale)) return `it changes volumes by a factor of ${scale.toPrecision(3)}`;
  const overlap = overlapOf(fixed, moving, matrix);
  if (overlap < leastOverlap) return `only ${Math.round(100 * overlap)} % of the brain remain in view`;
  if (after < leastInformation) return 'the images have nothing in common where it lays them';
  // Images that match already may come out a trace worse, by the randomness of the sampling.
  if (after < before * 0.98) return 'the images match less well than before';
  return undefined;
}

/** Part of the fixed image's voxels brighter than a tenth that have a place on the moving image. */
function overlapOf(fixed: Volume<Float32Array>, moving: Grid, matrix: Affine): number {
  const toVoxel = multiplyAffines(invertAffine(moving.affine), multiplyAffines(matrix, fixed.affine));
  const [nx, ny, nz] = fixed.size;
  let bright = 0, inside = 0;
  for (let z = 0, i = 0; z < nz; z++) {
    for (let y = 0; y < ny; y++) {
      for (let x = 0; x < nx; x++, i++) {
        if (!(fixed.data[i] > 0.1)) continue;
        bright++;
        if (transformPoint(toVoxel, [x, y, z]).every((u, axis) => u >= -0.5 && u <= moving.size[axis] - 0.5)) inside++;
      }
    }
  }
  return bright === 0 ? 1 : inside / bright;
}

/** The moving point under the fixed image's centre when the centres of brightness are aligned. */
function brightnessStart(fixed: Volume<Float32Array>, moving: Volume<Float32Array>): Vec3 {
  const centre = gridCentre(fixed);
  const from = brightnessCentre(fixed);
  const to = brightnessCentre(moving);
  return [0, 1, 2].map((axis) => centre[axis] + to[axis] - from[axis]) as unknown as Vec3;
}

function brightnessCentre(volume: Volume<Float32Array>): Vec3 {
  const [nx, ny, nz] = volume.size;
  let total = 0, u = 0, v = 0, w = 0;
  for (let z = 0, i = 0; z < nz; z++) {
    for (let y = 0; y < ny; y++) {
      for (let x = 0; x < nx; x++, i++) {
        const value = volume.data[i];
        total += value;
        u += value * x;
        v += value * y;
        w += value * z;
      }
    }
  }
  return total > 0 ? transformPoint(volume.affine, [u / total, v / total, w / total]) : gridCentre(volume);
}

/** The matrix that moves one point onto another. */
function translation(from: Vec3, to: Vec3): Affine {
  return [1, 0, 0, to[0] - from[0], 0, 1, 0, to[1] - from[1], 0, 0, 1, to[2] - from[2], 0, 0, 0, 1];
}
