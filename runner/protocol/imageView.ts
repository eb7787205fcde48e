import type { StorageChoice } from './storageChoice.ts';

/** An image that is looked at: an OME-Zarr store or a NIfTI file, and how it is reached. Never holds a secret. */
export interface ImageRef {
  /** A path or address as a user writes it. */
  readonly uri: string;
  readonly storage: StorageChoice;
}

/** Three numbers in the order x, y, z of the stored array. */
export type Triple = readonly [number, number, number];

/** Places of {@link Triple}. */
export type VoxelAxis = 0 | 1 | 2;

export type PlaneName = 'axial' | 'coronal' | 'sagittal';

/** How the values of a piece are stored: as in the image, save that wider numbers come as `float32`. */
export type PieceType = 'int8' | 'uint8' | 'int16' | 'uint16' | 'int32' | 'uint32' | 'float32';

/** One resolution of an image. */
export interface ViewedLevel {
  readonly size: Triple;
  /** Millimetres. */
  readonly voxelSize: Triple;
  /** A voxel index i of level 0 is i·factor + shift here, along each axis. */
  readonly factor: Triple;
  readonly shift: Triple;
  /** What is fetched and decoded together. */
  readonly chunk: Triple;
  /** Edges of the pieces in which planes are asked for. */
  readonly piece: Triple;
}

/**
 * How an anatomical plane lies in the stored array: which axis runs to the right of a picture, which runs up, which is
 * cut through, and whether their indices fall that way. The subject's right, front and top are at the right and top.
 */
export interface ViewedPlane {
  readonly plane: PlaneName;
  readonly across: VoxelAxis;
  readonly up: VoxelAxis;
  readonly through: VoxelAxis;
  readonly flipAcross: boolean;
  readonly flipUp: boolean;
  readonly flipThrough: boolean;
  readonly letters: { readonly left: string; readonly right: string; readonly top: string; readonly bottom: string };
}

/** All that a page needs to know of an image before it asks for pieces. */
export interface ViewedImage {
  /** In its one written form. */
  readonly uri: string;
  readonly kind: 'ome-zarr' | 'nifti';
  /** As stored: `uint16`, `float64`. */
  readonly voxelType: string;
  readonly pieceType: PieceType;
  readonly channels: readonly { readonly label: string; readonly color?: string }[];
  /** Finest first. */
  readonly levels: readonly ViewedLevel[];
  /** Levels that are stored; further ones take every n-th voxel of the last. */
  readonly storedLevels: number;
  /** Voxel indices of level 0 to RAS millimetres, 16 numbers, row-major. */
  readonly affine: readonly number[];
  /** Axial, coronal, sagittal. */
  readonly planes: readonly ViewedPlane[];
  /** Three letters: where x, y and z increase to. */
  readonly orientation: string;
  /** False: nobody says how the image lies, and RAS is assumed. */
  readonly oriented: boolean;
  /** Degrees between the array's axes and those of the body, at most. */
  readonly obliqueness: number;
  /** What is odd about it, one sentence each. */
  readonly notices: readonly string[];
}

/** Where a piece of a plane is: the plane cuts `axis` at voxel `index` of the level; the piece is number x, y of the grid of pieces. */
export interface PieceAddress {
  readonly level: number;
  readonly axis: VoxelAxis;
  readonly index: number;
  /** Of the lower and of the higher of the other two axes. */
  readonly x: number;
  readonly y: number;
  /** Voxels along the axis whose maximum is taken, around the index; 1: the plane itself. */
  readonly slab: number;
}

/** A piece of a plane of some channels. */
export interface Piece extends PieceAddress {
  readonly channels: readonly number[];
  /** Voxels along the lower and along the higher of the other two axes. */
  readonly width: number;
  readonly height: number;
}

/** A region of an atlas. */
export interface ViewedRegion {
  readonly index: number;
  readonly name: string;
  /** `#rrggbb`. */
  readonly color?: string;
}

/** What lies over an image: regions by number, a mask, or a map of numbers. */
export type OverlayKind = 'labels' | 'mask' | 'map';

/** A file of results that can be laid over an image. */
export interface RelatedOverlay {
  readonly title: string;
  readonly kind: OverlayKind;
  readonly uri: string;
  readonly storage: StorageChoice;
  /** The table with the names of its regions. */
  readonly table?: string;
  /** Name of the folder of results it is in. */
  readonly source: string;
}

/** Voxels of one channel, counted. */
export interface IntensityHistogram {
  readonly level: number;
  /** Values of the ends of the bins, evenly spaced. */
  readonly low: number;
  readonly high: number;
  readonly counts: readonly number[];
  readonly minimum: number;
  readonly maximum: number;
  /** Values of the percentiles 1, 50, 99 and 99.8. */
  readonly percentiles: readonly [number, number, number, number];
  /** Only the planes through the middle were looked at, because all of the coarsest level would be too much. */
  readonly middleOnly: boolean;
}

/** Axes of a plane that cuts `axis`: the lower and the higher of the other two. */
export function planeAxes(axis: VoxelAxis): readonly [VoxelAxis, VoxelAxis] {
  return axis === 0 ? [1, 2] : axis === 1 ? [0, 2] : [0, 1];
}

/** First voxel and number of voxels of a piece along an axis. */
export function pieceSpan(level: ViewedLevel, axis: VoxelAxis, number: number): { readonly start: number; readonly count: number } {
  const start = number * level.piece[axis];
  return { start, count: Math.max(0, Math.min(level.piece[axis], level.size[axis] - start)) };
}

/** First voxel and number of voxels whose maximum is taken, for a slab around an index. */
export function slabSpan(size: number, index: number, slab: number): { readonly start: number; readonly count: number } {
  const start = Math.max(0, index - Math.floor((slab - 1) / 2));
  const end = Math.min(size, index + Math.floor(slab / 2) + 1);
  return { start, count: end - start };
}

const bytesOf: Readonly<Record<PieceType, number>> = { int8: 1, uint8: 1, int16: 2, uint16: 2, int32: 4, uint32: 4, float32: 4 };

/** Bytes of a value. */
export function pieceBytes(type: PieceType): number {
  return bytesOf[type];
}

/** Values of a piece: of one channel, or of several one after another; rows of the lower axis, one after another. */
export type PieceValues = Int8Array | Uint8Array | Int16Array | Uint16Array | Int32Array | Uint32Array | Float32Array;

/** Bytes as the values they are. The offset must be a multiple of their width. */
export function pieceValues(type: PieceType, bytes: Uint8Array, from = 0, length = bytes.length / bytesOf[type]): PieceValues {
  const { buffer, byteOffset } = bytes;
  const start = byteOffset + from * bytesOf[type];
  switch (type) {
    case 'int8': return new Int8Array(buffer, start, length);
    case 'uint8': return new Uint8Array(buffer, start, length);
    case 'int16': return new Int16Array(buffer, start, length);
    case 'uint16': return new Uint16Array(buffer, start, length);
    case 'int32': return new Int32Array(buffer, start, length);
    case 'uint32': return new Uint32Array(buffer, start, length);
    case 'float32': return new Float32Array(buffer, start, length);
  }
}
