import { laterByTimer, ResourceSampler } from '../monitor/sampler.ts';
import type { HandlerGroup } from './handlers.ts';

/**
 * Request `resources.watch`: samples of this process, of runs, and of all below them, while any window watches. Runs are
 * no children of a runner that was started after them.
 */
export const resourceHandlers: HandlerGroup = (context) => {
  const sampler = new ResourceSampler({
    pids: () => [process.pid, ...context.book.pids],
    clock: context.clock,
    later: laterByTimer,
  });
  context.onEnd(() => { sampler.dispose(); });
  return (caller) => {
    const watcher = {};
    caller.handle('resources.watch', ({ intervalMs }) => ({ history: sampler.watch(watcher, intervalMs, (sample) => void caller.notify('resources.sample', sample)) }));
    caller.onClose(() => { sampler.watch(watcher, 0, () => undefined); });
  };
};
