import * as vscode from 'vscode';
import type { RunRecord } from '../../runner/protocol/runs.ts';
import type { RunnerClient } from '../runner-client/client.types.ts';
import { DisposableStore } from '../platform/lifecycle.ts';
import type { RunStore } from '../services.ts';

/** Runs that are asked for at once. */
export const pageSize = 50;

/**
 * Keeps the runs of this machine as the runner tells of them. Asks nothing before `load`; after that it loads again
 * whenever the runner was away.
 */
export function createRunStore(runner: RunnerClient): RunStore {
  const ends = new DisposableStore();
  const changed = ends.add(new vscode.EventEmitter<RunRecord | undefined>());
  const records = new Map<string, RunRecord>();
  let order: readonly RunRecord[] | undefined;
  let more = false;
  let loading: Promise<void> | undefined;
  let loaded = false;
  let loadedFrom: string | undefined;

  const put = (record: RunRecord): boolean => {
    const known = records.get(record.id);
    // A list that was asked for earlier must not set back what was heard since.
    if (known !== undefined && known.seq > record.seq) return false;
    records.set(record.id, record);
    order = undefined;
    return true;
  };

  const reload = async (): Promise<void> => {
    const page = await runner.request('runs.list', { limit: Math.max(pageSize, records.size) });
    const named = new Set(page.runs.map(({ id }) => id));
    const oldest = page.runs.at(-1)?.id ?? '';
    for (const id of [...records.keys()]) {
      // What the runner no longer names was deleted meanwhile, unless it is older than the page.
      if (!named.has(id) && (!page.more || id >= oldest)) records.delete(id);
    }
    page.runs.forEach(put);
    more = page.more;
    loadedFrom = connectedTo(runner);
    loaded = true;
    order = undefined;
    changed.fire(undefined);
  };

  const load = (): Promise<void> => {
    loading ??= reload().finally(() => { loading = undefined; });
    return loading;
  };

  ends.add(runner.on('runs.changed', ({ run }) => { if (put(run)) changed.fire(run); }));
  ends.add(runner.on('runs.removed', ({ id }) => {
    if (!records.delete(id)) return;
    order = undefined;
    changed.fire(undefined);
  }));
  ends.add(runner.onStatus((status) => {
    if (!loaded || status.kind !== 'connected' || status.serverId === loadedFrom) return;
    // A failure shows in the runner's status; the next connection tries again.
    load().catch(() => undefined);
  }));

  return {
    get runs() {
      order ??= [...records.values()].sort((a, b) => (a.id < b.id ? 1 : -1));
      return order;
    },
    get more() { return more; },
    onDidChange: changed.event,
    get: (id) => records.get(id),
    load,
    async loadMore() {
      await loading;
      const last = [...records.keys()].reduce((least, id) => (id < least ? id : least), '~');
      const page = await runner.request('runs.list', { limit: pageSize, before: last });
      page.runs.forEach(put);
      more = page.more;
      changed.fire(undefined);
    },
    dispose: () => { ends.dispose(); },
  };
}

function connectedTo(runner: RunnerClient): string | undefined {
  return runner.status.kind === 'connected' ? runner.status.serverId : undefined;
}
