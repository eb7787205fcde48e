import { SpimquantError } from '../protocol/errors.ts';
import { findColumn, numbers, rowCount, tableOf, texts, textValues } from '../tables/table.ts';
import type { Column, Table } from '../tables/table.ts';
import { readTsv, writeTsv } from '../tables/tsv.ts';
import type { Region } from './template.types.ts';

/** A line of an ITK-SNAP label file: IDX R G B A VIS MSH "LABEL". */
const itksnapLine = /^\s*(\d+)\s+(\d+)\s+(\d+)\s+(\d+)\s+[\d.]+\s+[01]\s+[01]\s+"(.*)"\s*$/;

/**
 * Reads the label table of an atlas: a TSV or CSV with the columns `index` and `name` (`abbreviation` and `color` if
 * there are), the left/right table of DSURQE, or an ITK-SNAP label file. In the order of the file.
 *
 * @throws SpimquantError `bad-template` naming the file, for other forms, an index that is no whole number, or one that
 *   stands twice
 */
export function readLabelTable(content: Uint8Array | string, name: string): readonly Region[] {
  const text = decode(content);
  return isItksnap(text) ? readItksnap(text, name) : regionsOf(normaliseTable(text, name), name);
}

/**
 * The table as a TSV with `index` and `name` in front: a TSV keeps all its columns; DSURQE's gets one row per side
 * (pipeline-spec §3.1); an ITK-SNAP file becomes index, name, color.
 */
export function labelTsv(content: Uint8Array | string, name: string): string {
  const text = decode(content);
  if (isItksnap(text)) return writeRegions(readItksnap(text, name));
  const table = normaliseTable(text, name);
  regionsOf(table, name);
  return writeTsv(table);
}

/** Writes regions as a label table: index, name and, where any region has one, abbreviation and color. */
export function writeRegions(regions: readonly Region[]): string {
  const columns: Column[] = [numbers('index', regions.map(({ index }) => index)), texts('name', regions.map((region) => region.name))];
  if (regions.some(({ abbreviation }) => abbreviation !== undefined)) columns.push(texts('abbreviation', regions.map(({ abbreviation }) => abbreviation ?? '')));
  if (regions.some(({ color }) => color !== undefined)) columns.push(texts('color', regions.map(({ color }) => color ?? '')));
  return writeTsv(tableOf(columns));
}

/** Matplotlib's colour map tab20. */
const tab20 = [
  '1f77b4', 'aec7e8', 'ff7f0e', 'ffbb78', '2ca02c', '98df8a', 'd62728', 'ff9896', '9467bd', 'c5b0d5',
  '8c564b', 'c49c94', 'e377c2', 'f7b6d2', '7f7f7f', 'c7c7c7', 'bcbd22', 'dbdb8d', '17becf', '9edae5',
];

/** Colour of the i-th of n regions that has none of its own: tab20 sampled at i/(n−1), as upstream does. `#rrggbb`. */
export function fallbackColor(i: number, n: number): string {
  return `#${tab20[Math.min(19, Math.floor(n < 2 ? 0 : (20 * i) / (n - 1)))]}`;
}

/**
 * An ITK-SNAP label file. The background (index 0) is invisible; where the table has none it is put in front, which
 * ITK-SNAP needs (upstream hides the first region instead).
 */
export function writeItksnap(regions: readonly Region[]): string {
  const lines = regions.map(({ index, name, color }, i) => {
    const hex = color ?? fallbackColor(i, regions.length);
    const [r, g, b] = [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16));
    return labelLine(index, [r, g, b], index !== 0, name);
  });
  if (!regions.some(({ index }) => index === 0)) lines.unshift(labelLine(0, [0, 0, 0], false, 'Clear Label'));
  return [
    '################################################', '# ITK-SnAP Label Description File', '# Columns: IDX R G B A VIS MSH "LABEL"',
    '################################################', ...lines, '',
  ].join('\n');
}

function labelLine(index: number, [r, g, b]: readonly number[], shown: boolean, name: string): string {
  const flag = shown ? '1' : '0';
  return [index, r, g, b, flag, flag, flag, `"${name.replaceAll('"', '\'')}"`].join('\t');
}

/** Regions for an atlas that has no table, named after their labels. `labels` are the distinct values above 0. */
export function unnamedRegions(labels: Iterable<number>): readonly Region[] {
  return [...new Set(labels)].filter((label) => label > 0).sort((a, b) => a - b).map((index) => ({ index, name: `Label_${index}` }));
}

function decode(content: Uint8Array | string): string {
  return (typeof content === 'string' ? content : new TextDecoder().decode(content)).replace(/^\uFEFF/, '');
}

function isItksnap(text: string): boolean {
  const first = text.split(/\r?\n/).find((line) => line.trim() !== '' && !line.startsWith('#'));
  return first !== undefined && itksnapLine.test(first);
}

function readItksnap(text: string, name: string): readonly Region[] {
  const lines = text.split(/\r?\n/).filter((line) => line.trim() !== '' && !line.startsWith('#'));
  return unique(lines.map((line) => {
    const match = itksnapLine.exec(line);
    if (match === null) throw badTable(name, `"${line.trim()}" is not a line of an ITK-SNAP label file.`);
    const color = `#${[2, 3, 4].map((part) => Math.min(255, Number(match[part])).toString(16).padStart(2, '0')).join('')}`;
    return { index: Number(match[1]), name: match[5], color };
  }), name);
}

/** Any table of regions, with `index` and `name` where they are to be. */
function normaliseTable(text: string, name: string): Table {
  const header = text.slice(0, text.indexOf('\n') < 0 ? text.length : text.indexOf('\n'));
  const delimiter = header.includes('\t') || !header.includes(',') ? '\t' : ',';
  const table = readTsv(text, { name, text: 'all', delimiter });
  const has = (column: string): boolean => findColumn(table, column) !== undefined;
  if (has('left label') && has('right label') && has('Structure')) return splitSides(table);
  if (!has('index') || !has('name')) {
    throw badTable(name, `it has no columns "index" and "name". Its columns are: ${table.columns.map((column) => column.name).join(', ')}.`);
  }
  const first = ['index', 'name'].flatMap((column) => findColumn(table, column) ?? []);
  return tableOf([...first, ...table.columns.filter((column) => !first.includes(column))]);
}

/**
 * DSURQE has one row for both sides. Rows whose sides have different labels become two, `left …` and `right …`: all left
 * ones, then all right ones, then those of the midline.
 */
function splitSides(table: Table): Table {
  const column = (name: string): readonly string[] => (findColumn(table, name) === undefined ? new Array<string>(rowCount(table)).fill('') : textValues(table, name));
  const [left, right, structure, hierarchy, tissue, abi] = ['left label', 'right label', 'Structure', 'hierarchy', 'tissue type', 'ABI'].map(column);
  const rows = [...left.keys()];
  const sided = rows.filter((row) => left[row] !== right[row]);
  const middle = rows.filter((row) => left[row] === right[row]);
  const entries = [
    ...sided.map((row) => ({ row, index: left[row], side: 'left ' })),
    ...sided.map((row) => ({ row, index: right[row], side: 'right ' })),
    ...middle.map((row) => ({ row, index: left[row], side: '' })),
  ];
  return tableOf([
    texts('index', entries.map(({ index }) => index)),
    texts('name', entries.map(({ row, side }) => side + structure[row])),
    texts('hierarchy', entries.map(({ row }) => hierarchy[row])),
    texts('tissue_type', entries.map(({ row }) => tissue[row])),
    texts('ABI', entries.map(({ row, side }) => (abi[row] === '' ? '' : side + abi[row]))),
  ]);
}

function regionsOf(table: Table, name: string): readonly Region[] {
  const [indices, names] = [textValues(table, 'index'), textValues(table, 'name')];
  const optional = (column: string): readonly string[] | undefined => (findColumn(table, column) === undefined ? undefined : textValues(table, column));
  const [abbreviations, colors] = [optional('abbreviation'), optional('color')];
  return unique(indices.map((cell, row): Region => {
    const index = Number(cell);
    if (cell === '' || !Number.isInteger(index) || index < 0) throw badTable(name, `its index "${cell}" in row ${row + 2} is not a whole number.`);
    const color = colors === undefined ? undefined : /^#?([0-9a-f]{6})$/i.exec(colors[row])?.[1].toLowerCase();
    return {
      index,
      name: names[row] === '' ? `Label_${index}` : names[row],
      ...(abbreviations === undefined || abbreviations[row] === '' ? {} : { abbreviation: abbreviations[row] }),
      ...(color === undefined ? {} : { color: `#${color}` }),
    };
  }), name);
}

function unique(regions: readonly Region[], name: string): readonly Region[] {
  const seen = new Set<number>();
  for (const { index } of regions) {
    if (seen.has(index)) throw badTable(name, `its index ${index} stands in two rows.`);
    seen.add(index);
  }
  return regions;
}

function badTable(name: string, problem: string): SpimquantError {
  return new SpimquantError('bad-template', `The label table ${name} cannot be used: ${problem}`, { where: name });
}
