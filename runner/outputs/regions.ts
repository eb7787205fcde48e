import type { RegionValues, TableRegion } from '../protocol/outputs.ts';
import { findColumn, textValues } from '../tables/table.ts';
import type { Table } from '../tables/table.ts';

/** Columns that name regions rather than measure them. */
const naming = new Set(['index', 'name', 'abbreviation', 'color']);

/** A table of regions that was read, or why it could not be. */
export type RegionTable = { readonly path: string; readonly table: Table } | { readonly path: string; readonly message: string };

/**
 * One column of several tables of regions, put side by side by the regions' index. Index 0, which holds what is outside of
 * all regions, is left out. `column`: left out, or in none of the tables: the first field fraction, else the first of all.
 */
export function gatherRegions(tables: readonly RegionTable[], column: string | undefined): RegionValues {
  const read = tables.filter((each) => 'table' in each);
  const columns = [...new Set(read.flatMap(({ table }) => table.columns.filter(({ kind, name }) => kind === 'number' && !naming.has(name)).map(({ name }) => name)))];
  const chosen = column !== undefined && columns.includes(column) ? column : columns.find((name) => name.endsWith('+fieldfrac')) ?? columns[0] ?? '';
  const regions: TableRegion[] = [];
  const places = new Map<number, number>();
  const found = tables.map((each) => ('table' in each ? regionsOf(each.table) : []));
  for (const rows of found) {
    for (const { index, name } of rows) {
      if (index === 0 || places.has(index)) continue;
      places.set(index, regions.length);
      regions.push({ index, name });
    }
  }
  const values = new Float64Array(tables.length * regions.length).fill(NaN);
  tables.forEach((each, at) => {
    const own = 'table' in each ? findColumn(each.table, chosen) : undefined;
    if (own?.kind !== 'number') return;
    found[at].forEach(({ index }, row) => {
      const place = places.get(index);
      if (place !== undefined) values[at * regions.length + place] = own.values[row];
    });
  });
  return { regions, columns, column: chosen, failed: tables.flatMap((each) => ('message' in each ? [each] : [])), bytes: new Uint8Array(values.buffer) };
}

/** Index and name of every row; rows without an index are counted as outside. */
function regionsOf(table: Table): readonly TableRegion[] {
  const index = findColumn(table, 'index');
  if (index?.kind !== 'number') return [];
  const names = findColumn(table, 'name') === undefined ? undefined : textValues(table, 'name');
  return Array.from(index.values, (value, row) => ({ index: Number.isNaN(value) ? 0 : value, name: names?.[row] ?? String(value) }));
}
