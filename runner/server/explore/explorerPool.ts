import { Worker } from 'node:worker_threads';
import type { ExplorerMessage, ExplorerRequest, ExplorerSetup } from '../../explore/workerMessages.ts';
import { errorFromReport, SpimquantError } from '../../protocol/errors.ts';
import type { Logger } from '../../protocol/log.ts';
import type { Result } from '../../protocol/results.ts';

/** Commands carried out at once; the others wait. */
const threadLimit = 2;
/** Time that a thread has to stop what was cancelled, in milliseconds. After it the thread is ended. */
const stopPatience = 300;

/** A command to carry out. */
export interface ExploreJob {
  readonly text: string;
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
  readonly progress: (message: string) => void;
}

interface Waiting {
  readonly job: ExploreJob;
  readonly resolve: (result: Result) => void;
  readonly reject: (error: unknown) => void;
}

interface Thread {
  readonly worker: Worker;
  current: Waiting | undefined;
  stopping: NodeJS.Timeout | undefined;
}

/** Threads for exploring commands, kept warm: loading the program takes longer than most answers. */
export class ExplorerPool {
  readonly #threads: Thread[] = [];
  readonly #queue: Waiting[] = [];
  readonly #setup: ExplorerSetup;
  readonly #log: Logger;
  #disposed = false;

  constructor(setup: ExplorerSetup, log: Logger) {
    this.#setup = setup;
    this.#log = log;
  }

  /** Loads the program into a thread ahead of the first command. */
  warm(): void {
    if (this.#threads.length === 0 && !this.#disposed) this.#threads.push(this.#startThread());
  }

  /** Carries out a command. Rejects with `cancelled` at once when its signal is aborted, whatever the thread does. */
  run(job: ExploreJob): Promise<Result> {
    return new Promise<Result>((resolve, reject) => {
      if (job.signal.aborted) {
        reject(cancelled());
        return;
      }
      const waiting: Waiting = { job, resolve, reject };
      job.signal.addEventListener('abort', () => { this.#cancel(waiting); }, { once: true });
      this.#queue.push(waiting);
      this.#next();
    });
  }

  #next(): void {
    if (this.#disposed || this.#queue.length === 0) return;
    let free = this.#threads.find((thread) => thread.current === undefined);
    if (free === undefined && this.#threads.length < threadLimit) {
      free = this.#startThread();
      this.#threads.push(free);
    }
    const waiting = free === undefined ? undefined : this.#queue.shift();
    if (free === undefined || waiting === undefined) return;
    free.current = waiting;
    const { text, cwd, env } = waiting.job;
    post(free, { type: 'explore', text, cwd, env });
    this.#next();
  }

  #cancel(waiting: Waiting): void {
    waiting.reject(cancelled());
    const queued = this.#queue.indexOf(waiting);
    if (queued >= 0) this.#queue.splice(queued, 1);
    const thread = this.#threads.find((each) => each.current === waiting);
    if (thread === undefined) return;
    post(thread, { type: 'cancel' });
    thread.stopping = setTimeout(() => {
      this.#log('info', 'A thread that did not stop was ended.');
      this.#remove(thread);
    }, stopPatience);
  }

  #startThread(): Thread {
    const file = import.meta.url.endsWith('.ts') ? '../../explore/worker.ts' : './explorer.js';
    const worker = new Worker(new URL(file, import.meta.url), { workerData: this.#setup });
    const thread: Thread = { worker, current: undefined, stopping: undefined };
    worker.on('message', (message: ExplorerMessage) => { this.#hear(thread, message); });
    worker.on('error', (error: NodeJS.ErrnoException) => {
      this.#log('error', `A thread of exploring commands died: ${error.stack ?? error.message}`);
      thread.current?.reject(error.code === 'ERR_WORKER_OUT_OF_MEMORY'
        ? new SpimquantError('out-of-memory', 'There was not enough memory for this command.', { hint: 'Try a coarser --level.' })
        : error);
      this.#remove(thread);
    });
    worker.on('exit', () => { this.#remove(thread); });
    return thread;
  }

  #hear(thread: Thread, message: ExplorerMessage): void {
    const { current } = thread;
    switch (message.type) {
      case 'ready':
        return;
      case 'log':
        this.#log(message.level, message.message);
        return;
      case 'progress':
        if (current?.job.signal.aborted === false) current.job.progress(message.message);
        return;
      case 'result':
        current?.resolve(message.result);
        break;
      case 'error':
        current?.reject(errorFromReport(message.error));
        break;
    }
    clearTimeout(thread.stopping);
    thread.stopping = undefined;
    thread.current = undefined;
    this.#next();
  }

  #remove(thread: Thread): void {
    const at = this.#threads.indexOf(thread);
    if (at < 0) return;
    this.#threads.splice(at, 1);
    clearTimeout(thread.stopping);
    thread.current?.reject(new SpimquantError('runner-lost', 'The thread of this command ended before it answered.', { hint: 'Run the command again.' }));
    void thread.worker.terminate();
    this.#next();
  }

  dispose(): void {
    this.#disposed = true;
    for (const { reject } of this.#queue.splice(0)) reject(new SpimquantError('runner-lost', 'The runner ended.'));
    for (const thread of [...this.#threads]) this.#remove(thread);
  }
}

function post(thread: Thread, request: ExplorerRequest): void {
  thread.worker.postMessage(request);
}

function cancelled(): SpimquantError {
  return new SpimquantError('cancelled', 'Cancelled.');
}
