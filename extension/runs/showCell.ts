import * as vscode from 'vscode';
import { SpimquantError } from '../../runner/protocol/errors.ts';
import type { RunOrigin } from '../../runner/protocol/runs.ts';

/** Opens the notebook that a run was asked for in and shows the cell. Throws `not-found` when the notebook is gone. */
export async function showCell(origin: RunOrigin): Promise<void> {
  const uri = vscode.Uri.parse(origin.notebook);
  let notebook: vscode.NotebookDocument;
  try {
    notebook = vscode.workspace.notebookDocuments.find((open) => open.uri.toString() === uri.toString()) ?? await vscode.workspace.openNotebookDocument(uri);
  } catch (cause) {
    throw new SpimquantError('not-found', 'The notebook of this run cannot be opened.', { where: uri.fsPath, hint: 'It may have been moved or deleted.', cause });
  }
  const cell = notebook.getCells().find(({ metadata }) => (metadata as { readonly id?: unknown }).id === origin.cell);
  const editor = await vscode.window.showNotebookDocument(notebook);
  if (cell === undefined) {
    void vscode.window.showInformationMessage('The cell of this run is no longer in the notebook.');
    return;
  }
  const range = new vscode.NotebookRange(cell.index, cell.index + 1);
  editor.selections = [range];
  editor.revealRange(range, vscode.NotebookEditorRevealType.InCenterIfOutsideViewport);
}
