import type * as vscode from 'vscode';

const key = 'spimquant.deliveredRuns';
/** Runs that are remembered; of older ones nobody asks. */
const limit = 300;

/** Runs whose end a cell of this workspace has shown. */
export class DeliveredRuns {
  readonly #memento: vscode.Memento;

  constructor(memento: vscode.Memento) {
    this.#memento = memento;
  }

  get all(): ReadonlySet<string> {
    return new Set(this.#memento.get<readonly string[]>(key, []));
  }

  add(runId: string): void {
    const others = this.#memento.get<readonly string[]>(key, []).filter((id) => id !== runId);
    void this.#memento.update(key, [...others, runId].slice(-limit));
  }
}
