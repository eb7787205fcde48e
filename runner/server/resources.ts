import { readMachines } from '../monitor/recorder.ts';
import { laterByTimer, ResourceSampler } from '../monitor/sampler.ts';
import type { MachineUse } from '../protocol/resources.ts';
import type { HandlerGroup } from './handlers.ts';

/** How often it is looked what machines of cloud runs have told, in milliseconds; they tell every 15 s to minutes. */
const machinesInterval = 5000;
/** A machine that has told nothing for so long is not shown, in milliseconds: of many machines each tells seldom. */
const machineAge = 400_000;

/**
 * Request `resources.watch`: samples of this process, of runs, and of all below them, while any window watches. Runs are
 * no children of a runner that was started after them. Machines of cloud runs are told as the runs record them.
 */
export const resourceHandlers: HandlerGroup = (context) => {
  const { book, clock } = context;
  const sampler = new ResourceSampler({
    pids: () => [process.pid, ...book.pids],
    clock,
    later: laterByTimer,
  });
  context.onEnd(() => { sampler.dispose(); });
  const machines = async (): Promise<readonly MachineUse[]> => {
    const found = await Promise.all(book.cloudRuns.map(async (run) => (await readMachines(book.folder(run), clock() - machineAge)).map((machine) => ({ ...machine, run }))));
    return found.flat().sort((a, b) => (a.participant < b.participant ? -1 : 1));
  };
  return (caller) => {
    const watcher = {};
    let looked = -Infinity;
    let told: string | undefined;
    const tellMachines = async (): Promise<void> => {
      looked = clock();
      const found = await machines();
      const text = JSON.stringify(found);
      if (text === (told ?? '[]')) return;
      told = text;
      void caller.notify('resources.machines', { machines: found });
    };
    caller.handle('resources.watch', ({ intervalMs }) => {
      told = undefined;
      looked = -Infinity;
      return { history: sampler.watch(watcher, intervalMs, (sample) => {
        void caller.notify('resources.sample', sample);
        if (clock() - looked >= machinesInterval) void tellMachines().catch(() => undefined);
      }) };
    });
    caller.onClose(() => { sampler.watch(watcher, 0, () => undefined); });
  };
};
