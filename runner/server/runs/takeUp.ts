import { readdirSync } from 'node:fs';
import { coiledSettings } from '../../coiled/settings.ts';
import { readIntent, readRequest, runFolder } from '../../engine/runFolder.ts';
import type { Environment } from '../../protocol/callerEnvironment.ts';
import { SpimquantError } from '../../protocol/errors.ts';
import type { Logger } from '../../protocol/log.ts';
import { newRunId } from '../../protocol/runs.ts';
import type { RunRecord } from '../../protocol/runs.ts';
import { startRun } from './startRun.ts';
import type { RunStarter } from './startRun.ts';

/** Runs in a row that each take up the one before: what kills them would kill the next one too. */
const longestChain = 3;

/** Whether a run has left machines that nobody follows, and nobody has wished for its end. Pure. */
export function isLeftBehind({ place, status, cloud, cwd }: Pick<RunRecord, 'place' | 'status' | 'cloud' | 'cwd'>): boolean {
  return place === 'cloud' && status === 'interrupted' && cwd !== undefined && (cloud?.left.length ?? 0) > 0;
}

/** How many runs took up one another before this one. */
export function chainLength(runs: string, id: string): number {
  let length = 0;
  for (let at = readIntent(runFolder(runs, id))?.takesUp; at !== undefined && length < longestChain; length++) at = readIntent(runFolder(runs, at))?.takesUp;
  return length;
}

/** Whether another run has taken up a run. Ids sort by time: only later ones can. */
function isTakenUp(runs: string, id: string): boolean {
  return readdirSync(runs).some((later) => later > id && readIntent(runFolder(runs, later))?.takesUp === id);
}

/**
 * Starts the same command once more, as a run of its own, which follows the machines that the earlier one has left. Returns its
 * id. Throws `bad-option` for a run that has left none.
 */
export function takeUpRun(record: RunRecord, env: Environment, starter: RunStarter, now: number, onExit: (id: string) => void): string {
  if (!isLeftBehind(record) || record.cwd === undefined) throw new SpimquantError('bad-option', 'There is nothing to take up: this run is not interrupted, or has left no machines.', { where: record.id });
  if (isTakenUp(starter.runs, record.id)) throw new SpimquantError('bad-option', 'Another run has taken up this one already.', { where: record.id });
  if (chainLength(starter.runs, record.id) >= longestChain) throw new SpimquantError('bad-option', 'Runs that took up one another were interrupted several times: this one is left.', { where: record.id, hint: 'Look at its log, then resume it.' });
  const { cores, memoryBytes, cloud, agreedCost } = readRequest(runFolder(starter.runs, record.id)) ?? {};
  const id = newRunId(now);
  startRun({
    id, text: record.command, cwd: record.cwd, takesUp: record.id, ...(record.origin === undefined ? {} : { origin: record.origin }),
    ...(cores === undefined ? {} : { cores }), ...(memoryBytes === undefined ? {} : { memoryBytes }),
    ...(cloud === undefined ? {} : { cloud }), ...(agreedCost === undefined ? {} : { agreedCost }),
  }, env, starter, now, () => { onExit(id); });
  return id;
}

/**
 * Takes up by itself what was found without its process, where somebody is signed in to Coiled in this environment. False: it is left
 * to a window, which may have a token, or to the same command.
 */
export async function takeUpAlone(record: RunRecord, env: Environment, starter: RunStarter, now: number, log: Logger, onExit: (id: string) => void): Promise<boolean> {
  if (!isLeftBehind(record) || chainLength(starter.runs, record.id) >= longestChain) return false;
  try {
    if ((await coiledSettings(env)).token === undefined) return false;
    const id = takeUpRun(record, env, starter, now, onExit);
    log('info', `Run ${record.id} has left machines that nobody follows: run ${id} takes them up.`);
    return true;
  } catch (error) {
    log('warn', `Run ${record.id} has left machines that nobody follows, and cannot be taken up: ${String(error)}`);
    return false;
  }
}
