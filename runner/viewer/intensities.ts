import { histogramOf } from '../kernels/histogram.ts';
import { percentiles } from '../kernels/percentile.ts';
import { voxelCount, type VoxelArray } from '../kernels/volume.ts';
import type { IntensityHistogram } from '../protocol/imageView.ts';
import type { ViewSource } from './viewer.types.ts';

/** Voxels that a histogram is made of, at least where there are so many, and at most. */
const enoughVoxels = 2e6;
const mostVoxels = 3.2e7;
const bins = 256;

/** The finest level of at most so many voxels, else the coarsest. */
export function levelWithin(source: ViewSource, voxels: number): number {
  const found = source.levels.findIndex(({ size }) => voxelCount(size) <= voxels);
  return found < 0 ? source.levels.length - 1 : found;
}

/** Counts the intensities of a channel at a coarse level. */
export async function readHistogram(source: ViewSource, channel: number, signal: AbortSignal): Promise<IntensityHistogram> {
  const level = levelWithin(source, enoughVoxels);
  const { size } = source.levels[level];
  const middleOnly = voxelCount(size) > mostVoxels;
  const middle = Math.floor(size[2] / 2);
  const values = await source.read(level, channel, middleOnly ? { start: [0, 0, middle], size: [size[0], size[1], 1] } : { start: [0, 0, 0], size }, signal);
  return { level, middleOnly, ...countIntensities(values) };
}

/** Percentiles, and a histogram that a few glaring voxels do not squeeze into its first bins. NaN and infinite values are left out. */
export function countIntensities(values: VoxelArray): Omit<IntensityHistogram, 'level' | 'middleOnly'> {
  const finite = values instanceof Float32Array || values instanceof Float64Array ? values.filter(Number.isFinite) : values;
  if (finite.length === 0) return { low: 0, high: 1, counts: new Array<number>(bins).fill(0), minimum: 0, maximum: 0, percentiles: [0, 0, 0, 0] };
  const [minimum, p1, median, p99, p998, p9999, maximum] = percentiles(finite, [0, 1, 50, 99, 99.8, 99.99, 100]);
  const high = Math.min(maximum, Math.max(p9999, median + 2 * (p998 - median)));
  const { counts, edges } = histogramOf(finite, bins, minimum, Math.max(high, minimum));
  return { low: edges[0], high: edges[bins], counts: [...counts], minimum, maximum, percentiles: [p1, median, p99, p998] };
}
