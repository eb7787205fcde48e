import { once } from 'node:events';
import { MessageChannel } from 'node:worker_threads';
import { Piscina } from 'piscina';
import type { ErrorReport } from '../protocol/errors.ts';
import type { Task } from '../pipeline/task.ts';
import type { Places } from './places.ts';
import { waitAtMost } from './concurrency.ts';
import { outOfMemory } from './workerMessages.ts';
import type { Assignment, Verdict, WorkerMessage, WorkerSetup } from './workerMessages.ts';

/** Time that running tasks get to stop by themselves, and to remove what they were writing, in milliseconds. */
const gracePeriod = 150;
/** Longest wait for what a task that is over has said before, in milliseconds. */
const lastWordsPeriod = 2000;

/** The worker threads of a run. */
export class WorkerPool {
  readonly #pool: Piscina<Assignment, Verdict>;
  readonly #places: Places;
  readonly #ports = new Set<MessageChannel['port1']>();
  readonly #running = new Set<Promise<Verdict>>();
  readonly #kill = new AbortController();

  constructor(threads: number, places: Places, setup: WorkerSetup) {
    this.#places = places;
    const file = import.meta.url.endsWith('.ts') ? './worker.ts' : './worker.js';
    this.#pool = new Piscina({
      filename: new URL(file, import.meta.url).href,
      minThreads: threads,
      maxThreads: threads,
      concurrentTasksPerWorker: 1,
      // Threads that sleep on atomics between tasks would not serve their open connections.
      atomics: 'disabled',
      workerData: setup,
    });
    // Threads that die between tasks are replaced; the next task finds out if that does not help.
    this.#pool.on('error', () => undefined);
  }

  /** Runs a task on a free thread. Never rejects: crashes and lack of memory are verdicts too. */
  async run(task: Task, listen: (message: WorkerMessage) => void): Promise<Verdict> {
    const running = this.#run(task, listen);
    this.#running.add(running);
    try {
      return await running;
    } finally {
      this.#running.delete(running);
    }
  }

  async #run(task: Task, listen: (message: WorkerMessage) => void): Promise<Verdict> {
    const { port1, port2 } = new MessageChannel();
    port1.on('message', listen);
    const heard = once(port1, 'close');
    this.#ports.add(port1);
    try {
      const verdict = await this.#pool.run({ task, places: this.#places, port: port2 }, { transferList: [port2], signal: this.#kill.signal });
      // The verdict takes another way than the messages and may overtake them. The thread closes its port behind the last one.
      await waitAtMost(lastWordsPeriod, heard);
      return verdict;
    } catch (error) {
      return { ok: false, error: this.#kill.signal.aborted ? { code: 'cancelled', message: 'Cancelled.' } : explainCrash(error, task) };
    } finally {
      this.#ports.delete(port1);
      port1.close();
    }
  }

  /** Asks running tasks to stop, and ends the threads of those that have not within {@link gracePeriod}. */
  async cancel(): Promise<void> {
    for (const port of this.#ports) port.postMessage('cancel');
    await waitAtMost(gracePeriod, Promise.allSettled(this.#running));
    this.#kill.abort();
  }

  async close(): Promise<void> {
    await this.#pool.destroy();
  }
}

/** What happened to a task whose thread died. */
function explainCrash(error: unknown, task: Task): ErrorReport {
  const { code, message } = error as { readonly code?: string; readonly message?: string };
  if (code === 'ERR_WORKER_OUT_OF_MEMORY') return { ...outOfMemory('the worker thread reached its limit'), where: task.id };
  return {
    code: 'internal',
    message: `The worker thread of this step died: ${message ?? String(error)}`,
    where: task.id,
    ...(error instanceof Error && error.stack !== undefined ? { stack: error.stack } : {}),
  };
}
