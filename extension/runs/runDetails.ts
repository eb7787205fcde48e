import * as vscode from 'vscode';
import { foldEvents, initialState } from '../../runner/protocol/runState.ts';
import type { RunState } from '../../runner/protocol/runState.ts';
import { DisposableStore } from '../platform/lifecycle.ts';
import type { RunnerClient } from '../runner-client/client.types.ts';

/** Follows the runs whose insides are looked at, and no others. */
export class RunDetails implements vscode.Disposable {
  readonly #runner: RunnerClient;
  readonly #followed = new Map<string, { state: RunState; readonly ends: vscode.Disposable }>();
  readonly #store = new DisposableStore();
  readonly #changed = this.#store.add(new vscode.EventEmitter<string>());
  /** Fires with a run's id. */
  readonly onDidChange = this.#changed.event;

  constructor(runner: RunnerClient) {
    this.#runner = runner;
  }

  /** The state of a run as heard so far; from now on it is followed. */
  follow(id: string): RunState {
    const known = this.#followed.get(id);
    if (known !== undefined) return known.state;
    const entry = { state: initialState, ends: new DisposableStore() };
    this.#followed.set(id, entry);
    entry.ends.add(this.#runner.follow(id, 0, {
      events: (events) => {
        entry.state = foldEvents(events, entry.state);
        this.#changed.fire(id);
      },
      gone: () => { this.forget(id); },
    }));
    return entry.state;
  }

  forget(id: string): void {
    this.#followed.get(id)?.ends.dispose();
    this.#followed.delete(id);
  }

  dispose(): void {
    for (const id of [...this.#followed.keys()]) this.forget(id);
    this.#store.dispose();
  }
}
