// Steps with notebooks, as a user takes them, and what is found in their cells.
import * as vscode from 'vscode';
import type { PageCommands } from '../../../scripts/editor/driver.types.ts';
import { resultMime, runMime, type Result } from '../../../runner/protocol/results.ts';
import type { RunOutput } from '../../../runner/protocol/runOutput.ts';
import { until } from './until.ts';

/** Opens the sample notebook by its command. The first time, the demo's brains are generated. */
export async function openSample(): Promise<vscode.NotebookDocument> {
  await vscode.commands.executeCommand('spimquant.notebook.openSample');
  return until('the sample notebook is open', () => vscode.window.activeNotebookEditor?.notebook);
}

/** The cell with a stable id. */
export function cellWithId(notebook: vscode.NotebookDocument, id: string): vscode.NotebookCell {
  const cell = notebook.getCells().find(({ metadata }) => metadata['id'] === id);
  if (cell === undefined) throw new Error(`${notebook.uri.path} has no cell "${id}".`);
  return cell;
}

/** Brings a cell into view and chooses it, as a click does. */
export async function revealCell(cell: vscode.NotebookCell): Promise<void> {
  const editor = await vscode.window.showNotebookDocument(cell.notebook, { selections: [new vscode.NotebookRange(cell.index, cell.index + 1)] });
  editor.revealRange(new vscode.NotebookRange(cell.index, cell.index + 1), vscode.NotebookEditorRevealType.AtTop);
}

/** Scrolls a part of an output into the middle of the window. `below`: its upper edge is at most so many pixels from the window's. */
export async function bringUp(page: PageCommands, selector: string, { text, below = 520 }: { readonly text?: string; readonly below?: number } = {}): Promise<void> {
  const look = { selector, inside: 'frames', ...(text === undefined ? {} : { text }) } as const;
  await until(`${selector} is in sight`, async () => {
    const { y } = await page.box(look);
    if (y > 130 && y < below) return true;
    // The middle of the window: lists of notebooks that were closed are kept beside it.
    await page.scroll({ selector: '.monaco-workbench', by: Math.max(-300, Math.min(300, y - 220)) });
    return false;
  });
}

/** Opens commands as a notebook without a file, a cell for each. */
export async function showCommands(...commands: readonly string[]): Promise<vscode.NotebookDocument> {
  const cells = commands.map((command) => new vscode.NotebookCellData(vscode.NotebookCellKind.Code, command, 'spimquant'));
  const notebook = await vscode.workspace.openNotebookDocument('spimquant-notebook', new vscode.NotebookData(cells));
  await vscode.window.showNotebookDocument(notebook);
  return notebook;
}

/** Starts a cell, as its play button does, and returns at once. */
export async function startCell(cell: vscode.NotebookCell): Promise<void> {
  await revealCell(cell);
  await vscode.commands.executeCommand('notebook.cell.execute', { ranges: [{ start: cell.index, end: cell.index + 1 }], document: cell.notebook.uri });
}

/** Stops a cell, as its stop button does. */
export async function stopCell(cell: vscode.NotebookCell): Promise<void> {
  await vscode.commands.executeCommand('notebook.cell.cancelExecution', { ranges: [{ start: cell.index, end: cell.index + 1 }], document: cell.notebook.uri });
}

/** Runs a cell and waits for its end. */
export async function runCell(cell: vscode.NotebookCell, timeoutMs = 60_000): Promise<void> {
  const before = cell.executionSummary?.timing?.startTime;
  await startCell(cell);
  await until(`cell ${cell.index} ends`, () => {
    const { timing, success } = cell.executionSummary ?? {};
    return timing !== undefined && timing.startTime !== before && success !== undefined;
  }, timeoutMs);
}

/** Replaces words of a cell's text. */
export async function editCell(cell: vscode.NotebookCell, from: string, to: string): Promise<void> {
  const text = cell.document.getText();
  const start = text.indexOf(from);
  if (start < 0) throw new Error(`The cell does not say "${from}": ${text}`);
  const edit = new vscode.WorkspaceEdit();
  edit.replace(cell.document.uri, new vscode.Range(cell.document.positionAt(start), cell.document.positionAt(start + from.length)), to);
  await vscode.workspace.applyEdit(edit);
}

/** The run that a cell shows. */
export function runOf(cell: vscode.NotebookCell): RunOutput | undefined {
  return outputOf<RunOutput>(cell, runMime);
}

/** The result that a cell shows. */
export function resultOf(cell: vscode.NotebookCell): Result | undefined {
  return outputOf<Result>(cell, resultMime);
}

function outputOf<T>(cell: vscode.NotebookCell, wanted: string): T | undefined {
  for (const { items } of cell.outputs) {
    const item = items.find(({ mime }) => mime === wanted);
    if (item !== undefined) return JSON.parse(new TextDecoder().decode(item.data)) as T;
  }
  return undefined;
}
