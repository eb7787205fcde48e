import { RunIndex } from './runIndex.ts';

/** Runs looked at lately that stay ready. */
const limit = 4;

/** Indexes of the runs that someone looks at. */
export class RunIndexes {
  readonly #indexes = new Map<string, RunIndex>();

  /** The index of the run in `folder`. */
  of(folder: string): RunIndex {
    const index = this.#indexes.get(folder) ?? new RunIndex(folder);
    this.#indexes.delete(folder);
    this.#indexes.set(folder, index);
    for (const oldest of this.#indexes.keys()) {
      if (this.#indexes.size <= limit) break;
      this.#indexes.delete(oldest);
    }
    return index;
  }

  forget(folder: string): void {
    this.#indexes.delete(folder);
  }
}
