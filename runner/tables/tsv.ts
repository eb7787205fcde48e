import { dsvFormat } from 'd3-dsv';
import { SpimquantError } from '../protocol/errors.ts';
import { readPlainColumns } from './plainText.ts';
import { asText, rowCount } from './table.ts';
import type { Column, Table } from './table.ts';

export interface ReadTextOptions {
  /** Of the file, for errors. */
  readonly name?: string;
  /** Columns that stay text even when every cell looks like a number, e.g. participant labels; or all of them. */
  readonly text?: readonly string[] | 'all';
  /** Default: a tab. */
  readonly delimiter?: '\t' | ',';
}

/** Cells that mean "nothing here": BIDS' `n/a` and the empty cell. */
export function isEmptyCell(cell: string): boolean {
  return cell === '' || cell === 'n/a';
}

/**
 * A number without superfluous leading zeros: `0001` is a label, not the number one. Also what pandas writes for values
 * that are not finite.
 */
const numberPattern = /^(?:[+-]?(?:(?:0|[1-9]\d*)(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?|[+-]?inf|nan|NaN)$/;

/**
 * Reads a TSV (or CSV) file with a header line. A column is numeric when every cell that is not empty is a number;
 * a column without any filled cell is numeric too (as pandas has it).
 *
 * @throws SpimquantError `bad-table` for an empty file, a repeated column name, or a row with more cells than the header
 */
export function readTsv(content: string | Uint8Array, options: ReadTextOptions = {}): Table {
  const name = options.name ?? 'the table';
  const text = (typeof content === 'string' ? content : new TextDecoder().decode(content)).replace(/^\uFEFF/, '');
  const plain = plainColumns(text, options);
  if (plain !== undefined) return { columns: plain };
  const [header, ...lines] = dsvFormat(options.delimiter ?? '\t').parseRows(text);
  if (header === undefined || header.every((cell) => cell.trim() === '')) throw badTable(name, 'it is empty.');
  const names = header.map((cell) => cell.trim());
  const repeated = names.find((cell, index) => names.indexOf(cell) !== index);
  if (repeated !== undefined) throw badTable(name, repeated === '' ? 'two of its columns have no name.' : `two of its columns are called "${repeated}".`);
  const rows = lines.filter((cells) => cells.length > 1 || cells[0] !== '' || names.length === 1);
  const tooLong = rows.findIndex((cells) => cells.length > names.length && cells.slice(names.length).some((cell) => cell !== ''));
  if (tooLong >= 0) throw badTable(name, `row ${tooLong + 2} has ${rows[tooLong].length} cells, but there are ${names.length} columns.`);
  return {
    columns: names.map((column, index) => toColumn(column, rows.map((cells) => (cells[index] ?? '').trim()), options.text === 'all' || (options.text?.includes(column) ?? false))),
  };
}

/** The quick way, for texts that are as most are. */
function plainColumns(text: string, options: ReadTextOptions): readonly Column[] | undefined {
  const delimiter = options.delimiter ?? '\t';
  const end = text.indexOf('\n');
  const names = (end < 0 ? text : text.slice(0, end)).split(delimiter).map((cell) => cell.trim());
  if (new Set(names).size < names.length) return undefined;
  const forced = options.text;
  return readPlainColumns(text, delimiter, names, (name) => forced === 'all' || (forced?.includes(name) ?? false), (cell) => numberPattern.test(cell), parseNumber);
}

function toColumn(name: string, cells: readonly string[], forceText: boolean): Column {
  const values = cells.map((cell) => (isEmptyCell(cell) ? '' : cell));
  if (forceText || !values.every((cell) => cell === '' || numberPattern.test(cell))) return { name, kind: 'text', values };
  return { name, kind: 'number', values: Float64Array.from(values, parseNumber) };
}

function parseNumber(cell: string): number {
  if (cell === '' || cell === 'nan' || cell === 'NaN') return NaN;
  if (cell.endsWith('inf')) return cell.startsWith('-') ? -Infinity : Infinity;
  return Number(cell);
}

/**
 * Writes a TSV file: header, one line per row, `\n` at the end of each. Numbers by formatNumber, empty cells as nothing
 * (what pandas writes and reads). Equal tables give equal text.
 */
export function writeTsv(table: Table): string {
  const columns = table.columns.map((column) => asText(column).values);
  const count = rowCount(table);
  const rows: string[][] = [table.columns.map((column) => column.name)];
  for (let row = 0; row < count; row++) rows.push(columns.map((values) => values[row]));
  return `${dsvFormat('\t').formatRows(rows)}\n`;
}

function badTable(name: string, problem: string): SpimquantError {
  return new SpimquantError('bad-table', `${name} cannot be read as a table: ${problem}`, { where: name });
}
