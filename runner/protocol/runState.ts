import type { ErrorReport } from './errors.ts';
import type { RunEvent, RunOutcome, TaskProgress, TaskSummary } from './events.ts';
import type { LogLevel } from './log.ts';
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
  /** In the order of the plan. Only tasks that run. */
  readonly tasks: ReadonlyMap<string, TaskState>;
  /** Tasks whose results were there already. */
  readonly reused: number;
  /** Participants that could not even be planned. */
  readonly failedParticipants: readonly { readonly participant: string; readonly error: ErrorReport }[];
  readonly bytesRead: number;
  readonly bytesWritten: number;
  /** The latest {@link logLimit} lines. */
  readonly log: readonly LogLine[];
  /** Of the run as a whole, when it ended by one. */
  readonly error?: ErrorReport;
}

/** Lines of log that a state keeps; the journal has all. */
export const logLimit = 200;

/** Before anything has happened. */
export const initialState: RunState = {
  status: 'starting', tasks: new Map(), reused: 0, failedParticipants: [], bytesRead: 0, bytesWritten: 0, log: [],
};

/** A run's state after one more event. Pure; events of tasks that were never planned are ignored. */
export function applyEvent(state: RunState, event: RunEvent): RunState {
  switch (event.type) {
    case 'run-started':
      return { ...state, started: event.time };
    case 'run-planned':
      return {
        ...state,
        status: 'running',
        reused: event.reused,
        tasks: new Map(event.tasks.map((summary) => [summary.id, { summary, status: 'waiting' as const }])),
      };
    case 'participant-failed':
      return { ...state, failedParticipants: [...state.failedParticipants, { participant: event.participant, error: event.error }] };
    case 'task-started':
      return withTask(state, event.task, { status: 'running', started: event.time });
    case 'task-progress':
      return withTask(state, event.task, { progress: event.progress });
    case 'task-finished':
      return {
        ...withTask(state, event.task, { status: 'finished', seconds: event.seconds }),
        bytesRead: state.bytesRead + event.bytesRead,
        bytesWritten: state.bytesWritten + event.bytesWritten,
      };
    case 'task-failed':
      return withTask(state, event.task, { status: 'failed', error: event.error });
    case 'task-skipped':
      return withTask(state, event.task, { status: 'skipped', because: event.because });
    case 'task-log':
      return withLine(state, { time: event.time, level: event.level, message: event.message, task: event.task });
    case 'run-log':
      return withLine(state, { time: event.time, level: event.level, message: event.message });
    case 'run-finished':
      return finish(state, event.time, event.outcome, event.error);
  }
}

/** A run's state after all these events. */
export function foldEvents(events: Iterable<RunEvent>): RunState {
  let state = initialState;
  for (const event of events) state = applyEvent(state, event);
  return state;
}

function withTask(state: RunState, id: string, change: Partial<TaskState>): RunState {
  const task = state.tasks.get(id);
  if (task === undefined) return state;
  return { ...state, tasks: new Map(state.tasks).set(id, { ...task, ...change }) };
}

function withLine(state: RunState, line: LogLine): RunState {
  return { ...state, log: [...state.log, line].slice(-logLimit) };
}

function finish(state: RunState, time: number, outcome: RunOutcome, error: ErrorReport | undefined): RunState {
  const tasks = [...state.tasks].map(([id, task]): [string, TaskState] =>
    [id, task.status === 'running' || task.status === 'waiting' ? { ...task, status: 'cancelled' } : task]);
  return { ...state, status: outcome, ended: time, tasks: new Map(tasks), ...(error === undefined ? {} : { error }) };
}

/** How many tasks stand how. */
export function countTasks(tasks: Iterable<TaskState>): TaskCounts {
  const counts = { waiting: 0, running: 0, finished: 0, failed: 0, skipped: 0, cancelled: 0 };
  for (const task of tasks) counts[task.status] += 1;
  return counts;
}
