import type { Column } from './table.ts';

/** Powers of ten that doubles hold exactly. */
const powers = Array.from({ length: 23 }, (_, exponent) => 10 ** exponent);
const [zero, nine, dot, minus, plus, tab, space, newline] = [48, 57, 46, 45, 43, 9, 32, 10];

/** Where the cells of a text are: of row r and column c from `starts[r·columns + c]` up to `ends[…]`. */
interface Cells {
  readonly text: string;
  readonly rows: number;
  readonly columns: number;
  readonly starts: Uint32Array;
  readonly ends: Uint32Array;
}

/**
 * Columns of a text without quotes and carriage returns, header and all, read without making a text of every cell: several
 * times as fast as the general way. Undefined for a text that needs that one, also to say what is wrong with it.
 *
 * @param isNumber whether a cell is a number, of cells that are not obviously one
 * @param parse such a cell as a number
 */
export function readPlainColumns(text: string, delimiter: string, names: readonly string[], forceText: (name: string) => boolean, isNumber: (cell: string) => boolean, parse: (cell: string) => number): readonly Column[] | undefined {
  if (text.includes('"') || text.includes('\r') || names.length < 2) return undefined;
  const cells = findCells(text, delimiter.charCodeAt(0), names.length);
  if (cells === undefined) return undefined;
  return names.map((name, column) => (forceText(name) ? undefined : numberColumn(cells, name, column, isNumber, parse)) ?? textColumn(cells, name, column));
}

/** Undefined: some row has more cells than the header. The first line is the header. */
function findCells(text: string, delimiter: number, columns: number): Cells | undefined {
  let at = text.indexOf('\n') + 1;
  if (at === 0) at = text.length;
  let lines = 0;
  for (let next = at; next < text.length; lines++) {
    const end = text.indexOf('\n', next);
    next = end < 0 ? text.length : end + 1;
  }
  const starts = new Uint32Array(lines * columns);
  const ends = new Uint32Array(lines * columns);
  let rows = 0;
  while (at < text.length) {
    const begin = at;
    let column = 0;
    let start = at;
    for (; ; at++) {
      const code = at < text.length ? text.charCodeAt(at) : newline;
      if (code !== delimiter && code !== newline) continue;
      if (column >= columns) {
        if (at > start) return undefined;
      } else {
        let [from, to] = [start, at];
        // Cells are trimmed; spaces other than these are left to the general way.
        while (from < to && (text.charCodeAt(from) === space || text.charCodeAt(from) === tab)) from++;
        while (from < to && (text.charCodeAt(to - 1) === space || text.charCodeAt(to - 1) === tab)) to--;
        starts[rows * columns + column] = from;
        ends[rows * columns + column] = to;
      }
      column += 1;
      start = at + 1;
      if (code === newline) break;
    }
    const isEmpty = at === begin;
    at += 1;
    // Cells that a row lacks are empty: start and end are both 0.
    if (!isEmpty) rows += 1;
  }
  return { text, rows, columns, starts, ends };
}

/** Undefined: some cell is no number. */
function numberColumn({ text, rows, columns, starts, ends }: Cells, name: string, column: number, isNumber: (cell: string) => boolean, parse: (cell: string) => number): Column | undefined {
  const values = new Float64Array(rows);
  for (let row = 0, place = column; row < rows; row++, place += columns) {
    const [from, to] = [starts[place], ends[place]];
    if (from === to) {
      values[row] = NaN;
      continue;
    }
    const simple = simpleNumber(text, from, to);
    if (simple !== undefined) {
      values[row] = simple;
      continue;
    }
    const cell = text.slice(from, to);
    if (cell === 'n/a') values[row] = NaN;
    else if (isNumber(cell)) values[row] = parse(cell);
    else return undefined;
  }
  return { name, kind: 'number', values };
}

/** Digits with a sign and a point. Undefined: anything else, which has to be looked at closer. */
function simpleNumber(text: string, from: number, to: number): number | undefined {
  let at = from;
  const first = text.charCodeAt(at);
  if (first === minus || first === plus) at++;
  const begin = at;
  let digits = 0;
  let decimals = -1;
  for (; at < to; at++) {
    const code = text.charCodeAt(at);
    if (code >= zero && code <= nine) {
      digits = digits * 10 + (code - zero);
      if (decimals >= 0) decimals++;
    } else if (code === dot && decimals < 0 && at > begin) decimals = 0;
    else return undefined;
  }
  // `0001` is a label.
  if (begin === to || (text.charCodeAt(begin) === zero && to - begin > 1 && text.charCodeAt(begin + 1) !== dot)) return undefined;
  // A whole number below 2⁵³ by an exact power of ten is rounded once, as the language does it.
  if (digits > Number.MAX_SAFE_INTEGER || to - begin > 16) return Number(text.slice(from, to));
  const value = decimals > 0 ? digits / powers[decimals] : digits;
  return first === minus ? -value : value;
}

function textColumn({ text, rows, columns, starts, ends }: Cells, name: string, column: number): Column {
  const values = new Array<string>(rows);
  // Most values occur many times: each is held once, and a part of the text would hold all of it.
  const held = new Map<string, string>();
  for (let row = 0, place = column; row < rows; row++, place += columns) {
    const cell = text.slice(starts[place], ends[place]);
    let own = held.get(cell);
    if (own === undefined) {
      own = cell === 'n/a' ? '' : cell;
      held.set(cell, own);
    }
    values[row] = own;
  }
  return { name, kind: 'text', values };
}
