import type { CloudJob, CostEstimate, CostSoFar } from './cloud.ts';
import type { ErrorReport } from './errors.ts';
import type { LogLevel } from './log.ts';
import type { PauseReason } from './pauses.ts';

/** How far a task has come. `done` and `total` are in `unit`, e.g. bytes or voxels. */
export interface TaskProgress {
  readonly done: number;
  readonly total: number;
  readonly unit: 'bytes' | 'voxels' | 'items' | 'iterations';
  /** Of a transfer, whose unit is bytes: how many files of how many. */
  readonly files?: { readonly done: number; readonly total: number };
  /** Units a second, smoothed; left out: it goes at the rate since the start. */
  readonly perSecond?: number;
  /** Seconds that the rest will take; left out: not known. */
  readonly secondsLeft?: number;
}

/** A task as views need to know it, before it runs. */
export interface TaskSummary {
  readonly id: string;
  /** Name of the stage, e.g. `segment`. */
  readonly stage: string;
  /** Participant label without `sub-`, or `template`, or `group`. */
  readonly scope: string;
  /** What a person reads while it runs, e.g. `segment Abeta (otsu+k3i2), part 3 of 8`. */
  readonly title: string;
  /** Its part of the whole, beside the others': 1 when left out. */
  readonly weight?: number;
  /** Why it runs, in words without a full stop: `parameters changed: value`. */
  readonly why?: string;
  /** Ids of the tasks of this run that make what it needs; left out: none, or not known. */
  readonly after?: readonly string[];
}

interface EventBase {
  /** 1, 2, 3 … within a run, without gaps. */
  readonly seq: number;
  /** Milliseconds since the epoch. */
  readonly time: number;
}

/** What can happen in a run. A run's state is a pure fold over these. */
export type RunEventBody =
  | { readonly type: 'run-started'; readonly pid: number; readonly host: string }
  | { readonly type: 'run-planned'; readonly tasks: readonly TaskSummary[]; readonly reused: number }
  | { readonly type: 'participant-failed'; readonly participant: string; readonly error: ErrorReport }
  | { readonly type: 'task-started'; readonly task: string }
  | { readonly type: 'task-progress'; readonly task: string; readonly progress: TaskProgress }
  | { readonly type: 'task-log'; readonly task: string; readonly level: LogLevel; readonly message: string }
  | { readonly type: 'task-finished'; readonly task: string; readonly seconds: number; readonly bytesRead: number; readonly bytesWritten: number }
  | { readonly type: 'task-failed'; readonly task: string; readonly error: ErrorReport }
  | { readonly type: 'task-skipped'; readonly task: string; readonly because: string }
  /** It failed by what the run is paused for, and waits to be done anew. */
  | { readonly type: 'task-postponed'; readonly task: string; readonly error: ErrorReport }
  /** No task is started until it goes on; those under way are not stopped. */
  | ({ readonly type: 'run-paused' } & PauseReason)
  /** Somebody asked to go on, and what it waits for has not come yet. */
  | { readonly type: 'run-still-paused'; readonly error: ErrorReport }
  | { readonly type: 'run-resumed' }
  /** What a cloud run is expected to cost. */
  | { readonly type: 'cloud-estimated'; readonly estimate: CostEstimate }
  /** A job of a cloud run, as it stands now: written before it is asked for, and with every change. */
  | { readonly type: 'cloud-job'; readonly job: CloudJob }
  /** Machines that are there, and what is spent; left out: nothing is known of it. */
  | { readonly type: 'cloud-standing'; readonly machines: number; readonly spent?: CostSoFar }
  | { readonly type: 'run-log'; readonly level: LogLevel; readonly message: string }
  | { readonly type: 'run-finished'; readonly outcome: RunOutcome; readonly error?: ErrorReport };

/**
 * How a run ended. `interrupted`: its process died (killed, out of memory, power cut); what was finished is kept and the
 * same command goes on from there. Written by whoever finds the process gone.
 */
export type RunOutcome = 'succeeded' | 'failed' | 'cancelled' | 'interrupted';

export type RunEvent = EventBase & RunEventBody;
