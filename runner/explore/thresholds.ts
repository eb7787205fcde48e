import { binsOfWidth, histogramOf, type Histogram } from '../kernels/histogram.ts';
import { percentiles } from '../kernels/percentile.ts';
import { rangeLevel, type IntensityRange } from '../pipeline/segmentation/intensityRange.ts';
import { chooseThreshold, type Choice } from '../pipeline/segmentation/threshold.ts';
import { SpimquantError } from '../protocol/errors.ts';
import type { SegmentationMethod, ThresholdOptions } from '../protocol/options.ts';
import type { ExploreCache } from './cache.ts';
import { openChannel, type Channel } from './channel.ts';
import type { ExploreContext } from './explore.types.ts';
import type { Target } from './openImage.ts';

/** The histogram that thresholds are sought on. */
export interface SoughtOn {
  readonly range: IntensityRange;
  readonly histogram: Histogram;
}

/** The threshold of a method. */
export type Threshold = Choice & { readonly method: SegmentationMethod };

/**
 * The range and histogram of a stain by the pipeline's rules: percentiles of a coarse level, bins of a width over the level
 * that is looked at. Throws `no-signal` when all intensities are alike.
 */
export async function soughtOn(target: Target, channel: Channel, options: ThresholdOptions, context: ExploreContext, cache: ExploreCache): Promise<SoughtOn> {
  const ofRun = rangeLevel({ info: target.image.info, options: { segmentationLevel: 0 } });
  const level = Math.max(channel.view.level, ofRun);
  const coarse = level === channel.view.level ? channel : await openChannel(target, channel.stain, level, options.correctionMethod, context, cache);
  const [lo, hi] = percentiles(coarse.values, options.segHistPercentileRange);
  if (!(hi > lo)) {
    throw new SpimquantError('no-signal', `All intensities of ${channel.stain} lie at ${lo}: there is nothing to separate.`, {
      where: target.uri, hint: 'Look at the stain with "slice", or widen --seg_hist_percentile_range.',
    });
  }
  const bins = Math.min(mostBins, binsOfWidth(lo, hi, options.segHistBinWidth));
  return { range: { lo, hi, bins }, histogram: histogramOf(channel.values, bins, lo, hi) };
}

/** More bins take longer than anybody waits, and tell no more. */
const mostBins = 65536;

/** Applies a method. Throws `no-signal` when the histogram is empty. */
export function thresholdOf(method: SegmentationMethod, { range, histogram }: SoughtOn): Threshold {
  if (method.kind === 'threshold') return { method, threshold: method.value, details: {} };
  if (histogram.counts.every((count) => count === 0)) {
    throw new SpimquantError('no-signal', `The method ${method.name} found no voxel between ${range.lo} and ${range.hi}.`, { hint: 'Give a fixed threshold such as --seg_method th500.' });
  }
  return { method, ...chooseThreshold(method, histogram, range) };
}
