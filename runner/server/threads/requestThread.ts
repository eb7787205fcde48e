import { Worker } from 'node:worker_threads';
import { errorFromReport, SpimquantError } from '../../protocol/errors.ts';
import type { Logger } from '../../protocol/log.ts';
import type { RequestName, Requests } from '../../protocol/rpc.ts';
import { currentAsker } from '../askersEnvironment.ts';
import type { FromThread, ToThread } from './threadMessages.ts';

interface Waiting {
  readonly resolve: (result: never) => void;
  readonly reject: (error: Error) => void;
}

export interface RequestThreadOptions {
  readonly log: Logger;
  /** The program of the thread, which calls `serveThread`. */
  readonly file: URL;
  /** What it is there for: `reads images`. */
  readonly task: string;
}

/**
 * A thread that answers requests of all windows. Exploring commands have threads of their own, each of which is busy until
 * its command is done; here many small requests go on side by side, and share what they read. It is started by the first
 * request, and anew after it died.
 */
export class RequestThread<Name extends RequestName, Context> {
  readonly #options: RequestThreadOptions;
  #worker: Worker | undefined;
  /** Keys of the environments that the thread has been told. */
  #told = new Set<string>();
  #waiting = new Map<number, Waiting>();
  #count = 0;
  #disposed = false;

  constructor(options: RequestThreadOptions) {
    this.#options = options;
  }

  /** Loads the program ahead of the first request. */
  warm(): void {
    if (!this.#disposed) this.#start();
  }

  /** Asks the thread. Rejects with what it says, and with `cancelled` at once when the signal is aborted. */
  ask<N extends Name>(name: N, params: Requests[N]['params'], context: Context, signal: AbortSignal): Promise<Requests[N]['result']> {
    return new Promise((resolve, reject) => {
      if (signal.aborted) {
        reject(new SpimquantError('cancelled', 'Cancelled.'));
        return;
      }
      if (this.#disposed) {
        reject(new SpimquantError('runner-lost', 'The runner ended.'));
        return;
      }
      const worker = this.#start();
      const id = this.#count++;
      const abort = (): void => {
        if (!this.#waiting.delete(id)) return;
        post(worker, { type: 'cancel', id });
        reject(new SpimquantError('cancelled', 'Cancelled.'));
      };
      signal.addEventListener('abort', abort, { once: true });
      const done = <T>(settle: (value: T) => void) => (value: T): void => {
        signal.removeEventListener('abort', abort);
        settle(value);
      };
      this.#waiting.set(id, { resolve: done(resolve), reject: done(reject) });
      post(worker, { type: 'ask', id, name, params, context, asker: this.#tellAsker(worker) });
    });
  }

  /** The key of the environment of whoever asks, which the thread knows from now on. */
  #tellAsker(worker: Worker): string {
    const asker = currentAsker();
    if (asker === undefined) return '';
    if (!this.#told.has(asker.key)) post(worker, { type: 'environment', asker });
    this.#told.add(asker.key);
    return asker.key;
  }

  #start(): Worker {
    if (this.#worker !== undefined) return this.#worker;
    const worker = new Worker(this.#options.file);
    this.#told = new Set();
    this.#worker = worker;
    worker.on('message', (message: FromThread) => { this.#hear(message); });
    worker.on('error', (error) => {
      this.#options.log('error', `The thread that ${this.#options.task} died: ${error.stack ?? error.message}`);
      this.#lose(worker);
    });
    worker.on('exit', () => { this.#lose(worker); });
    return worker;
  }

  #hear(message: FromThread): void {
    const waiting = this.#waiting.get(message.id);
    this.#waiting.delete(message.id);
    if (message.type === 'answer') waiting?.resolve(message.result as never);
    else waiting?.reject(errorFromReport(message.error));
  }

  #lose(worker: Worker): void {
    if (this.#worker !== worker) return;
    this.#worker = undefined;
    const lost = this.#waiting;
    this.#waiting = new Map();
    for (const { reject } of lost.values()) reject(new SpimquantError('runner-lost', `The thread that ${this.#options.task} ended before it answered.`, { hint: 'Try again.' }));
  }

  dispose(): void {
    this.#disposed = true;
    const worker = this.#worker;
    if (worker === undefined) return;
    this.#lose(worker);
    void worker.terminate();
  }
}

function post(worker: Worker, message: ToThread): void {
  worker.postMessage(message);
}
