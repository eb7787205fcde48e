import type { CloudStanding } from './cloud.ts';
import type { ErrorReport } from './errors.ts';
import type { TaskProgress } from './events.ts';
import type { LogLevel } from './log.ts';
import type { ResourceSample, ResourceSummary } from './resources.ts';
import type { TaskStatus } from './runState.ts';

/** Which lines of a run's log are asked for; all conditions hold at once. */
export interface LogQuery {
  /** This level and those above it; left out: all. */
  readonly level?: 'warn' | 'error';
  /** Of this task alone. */
  readonly task?: string;
  /** Of the tasks of this scope alone: a participant label without `sub-`, `template`, `group`. */
  readonly scope?: string;
  /** That contain this, upper and lower case alike. */
  readonly text?: string;
}

/** A line of a run's log. */
export interface LogRow {
  /** Number of the event that it comes from. */
  readonly seq: number;
  /** Milliseconds since the epoch. */
  readonly time: number;
  readonly level: LogLevel;
  /** Id of the task that said it; left out: the run itself. */
  readonly task?: string;
  /** May have several lines of text. */
  readonly message: string;
}

/** A part of a run's log. */
export interface LogPage {
  readonly rows: readonly LogRow[];
  /** Which of the lines that fit the first row is. */
  readonly from: number;
  /** Lines that fit so far, and lines in all so far. */
  readonly total: number;
  readonly all: number;
  /** Lines of level `error` in all so far. */
  readonly errors: number;
  /** How much of the file has been looked through, 0 to 1: long logs take a moment. */
  readonly known: number;
}

/** A task as the run's page shows it. */
export interface TaskRow {
  readonly id: string;
  readonly stage: string;
  readonly scope: string;
  readonly title: string;
  readonly why?: string;
  /** Ids of the tasks of the run that make what it needs. */
  readonly after?: readonly string[];
  readonly status: TaskStatus;
  readonly progress?: TaskProgress;
  /** Milliseconds since the epoch, of the last attempt. */
  readonly started?: number;
  readonly seconds?: number;
  /** How often it was begun: more than once when it was tried again. */
  readonly attempts: number;
  readonly error?: ErrorReport;
  readonly because?: string;
}

/** Tasks of a run that changed after an event; the first answer names all, in the order of the plan. */
export interface TaskChanges {
  /** Number of the last event that is taken into account: ask for what comes after it next time. */
  readonly seq: number;
  /** How many tasks there are in all. */
  readonly tasks: number;
  readonly changed: readonly TaskRow[];
  /** Participants that could not be planned. */
  readonly failedParticipants: readonly { readonly participant: string; readonly error: ErrorReport }[];
  /** What is known of its machines and their cost; only of cloud runs. */
  readonly cloud?: CloudStanding;
}

/** What a machine gave to a run, over time. */
export interface HostResources {
  readonly host: string;
  /** Participants that it worked on, one after another, in milliseconds since the epoch by its clock; none: the machine whose process is the run, or follows it. */
  readonly participants: readonly { readonly participant: string; readonly from: number; readonly to: number }[];
  readonly summary: ResourceSummary;
  /** Oldest first, thinned out evenly where there were more than asked for; peaks are kept. Empty where they were not asked for. */
  readonly samples: readonly ResourceSample[];
  /** Milliseconds between the samples as they were taken. */
  readonly intervalMs: number;
}

/** Machines whose samples are sent where none are named. */
export const usualHosts = 4;
