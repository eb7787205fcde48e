import type { Segment } from '../../cloud/segments.ts';
import { reportError, SpimquantError } from '../../protocol/errors.ts';
import type { ErrorReport } from '../../protocol/errors.ts';
import type { RunEvent, RunEventBody, TaskSummary } from '../../protocol/events.ts';
import { formatSeconds } from '../../wording/words.ts';

/** How a participant of a cloud run stands. */
export type ParticipantStatus = 'waiting' | 'running' | 'succeeded' | 'failed';

interface Standing {
  status: ParticipantStatus;
  /** Of the process that works on it: others are of the past. */
  attempt: string;
  /** Last event that was taken of that process. */
  seq: number;
  started: number;
  titles: Map<string, string>;
  total: number;
  done: number;
  read: number;
  written: number;
  error: ErrorReport | undefined;
}

/** The task that stands for a participant in the journal. */
export function participantTask(participant: string): TaskSummary {
  return { id: `sub-${participant}/machine`, stage: 'participant', scope: participant, title: 'on a cloud machine' };
}

/**
 * Turns what machines tell of their steps into what the journal tells of participants. Segments may come late, twice, and
 * of several processes of which only the last counts. Holds a few numbers for each participant. Pure.
 */
export class CohortFold {
  readonly #standings = new Map<string, Standing>();
  readonly #counts = { waiting: 0, running: 0, succeeded: 0, failed: 0 };

  constructor(participants: readonly string[]) {
    for (const participant of participants) this.#standings.set(participant, fresh(''));
    this.#counts.waiting = participants.length;
  }

  statusOf(participant: string): ParticipantStatus | undefined {
    return this.#standings.get(participant)?.status;
  }

  /** Whether a participant is finished or has failed. */
  isOver(participant: string): boolean {
    const status = this.statusOf(participant);
    return status !== undefined && isFinal(status);
  }

  /** When the machine of a participant that is under way began, by its clock, in milliseconds since the epoch. */
  startedOf(participant: string): number | undefined {
    const standing = this.#standings.get(participant);
    return standing?.status === 'running' ? standing.started : undefined;
  }

  /** How many stand how. */
  get counts(): Readonly<Record<ParticipantStatus, number>> {
    return { ...this.#counts };
  }

  /** Those that are neither finished nor failed. */
  open(participants: Iterable<string>): readonly string[] {
    return [...participants].filter((each) => {
      const status = this.statusOf(each);
      return status === 'waiting' || status === 'running';
    });
  }

  /** Takes what a machine has told; returns what the journal is to tell of it. */
  take({ participant, attempt, events }: Segment): readonly RunEventBody[] {
    const known = this.#standings.get(participant);
    if (known === undefined || isFinal(known.status)) return [];
    const said: RunEventBody[] = [];
    const task = participantTask(participant).id;
    let standing = known;
    if (standing.attempt !== attempt) {
      // Late words of an earlier process, whose beginning was seen, are told from the beginning of a new one.
      if (standing.attempt !== '' && events[0]?.type !== 'run-started') return [];
      standing = fresh(attempt);
      standing.status = known.status;
      this.#standings.set(participant, standing);
    }
    let progressed = false;
    for (const event of events) {
      if (event.seq <= standing.seq || isFinal(standing.status)) continue;
      standing.seq = event.seq;
      progressed = this.#one(participant, standing, event, task, said) || progressed;
    }
    if (progressed && standing.status === 'running') said.push({ type: 'task-progress', task, progress: { done: standing.done, total: Math.max(standing.total, standing.done, 1), unit: 'items' } });
    return said;
  }

  /** Notes that the process that worked on a participant is gone; it waits to be begun anew. */
  lose(participant: string, error: ErrorReport): readonly RunEventBody[] {
    const standing = this.#standings.get(participant);
    if (standing?.status !== 'running') return [];
    this.#change(standing, 'waiting');
    return [{ type: 'task-postponed', task: participantTask(participant).id, error }];
  }

  /** Gives a participant up. */
  fail(participant: string, error: ErrorReport): readonly RunEventBody[] {
    const standing = this.#standings.get(participant);
    if (standing === undefined || isFinal(standing.status)) return [];
    this.#change(standing, 'failed');
    return [{ type: 'task-failed', task: participantTask(participant).id, error }];
  }

  /** Takes one event; true when it moves the participant on. */
  #one(participant: string, standing: Standing, event: RunEvent, task: string, said: RunEventBody[]): boolean {
    const title = (id: string): string => standing.titles.get(id) ?? id;
    const log = (level: 'info' | 'warn' | 'error', message: string): void => { said.push({ type: 'task-log', task, level, message }); };
    switch (event.type) {
      case 'run-started':
        standing.started = event.time;
        this.#change(standing, 'running');
        said.push({ type: 'task-started', task });
        log('info', `on ${event.host}`);
        return false;
      case 'run-planned':
        standing.titles = new Map(event.tasks.map(({ id, title: words }) => [id, words]));
        standing.total = event.tasks.length;
        log('info', `${event.tasks.length} steps to do, ${event.reused} results there already`);
        return true;
      case 'participant-failed':
        standing.error ??= event.error;
        log('error', event.error.message);
        return false;
      case 'task-log':
        log(event.level === 'debug' ? 'info' : event.level, `${title(event.task)}: ${event.message}`);
        return false;
      case 'task-finished':
        standing.done += 1;
        standing.read += event.bytesRead;
        standing.written += event.bytesWritten;
        log('info', `${title(event.task)}: finished in ${formatSeconds(event.seconds)}`);
        return true;
      case 'task-failed':
        standing.done += 1;
        standing.error ??= event.error;
        log('error', `${title(event.task)}: ${event.error.message}`);
        return true;
      case 'task-skipped':
        standing.done += 1;
        log('warn', `${title(event.task)}: skipped, ${event.because}`);
        return true;
      case 'task-postponed':
        log('warn', `${title(event.task)}: goes back to the waiting steps: ${event.error.message}`);
        return false;
      case 'run-log':
        log(event.level === 'debug' ? 'info' : event.level, event.message);
        return false;
      case 'run-paused':
        log('warn', `paused: ${event.error.message}`);
        return false;
      case 'run-resumed':
        log('info', 'goes on');
        return false;
      case 'run-finished':
        this.#finished(participant, standing, event, task, said);
        return false;
      default:
        return false;
    }
  }

  #finished(participant: string, standing: Standing, event: Extract<RunEvent, { type: 'run-finished' }>, task: string, said: RunEventBody[]): void {
    if (event.outcome === 'succeeded') {
      this.#change(standing, 'succeeded');
      said.push({ type: 'task-finished', task, seconds: Math.max(0, event.time - standing.started) / 1000, bytesRead: standing.read, bytesWritten: standing.written });
      standing.titles = new Map();
    } else if (event.outcome === 'failed') {
      this.#change(standing, 'failed');
      said.push({ type: 'task-failed', task, error: event.error ?? standing.error ?? reportError(new SpimquantError('internal', `sub-${participant} has failed, and its machine did not say why.`)) });
      standing.titles = new Map();
    } else {
      // Taken away, or called off: somebody may begin it anew.
      said.push(...this.lose(participant, reportError(new SpimquantError('runner-lost', 'Its machine was taken away or told to end.'))));
    }
  }

  #change(standing: Standing, status: ParticipantStatus): void {
    this.#counts[standing.status] -= 1;
    this.#counts[status] += 1;
    standing.status = status;
  }
}

function fresh(attempt: string): Standing {
  return { status: 'waiting', attempt, seq: 0, started: 0, titles: new Map(), total: 0, done: 0, read: 0, written: 0, error: undefined };
}

function isFinal(status: ParticipantStatus): boolean {
  return status === 'succeeded' || status === 'failed';
}
