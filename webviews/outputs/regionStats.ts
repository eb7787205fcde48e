import type { GroupColumn, RegionValues, TableRegion } from '../../runner/protocol/outputs.ts';
import { doublesOf } from '../../runner/protocol/outputs.ts';

/** A value of one participant in a region. */
export interface RegionPoint {
  /** Row of the tables that were asked for. */
  readonly row: number;
  readonly value: number;
}

/** Participants of one group in a region. */
export interface GroupSummary {
  readonly group: string;
  readonly points: readonly RegionPoint[];
  readonly mean: number;
  /** Sample standard deviation; NaN with fewer than two values. */
  readonly sd: number;
}

/** A region with its groups, in the order of the groups. */
export interface RegionSummary extends TableRegion {
  readonly groups: readonly GroupSummary[];
}

/** Groups of rows in the order in which they are shown, without those that nobody is in. */
export interface Grouping {
  readonly names: readonly string[];
  /** Place in `names`, by row; -1: in no group. */
  readonly of: readonly number[];
}

/** Puts rows into groups by a column of participants.tsv; without one, all are in the one group `''`. `labels`: of the rows, without `sub-`. */
export function groupRows(labels: readonly string[], column: GroupColumn | undefined): Grouping {
  if (column === undefined) return { names: [''], of: labels.map(() => 0) };
  const values = labels.map((label) => column.values[label]);
  const names = [...new Set(values.filter((value) => value !== undefined))].sort((a, b) => a.localeCompare(b, 'en', { numeric: true }));
  return { names, of: values.map((value) => (value === undefined ? -1 : names.indexOf(value))) };
}

/** Mean and sample standard deviation (n − 1) of finite numbers. NaN where there are too few. */
export function meanAndSd(values: readonly number[]): { readonly mean: number; readonly sd: number } {
  const n = values.length;
  const mean = n === 0 ? NaN : values.reduce((sum, value) => sum + value, 0) / n;
  const sd = n < 2 ? NaN : Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (n - 1));
  return { mean, sd };
}

/** Every region by group. Regions without any value are left out. */
export function summarise(values: Pick<RegionValues, 'regions' | 'bytes'>, grouping: Grouping): readonly RegionSummary[] {
  const numbers = doublesOf(values.bytes);
  const count = values.regions.length;
  return values.regions.flatMap((region, at): readonly RegionSummary[] => {
    const groups = grouping.names.map((group, g): GroupSummary => {
      const points = grouping.of.flatMap((of, row) => {
        const value = numbers[row * count + at];
        return of === g && Number.isFinite(value) ? [{ row, value }] : [];
      });
      return { group, points, ...meanAndSd(points.map(({ value }) => value)) };
    });
    return groups.every(({ points }) => points.length === 0) ? [] : [{ ...region, groups }];
  });
}

export const regionOrders = ['mean', 'difference', 'name', 'atlas'] as const;
export type RegionOrder = (typeof regionOrders)[number];

/** The largest difference between the means of two groups. */
export function spread({ groups }: RegionSummary): number {
  const means = groups.map(({ mean }) => mean).filter(Number.isFinite);
  return means.length < 2 ? 0 : Math.max(...means) - Math.min(...means);
}

/** The largest of the groups' means. */
function highest({ groups }: RegionSummary): number {
  return Math.max(...groups.map(({ mean }) => mean).filter(Number.isFinite));
}

/** Regions in an order; equal ones by name. */
export function orderRegions(regions: readonly RegionSummary[], order: RegionOrder): readonly RegionSummary[] {
  const byName = (a: RegionSummary, b: RegionSummary): number => a.name.localeCompare(b.name, 'en', { numeric: true }) || a.index - b.index;
  const compare: { readonly [O in RegionOrder]: (a: RegionSummary, b: RegionSummary) => number } = {
    mean: (a, b) => highest(b) - highest(a) || byName(a, b),
    difference: (a, b) => spread(b) - spread(a) || byName(a, b),
    name: byName,
    atlas: (a, b) => a.index - b.index,
  };
  return [...regions].sort(compare[order]);
}

/** Side of the brain that the names of regions tell. */
export type Hemisphere = 'left' | 'right';

const sides: { readonly [H in Hemisphere]: RegExp } = { left: /(^|[\s_\-,(])(left|lh|l)($|[\s_\-,)])/i, right: /(^|[\s_\-,(])(right|rh|r)($|[\s_\-,)])/i };

export function hemisphereOf(name: string): Hemisphere | undefined {
  return sides.left.test(name) ? 'left' : sides.right.test(name) ? 'right' : undefined;
}

/** Whether a region fits what was written: every word is part of its name, or one of several parted by commas does. */
export function fitsSearch(name: string, search: string): boolean {
  const wanted = search.toLowerCase().split(',').map((part) => part.trim()).filter((part) => part !== '');
  return wanted.length === 0 || wanted.some((part) => part.split(/\s+/).every((word) => name.toLowerCase().includes(word)));
}

/** What a column of a region table measures, and of which stain. */
export function splitColumn(column: string): { readonly stain: string; readonly measure: string } {
  const at = column.lastIndexOf('+');
  return at < 0 ? { stain: '', measure: column } : { stain: column.slice(0, at), measure: column.slice(at + 1) };
}

const measures: Readonly<Record<string, { readonly title: string; readonly unit: string }>> = {
  fieldfrac: { title: 'Field fraction', unit: '%' }, density: { title: 'Density', unit: 'objects per mm³' }, count: { title: 'Count', unit: 'objects' },
  nvoxels: { title: 'Size of objects', unit: 'voxels' }, volume: { title: 'Volume', unit: 'mm³' }, distance: { title: 'Distance of pairs', unit: 'mm' },
  overlapratio: { title: 'Overlap of pairs', unit: '' }, vesseldist: { title: 'Distance to vessel', unit: 'mm' },
};

/** A measure in words, with its unit where it has one. */
export function measureWords(measure: string): { readonly title: string; readonly unit: string } {
  return measures[measure] ?? { title: measure, unit: '' };
}
