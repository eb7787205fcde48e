import { SpimquantError } from '../protocol/errors.ts';
import type { Affine, Vec3 } from './geometry.ts';
import { multiplyAffines, voxelSize } from './geometry.ts';
import type { Grid } from './transform.ts';
import { voxelCount, type Volume } from './volume.ts';

/**
 * The image at half the resolution along the chosen axes: means of blocks of two voxels (at an odd end, of one). The
 * affine moves with the centres of the blocks.
 */
export function halve(volume: Volume<Float32Array>, axes: readonly [boolean, boolean, boolean]): Volume<Float32Array> {
  const grid = halveGrid(volume, axes);
  const [nx, ny, nz] = volume.size;
  const [mx, my] = grid.size;
  const sums = new Float64Array(voxelCount(grid.size));
  const counts = new Uint8Array(sums.length);
  const [sx, sy, sz] = axes.map((halved) => (halved ? 1 : 0));
  for (let z = 0, p = 0; z < nz; z++) {
    for (let y = 0; y < ny; y++) {
      const row = mx * ((y >> sy) + my * (z >> sz));
      for (let x = 0; x < nx; x++, p++) {
        const q = row + (x >> sx);
        sums[q] += volume.data[p];
        counts[q]++;
      }
    }
  }
  return { ...grid, data: Float32Array.from(sums, (sum, q) => sum / counts[q]) };
}

/** The grid that {@link halve} makes. */
export function halveGrid(grid: Grid, axes: readonly [boolean, boolean, boolean]): Grid {
  const scale = axes.map((halved) => (halved ? 2 : 1));
  const shift = axes.map((halved) => (halved ? 0.5 : 0));
  const toFine: Affine = [scale[0], 0, 0, shift[0], 0, scale[1], 0, shift[1], 0, 0, scale[2], shift[2], 0, 0, 0, 1];
  const size = grid.size.map((n, axis) => Math.ceil(n / scale[axis])) as unknown as Vec3;
  return { size, affine: multiplyAffines(grid.affine, toFine) };
}

/** Which axes can be halved: those that keep at least `smallest` voxels. */
export function axesToHalve(size: Vec3, smallest: number): [boolean, boolean, boolean] {
  return [size[0] >= 2 * smallest, size[1] >= 2 * smallest, size[2] >= 2 * smallest];
}

/**
 * The image with at most so many voxels: halved, first along the axes with the finest voxels, as often as needed. The
 * same image when it is small enough.
 */
export function reduceTo(volume: Volume<Float32Array>, voxels: number): Volume<Float32Array> {
  let reduced = volume;
  while (voxelCount(reduced.size) > voxels) {
    const sizes = voxelSize(reduced.affine);
    const finest = Math.min(...sizes);
    reduced = halve(reduced, sizes.map((size) => size < 1.5 * finest) as [boolean, boolean, boolean]);
  }
  return reduced;
}

/** The value range that registration looks at. */
export interface IntensityRange {
  readonly low: number;
  readonly high: number;
}

/** Number of values that quantiles are taken from at most. */
const sampleLimit = 200_000;

/**
 * The range from the darkest 0.1 % to the brightest 0.5 % of the values above that: a few very bright spots must not press
 * the anatomy into one histogram bin, and a large black background must not count as anatomy.
 * Throws `no-signal` when all values are equal or none is a number.
 *
 * @param name of the image, for the error
 */
export function intensityRange(data: ArrayLike<number>, name: string): IntensityRange {
  const step = Math.max(1, Math.ceil(data.length / sampleLimit));
  const sample: number[] = [];
  for (let i = 0; i < data.length; i += step) if (Number.isFinite(data[i])) sample.push(data[i]);
  const sorted = Float64Array.from(sample).sort();
  const low = sorted[Math.floor(0.001 * (sorted.length - 1))];
  const above = sorted.subarray(upperBound(sorted, low));
  const high = above[Math.floor(0.995 * (above.length - 1))];
  if (!(high > low)) {
    throw new SpimquantError('no-signal', `${name} has the same value everywhere, so nothing can be registered to it.`, {
      where: name,
      hint: 'Check the stain chosen by --stains_for_reg, the brain mask and the --registration_level.',
    });
  }
  return { low, high };
}

/** Index of the first value greater than `value`. */
function upperBound(sorted: Float64Array, value: number): number {
  let from = 0, to = sorted.length;
  while (from < to) {
    const middle = (from + to) >> 1;
    if (sorted[middle] > value) to = middle;
    else from = middle + 1;
  }
  return from;
}

/** Values mapped so that the range becomes 0 to 1, clipped; what is not a number becomes 0. */
export function normaliseIntensity(data: ArrayLike<number>, range: IntensityRange): Float32Array {
  const scale = 1 / (range.high - range.low);
  const out = new Float32Array(data.length);
  for (let i = 0; i < data.length; i++) {
    const value = (data[i] - range.low) * scale;
    out[i] = value > 0 ? Math.min(1, value) : 0;
  }
  return out;
}
