import type { TaskProgress } from '../protocol/events.ts';
import { countTasks, fractionOf, runFraction } from '../protocol/runState.ts';
import type { RunState, TaskState } from '../protocol/runState.ts';
import { mendText } from '../wording/pause.ts';
import { count, cut, formatBytes, formatScope, formatSeconds, paint } from '../wording/words.ts';

/** How progress is drawn. */
export interface ProgressStyle {
  /** Columns of the terminal. */
  readonly width: number;
  readonly color: boolean;
  /** Lines at most. */
  readonly height: number;
}

/** A bar of so many columns. */
export function bar(fraction: number, columns: number): string {
  const eighths = ['', '▏', '▎', '▍', '▌', '▋', '▊', '▉'];
  const filled = Math.min(1, Math.max(0, fraction)) * columns;
  const whole = Math.floor(filled);
  const part = eighths[Math.floor((filled - whole) * 8)];
  return `${'█'.repeat(whole)}${part}`.padEnd(columns, '░').slice(0, columns);
}

function rate(progress: TaskProgress, seconds: number): string {
  if (progress.perSecond === undefined && (seconds <= 0.2 || progress.done <= 0)) return '';
  const perSecond = progress.perSecond ?? progress.done / seconds;
  if (progress.unit === 'bytes') return `${formatBytes(perSecond)}/s`;
  if (progress.unit === 'voxels') return `${formatBytes(perSecond).replace(/B$/, '').trim()} voxels/s`;
  return `${perSecond >= 10 ? Math.round(perSecond) : perSecond.toFixed(1)} ${progress.unit}/s`;
}

/** Seconds left if the rest goes as fast as what is done; undefined while that says little. */
function left(fraction: number, seconds: number): number | undefined {
  return fraction < 0.03 || seconds < 2 ? undefined : (seconds * (1 - fraction)) / fraction;
}

/**
 * The lines that show how a run stands at time `now` (milliseconds since the epoch): one for the whole, one for every
 * running task. No line is wider than the terminal.
 */
export function renderProgress(state: RunState, now: number, style: ProgressStyle): string[] {
  const width = Math.max(20, style.width) - 1;
  const ink = paint(style.color);
  const seconds = (now - (state.started ?? now)) / 1000;
  const pausedSeconds = (state.pausedMs + (state.pause === undefined ? 0 : now - state.pause.since)) / 1000;
  const counts = countTasks(state.tasks.values());
  const settled = state.tasks.size - counts.waiting - counts.running;
  const fraction = runFraction(state);
  const remaining = state.pause === undefined ? left(fraction, seconds - pausedSeconds) : undefined;
  const barColumns = Math.max(6, Math.min(30, Math.floor(width / 4)));
  const facts = [
    `${settled}/${state.tasks.size} steps`,
    formatSeconds(seconds),
    ...(counts.failed > 0 ? [`${counts.failed} failed`] : []),
    ...(remaining === undefined ? [] : [`about ${formatSeconds(remaining)} left`]),
    ...(state.bytesRead > 0 ? [`${formatBytes(state.bytesRead)} read`] : []),
  ];
  const percent = `${String(Math.floor(fraction * 100)).padStart(3)} %`;
  const head = state.tasks.size === 0
    ? cut(`${state.pause === undefined ? 'Planning' : 'Paused while planning'} … ${formatSeconds(seconds)}`, width)
    : `${ink.green(bar(fraction, barColumns))} ${ink.bold(percent)}  ${joinFitting(facts, width - barColumns - percent.length - 3)}`;
  const running = [...state.tasks.values()].filter((task) => task.status === 'running');
  const pause = state.pause === undefined ? [] : [ink.yellow(cut(`  Paused ${formatSeconds((now - state.pause.since) / 1000)}. ${mendText(state.pause)}`, width))];
  const room = Math.max(0, style.height - 1 - pause.length);
  const shown = running.length > room ? running.slice(0, Math.max(0, room - 1)) : running;
  const lines = shown.map((task) => renderTask(task, now, width, style.color));
  if (shown.length < running.length && room > 0) lines.push(cut(`  and ${count(running.length - shown.length, 'step')} more`, width));
  return [head, ...pause, ...lines];
}

/** As many of the facts, from the first on, as fit. */
function joinFitting(facts: readonly string[], width: number): string {
  for (let n = facts.length; n > 1; n--) {
    const text = facts.slice(0, n).join('  ');
    if (text.length <= width) return text;
  }
  return cut(facts[0], width);
}

/** Of what has no known end, how much is done instead of the part. */
function share(progress: TaskProgress): string {
  return progress.total > 0 ? `${Math.floor(fractionOf(progress) * 100)} %` : `${progress.done.toLocaleString('en')} ${progress.unit}`;
}

function filesOf({ files }: TaskProgress): string {
  return files === undefined ? '' : `${files.done.toLocaleString('en')}/${files.total.toLocaleString('en')} files`;
}

function renderTask(task: TaskState, now: number, width: number, color: boolean): string {
  const ink = paint(color);
  const scope = formatScope(task.summary.scope);
  const seconds = (now - (task.started ?? now)) / 1000;
  const { progress } = task;
  const columns = width >= 60 ? 12 : 0;
  const fraction = fractionOf(progress);
  const remaining = progress?.secondsLeft ?? left(fraction, seconds);
  const facts = progress === undefined
    ? [formatSeconds(seconds)]
    : [share(progress), filesOf(progress), rate(progress, seconds), remaining === undefined || remaining === 0 ? '' : `${formatSeconds(remaining)} left`].filter((fact) => fact !== '');
  const tail = facts.join('  ');
  const drawn = columns > 0 && progress !== undefined && progress.total > 0 ? `${bar(fraction, columns)} ` : '';
  const head = cut(`  ${scope}  ${task.summary.title}`, Math.max(8, width - drawn.length - tail.length - 2));
  const gap = Math.max(1, width - head.length - drawn.length - tail.length);
  const plain = `${head}${' '.repeat(gap)}${drawn}${tail}`;
  return plain.length > width ? cut(plain, width) : `${head}${' '.repeat(gap)}${ink.cyan(drawn)}${ink.dim(tail)}`;
}
