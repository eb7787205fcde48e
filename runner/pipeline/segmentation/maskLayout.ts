import type { ImageLayout } from '../../image/omeZarrLayout.ts';
import { defaultPyramidFactors, sourcePyramidFactors } from '../../image/pyramid.ts';
import type { BrickGrid } from './bricks.ts';
import type { ImagePlan } from '../plan/imagePlan.ts';
import { levelGrid, segmentationBricks } from './segmentation.ts';

/** How a mask's level 0 is laid out: one channel of bytes, 0 or 100, a chunk never shared by two bricks. */
export function maskChunks(grid: BrickGrid): ImageLayout {
  return { zarrFormat: 3, voxelType: 'uint8', channels: 1, size: grid.size, chunk: grid.chunk, compression: { codec: 'zstd', level: 3 }, factors: [] };
}

/** The whole store of a mask: levels as those of the image it was made from (pipeline-spec §2). */
export function maskLayout(plan: ImagePlan): ImageLayout {
  const { segmentationLevel } = plan.options;
  const { levels } = plan.info;
  const grid = levelGrid(plan.info, segmentationLevel);
  const factors = segmentationLevel < levels.length ? sourcePyramidFactors(levels, segmentationLevel) : defaultPyramidFactors(grid.scale, grid.size);
  return { ...maskChunks(segmentationBricks(plan)), factors };
}
