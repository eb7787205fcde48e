import type { ErrorReport } from '../protocol/errors.ts';
import type { PauseKind } from '../protocol/pauses.ts';

/** What is known of the place that a failure is about. */
export interface PlaceFacts {
  /** Whether the run has used it before: then it is the right one, and trouble with it passes. */
  readonly reached: boolean;
  /** Whether its credentials can change while the run goes on. */
  readonly renewable: boolean;
  /** How often the same step has waited for it in vain. */
  readonly repeats: number;
}

/** Waits of one step for the network, after which what fails is not the network: a damaged file on a network folder, say. */
export const mostRepeats = 10;

/**
 * What a run waits for after a failure; undefined: waiting is of no use, it fails. A service that was never reached is
 * probably a wrong address, and credentials that were never found will not come by themselves.
 */
export function pauseKindOf({ code }: ErrorReport, { reached, renewable, repeats }: PlaceFacts): PauseKind | undefined {
  switch (code) {
    case 'auth-expired': return renewable ? 'sign-in' : undefined;
    case 'auth-missing': return reached && renewable ? 'sign-in' : undefined;
    case 'network':
    case 'throttled': return reached && repeats < mostRepeats ? 'network' : undefined;
    case 'disk-full': return 'disk';
    default: return undefined;
  }
}

const second = 1000;
const minute = 60 * second;

/** Milliseconds that a run stays paused before it is given up, when nothing is said: long enough for the next morning. */
export const usualPauseLimit = 24 * 60 * minute;
/** The same where nobody looks: a job of a continuous integration is paid for while it waits. */
export const unattendedPauseLimit = 10 * minute;

/** How long a run may be paused, in milliseconds; 0: never, Infinity: as long as it takes. `asked`: what the command says. */
export function pauseLimit(asked: number | undefined, env: Readonly<Record<string, string | undefined>>): number {
  if (asked !== undefined) return asked;
  return env.CI && env.CI !== 'false' && env.CI !== '0' ? unattendedPauseLimit : usualPauseLimit;
}

/** The first wait before it is tried whether the run can go on, which doubles each time, and the longest; milliseconds. */
const waits: Readonly<Record<PauseKind, readonly [first: number, longest: number]>> = {
  // Files of credentials are watched besides.
  'sign-in': [2 * second, 5 * minute],
  'network': [2 * second, minute],
  'disk': [5 * second, minute],
};
/** The same after files of credentials have changed, which trying itself can cause (some tools write when they are asked). */
const afterChange = [0, minute] as const;
/** A step that takes longer than this was a machine's sleep, which does not count against the limit; milliseconds. */
const longestStep = 10 * second;

/** How far a pause has come. */
export interface Waiting {
  readonly kind: PauseKind;
  /** Milliseconds, of the machine awake, after which the run is given up. */
  readonly limitMs: number;
  /** Milliseconds that it has taken, the machine's sleep left out. */
  readonly awakeMs: number;
  /** Milliseconds since it was last tried, or since the beginning. */
  readonly sinceTryMs: number;
  /** Tries in vain: by the clock, and after changes of files. */
  readonly tries: number;
  readonly changes: number;
  /** A change of files that was not tried yet. */
  readonly changed: boolean;
}

/** The beginning of a pause. `tries`: of earlier pauses for the same, since which nothing was finished. */
export function beginWaiting(kind: PauseKind, limitMs: number, tries = 0): Waiting {
  return { kind, limitMs, awakeMs: 0, sinceTryMs: 0, tries, changes: 0, changed: false };
}

/** `wait`: nothing to be done. `try`: whether it works again. `give-up`: it has taken too long. */
export type PauseStep = 'wait' | 'try' | 'give-up';

/** What happened since the last step. */
export interface Elapsed {
  readonly ms: number;
  /** Files of credentials have changed. */
  readonly changed: boolean;
  /** Somebody wants it to be tried now. */
  readonly asked: boolean;
}

/** One step of a pause. */
export function stepWaiting(before: Waiting, { ms, changed, asked }: Elapsed): { readonly waiting: Waiting; readonly step: PauseStep } {
  const waiting: Waiting = {
    ...before, awakeMs: before.awakeMs + Math.min(ms, longestStep), sinceTryMs: before.sinceTryMs + ms, changed: before.changed || changed,
  };
  const dueByChange = waiting.changed && waiting.sinceTryMs >= doubling(afterChange, before.changes);
  const dueByClock = waiting.sinceTryMs >= doubling(waits[waiting.kind], before.tries);
  if (asked || dueByChange || dueByClock) {
    return {
      step: 'try',
      waiting: { ...waiting, sinceTryMs: 0, changed: false, ...(dueByChange ? { changes: before.changes + 1 } : asked ? {} : { tries: before.tries + 1 }) },
    };
  }
  return { waiting, step: waiting.awakeMs >= waiting.limitMs ? 'give-up' : 'wait' };
}

function doubling([first, longest]: readonly [number, number], times: number): number {
  return times === 0 ? first : Math.min(longest, Math.max(first, second) * 2 ** times);
}

/** Room on a disk, in bytes. */
export interface DiskSpace {
  readonly freeBytes: number;
  readonly totalBytes: number;
}

/** Whether somebody has made room on a disk that was full, and not only the failed step by removing what it had half written. */
export function hasRoomAgain(atPause: DiskSpace, now: DiskSpace): boolean {
  return now.freeBytes - atPause.freeBytes >= Math.min(2 ** 30, now.totalBytes / 20);
}
