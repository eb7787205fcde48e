import { SpimquantError } from '../protocol/errors.ts';
import { formatSeconds } from '../wording/words.ts';

/** What a watchdog looks at. */
export interface WatchdogOptions {
  readonly taskLimitMs: number;
  readonly idleLimitMs: number;
  /** Milliseconds, of a clock that goes on steadily. */
  readonly now: () => number;
  /** CPU time that this process has taken, in milliseconds. */
  readonly cpuMs: () => number;
}

/** Of one CPU, a process that works takes at least so much. */
const busyPart = 0.02;

/**
 * Says when a machine's task has to end: past its time, or when for long nothing was told and hardly any CPU was used. Pure but for what it
 * is given.
 */
export class Watchdog {
  readonly #options: WatchdogOptions;
  readonly #begun: number;
  #lastSign: number;
  #cpu: number;

  constructor(options: WatchdogOptions) {
    this.#options = options;
    this.#begun = options.now();
    this.#lastSign = this.#begun;
    this.#cpu = options.cpuMs();
  }

  /** Something has happened. */
  sign(): void {
    this.#lastSign = this.#options.now();
    this.#cpu = this.#options.cpuMs();
  }

  /** Why the task has to end; undefined: it may go on. */
  check(): SpimquantError | undefined {
    const { taskLimitMs, idleLimitMs, now, cpuMs } = this.#options;
    const time = now();
    if (time - this.#begun >= taskLimitMs) {
      return new SpimquantError('cost-limit', `The participant takes longer than ${formatSeconds(taskLimitMs / 1000)}.`, { hint: 'Give more time with --cloud_timeout, or a larger machine with --cloud_vm_type. Finished steps are kept.' });
    }
    const silent = time - this.#lastSign;
    if (silent < idleLimitMs) return undefined;
    if ((cpuMs() - this.#cpu) / silent > busyPart) {
      this.sign();
      return undefined;
    }
    return new SpimquantError('cost-limit', `The machine has got no further for ${formatSeconds(idleLimitMs / 1000)}.`, { hint: 'Its log says what it was doing last. Give more time with --cloud_idle if that is usual here. Finished steps are kept.' });
  }
}
