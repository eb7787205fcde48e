import type { ErrorReport } from '../protocol/errors.ts';
import { isOver, type RunRecord, type RunStatus, type TaskCounts } from '../protocol/runs.ts';
import { pauseWords } from './pause.ts';
import { count, formatScope, formatSeconds } from './words.ts';

/** How a run stands, in a word or two. */
export const statusWords: Readonly<Record<RunStatus, string>> = {
  starting: 'starting', running: 'running', paused: 'paused', succeeded: 'done', failed: 'done, with failures', cancelled: 'cancelled', interrupted: 'interrupted',
};

/** `12 of 40 done, 2 failed`: nothing that is zero. */
export function taskCountsText(counts: TaskCounts): string {
  const total = counts.waiting + counts.running + counts.finished + counts.failed + counts.skipped + counts.cancelled;
  const more = (['running', 'failed', 'skipped', 'cancelled'] as const).filter((key) => counts[key] > 0).map((key) => `${counts[key]} ${key}`);
  return [`${counts.finished} of ${count(total, 'step')} done`, ...more].join(', ');
}

/** `participant of brains`: the verb and the last part of the dataset. */
export function runTitle(run: Pick<RunRecord, 'verb' | 'bids'>): string {
  return `${run.verb} of ${run.bids.split(/[/\\]/).filter((part) => part !== '').at(-1) ?? run.bids}`;
}

/** An error as one or two sentences: what happened, what to do. */
export function errorText(error: ErrorReport): string {
  return [error.message, ...(error.hint === undefined ? [] : [error.hint])].join(' ');
}

/** How a run stands, as one sentence without a full stop. `now`: milliseconds since the epoch, for one that goes on. */
export function runSentence(run: RunRecord, now: number): string {
  const seconds = ((run.ended ?? now) - run.started) / 1000;
  if (isOver(run.status)) {
    const reused = run.reused > 0 ? `, ${run.reused} were up to date` : '';
    return `${statusWords[run.status]}: ${taskCountsText(run.counts)}${reused}, in ${formatSeconds(seconds)}`;
  }
  if (run.cancelling) return `cancelling: ${taskCountsText(run.counts)}`;
  if (run.pause !== undefined) return `paused (${pauseWords[run.pause.kind]}): ${Math.floor(100 * run.fraction)} %, ${taskCountsText(run.counts)}`;
  return run.status === 'starting' ? 'starting' : `running: ${Math.floor(100 * run.fraction)} %, ${taskCountsText(run.counts)}, ${formatSeconds(seconds)}`;
}

/** A line of a run's log: `warn  sub-01: message`. */
export function logText(line: { readonly level: string; readonly message: string; readonly task?: string }): string {
  const scope = line.task?.split('/')[0].replace(/_.*$/, '');
  return `${line.level.padEnd(5)} ${scope === undefined ? '' : `${scope.startsWith('sub-') ? scope : formatScope(scope)}: `}${line.message}`;
}
