import * as vscode from 'vscode';
import type { Result } from '../../../runner/protocol/results.ts';
import type { RunOutput } from '../../../runner/protocol/runOutput.ts';
import type { Job } from './job.ts';
import { resultItems, runItems } from './outputItems.ts';

/** The one output of a cell while it is carried out. Later contents replace earlier ones in place, so nothing jumps. */
export class CellDisplay {
  readonly #job: Job;
  #output: vscode.NotebookCellOutput | undefined;

  constructor(job: Job) {
    this.#job = job;
  }

  showResult(result: Result): Promise<void> {
    return this.#show(resultItems(result));
  }

  showRun(run: RunOutput): Promise<void> {
    return this.#show(runItems(run));
  }

  async #show(items: vscode.NotebookCellOutputItem[]): Promise<void> {
    const { cell, execution } = this.#job;
    // A cell that was deleted, or whose notebook is closed, has no place for it any more.
    if (cell.notebook.isClosed || cell.index < 0) return;
    try {
      if (this.#output === undefined) {
        const output = new vscode.NotebookCellOutput(items);
        await execution.replaceOutput(output);
        this.#output = output;
      } else {
        await execution.replaceOutputItems(items, this.#output);
      }
    } catch (error) {
      // The same when it happened in between; everything else is a defect.
      if (!cell.notebook.isClosed && cell.index >= 0) throw error;
    }
  }
}
