import { hostname } from 'node:os';
import { runnerFolderOf } from '../protocol/stateFolder.ts';
import { DatasetService } from './datasets.ts';
import type { HandlerContext, HandlerGroup } from './handlers.ts';

/** What is known of datasets: one list and one memory for all windows. */
export function openDatasetService(context: Omit<HandlerContext, 'datasets'>): DatasetService {
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
  return service;
}

/** Requests `datasets.*`. */
export const datasetHandlers: HandlerGroup = ({ datasets: { handlers } }) => {
  return (caller) => {
    caller.handle('datasets.list', handlers['datasets.list']);
    caller.handle('datasets.add', handlers['datasets.add']);
    caller.handle('datasets.remove', handlers['datasets.remove']);
    caller.handle('datasets.describe', handlers['datasets.describe']);
    caller.handle('datasets.participants', handlers['datasets.participants']);
    caller.handle('datasets.ranges', handlers['datasets.ranges']);
    caller.handle('datasets.counting', handlers['datasets.counting']);
    caller.handle('datasets.check', handlers['datasets.check']);
    caller.handle('datasets.columns', handlers['datasets.columns']);
    caller.handle('datasets.participant', handlers['datasets.participant']);
    caller.handle('datasets.image', handlers['datasets.image']);
    caller.handle('datasets.derivatives', handlers['datasets.derivatives']);
  };
};
