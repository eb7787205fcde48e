/** Time as a throttle needs it; passed in so that tests can set it. */
export interface ThrottleTime {
  now(): number;
  /** Calls back after some milliseconds; the answer calls it off. */
  after(ms: number, callback: () => void): () => void;
}

/** The real time. */
export const realTime: ThrottleTime = {
  now: () => Date.now(),
  after: (ms, callback) => {
    const timer = setTimeout(callback, ms);
    return () => { clearTimeout(timer); };
  },
};

/**
 * Shows the latest of many values: at most one every `intervalMs`, never two at a time, the first at once and the last
 * always. What comes while one is being shown replaces what waits.
 */
export class Throttle<T> {
  readonly #show: (value: T) => Promise<void>;
  readonly #intervalMs: number;
  readonly #time: ThrottleTime;
  #waiting: { readonly value: T } | undefined;
  #lastShown = Number.NEGATIVE_INFINITY;
  #showing: Promise<void> | undefined;
  #callOff: (() => void) | undefined;

  /** `show` must not reject. */
  constructor(intervalMs: number, time: ThrottleTime, show: (value: T) => Promise<void>) {
    this.#intervalMs = intervalMs;
    this.#time = time;
    this.#show = show;
  }

  /** Shows a value soon, unless a later one comes before. */
  push(value: T): void {
    this.#waiting = { value };
    this.#schedule();
  }

  /** Shows what waits without delay; resolves when nothing waits any more. Nothing may be pushed meanwhile. */
  async flush(): Promise<void> {
    while (this.#showing !== undefined) await this.#showing;
    this.#callOff?.();
    this.#callOff = undefined;
    if (this.#waiting !== undefined) await this.#begin();
  }

  /** Forgets what waits. */
  dispose(): void {
    this.#callOff?.();
    this.#callOff = undefined;
    this.#waiting = undefined;
  }

  #schedule(): void {
    if (this.#showing !== undefined || this.#callOff !== undefined || this.#waiting === undefined) return;
    const wait = this.#lastShown + this.#intervalMs - this.#time.now();
    if (wait <= 0) {
      void this.#begin();
      return;
    }
    this.#callOff = this.#time.after(wait, () => {
      this.#callOff = undefined;
      if (this.#showing === undefined && this.#waiting !== undefined) void this.#begin();
    });
  }

  #begin(): Promise<void> {
    const { value } = this.#waiting as { readonly value: T };
    this.#waiting = undefined;
    this.#lastShown = this.#time.now();
    const showing = this.#show(value).finally(() => {
      this.#showing = undefined;
      this.#schedule();
    });
    this.#showing = showing;
    return showing;
  }
}
