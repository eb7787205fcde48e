import { hostname } from 'node:os';
import { runnerFolderOf } from '../protocol/stateFolder.ts';
import type { HandlerGroup } from './handlers.ts';
import { DatasetService } from './datasets.ts';

/** Requests `datasets.*`. All windows share one list and one memory. */
export const datasetHandlers: HandlerGroup = (context) => {
  const service = new DatasetService({
    stateFolder: context.state,
    cacheFolder: runnerFolderOf(context.state, hostname()),
    clock: context.clock,
    log: context.log,
    changed: (datasets) => { context.broadcast('datasets.changed', { datasets }, 'datasets.changed'); },
    progress: (dataset, counted, done, error) => {
      context.broadcast('datasets.progress', { dataset, counted, done, ...(error === undefined ? {} : { error }) }, JSON.stringify(dataset));
    },
    // Each tells something else: none replaces another that is on its way.
    updated: (dataset, change) => { context.broadcast('datasets.updated', { dataset, change }, JSON.stringify([dataset, change])); },
  });
  context.onEnd(() => { service.dispose(); });
  const { handlers } = service;
  return (caller) => {
    caller.handle('datasets.list', handlers['datasets.list']);
    caller.handle('datasets.add', handlers['datasets.add']);
    caller.handle('datasets.remove', handlers['datasets.remove']);
    caller.handle('datasets.describe', handlers['datasets.describe']);
    caller.handle('datasets.participants', handlers['datasets.participants']);
    caller.handle('datasets.ranges', handlers['datasets.ranges']);
    caller.handle('datasets.counting', handlers['datasets.counting']);
    caller.handle('datasets.participant', handlers['datasets.participant']);
    caller.handle('datasets.image', handlers['datasets.image']);
    caller.handle('datasets.derivatives', handlers['datasets.derivatives']);
  };
};
