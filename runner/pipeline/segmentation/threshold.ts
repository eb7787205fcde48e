import { fitGaussianMixture, mixtureThreshold } from '../../kernels/gmm.ts';
import { binCentres, emptyHistogram, type Histogram } from '../../kernels/histogram.ts';
import { multiOtsu, otsuThresholdList } from '../../kernels/otsu.ts';
import { thresholdsFigure } from '../../figures/thresholds.ts';
import { SpimquantError } from '../../protocol/errors.ts';
import type { SegmentationMethod } from '../../protocol/options.ts';
import { planBatches } from './bricks.ts';
import type { ImagePlan } from '../plan/imagePlan.ts';
import type { HistogramPart } from './intensityHistogram.ts';
import type { IntensityRange } from './intensityRange.ts';
import { paramsOf, readJson, writeBytes, writeJson } from '../io.ts';
import { segmentationBricks, segmentationWork, type ThresholdResult } from './segmentation.ts';
import { taskParams, type Artifact, type Stage, type Task, type TaskContext } from '../task.ts';

interface Params {
  readonly stain: string;
  readonly method: SegmentationMethod;
}

/** True for methods that look at the histogram. */
export function needsHistogram(method: SegmentationMethod): boolean {
  return method.kind !== 'threshold';
}

/** Finds the intensity at and above which a stain is foreground. */
export function thresholdTask(plan: ImagePlan, stain: string, method: SegmentationMethod): Task {
  const fromHistogram = needsHistogram(method);
  const params: Params = { stain, method };
  const inputs: Artifact[] = fromHistogram
    ? [
        segmentationWork.range(plan, stain),
        ...planBatches(segmentationBricks(plan)).map((batch) => segmentationWork.histogram(plan, stain, batch.index)),
      ]
    : [];
  const figure: Artifact = { place: 'output', path: plan.paths.thresholds(stain, plan.options.segmentationLevel, method.name) };
  return {
    id: `${plan.paths.id}/threshold/${stain}/${method.name}`,
    stage: 'threshold',
    scope: plan.participant,
    title: `threshold of ${stain} (${method.name})`,
    params: taskParams(params),
    inputs,
    outputs: [segmentationWork.threshold(plan, stain, method.name), ...(fromHistogram ? [figure] : [])],
    memoryBytes: 150e6,
    readBytes: 0,
  };
}

/** The sum of all parts of a histogram. */
async function wholeHistogram(context: TaskContext, parts: readonly Artifact[], range: IntensityRange): Promise<Histogram> {
  const histogram = emptyHistogram(range.bins, range.lo, range.hi);
  for (const part of parts) {
    const { counts } = await readJson<HistogramPart>(context, part);
    counts.forEach((count, bin) => (histogram.counts[bin] += count));
  }
  return histogram;
}

/** A threshold, and what it was chosen by. */
export interface Choice extends ThresholdResult {
  readonly components?: readonly { readonly weight: number; readonly mean: number; readonly sd: number }[];
}

/** Applies an automatic method to a histogram (pipeline-spec §3.5). */
export function chooseThreshold(method: Exclude<SegmentationMethod, { kind: 'threshold' }>, histogram: Histogram, range: IntensityRange): Choice {
  const centres = binCentres(histogram);
  if (method.kind === 'otsu') {
    const thresholds = otsuThresholdList(multiOtsu(histogram.counts, centres, method.classes), range.lo, range.hi);
    return { threshold: thresholds[method.index], details: { thresholds } };
  }
  const mixture = fitGaussianMixture(histogram.counts, centres, method.components);
  const { means, sigmas, weights } = mixture;
  return {
    threshold: mixtureThreshold(mixture, method.sigmas),
    details: { means, sds: sigmas, weights },
    components: means.map((mean, i) => ({ mean, sd: sigmas[i], weight: weights[i] })),
  };
}

export const thresholdStage: Stage = {
  name: 'threshold',
  version: 1,
  async run(task, context) {
    const { stain, method } = paramsOf<Params>(task);
    if (method.kind === 'threshold') {
      await writeJson(context, task.outputs[0], { threshold: method.value, details: {} });
      return;
    }
    const range = await readJson<IntensityRange>(context, task.inputs[0]);
    const histogram = await wholeHistogram(context, task.inputs.slice(1), range);
    if (histogram.counts.every((count) => count === 0)) {
      throw new SpimquantError('no-signal', `The method ${method.name} found no voxel of ${stain} between ${range.lo} and ${range.hi}.`, {
        where: stain,
        hint: 'Look at the histogram figure, and give a fixed threshold such as --seg_method th500.',
      });
    }
    const { threshold, details, components } = chooseThreshold(method, histogram, range);
    context.log('info', `Threshold of ${stain} by ${method.name}: ${threshold.toPrecision(6)}.`);
    const figure = await thresholdsFigure({
      stain,
      method: method.name,
      counts: histogram.counts,
      range: [range.lo, range.hi],
      thresholds: method.kind === 'otsu' ? (details.thresholds as readonly number[]).slice(1, -1) : [],
      chosen: threshold,
      ...(components === undefined ? {} : { components }),
    });
    // The figure first: the number's presence then means that both are there.
    await writeBytes(context, task.outputs[1], figure);
    await writeJson(context, task.outputs[0], { threshold, details });
  },
};
