import type { Affine, Vec3 } from '../kernels/geometry.ts';
import type { VoxelArray } from '../kernels/volume.ts';

/** One stored resolution of an OME-Zarr image, as its metadata tell. Everything in x, y, z order. */
export interface ImageLevel {
  /** Path of the array inside the store. */
  readonly path: string;
  readonly size: Vec3;
  /** NGFF scale and translation, converted to millimetres. */
  readonly scale: Vec3;
  readonly translation: Vec3;
  /** The decodable unit along each axis: the inner chunk of a sharded array. Reading along it is cheapest. */
  readonly chunk: Vec3;
}

/** Numeric type of the stored voxels. */
export type VoxelType = 'int8' | 'uint8' | 'int16' | 'uint16' | 'int32' | 'uint32' | 'int64' | 'uint64' | 'float16' | 'float32' | 'float64' | 'bool';

/** Three letters for x, y, z; each says the direction of increasing index: R or L, A or P, S or I. */
export type OrientationCode = string;

/** A box of voxels, x, y, z. */
export interface Box {
  readonly start: Vec3;
  readonly size: Vec3;
}

/** What a channel is called and how it is shown. */
export interface ImageChannel {
  readonly label: string;
  /** Six hexadecimal digits. */
  readonly color?: string;
}

/** The description of an opened OME-Zarr image: everything but its pixels. */
export interface ImageInfo {
  readonly uri: string;
  readonly ngffVersion: '0.4' | '0.5';
  readonly zarrFormat: 2 | 3;
  readonly voxelType: VoxelType;
  readonly channels: readonly ImageChannel[];
  readonly timepoints: number;
  readonly levels: readonly ImageLevel[];
  /** As the store's attributes tell (`xyz_orientation`, or legacy `orientation` reversed); undefined when they say nothing. */
  readonly storedOrientation?: OrientationCode;
  /** Axis unit as written in the metadata. Scales here are already millimetres. */
  readonly unit: string;
}

/**
 * A resolution of the pyramid as the pipeline asks for it. Levels deeper than the stored ones are made by taking every
 * 2^n-th voxel of the deepest (pipeline-spec §2), so that a level never fails to exist.
 */
export interface LevelView {
  /** The level that was asked for. */
  readonly level: number;
  readonly storedLevel: number;
  /** Step in voxels of the stored level along x, y, z. */
  readonly step: Vec3;
  readonly size: Vec3;
  /** Voxel indices of this view to RAS millimetres. */
  readonly affine: Affine;
}

/** An opened OME-Zarr image. Safe for concurrent reads. */
export interface OmeZarrImage {
  readonly info: ImageInfo;

  /** The given level in the given orientation (default RAS). */
  level(level: number, orientation?: OrientationCode): LevelView;

  /** Index of the channel with that label. Throws `bad-option` with the labels there are. */
  channelIndex(label: string): number;

  /**
   * Reads a box of one channel, x fastest. The box is in voxels of the view and is clipped to nothing: it must lie inside.
   * Values keep their type; float16 becomes float32, bool uint8, 64-bit integers float64 (exact to 2^53).
   * A missing chunk is the fill value; a denied one is `access-denied`; a corrupt one is `bad-zarr` naming store, array, chunk.
   */
  read(view: LevelView, channel: number, box: Box, signal?: AbortSignal): Promise<VoxelArray>;

  /** Bytes fetched from the store so far. */
  bytesRead(): number;
}
