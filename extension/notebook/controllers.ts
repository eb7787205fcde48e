import { availableParallelism, totalmem } from 'node:os';
import * as vscode from 'vscode';
import { formatBytes } from '../../runner/wording/words.ts';
import { DisposableStore } from '../platform/lifecycle.ts';
import type { CellExecutor } from './execution/executor.ts';
import { commandLanguage, controllerIds, notebookTypes, optionsLanguage } from './ids.ts';
import type { Place } from './ids.ts';

/** The controllers of both notebook types, and which of them is chosen for which notebook. */
export class Controllers implements vscode.Disposable {
  readonly #ends = new DisposableStore();
  readonly #extension: string;
  readonly #all = new Map<string, vscode.NotebookController>();
  readonly #chosen = new Map<vscode.NotebookDocument, vscode.NotebookController>();
  readonly #selected = this.#ends.add(new vscode.EventEmitter<vscode.NotebookDocument>());

  /** One of ours was chosen for a notebook, by the user or because the editor remembered it. */
  readonly onDidSelect = this.#selected.event;

  /** @param extension - id of this extension, by which the editor knows the controllers */
  constructor(executor: CellExecutor, extension: string) {
    this.#extension = extension;
    for (const type of ['own', 'jupyter'] as const) {
      for (const place of ['local', 'cloud'] as const) this.#add(type, place, executor);
    }
    const prefer = (notebook: vscode.NotebookDocument): void => {
      if (notebook.notebookType !== notebookTypes.own) return;
      this.#all.get(controllerIds.own.local)?.updateNotebookAffinity(notebook, vscode.NotebookControllerAffinity.Preferred);
    };
    vscode.workspace.notebookDocuments.forEach(prefer);
    this.#ends.add(vscode.workspace.onDidOpenNotebookDocument(prefer));
    this.#ends.add(vscode.workspace.onDidCloseNotebookDocument((notebook) => { this.#chosen.delete(notebook); }));
    const choose = (editor: vscode.NotebookEditor | undefined): void => { this.#chooseLocal(editor); };
    this.#ends.add(vscode.window.onDidChangeActiveNotebookEditor(choose));
    choose(vscode.window.activeNotebookEditor);
  }

  /** Which of ours is chosen for a notebook. Executions can be created only then. */
  chosen(notebook: vscode.NotebookDocument): vscode.NotebookController | undefined {
    return this.#chosen.get(notebook);
  }

  /** Chooses one of ours for a notebook that is on the screen. `onDidSelect` tells when it is. */
  async select(editor: vscode.NotebookEditor, place: Place): Promise<void> {
    const type = editor.notebook.notebookType === notebookTypes.own ? 'own' : 'jupyter';
    await vscode.commands.executeCommand('notebook.selectKernel', { notebookEditor: editor, id: controllerIds[type][place], extension: this.#extension });
  }

  dispose(): void {
    this.#ends.dispose();
  }

  /**
   * Our own notebooks run here unless the user says otherwise: without this, the editor would ask before the first cell of
   * every notebook. What was chosen before stays.
   */
  #chooseLocal(editor: vscode.NotebookEditor | undefined): void {
    if (editor?.notebook.notebookType !== notebookTypes.own || this.#chosen.has(editor.notebook)) return;
    // Only for the editor in front: with an editor named, the command would replace an earlier choice.
    void vscode.commands.executeCommand('notebook.selectKernel', { id: controllerIds.own.local, extension: this.#extension, skipIfAlreadySelected: true });
  }

  #add(type: keyof typeof notebookTypes, place: Place, executor: CellExecutor): void {
    const id = controllerIds[type][place];
    const controller = this.#ends.add(vscode.notebooks.createNotebookController(id, notebookTypes[type], place === 'local' ? 'Local cores' : 'Coiled'));
    controller.description = place === 'local' ? 'SPIMquant on this machine' : 'SPIMquant on machines in your cloud account';
    controller.detail = place === 'local'
      ? `${availableParallelism()} cores, ${formatBytes(totalmem())} of memory`
      : 'Runs with --cloud; needs a Coiled account and data in a bucket. Commands that only look answer from here.';
    controller.supportedLanguages = [commandLanguage, optionsLanguage];
    controller.supportsExecutionOrder = true;
    controller.executeHandler = (cells, _notebook, chosen) => { executor.execute(cells, chosen, place); };
    this.#all.set(id, controller);
    this.#ends.add(controller.onDidChangeSelectedNotebooks(({ notebook, selected }) => {
      if (!selected) {
        if (this.#chosen.get(notebook) === controller) this.#chosen.delete(notebook);
        return;
      }
      this.#chosen.set(notebook, controller);
      this.#selected.fire(notebook);
    }));
  }
}
