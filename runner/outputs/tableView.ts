import { didYouMean } from '../protocol/nearest.ts';
import { SpimquantError } from '../protocol/errors.ts';
import type { TableFilter, TableQuery, ViewedCell, ViewedColumn } from '../protocol/outputs.ts';
import { columnNames, formatNumber, rowCount } from '../tables/table.ts';
import type { NumberColumn, Table, TextColumn } from '../tables/table.ts';
import { orderByNumbers, orderByRanks } from './order.ts';

/** Different values of a text column that are told, to choose from. */
const valuesTold = 40;
/** Rows whose cells are measured for the widths of columns. */
const rowsMeasured = 2000;
/** Selections that are kept: the last ones of the views that are open. */
const selectionsKept = 6;

/** Capitals do not matter, and numbers in names count as numbers: `region 2` is before `region 10`. */
const collator = new Intl.Collator('en', { numeric: true, sensitivity: 'base' });

/** A text column by its different values. */
interface Dictionary {
  readonly words: readonly string[];
  /** Place in `words`, by row. */
  readonly codes: Uint32Array;
  /** By row: place of its value among all, from 1; 0: empty. Made when it is sorted by. */
  ranks?: Uint32Array;
}

/** A table that is looked at: rows chosen and put in order without a row ever becoming an object. */
export class TableView {
  readonly table: Table;
  readonly rows: number;
  readonly #dictionaries = new Map<string, Dictionary>();
  readonly #selections = new Map<string, Uint32Array>();
  #columns: readonly ViewedColumn[] | undefined;

  constructor(table: Table) {
    this.table = table;
    this.rows = rowCount(table);
  }

  /** Bytes that it takes, about. */
  get bytes(): number {
    return this.table.columns.reduce((sum, column) => sum + (column.kind === 'number' ? 8 : 20) * this.rows, 0);
  }

  /** The columns as they are told, without what a sidecar says. */
  columns(): readonly ViewedColumn[] {
    this.#columns ??= this.table.columns.map((column) => (column.kind === 'number' ? numberColumn(column) : this.#textColumn(column)));
    return this.#columns;
  }

  /** The rows that fit, in order. Throws `bad-option` for a column that is not there. */
  select(query: TableQuery): Uint32Array {
    const key = JSON.stringify(query);
    const known = this.#selections.get(key);
    this.#selections.delete(key);
    const rows = known ?? this.#select(query);
    this.#selections.set(key, rows);
    for (const oldest of this.#selections.keys()) {
      if (this.#selections.size <= selectionsKept) break;
      this.#selections.delete(oldest);
    }
    return rows;
  }

  /** Cells of some of the rows that fit. */
  page(query: TableQuery, from: number, count: number): { readonly matched: number; readonly rows: readonly (readonly ViewedCell[])[] } {
    const chosen = this.select(query);
    return { matched: chosen.length, rows: Array.from(chosen.subarray(from, from + count), (row) => this.table.columns.map((column) => (column.kind === 'number' ? numberCell(column.values[row]) : column.values[row] === '' ? null : column.values[row]))) };
  }

  #select(query: TableQuery): Uint32Array {
    const unsorted = query.sort.length === 0 ? undefined : this.select({ ...query, sort: [] });
    let rows = unsorted ?? this.#searched(this.#filtered(query.filters), query.search);
    // The least important first: each order keeps the one before among equals.
    for (const { column: name, descending } of [...query.sort].reverse()) {
      const column = this.#column(name);
      rows = column.kind === 'number' ? orderByNumbers(rows, column.values, descending) : orderByRanks(rows, this.#ranks(column), descending);
    }
    return rows;
  }

  #filtered(filters: readonly TableFilter[]): Uint32Array {
    let rows = Uint32Array.from({ length: this.rows }, (_, row) => row);
    for (const filter of filters) {
      const column = this.#column(filter.column);
      rows = rows.filter(column.kind === 'number' ? numberTest(column, filter) : this.#textTest(column, filter));
    }
    return rows;
  }

  /** Text is looked for in every text, a number also among the digits of numbers. */
  #searched(rows: Uint32Array, search: string): Uint32Array {
    const wanted = search.trim().toLowerCase();
    if (wanted === '') return rows;
    const tests = this.table.columns.flatMap((column): readonly ((row: number) => boolean)[] => {
      if (column.kind === 'text') return [this.#textTest(column, { column: column.name, test: 'has', value: wanted })];
      return /^[\d.e+-]+$/.test(wanted) ? [(row) => formatNumber(column.values[row]).includes(wanted)] : [];
    });
    return rows.filter((row) => tests.some((test) => test(row)));
  }

  #textTest(column: TextColumn, { test, value }: TableFilter): (row: number) => boolean {
    const { words, codes } = this.#dictionary(column);
    const wanted = value.toLowerCase();
    const fits = Uint8Array.from(words, (word) => Number(textFits(word, test, wanted)));
    return (row) => fits[codes[row]] === 1;
  }

  #column(name: string): NumberColumn | TextColumn {
    const column = this.table.columns.find((each) => each.name === name);
    if (column !== undefined) return column;
    throw new SpimquantError('bad-option', `The table has no column "${name}".${didYouMean(name, columnNames(this.table))}`, { hint: 'It may have been written anew: refresh the outputs.' });
  }

  #dictionary(column: TextColumn): Dictionary {
    const known = this.#dictionaries.get(column.name);
    if (known !== undefined) return known;
    const places = new Map<string, number>();
    const codes = new Uint32Array(column.values.length);
    column.values.forEach((value, row) => {
      let code = places.get(value);
      if (code === undefined) places.set(value, code = places.size);
      codes[row] = code;
    });
    const made: Dictionary = { words: [...places.keys()], codes };
    this.#dictionaries.set(column.name, made);
    return made;
  }

  #ranks(column: TextColumn): Uint32Array {
    const dictionary = this.#dictionary(column);
    if (dictionary.ranks === undefined) {
      const { words, codes } = dictionary;
      const order = words.map((_, code) => code).sort((a, b) => compareWords(words[a], words[b]));
      const rankOf = new Uint32Array(words.length);
      order.forEach((code, at) => { rankOf[code] = words[code] === '' ? 0 : at + 1; });
      dictionary.ranks = codes.map((code) => rankOf[code]);
    }
    return dictionary.ranks;
  }

  #textColumn(column: TextColumn): ViewedColumn {
    const words = this.#dictionary(column).words.filter((word) => word !== '');
    const measured = words.slice(0, rowsMeasured);
    return {
      name: column.name, kind: 'text', width: measured.reduce((most, { length }) => Math.max(most, length), 0),
      ...(words.length <= valuesTold ? { values: [...words].sort(compareWords) } : {}),
    };
  }
}

/** The order of texts in a table. */
export function compareWords(a: string, b: string): number {
  return collator.compare(a, b) || (a < b ? -1 : a > b ? 1 : 0);
}

function textFits(word: string, test: TableFilter['test'], wanted: string): boolean {
  if (test === 'filled' || test === 'empty') return (word === '') === (test === 'empty');
  if (test === 'ne') return word.toLowerCase() !== wanted;
  if (test === 'hasNot') return !word.toLowerCase().includes(wanted);
  if (word === '') return wanted === '' && test === 'eq';
  if (test === 'eq') return word.toLowerCase() === wanted;
  if (test === 'has') return word.toLowerCase().includes(wanted);
  const order = collator.compare(word, wanted);
  return test === 'lt' ? order < 0 : test === 'le' ? order <= 0 : test === 'gt' ? order > 0 : order >= 0;
}

/** Empty cells fit nothing but that they are empty, or that they are not something. Throws `bad-option` for what is no number. */
function numberTest({ name, values }: NumberColumn, { test, value }: TableFilter): (row: number) => boolean {
  if (test === 'empty') return (row) => Number.isNaN(values[row]);
  if (test === 'filled') return (row) => !Number.isNaN(values[row]);
  if (test === 'has') return (row) => formatNumber(values[row]).includes(value.trim());
  if (test === 'hasNot') return (row) => !formatNumber(values[row]).includes(value.trim());
  const wanted = value.trim() === '' ? NaN : Number(value);
  if (Number.isNaN(wanted)) throw new SpimquantError('bad-option', `"${value}" is no number, and column "${name}" holds numbers.`, { hint: 'Write for example >5, <=0.05 or 1..10.' });
  switch (test) {
    case 'eq': return (row) => values[row] === wanted;
    case 'ne': return (row) => values[row] !== wanted;
    case 'lt': return (row) => values[row] < wanted;
    case 'le': return (row) => values[row] <= wanted;
    case 'gt': return (row) => values[row] > wanted;
    case 'ge': return (row) => values[row] >= wanted;
  }
}

/** JSON has no infinity. */
function numberCell(value: number): ViewedCell {
  return Number.isFinite(value) ? value : Number.isNaN(value) ? null : formatNumber(value);
}

function numberColumn({ name, values }: NumberColumn): ViewedColumn {
  let [low, high] = [Infinity, -Infinity];
  for (const value of values) {
    if (value < low) low = value;
    if (value > high) high = value;
  }
  let width = 0;
  const step = Math.max(1, Math.floor(values.length / rowsMeasured));
  for (let row = 0; row < values.length; row += step) width = Math.max(width, formatNumber(values[row]).length);
  return { name, kind: 'number', width, ...(low <= high && Number.isFinite(low) && Number.isFinite(high) ? { range: [low, high] } : {}) };
}

/** Characters of an exported table, at most: more is no text any more. */
const exportedAtMost = 400_000_000;

/**
 * Rows that fit as CSV or TSV, with a header line; empty cells are empty. Values of TSV that hold a tab or a line break are
 * quoted, as those of CSV with a comma. Throws `bad-option` for a table that is too large.
 */
export function writeRows(view: TableView, query: TableQuery, delimiter: ',' | '\t'): Uint8Array {
  const special = delimiter === ',' ? /[",\r\n]/ : /["\t\r\n]/;
  const quoted = (text: string): string => (special.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
  const { columns } = view.table;
  const parts: Buffer[] = [];
  let bytes = 0;
  let lines = [columns.map(({ name }) => quoted(name)).join(delimiter)];
  const flush = (): void => {
    const part = Buffer.from(`${lines.join('\n')}\n`);
    bytes += part.length;
    if (bytes > exportedAtMost) throw new SpimquantError('bad-option', 'These rows are too many to be exported at once.', { hint: 'Filter the table first, or copy the file itself.' });
    parts.push(part);
    lines = [];
  };
  for (const row of view.select(query)) {
    lines.push(columns.map((column) => (column.kind === 'number' ? formatNumber(column.values[row]) : quoted(column.values[row]))).join(delimiter));
    if (lines.length >= 20_000) flush();
  }
  if (lines.length > 0) flush();
  const all = new Uint8Array(bytes);
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}
