import { randomBytes } from 'node:crypto';
import { closeSync, fsyncSync, ftruncateSync, mkdirSync, openSync, readFileSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import type { RunEvent, RunEventBody } from '../protocol/events.ts';
import { hideSecretsIn } from '../protocol/knownSecrets.ts';
import type { Clock } from '../protocol/log.ts';
import type { RunIntent } from '../protocol/runs.ts';
import { stateFolderOf } from '../protocol/stateFolder.ts';

/** The folder for runs and other state: see {@link stateFolderOf}. */
export function stateFolder(env: Readonly<Record<string, string | undefined>>): string {
  return stateFolderOf({ env, platform: process.platform, home: homedir() });
}

/** Name of the file in a run's folder that says what the run is meant to be. */
export const intentFile = 'run.json';
/** Name of the file in a run's folder that its events are appended to, one line of JSON each. */
export const eventsFile = 'events.ndjson';

/** Name of the file in a run's folder that holds room for its last words: see {@link Journal}. */
export const reserveFile = 'reserve';
/** Bytes of it: thousands of events. */
const reserveBytes = 256 * 1024;

/**
 * Appends events to a run's file, then tells listeners: what anyone has heard of is on disk. Some room on the disk is
 * kept while the run goes on, and given up when the disk is full, so that a run can say that it waits for room.
 */
export class Journal {
  readonly folder: string;
  readonly #write: typeof writeSync;
  readonly #file: number;
  readonly #clock: Clock;
  readonly #listeners: ((event: RunEvent) => void)[] = [];
  #seq = 0;
  /** Of whole events. */
  #bytes = 0;
  #hasReserve = false;
  #open = true;
  #over = false;

  /** Makes the run's folder (private to the user) below `runs` and writes its `run.json`. Throws EEXIST when there is one. */
  constructor(runs: string, intent: RunIntent, clock: Clock, write: typeof writeSync = writeSync) {
    this.#write = write;
    this.folder = join(runs, intent.id);
    this.#clock = clock;
    mkdirSync(this.folder, { recursive: true, mode: 0o700 });
    const file = openSync(join(this.folder, intentFile), 'wx', 0o600);
    writeSync(file, `${JSON.stringify(intent, undefined, 2)}\n`);
    fsyncSync(file);
    closeSync(file);
    this.#file = openSync(join(this.folder, eventsFile), 'ax', 0o600);
    try {
      // Random, because zeros take no room on disks that compress.
      writeFileSync(join(this.folder, reserveFile), randomBytes(reserveBytes), { mode: 0o600 });
      this.#hasReserve = true;
    } catch {
      this.#dropReserve();
    }
  }

  /** Whether the run's end is written: nothing may follow. */
  get over(): boolean {
    return this.#over;
  }

  /** Calls `listener` with every event from now on, after it was written. */
  subscribe(listener: (event: RunEvent) => void): void {
    this.#listeners.push(listener);
  }

  /** Writes an event, without secrets. Those that change what is finished are synced to the disk; progress only survives the process. */
  append(body: RunEventBody): RunEvent {
    if (!this.#open) throw new Error('The journal is closed.');
    const event = hideSecretsIn<RunEvent>({ seq: this.#seq + 1, time: this.#clock(), ...body });
    this.#writeLine(`${JSON.stringify(event)}\n`);
    this.#seq += 1;
    this.#over ||= body.type === 'run-finished';
    const passing = body.type === 'run-log' && (body.level === 'debug' || body.level === 'info');
    if (!passing && body.type !== 'task-progress' && body.type !== 'task-log' && body.type !== 'task-started' && body.type !== 'cloud-standing') fsyncSync(this.#file);
    for (const listener of this.#listeners) listener(event);
    return event;
  }

  close(): void {
    if (!this.#open) return;
    this.#open = false;
    closeSync(this.#file);
    this.#dropReserve();
  }

  #writeLine(text: string): void {
    const line = Buffer.from(text);
    try {
      this.#writeWhole(line);
    } catch (error) {
      // Half a line would make what follows unreadable.
      ftruncateSync(this.#file, this.#bytes);
      const { code } = error as NodeJS.ErrnoException;
      if (!this.#hasReserve || (code !== 'ENOSPC' && code !== 'EDQUOT')) throw error;
      this.#dropReserve();
      this.#writeWhole(line);
    }
    this.#bytes += line.length;
  }

  #writeWhole(line: Buffer): void {
    let done = 0;
    while (done < line.length) done += this.#write(this.#file, line, done);
  }

  #dropReserve(): void {
    this.#hasReserve = false;
    rmSync(join(this.folder, reserveFile), { force: true });
  }
}

/**
 * The events of a run's folder. A last line that was cut off by a crash is left out, as is everything from the first
 * damaged line on.
 */
export function readEvents(folder: string): RunEvent[] {
  return parseEvents(readFileSync(join(folder, eventsFile), 'utf8'));
}

/** See {@link readEvents}: the events of a journal's text. */
export function parseEvents(text: string): RunEvent[] {
  const events: RunEvent[] = [];
  let at = 0;
  for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n', at)) {
    let event: Partial<RunEvent> | null;
    try {
      event = JSON.parse(text.slice(at, end)) as Partial<RunEvent> | null;
    } catch {
      break;
    }
    if (event?.seq !== events.length + 1) break;
    events.push(event as RunEvent);
    at = end + 1;
  }
  return events;
}
