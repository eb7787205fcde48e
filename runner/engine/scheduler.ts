import type { Task } from '../pipeline/task.ts';
import { chainLengths } from './graph.ts';
import type { TaskGraph } from './graph.ts';

/** What tasks share. */
export interface Budget {
  readonly cores: number;
  /** Bytes. */
  readonly memoryBytes: number;
}

/**
 * Decides what runs next. Holds no clock and starts nothing: `execute.ts` tells it what began and ended.
 *
 * Policy: never more tasks than cores, never more reserved memory than the budget, except that a task larger than the
 * whole budget runs alone. Among ready tasks those of the earliest participant go first, so that participants finish
 * one after another, and within a participant those with the longest chain behind them. A task that does not fit may be
 * overtaken a limited number of times, then everything waits for it.
 */
export class Scheduler {
  readonly #graph: TaskGraph;
  readonly #budget: Budget;
  readonly #rank: ReadonlyMap<string, number>;
  readonly #waiting = new Set<string>();
  readonly #running = new Set<string>();
  readonly #missing = new Map<string, number>();
  readonly #overtaken = new Map<string, number>();

  /** `ids` are the tasks to run; tasks of the graph that are not among them count as finished. */
  constructor(graph: TaskGraph, ids: Iterable<string>, budget: Budget) {
    this.#graph = graph;
    this.#budget = budget;
    const toRun = new Set(ids);
    for (const id of toRun) {
      this.#waiting.add(id);
      this.#missing.set(id, (graph.needs.get(id) ?? []).filter((need) => toRun.has(need)).length);
    }
    this.#rank = rankTasks(graph);
  }

  /** True when nothing runs and nothing waits. */
  get idle(): boolean {
    return this.#running.size === 0 && this.#waiting.size === 0;
  }

  /** Tasks to start now; they count as running from here on. */
  next(): Task[] {
    const started: Task[] = [];
    const ready = [...this.#waiting].filter((id) => this.#missing.get(id) === 0).sort((a, b) => (this.#rank.get(a) ?? 0) - (this.#rank.get(b) ?? 0));
    let reserved = this.#reserved();
    for (const [at, id] of ready.entries()) {
      if (this.#running.size >= this.#budget.cores) break;
      const task = this.#task(id);
      const alone = task.memoryBytes > this.#budget.memoryBytes;
      if (alone ? this.#running.size === 0 : reserved + task.memoryBytes <= this.#budget.memoryBytes && !this.#aloneRuns()) {
        this.#waiting.delete(id);
        this.#running.add(id);
        reserved += task.memoryBytes;
        started.push(task);
        for (const passed of ready.slice(0, at)) {
          if (this.#waiting.has(passed)) this.#overtaken.set(passed, (this.#overtaken.get(passed) ?? 0) + 1);
        }
      } else if ((this.#overtaken.get(id) ?? 0) >= 2 * this.#budget.cores) {
        break;
      }
    }
    return started;
  }

  /** A task ended well: what waited only for it becomes ready. */
  finished(id: string): void {
    this.#running.delete(id);
    for (const dependent of this.#graph.neededBy.get(id) ?? []) {
      const missing = this.#missing.get(dependent);
      if (missing !== undefined) this.#missing.set(dependent, missing - 1);
    }
  }

  /** A task goes back to the waiting ones, to be done anew. */
  postponed(id: string): void {
    if (this.#running.delete(id)) this.#waiting.add(id);
  }

  /** A task failed. Returns the waiting tasks that can no longer run, which are then forgotten. */
  failed(id: string): Task[] {
    this.#running.delete(id);
    const skipped: Task[] = [];
    const queue = [id];
    for (let next = queue.pop(); next !== undefined; next = queue.pop()) {
      for (const dependent of this.#graph.neededBy.get(next) ?? []) {
        if (!this.#waiting.delete(dependent)) continue;
        skipped.push(this.#task(dependent));
        queue.push(dependent);
      }
    }
    return skipped;
  }

  #task(id: string): Task {
    return this.#graph.byId.get(id) as Task;
  }

  #reserved(): number {
    let sum = 0;
    for (const id of this.#running) sum += this.#task(id).memoryBytes;
    return sum;
  }

  #aloneRuns(): boolean {
    return [...this.#running].some((id) => this.#task(id).memoryBytes > this.#budget.memoryBytes);
  }
}

/** Position of each task in the order of preference. */
function rankTasks(graph: TaskGraph): ReadonlyMap<string, number> {
  const lengths = chainLengths(graph);
  const scopes = new Map<string, number>();
  // Templates are needed by everybody; participants come in the order of the plan.
  scopes.set('template', 0);
  for (const task of graph.byId.values()) if (!scopes.has(task.scope)) scopes.set(task.scope, scopes.size);
  const place = new Map([...graph.byId.keys()].map((id, at) => [id, at]));
  const sorted = [...graph.byId.values()].sort((a, b) =>
    (scopes.get(a.scope) ?? 0) - (scopes.get(b.scope) ?? 0)
    || (lengths.get(b.id) ?? 0) - (lengths.get(a.id) ?? 0)
    || (place.get(a.id) ?? 0) - (place.get(b.id) ?? 0));
  return new Map(sorted.map((task, at) => [task.id, at]));
}
