import type { TaskRow } from '../../runner/protocol/runView.ts';
import type { TaskStatus } from '../../runner/protocol/runState.ts';

/** All tasks of one stage and one scope. */
export interface Cell {
  readonly stage: string;
  readonly scope: string;
  readonly tasks: readonly TaskRow[];
  readonly status: TaskStatus;
  /** 0 to 1. */
  readonly fraction: number;
}

/** Tasks as a table: a row for each participant, a column for each stage, in the order of the plan. */
export interface TaskTable {
  readonly stages: readonly string[];
  readonly scopes: readonly string[];
  cell(scope: string, stage: string): Cell | undefined;
}

/** Of several tasks the one state that a reader should see first. */
const urgency: readonly TaskStatus[] = ['failed', 'running', 'cancelled', 'skipped', 'waiting', 'finished'];

/** The state of several tasks together. Some finished and some not begun is work in progress. */
export function statusOf(tasks: readonly TaskRow[]): TaskStatus {
  const status = urgency.find((each) => tasks.some((task) => task.status === each)) ?? 'waiting';
  return status === 'waiting' && tasks.some((task) => task.status === 'finished') ? 'running' : status;
}

/** How much of a task is done, 0 to 1. */
export function taskFraction({ status, progress }: TaskRow): number {
  if (status === 'finished') return 1;
  if (status !== 'running' || progress === undefined || progress.total <= 0) return 0;
  return Math.min(1, progress.done / progress.total);
}

/** Arranges tasks. Stages and scopes come in the order in which the plan first has them; the template and the group come first and last. */
export function arrange(tasks: Iterable<TaskRow>): TaskTable {
  const cells = new Map<string, TaskRow[]>();
  const stages = new Set<string>();
  const scopes = new Set<string>();
  for (const task of tasks) {
    stages.add(task.stage);
    scopes.add(task.scope);
    const key = `${task.scope}\n${task.stage}`;
    const cell = cells.get(key);
    if (cell === undefined) cells.set(key, [task]);
    else cell.push(task);
  }
  const rank = (scope: string): number => (scope === 'template' ? 0 : scope === 'group' ? 2 : 1);
  const built = new Map<string, Cell>();
  return {
    stages: [...stages],
    scopes: [...scopes].sort((a, b) => rank(a) - rank(b)),
    cell: (scope, stage) => {
      const key = `${scope}\n${stage}`;
      const known = built.get(key);
      const of = cells.get(key);
      if (known !== undefined || of === undefined) return known;
      const cell: Cell = { stage, scope, tasks: of, status: statusOf(of), fraction: of.reduce((sum, task) => sum + taskFraction(task), 0) / of.length };
      built.set(key, cell);
      return cell;
    },
  };
}

/** When the tasks of a stage were at work, milliseconds since the epoch. */
export interface StageBand {
  readonly stage: string;
  readonly begin: number;
  readonly end: number;
}

/** The time between the first beginning and the last end of each stage's tasks. `now` ends those that go on. */
export function stageBands(tasks: Iterable<TaskRow>, now: number): readonly StageBand[] {
  const bands = new Map<string, { begin: number; end: number }>();
  for (const { stage, started, seconds, status } of tasks) {
    if (started === undefined) continue;
    const end = seconds === undefined ? (status === 'running' ? now : started) : started + 1000 * seconds;
    const band = bands.get(stage);
    if (band === undefined) bands.set(stage, { begin: started, end });
    else {
      band.begin = Math.min(band.begin, started);
      band.end = Math.max(band.end, end);
    }
  }
  return [...bands].map(([stage, band]) => ({ stage, ...band })).sort((a, b) => a.begin - b.begin);
}

/** A band and the line that it is drawn in. */
export interface LaneBand extends StageBand {
  readonly lane: number;
}

/** Puts each band into the first line that has room for it. Bands come in the order of their beginning. */
export function intoLanes(bands: readonly StageBand[]): readonly LaneBand[] {
  const ends: number[] = [];
  return bands.map((band) => {
    const free = ends.findIndex((end) => end <= band.begin);
    const lane = free < 0 ? ends.length : free;
    ends[lane] = band.end;
    return { ...band, lane };
  });
}

/** Failures that have one cause, told once. */
export interface FailureGroup {
  readonly first: TaskRow;
  readonly count: number;
}

/** Failed tasks by what went wrong: the same code and words, whichever participant they name. */
export function groupFailures(tasks: Iterable<TaskRow>): readonly FailureGroup[] {
  const groups = new Map<string, { first: TaskRow; count: number }>();
  for (const task of tasks) {
    if (task.status !== 'failed' || task.error === undefined) continue;
    const key = `${task.stage}\n${task.error.code}\n${task.error.message.replaceAll(/sub-[A-Za-z0-9]+/g, 'sub-').replaceAll(/\d+/g, '0')}`;
    const group = groups.get(key);
    if (group === undefined) groups.set(key, { first: task, count: 1 });
    else group.count += 1;
  }
  return [...groups.values()].sort((a, b) => b.count - a.count);
}
