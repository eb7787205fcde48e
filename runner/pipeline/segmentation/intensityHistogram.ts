import { voxelCount } from '../../kernels/volume.ts';
import { countInto, emptyHistogram } from '../../kernels/histogram.ts';
import { brickBox, planBatches, type BrickBatch, type BrickGrid } from './bricks.ts';
import { correctionOf, openCorrectedChannel, type CorrectionParams } from './correctedChannel.ts';
import type { ImagePlan } from '../plan/imagePlan.ts';
import type { IntensityRange } from './intensityRange.ts';
import { paramsOf, readJson, writeJson } from '../io.ts';
import { rawBytes, segmentationBricks, segmentationWork, slabMemory } from './segmentation.ts';
import { taskParams, type Stage, type Task } from '../task.ts';

interface Params {
  readonly correction: CorrectionParams;
  readonly level: number;
  readonly grid: BrickGrid;
  readonly batch: BrickBatch;
}

/** One part of a stain's histogram: counts per bin between the range's ends. */
export interface HistogramPart {
  readonly counts: readonly number[];
}

/** Counts a stain's corrected intensities at the segmentation level, in parts. */
export function intensityHistogramTasks(plan: ImagePlan, stain: string): readonly Task[] {
  const grid = segmentationBricks(plan);
  const batches = planBatches(grid);
  return batches.map((batch) => {
    const voxels = batchVoxels(grid, batch);
    const params: Params = { correction: correctionOf(plan, stain), level: plan.options.segmentationLevel, grid, batch };
    return {
      id: `${plan.paths.id}/histogram/${stain}/${batch.index}`,
      stage: 'histogram',
      scope: plan.participant,
      title: `histogram of ${stain}${batches.length > 1 ? `, part ${batch.index + 1} of ${batches.length}` : ''}`,
      params: taskParams(params),
      inputs: [{ place: 'dataset', path: plan.image.path }, params.correction.field, segmentationWork.range(plan, stain)],
      outputs: [segmentationWork.histogram(plan, stain, batch.index)],
      memoryBytes: slabMemory(plan),
      readBytes: rawBytes(plan, voxels),
    };
  });
}

/** Voxels in a batch. */
export function batchVoxels(grid: BrickGrid, batch: BrickBatch): number {
  let voxels = 0;
  for (let i = 0; i < batch.brickCount; i++) {
    voxels += voxelCount(brickBox(grid, batch.firstBrick + i).size);
  }
  return voxels;
}

export const intensityHistogramStage: Stage = {
  name: 'histogram',
  version: 1,
  async run(task, context) {
    const { correction, level, grid, batch } = paramsOf<Params>(task);
    const range = await readJson<IntensityRange>(context, task.inputs[2]);
    const channel = await openCorrectedChannel(context, correction, level);
    const histogram = emptyHistogram(range.bins, range.lo, range.hi);
    const total = batchVoxels(grid, batch);
    let done = 0;
    for (let i = 0; i < batch.brickCount; i++) {
      for await (const slab of channel.slabs(brickBox(grid, batch.firstBrick + i))) {
        countInto(histogram, slab.values);
        done += slab.values.length;
        context.progress({ done, total, unit: 'voxels' });
        context.signal.throwIfAborted();
      }
    }
    const part: HistogramPart = { counts: Array.from(histogram.counts) };
    await writeJson(context, task.outputs[0], { ...part });
  },
};
