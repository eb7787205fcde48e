import type { VoxelArray } from '../kernels/volume.ts';
import { reorderAxes } from './reorder.ts';
import { decodeBytes } from './zarrCodecs.ts';
import { badChunk } from './zarrErrors.ts';
import type { ZarrArrayMetadata } from './zarrMetadata.ts';
import { allocateVoxels, bytesPerVoxel, voxelsFromBytes } from './zarrTypes.ts';

/**
 * Decodes a chunk (or the inner chunk of a shard) to voxels in the array's C order. Throws `bad-zarr` naming the array
 * and the chunk when its content is damaged or has the wrong length.
 */
export async function decodeChunk(encoded: Uint8Array, metadata: ZarrArrayMetadata, arrayUri: string, chunkName: string): Promise<VoxelArray> {
  const { chain, chunkShape, voxelType } = metadata;
  const count = chunkShape.reduce((product, size) => product * size, 1);
  let bytes: Uint8Array;
  try {
    bytes = await decodeBytes(encoded, chain.codecs, count * bytesPerVoxel[voxelType]);
  } catch (error) {
    throw badChunk(arrayUri, chunkName, `${describe(error)}.`, error);
  }
  const voxels = voxelsFromBytes(bytes, voxelType, chain.endian);
  if (chain.order.every((axis, i) => axis === i)) return voxels;
  // order[i] is the array axis stored at place i; the way back needs the place at which each array axis is stored.
  const places = chain.order.map((_, axis) => chain.order.indexOf(axis));
  return reorderAxes(voxels, chain.order.map((axis) => chunkShape[axis]), places, allocateVoxels(voxelType, count));
}

/** The decompressors' own messages are short codes; this says them in words. */
function describe(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  const code = error instanceof Error ? (error as NodeJS.ErrnoException).code : undefined;
  if (code === 'ERR_BUFFER_TOO_LARGE') return 'it decodes to more bytes than a chunk has';
  return error instanceof RangeError && code === undefined ? message.replace(/\.$/, '') : `it cannot be decoded (${message})`;
}
