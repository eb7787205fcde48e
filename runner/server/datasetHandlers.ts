import type { HandlerGroup } from './handlers.ts';
import { DatasetService } from './datasets.ts';

/** Requests `datasets.*`. All windows share one list and one memory. */
export const datasetHandlers: HandlerGroup = (context) => {
  const { handlers } = new DatasetService({
    stateFolder: context.state,
    clock: context.clock,
    log: context.log,
    changed: (datasets) => { context.broadcast('datasets.changed', { datasets }, 'datasets.changed'); },
  });
  return (caller) => {
    caller.handle('datasets.list', handlers['datasets.list']);
    caller.handle('datasets.add', handlers['datasets.add']);
    caller.handle('datasets.remove', handlers['datasets.remove']);
    caller.handle('datasets.describe', handlers['datasets.describe']);
    caller.handle('datasets.participants', handlers['datasets.participants']);
    caller.handle('datasets.participant', handlers['datasets.participant']);
    caller.handle('datasets.image', handlers['datasets.image']);
    caller.handle('datasets.derivatives', handlers['datasets.derivatives']);
  };
};
