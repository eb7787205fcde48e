import * as vscode from 'vscode';
import { parseCommandText } from '../../runner/command/parse.ts';
import { joinWords } from '../../runner/command/shell.ts';
import type { Command } from '../../runner/protocol/options.ts';
import { storageFlags } from '../../runner/protocol/storageChoice.ts';
import { commandLanguage, notebookTypes } from '../notebook/ids.ts';
import { insertCommandCell } from '../notebook/insertCell.ts';
import type { FoundThreshold } from './viewer.types.ts';

/** The command that segments an image at a threshold, and shows the plane it was found in. */
export function thresholdCommand({ uri, storage, stain, threshold, plane, position }: FoundThreshold): string {
  return joinWords(['spimquant', 'segment', uri, '--stain', stain, '--seg_method', methodName(threshold), '--plane', plane, '--position', String(position), ...storageFlags(storage)]);
}

/** The method by its name: it takes whole numbers. */
function methodName(threshold: number): string {
  return `th${Math.max(0, Math.round(threshold))}`;
}

/**
 * The text of a cell with another threshold, when it segments the same stain of the same image by one threshold;
 * undefined: it does something else. All other words stay as the user has written them.
 */
export function withThreshold(text: string, { uri, stain, threshold }: FoundThreshold): string | undefined {
  let command: Command;
  try {
    ({ command } = parseCommandText(text, { readFile: () => '' }));
  } catch {
    return undefined;
  }
  if (command.verb !== 'segment' || command.uri !== uri || command.look.stains.length !== 1 || command.look.stains[0] !== stain) return undefined;
  const { segMethod } = command.options;
  if (segMethod.length !== 1 || segMethod[0].kind !== 'threshold') return undefined;
  const written = new RegExp(`(?<=\\s)${segMethod[0].name}(?=\\s|$)`, 'g');
  return text.match(written)?.length === 1 ? text.replace(written, methodName(threshold)) : undefined;
}

/**
 * Puts a threshold into the notebook that is worked in: into the cell that segments the image already, else into a new one.
 * A notebook whose tab is behind the image is taken too; without any a new one is made.
 */
export async function putThreshold(found: FoundThreshold): Promise<void> {
  const notebook = await showNotebook();
  for (const cell of notebook?.getCells() ?? []) {
    if (cell.document.languageId !== commandLanguage) continue;
    const text = withThreshold(cell.document.getText(), found);
    if (text === undefined) continue;
    const range = new vscode.NotebookRange(cell.index, cell.index + 1);
    const editor = await vscode.window.showNotebookDocument(cell.notebook, { selections: [range], viewColumn: columnOf(cell.notebook) });
    editor.revealRange(range, vscode.NotebookEditorRevealType.InCenterIfOutsideViewport);
    const edit = new vscode.WorkspaceEdit();
    edit.replace(cell.document.uri, new vscode.Range(0, 0, cell.document.lineCount, 0), text);
    await vscode.workspace.applyEdit(edit);
    return;
  }
  await insertCommandCell(thresholdCommand(found));
}

/** The notebook that is seen, else one whose tab is open, brought to the front; undefined: there is none. */
async function showNotebook(): Promise<vscode.NotebookDocument | undefined> {
  const types: readonly string[] = Object.values(notebookTypes);
  const seen = [vscode.window.activeNotebookEditor, ...vscode.window.visibleNotebookEditors].find((editor) => editor !== undefined && types.includes(editor.notebook.notebookType));
  if (seen !== undefined) return seen.notebook;
  for (const { tabs, viewColumn } of vscode.window.tabGroups.all) {
    for (const { input } of tabs) {
      if (!(input instanceof vscode.TabInputNotebook) || !types.includes(input.notebookType)) continue;
      const { notebook } = await vscode.window.showNotebookDocument(await vscode.workspace.openNotebookDocument(input.uri), { viewColumn });
      return notebook;
    }
  }
  return undefined;
}

function columnOf(notebook: vscode.NotebookDocument): vscode.ViewColumn | undefined {
  return vscode.window.visibleNotebookEditors.find((each) => each.notebook === notebook)?.viewColumn;
}
