import { voxelCount } from '../../kernels/volume.ts';
import { binsOfWidth } from '../../kernels/histogram.ts';
import { percentiles } from '../../kernels/percentile.ts';
import { SpimquantError } from '../../protocol/errors.ts';
import type { Vec3 } from '../../kernels/geometry.ts';
import { correctionOf, openCorrectedChannel, type CorrectionParams } from './correctedChannel.ts';
import type { ImagePlan } from '../plan/imagePlan.ts';
import { paramsOf, writeJson } from '../io.ts';
import { levelGrid, rawBytes, segmentationWork } from './segmentation.ts';
import { taskParams, type Stage, type Task } from '../task.ts';

/** Levels above the segmentation level at which the range is taken (pipeline-spec §3.5). */
const levelsAbove = 5;
/** Percentiles of fewer voxels would miss small bright objects: of a small image a finer level is taken. */
const leastVoxels = 1e5;

/** The level whose percentiles are the range: five above the segmentation level, or the deepest before that is large enough. */
export function rangeLevel({ info, options: { segmentationLevel } }: Pick<ImagePlan, 'info'> & { readonly options: { readonly segmentationLevel: number } }): number {
  for (let level = segmentationLevel + levelsAbove; level > segmentationLevel; level--) {
    const { size } = levelGrid(info, level);
    if (voxelCount(size) >= leastVoxels) return level;
  }
  return segmentationLevel;
}

interface Params {
  readonly correction: CorrectionParams;
  readonly level: number;
  readonly percentiles: readonly [number, number];
  readonly binWidth: number;
}

/** Range and bins of a stain's intensity histogram. */
export interface IntensityRange {
  readonly lo: number;
  readonly hi: number;
  readonly bins: number;
}

/** Finds the intensities between which a stain's histogram is taken, from a coarse level. */
export function intensityRangeTask(plan: ImagePlan, stain: string): Task {
  const level = rangeLevel(plan);
  const grid = levelGrid(plan.info, level);
  const voxels = voxelCount(grid.size);
  const params: Params = {
    correction: correctionOf(plan, stain),
    level,
    percentiles: plan.options.segHistPercentileRange,
    binWidth: plan.options.segHistBinWidth,
  };
  return {
    id: `${plan.paths.id}/intensity-range/${stain}`,
    stage: 'intensity-range',
    scope: plan.participant,
    title: `intensity range of ${stain}`,
    params: taskParams(params),
    inputs: [{ place: 'dataset', path: plan.image.path }, params.correction.field],
    outputs: [segmentationWork.range(plan, stain)],
    memoryBytes: 64e6 + voxels * 12,
    readBytes: rawBytes(plan, voxels),
  };
}

export const intensityRangeStage: Stage = {
  name: 'intensity-range',
  version: 2,
  async run(task, context) {
    const params = paramsOf<Params>(task);
    const channel = await openCorrectedChannel(context, params.correction, params.level);
    const { size } = channel.view;
    const all = new Float32Array(voxelCount(size));
    let filled = 0;
    for await (const slab of channel.slabs({ start: [0, 0, 0] as Vec3, size })) {
      all.set(slab.values, filled);
      filled += slab.values.length;
      context.progress({ done: filled, total: all.length, unit: 'voxels' });
    }
    const [lo, hi] = percentiles(all, params.percentiles);
    if (!(hi > lo)) {
      throw new SpimquantError('no-signal', `All intensities of ${task.title.replace('intensity range of ', '')} lie at ${lo}: there is nothing to separate.`, {
        where: `${context.store('dataset').uri}/${params.correction.image.path}`,
        hint: 'Look at the channel with another viewer; check --stains_for_seg, or widen --seg_hist_percentile_range.',
      });
    }
    const range: IntensityRange = { lo, hi, bins: binsOfWidth(lo, hi, params.binWidth) };
    if (range.bins < 16) {
      context.log('warn', `The histogram has only ${range.bins} bins between ${lo.toPrecision(5)} and ${hi.toPrecision(5)}: choose a smaller --seg_hist_bin_width.`);
    }
    await writeJson(context, task.outputs[0], { ...range });
  },
};
