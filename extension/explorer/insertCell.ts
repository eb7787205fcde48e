import * as vscode from 'vscode';

const notebookType = 'spimquant-notebook';

/** Puts a command into a new cell after the selected one of the notebook that is looked at; with none, into a new notebook. */
export async function insertCommandCell(text: string): Promise<void> {
  const cell = new vscode.NotebookCellData(vscode.NotebookCellKind.Code, text, 'spimquant');
  const editor = notebookEditor();
  if (editor === undefined) {
    const notebook = await vscode.workspace.openNotebookDocument(notebookType, new vscode.NotebookData([cell]));
    await vscode.window.showNotebookDocument(notebook);
    return;
  }
  const at = editor.selections.at(-1)?.end ?? editor.notebook.cellCount;
  const edit = new vscode.WorkspaceEdit();
  edit.set(editor.notebook.uri, [vscode.NotebookEdit.insertCells(at, [cell])]);
  await vscode.workspace.applyEdit(edit);
  const range = new vscode.NotebookRange(at, at + 1);
  const shown = await vscode.window.showNotebookDocument(editor.notebook, { viewColumn: editor.viewColumn, selections: [range] });
  shown.revealRange(range, vscode.NotebookEditorRevealType.InCenterIfOutsideViewport);
}

function notebookEditor(): vscode.NotebookEditor | undefined {
  const usable = (editor: vscode.NotebookEditor | undefined): editor is vscode.NotebookEditor =>
    editor !== undefined && (editor.notebook.notebookType === notebookType || editor.notebook.notebookType === 'jupyter-notebook');
  const active = vscode.window.activeNotebookEditor;
  return usable(active) ? active : vscode.window.visibleNotebookEditors.find(usable);
}
