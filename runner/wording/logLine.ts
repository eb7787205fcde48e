import type { ErrorReport } from '../protocol/errors.ts';
import type { RunEvent } from '../protocol/events.ts';
import type { LogLevel } from '../protocol/log.ts';
import { estimateWords, jobWords } from './cloud.ts';
import { pauseText } from './pause.ts';
import { count, formatSeconds } from './words.ts';

/** `12:34:56`, in the zone of this machine. */
function timeOfDay(time: number): string {
  const date = new Date(time);
  return [date.getHours(), date.getMinutes(), date.getSeconds()].map((part) => String(part).padStart(2, '0')).join(':');
}

/** What an event says to a reader of the log. */
export interface LogWords {
  readonly level: LogLevel;
  /** Task, or participant, that it is about; empty: the run itself. */
  readonly about: string;
  readonly message: string;
}

function failure(error: ErrorReport): string {
  return `${error.message} [${error.code}]${error.where === undefined ? '' : ` (${error.where})`}${error.hint === undefined ? '' : `\n${error.hint}`}`;
}

/** An event in the words of the log; undefined for those that say nothing to a reader. */
export function logWords(event: RunEvent): LogWords | undefined {
  const say = (level: LogLevel, about: string, message: string): LogWords => ({ level, about, message });
  switch (event.type) {
    case 'run-started':
      return say('info', '', `started as process ${event.pid} on ${event.host}`);
    case 'run-planned':
      return say('info', '', `${count(event.tasks.length, 'step')} to do, ${count(event.reused, 'result')} there already`);
    case 'participant-failed':
      return say('error', `sub-${event.participant}`, failure(event.error));
    case 'task-started':
      return say('info', event.task, 'started');
    case 'task-progress':
      return undefined;
    case 'task-log':
      return say(event.level, event.task, event.message);
    case 'task-finished':
      return say('info', event.task, `finished in ${formatSeconds(event.seconds)}`);
    case 'task-failed':
      return say('error', event.task, failure(event.error));
    case 'task-skipped':
      return say('warn', event.task, `skipped: ${event.because}`);
    case 'task-postponed':
      return say('warn', event.task, `goes back to the waiting steps: ${event.error.message} [${event.error.code}]`);
    case 'run-paused':
      return say('warn', '', `paused: ${pauseText(event)} [${event.error.code}]`);
    case 'run-still-paused':
      return say('warn', '', `still paused: ${event.error.message} [${event.error.code}]`);
    case 'run-resumed':
      return say('info', '', 'goes on');
    case 'cloud-estimated':
      return say('info', '', `estimated cost: ${estimateWords(event.estimate)}`);
    case 'cloud-job':
      return say(event.job.state === 'left' ? 'warn' : 'info', '', jobWords(event.job));
    case 'cloud-standing':
      return undefined;
    case 'run-log':
      return say(event.level, '', event.message);
    case 'run-finished':
      return say(event.outcome === 'succeeded' ? 'info' : 'error', '', event.error === undefined ? event.outcome : `${event.outcome}: ${failure(event.error)}`);
  }
}

/** An event as a line of the run's log: time, level, task, what happened; undefined for those that say nothing to a reader. */
export function logLine(event: RunEvent): string | undefined {
  const words = logWords(event);
  if (words === undefined) return undefined;
  const { level, about, message } = words;
  return `${timeOfDay(event.time)} ${level.padEnd(5)} ${about === '' ? '' : `${about}: `}${message}`.replaceAll(/\r?\n/g, '\n               ');
}
