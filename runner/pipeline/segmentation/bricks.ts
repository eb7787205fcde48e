import { voxelCount } from '../../kernels/volume.ts';
import type { Vec3 } from '../../kernels/geometry.ts';
import type { Box } from '../../image/omeZarr.types.ts';

/** How an image is cut into bricks for work that must not hold it whole. Everything in voxels, x, y, z. */
export interface BrickGrid {
  readonly size: Vec3;
  readonly brick: Vec3;
  /** Chunk of stores written brick by brick: divides the brick, so that no two bricks share a chunk. */
  readonly chunk: Vec3;
  /** Bricks along each axis. */
  readonly counts: Vec3;
}

/** A run of bricks that one task works through. */
export interface BrickBatch {
  readonly index: number;
  readonly firstBrick: number;
  readonly brickCount: number;
}

/** Largest brick: its mask takes 32 MiB. */
const maxBrickVoxels = 2 ** 25;
const maxBatchVoxels = 2 ** 27;

/** Voxels of a brick that are read and corrected at a time. */
export const slabVoxels = 2 ** 22;

/**
 * Chooses bricks for an image: at least a chunk of the store that will be written, and as wide as the chunks that are
 * read, so that a chunk of the image is fetched for one brick only wherever that fits into memory.
 *
 * Depends on the image alone, never on the machine: a run can be resumed on another one.
 */
export function planBricks(size: Vec3, imageChunk: Vec3, storeChunk: Vec3): BrickGrid {
  const chunk: [number, number, number] = [0, 0, 0];
  const brick: [number, number, number] = [0, 0, 0];
  for (let axis = 0; axis < 3; axis++) {
    chunk[axis] = Math.max(1, Math.min(storeChunk[axis], size[axis]));
    brick[axis] = Math.min(roundUp(Math.max(chunk[axis], Math.min(imageChunk[axis], size[axis])), chunk[axis]), roundUp(size[axis], chunk[axis]));
  }
  while (voxelCount(brick) > maxBrickVoxels) {
    // Shorten where the least is read twice: first along the axis on which the brick exceeds the image's chunks the most.
    let axis = 2;
    for (const candidate of [1, 0]) if (brick[candidate] / imageChunk[candidate] > brick[axis] / imageChunk[axis]) axis = candidate;
    const half = Math.ceil(brick[axis] / 2);
    if (brick[axis] > chunk[axis]) brick[axis] = roundUp(half, chunk[axis]);
    else brick[axis] = chunk[axis] = half;
  }
  return { size, brick, chunk, counts: [Math.ceil(size[0] / brick[0]), Math.ceil(size[1] / brick[1]), Math.ceil(size[2] / brick[2])] };
}

function roundUp(value: number, step: number): number {
  return Math.ceil(value / step) * step;
}

/** Number of bricks. */
export function brickCount(grid: BrickGrid): number {
  return grid.counts[0] * grid.counts[1] * grid.counts[2];
}

/** The voxels of brick `index`; bricks are numbered with x fastest. */
export function brickBox(grid: BrickGrid, index: number): Box {
  const [countX, countY] = grid.counts;
  const position = [index % countX, Math.floor(index / countX) % countY, Math.floor(index / (countX * countY))];
  const start = position.map((p, axis) => p * grid.brick[axis]) as unknown as Vec3;
  const size = start.map((s, axis) => Math.min(grid.brick[axis], grid.size[axis] - s)) as unknown as Vec3;
  return { start, size };
}

/** Groups bricks into tasks of a bounded size, in brick order. */
export function planBatches(grid: BrickGrid): readonly BrickBatch[] {
  const perBatch = Math.max(1, Math.floor(maxBatchVoxels / voxelCount(grid.brick)));
  const total = brickCount(grid);
  const batches: BrickBatch[] = [];
  for (let first = 0; first < total; first += perBatch) {
    batches.push({ index: batches.length, firstBrick: first, brickCount: Math.min(perBatch, total - first) });
  }
  return batches;
}

/** Cuts a box into slabs along z of at most `maxVoxels` that end where the image's chunks end, as far as that fits. */
export function slabsOf(box: Box, chunkDepth: number, maxVoxels: number): readonly Box[] {
  const plane = box.size[0] * box.size[1];
  const fitting = Math.max(1, Math.floor(maxVoxels / plane));
  const depth = fitting >= chunkDepth ? fitting - (fitting % chunkDepth) : fitting;
  const slabs: Box[] = [];
  const end = box.start[2] + box.size[2];
  for (let z = box.start[2]; z < end;) {
    const next = Math.min(end, fitting >= chunkDepth ? z - (z % chunkDepth) + depth : z + depth);
    slabs.push({ start: [box.start[0], box.start[1], z], size: [box.size[0], box.size[1], next - z] });
    z = next;
  }
  return slabs;
}
