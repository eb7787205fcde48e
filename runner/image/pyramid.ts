import type { Vec3 } from '../kernels/geometry.ts';
import type { VoxelArray } from '../kernels/volume.ts';
import type { ImageLevel } from './omeZarr.types.ts';

/** Number of voxels of a level whose voxels are `factor` times as large: incomplete blocks at the far ends are dropped. */
export function reducedSize(size: Vec3, factor: Vec3): Vec3 {
  return [Math.floor(size[0] / factor[0]), Math.floor(size[1] / factor[1]), Math.floor(size[2] / factor[2])];
}

const isOne = (factor: Vec3): boolean => factor.every((f) => f === 1);

/** Keeps the levels that still have voxels along every axis and are smaller than the one before. */
function usable(factors: readonly Vec3[], size: Vec3): readonly Vec3[] {
  const kept: Vec3[] = [];
  let before: Vec3 = [1, 1, 1];
  for (const factor of factors) {
    const ratios = factor.map((f, axis) => f / before[axis]);
    if (ratios.some((ratio) => !Number.isInteger(ratio)) || ratios.every((ratio) => ratio === 1)) break;
    if (reducedSize(size, factor).some((n) => n === 0)) break;
    kept.push(factor);
    before = factor;
  }
  return kept;
}

/**
 * The cumulative factors of a pyramid over an image of `size` voxels with edges of `scale`, when no source gives them:
 * the first level brings the voxels nearest to cubes (or doubles them, when they are cubes), each further one doubles
 * them; four levels, fewer when an axis would run out of voxels.
 */
export function defaultPyramidFactors(scale: Vec3, size: Vec3): readonly Vec3[] {
  const longest = Math.max(...scale);
  const [x, y, z] = scale.map((edge) => Math.max(1, Math.round(longest / edge)));
  const first: Vec3 = isOne([x, y, z]) ? [2, 2, 2] : [x, y, z];
  const factors = [1, 2, 4, 8].map((times): Vec3 => [first[0] * times, first[1] * times, first[2] * times]);
  return usable(factors, size);
}

/**
 * The cumulative factors that the stored levels below `from` have to it, along x, y, z. Falls back on
 * {@link defaultPyramidFactors} when they are not whole numbers, or there are no levels below.
 */
export function sourcePyramidFactors(levels: readonly ImageLevel[], from: number): readonly Vec3[] {
  const base = levels[from];
  const factors: Vec3[] = [];
  for (const level of levels.slice(from + 1)) {
    const exact = level.scale.map((edge, axis) => edge / base.scale[axis]);
    const [x, y, z] = exact.map(Math.round);
    // Scales are written with rounding, so a whole factor is met to a few parts in a thousand.
    if (exact.some((ratio) => Math.abs(ratio - Math.round(ratio)) > 0.005 * ratio)) return defaultPyramidFactors(base.scale, base.size);
    factors.push([x, y, z]);
  }
  const kept = usable(factors, base.size);
  return kept.length > 0 ? kept : defaultPyramidFactors(base.scale, base.size);
}

/**
 * Means of whole blocks of `factor` voxels, x fastest, as dask's local mean followed by a cast gives them: integers are
 * truncated toward zero, incomplete blocks dropped. `size` is that of `data`; writes into `out` (of `outSize` voxels)
 * from `at` on.
 */
export function meanBlocks(data: VoxelArray, size: Vec3, factor: Vec3, out: VoxelArray, outSize: Vec3, at: Vec3): void {
  const [fx, fy, fz] = factor;
  const [nx, ny, nz] = reducedSize(size, factor);
  const volume = fx * fy * fz;
  const sums = new Float64Array(nx);
  for (let z = 0; z < nz; z++) {
    for (let y = 0; y < ny; y++) {
      sums.fill(0);
      for (let dz = 0; dz < fz; dz++) {
        for (let dy = 0; dy < fy; dy++) {
          let from = size[0] * (y * fy + dy + size[1] * (z * fz + dz));
          for (let x = 0; x < nx; x++) {
            for (let dx = 0; dx < fx; dx++) sums[x] += data[from++];
          }
        }
      }
      const to = at[0] + outSize[0] * (at[1] + y + outSize[1] * (at[2] + z));
      // Storing into an integer array truncates toward zero by itself.
      for (let x = 0; x < nx; x++) out[to + x] = sums[x] / volume;
    }
  }
}
