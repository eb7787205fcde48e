import type { ImageChannel, OrientationCode, VoxelType } from '../image/omeZarr.types.ts';
import type { Box } from '../image/omeZarr.types.ts';
import type { Affine, Vec3 } from '../kernels/geometry.ts';
import type { VoxelArray } from '../kernels/volume.ts';

/** One resolution of a source, in voxels of its own. */
export interface SourceLevel {
  readonly size: Vec3;
  /** What is decoded together. */
  readonly chunk: Vec3;
}

/** What can be looked at, whatever it is stored as. */
export interface ViewSource {
  readonly kind: 'ome-zarr' | 'nifti';
  readonly uri: string;
  readonly voxelType: VoxelType;
  readonly channels: readonly ImageChannel[];
  /** Finest first. */
  readonly levels: readonly SourceLevel[];
  /** How many of them are stored; the others skip voxels. */
  readonly storedLevels: number;
  /** As the image itself tells; a NIfTI file always does, by its affine. */
  readonly storedOrientation?: OrientationCode;
  /** True: planes are cut from memory, and nothing is gained by keeping slabs of them. */
  readonly inMemory: boolean;
  readonly notices: readonly string[];

  /** Voxel indices of a level to RAS millimetres; a NIfTI file has its own and takes no orientation. */
  affine(level: number, orientation: OrientationCode): Affine;

  /** Reads a box, x fastest. It must lie inside. Rejects as {@link OmeZarrImage.read} does. */
  read(level: number, channel: number, box: Box, signal?: AbortSignal): Promise<VoxelArray>;
}

/** What a dataset's sidecars say of an image; it goes over what the image says itself. */
export interface Said {
  readonly orientation?: OrientationCode;
  readonly stains?: readonly string[];
}
