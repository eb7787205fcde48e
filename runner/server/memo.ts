import { sharedLoads } from '../image/sharedLoads.ts';
import type { Clock } from '../protocol/log.ts';

export interface MemoOptions {
  /** Values kept; the one not used for longest goes first. */
  readonly limit: number;
  /** Milliseconds after which a value is loaded anew. */
  readonly maxAgeMs: number;
  readonly clock: Clock;
}

/**
 * Remembers what was loaded, by subject and item. Who asks for the same at the same time shares one load, which is
 * aborted only when all who wait for it have gone. Failures are not remembered.
 */
export class Memo<T> {
  readonly #options: MemoOptions;
  readonly #values = new Map<string, { readonly value: T; readonly time: number }>();
  readonly #loads = sharedLoads<T>();
  /** How often a subject was forgotten: a load begun before that must not be joined, nor its value kept, after it. */
  readonly #generations = new Map<string, number>();

  constructor(options: MemoOptions) {
    this.#options = options;
  }

  /** Rejects with what `load` rejects with, and with `cancelled` as soon as the signal is aborted. */
  async get(subject: string, item: string, load: (signal: AbortSignal) => Promise<T>, signal: AbortSignal | undefined): Promise<T> {
    const key = this.#key(subject, item);
    const known = this.#values.get(key);
    this.#values.delete(key);
    if (known !== undefined && this.#options.clock() - known.time < this.#options.maxAgeMs) {
      this.#values.set(key, known);
      return known.value;
    }
    return this.#loads.get(key, async (shared) => {
      const time = this.#options.clock();
      const value = await load(shared);
      if (key === this.#key(subject, item)) this.#keep(key, { value, time });
      return value;
    }, signal);
  }

  /** Drops everything that is remembered of a subject. */
  forget(subject: string): void {
    const begin = this.#key(subject, '');
    for (const key of this.#values.keys()) if (key.startsWith(begin)) this.#values.delete(key);
    this.#generations.set(subject, (this.#generations.get(subject) ?? 0) + 1);
  }

  #key(subject: string, item: string): string {
    return `${subject}\n${this.#generations.get(subject) ?? 0}\n${item}`;
  }

  #keep(key: string, entry: { readonly value: T; readonly time: number }): void {
    this.#values.set(key, entry);
    for (const oldest of this.#values.keys()) {
      if (this.#values.size <= this.#options.limit) break;
      this.#values.delete(oldest);
    }
  }
}
