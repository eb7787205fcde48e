import type { CloudStanding } from './cloud.ts';
import type { ErrorReport } from './errors.ts';
import type { RunEvent, TaskProgress, TaskSummary } from './events.ts';
import type { LogLevel } from './log.ts';
import type { RunPause } from './pauses.ts';
import type { RunStatus, TaskCounts } from './runs.ts';

export type TaskStatus = 'waiting' | 'running' | 'finished' | 'failed' | 'skipped' | 'cancelled';

/** How a task stands. */
export interface TaskState {
  readonly summary: TaskSummary;
  readonly status: TaskStatus;
  readonly progress?: TaskProgress;
  /** Milliseconds since the epoch. */
  readonly started?: number;
  readonly seconds?: number;
  readonly error?: ErrorReport;
  /** Why it was skipped. */
  readonly because?: string;
}

/** A line of the run's log. */
export interface LogLine {
  readonly time: number;
  readonly level: LogLevel;
  readonly message: string;
  /** The task that said it; undefined: the run itself. */
  readonly task?: string;
}

/** How a run stands: the only source of every view of it. */
export interface RunState {
  readonly status: RunStatus;
  /** Milliseconds since the epoch. */
  readonly started?: number;
  readonly ended?: number;
  /** While the status is `paused`. */
  readonly pause?: RunPause;
  /** Milliseconds of the pauses that are over. */
  readonly pausedMs: number;
  /** Whether its tasks are known: what the status is after a pause. */
  readonly planned: boolean;
  /** In the order of the plan. Only tasks that run. */
  readonly tasks: ReadonlyMap<string, TaskState>;
  /** Tasks whose results were there already. */
  readonly reused: number;
  /** Participants that could not even be planned. */
  readonly failedParticipants: readonly { readonly participant: string; readonly error: ErrorReport }[];
  readonly bytesRead: number;
  readonly bytesWritten: number;
  /** Only of cloud runs. */
  readonly cloud?: CloudStanding;
  /** The latest {@link logLimit} lines. */
  readonly log: readonly LogLine[];
  /** Of the run as a whole, when it ended by one. */
  readonly error?: ErrorReport;
}

/** Lines of log that a state keeps; the journal has all. */
export const logLimit = 200;

/** Before anything has happened. */
export const initialState: RunState = {
  status: 'starting', pausedMs: 0, planned: false, tasks: new Map(), reused: 0, failedParticipants: [], bytesRead: 0, bytesWritten: 0, log: [],
};

/** A run's state after one more event. Pure; events of tasks that were never planned are ignored. */
export function applyEvent(state: RunState, event: RunEvent): RunState {
  return foldEvents([event], state);
}

/** A run's state after all these events, from `state` on. Takes time in proportion to the events and the tasks. */
export function foldEvents(events: Iterable<RunEvent>, state: RunState = initialState): RunState {
  const fold = new RunFold(state);
  for (const event of events) fold.apply(event);
  return fold.state;
}

/**
 * Follows a run event by event without copying its tasks each time. A state that was handed out never changes: the next
 * event after {@link RunFold.state} works on a copy.
 */
export class RunFold {
  #state: RunState;
  #tasks: Map<string, TaskState>;
  #log: LogLine[];
  /** Whether tasks and log are somebody else's too. */
  #shared = true;

  constructor(from: RunState = initialState) {
    this.#state = from;
    this.#tasks = new Map();
    this.#log = [];
  }

  get state(): RunState {
    if (!this.#shared) {
      this.#shared = true;
      this.#state = { ...this.#state, tasks: this.#tasks, log: this.#log.slice(-logLimit) };
    }
    return this.#state;
  }

  apply(event: RunEvent): void {
    this.#own();
    switch (event.type) {
      case 'run-started':
        this.#change({ started: event.time });
        break;
      case 'run-planned':
        this.#change({ status: 'running', planned: true, reused: event.reused });
        this.#tasks = new Map(event.tasks.map((summary) => [summary.id, { summary, status: 'waiting' as const }]));
        break;
      case 'participant-failed':
        this.#change({ failedParticipants: [...this.#state.failedParticipants, { participant: event.participant, error: event.error }] });
        break;
      case 'task-started':
        this.#changeTask(event.task, { status: 'running', started: event.time });
        break;
      case 'task-progress':
        this.#changeTask(event.task, { progress: event.progress });
        break;
      case 'task-finished':
        this.#changeTask(event.task, { status: 'finished', seconds: event.seconds });
        this.#change({ bytesRead: this.#state.bytesRead + event.bytesRead, bytesWritten: this.#state.bytesWritten + event.bytesWritten });
        break;
      case 'task-failed':
        this.#changeTask(event.task, { status: 'failed', error: event.error });
        break;
      case 'task-skipped':
        this.#changeTask(event.task, { status: 'skipped', because: event.because });
        break;
      case 'task-postponed':
        this.#changeTask(event.task, { status: 'waiting', started: undefined, progress: undefined });
        break;
      case 'run-paused': {
        const { kind, error, signIn, credentials, until } = event;
        this.#change({
          status: 'paused',
          pause: { kind, error, signIn, since: event.time, ...(credentials === undefined ? {} : { credentials }), ...(until === undefined ? {} : { until }) },
        });
        break;
      }
      case 'run-still-paused':
        if (this.#state.pause !== undefined) this.#change({ pause: { ...this.#state.pause, error: event.error, checked: event.time } });
        break;
      case 'run-resumed':
        this.#endPause(event.time);
        this.#change({ status: this.#state.planned ? 'running' : 'starting' });
        break;
      case 'cloud-estimated':
        this.#changeCloud({ estimate: event.estimate });
        break;
      case 'cloud-job': {
        const { job } = event;
        const jobs = this.#state.cloud?.jobs ?? [];
        this.#changeCloud({ jobs: jobs.some(({ name }) => name === job.name) ? jobs.map((each) => (each.name === job.name ? job : each)) : [...jobs, job] });
        break;
      }
      case 'cloud-standing':
        this.#changeCloud({ machines: event.machines, ...(event.spent === undefined ? {} : { spent: event.spent }) });
        break;
      case 'task-log':
        this.#addLine({ time: event.time, level: event.level, message: event.message, task: event.task });
        break;
      case 'run-log':
        this.#addLine({ time: event.time, level: event.level, message: event.message });
        break;
      case 'run-finished':
        this.#endPause(event.time);
        this.#change({ status: event.outcome, ended: event.time, ...(event.error === undefined ? {} : { error: event.error }) });
        for (const [id, task] of this.#tasks) {
          if (task.status === 'running' || task.status === 'waiting') this.#tasks.set(id, { ...task, status: 'cancelled' });
        }
        break;
    }
  }

  #own(): void {
    if (!this.#shared) return;
    this.#shared = false;
    this.#tasks = new Map(this.#state.tasks);
    this.#log = [...this.#state.log];
  }

  #change(change: Partial<RunState>): void {
    this.#state = { ...this.#state, ...change };
  }

  #changeCloud(change: Partial<CloudStanding>): void {
    this.#change({ cloud: { jobs: [], machines: 0, ...this.#state.cloud, ...change } });
  }

  #endPause(time: number): void {
    const { pause, pausedMs } = this.#state;
    if (pause !== undefined) this.#change({ pause: undefined, pausedMs: pausedMs + Math.max(0, time - pause.since) });
  }

  #changeTask(id: string, change: Partial<TaskState>): void {
    const task = this.#tasks.get(id);
    if (task !== undefined) this.#tasks.set(id, { ...task, ...change });
  }

  #addLine(line: LogLine): void {
    this.#log.push(line);
    // Not at every line: moving all the others each time would cost more than it saves.
    if (this.#log.length >= 2 * logLimit) this.#log = this.#log.slice(-logLimit);
  }
}

/** How many tasks stand how. */
export function countTasks(tasks: Iterable<TaskState>): TaskCounts {
  const counts = { waiting: 0, running: 0, finished: 0, failed: 0, skipped: 0, cancelled: 0 };
  for (const task of tasks) counts[task.status] += 1;
  return counts;
}

/** The part of a run's tasks that is done, from 0 to 1, by their weights, running ones counted by their progress. */
export function runFraction(state: RunState): number {
  if (state.tasks.size === 0) return state.status === 'succeeded' ? 1 : 0;
  let [done, all] = [0, 0];
  for (const task of state.tasks.values()) {
    const { weight = 1 } = task.summary;
    all += weight;
    if (task.status === 'running') done += weight * fractionOf(task.progress);
    else if (task.status !== 'waiting' && task.status !== 'cancelled') done += weight;
  }
  return all > 0 ? done / all : 0;
}

/** How much of a task is done, from 0 to 1. */
export function fractionOf(progress: TaskProgress | undefined): number {
  return progress === undefined || progress.total <= 0 ? 0 : Math.min(1, progress.done / progress.total);
}
