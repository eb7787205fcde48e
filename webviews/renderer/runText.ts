import type { RunRecord, RunStatus } from '../../runner/protocol/runs.ts';
import { isOver } from '../../runner/protocol/runs.ts';
import { pauseWords } from '../../runner/wording/pause.ts';
import { formatDollars } from '../../runner/wording/cloud.ts';
import { count, formatSeconds } from '../../runner/wording/words.ts';

/** What stands at the head of a run's card. */
export type Standing = 'running' | 'away' | Exclude<RunStatus, 'starting' | 'running'>;

/** How a run looks to its reader. `away`: it went on when last seen, and nobody here follows it. */
export function standingOf(run: RunRecord, isFollowed: boolean): Standing {
  if (isOver(run.status)) return run.status;
  return !isFollowed ? 'away' : run.pause !== undefined && !run.cancelling ? 'paused' : 'running';
}

/** The state in words. */
export function stateText(run: RunRecord, standing: Standing): string {
  switch (standing) {
    case 'running': return run.cancelling ? 'Cancelling' : run.status === 'starting' ? 'Planning' : 'Running';
    case 'paused': return `Paused${run.pause === undefined ? '' : `: ${pauseWords[run.pause.kind]}`}`;
    case 'away': return run.status === 'paused' ? 'Paused when last seen' : 'Running when last seen';
    case 'succeeded': return 'Done';
    case 'failed': return 'Failed';
    case 'cancelled': return 'Cancelled';
    case 'interrupted': return 'Interrupted';
  }
}

/** Where it runs; of machines of a cloud how many there are. */
export function placeText({ place, cloud, status }: Pick<RunRecord, 'place' | 'cloud' | 'status'>): string {
  if (place === 'local') return 'on local cores';
  return cloud === undefined || cloud.machines === 0 || isOver(status) ? 'on Coiled' : `on Coiled, ${count(cloud.machines, 'machine')}`;
}

/** What a run on machines of a cloud has cost; empty: nothing is known. */
export function costText({ cost, cloud, status }: Pick<RunRecord, 'cost' | 'cloud' | 'status'>): string {
  if (cost === undefined) return '';
  const expected = cloud?.estimate === undefined ? '' : ` of about ${formatDollars(cloud.estimate.likely)} expected`;
  return `${formatDollars(cost)}${isOver(status) ? '' : ' so far'}${expected}`;
}

/** Elapsed time, and what is left where that can be told. `now`: the runner's time, milliseconds. */
export function timeText(run: RunRecord, standing: Standing, now: number): string {
  if (standing === 'away') return '';
  if (standing === 'paused') return `for ${formatSeconds(Math.floor(Math.max(0, now - (run.pause?.since ?? now)) / 1000)).replace(/^(\d)\.0 s$/, '$1 s')}`;
  const end = run.ended ?? now;
  const elapsed = Math.max(0, (end - run.started) / 1000);
  // Whole seconds while it ticks.
  const words = formatSeconds(standing === 'running' ? Math.floor(elapsed) : elapsed).replace(/^(\d)\.0 s$/, '$1 s');
  const left = standing === 'running' && !run.cancelling ? secondsLeft(run.fraction, elapsed - (run.pausedMs ?? 0) / 1000) : undefined;
  return left === undefined ? words : `${words}, about ${roundedTime(left)} left`;
}

/** Seconds left if the rest goes like the part before; undefined when that is too early to say. */
export function secondsLeft(fraction: number, elapsed: number): number | undefined {
  if (fraction < 0.05 || fraction >= 1 || elapsed < 5) return undefined;
  return elapsed * (1 - fraction) / fraction;
}

function roundedTime(seconds: number): string {
  if (seconds < 60) return `${Math.max(5, Math.ceil(seconds / 5) * 5)} s`;
  if (seconds < 3600) return `${Math.ceil(seconds / 60)} min`;
  return `${(seconds / 3600).toFixed(1)} h`;
}

/** `12 of 74 tasks done, 3 reused, 1 failed`. */
export function countsText({ counts, reused, status, place }: RunRecord): string {
  const total = counts.waiting + counts.running + counts.finished + counts.failed + counts.skipped + counts.cancelled;
  if (total === 0) {
    if (status === 'starting') return 'Looking at the dataset and at what is there already.';
    return reused > 0 ? `Nothing to do: ${count(reused, 'result')} were there already.` : 'No tasks.';
  }
  const parts = [`${counts.finished} of ${count(total, place === 'cloud' ? 'participant' : 'task')} done`];
  if (counts.failed > 0) parts.push(`${counts.failed} failed`);
  if (counts.skipped > 0) parts.push(`${counts.skipped} skipped`);
  if (counts.cancelled > 0) parts.push(`${counts.cancelled} not done`);
  if (reused > 0) parts.push(`${reused} there already`);
  return parts.join(', ');
}

/** Milliseconds between two announcements of progress to screen readers. */
const announceInterval = 30_000;

/** What was last said to screen readers. */
export interface Announced {
  readonly text: string;
  readonly state: string;
  readonly time: number;
}

/** What a screen reader hears next: changes of state at once, progress now and then. */
export function announce(run: RunRecord, state: string, before: Announced | undefined, time: number): Announced | undefined {
  const isNewState = before === undefined || before.state !== state;
  if (!isNewState && (isOver(run.status) || time - before.time < announceInterval)) return undefined;
  const text = run.status === 'running' ? `${state}: ${Math.floor(100 * run.fraction)} percent. ${countsText(run)}.` : `${state}. ${countsText(run)}`;
  return { text, state, time };
}
