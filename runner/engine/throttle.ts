import type { TaskProgress } from '../protocol/events.ts';

/** Progress is told at most this often, in milliseconds; the longer a task runs the more rarely, which keeps journals small. */
const progressInterval = { least: 200, most: 5000 } as const;

/** Passes on what comes long enough after the last ({@link progressInterval}), and everything that completes. `now`: milliseconds that never go back. */
export function throttleProgress(tell: (progress: TaskProgress) => void, now: () => number = () => performance.now()): (progress: TaskProgress) => void {
  const started = now();
  let last = -Infinity;
  return (progress) => {
    const time = now();
    const interval = Math.min(progressInterval.most, Math.max(progressInterval.least, (time - started) / 50));
    if (time - last < interval && (progress.done < progress.total || progress.total === 0)) return;
    last = time;
    tell(progress);
  };
}
