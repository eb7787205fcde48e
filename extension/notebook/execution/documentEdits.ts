import type * as vscode from 'vscode';

/** Carries out edits of a notebook one after the other: parallel ones lose each other's changes. */
export class DocumentEdits {
  readonly #last = new WeakMap<vscode.NotebookDocument, Promise<unknown>>();

  /** Runs an edit after those asked for before; not at all when the notebook is closed by then. Rejects as the edit does. */
  run(notebook: vscode.NotebookDocument, edit: () => Thenable<unknown>): Promise<void> {
    const before = this.#last.get(notebook) ?? Promise.resolve();
    const done = before.then(async () => {
      if (!notebook.isClosed) await edit();
    });
    this.#last.set(notebook, done.catch(() => undefined));
    return done;
  }
}
