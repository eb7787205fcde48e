import { randomBytes } from 'node:crypto';
import { watch } from 'node:fs';
import type { FSWatcher } from 'node:fs';
import { statfs } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import type { Place } from '../pipeline/task.ts';
import { errorFromReport, reportError, SpimquantError } from '../protocol/errors.ts';
import type { ErrorReport } from '../protocol/errors.ts';
import type { Clock } from '../protocol/log.ts';
import type { PauseKind } from '../protocol/pauses.ts';
import { signInCommands } from '../protocol/signIn.ts';
import { areRenewable, credentialFiles } from '../storage/credentialFiles.ts';
import { openStore } from '../storage/open.ts';
import { isRemote } from '../storage/uri.ts';
import { FilesWatch } from '../storage/watchFiles.ts';
import type { Journal } from './journal.ts';
import { beginWaiting, hasRoomAgain, pauseKindOf, stepWaiting } from './pausePolicy.ts';
import type { DiskSpace, Waiting } from './pausePolicy.ts';
import type { Places } from './places.ts';
import { resumeFile, takeResumeWish } from './runFolder.ts';

/** Time, as pauses need it; replaced in tests. */
export interface PauseTime {
  /** Milliseconds. */
  now(): number;
  /** Rejects when the signal is aborted. */
  sleep(ms: number, signal: AbortSignal): Promise<void>;
}

/** The real time. */
export const realPauseTime: PauseTime = { now: Date.now, sleep: async (ms, signal) => wait(ms, undefined, { signal }) };

/** What pauses need of a run. */
export interface PauseOptions {
  /** The journal; a run that has none yet gets one by being paused. */
  readonly journal: () => Journal;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Milliseconds after which a pause is given up; 0: the run is never paused. */
  readonly limitMs: number;
  readonly time?: PauseTime;
  /** Calls back whenever the user asks to go on in another way than by the run's folder; listened to only while paused. */
  readonly onWish?: (listener: () => void) => () => void;
}

/** How often a paused run looks whether anything has changed, in milliseconds. */
const pulse = 1000;
/** Bytes written to find out whether a bucket takes more. */
const trialBytes = 1 << 20;

/** One pause, from its beginning to its end. */
interface Pause {
  readonly kind: PauseKind;
  readonly error: ErrorReport;
  readonly place: Place | undefined;
  /** Of the disk that was full. */
  readonly space: { readonly folder: string; readonly at: DiskSpace } | undefined;
}

/**
 * Pauses a run while something that passes keeps it from going on, and lets it go on by itself. Tasks and other steps
 * tell their failures; whoever starts tasks asks whether it may.
 */
export class Pauses implements Disposable {
  readonly #options: PauseOptions;
  readonly #ended = new AbortController();
  readonly #time: PauseTime;
  readonly #reached = new Set<Place>();
  readonly #listeners = new Set<() => void>();
  #places: Places;
  #pausing: Promise<void> | undefined;
  #givenUp: ErrorReport | undefined;
  /** Of the last pause, as long as nothing was finished since. */
  #before: { readonly kind: PauseKind; readonly tries: number } | undefined;
  #nudge: () => void = () => undefined;

  constructor(places: Places, options: PauseOptions) {
    this.#places = places;
    this.#options = { ...options, signal: AbortSignal.any([options.signal, this.#ended.signal]) };
    this.#time = options.time ?? realPauseTime;
  }

  /** Whether the run waits: nothing may be started. */
  get paused(): boolean {
    return this.#pausing !== undefined;
  }

  /** What the run was paused for when it was given up; undefined: it was not. */
  get givenUp(): ErrorReport | undefined {
    return this.#givenUp;
  }

  /** Calls `listener` whenever a pause has ended. */
  onEnd(listener: () => void): void {
    this.#listeners.add(listener);
  }

  /** The places once all are known. */
  setPlaces(places: Places): void {
    this.#places = places;
  }

  /** Notes that places have answered: trouble with them passes. */
  markReached(...places: readonly Place[]): void {
    for (const place of places) this.#reached.add(place);
  }

  /** Notes that something was finished: the next pause begins from the start. */
  markProgress(): void {
    this.#before = undefined;
  }

  /** Whether the run would be paused for a failure. */
  passes(error: ErrorReport): boolean {
    return this.#options.limitMs > 0 && this.#kindOf(error) !== undefined;
  }

  /**
   * Pauses the run for a failure, unless it is paused already. False: it is a failure that does not pass. After a pause
   * was given up, failures of this kind are those of the run, not of the task.
   *
   * @param repeats how often the same step has failed by the like before
   */
  hold(error: ErrorReport, repeats = 0): boolean {
    const kind = this.#kindOf(error, repeats);
    if (kind === undefined || this.#options.limitMs <= 0 || this.#options.signal.aborted) return false;
    if (this.#givenUp === undefined) this.#pausing ??= this.#begin(kind, error);
    return true;
  }

  /**
   * Carries out a step of the run that can be done again. What passes pauses the run, and the step is done again after
   * that. Rejects with the step's error otherwise, or when the pause is given up; with `cancelled` when the run is cancelled.
   */
  async through<T>(work: () => Promise<T>): Promise<T> {
    for (let repeats = 0; ; repeats++) {
      try {
        return await work();
      } catch (error) {
        const report = reportError(error);
        if (!this.hold(report, repeats)) throw this.#explained(error, report);
        await this.#pausing;
        this.#options.signal.throwIfAborted();
        if (this.#givenUp !== undefined) throw error;
      }
    }
  }

  /** Ends a pause that goes on, because the run has ended. */
  [Symbol.dispose](): void {
    this.#ended.abort();
  }

  /** Says of a failure that would pause the run otherwise why it does not. */
  #explained(error: unknown, report: ErrorReport): unknown {
    const place = this.#placeOf(report);
    if (report.code !== 'auth-expired' || place === undefined || this.#isRenewable(place)) return error;
    return new SpimquantError(report.code, report.message, {
      where: report.where, cause: error,
      hint: 'The keys are in the environment that the run was started with, where they cannot be renewed. Start it again with new ones, or with a profile: finished work is kept.',
    });
  }

  /** See {@link Pauses.through}: for reports of failures, which are returned with their reason. */
  explain(report: ErrorReport): ErrorReport {
    return reportError(this.#explained(errorFromReport(report), report));
  }

  #kindOf(error: ErrorReport, repeats = 0): PauseKind | undefined {
    const place = this.#placeOf(error);
    return pauseKindOf(error, { reached: place !== undefined && this.#reached.has(place), renewable: place === undefined || this.#isRenewable(place), repeats });
  }

  #isRenewable(place: Place): boolean {
    return areRenewable(this.#places[place].uri, this.#places[place].storage, this.#options.env);
  }

  /** The place that an error is about; errors about credentials may name something else, and are about some bucket. */
  #placeOf({ where, code }: ErrorReport): Place | undefined {
    const all = (Object.entries(this.#places) as [Place, Places[Place]][]).filter(([, { uri }]) => uri !== '');
    const holding = all.filter(([, { uri }]) => where !== undefined && (where === uri || where.startsWith(`${uri}/`) || where.startsWith(`${uri}\\`)));
    const nearest = holding.sort(([, a], [, b]) => b.uri.length - a.uri.length).at(0);
    return (nearest ?? (code === 'auth-expired' || code === 'auth-missing' ? all.find(([, { uri }]) => isRemote(uri)) : undefined))?.[0];
  }

  /** Begins at once, and ends with the pause. What keeps a pause from going on, such as a journal that cannot be written, ends the run. */
  async #begin(kind: PauseKind, error: ErrorReport): Promise<void> {
    try {
      await this.#pause(kind, error);
    } catch (failure) {
      this.#givenUp = reportError(failure);
    } finally {
      this.#pausing = undefined;
      for (const listener of this.#listeners) listener();
    }
  }

  async #pause(kind: PauseKind, error: ErrorReport): Promise<void> {
    const { signal, limitMs, env, clock } = this.#options;
    const journal = this.#options.journal();
    const place = this.#placeOf(error);
    const { uri, storage } = place === undefined ? { uri: '', storage: {} } : this.#places[place];
    takeResumeWish(journal.folder);
    const paths = kind === 'sign-in' ? credentialFiles(uri, storage, env) : [];
    const signIn = kind === 'sign-in' ? signInCommands(uri, storage, env) : [];
    journal.append({
      type: 'run-paused', kind, error, signIn, ...(signIn.length === 1 || paths.length === 0 ? {} : { credentials: paths[0] }),
      ...(limitMs === Infinity ? {} : { until: clock() + limitMs }),
    });
    const files = new FilesWatch(paths, () => { this.#nudge(); });
    const folder = watchFor(journal.folder, resumeFile, () => { this.#nudge(); });
    let asked = false;
    const stopListening = this.#options.onWish?.(() => {
      asked = true;
      this.#nudge();
    });
    try {
      const pause: Pause = { kind, error, place, space: kind === 'disk' ? await this.#space(place) : undefined };
      let waiting: Waiting = beginWaiting(kind, limitMs, this.#before?.kind === kind ? this.#before.tries + 1 : 0);
      for (let last = this.#time.now(); !signal.aborted;) {
        await this.#sleep();
        if (signal.aborted) break;
        const now = this.#time.now();
        const wish = takeResumeWish(journal.folder) || asked;
        asked = false;
        const next = stepWaiting(waiting, { ms: now - last, changed: files.changed(), asked: wish });
        last = now;
        waiting = next.waiting;
        if (next.step === 'give-up') {
          this.#givenUp = error;
          break;
        }
        if (next.step === 'wait') continue;
        const still = await this.#try(pause, wish);
        if (signal.aborted) break;
        if (still === undefined) {
          this.#before = { kind, tries: waiting.tries };
          journal.append({ type: 'run-resumed' });
          break;
        }
        if (wish) journal.append({ type: 'run-still-paused', error: still });
      }
    } finally {
      stopListening?.();
      files.dispose();
      folder?.close();
    }
  }

  /** Until the next pulse, or until there is something to look at. */
  async #sleep(): Promise<void> {
    const nudged = new AbortController();
    this.#nudge = () => { nudged.abort(); };
    await this.#time.sleep(pulse, AbortSignal.any([this.#options.signal, nudged.signal])).catch(() => undefined);
    this.#nudge = () => undefined;
  }

  /** Undefined when the run can go on, else why not. `asked`: somebody wants it to. */
  async #try(pause: Pause, asked: boolean): Promise<ErrorReport | undefined> {
    const { signal } = this.#options;
    const { kind, error, place, space } = pause;
    if (place === undefined && kind !== 'disk') return undefined;
    try {
      if (kind === 'disk') {
        if (space !== undefined) return asked || hasRoomAgain(space.at, await spaceOf(space.folder)) ? undefined : error;
        if (place !== undefined) await this.#writeTrial(place);
        return undefined;
      }
      if (place !== undefined) await this.#askFor(place, error);
      return undefined;
    } catch (failure) {
      const report = reportError(failure);
      // Another refusal is an answer: the next task finds out what it means.
      return signal.aborted || this.#kindOf(report) !== undefined ? report : undefined;
    }
  }

  /** Asks a place about what failed, by a connection that has read the credentials anew. */
  async #askFor(place: Place, { where }: ErrorReport): Promise<void> {
    const { signal } = this.#options;
    const { uri, storage } = this.#places[place];
    const store = openStore(uri, storage);
    const key = where?.startsWith(`${uri}/`) === true ? where.slice(uri.length + 1).replace(/\/+$/, '') : '';
    if (key !== '') await store.stat(key, { signal });
    else await store.list('', { signal })[Symbol.asyncIterator]().next();
  }

  async #writeTrial(place: Place): Promise<void> {
    const { uri, storage } = this.#places[place];
    const store = openStore(uri, storage);
    const key = `.spimquant/space-${randomBytes(4).toString('hex')}`;
    await store.write(key, randomBytes(trialBytes), { signal: this.#options.signal });
    await store.delete(key);
  }

  /** The disk that is meant by an error that there is no room: that of its place, or else the fullest of those in use. */
  async #space(place: Place | undefined): Promise<Pause['space']> {
    if (place !== undefined && isRemote(this.#places[place].uri)) return undefined;
    const folders = place === undefined ? [...Object.values(this.#places).flatMap(({ uri }) => (uri === '' || isRemote(uri) ? [] : [uri])), tmpdir()] : [this.#places[place].uri];
    const spaces = await Promise.all(folders.map(async (folder) => ({ folder, at: await spaceOf(folder) }))).catch(() => []);
    return spaces.sort((a, b) => a.at.freeBytes - b.at.freeBytes).at(0);
  }
}

/** Room on the disk of a folder, which need not exist. */
async function spaceOf(folder: string): Promise<DiskSpace> {
  try {
    const { bavail, blocks, bsize } = await statfs(folder);
    return { freeBytes: bavail * bsize, totalBytes: blocks * bsize };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT' && dirname(folder) !== folder) return spaceOf(dirname(folder));
    throw error;
  }
}

function watchFor(folder: string, name: string, then: () => void): FSWatcher | undefined {
  try {
    const watcher = watch(folder, { persistent: false }, (_event, changed) => { if (changed === name) then(); });
    watcher.on('error', () => undefined);
    return watcher;
  } catch {
    // Looked for now and then as well.
    return undefined;
  }
}
