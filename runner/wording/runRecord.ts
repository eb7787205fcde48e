import type { CloudDigest } from '../protocol/cloud.ts';
import type { ErrorReport } from '../protocol/errors.ts';
import type { RunVerb } from '../protocol/options.ts';
import type { RunIntent, RunRecord } from '../protocol/runs.ts';
import { isOver } from '../protocol/runs.ts';
import { countTasks, runFraction } from '../protocol/runState.ts';
import type { RunState } from '../protocol/runState.ts';
import { formatScope, transferWords } from './words.ts';

/** Titles that a record names at most. */
const currentLimit = 3;

/** What a record needs beside the run's intent and state. */
export interface RunStanding {
  /** Number of the last event. */
  readonly seq: number;
  /** Whether somebody has asked for its end. */
  readonly cancelling: boolean;
}

/** What events make of a run: the part of its record that changes. */
export type Standing = Pick<RunRecord, 'status' | 'cancelling' | 'ended' | 'pause' | 'pausedMs' | 'counts' | 'reused' | 'fraction' | 'current' | 'seq' | 'error' | 'cost' | 'cloud'>;

/** How a run stands after its events. Pure. */
export function standingOf(state: RunState, { seq, cancelling }: RunStanding): Standing {
  const error = state.error ?? firstError(state);
  const over = isOver(state.status);
  return {
    status: state.status,
    cancelling: cancelling && !over,
    ...(state.ended === undefined ? {} : { ended: state.ended }),
    ...(state.pause === undefined ? {} : { pause: state.pause }),
    ...(state.pausedMs === 0 ? {} : { pausedMs: state.pausedMs }),
    counts: countTasks(state.tasks.values()),
    reused: state.reused,
    fraction: runFraction(state),
    current: over ? [] : currentTitles(state),
    seq,
    ...(state.cloud?.spent === undefined ? {} : { cost: state.cloud.spent.dollars }),
    ...(state.cloud === undefined ? {} : { cloud: cloudDigest(state, over) }),
    ...(error === undefined ? {} : { error }),
  };
}

/** A run as lists show it. Pure. */
export function digestRun(intent: RunIntent, state: RunState, standing: RunStanding): RunRecord {
  return {
    id: intent.id,
    command: intent.command,
    verb: intent.verb as RunVerb,
    place: intent.place ?? 'local',
    bids: intent.bids,
    output: intent.output,
    started: state.started ?? (Date.parse(intent.started) || 0),
    host: intent.host,
    ...(intent.cwd === undefined ? {} : { cwd: intent.cwd }),
    ...(intent.origin === undefined ? {} : { origin: intent.origin }),
    ...standingOf(state, standing),
  };
}

function cloudDigest({ cloud }: RunState, over: boolean): CloudDigest {
  const { estimate, jobs = [], machines = 0, spent } = cloud ?? {};
  const page = jobs.findLast((job) => job.page !== undefined)?.page;
  return {
    ...(estimate === undefined ? {} : { estimate: { low: estimate.low, likely: estimate.likely, high: estimate.high } }),
    ...(spent === undefined ? {} : { spent }), machines: over ? 0 : machines, ...(page === undefined ? {} : { page }),
    // Of a run that is over, whatever is not known to be gone may still be there.
    left: jobs.filter(({ state }) => (over ? state !== 'gone' : state === 'left')).map(({ name }) => name),
  };
}

function firstError(state: RunState): ErrorReport | undefined {
  if (state.failedParticipants.length > 0) return state.failedParticipants[0].error;
  for (const task of state.tasks.values()) if (task.error !== undefined) return task.error;
  return undefined;
}

function currentTitles(state: RunState): string[] {
  const titles: string[] = [];
  for (const { status, summary, progress } of state.tasks.values()) {
    if (status !== 'running') continue;
    titles.push([`${formatScope(summary.scope)} ${summary.title}`, transferWords(progress)].filter((part) => part !== '').join(': '));
    if (titles.length === currentLimit) break;
  }
  return titles;
}
