import { closeSync, existsSync, fsyncSync, ftruncateSync, mkdirSync, openSync, readFileSync, renameSync, rmSync, statSync, unlinkSync, writeFileSync, writeSync } from 'node:fs';
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import type { AgreedCost } from '../protocol/cloud.ts';
import type { ErrorReport } from '../protocol/errors.ts';
import type { RunOutcome } from '../protocol/events.ts';
import type { RunIntent } from '../protocol/runs.ts';
import { eventsFile, intentFile, parseEvents, reserveFile } from './journal.ts';

/** What a run's process is to do, for runs that are not started in a terminal. Never holds a secret. */
export interface RunRequestFile {
  /** As it will stand in run.json, but for the process, which is not known yet: its `pid` is 0. */
  readonly intent: RunIntent;
  /** Used where the command says nothing. */
  readonly cores?: number | 'all';
  /** Bytes. */
  readonly memoryBytes?: number;
  /** Words of flags of cloud machines by the name of the flag, used where the command says nothing. */
  readonly cloud?: Readonly<Record<string, readonly string[]>>;
  /** What somebody has agreed to spend. */
  readonly agreedCost?: AgreedCost;
}

/** A process that was started for a run, noted before it has done anything. */
export interface RunProcess {
  readonly pid: number;
  /** See RunIntent. */
  readonly process: string;
}

const requestFile = 'request.json';
const processFile = 'process.json';
const wishFile = 'cancel.json';
/** Name of the file in a run's folder by which somebody asks a paused run to go on. The run's process removes it. */
export const resumeFile = 'resume';

/** What the run's process says where nobody listens: only what is not in the journal, e.g. that Node could not start. */
export const outputFile = 'process.log';

/** Folder of a run. */
export function runFolder(runs: string, id: string): string {
  return join(runs, id);
}

/** Makes the folder of a run that is asked for. False when there is one of that id already. */
export function createRequest(runs: string, request: RunRequestFile): boolean {
  const folder = runFolder(runs, request.intent.id);
  if (existsSync(join(folder, requestFile)) || existsSync(join(folder, intentFile))) return false;
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  writeAtomically(join(folder, requestFile), request);
  return true;
}

/** The request of a run's folder; undefined when there is none, or only a part of one. */
export function readRequest(folder: string): RunRequestFile | undefined {
  const request = readJson(join(folder, requestFile)) as Partial<RunRequestFile> | undefined;
  return isIntent(request?.intent) ? { ...request, intent: request.intent } : undefined;
}

/** Notes the process of a run whose own words may not be on disk yet. */
export function noteProcess(folder: string, process: RunProcess): void {
  writeAtomically(join(folder, processFile), process);
}

/**
 * What a run is meant to be, with the process it has; undefined when the folder says too little to be shown. A process
 * that has not written its own intent yet is known by the note of whoever started it.
 */
export function readIntent(folder: string): RunIntent | undefined {
  const intent = readJson(join(folder, intentFile));
  if (isIntent(intent)) return intent;
  const asked = readRequest(folder)?.intent;
  if (asked === undefined) return undefined;
  const started = readJson(join(folder, processFile)) as Partial<RunProcess> | undefined;
  return typeof started?.pid === 'number' ? { ...asked, pid: started.pid, process: typeof started.process === 'string' ? started.process : '' } : asked;
}

/** Whether a run's process has begun its journal. */
export function hasBegun(folder: string): boolean {
  return existsSync(join(folder, intentFile));
}

/** Notes that somebody wants the run to end. */
export function wishCancel(folder: string, now: number): void {
  const path = join(folder, wishFile);
  if (existsSync(path)) return;
  try {
    writeAtomically(path, { time: now });
  } catch {
    // A full disk mostly has room for the name of a file.
    closeSync(openSync(path, 'a', 0o600));
  }
}

/** Whether, and when (milliseconds since the epoch), somebody wished for the run's end. */
export function cancelWish(folder: string): number | undefined {
  try {
    return statSync(join(folder, wishFile)).mtimeMs;
  } catch {
    return undefined;
  }
}

/** Notes that somebody wants a paused run to go on now. */
export function wishResume(folder: string): void {
  closeSync(openSync(join(folder, resumeFile), 'a', 0o600));
}

/** Whether somebody wants the run to go on; the wish is fulfilled by that. */
export function takeResumeWish(folder: string): boolean {
  try {
    unlinkSync(join(folder, resumeFile));
    return true;
  } catch {
    return false;
  }
}

/**
 * Writes the end of a run whose process is gone. A line that it left half written is cut off. Does nothing when the end
 * is written already. The caller knows that nobody else writes.
 */
export function finishForGone(folder: string, intent: RunIntent, outcome: RunOutcome, now: number, error?: ErrorReport): void {
  // A process that comes late, after it was given up, finds that its place is taken and ends.
  try {
    writeFileSync(join(folder, intentFile), `${JSON.stringify(intent, undefined, 2)}\n`, { flag: 'wx', mode: 0o600 });
  } catch (failure) {
    if ((failure as NodeJS.ErrnoException).code !== 'EEXIST') throw failure;
  }
  rmSync(join(folder, reserveFile), { force: true });
  const path = join(folder, eventsFile);
  const bytes = existsSync(path) ? readFileSync(path) : Buffer.alloc(0);
  const events = parseEvents(bytes.toString('utf8'));
  if (events.at(-1)?.type === 'run-finished') return;
  const file = openSync(path, bytes.length > 0 ? 'r+' : 'a+', 0o600);
  try {
    const whole = lengthOfLines(bytes, events.length);
    if (whole < bytes.length) ftruncateSync(file, whole);
    const line = Buffer.from(`${JSON.stringify({ seq: events.length + 1, time: now, type: 'run-finished', outcome, ...(error === undefined ? {} : { error }) })}\n`);
    let done = 0;
    while (done < line.length) done += writeSync(file, line, done, line.length - done, whole + done);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

/** Bytes of so many lines from the start. */
function lengthOfLines(bytes: Buffer, lines: number): number {
  let at = 0;
  for (let line = 0; line < lines; line++) at = bytes.indexOf(10, at) + 1;
  return at;
}

/** Removes the record of a run. */
export function removeRun(folder: string): void {
  rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
}

/** Writes a file whole or not at all. */
export function writeAtomically(path: string, value: unknown): void {
  const temporary = `${path}.${randomBytes(4).toString('hex')}.tmp`;
  const file = openSync(temporary, 'wx', 0o600);
  try {
    writeSync(file, `${JSON.stringify(value, undefined, 2)}\n`);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  renameSync(temporary, path);
}

/** The JSON of a file; undefined when there is none or it cannot be read as such. */
export function readJson(path: string): unknown {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as unknown;
  } catch {
    return undefined;
  }
}

/** Intents of every version have these. */
function isIntent(value: unknown): value is RunIntent {
  const intent = value as Partial<RunIntent> | null | undefined;
  return typeof intent === 'object' && intent !== null
    && [intent.id, intent.command, intent.verb, intent.bids, intent.output, intent.host, intent.started].every((each) => typeof each === 'string');
}
