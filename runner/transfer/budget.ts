import { cancelledError } from '../storage/cancel.ts';

interface Waiting {
  readonly bytes: number;
  readonly start: () => void;
}

/** Lets so many pieces of work run at once, with so many bytes held between them, first come first served. A piece larger than all of it runs alone. */
export class Budget {
  readonly #places: number;
  readonly #bytes: number;
  #used = 0;
  #held = 0;
  readonly #waiting = new Set<Waiting>();

  constructor(places: number, bytes: number) {
    this.#places = places;
    this.#bytes = bytes;
  }

  /** Runs `work` when there is room for it. Rejects with `cancelled` at once when the signal is aborted while waiting. */
  async use<T>(bytes: number, signal: AbortSignal, where: string, work: () => Promise<T>): Promise<T> {
    await this.#enter(bytes, signal, where);
    try {
      return await work();
    } finally {
      this.#used -= 1;
      this.#held -= bytes;
      this.#admit();
    }
  }

  async #enter(bytes: number, signal: AbortSignal, where: string): Promise<void> {
    if (signal.aborted) throw cancelledError(where);
    if (this.#waiting.size === 0 && this.#fits(bytes)) {
      this.#take(bytes);
      return;
    }
    await new Promise<void>((resolve, reject) => {
      const waiting: Waiting = {
        bytes,
        start: () => {
          signal.removeEventListener('abort', giveUp);
          resolve();
        },
      };
      const giveUp = (): void => {
        this.#waiting.delete(waiting);
        reject(cancelledError(where));
        // Others may have waited behind this one only.
        this.#admit();
      };
      signal.addEventListener('abort', giveUp, { once: true });
      this.#waiting.add(waiting);
    });
  }

  #fits(bytes: number): boolean {
    return this.#used < this.#places && (this.#used === 0 || this.#held + bytes <= this.#bytes);
  }

  #take(bytes: number): void {
    this.#used += 1;
    this.#held += bytes;
  }

  #admit(): void {
    for (const waiting of this.#waiting) {
      if (!this.#fits(waiting.bytes)) return;
      this.#waiting.delete(waiting);
      this.#take(waiting.bytes);
      waiting.start();
    }
  }
}
