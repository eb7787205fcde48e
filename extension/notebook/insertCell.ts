import * as vscode from 'vscode';
import { commandLanguage, notebookTypes } from './ids.ts';

/**
 * Puts a command into the notebook that is being worked in, below the selected cell, and shows it. Without a notebook on
 * the screen a new one is made for it.
 */
export async function insertCommandCell(text: string): Promise<vscode.NotebookCell | undefined> {
  const editor = targetEditor();
  if (editor === undefined) {
    const data = new vscode.NotebookData([new vscode.NotebookCellData(vscode.NotebookCellKind.Code, text, commandLanguage)]);
    const notebook = await vscode.workspace.openNotebookDocument(notebookTypes.own, data);
    await vscode.window.showNotebookDocument(notebook);
    return notebook.cellAt(0);
  }
  return insertBelow(editor.notebook, editor.selections.at(-1)?.end ?? editor.notebook.cellCount, text);
}

/** Puts a command cell into a notebook at an index and shows it selected. */
export async function insertBelow(notebook: vscode.NotebookDocument, index: number, text: string): Promise<vscode.NotebookCell | undefined> {
  const at = Math.min(Math.max(0, index), notebook.cellCount);
  const edit = new vscode.WorkspaceEdit();
  edit.set(notebook.uri, [vscode.NotebookEdit.insertCells(at, [new vscode.NotebookCellData(vscode.NotebookCellKind.Code, text, commandLanguage)])]);
  if (!await vscode.workspace.applyEdit(edit)) return undefined;
  const range = new vscode.NotebookRange(at, at + 1);
  const editor = await vscode.window.showNotebookDocument(notebook, { selections: [range], viewColumn: columnOf(notebook) });
  editor.revealRange(range, vscode.NotebookEditorRevealType.InCenterIfOutsideViewport);
  return notebook.cellAt(at);
}

function targetEditor(): vscode.NotebookEditor | undefined {
  const types: readonly string[] = Object.values(notebookTypes);
  const active = vscode.window.activeNotebookEditor;
  if (active !== undefined && types.includes(active.notebook.notebookType)) return active;
  return vscode.window.visibleNotebookEditors.find(({ notebook }) => types.includes(notebook.notebookType));
}

function columnOf(notebook: vscode.NotebookDocument): vscode.ViewColumn | undefined {
  return vscode.window.visibleNotebookEditors.find((each) => each.notebook === notebook)?.viewColumn;
}
