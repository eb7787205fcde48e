import type { RunEvent } from '../../protocol/events.ts';
import { logWords } from '../../wording/logLine.ts';

/** Levels by number, the more the more urgent. */
export const levels = ['debug', 'info', 'warn', 'error'] as const;

/** What the index keeps of a line of the journal. */
export interface ScannedLine {
  /** Index into {@link levels}; -1: the event is no line of the log. */
  readonly level: number;
  /** Id of its task; empty: the run itself. */
  readonly task: string;
  /** Characters from the line's beginning to where its own words begin. */
  readonly text: number;
  /** The event, where the line had to be understood. Lines of tasks, the many, need not be. */
  readonly event?: RunEvent;
}

const typeKey = '"type":"';
const lineOfTask = '"type":"task-log","task":"';
const progressOfTask = '"type":"task-progress","task":"';
const levelKey = '","level":"';
const messageKey = '","message":"';

/**
 * Looks at one line of a journal, a whole event, in a text whose characters are the file's bytes. Lines as the program
 * writes them in great number (words of tasks) are recognised by their form, without being parsed; all others are.
 * Undefined: damaged.
 */
export function scanLine(text: string, begin: number, end: number): ScannedLine | undefined {
  const type = text.indexOf(typeKey, begin);
  if (type >= 0 && type < end && text.startsWith(lineOfTask, type)) {
    const taskAt = type + lineOfTask.length;
    const taskEnd = text.indexOf(levelKey, taskAt);
    const levelAt = taskEnd + levelKey.length;
    const levelEnd = text.indexOf(messageKey, levelAt);
    const task = text.slice(taskAt, taskEnd);
    const level = levels.indexOf(text.slice(levelAt, levelEnd) as (typeof levels)[number]);
    if (taskEnd > 0 && levelEnd > 0 && levelEnd < end && level >= 0 && !/["\\]/.test(task) && text.startsWith('"}', end - 2)) {
      return { level, task, text: levelEnd + messageKey.length - begin };
    }
  }
  let event: RunEvent;
  try {
    event = JSON.parse(Buffer.from(text.slice(begin, end), 'latin1').toString('utf8')) as RunEvent;
  } catch {
    return undefined;
  }
  const words = text.startsWith(progressOfTask, type) ? undefined : logWords(event);
  if (words === undefined) return { level: -1, task: '', text: 0, event };
  return { level: levels.indexOf(words.level), task: 'task' in event ? event.task : '', text: Math.max(0, type - begin), event };
}
