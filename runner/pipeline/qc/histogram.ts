import { drawPlot } from '../../figures/plot.ts';
import { svgToPng } from '../../figures/render.ts';
import { formatNumber } from '../../figures/scale.ts';
import { ink, seriesColor, svgDocument, text } from '../../figures/svg.ts';
import type { VoxelArray } from '../../kernels/volume.ts';
import type { ImagePlan } from '../plan/imagePlan.ts';
import { paramsOf, readVolume, writeBytes } from '../io.ts';
import type { Stage, Task } from '../task.ts';
import { figureTask } from './figureTask.ts';

interface Params {
  readonly id: string;
  readonly stain: string;
  readonly level: number;
}

/** Draws the intensities of a stain at the registration level. */
export function histogramFigureTask(plan: ImagePlan, stain: string): Task {
  const level = plan.options.registrationLevel;
  const params: Params = { id: plan.paths.id, stain, level };
  return figureTask(plan, {
    stage: 'qc-histogram', parts: [stain], title: `histogram of ${stain}`, params,
    inputs: [plan.paths.spim(stain, level)], output: plan.paths.qc({ stain }, 'histogram'), bytesPerVoxel: 10,
  });
}

const binCount = 500;

/** Counts of the finite values, and the figures that are printed with them. */
export interface IntensityProfile {
  readonly total: number;
  readonly mean: number;
  readonly p50: number;
  readonly p99: number;
  readonly maximum: number;
  /** 500 equal bins over [0, top]. Values outside are in the first or last bin. */
  readonly counts: Float64Array;
  /** 65535, unless the image holds larger values or is a fraction-valued image far below that. */
  readonly top: number;
  /** Share of values in the last bin, percent. */
  readonly saturated: number;
  /** Finer bins over [0, 1.05·p99] for the linear panel. */
  readonly fine: Float64Array;
  /** Quantiles in steps of 1/500, from the minimum to the maximum. */
  readonly quantiles: Float64Array;
}

/**
 * Profiles an image. Upstream's bins cover 0 to 65535; an image whose values do not go with 16 bits (negative or above,
 * or all below 256 and not whole) gets bins up to its own maximum. Median and p99 are exact, not taken from the bins.
 */
export function intensityProfile(data: VoxelArray): IntensityProfile {
  const kept = new Float32Array(data.length);
  let total = 0;
  let sum = 0;
  let maximum = -Infinity;
  let whole = true;
  for (let i = 0; i < data.length; i++) {
    const value = data[i];
    if (!Number.isFinite(value)) continue;
    kept[total++] = value;
    sum += value;
    if (value > maximum) maximum = value;
    if (value !== Math.floor(value)) whole = false;
  }
  if (total === 0) return { total: 0, mean: NaN, p50: NaN, p99: NaN, maximum: NaN, counts: new Float64Array(binCount), top: 65535, saturated: 0, fine: new Float64Array(200), quantiles: new Float64Array(0) };
  const sorted = kept.subarray(0, total).sort();
  const at = (share: number): number => {
    const place = share * (total - 1);
    const left = Math.floor(place);
    return sorted[left] + (sorted[Math.min(total - 1, left + 1)] - sorted[left]) * (place - left);
  };
  const [p50, p99] = [at(0.5), at(0.99)];
  const top = maximum > 65535 || (maximum < 256 && !whole) ? Math.max(maximum, Number.MIN_VALUE) : 65535;
  const counts = new Float64Array(binCount);
  const fine = new Float64Array(200);
  const fineTop = fineRange(p99);
  for (let i = 0; i < total; i++) {
    counts[Math.min(binCount - 1, Math.max(0, Math.floor((sorted[i] / top) * binCount)))]++;
    const bin = Math.floor((sorted[i] / fineTop) * fine.length);
    if (bin >= 0 && bin < fine.length) fine[bin]++;
  }
  return { total, mean: sum / total, p50, p99, maximum, counts, top, saturated: (100 * counts[binCount - 1]) / total, fine, quantiles: Float64Array.from({ length: 501 }, (_, i) => at(i / 500)) };
}

function fineRange(p99: number): number {
  return p99 > 0 ? 1.05 * p99 : 1;
}

/** The figure as SVG: linear, logarithmic and cumulative histogram, and the figures as text. */
export function histogramSvg(profile: IntensityProfile, params: Params): string {
  const { counts, top, fine, p50, p99, maximum } = profile;
  const edges = Float64Array.from({ length: binCount + 1 }, (_, i) => (i / binCount) * top);
  const fineTop = fineRange(p99);
  const fineEdges = Float64Array.from({ length: fine.length + 1 }, (_, i) => (i / fine.length) * fineTop);
  const end = Math.min(top, Math.max(maximum * 1.05, top / binCount)) || top;
  const color = seriesColor(0);
  const most = (values: Float64Array): number => values.reduce((a, b) => Math.max(a, b), 1);
  const shares = Float64Array.from(profile.quantiles, (_, i) => i / (profile.quantiles.length - 1));
  const panels = [
    drawPlot({ x: 10, y: 70, width: 590, height: 350 }, {
      title: 'Linear, up to 1.05 × p99', x: { label: 'intensity', domain: [0, fineTop] }, y: { label: 'voxels per bin', domain: [0, most(fine) * 1.05] },
      marks: [{ kind: 'histogram', edges: fineEdges, heights: fine, color }],
    }),
    drawPlot({ x: 600, y: 70, width: 590, height: 350 }, {
      title: 'Logarithmic, whole range', x: { label: 'intensity', domain: [0, end] }, y: { label: 'voxels per bin', domain: [0.5, most(counts) * 2], scale: 'log' },
      marks: [{ kind: 'histogram', edges, heights: counts, color }],
    }),
    drawPlot({ x: 10, y: 430, width: 590, height: 350 }, {
      title: 'Cumulative', x: { label: 'intensity', domain: [0, Math.min(end, Math.max(fineTop * 2, p50))] }, y: { label: 'share of voxels', domain: [0, 1.02] }, legend: 'none',
      marks: [
        { kind: 'line', x: profile.quantiles, y: shares, color },
        { kind: 'vertical', x: p50, color: seriesColor(2), dash: '7 5' },
        { kind: 'vertical', x: p99, color: ink.signal, dash: '7 5' },
        { kind: 'note', x: p50, y: 0.2, content: '\u00a0median' },
        { kind: 'note', x: p99, y: 0.1, content: '\u00a0p99' },
      ],
    }),
  ];
  const rows: readonly (readonly [string, string])[] = [
    ['voxels', formatNumber(profile.total, 12)], ['mean', formatNumber(profile.mean, 5)], ['median (p50)', formatNumber(p50, 5)],
    ['p99', formatNumber(p99, 5)], ['maximum', formatNumber(maximum, 6)], ['saturated', `${formatNumber(profile.saturated, 3)} %`],
  ];
  const table = rows.map(([name, value], i) => text(690, 500 + i * 36, name, { size: 16, color: ink.faint }) + text(1100, 500 + i * 36, value, { size: 16, weight: 'bold', anchor: 'end' }));
  return svgDocument({
    width: 1200, height: 800,
    title: `Intensities of ${params.stain}`,
    description: rows.map(([name, value]) => `${name} ${value}`).join(', '),
    body: text(84, 34, `${params.stain}: intensities at level ${params.level}`, { size: 20, weight: 'bold' }) + text(84, 58, params.id, { color: ink.faint })
      + panels.join('') + table.join('')
      + text(690, 500 + rows.length * 36 + 8, `"Saturated" is the share of voxels in the last of ${binCount} bins, up to ${formatNumber(top, 6)}.`, { size: 12, color: ink.faint }),
  });
}

export const histogramFigureStage: Stage = {
  name: 'qc-histogram',
  version: 1,
  async run(task, context) {
    const { data } = await readVolume(context, task.inputs[0]);
    await writeBytes(context, task.outputs[0], await svgToPng(histogramSvg(intensityProfile(data), paramsOf<Params>(task))));
  },
};
