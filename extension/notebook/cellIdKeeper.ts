import * as vscode from 'vscode';
import { cellId, cellsWithoutOwnId, metadataWithId, newCellId } from './cellIds.ts';
import type { DocumentEdits } from './execution/documentEdits.ts';
import { notebookTypes } from './ids.ts';

/** Gives cells their ids and keeps them apart: a copied cell is another cell. */
export class CellIds implements vscode.Disposable {
  readonly #edits: DocumentEdits;
  readonly #listening: vscode.Disposable;

  constructor(edits: DocumentEdits) {
    this.#edits = edits;
    this.#listening = vscode.workspace.onDidChangeNotebookDocument(({ notebook, contentChanges }) => {
      if (notebook.notebookType !== notebookTypes.own) return;
      const added = new Set(contentChanges.flatMap(({ addedCells }) => addedCells));
      if (added.size > 0) void this.#mend(notebook, (cell) => added.has(cell));
    });
  }

  /** The id of a cell, made now if it has none or shares another's; undefined when the notebook was closed meanwhile. */
  async ensure(cell: vscode.NotebookCell): Promise<string | undefined> {
    const own = cellId(cell);
    const isShared = cell.notebook.getCells().some((other) => other !== cell && cellId(other) === own);
    if (own !== undefined && !isShared) return own;
    const id = newCellId();
    await this.#set(cell.notebook, [{ cell, id }]);
    return cellId(cell);
  }

  dispose(): void {
    this.#listening.dispose();
  }

  async #mend(notebook: vscode.NotebookDocument, isNew: (cell: vscode.NotebookCell) => boolean): Promise<void> {
    const cells = notebook.getCells();
    const changes = cellsWithoutOwnId(cells.map(cellId), (index) => isNew(cells[index])).map((index) => ({ cell: cells[index], id: newCellId() }));
    if (changes.length > 0) await this.#set(notebook, changes);
  }

  #set(notebook: vscode.NotebookDocument, changes: readonly { readonly cell: vscode.NotebookCell; readonly id: string }[]): Promise<void> {
    return this.#edits.run(notebook, () => {
      const edit = new vscode.WorkspaceEdit();
      // A cell's place is known only now; those deleted meanwhile have none.
      edit.set(notebook.uri, changes.filter(({ cell }) => cell.index >= 0)
        .map(({ cell, id }) => vscode.NotebookEdit.updateCellMetadata(cell.index, metadataWithId(cell.metadata, notebook.notebookType, id))));
      return vscode.workspace.applyEdit(edit);
    });
  }
}
