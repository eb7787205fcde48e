import type { Affine, Vec3 } from './geometry.ts';

/** Voxel values in memory. 64-bit integers are converted on reading: see image/. */
export type VoxelArray =
  | Int8Array | Uint8Array | Int16Array | Uint16Array | Int32Array | Uint32Array | Float32Array | Float64Array;

/**
 * A scalar image in memory. `data` runs x fastest: the voxel (x, y, z) is at x + nx·(y + ny·z), which is the order of
 * both NIfTI and a C-ordered zarr array with axes z, y, x.
 */
export interface Volume<A extends VoxelArray = VoxelArray> {
  readonly data: A;
  /** Number of voxels along x, y, z. */
  readonly size: Vec3;
  /** Voxel indices to RAS millimetres. */
  readonly affine: Affine;
}

/** Number of voxels of a grid. */
export function voxelCount(size: Vec3): number {
  return size[0] * size[1] * size[2];
}

/**
 * A vector field on a grid, e.g. a displacement field. `data` is component-planar: component c (0 x, 1 y, 2 z) of the
 * voxel (x, y, z) is at c·n + x + nx·(y + ny·z), n the number of voxels. Stored displacement fields are ITK's: vectors
 * in LPS millimetres, while `affine` maps voxel indices to RAS millimetres as everywhere.
 */
export interface VectorVolume {
  readonly data: Float32Array;
  /** Number of voxels along x, y, z. */
  readonly size: Vec3;
  /** Voxel indices to RAS millimetres. */
  readonly affine: Affine;
}
