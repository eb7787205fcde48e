import { ResourceSampler } from '../monitor/sampler.ts';
import type { HandlerGroup } from './handlers.ts';

/**
 * Request `resources.watch`: samples of this process, its runs and all below them, while any window watches.
 *
 * @param runs ids of the processes of runs that are under way; they are no children of a runner that was started later
 */
export function resourceHandlers(runs: () => readonly number[]): HandlerGroup {
  return (context) => {
    const sampler = new ResourceSampler({
      pids: () => [process.pid, ...runs()],
      clock: context.clock,
      later: (milliseconds, work) => {
        const timer = setTimeout(work, milliseconds);
        // Watching alone keeps no runner alive.
        timer.unref();
        return () => { clearTimeout(timer); };
      },
    });
    context.onEnd(() => { sampler.dispose(); });
    return (caller) => {
      const watcher = {};
      caller.handle('resources.watch', ({ intervalMs }) => ({ history: sampler.watch(watcher, intervalMs, (sample) => void caller.notify('resources.sample', sample)) }));
      caller.onClose(() => { sampler.watch(watcher, 0, () => undefined); });
    };
  };
}
