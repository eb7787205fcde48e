import type { TaskProgress } from '../protocol/events.ts';

/** `1.2 GB`: decimal units, as disks and networks are counted. */
export function formatBytes(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB', 'PB'];
  let value = bytes;
  let unit = 0;
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return `${unit === 0 || value >= 99.95 ? Math.round(value) : value.toFixed(1)} ${units[unit]}`;
}

/** `12 s`, `3 min 05 s`, `2 h 14 min`. Below ten seconds with one decimal. */
export function formatSeconds(seconds: number): string {
  if (seconds < 9.95) return `${Math.max(0, seconds).toFixed(1)} s`;
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${String(whole % 60).padStart(2, '0')} s`;
  return `${Math.floor(whole / 3600)} h ${String(Math.floor((whole % 3600) / 60)).padStart(2, '0')} min`;
}

/** `2026-03-04 15:06`, in the time of the reader's machine. */
export function formatWhen(time: number): string {
  const date = new Date(time);
  const two = (value: number): string => String(value).padStart(2, '0');
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())} ${two(date.getHours())}:${two(date.getMinutes())}`;
}

/** `in 47 minutes`, `2 days ago`; below a minute `now`. */
export function fromNow(milliseconds: number): string {
  const size = Math.abs(milliseconds) / 60_000;
  if (size < 1) return 'now';
  const [n, noun] = size < 90 ? [size, 'minute'] : size < 36 * 60 ? [size / 60, 'hour'] : [size / 1440, 'day'];
  const far = count(Math.round(n), noun);
  return milliseconds > 0 ? `in ${far}` : `${far} ago`;
}

/** `1 task`, `2 tasks`. */
export function count(n: number, noun: string): string {
  return `${n} ${noun}${n === 1 ? '' : 's'}`;
}

/** Scopes of tasks that are no participants. */
const otherScopes: ReadonlySet<string> = new Set(['template', 'group', 'sync']);

/** How far a transfer has come: `1,203 of 20,000 files, 85 MB/s, about 3 min 05 s left`; empty for other tasks. */
export function transferWords(progress: TaskProgress | undefined): string {
  if (progress?.files === undefined) return '';
  const { files, perSecond = 0, secondsLeft } = progress;
  return [
    `${files.done.toLocaleString('en')} of ${files.total.toLocaleString('en')} files`, ...(perSecond > 0 ? [`${formatBytes(perSecond)}/s`] : []),
    ...(secondsLeft !== undefined && secondsLeft > 0 && files.done < files.total ? [`about ${formatSeconds(secondsLeft)} left`] : []),
  ].join(', ');
}

/** How a scope is shown: participants as BIDS names them. */
export function formatScope(scope: string): string {
  return otherScopes.has(scope) ? scope : `sub-${scope}`;
}

/** Cuts a line to a width, marking the cut. */
export function cut(text: string, width: number): string {
  const flat = text.replaceAll(/[\r\n\t]+/g, ' ');
  return flat.length <= width ? flat : `${flat.slice(0, Math.max(0, width - 1))}…`;
}

/** Marks text with ANSI colours, or leaves it alone. */
export interface Paint {
  bold(text: string): string;
  dim(text: string): string;
  red(text: string): string;
  yellow(text: string): string;
  green(text: string): string;
  cyan(text: string): string;
}

/** A {@link Paint} that does or does not use colours. */
export function paint(color: boolean): Paint {
  const mark = (on: number, off: number) => (text: string): string => (color ? `\u001b[${on}m${text}\u001b[${off}m` : text);
  return { bold: mark(1, 22), dim: mark(2, 22), red: mark(31, 39), yellow: mark(33, 39), green: mark(32, 39), cyan: mark(36, 39) };
}
