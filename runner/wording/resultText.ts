import type { Block, ChartBlock, Figure, Result, TableBlock } from '../protocol/results.ts';
import { chartNumber, chartRange } from './chartSvg.ts';
import { paint } from './words.ts';

/** How text is laid out. */
export interface TextStyle {
  /** Columns. */
  readonly width: number;
  readonly color: boolean;
}

/** Narrowest column that a table's text is cut to. */
const narrowest = 8;

/** A result as plain text: for the terminal, and wherever figures cannot be shown. Ends without a newline. */
export function resultText(result: Result, style: TextStyle): string {
  const ink = paint(style.color);
  const parts = [ink.bold(clean(result.title)), ...result.blocks.map((block) => blockText(block, style))];
  return parts.filter((part) => part !== '').join('\n\n');
}

function blockText(block: Block, style: TextStyle): string {
  const ink = paint(style.color);
  switch (block.kind) {
    case 'facts': {
      const column = Math.max(0, ...block.facts.map(({ label }) => widthOf(clean(label)))) + 2;
      const rows = block.facts.map(({ label, value }) => `${ink.dim(pad(clean(label), column))}${fold(clean(value), style.width - column).join(`\n${' '.repeat(column)}`)}`);
      return [...(block.title === undefined ? [] : [ink.bold(clean(block.title))]), ...rows].join('\n');
    }
    case 'table': return tableText(block, style);
    case 'chart': return chartText(block, style);
    case 'slices': return [...(block.title === undefined ? [] : [ink.bold(clean(block.title))]), figuresText(block.pictures, style)].join('\n');
    case 'figures': return figuresText(block.figures, style);
    case 'notice': {
      const word = { info: 'note', warn: 'warning', error: 'error' }[block.level];
      return `${noticeInk(block.level, style.color)(`${word}:`)} ${fold(clean(block.text), style.width - word.length - 2).join('\n  ')}`;
    }
    case 'text': return clean(block.text, true);
    case 'links': return [ink.bold(clean(block.title ?? 'Links')), ...block.links.map(({ title, uri }) => (title === uri ? `  ${clean(uri)}` : `  ${clean(title)}: ${clean(uri)}`))].join('\n');
    // A command is copied: it is never folded.
    case 'commands': return [ink.bold(clean(block.title ?? 'Commands')), ...block.commands.flatMap(({ title, text }) => [`  ${ink.dim(`# ${clean(title)}`)}`, `  ${clean(text)}`])].join('\n');
  }
}

function figuresText(figures: readonly Figure[], { width, color }: TextStyle): string {
  const ink = paint(color);
  return figures.map(({ title, alt }) => ink.dim(fold(`[figure] ${title === undefined ? '' : `${clean(title)}. `}${clean(alt)}`, width).join('\n  '))).join('\n');
}

/** Bars of block characters. Values below zero, which have no place to the right of it, are numbers alone. */
function chartText(chart: ChartBlock, { width, color }: TextStyle): string {
  const ink = paint(color);
  const { high } = chartRange(chart);
  const lines = chart.rows.flatMap(({ label, values }) => values.map((value, i) => ({ label: i === 0 ? clean(label) : '', series: chart.series.length > 1 ? clean(chart.series[i] ?? '') : '', value })));
  const names = Math.min(Math.floor(width / 3), Math.max(0, ...lines.map(({ label }) => widthOf(label))));
  const series = Math.min(16, Math.max(0, ...lines.map((line) => widthOf(line.series))));
  const numbers = Math.max(0, ...lines.map(({ value }) => chartNumber(value).length));
  const room = Math.max(narrowest, width - names - series - numbers - (series > 0 ? 6 : 4));
  return [
    ink.bold(clean(chart.title)), ink.dim(clean(chart.valueLabel)),
    ...lines.map(({ label, series: name, value }) => [
      pad(cutTo(label, names), names), ...(series > 0 ? [pad(cutTo(name, series), series)] : []), chartNumber(value).padStart(numbers), '█'.repeat(Math.round((Math.max(0, value ?? 0) / high) * room)),
    ].join('  ').trimEnd()),
  ].join('\n');
}

function noticeInk(level: 'info' | 'warn' | 'error', color: boolean): (text: string) => string {
  const ink = paint(color);
  return (text) => (level === 'info' ? ink.cyan(text) : level === 'warn' ? ink.yellow(text) : ink.red(text));
}

function tableText({ title, columns, rows: all, total = all.length, first = all.length }: TableBlock, { width, color }: TextStyle): string {
  const ink = paint(color);
  const rows = all.slice(0, first);
  const heads = columns.map(({ label, unit }) => clean(unit === undefined ? label : `${label} (${unit})`));
  const cells = rows.map((row) => columns.map((_, i) => cellText(row.at(i) ?? null)));
  const natural = columns.map((_, i) => Math.max(widthOf(heads[i]), ...cells.map((row) => widthOf(row[i]))));
  const widths = fitWidths(natural, columns.map(({ numeric }) => numeric === true), width - 2 * (columns.length - 1));
  const cellLine = (cell: string, i: number): string => {
    const short = cutTo(cell, widths[i]);
    const gap = ' '.repeat(Math.max(0, widths[i] - widthOf(short)));
    return columns[i].numeric === true ? gap + short : short + gap;
  };
  const line = (row: readonly string[]): string => {
    const folded = row.map((cell, i) => (columns[i].wrap === true ? fold(cell, widths[i]).flatMap((part) => broken(part, widths[i])) : [cell]));
    const height = Math.max(...folded.map((lines) => lines.length));
    return Array.from({ length: height }, (_, at) => folded.map((lines, i) => cellLine(lines[at] ?? '', i)).join('  ').trimEnd()).join('\n');
  };
  return [
    ...(title === undefined ? [] : [ink.bold(clean(title))]),
    ink.dim(line(heads)),
    ...cells.map(line),
    ...(total > rows.length ? [ink.dim(`${rows.length} of ${total} rows`)] : []),
  ].join('\n');
}

/** Makes the widest columns of text narrower until the table fits; numbers are never cut. */
function fitWidths(natural: readonly number[], numeric: readonly boolean[], room: number): number[] {
  const widths = [...natural];
  for (let over = widths.reduce((a, b) => a + b, 0) - room; over > 0; over--) {
    let widest = -1;
    widths.forEach((width, i) => {
      if (!numeric[i] && width > narrowest && (widest < 0 || width > widths[widest])) widest = i;
    });
    if (widest < 0) break;
    widths[widest]--;
  }
  return widths;
}

/** A cell as people read it; what is not known is a dash. */
export function cellText(cell: string | number | null): string {
  if (cell === null) return '–';
  return typeof cell === 'number' ? numberText(cell) : clean(cell);
}

/** A number without an exponent as long as that is readable. */
function numberText(value: number): string {
  if (!Number.isFinite(value)) return '–';
  const size = Math.abs(value);
  return size !== 0 && (size >= 1e12 || size < 1e-4) ? value.toExponential(2) : String(value);
}

/** Text without what would move the cursor or colour the terminal: results hold names that others have chosen. */
function clean(text: string, lines = false): string {
  const kept = lines ? text.replaceAll(/\r\n?/g, '\n') : text.replaceAll(/\s*[\r\n]+\s*/g, ' ');
  return kept.replaceAll(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g, '').replaceAll('\t', '  ');
}

let segmenter: Intl.Segmenter | undefined;

/** Letters with their marks. Made when first needed: making it takes longer than all else that loads with this file. */
function segmentsOf(text: string): Intl.Segments {
  segmenter ??= new Intl.Segmenter();
  return segmenter.segment(text);
}

/** Columns that text takes: wide letters take two, marks none. */
export function widthOf(text: string): number {
  if (/^[\u0020-\u007e]*$/.test(text)) return text.length;
  let width = 0;
  for (const { segment } of segmentsOf(text)) width += /^[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]|^\p{Emoji_Presentation}/u.test(segment) ? 2 : 1;
  return width;
}

function pad(text: string, width: number): string {
  return text + ' '.repeat(Math.max(0, width - widthOf(text)));
}

/** Text cut to a number of columns, marking the cut. */
function cutTo(text: string, width: number): string {
  if (widthOf(text) <= width) return text;
  let kept = '';
  let used = 0;
  for (const { segment } of segmentsOf(text)) {
    const step = widthOf(segment);
    if (used + step > width - 1) break;
    kept += segment;
    used += step;
  }
  return `${kept}…`;
}

/** A word in pieces of so many columns. */
function broken(word: string, width: number): string[] {
  const pieces: string[] = [];
  let piece = '';
  for (const { segment } of segmentsOf(word)) {
    if (piece !== '' && widthOf(piece) + widthOf(segment) > width) {
      pieces.push(piece);
      piece = '';
    }
    piece += segment;
  }
  return [...pieces, piece];
}

/** Lines of at most so many columns; words that are longer stand alone. */
function fold(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && widthOf(line) + 1 + widthOf(word) > width) {
      lines.push(line);
      line = word;
    } else {
      line = line === '' ? word : `${line} ${word}`;
    }
  }
  lines.push(line);
  return lines;
}
