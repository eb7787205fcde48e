import { drawHeatMap, heatMapHeight } from '../../figures/heatmap.ts';
import { ink, svgDocument, text } from '../../figures/svg.ts';
import { numberValues } from '../../tables/table.ts';
import type { Table } from '../../tables/table.ts';
import type { GroupValues } from './groupStatistics.ts';

/** Rows of the picture: regions of the atlas, without what is outside it. */
function shownRows(data: GroupValues): readonly number[] {
  return data.regions.map((_, row) => row).filter((row) => data.regions[row].index !== 0);
}

function rowHeight(rows: number): number {
  return rows > 400 ? 9 : rows > 120 ? 13 : 20;
}

const namesWidth = 300;

/** −log₁₀ p (0 to 3) and t (symmetric) of every region and metric, side by side. */
export function contrastHeatMap(table: Table, data: GroupValues, title: string): string {
  const rows = shownRows(data);
  const { metrics } = data;
  const column = (suffix: string): readonly Float64Array[] => metrics.map((metric) => numberValues(table, `${metric}_${suffix}`));
  const [p, t] = [column('pval'), column('tstat')];
  const largest = Math.max(1e-9, ...t.flatMap((values) => rows.map((row) => Math.abs(values[row])).filter(Number.isFinite)));
  const names = rows.map((row) => data.regions[row].name);
  const cells = Math.max(180, metrics.length * 34);
  const height = heatMapHeight(rows.length, rowHeight(rows.length));
  const panel = { rows: names, columns: metrics };
  return svgDocument({
    width: 20 + namesWidth + 2 * (cells + 40) + 20, height: 60 + height,
    title, description: `Heat maps of p and t for ${rows.length} regions and ${metrics.length} metrics.`,
    body: text(20, 34, title, { size: 18, weight: 'bold' }) + text(20, 56, 'A dash: not enough values, or no spread. p is not corrected for the number of regions.', { color: ink.faint })
      + drawHeatMap({ x: 20, y: 60, width: namesWidth + cells + 40, height }, {
        ...panel, title: '−log₁₀ p', values: rows.map((row) => p.map((values) => -Math.log10(Math.max(values[row], Number.MIN_VALUE)))),
        colormap: 'YlOrRd', domain: [0, 3], valueLabel: '−log₁₀ p (1.3: p = 0.05)', rowLabelWidth: namesWidth,
      })
      + drawHeatMap({ x: 20 + namesWidth + cells + 40, y: 60, width: cells + 40, height }, {
        ...panel, title: 't', values: rows.map((row) => t.map((values) => values[row])),
        colormap: 'RdBu_r', domain: [-largest, largest], valueLabel: 't (red: first group higher)', rowLabelWidth: 0,
      }),
  });
}

/** Means of every region and metric, each metric relative to its largest region. */
export function descriptionHeatMap(table: Table, data: GroupValues, title: string): string {
  const rows = shownRows(data);
  const { metrics } = data;
  const means = metrics.map((metric) => numberValues(table, `${metric}_mean`));
  const largest = means.map((values) => Math.max(0, ...rows.map((row) => values[row]).filter(Number.isFinite)));
  const cells = Math.max(180, metrics.length * 34);
  const height = heatMapHeight(rows.length, rowHeight(rows.length));
  return svgDocument({
    width: 20 + namesWidth + cells + 60, height: 60 + height,
    title, description: `Heat map of the means of ${metrics.length} metrics in ${rows.length} regions.`,
    body: text(20, 34, title, { size: 18, weight: 'bold' })
      + drawHeatMap({ x: 20, y: 60, width: namesWidth + cells + 40, height }, {
        title: 'Mean, as part of the largest', rows: rows.map((row) => data.regions[row].name), columns: metrics,
        values: rows.map((row) => means.map((values, i) => (largest[i] > 0 ? values[row] / largest[i] : values[row]))),
        colormap: 'viridis', domain: [0, 1], valueLabel: 'part of the largest region', rowLabelWidth: namesWidth,
      }),
  });
}
