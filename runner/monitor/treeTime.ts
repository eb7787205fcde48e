import { systemSnapshots } from './snapshot.ts';
import type { TakeSnapshot } from './snapshot.ts';

/** CPU time that a process and all below it have taken since the first look, those that ended meanwhile included. Grows only when it is looked at. */
export class TreeTime {
  readonly #root: number;
  readonly #take: TakeSnapshot;
  #seen: ReadonlyMap<number, number> | undefined;
  #seconds = 0;

  constructor(root: number, take: TakeSnapshot = systemSnapshots()) {
    this.#root = root;
    this.#take = take;
  }

  get milliseconds(): number {
    return 1000 * this.#seconds;
  }

  async look(): Promise<void> {
    const { processes } = await this.#take([this.#root]);
    const now = new Map([...processes].map(([pid, { cpuSeconds }]) => [pid, cpuSeconds]));
    // What one took before it was first seen counts, but for those of the first look.
    if (this.#seen !== undefined) for (const [pid, seconds] of now) this.#seconds += Math.max(0, seconds - (this.#seen.get(pid) ?? 0));
    this.#seen = now;
  }
}
