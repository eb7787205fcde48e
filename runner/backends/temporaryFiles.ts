import { createHash } from 'node:crypto';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import type { Places } from '../engine/places.ts';
import { WorkFolder } from '../engine/workFolder.ts';
import type { SweptFolder } from '../engine/workFolder.ts';
import { SpimquantError } from '../protocol/errors.ts';
import type { RunOutcome } from '../protocol/events.ts';
import type { LevelCommand } from '../protocol/options.ts';
import { localError } from '../storage/local/localErrors.ts';
import { expandHome, isRemote, normaliseUri } from '../storage/uri.ts';
import { templateCacheFolder } from '../templates/resolve.ts';
import type { Recording } from './recording.ts';

/** Folder of temporary files: always local, and different for every output. Throws `bad-option` for a `--work_dir` that is none. */
export function workFolder(output: string, chosen: string | undefined, env: Readonly<Record<string, string | undefined>>): string {
  const mark = `spimquant-${createHash('sha256').update(output).digest('hex').slice(0, 12)}`;
  if (chosen !== undefined) {
    const expanded = chosen.replace(/\$\{(\w+)\}|\$(\w+)/g, (_whole, braced: string | undefined, bare: string | undefined) => env[braced ?? bare ?? ''] ?? '');
    if (isRemote(expanded)) throw new SpimquantError('bad-option', `--work_dir must be a local folder: ${expanded}`, { where: expanded });
    return join(normaliseUri(expandHome(expanded)), mark);
  }
  if (!isRemote(output)) return join(output, '.spimquant', 'work');
  return join(dirname(templateCacheFolder({ env, platform: process.platform, home: homedir() })), 'work', mark);
}

/** Makes the folder of temporary files this run's. Throws as local stores do. */
export async function claimWork(places: Places, register: string): Promise<WorkFolder> {
  const { uri } = places.work;
  try {
    return await WorkFolder.claim(uri, places.output.uri, register);
  } catch (error) {
    throw localError(error, 'write', uri);
  }
}

/** Tells which temporary files of earlier runs are gone, once there is a journal. */
export async function tellSwept(swept: Promise<readonly SweptFolder[]>, recording: Recording): Promise<void> {
  for (const { folder, output } of await swept) recording.journal?.append({ type: 'run-log', level: 'info', message: `Removed temporary files of an earlier run to ${output} that was never gone on with: ${folder}` });
}

/** Temporary files after a run: gone when it has succeeded, kept for the next when it has not, the user's with `--notemp`. */
export async function settleWork(work: WorkFolder, { execution }: LevelCommand, places: Places, outcome: RunOutcome): Promise<void> {
  if (execution.keepWork) return work.keep();
  if (outcome !== 'succeeded') return work.leave();
  // Inside of an output receipts are records of it; elsewhere they would be rubbish.
  await work.remove({ receipts: !isRemote(places.output.uri) && execution.workDir === undefined });
}
