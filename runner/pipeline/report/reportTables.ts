import { htmlTable } from '../../figures/html.ts';
import type { HtmlColumn } from '../../figures/html.ts';
import { findColumn, numberValues, rowCount, textValues } from '../../tables/table.ts';
import type { Table } from '../../tables/table.ts';

/** Totals of a stain over a region table. */
export interface RegionSummary {
  readonly objects: number;
  /** Objects of row 0: outside the atlas. */
  readonly outside: number;
  /** Objects per mm³ over all regions. */
  readonly density: number;
  /** Percent, weighted by the regions' volumes. */
  readonly fieldFraction: number;
  readonly regionsWithObjects: number;
}

function column(table: Table, name: string): Float64Array {
  return findColumn(table, name) === undefined ? new Float64Array(rowCount(table)).fill(NaN) : numberValues(table, name);
}

/** Sums a region table up for one stain. */
export function summarizeRegions(table: Table, stain: string): RegionSummary {
  const index = numberValues(table, 'index');
  const [count, volume, fraction] = [column(table, `${stain}+count`), column(table, `${stain}+volume`), column(table, `${stain}+fieldfrac`)];
  let [inside, outside, mm3, stained, regions] = [0, 0, 0, 0, 0];
  for (let row = 0; row < index.length; row++) {
    const objects = Number.isFinite(count[row]) ? count[row] : 0;
    if (index[row] === 0) {
      outside += objects;
      continue;
    }
    inside += objects;
    if (objects > 0) regions++;
    if (!Number.isFinite(volume[row])) continue;
    mm3 += volume[row];
    if (Number.isFinite(fraction[row])) stained += fraction[row] * volume[row];
  }
  return { objects: inside + outside, outside, density: mm3 > 0 ? inside / mm3 : NaN, fieldFraction: mm3 > 0 ? stained / mm3 : NaN, regionsWithObjects: regions };
}

const mostRows = 300;

/** The regions as a table that can be sorted, those with the most objects of all stains first. */
export function regionTable(table: Table, stains: readonly string[]): string {
  const index = numberValues(table, 'index');
  const names = textValues(table, 'name');
  const metrics = [['count', 'objects', 12], ['density', 'per mm³', 4], ['fieldfrac', 'field fraction, %', 4]] as const;
  const columns: readonly HtmlColumn[] = [
    { label: 'Region' }, { label: 'Index', numeric: true, digits: 12 }, { label: 'Volume, mm³', numeric: true },
    ...stains.flatMap((stain) => metrics.map(([, label, digits]) => ({ label: `${stain}: ${label}`, numeric: true, digits }))),
    ...(findColumn(table, 'coloc+count') === undefined ? [] : [{ label: 'Overlapping pairs', numeric: true, digits: 12 }]),
  ];
  const values = stains.map((stain) => metrics.map(([metric]) => column(table, `${stain}+${metric}`)));
  const volume = column(table, `${stains[0]}+volume`);
  const pairs = findColumn(table, 'coloc+count') === undefined ? [] : [column(table, 'coloc+count')];
  const total = (row: number): number => values.reduce((sum, [count]) => sum + (Number.isFinite(count[row]) ? count[row] : 0), 0);
  const order = Array.from(index.keys()).filter((row) => index[row] !== 0).sort((a, b) => total(b) - total(a) || index[a] - index[b]);
  const rows = order.slice(0, mostRows).map((row) => [names[row], index[row], volume[row], ...values.flat().map((own) => own[row]), ...pairs.map((own) => own[row])]);
  const caption = order.length > mostRows ? `The ${mostRows} regions with the most objects, of ${order.length}; all are in the table file. Press a heading to sort.` : `All ${order.length} regions, those with the most objects first; long lists scroll. Press a heading to sort.`;
  return htmlTable(caption, columns, rows);
}
