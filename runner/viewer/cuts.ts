import type { Vec3 } from '../kernels/geometry.ts';
import type { VoxelArray } from '../kernels/volume.ts';
import { planeAxes, type PieceType, type PieceValues, type VoxelAxis } from '../protocol/imageView.ts';
import type { VoxelType } from '../image/omeZarr.types.ts';

const pieceTypes: Readonly<Record<VoxelType, PieceType>> = {
  bool: 'uint8', int8: 'int8', uint8: 'uint8', int16: 'int16', uint16: 'uint16', int32: 'int32', uint32: 'uint32',
  int64: 'float32', uint64: 'float32', float16: 'float32', float32: 'float32', float64: 'float32',
};

/** How voxels of a stored type are sent to a page. */
export function pieceTypeOf(voxelType: VoxelType): PieceType {
  return pieceTypes[voxelType];
}

/** Room for so many values. */
export function allocatePiece(type: PieceType, length: number): PieceValues {
  switch (type) {
    case 'int8': return new Int8Array(length);
    case 'uint8': return new Uint8Array(length);
    case 'int16': return new Int16Array(length);
    case 'uint16': return new Uint16Array(length);
    case 'int32': return new Int32Array(length);
    case 'uint32': return new Uint32Array(length);
    case 'float32': return new Float32Array(length);
  }
}

/** Steps of a block (x fastest) along its axes. */
function stepsOf(size: Vec3): Vec3 {
  return [1, size[0], size[0] * size[1]];
}

/**
 * Writes the plane at `index` along an axis of a block into `out`, from place `at` on: rows of the lower of the other two
 * axes, one after another. With `maximum`, the larger of what is there and the plane's value is kept; NaN never wins.
 */
export function cutPlane(block: VoxelArray, size: Vec3, axis: VoxelAxis, index: number, out: PieceValues, at = 0, maximum = false): void {
  const steps = stepsOf(size);
  const [lower, higher] = planeAxes(axis);
  const [width, height] = [size[lower], size[higher]];
  const [across, down] = [steps[lower], steps[higher]];
  const begin = index * steps[axis];
  for (let row = 0, to = at; row < height; row++) {
    let from = begin + row * down;
    if (maximum) {
      for (let column = 0; column < width; column++, from += across, to++) if (block[from] > out[to]) out[to] = block[from];
    } else if (across === 1) {
      out.set(block.subarray(from, from + width), to);
      to += width;
    } else {
      for (let column = 0; column < width; column++, from += across) out[to++] = block[from];
    }
  }
}

/** Bytes of one slab of a piece that are kept at most: with more channels and pieces on the screen, several hundred megabytes. */
const slabBytes = 16 * 1024 * 1024;

/**
 * How many planes are cut from a chunk at once and kept for scrolling: the whole chunk, or a half, a quarter … of it when
 * the piece is so large that whole chunks of all pieces on the screen would not fit into memory.
 *
 * @param chunk depth of a chunk along the axis
 * @param planeBytes of one plane of the piece
 */
export function slabDepth(chunk: number, planeBytes: number): number {
  let depth = chunk;
  while (depth > 1 && depth * planeBytes > slabBytes) depth = Math.ceil(depth / 2);
  return depth;
}

/** Edge that pieces have at least, where there is so much, and at most; unless one chunk is the piece. */
const usualPiece = 512;
const largestPiece = 1024;

/** Edge of the pieces of a plane along an axis: whole chunks, so that none is decoded for two pieces. */
export function pieceEdge(chunk: number): number {
  if (chunk <= usualPiece) return chunk * Math.round(usualPiece / chunk);
  return chunk <= largestPiece ? chunk : Math.ceil(chunk / Math.ceil(chunk / largestPiece));
}
