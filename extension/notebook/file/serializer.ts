import * as vscode from 'vscode';
import type { RunOutput } from '../../../runner/protocol/runOutput.ts';
import { runMime } from '../../../runner/protocol/results.ts';
import { isOver } from '../../../runner/protocol/runs.ts';
import { cellsWithoutOwnId, idFromMetadata, newCellId } from '../cellIds.ts';
import { commandLanguage, optionsLanguage } from '../ids.ts';
import { isRunOutput } from '../execution/cellOutput.ts';
import type { Extra } from './json.ts';
import { parseNotebook, printNotebook } from './notebookFile.ts';
import type { CellType, FileCell, NotebookFile } from './notebookFile.ts';
import type { SavedOutput } from './outputs.ts';

const plainLanguage = 'plaintext';

/** What a cell's metadata holds of its file beyond the id. */
interface CellFileMetadata {
  readonly id?: string;
  /** Of types that this version does not know. */
  readonly type?: CellType;
  readonly extra?: Extra;
}

/** Reads and writes `*.spimnb`. What cannot be read gives an error in place of the notebook; the file is never touched then. */
export class SpimquantNotebookSerializer implements vscode.NotebookSerializer {
  readonly #tell: (message: string) => void;

  /** @param tell - shows what is wrong with a file: the editor itself says only that there was an error */
  constructor(tell: (message: string) => void) {
    this.#tell = tell;
  }

  deserializeNotebook(content: Uint8Array): vscode.NotebookData {
    const file = this.#parse(content);
    const made = new Set(cellsWithoutOwnId(file.cells.map(({ id }) => (id === '' ? undefined : id))));
    const cells = file.cells.map((cell, index) => cellData(made.has(index) ? { ...cell, id: newCellId() } : cell));
    if (cells.length === 0) cells.push(cellData({ id: newCellId(), type: 'command', source: '', outputs: [] }));
    const data = new vscode.NotebookData(cells);
    data.metadata = file.extra === undefined ? {} : { extra: file.extra };
    return data;
  }

  #parse(content: Uint8Array): NotebookFile {
    try {
      return parseNotebook(new TextDecoder().decode(content));
    } catch (error) {
      this.#tell((error as Error).message);
      throw error;
    }
  }

  serializeNotebook(data: vscode.NotebookData): Uint8Array {
    const ids = data.cells.map((cell) => idFromMetadata(cell.metadata ?? {}));
    const made = new Set(cellsWithoutOwnId(ids));
    const cells = data.cells.map((cell, index) => fileCell(cell, made.has(index) ? newCellId() : ids[index] ?? newCellId()));
    const extra = data.metadata?.['extra'] as Extra | undefined;
    return new TextEncoder().encode(printNotebook({ cells, ...(extra === undefined ? {} : { extra }) }));
  }
}

function cellData(cell: FileCell): vscode.NotebookCellData {
  const { kind, languageId } = languageOf(cell);
  const data = new vscode.NotebookCellData(kind, cell.source, languageId);
  const isForeign = !['command', 'options', 'markdown', 'code'].includes(cell.type);
  const metadata: CellFileMetadata = {
    id: cell.id,
    ...(isForeign ? { type: cell.type } : {}),
    ...(cell.extra === undefined ? {} : { extra: cell.extra }),
  };
  data.metadata = { ...metadata };
  data.outputs = cell.outputs.map(outputData);
  const run = savedRun(cell.outputs);
  if (run !== undefined && isOver(run.run.status)) {
    data.executionSummary = {
      success: run.run.status === 'succeeded',
      ...(run.run.ended === undefined ? {} : { timing: { startTime: run.run.started, endTime: run.run.ended } }),
    };
  }
  return data;
}

function languageOf(cell: FileCell): { readonly kind: vscode.NotebookCellKind; readonly languageId: string } {
  switch (cell.type) {
    case 'command': return { kind: vscode.NotebookCellKind.Code, languageId: commandLanguage };
    case 'options': return { kind: vscode.NotebookCellKind.Code, languageId: optionsLanguage };
    case 'markdown': return { kind: vscode.NotebookCellKind.Markup, languageId: cell.language ?? 'markdown' };
    default: return { kind: vscode.NotebookCellKind.Code, languageId: cell.language ?? plainLanguage };
  }
}

function fileCell(cell: vscode.NotebookCellData, id: string): FileCell {
  const metadata: CellFileMetadata = cell.metadata ?? {};
  return {
    id, ...typeOf(cell, metadata.type), source: cell.value, outputs: (cell.outputs ?? []).map(savedOutput),
    ...(metadata.extra === undefined ? {} : { extra: metadata.extra }),
  };
}

function typeOf(cell: vscode.NotebookCellData, foreign: CellType | undefined): { readonly type: CellType; readonly language?: string } {
  if (cell.kind === vscode.NotebookCellKind.Markup) return { type: 'markdown', ...(cell.languageId === 'markdown' ? {} : { language: cell.languageId }) };
  if (cell.languageId === commandLanguage) return { type: 'command' };
  if (cell.languageId === optionsLanguage) return { type: 'options' };
  if (foreign === undefined) return { type: 'code', language: cell.languageId };
  return { type: foreign, ...(cell.languageId === plainLanguage ? {} : { language: cell.languageId }) };
}

function outputData(output: SavedOutput): vscode.NotebookCellOutput {
  return new vscode.NotebookCellOutput(
    output.items.map(({ mime, data }) => new vscode.NotebookCellOutputItem(data, mime)),
    { ...output.metadata, ...(output.extra === undefined ? {} : { spimquantExtra: output.extra }) },
  );
}

function savedOutput(output: vscode.NotebookCellOutput): SavedOutput {
  const { spimquantExtra, ...metadata } = output.metadata ?? {};
  return { items: output.items, metadata, ...(spimquantExtra === undefined ? {} : { extra: spimquantExtra as Extra }) };
}

function savedRun(outputs: readonly SavedOutput[]): RunOutput | undefined {
  for (const { items } of outputs) {
    for (const { mime, data } of items) {
      if (mime !== runMime) continue;
      const value: unknown = JSON.parse(new TextDecoder().decode(data));
      if (isRunOutput(value)) return value;
    }
  }
  return undefined;
}
