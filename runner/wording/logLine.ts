import type { RunEvent } from '../protocol/events.ts';
import { count, formatSeconds } from './words.ts';

/** `12:34:56`, in the zone of this machine. */
function timeOfDay(time: number): string {
  const date = new Date(time);
  return [date.getHours(), date.getMinutes(), date.getSeconds()].map((part) => String(part).padStart(2, '0')).join(':');
}

/** An event as a line of the run's log: time, level, task, what happened; undefined for those that say nothing to a reader. */
export function logLine(event: RunEvent): string | undefined {
  const line = (level: string, task: string, message: string): string =>
    `${timeOfDay(event.time)} ${level.padEnd(5)} ${task === '' ? '' : `${task}: `}${message}`.replaceAll(/\r?\n/g, '\n               ');
  const failure = (error: { readonly code: string; readonly message: string; readonly hint?: string; readonly where?: string }): string =>
    `${error.message} [${error.code}]${error.where === undefined ? '' : ` (${error.where})`}${error.hint === undefined ? '' : `\n${error.hint}`}`;
  switch (event.type) {
    case 'run-started':
      return line('info', '', `started as process ${event.pid} on ${event.host}`);
    case 'run-planned':
      return line('info', '', `${count(event.tasks.length, 'step')} to do, ${count(event.reused, 'result')} there already`);
    case 'participant-failed':
      return line('error', `sub-${event.participant}`, failure(event.error));
    case 'task-started':
      return line('info', event.task, 'started');
    case 'task-progress':
      return undefined;
    case 'task-log':
      return line(event.level, event.task, event.message);
    case 'task-finished':
      return line('info', event.task, `finished in ${formatSeconds(event.seconds)}`);
    case 'task-failed':
      return line('error', event.task, failure(event.error));
    case 'task-skipped':
      return line('warn', event.task, `skipped: ${event.because}`);
    case 'run-log':
      return line(event.level, '', event.message);
    case 'run-finished':
      return line(event.outcome === 'succeeded' ? 'info' : 'error', '', event.error === undefined ? event.outcome : `${event.outcome}: ${failure(event.error)}`);
  }
}
