import type { ViewedImage, ViewedLevel } from '../protocol/imageView.ts';

/** What can be seen before anything else: chunks that are read for it at most (of a bucket: as many as one round trip brings), and bytes that they decode to. */
const quickChunks = { local: 48, remote: 16 } as const;
const quickBytes = 96 * 1024 * 1024;
/** Beyond that nothing is shown before it is asked for piece by piece. Bytes. */
const affordableBytes = 512 * 1024 * 1024;

/** Chunks that the three planes through the middle touch, and bytes that they decode to, for one channel. */
export function planesCost(level: ViewedLevel, voxelBytes: number): { readonly chunks: number; readonly bytes: number } {
  const grid = level.size.map((size, axis) => Math.ceil(size / level.chunk[axis]));
  const chunks = grid[0] * grid[1] + grid[0] * grid[2] + grid[1] * grid[2];
  return { chunks, bytes: chunks * level.chunk[0] * level.chunk[1] * level.chunk[2] * voxelBytes };
}

/**
 * The level of the first picture: the coarsest that has `pixels` voxels along its longest edge, or a coarser one when
 * that would take long. Undefined when even the coarsest would.
 */
export function previewLevel(levels: ViewedImage['levels'], voxelBytes: number, channels: number, pixels: number, place: 'local' | 'remote'): number | undefined {
  const filling = levels.findLastIndex(({ size }) => Math.max(...size) >= pixels);
  for (let level = Math.max(0, filling); level < levels.length; level++) {
    const { chunks, bytes } = planesCost(levels[level], voxelBytes);
    if (chunks * channels <= quickChunks[place] && bytes * channels <= quickBytes) return level;
  }
  const last = levels.length - 1;
  return planesCost(levels[last], voxelBytes).bytes * channels <= affordableBytes ? last : undefined;
}
