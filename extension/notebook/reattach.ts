import { hostname } from 'node:os';
import * as vscode from 'vscode';
import { reportError } from '../../runner/protocol/errors.ts';
import type { RunOutput } from '../../runner/protocol/runOutput.ts';
import type { RunRecord } from '../../runner/protocol/runs.ts';
import { isOver } from '../../runner/protocol/runs.ts';
import { DisposableStore } from '../platform/lifecycle.ts';
import type { Services } from '../services.ts';
import { cellId } from './cellIds.ts';
import type { Controllers } from './controllers.ts';
import type { DeliveredRuns } from './execution/deliveredRuns.ts';
import type { CellExecutor } from './execution/executor.ts';
import { shownRun } from './execution/outputItems.ts';
import { planReattach } from './execution/reattachPolicy.ts';
import type { CellStanding, Reattachment } from './execution/reattachPolicy.ts';
import { commandLanguage, notebookTypes, optionsLanguage } from './ids.ts';

/** Records that are searched for a notebook's runs. */
const searched = 200;

/**
 * Brings cells and their runs together again after the window, its extensions or the runner were away: on opening, when a
 * controller is chosen, when the runner is reached again.
 */
export class Reattacher implements vscode.Disposable {
  readonly #ends = new DisposableStore();
  readonly #services: Services;
  readonly #controllers: Controllers;
  readonly #executor: CellExecutor;
  readonly #delivered: DeliveredRuns;
  /** Notebooks that are being looked at; `again`: something happened meanwhile. */
  readonly #looking = new Map<vscode.NotebookDocument, { again: boolean }>();

  constructor(services: Services, controllers: Controllers, executor: CellExecutor, delivered: DeliveredRuns) {
    this.#services = services;
    this.#controllers = controllers;
    this.#executor = executor;
    this.#delivered = delivered;
    const all = (): void => { for (const notebook of vscode.workspace.notebookDocuments) this.look(notebook); };
    this.#ends.add(controllers.onDidSelect((notebook) => { this.look(notebook); }));
    this.#ends.add(vscode.workspace.onDidOpenNotebookDocument((notebook) => { this.look(notebook); }));
    this.#ends.add(vscode.window.onDidChangeVisibleNotebookEditors(all));
    this.#ends.add(services.runner.onStatus(({ kind }) => { if (kind === 'connected') all(); }));
    // A run of an open notebook that another window has started.
    this.#ends.add(services.runner.on('runs.changed', ({ run }) => {
      const notebook = vscode.workspace.notebookDocuments.find(({ uri }) => uri.toString() === run.origin?.notebook);
      if (notebook !== undefined && !isOver(run.status) && this.#isOfInterest(notebook, run)) this.look(notebook);
    }));
    all();
  }

  /** Looks for runs of a notebook's cells and takes them up. */
  look(notebook: vscode.NotebookDocument): void {
    if (!isOurs(notebook)) return;
    const looking = this.#looking.get(notebook);
    if (looking !== undefined) {
      looking.again = true;
      return;
    }
    void this.#look(notebook);
  }

  dispose(): void {
    this.#ends.dispose();
  }

  async #look(notebook: vscode.NotebookDocument): Promise<void> {
    const looking = { again: true };
    this.#looking.set(notebook, looking);
    try {
      while (looking.again && !notebook.isClosed) {
        looking.again = false;
        await this.#reattach(notebook);
      }
    } catch (error) {
      this.#services.log.warn(`Runs of ${notebook.uri.path} could not be looked for: ${reportError(error).message}`);
    } finally {
      this.#looking.delete(notebook);
    }
  }

  async #reattach(notebook: vscode.NotebookDocument): Promise<void> {
    const { runner } = this.#services;
    const showsRunning = standings(notebook, this.#executor).some(({ shown, executing }) => shown?.over === false && !executing);
    // A runner is started only for a cell that shows a run as going on; whatever else runs has one.
    if (!showsRunning && !await runner.attach()) return;
    const { runs } = await runner.request('runs.list', { limit: searched });
    const cells = notebook.getCells();
    const plan = planReattach(standings(notebook, this.#executor), { notebook: notebook.uri.toString(), runs, delivered: this.#delivered.all });
    if (plan.length === 0 || notebook.isClosed) return;
    const controller = this.#controllers.chosen(notebook);
    if (controller === undefined) {
      await this.#choose(notebook, plan);
      return;
    }
    for (const each of plan) {
      const cell = cells[each.cell];
      if (each.kind !== 'lost') {
        this.#executor.adopt(cell, controller, each.run);
        continue;
      }
      const shown = shownRun(cell);
      if (shown !== undefined) await this.#executor.settle(cell, controller, withoutRecord(shown));
    }
  }

  /** Executions need a controller that is chosen. Choosing one makes us look again. */
  async #choose(notebook: vscode.NotebookDocument, plan: readonly Reattachment[]): Promise<void> {
    const editor = vscode.window.visibleNotebookEditors.find((each) => each.notebook === notebook);
    // Someone else's kernel is not taken away from a notebook that mixes languages.
    const isOnlyOurs = notebook.getCells().every(({ kind, document }) =>
      kind === vscode.NotebookCellKind.Markup || document.languageId === commandLanguage || document.languageId === optionsLanguage);
    if (editor === undefined || !isOnlyOurs) return;
    const isCloud = plan.some((each) => each.kind !== 'lost' && each.run.place === 'cloud');
    await this.#controllers.select(editor, isCloud ? 'cloud' : 'local');
  }

  #isOfInterest(notebook: vscode.NotebookDocument, run: RunRecord): boolean {
    return notebook.getCells().some((cell) => cellId(cell) === run.origin?.cell && !this.#executor.isBusy(cell));
  }
}

function isOurs(notebook: vscode.NotebookDocument): boolean {
  return !notebook.isClosed && (notebook.notebookType === notebookTypes.own
    || (notebook.notebookType === notebookTypes.jupyter && notebook.getCells().some(({ document }) => document.languageId === commandLanguage)));
}

function standings(notebook: vscode.NotebookDocument, executor: CellExecutor): CellStanding[] {
  return notebook.getCells().map((cell) => {
    const shown = shownRun(cell);
    return {
      id: cellId(cell),
      executing: executor.isBusy(cell),
      // What another machine runs is none of this one's business.
      ...(shown === undefined || !isOfThisMachine(shown) ? {} : { shown: { runId: shown.run.id, over: isOver(shown.run.status) } }),
    };
  });
}

function isOfThisMachine({ run }: RunOutput): boolean {
  return run.host === undefined || run.host === hostname();
}

/** How a cell shows a run that it has last seen running and of which there is no record. */
function withoutRecord(shown: RunOutput): RunOutput {
  return {
    ...shown,
    run: {
      ...shown.run, status: 'interrupted', cancelling: false, current: [],
      error: {
        code: 'not-found', message: 'There is no record of this run any more, so how it ended is not known.',
        hint: 'Run the cell again: what was finished is kept.',
      },
    },
  };
}
