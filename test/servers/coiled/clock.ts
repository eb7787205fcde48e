/** The time of the stand-in: all its delays pass by it, what tasks do takes the time it takes. */
export interface StandInClock {
  /** Milliseconds since the epoch. */
  now(): number;
  /** Runs `work` when so many milliseconds have passed. */
  after(ms: number, work: () => void): void;
  /** Forgets all that waits. */
  close(): void;
}

/** Time as it is, `speed` times as fast: VMs that take a minute come in a moment. */
export class ScaledClock implements StandInClock {
  readonly #speed: number;
  readonly #begin = Date.now();
  readonly #timers = new Set<NodeJS.Timeout>();

  constructor(speed: number) {
    this.#speed = speed;
  }

  now(): number {
    return this.#begin + (Date.now() - this.#begin) * this.#speed;
  }

  after(ms: number, work: () => void): void {
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      work();
    }, ms / this.#speed);
    this.#timers.add(timer);
  }

  close(): void {
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers.clear();
  }
}

/** Time that stands still until a test moves it on. */
export class DrivenClock implements StandInClock {
  #now: number;
  #waiting: { readonly at: number; readonly work: () => void }[] = [];

  constructor(now: number = Date.parse('2026-11-26T08:00:00Z')) {
    this.#now = now;
  }

  now(): number {
    return this.#now;
  }

  after(ms: number, work: () => void): void {
    this.#waiting.push({ at: this.#now + ms, work });
  }

  /** Lets time pass. What becomes due meanwhile happens in its order, also what only then is waited for. */
  advance(ms: number): void {
    const end = this.#now + ms;
    for (;;) {
      const next = this.#waiting.filter(({ at }) => at <= end).sort((a, b) => a.at - b.at).at(0);
      if (next === undefined) break;
      this.#waiting = this.#waiting.filter((entry) => entry !== next);
      this.#now = Math.max(this.#now, next.at);
      next.work();
    }
    this.#now = end;
  }

  close(): void {
    this.#waiting = [];
  }
}
