import { isObject, orderedObject, splitKnown } from './json.ts';
import type { JsonFields, Extra } from './json.ts';
import { parseOutputs, printOutputs } from './outputs.ts';
import type { SavedOutput } from './outputs.ts';

/** Name and version in the head of a file. */
export const formatName = 'spimquant-notebook';
export const formatVersion = 1;

/** What a cell is to the reader of a file. `code`: in another language; anything else comes from a later version and is kept. */
export type CellType = 'command' | 'options' | 'markdown' | 'code' | (string & {});

/** A cell as it stands in a file. */
export interface FileCell {
  readonly id: string;
  readonly type: CellType;
  /** Editor's id of the language; only of cells whose type does not tell it. */
  readonly language?: string;
  readonly source: string;
  readonly outputs: readonly SavedOutput[];
  readonly extra?: Extra;
}

/** A notebook as it stands in a file. */
export interface NotebookFile {
  readonly cells: readonly FileCell[];
  readonly extra?: Extra;
}

const fileKeys = ['format', 'version', 'cells'];
const cellKeys = ['id', 'type', 'language', 'source', 'outputs'];

/** Reads a notebook's text. Throws an Error that says in words what is wrong; the file then stays as it is. */
export function parseNotebook(text: string): NotebookFile {
  // A file that was just created in the explorer.
  if (text.trim() === '') return { cells: [] };
  let value: unknown;
  try {
    value = JSON.parse(text.replace(/^\uFEFF/, ''));
  } catch (cause) {
    throw new Error(`This SPIMquant notebook is damaged: it is not valid JSON (${(cause as Error).message}). Open it as text to mend it, or restore an earlier version. The file is left as it is.`, { cause });
  }
  if (!isObject(value) || value['format'] !== formatName) {
    throw new Error(`This file is no SPIMquant notebook: it does not say "format": "${formatName}". The file is left as it is.`);
  }
  const version = value['version'];
  if (typeof version !== 'number') throw new Error('This SPIMquant notebook is damaged: it does not say its version. The file is left as it is.');
  if (version > formatVersion) {
    throw new Error(`This notebook was written by a newer SPIMquant (format ${version}; this one reads ${formatVersion}). Update the extension to open it. The file is left as it is.`);
  }
  const cells = value['cells'];
  if (!Array.isArray(cells)) throw new Error('This SPIMquant notebook is damaged: it has no list of cells. The file is left as it is.');
  const extra = splitKnown(value, fileKeys);
  return { cells: cells.map(parseCell), ...(extra === undefined ? {} : { extra }) };
}

function parseCell(value: unknown, index: number): FileCell {
  const damaged = (what: string): Error =>
    new Error(`This SPIMquant notebook is damaged: cell ${index + 1} ${what}. Open it as text to mend it. The file is left as it is.`);
  if (!isObject(value)) throw damaged('is not an object');
  const { id, type, language, source, outputs } = value;
  if (id !== undefined && typeof id !== 'string') throw damaged('has an id that is no text');
  if (typeof type !== 'string') throw damaged('has no type');
  if (language !== undefined && typeof language !== 'string') throw damaged('has a language that is no text');
  const text = readSource(source);
  if (text === undefined) throw damaged('has no source');
  if (outputs !== undefined && !Array.isArray(outputs)) throw damaged('has outputs that are no list');
  const read = parseOutputs(outputs ?? []);
  if (read === undefined) throw damaged('has a damaged output');
  const extra = splitKnown(value, cellKeys);
  return {
    id: id ?? '', type, source: text, outputs: read,
    ...(language === undefined ? {} : { language }),
    ...(extra === undefined ? {} : { extra }),
  };
}

function readSource(source: unknown): string | undefined {
  if (typeof source === 'string') return source.replaceAll('\r\n', '\n');
  if (!Array.isArray(source) || !source.every((line) => typeof line === 'string')) return undefined;
  return source.join('\n');
}

/** Writes a notebook's text: two spaces, keys always in the same order, one line of source per line. */
export function printNotebook(notebook: NotebookFile): string {
  const value = orderedObject({ format: formatName, version: formatVersion, cells: notebook.cells.map(cellJson) }, notebook.extra);
  return `${JSON.stringify(value, undefined, 2)}\n`;
}

function cellJson(cell: FileCell): JsonFields {
  const source = cell.source.replaceAll('\r\n', '\n');
  return orderedObject({
    id: cell.id,
    type: cell.type,
    language: cell.language,
    source: source === '' ? [] : source.split('\n'),
    outputs: cell.outputs.length === 0 ? undefined : printOutputs(cell.outputs),
  }, cell.extra);
}
