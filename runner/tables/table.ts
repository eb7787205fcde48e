import { SpimquantError } from '../protocol/errors.ts';

/** A column of numbers; NaN is an empty cell. */
export interface NumberColumn {
  readonly name: string;
  readonly kind: 'number';
  readonly values: Float64Array;
}

/** A column of text; the empty string is an empty cell. */
export interface TextColumn {
  readonly name: string;
  readonly kind: 'text';
  readonly values: readonly string[];
}

export type Column = NumberColumn | TextColumn;

/** Columns of equal length with different names, in the order in which they are written. */
export interface Table {
  readonly columns: readonly Column[];
}

export function numbers(name: string, values: Float64Array | readonly number[]): NumberColumn {
  return { name, kind: 'number', values: values instanceof Float64Array ? values : Float64Array.from(values) };
}

export function texts(name: string, values: readonly string[]): TextColumn {
  return { name, kind: 'text', values };
}

/** A table of these columns. Throws a RangeError for unequal lengths or a repeated name: a defect of the caller. */
export function tableOf(columns: readonly Column[]): Table {
  const seen = new Set<string>();
  for (const column of columns) {
    if (seen.has(column.name)) throw new RangeError(`Two columns are called ${column.name}.`);
    seen.add(column.name);
    if (column.values.length !== columns[0].values.length) {
      throw new RangeError(`Column ${column.name} has ${column.values.length} rows, ${columns[0].name} has ${columns[0].values.length}.`);
    }
  }
  return { columns };
}

export function rowCount(table: Table): number {
  return table.columns[0]?.values.length ?? 0;
}

export function columnNames(table: Table): readonly string[] {
  return table.columns.map((column) => column.name);
}

export function findColumn(table: Table, name: string): Column | undefined {
  return table.columns.find((column) => column.name === name);
}

/** The column of that name. Throws `bad-table` with the names there are. */
export function columnOf(table: Table, name: string, where?: string): Column {
  const column = findColumn(table, name);
  if (column === undefined) {
    const names = columnNames(table);
    const shown = names.length > 12 ? `${names.slice(0, 12).join(', ')} and ${names.length - 12} more` : names.join(', ');
    throw new SpimquantError('bad-table', `${where ?? 'A table'} has no column "${name}".`, {
      ...(where === undefined ? {} : { where }),
      hint: names.length === 0 ? 'The table is empty.' : `Its columns are: ${shown}.`,
    });
  }
  return column;
}

/** Values of a column of numbers. Throws `bad-table` when there is none of that name or it holds text. */
export function numberValues(table: Table, name: string, where?: string): Float64Array {
  const column = columnOf(table, name, where);
  if (column.kind === 'number') return column.values;
  const example = column.values.find((value) => value !== '' && Number.isNaN(Number(value))) ?? '';
  throw new SpimquantError('bad-table', `Column "${name}" of ${where ?? 'a table'} should hold numbers, but has "${example}" in it.`, where === undefined ? {} : { where });
}

/** Values of a column as text, whatever it is: numbers are written as in a TSV file. Throws `bad-table` when there is none. */
export function textValues(table: Table, name: string, where?: string): readonly string[] {
  return asText(columnOf(table, name, where)).values;
}

/** The column as text. */
export function asText(column: Column): TextColumn {
  return column.kind === 'text' ? column : { name: column.name, kind: 'text', values: Array.from(column.values, formatNumber) };
}

/**
 * A number as tables show it: integers without a point, other numbers as the shortest text that reads back to the same
 * double, NaN as the empty cell, infinities as `inf` and `-inf`.
 */
export function formatNumber(value: number): string {
  if (Number.isNaN(value)) return '';
  if (!Number.isFinite(value)) return value > 0 ? 'inf' : '-inf';
  return String(value === 0 ? 0 : value);
}

/** The table with only these columns, in this order. Throws `bad-table` for a name that is not there. */
export function selectColumns(table: Table, names: readonly string[]): Table {
  return { columns: names.map((name) => columnOf(table, name)) };
}

/** Every column under a new name. Throws a RangeError when two come out the same. */
export function renameColumns(table: Table, rename: (name: string) => string): Table {
  return tableOf(table.columns.map((column) => ({ ...column, name: rename(column.name) })));
}

/** The table with a column put at the end, or in the place of the one with the same name. */
export function withColumn(table: Table, column: Column): Table {
  const at = table.columns.findIndex((other) => other.name === column.name);
  return tableOf(at < 0 ? [...table.columns, column] : table.columns.with(at, column));
}

/** The given rows in the given order; an index of -1 makes a row of empty cells. */
export function takeRows(table: Table, rows: ArrayLike<number>): Table {
  return {
    columns: table.columns.map((column) => {
      if (column.kind === 'text') {
        return { ...column, values: Array.from(rows, (row) => (row < 0 ? '' : column.values[row])) };
      }
      const values = new Float64Array(rows.length);
      for (let index = 0; index < rows.length; index++) values[index] = rows[index] < 0 ? NaN : column.values[rows[index]];
      return { ...column, values };
    }),
  };
}

/** The rows for which `keep` is true. */
export function filterRows(table: Table, keep: (row: number) => boolean): Table {
  const rows: number[] = [];
  const count = rowCount(table);
  for (let row = 0; row < count; row++) if (keep(row)) rows.push(row);
  return takeRows(table, rows);
}

/** Empty cells of number columns become `number`, of text columns `text`; columns named in `except` are left as they are. */
export function fillEmpty(table: Table, fill: { readonly number: number; readonly text: string }, except: readonly string[] = []): Table {
  return {
    columns: table.columns.map((column) => {
      if (except.includes(column.name)) return column;
      return column.kind === 'text'
        ? { ...column, values: column.values.map((value) => (value === '' ? fill.text : value)) }
        : { ...column, values: column.values.map((value) => (Number.isNaN(value) ? fill.number : value)) };
    }),
  };
}
