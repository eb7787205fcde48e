import { mkdtemp, rm } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { usualTransfers } from '../command/buildSync.ts';
import { joinWords } from '../command/shell.ts';
import { Journal } from '../engine/journal.ts';
import { programVersion } from '../pipeline/plan/provenance.ts';
import type { LevelCommand, PathFilter, SyncCommand } from '../protocol/options.ts';
import { newRunId } from '../protocol/runs.ts';
import { runSync } from './sync.ts';
import type { SyncBackend, SyncSummary } from './sync.ts';

/** What a copying needs from outside. */
export type StagingBackend = Pick<SyncBackend, 'clock' | 'env' | 'signal'>;

/** A copying that is a part of a run. */
export function copying({ execution }: LevelCommand, ends: Pick<SyncCommand, 'bids' | 'output' | 'storage' | 'toStorage'> & { readonly filters: readonly PathFilter[] }): SyncCommand {
  const { filters, ...places } = ends;
  return {
    verb: 'sync', ...places, options: { filters, deletes: false, yes: false, byContent: false, verify: true, transfers: usualTransfers },
    execution: { ...execution, cloud: undefined, external: undefined, dryRun: false, forceAll: false, unlock: false },
  };
}

/** Every so much of a copying is told. */
const toldPart = 0.1;

/**
 * Carries out a copying that is a part of a run: it has no journal that stays, and is in no list of runs. `progress` hears the part that is done, now and then.
 */
export async function quietly(command: SyncCommand, { clock, env, signal }: StagingBackend, progress: (part: number) => void = () => undefined): Promise<SyncSummary> {
  const folder = await mkdtemp(join(tmpdir(), 'spimquant-copy-'));
  try {
    const now = clock();
    const text = joinWords(['spimquant', 'sync', command.bids, command.output]);
    const journal = new Journal(folder, {
      id: newRunId(now), command: text, verb: 'sync', bids: command.bids, output: command.output, options: {}, version: programVersion, pid: process.pid, process: '', host: hostname(), started: new Date(now).toISOString(),
    }, clock);
    let told = 0;
    journal.subscribe((event) => {
      if (event.type !== 'task-progress' || event.progress.unit !== 'bytes' || event.progress.total === 0) return;
      const part = event.progress.done / event.progress.total;
      if (part - told < toldPart || part >= 1) return;
      told = part;
      progress(part);
    });
    return await runSync(command, text, { clock, env, signal, journal });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
