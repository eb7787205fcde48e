import type { Vec3 } from '../../kernels/geometry.ts';
import { nearIsotropicStep } from '../../image/levels.ts';
import { defaultCacheBytes } from '../../image/zarrArray.ts';
import type { ImageInfo } from '../../image/omeZarr.types.ts';
import { planBricks, slabVoxels, type BrickGrid } from './bricks.ts';
import type { ImagePlan } from '../plan/imagePlan.ts';
import type { Artifact } from '../task.ts';

/**
 * What the steps of segmentation share: the grid they work on, and where they leave things for each other.
 *
 * The order is range -> histogram parts -> threshold -> segment parts -> objects, mask store, field fraction. `th<v>`
 * needs no range and no histogram.
 */

/** Size of a level in voxels and its voxel size in millimetres, without opening the image again. */
export function levelGrid(info: ImageInfo, level: number): { readonly size: Vec3; readonly scale: Vec3 } {
  const stored = Math.min(level, info.levels.length - 1);
  const stride = 2 ** (level - stored);
  const { size, scale } = info.levels[stored];
  return {
    size: size.map((n) => Math.ceil(n / stride)) as unknown as Vec3,
    scale: scale.map((s) => s * stride) as unknown as Vec3,
  };
}

/** The grid of `level` as it is exported: every n-th voxel along an axis that is much finer than the others (spec §2). */
export function exportGrid(info: ImageInfo, level: number): { readonly size: Vec3; readonly scale: Vec3 } {
  const grid = levelGrid(info, level);
  const step = nearIsotropicStep(grid.scale);
  return {
    size: grid.size.map((n, axis) => Math.ceil(n / step[axis])) as unknown as Vec3,
    scale: grid.scale.map((s, axis) => s * step[axis]) as unknown as Vec3,
  };
}

/** Bricks in which the segmentation level of an image is worked through. */
export function segmentationBricks(plan: ImagePlan): BrickGrid {
  const { segmentationLevel, zarrStoreChunks } = plan.options;
  const stored = Math.min(segmentationLevel, plan.info.levels.length - 1);
  return planBricks(levelGrid(plan.info, segmentationLevel).size, plan.info.levels[stored].chunk, [zarrStoreChunks[1], zarrStoreChunks[2], zarrStoreChunks[3]]);
}

/** Bytes of a stored voxel. */
function voxelBytes(plan: ImagePlan): number {
  const perVoxel: Readonly<Record<string, number>> = { int8: 1, uint8: 1, bool: 1, int16: 2, uint16: 2, float16: 2, int64: 8, uint64: 8, float64: 8 };
  return perVoxel[plan.info.voxelType] ?? 4;
}

/** Bytes that reading the whole segmentation level of one channel takes from an uncompressed store. */
export function rawBytes(plan: ImagePlan, voxels: number): number {
  return voxels * voxelBytes(plan);
}

/**
 * Memory that working through a channel slab by slab takes: the cache of decoded chunks, chunks on their way, encoded and
 * decoded, the slab that is worked on and the next, and what the libraries for it need.
 */
export function slabMemory(plan: ImagePlan): number {
  const { chunk } = plan.info.levels[Math.min(plan.options.segmentationLevel, plan.info.levels.length - 1)];
  const bytes = voxelBytes(plan);
  return 60e6 + defaultCacheBytes + 4 * bytes * chunk[0] * chunk[1] * chunk[2] + slabVoxels * (2 * bytes + 4);
}

/** Temporary files of segmentation. */
export const segmentationWork = {
  range: (plan: ImagePlan, stain: string): Artifact => work(plan, `intensity/${stain}/range.json`),
  histogram: (plan: ImagePlan, stain: string, batch: number): Artifact => work(plan, `intensity/${stain}/histogram-${pad(batch)}.json`),
  threshold: (plan: ImagePlan, stain: string, method: string): Artifact => work(plan, `threshold/${stain}/${method}.json`),
  components: (plan: ImagePlan, stain: string, method: string, batch: number): Artifact => work(plan, `segment/${stain}/${method}/components-${pad(batch)}.bin`),
  fraction: (plan: ImagePlan, stain: string, method: string, batch: number): Artifact => work(plan, `segment/${stain}/${method}/fraction-${pad(batch)}.bin`),
  /** A folder with the mask's chunks of one part. */
  maskPart: (plan: ImagePlan, stain: string, method: string, batch: number): Artifact => work(plan, `segment/${stain}/${method}/mask-${pad(batch)}.zarr`),
  objects: (plan: ImagePlan, stain: string, method: string): Artifact => work(plan, `tabular/${stain}/${method}/objects.parquet`),
} as const;

function work(plan: ImagePlan, name: string): Artifact {
  return { place: 'work', path: plan.paths.work(name) };
}

/** 7 -> `0007`: parts sort by name. */
export function pad(index: number): string {
  return String(index).padStart(4, '0');
}

/** What the threshold step found. */
export interface ThresholdResult {
  /** Foreground is at or above this, in corrected intensity. */
  readonly threshold: number;
  /** All class borders of the method, or the components of the mixture, for figures and the report. */
  readonly details: Readonly<Record<string, number | readonly number[]>>;
}
