import { drawPlot } from '../../figures/plot.ts';
import { svgToPng } from '../../figures/render.ts';
import { formatNumber } from '../../figures/scale.ts';
import { ink, seriesColor, svgDocument, text } from '../../figures/svg.ts';
import { readParquet } from '../../tables/parquet.ts';
import { numberValues, textValues } from '../../tables/table.ts';
import type { ImagePlan } from '../plan/imagePlan.ts';
import { paramsOf, readBytes, writeBytes } from '../io.ts';
import type { Stage, Task } from '../task.ts';
import { figureTask } from './figureTask.ts';

interface Params {
  readonly id: string;
  readonly stain: string;
  readonly method: string;
}

/** Draws the sizes of a stain's objects. */
export function objectStatsTask(plan: ImagePlan, stain: string, method: string): Task {
  const params: Params = { id: plan.paths.id, stain, method };
  return figureTask(plan, {
    stage: 'qc-objectstats', parts: [stain, method], title: `object sizes of ${stain} (${method})`, params,
    inputs: [plan.paths.regionProps(method)], output: plan.paths.qc({ stain, method }, 'objectstats'),
  });
}

const bins = 50;

/** 50 equal bins from the smallest to the largest value; the last is closed on both sides. */
export function histogram50(values: Float64Array): { readonly edges: Float64Array; readonly heights: Float64Array } {
  let low = Infinity;
  let high = -Infinity;
  for (const value of values) {
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  if (!(high > low)) [low, high] = values.length === 0 ? [0, 1] : [low - 0.5, low + 0.5];
  const heights = new Float64Array(bins);
  for (const value of values) heights[Math.min(bins - 1, Math.floor(((value - low) / (high - low)) * bins))]++;
  return { edges: Float64Array.from({ length: bins + 1 }, (_, i) => low + (i / bins) * (high - low)), heights };
}

/** The figure as SVG: sizes in voxels, their logarithm, the radius of a sphere of the same volume (in voxels), and a summary. */
export function objectStatsSvg(nvoxels: Float64Array, params: Params): string {
  if (nvoxels.length === 0) return noObjectsSvg(params);
  const sorted = Float64Array.from(nvoxels).sort();
  const count = sorted.length;
  const at = (share: number): number => {
    const place = share * (count - 1);
    const left = Math.floor(place);
    return sorted[left] + (sorted[Math.min(count - 1, left + 1)] - sorted[left]) * (place - left);
  };
  const total = sorted.reduce((a, b) => a + b, 0);
  const radius = nvoxels.map((n) => Math.cbrt((3 * n) / (4 * Math.PI)));
  const panel = (x: number, y: number, title: string, label: string, values: Float64Array, color: string, log: boolean): string => {
    const { edges, heights } = histogram50(values);
    const most = Math.max(1, ...heights);
    return drawPlot({ x, y, width: 590, height: 340 }, {
      title, x: { label, domain: [edges[0], edges[bins]] }, y: { label: 'objects', domain: log ? [0.5, most * 2] : [0, most * 1.05], scale: log ? 'log' : 'linear' },
      marks: [{ kind: 'histogram', edges, heights, color }],
    });
  };
  const rows: readonly (readonly [string, string])[] = [
    ['objects', formatNumber(count, 12)], ['voxels in objects', formatNumber(total, 12)], ['mean size', `${formatNumber(total / count)} voxels`],
    ['median size', `${formatNumber(at(0.5))} voxels`], ['smallest', `${formatNumber(at(0), 9)} voxels`], ['largest', `${formatNumber(at(1), 9)} voxels`],
    ['median radius', `${formatNumber(Math.cbrt((3 * at(0.5)) / (4 * Math.PI)), 3)} voxels`],
  ];
  const summary = rows.map(([name, value], i) => text(690, 490 + i * 34, name, { size: 16, color: ink.faint }) + text(1130, 490 + i * 34, value, { size: 16, weight: 'bold', anchor: 'end' }));
  return svgDocument({
    width: 1200, height: 780,
    title: `Object sizes of ${params.stain}, ${params.method}`,
    description: rows.map(([name, value]) => `${name}: ${value}`).join(', '),
    body: text(84, 36, `${params.stain}: objects of ${params.method}`, { size: 20, weight: 'bold' }) + text(84, 60, params.id, { color: ink.faint })
      + panel(10, 72, 'Size', 'voxels per object', nvoxels, seriesColor(0), true)
      + panel(600, 72, 'Size, logarithm', 'log₁₀(voxels + 1)', nvoxels.map((n) => Math.log10(n + 1)), seriesColor(2), false)
      + panel(10, 422, 'Equivalent radius', 'radius of a sphere of that size, voxels', radius, seriesColor(1), false)
      + text(690, 444, 'Summary', { size: 15, weight: 'bold' }) + summary.join(''),
  });
}

/** Empty axes would look like a fault of drawing. */
function noObjectsSvg(params: Params): string {
  const words = 'No objects: nothing at or above the threshold is as large as the smallest object that is kept.';
  return svgDocument({
    width: 1200, height: 160,
    title: `Object sizes of ${params.stain}, ${params.method}`,
    description: words,
    body: text(84, 36, `${params.stain}: objects of ${params.method}`, { size: 20, weight: 'bold' }) + text(84, 60, params.id, { color: ink.faint }) + text(84, 110, words, { size: 16 }),
  });
}

export const objectStatsStage: Stage = {
  name: 'qc-objectstats',
  version: 2,
  async run(task, context) {
    const params = paramsOf<Params>(task);
    const [input] = task.inputs;
    const table = await readParquet(await readBytes(context, input), { name: input.path, columns: ['nvoxels', 'stain'] });
    const stains = textValues(table, 'stain', input.path);
    const nvoxels = numberValues(table, 'nvoxels', input.path).filter((_, i) => stains[i] === params.stain);
    await writeBytes(context, task.outputs[0], await svgToPng(objectStatsSvg(nvoxels, params)));
  },
};
