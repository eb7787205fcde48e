import { drawPlot } from './plot.ts';
import type { Mark } from './plot.ts';
import { svgToPng } from './render.ts';
import { formatNumber } from './scale.ts';
import { ink, seriesColor, svgDocument, text } from './svg.ts';

/** What a thresholds figure shows. */
export interface ThresholdsFigureInput {
  readonly stain: string;
  /** Name of the segmentation method, e.g. `otsu+k3i2`. */
  readonly method: string;
  /** Voxels per bin: equal bins over [range[0], range[1]]. */
  readonly counts: ArrayLike<number>;
  readonly range: readonly [number, number];
  /** All candidate thresholds in intensity units, ascending. */
  readonly thresholds: readonly number[];
  /** The one that makes the mask. */
  readonly chosen: number;
  /** Components of a Gaussian mixture, when there is one: weights add up to 1. */
  readonly components?: readonly { readonly weight: number; readonly mean: number; readonly sd: number }[];
}

/** The `…_thresholds.svg` as a string: histogram on a logarithmic scale with the thresholds and, for a mixture, its components. */
export function thresholdsSvg(input: ThresholdsFigureInput): string {
  const { counts, range } = input;
  const bins = counts.length;
  const width = (range[1] - range[0]) / bins;
  let highest = 1;
  let total = 0;
  let above = 0;
  for (let i = 0; i < bins; i++) {
    highest = Math.max(highest, counts[i]);
    total += counts[i];
    if (range[0] + (i + 0.5) * width >= input.chosen) above += counts[i];
  }
  const edges = Float64Array.from({ length: bins + 1 }, (_, i) => range[0] + i * width);
  const shown = merged(edges, counts, 900);
  const marks: Mark[] = [{ kind: 'histogram', edges: shown.edges, heights: shown.heights, color: '#7a8699' }];
  const perBin = total * (shown.edges[1] - shown.edges[0]);
  if (input.components !== undefined) {
    const xs = Float64Array.from({ length: 400 }, (_, i) => range[0] + ((i + 0.5) / 400) * (range[1] - range[0]));
    input.components.forEach(({ weight, mean, sd }, i) => {
      const y = xs.map((x) => (sd > 0 ? (perBin * weight * Math.exp(-0.5 * ((x - mean) / sd) ** 2)) / (sd * Math.sqrt(2 * Math.PI)) : NaN));
      marks.push({ kind: 'line', x: xs, y: y.map((v) => (v > 0.5 ? v : NaN)), color: seriesColor(i), label: `component ${i + 1}: mean ${formatNumber(mean)}, SD ${formatNumber(sd)}` });
    });
  }
  for (const value of input.thresholds) {
    if (value !== input.chosen) marks.push({ kind: 'vertical', x: value, color: ink.faint, dash: '6 5', width: 1.5, label: `threshold ${formatNumber(value)}` });
  }
  marks.push({ kind: 'vertical', x: input.chosen, color: ink.signal, width: 2.5, label: `chosen: ${formatNumber(input.chosen, 5)}` });
  const beyond = input.chosen > range[1] || input.chosen < range[0];
  const low = Math.min(range[0], input.chosen);
  const high = Math.max(range[1], input.chosen);
  const pad = (high - low) * 0.02;
  const share = total > 0 ? `${formatNumber((100 * above) / total, 3)} % of the voxels in this range are at or above the threshold` : 'no voxels in this range';
  const plot = drawPlot({ x: 10, y: 74, width: 980, height: 510 }, {
    x: { label: `intensity (corrected), ${bins} bins from ${formatNumber(range[0])} to ${formatNumber(range[1])}`, domain: [low - (beyond ? pad : 0), high + (beyond ? pad : 0)] },
    y: { label: 'voxels per bin', domain: [0.5, Math.max(highest, shown.highest) * 1.6], scale: 'log' },
    marks,
  });
  return svgDocument({
    width: 1000, height: 600,
    title: `Histogram and thresholds of ${input.stain}, method ${input.method}`,
    description: `Chosen threshold ${formatNumber(input.chosen, 6)}; ${share}.`,
    body: text(84, 34, `${input.stain}: thresholds of ${input.method}`, { size: 20, weight: 'bold' })
      + text(84, 58, `${share}.`, { color: ink.faint }) + plot,
  });
}

/** Neighbouring bins taken together so that no more than `most` are drawn. */
function merged(edges: Float64Array, counts: ArrayLike<number>, most: number): { readonly edges: Float64Array; readonly heights: Float64Array; readonly highest: number } {
  const group = Math.max(1, Math.ceil(counts.length / most));
  const bins = Math.ceil(counts.length / group);
  const heights = new Float64Array(bins);
  for (let i = 0; i < counts.length; i++) heights[Math.floor(i / group)] += counts[i];
  const kept = Float64Array.from({ length: bins + 1 }, (_, i) => edges[Math.min(i * group, counts.length)]);
  return { edges: kept, heights, highest: heights.reduce((most_, value) => Math.max(most_, value), 0) };
}

/** Draws `…_thresholds.png`. */
export async function thresholdsFigure(input: ThresholdsFigureInput): Promise<Uint8Array> {
  return svgToPng(thresholdsSvg(input));
}
