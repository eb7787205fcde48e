import type { Line } from './line.ts';

/** How long a runner may be silent. */
export interface Patience {
  /** Time to take a call and to answer hello, in milliseconds. */
  readonly helloMs: number;
  /** Time between two questions whether it is there, in milliseconds. */
  readonly beatMs: number;
  /** Such times that may pass without an answer: more, and it hangs. */
  readonly beats: number;
}

/** Machines under load and runners that read a long journal take their time; a quarter of a minute is none of that. */
export const usualPatience: Patience = { helloMs: 15_000, beatMs: 5000, beats: 3 };

/**
 * Asks a runner again and again whether it is there, and calls `onHung` once when it stays silent for too long. Beats are
 * counted, not time: a machine or a window that sleeps does not make a runner hang. Ends with the line.
 */
export function listenToHeart(line: Pick<Line, 'request' | 'over'>, { beatMs, beats }: Patience, onHung: () => void): void {
  let missed = 0;
  let asking = false;
  const timer = setInterval(() => {
    if (!asking) {
      asking = true;
      missed = 0;
      // Any answer is one, also that it does not know the question.
      line.request('runner.ping', {}).catch(() => undefined).finally(() => { asking = false; });
      return;
    }
    missed += 1;
    if (missed < beats) return;
    clearInterval(timer);
    onHung();
  }, beatMs);
  // A window that closes does not wait for it.
  timer.unref();
  void line.over.then(() => { clearInterval(timer); });
}
