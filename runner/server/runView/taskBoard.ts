import type { RunEvent } from '../../protocol/events.ts';
import { RunFold } from '../../protocol/runState.ts';
import type { TaskState } from '../../protocol/runState.ts';
import type { TaskChanges, TaskRow } from '../../protocol/runView.ts';

/** The tasks of a run as they stand, and which of them changed since when. */
export class TaskBoard {
  readonly #fold = new RunFold();
  /** Number of the event that changed a task last. */
  readonly #changed = new Map<string, number>();
  readonly #attempts = new Map<string, number>();
  readonly #scopes = new Map<string, Set<number>>();
  #scopesFor = 0;

  apply(event: RunEvent): void {
    this.#fold.apply(event);
    if (event.type === 'run-planned') for (const { id } of event.tasks) this.#changed.set(id, event.seq);
    else if (event.type === 'run-finished') for (const id of this.#changed.keys()) this.#changed.set(id, event.seq);
    else if ('task' in event) this.#changed.set(event.task, event.seq);
    if (event.type === 'task-started') this.#attempts.set(event.task, (this.#attempts.get(event.task) ?? 0) + 1);
  }

  /** Tasks that changed after event `since`, in the order of the plan. `seq`: the last event of all. */
  changes(since: number, seq: number): TaskChanges {
    const { tasks, failedParticipants, cloud } = this.#fold.state;
    const changed: TaskRow[] = [];
    for (const [id, task] of tasks) if ((this.#changed.get(id) ?? 0) > since) changed.push(this.#row(task));
    return { seq, tasks: tasks.size, changed, failedParticipants, ...(cloud === undefined ? {} : { cloud }) };
  }

  #row({ summary, ...task }: TaskState): TaskRow {
    return { ...summary, ...task, attempts: this.#attempts.get(summary.id) ?? 0 };
  }

  /** Numbers of the tasks of a scope, of those that have a number. */
  scopeNumbers(scope: string, numbers: ReadonlyMap<string, number>): ReadonlySet<number> {
    if (this.#scopesFor !== numbers.size) {
      this.#scopesFor = numbers.size;
      this.#scopes.clear();
      for (const { summary } of this.#fold.state.tasks.values()) {
        const number = numbers.get(summary.id);
        if (number === undefined) continue;
        const of = this.#scopes.get(summary.scope) ?? new Set<number>();
        this.#scopes.set(summary.scope, of.add(number));
      }
    }
    return this.#scopes.get(scope) ?? new Set();
  }
}
