import { asText, columnOf, findColumn, rowCount, tableOf, takeRows } from './table.ts';
import type { Column, Table } from './table.ts';

/**
 * Rows of all tables, one after the other. Columns are in the order in which they first appear; where a table lacks one
 * its cells are empty. A column that is text in any table is text.
 */
export function concatRows(tables: readonly Table[]): Table {
  const names = [...new Set(tables.flatMap((table) => table.columns.map((column) => column.name)))];
  const total = tables.reduce((sum, table) => sum + rowCount(table), 0);
  return {
    columns: names.map((name): Column => {
      const parts = tables.map((table) => ({ column: findColumn(table, name), rows: rowCount(table) }));
      if (parts.some(({ column }) => column?.kind === 'text')) {
        const values = parts.flatMap(({ column, rows }) => (column === undefined ? new Array<string>(rows).fill('') : asText(column).values));
        return { name, kind: 'text', values };
      }
      const values = new Float64Array(total).fill(NaN);
      let offset = 0;
      for (const { column, rows } of parts) {
        if (column?.kind === 'number') values.set(column.values, offset);
        offset += rows;
      }
      return { name, kind: 'number', values };
    }),
  };
}

/** Rows that share the same values in the key columns. */
export interface Group {
  /** Row indices in ascending order. */
  readonly rows: readonly number[];
}

/**
 * Groups rows by the values of key columns, sorted by them: numbers ascending, text by character codes, empty cells
 * last. Empty cells form a group of their own.
 */
export function groupRows(table: Table, keys: readonly string[]): readonly Group[] {
  const columns = keys.map((key) => columnOf(table, key));
  const groups = new Map<string, number[]>();
  const count = rowCount(table);
  for (let row = 0; row < count; row++) {
    const key = keyOf(columns, row);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [row]);
    else group.push(row);
  }
  return [...groups.values()]
    .sort((a, b) => compareRows(columns, a[0], columns, b[0]))
    .map((rows) => ({ rows }));
}

/** How the values of a group become one: empty cells are left out first. */
export type Reduction = 'sum' | 'mean' | 'std' | 'min' | 'max' | 'count' | 'first';

/**
 * One row per group of equal keys, sorted by the keys: the key columns, then every other column for which `reduce`
 * names a reduction (undefined drops it), in their order. As pandas: the sum of nothing is 0, its mean is empty; `std`
 * is that of a sample (n - 1); `first` is the first cell that is not empty. Text columns allow only `first` and `count`.
 */
export function aggregate(table: Table, keys: readonly string[], reduce: (column: Column) => Reduction | undefined): Table {
  const groups = groupRows(table, keys);
  const keyColumns = takeRows({ columns: keys.map((key) => columnOf(table, key)) }, groups.map((group) => group.rows[0])).columns;
  const others = table.columns.filter((column) => !keys.includes(column.name)).flatMap((column): Column[] => {
    const how = reduce(column);
    return how === undefined ? [] : [reduceColumn(column, groups, how)];
  });
  return tableOf([...keyColumns, ...others]);
}

function reduceColumn(column: Column, groups: readonly Group[], how: Reduction): Column {
  if (column.kind === 'text') {
    const present = (group: Group): string[] => group.rows.map((row) => column.values[row]).filter((value) => value !== '');
    if (how === 'first') return { ...column, values: groups.map((group) => present(group)[0] ?? '') };
    if (how === 'count') return { name: column.name, kind: 'number', values: Float64Array.from(groups, (group) => present(group).length) };
    throw new RangeError(`Column ${column.name} holds text and has no ${how}.`);
  }
  const values = Float64Array.from(groups, (group) => reduceNumbers(group.rows.map((row) => column.values[row]).filter((value) => !Number.isNaN(value)), how));
  return { ...column, values };
}

/** Reduces numbers, none of them NaN. */
function reduceNumbers(values: readonly number[], how: Reduction): number {
  const sum = (): number => values.reduce((total, value) => total + value, 0);
  switch (how) {
    case 'count': return values.length;
    case 'first': return values[0] ?? NaN;
    case 'sum': return sum();
    case 'mean': return values.length === 0 ? NaN : sum() / values.length;
    case 'min': return values.length === 0 ? NaN : values.reduce((a, b) => Math.min(a, b));
    case 'max': return values.length === 0 ? NaN : values.reduce((a, b) => Math.max(a, b));
    case 'std': {
      if (values.length < 2) return NaN;
      const mean = sum() / values.length;
      return Math.sqrt(values.reduce((total, value) => total + (value - mean) ** 2, 0) / (values.length - 1));
    }
  }
}

/** Suffixes for columns that both sides of a join have; pandas' own by default. */
export interface JoinOptions {
  readonly suffixes?: readonly [string, string];
}

/**
 * Full outer join: every combination of rows with equal keys, and the rows of either side that have no partner, with
 * empty cells for what is missing. Sorted by the keys (see {@link groupRows}); among equal keys in the order of the left
 * and then the right table. Key columns come first, then the others of the left, then of the right. Empty keys match.
 */
export function outerJoin(left: Table, right: Table, keys: readonly string[], options: JoinOptions = {}): Table {
  const [leftKeys, rightKeys] = alignKeys(left, right, keys);
  const leftGroups = groupRows({ columns: leftKeys }, keys);
  const rightGroups = groupRows({ columns: rightKeys }, keys);
  const pairs: [number, number][] = [];
  let l = 0;
  let r = 0;
  while (l < leftGroups.length || r < rightGroups.length) {
    const order = l >= leftGroups.length ? 1 : r >= rightGroups.length ? -1
      : compareRows(leftKeys, leftGroups[l].rows[0], rightKeys, rightGroups[r].rows[0]);
    const leftRows = order <= 0 ? leftGroups[l++].rows : [-1];
    const rightRows = order >= 0 ? rightGroups[r++].rows : [-1];
    for (const a of leftRows) for (const b of rightRows) pairs.push([a, b]);
  }
  return joinRows(left, right, keys, [leftKeys, rightKeys], pairs, options);
}

/** Every row of the left table in its order, with the columns of matching rows of the right one (empty without a match). */
export function leftJoin(left: Table, right: Table, keys: readonly string[], options: JoinOptions = {}): Table {
  const [leftKeys, rightKeys] = alignKeys(left, right, keys);
  const partners = new Map<string, number[]>();
  const rightCount = rowCount(right);
  for (let row = 0; row < rightCount; row++) {
    const key = keyOf(rightKeys, row);
    partners.set(key, [...(partners.get(key) ?? []), row]);
  }
  const pairs: [number, number][] = [];
  const leftCount = rowCount(left);
  for (let row = 0; row < leftCount; row++) {
    for (const partner of partners.get(keyOf(leftKeys, row)) ?? [-1]) pairs.push([row, partner]);
  }
  return joinRows(left, right, keys, [leftKeys, rightKeys], pairs, options);
}

function joinRows(
  left: Table, right: Table, keys: readonly string[], keyColumns: readonly [readonly Column[], readonly Column[]],
  pairs: readonly (readonly [number, number])[], options: JoinOptions,
): Table {
  const [leftSuffix, rightSuffix] = options.suffixes ?? ['_x', '_y'];
  const others = (table: Table): readonly Column[] => table.columns.filter((column) => !keys.includes(column.name));
  const shared = new Set(others(left).map((column) => column.name).filter((name) => others(right).some((column) => column.name === name)));
  const renamed = (columns: readonly Column[], suffix: string): Table =>
    ({ columns: columns.map((column) => (shared.has(column.name) ? { ...column, name: column.name + suffix } : column)) });
  const fromLeft = pairs.map(([a]) => a);
  const fromRight = pairs.map(([, b]) => b);
  // A key is taken from the side that has the row.
  const joinedKeys = keyColumns[0].map((column, index): Column => {
    const other = keyColumns[1][index];
    return column.kind === 'text' && other.kind === 'text'
      ? { ...column, values: pairs.map(([a, b]) => (a >= 0 ? column.values[a] : other.values[b])) }
      : { name: column.name, kind: 'number', values: Float64Array.from(pairs, ([a, b]) => Number(a >= 0 ? column.values[a] : other.values[b])) };
  });
  return tableOf([
    ...joinedKeys,
    ...takeRows(renamed(others(left), leftSuffix), fromLeft).columns,
    ...takeRows(renamed(others(right), rightSuffix), fromRight).columns,
  ]);
}

/** Key columns of both sides with equal kinds: where one is text, both are. */
function alignKeys(left: Table, right: Table, keys: readonly string[]): readonly [readonly Column[], readonly Column[]] {
  const pairs = keys.map((key) => {
    const [a, b] = [columnOf(left, key), columnOf(right, key)];
    return a.kind === b.kind ? { a, b } : { a: asText(a), b: asText(b) };
  });
  return [pairs.map(({ a }) => a), pairs.map(({ b }) => b)];
}

function keyOf(columns: readonly Column[], row: number): string {
  // The separator cannot stand in a number, and in text JSON keeps parts apart.
  return columns.length === 1 ? String(columns[0].values[row]) : JSON.stringify(columns.map((column) => String(column.values[row])));
}

function compareRows(leftColumns: readonly Column[], left: number, rightColumns: readonly Column[], right: number): number {
  for (let index = 0; index < leftColumns.length; index++) {
    const order = compareCells(leftColumns[index].values[left], rightColumns[index].values[right]);
    if (order !== 0) return order;
  }
  return 0;
}

/** Ascending; empty cells (NaN, '') last. */
function compareCells(a: number | string, b: number | string): number {
  const [emptyA, emptyB] = [a === '' || Number.isNaN(a), b === '' || Number.isNaN(b)];
  if (emptyA || emptyB) return Number(emptyA) - Number(emptyB);
  return a === b ? 0 : a < b ? -1 : 1;
}
