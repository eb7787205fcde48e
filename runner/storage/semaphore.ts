import { cancelledError } from './cancel.ts';

/** Lets at most `limit` pieces of work run at once, first come first served. */
export class Semaphore {
  readonly #limit: number;
  #running = 0;
  readonly #waiting = new Set<() => void>();

  constructor(limit: number) {
    if (!Number.isInteger(limit) || limit < 1) throw new RangeError(`A semaphore needs a whole number of at least 1, not ${limit}`);
    this.#limit = limit;
  }

  /** Runs `work` when there is room. Rejects with `cancelled` at once when the signal is aborted while waiting. */
  async use<T>(work: () => Promise<T>, signal: AbortSignal | undefined, where: string): Promise<T> {
    await this.#enter(signal, where);
    try {
      return await work();
    } finally {
      this.#leave();
    }
  }

  async #enter(signal: AbortSignal | undefined, where: string): Promise<void> {
    if (signal?.aborted) throw cancelledError(where);
    if (this.#running < this.#limit) {
      this.#running += 1;
      return;
    }
    await new Promise<void>((resolve, reject) => {
      const start = (): void => {
        signal?.removeEventListener('abort', giveUp);
        resolve();
      };
      const giveUp = (): void => {
        this.#waiting.delete(start);
        reject(cancelledError(where));
      };
      signal?.addEventListener('abort', giveUp, { once: true });
      this.#waiting.add(start);
    });
  }

  /** Hands the place on to the longest waiting, or frees it. */
  #leave(): void {
    const [next] = this.#waiting;
    if (next === undefined) {
      this.#running -= 1;
    } else {
      this.#waiting.delete(next);
      next();
    }
  }
}
