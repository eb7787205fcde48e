import type { CloudDigest } from './cloud.ts';
import type { ErrorReport } from './errors.ts';
import type { JsonObject } from './json.ts';
import type { RunOutcome } from './events.ts';
import type { RunVerb } from './options.ts';
import type { RunPause } from './pauses.ts';

/** Where a run was asked for, so that its cell can be found again after a reload. */
export interface RunOrigin {
  /** URI of the notebook, as the editor writes it. */
  readonly notebook: string;
  /** Stable id of the cell, never its index. */
  readonly cell: string;
}

/** An id that sorts by time and is unique: `20260102-030405-a1b2c3`. */
export function newRunId(now: number): string {
  const [date, time] = new Date(now).toISOString().split('T');
  const mark = Array.from(crypto.getRandomValues(new Uint8Array(3)), (byte) => byte.toString(16).padStart(2, '0')).join('');
  return `${date.replaceAll('-', '')}-${time.slice(0, 8).replaceAll(':', '')}-${mark}`;
}

/** What a run is meant to be, written once at its start. Never holds a secret. */
export interface RunIntent {
  readonly id: string;
  /** The command as one line. */
  readonly command: string;
  readonly verb: string;
  readonly bids: string;
  readonly output: string;
  readonly options: JsonObject;
  readonly version: string;
  readonly pid: number;
  /** Tells the process from a later one with the same id; empty where the system does not say. */
  readonly process: string;
  readonly host: string;
  /** ISO 8601. */
  readonly started: string;
  /** Folder that relative paths of the command are relative to; older runs do not say. */
  readonly cwd?: string;
  readonly origin?: RunOrigin;
  /** Its participants are worked on by machines of a cloud. */
  readonly place?: 'cloud';
  /** Id of an earlier run, whose machines this one follows on. */
  readonly takesUp?: string;
}

/** `starting`: asked for, its tasks not known yet. `paused`: waits for what lets it go on, by itself or when it is told to. */
export type RunStatus = 'starting' | 'running' | 'paused' | RunOutcome;

/** A run as lists show it: a digest of its journal. */
export interface RunRecord {
  readonly id: string;
  readonly command: string;
  readonly verb: RunVerb;
  /** Where it runs. */
  readonly place: 'local' | 'cloud';
  readonly bids: string;
  readonly output: string;
  readonly status: RunStatus;
  /** True between the wish to cancel and the end. */
  readonly cancelling: boolean;
  /** Milliseconds since the epoch. */
  readonly started: number;
  readonly ended?: number;
  /** While it is paused: why, and since when. */
  readonly pause?: RunPause;
  /** Milliseconds that it was paused, without the pause that goes on. Left out: never. */
  readonly pausedMs?: number;
  readonly counts: TaskCounts;
  /** Results that were there already. */
  readonly reused: number;
  /** 0 to 1, tasks in progress counted by their progress. */
  readonly fraction: number;
  /** Titles of what is going on, with the participant: at most three. */
  readonly current: readonly string[];
  /** Number of the last event. */
  readonly seq: number;
  /** Machine that it runs on. */
  readonly host: string;
  /** Folder that relative paths of the command are relative to, for running it again; older runs do not say. */
  readonly cwd?: string;
  readonly origin?: RunOrigin;
  /** The run's own error, or that of the first task or participant that failed. */
  readonly error?: ErrorReport;
  /** US dollars that are spent; only of cloud runs. */
  readonly cost?: number;
  /** Only of cloud runs. */
  readonly cloud?: CloudDigest;
}

/** Tasks by how they stand. */
export interface TaskCounts {
  readonly waiting: number;
  readonly running: number;
  readonly finished: number;
  readonly failed: number;
  readonly skipped: number;
  readonly cancelled: number;
}

/** Whether a run has ended. */
export function isOver(status: RunStatus): status is RunOutcome {
  return status !== 'starting' && status !== 'running' && status !== 'paused';
}

/** A file that a run or a pipeline has made, for people to open. */
export interface OutputFile {
  readonly uri: string;
  readonly title: string;
  readonly kind: 'report' | 'table' | 'figure' | 'image' | 'other';
  /** Participant label without `sub-`, `group`, or undefined. */
  readonly scope?: string;
  readonly bytes: number;
}
