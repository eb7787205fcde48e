import { drawBars } from '../../figures/bars.ts';
import { svgToPng } from '../../figures/render.ts';
import { ink, seriesColor, svgDocument, text } from '../../figures/svg.ts';
import { findColumn, numberValues, textValues } from '../../tables/table.ts';
import type { Table } from '../../tables/table.ts';
import type { ImagePlan } from '../plan/imagePlan.ts';
import { paramsOf, writeBytes } from '../io.ts';
import { readTsvTable } from '../tableFiles.ts';
import type { Stage, Task } from '../task.ts';
import { figureTask } from './figureTask.ts';

interface Params {
  readonly id: string;
  readonly seg: string;
  readonly method: string;
  readonly stains: readonly string[];
}

/** Draws the regions with the most signal, of all segmented stains. */
export function roiSummaryTask(plan: ImagePlan, seg: string, method: string): Task {
  const params: Params = { id: plan.paths.id, seg, method, stains: plan.stainsForSeg };
  return figureTask(plan, {
    stage: 'qc-roisummary', parts: [seg, method], title: `regions of ${seg} (${method})`, params,
    inputs: [plan.paths.mergedSegStats(seg, method)], output: plan.paths.qc({ seg, method }, 'roisummary'),
  });
}

/** A region with a value. */
export interface RegionValue {
  readonly index: number;
  readonly name: string;
  readonly value: number;
}

/** The regions with the largest values of a column, largest first; index 0, empty cells and zeros are left out. */
export function topRegions(table: Table, column: string, count: number): readonly RegionValue[] {
  if (findColumn(table, column) === undefined) return [];
  const values = numberValues(table, column);
  const index = numberValues(table, 'index');
  const names = textValues(table, 'name');
  return Array.from(values, (value, i): RegionValue => ({ index: index[i], name: names[i], value }))
    .filter((region) => region.index !== 0 && Number.isFinite(region.value) && region.value !== 0)
    .sort((a, b) => b.value - a.value || a.index - b.index)
    .slice(0, count);
}

const topCount = 20;
const rowHeight = 24;

/** The figure as SVG: for each stain the 20 regions with the largest field fraction and the largest density. */
export function roiSummarySvg(table: Table, params: Params): string {
  const most = Math.max(4, ...params.stains.flatMap((stain) => ['fieldfrac', 'density'].map((metric) => topRegions(table, `${stain}+${metric}`, topCount).length)));
  const panelHeight = 36 + 46 + most * rowHeight;
  const panels = params.stains.flatMap((stain, i) => {
    const y = 80 + i * (panelHeight + 24);
    const color = seriesColor(i);
    const rows = (metric: string): { readonly label: string; readonly value: number }[] =>
      topRegions(table, `${stain}+${metric}`, topCount).map(({ name, value }) => ({ label: name, value }));
    return [
      drawBars({ x: 20, y, width: 740, height: panelHeight }, { title: `${stain}: field fraction`, valueLabel: 'field fraction, %', rows: rows('fieldfrac'), color, empty: 'no region has any' }),
      drawBars({ x: 780, y, width: 740, height: panelHeight }, { title: `${stain}: density`, valueLabel: 'objects per mm³', rows: rows('density'), color, empty: 'no region has any' }),
    ];
  });
  return svgDocument({
    width: 1540, height: 80 + params.stains.length * (panelHeight + 24),
    title: `Regions of ${params.seg} with the most signal, ${params.method}`,
    description: params.stains.map((stain) => `${stain}: ${topRegions(table, `${stain}+density`, 5).map(({ name }) => name).join(', ') || 'none'}`).join('. '),
    body: text(20, 36, `Regions of atlas ${params.seg} with the most signal`, { size: 20, weight: 'bold' })
      + text(20, 60, `${params.id}, ${params.method}. The ${topCount} largest of each; regions without signal are left out.`, { color: ink.faint }) + panels.join(''),
  });
}

export const roiSummaryStage: Stage = {
  name: 'qc-roisummary',
  version: 1,
  async run(task, context) {
    const [input] = task.inputs;
    const table = await readTsvTable(context, input);
    await writeBytes(context, task.outputs[0], await svgToPng(roiSummarySvg(table, paramsOf<Params>(task)), 1.2));
  },
};
