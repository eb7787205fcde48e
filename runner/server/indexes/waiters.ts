import { cancelledError } from '../../storage/cancel.ts';

interface Waiter {
  readonly ready: () => boolean;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/** Those who wait for something that grows to be far enough. */
export class Waiters {
  readonly #waiting = new Set<Waiter>();

  get size(): number {
    return this.#waiting.size;
  }

  /** Resolves when it is so, which is looked at now and at every {@link look}. Rejects with `cancelled`, after `left`, when the signal is aborted. */
  async until(ready: () => boolean, signal: AbortSignal | undefined, left: () => void): Promise<void> {
    if (signal?.aborted === true) throw cancelledError('the runner');
    if (ready()) return;
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const waiter: Waiter = { ready, resolve, reject };
    const leave = (): void => {
      this.#waiting.delete(waiter);
      left();
      reject(cancelledError('the runner'));
    };
    signal?.addEventListener('abort', leave, { once: true });
    this.#waiting.add(waiter);
    try {
      await promise;
    } finally {
      signal?.removeEventListener('abort', leave);
    }
  }

  /** Lets those go on for whom it is so now. */
  look(): void {
    for (const waiter of this.#waiting) {
      if (!waiter.ready()) continue;
      this.#waiting.delete(waiter);
      waiter.resolve();
    }
  }

  /** Tells all who wait that it will not be. */
  fail(error: unknown): void {
    for (const waiter of this.#waiting) waiter.reject(error);
    this.#waiting.clear();
  }
}
