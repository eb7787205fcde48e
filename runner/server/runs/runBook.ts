import { mkdirSync, readdirSync, watch } from 'node:fs';
import type { FSWatcher } from 'node:fs';
import { cancelWish, readIntent, removeRun, runFolder, wishCancel, wishResume } from '../../engine/runFolder.ts';
import { errorFromReport, SpimquantError } from '../../protocol/errors.ts';
import type { Clock, Logger } from '../../protocol/log.ts';
import type { RunRecord } from '../../protocol/runs.ts';
import { isOver } from '../../protocol/runs.ts';
import { OpenRun } from './openRun.ts';
import { amendDigest, endsFinished, readDigest, writeDigest } from './pastRuns.ts';

/** A run's changes are told at most this often, in milliseconds; its end always. */
const tellInterval = 250;
/** How often journals and processes are looked at, in milliseconds, beside what the system tells. */
const lookInterval = 250;
/** Time for more changes to come before the journal is read, in milliseconds. */
const settleInterval = 20;
/** How often new folders are looked for, in milliseconds. */
const scanInterval = 1000;
/** Time that a run has to end by itself, in milliseconds. */
const killAfter = 700;
/** The same where the installed SPIMquant is interrupted first. */
const killEngineAfter = 14_000;
/** The same where machines of a cloud have to be ended, and their end verified. */
const killCloudAfter = 12 * 60_000;

/** What the book needs from outside. */
export interface RunBookOptions {
  /** Folder of all runs. */
  readonly runs: string;
  readonly host: string;
  readonly clock: Clock;
  readonly log: Logger;
  readonly onChanged: (record: RunRecord) => void;
  readonly onRemoved: (id: string) => void;
  /** Told of a run whose process was found to be gone. */
  readonly onLost: (record: RunRecord) => void;
}

interface Entry {
  readonly run: OpenRun;
  readonly listeners: Set<() => void>;
  lastTold: number;
  /** Until the next change is told. */
  timer?: NodeJS.Timeout;
  /** Until the next look, when the system told of a change. */
  soon?: NodeJS.Timeout;
  looking?: Promise<void>;
  again: boolean;
  ending?: Promise<RunRecord>;
}

/** All runs of this user: those of windows, of terminals, and of other machines that share the folder. */
export class RunBook {
  readonly #options: RunBookOptions;
  readonly #known = new Set<string>();
  readonly #open = new Map<string, Entry>();
  readonly #past = new Map<string, RunRecord>();
  readonly #timers: NodeJS.Timeout[] = [];
  #watcher: FSWatcher | undefined;
  #disposed = false;

  constructor(options: RunBookOptions) {
    this.#options = options;
    mkdirSync(options.runs, { recursive: true, mode: 0o700 });
    this.scan();
    try {
      this.#watcher = watch(options.runs, { persistent: false }, () => { this.scan(); });
      this.#watcher.on('error', () => undefined);
    } catch {
      // Looking now and then does as well.
    }
    this.#timers.push(setInterval(() => { for (const id of this.#open.keys()) void this.look(id); }, lookInterval));
    this.#timers.push(setInterval(() => { this.scan(); }, scanInterval));
  }

  /** Runs of this machine that are not over. */
  get active(): number {
    let count = 0;
    for (const { run } of this.#open.values()) if (run.isHere && !isOver(run.record.status)) count += 1;
    return count;
  }

  /** Processes of the runs of this machine that are not over. */
  get pids(): readonly number[] {
    return [...this.#open.values()].flatMap(({ run }) => (run.isHere && run.pid > 0 && !isOver(run.record.status) ? [run.pid] : []));
  }

  folder(id: string): string {
    return runFolder(this.#options.runs, id);
  }

  /** Takes up folders that are new, and drops those that are gone. */
  scan(): void {
    if (this.#disposed) return;
    let names: string[];
    try {
      names = readdirSync(this.#options.runs);
    } catch {
      return;
    }
    const there = new Set(names);
    for (const id of this.#known) if (!there.has(id)) this.#drop(id);
    for (const id of names) if (!this.#known.has(id)) this.#take(id);
  }

  /** Takes up a folder. One that says too little yet is looked at again next time. */
  #take(id: string): void {
    if (!/^[\w-]{1,80}$/.test(id)) return;
    if (endsFinished(this.folder(id))) {
      this.#known.add(id);
      return;
    }
    const intent = readIntent(this.folder(id));
    if (intent === undefined) return;
    this.#known.add(id);
    const run = new OpenRun(this.folder(id), { ...intent, id }, this.#options.host);
    this.#open.set(id, { run, listeners: new Set(), lastTold: 0, again: false });
    run.watch(() => { this.#lookSoon(id); });
    void this.look(id);
    this.#tell(id, true);
  }

  #drop(id: string): void {
    const entry = this.#open.get(id);
    this.#known.delete(id);
    this.#past.delete(id);
    this.#open.delete(id);
    if (entry !== undefined) {
      this.#release(entry);
      for (const listener of entry.listeners) listener();
    }
    this.#options.onRemoved(id);
  }

  /** Reads what a run has written since, and ends its record when its process is gone. */
  async look(id: string): Promise<void> {
    const entry = this.#open.get(id);
    if (entry === undefined || this.#disposed) return;
    if (entry.looking !== undefined) {
      entry.again = true;
      return entry.looking;
    }
    entry.looking = this.#lookNow(id, entry).finally(() => {
      entry.looking = undefined;
      if (!entry.again) return;
      entry.again = false;
      void this.look(id);
    });
    return entry.looking;
  }

  /** Looks a moment later, once for all that the system tells meanwhile. */
  #lookSoon(id: string): void {
    const entry = this.#open.get(id);
    if (entry === undefined || entry.soon !== undefined) return;
    entry.soon = setTimeout(() => {
      entry.soon = undefined;
      void this.look(id);
    }, settleInterval);
  }

  async #lookNow(id: string, entry: Entry): Promise<void> {
    const { run, listeners } = entry;
    const { clock, log } = this.#options;
    try {
      // In this order: what a process wrote before it was found dead is read.
      const alive = run.isAlive(clock());
      let news = await run.refresh();
      if (!alive && !isOver(run.record.status)) {
        await run.settle(clock());
        log('warn', `Run ${id}: its process is gone; it is recorded as ${run.record.status}.`);
        this.#options.onLost(run.record);
        news = true;
      }
      if (news) {
        for (const listener of listeners) listener();
        this.#tell(id, false);
      }
      if (isOver(run.record.status)) this.#close(id, entry);
      // The wish of a terminal, or one that an earlier runner did not live to carry out.
      else if (run.record.cancelling && run.isHere && entry.ending === undefined) this.cancel(id).catch(() => undefined);
    } catch (error) {
      log('error', `Run ${id} cannot be followed: ${String(error)}`);
    }
  }

  /** Turns a run that is over into a past one. */
  #close(id: string, entry: Entry): void {
    if (this.#open.get(id) !== entry) return;
    this.#release(entry);
    this.#open.delete(id);
    this.#past.set(id, entry.run.record);
    writeDigest(entry.run.folder, entry.run.signature, entry.run.record);
    this.#options.onChanged(entry.run.record);
    this.#settleEarlier(entry.run.record);
  }

  /** Whoever runs on cloud machines ends or follows those that earlier runs have left in its output: how it ended holds for them too. */
  #settleEarlier({ id, place, status, output, cloud }: RunRecord): void {
    if (place !== 'cloud' || cloud === undefined || status === 'interrupted') return;
    for (const earlier of [...this.#past.values()]) {
      const gone = earlier.id < id && earlier.output === output ? (earlier.cloud?.left ?? []).filter((name) => !cloud.left.includes(name)) : [];
      if (gone.length > 0) void this.noteGone(earlier.id, gone);
    }
  }

  #tell(id: string, now: boolean): void {
    const entry = this.#open.get(id);
    if (entry === undefined || entry.timer !== undefined || isOver(entry.run.record.status)) return;
    const wait = now ? 0 : Math.max(0, entry.lastTold + tellInterval - this.#options.clock());
    entry.timer = setTimeout(() => {
      entry.timer = undefined;
      entry.lastTold = this.#options.clock();
      if (this.#open.get(id) === entry && !isOver(entry.run.record.status)) this.#options.onChanged(entry.run.record);
    }, Math.min(wait, tellInterval));
  }

  /** Calls `listener` whenever a run that is not over has written something, and when it is removed. */
  onNews(id: string, listener: () => void): () => void {
    const listeners = this.#open.get(id)?.listeners;
    listeners?.add(listener);
    return () => listeners?.delete(listener);
  }

  /** A run's record; undefined when there is none. */
  async find(id: string): Promise<RunRecord | undefined> {
    if (!this.#known.has(id)) this.#take(id);
    const entry = this.#open.get(id);
    if (entry !== undefined) {
      if (entry.run.record.seq === 0) await this.look(id);
      return entry.run.record;
    }
    const past = this.#past.get(id);
    if (past !== undefined || !this.#known.has(id)) return past;
    return this.#loadPast(id);
  }

  async #loadPast(id: string): Promise<RunRecord | undefined> {
    const folder = this.folder(id);
    let record = readDigest(folder);
    if (record === undefined) {
      const intent = readIntent(folder);
      if (intent === undefined) return undefined;
      const run = new OpenRun(folder, { ...intent, id }, this.#options.host);
      await run.refresh();
      record = run.record;
      // Not over although its last line says so: damaged in the middle. What can be read is shown, as interrupted.
      if (!isOver(record.status)) record = { ...record, status: 'interrupted', current: [], cancelling: false };
      else writeDigest(folder, run.signature, record);
    }
    this.#past.set(id, record);
    return record;
  }

  /** A run's record. Throws `not-found`. */
  async get(id: string): Promise<RunRecord> {
    const record = await this.find(id);
    if (record === undefined) throw new SpimquantError('not-found', `There is no run ${id}.`, { where: id, hint: 'Its record may have been deleted.' });
    return record;
  }

  /** Records newest first, of runs older than `before`. */
  async list(limit: number, before?: string): Promise<{ readonly runs: readonly RunRecord[]; readonly more: boolean }> {
    this.scan();
    const ids = [...this.#known].filter((id) => before === undefined || id < before).sort().reverse();
    const runs: RunRecord[] = [];
    for (const id of ids) {
      if (runs.length === limit) return { runs, more: true };
      const record = await this.find(id);
      if (record !== undefined) runs.push(record);
    }
    return { runs, more: false };
  }

  /** Ends a run: asks its process, and ends it by force when it takes too long. Resolves when the run is over. */
  async cancel(id: string): Promise<RunRecord> {
    const record = await this.get(id);
    const entry = this.#open.get(id);
    if (entry === undefined || isOver(record.status)) return record;
    if (!entry.run.isHere) {
      throw new SpimquantError('bad-option', `This run is on another machine: ${record.host}.`, { where: id, hint: 'Cancel it there.' });
    }
    entry.ending ??= this.#end(id, entry).finally(() => { entry.ending = undefined; });
    return entry.ending;
  }

  async #end(id: string, entry: Entry): Promise<RunRecord> {
    const { run } = entry;
    const { clock } = this.#options;
    wishCancel(run.folder, clock());
    void this.look(id);
    // Alive, as long as it is not known, would mean waiting for a process that may never come.
    const since = cancelWish(run.folder) ?? clock();
    let killed = false;
    if (run.isAlive(clock())) signal(run.pid, 'SIGTERM');
    while (run.pid !== 0 && run.isAlive(clock())) {
      if (!killed && Date.now() - since >= (run.record.place === 'cloud' ? killCloudAfter : run.isExternal ? killEngineAfter : killAfter)) {
        killed = true;
        signal(run.pid, 'SIGKILL');
      }
      await new Promise((resolve) => setTimeout(resolve, 15));
      if (this.#disposed) throw new SpimquantError('runner-lost', 'The runner ended.');
    }
    await run.settle(clock());
    for (const listener of entry.listeners) listener();
    this.#close(id, entry);
    return run.record;
  }

  /**
   * Lets a paused run try to go on, by a wish in its folder: so its machine and whoever started it do not matter. Resolves
   * when it goes on or is over. Rejects with the error that it is paused for when that has not passed, and with
   * `bad-option` when it is not paused.
   */
  async resume(id: string, signal: AbortSignal): Promise<RunRecord> {
    const { pause } = await this.get(id);
    const entry = this.#open.get(id);
    if (pause === undefined || entry === undefined) {
      throw new SpimquantError('bad-option', 'This run is not paused.', { where: id, hint: 'Refresh the list of runs.' });
    }
    await this.look(id);
    const before = entry.run.record.pause?.checked;
    wishResume(entry.run.folder);
    for (;;) {
      const { record } = entry.run;
      if (record.pause === undefined || record.pause.since !== pause.since) return record;
      if (record.pause.checked !== before) throw errorFromReport(record.pause.error);
      if (this.#disposed || this.#open.get(id) !== entry) throw new SpimquantError('runner-lost', 'The runner ended, or the record of the run was deleted.');
      await this.#news(id, signal);
    }
  }

  /** Resolves when a run has written something, and rejects when the signal is aborted. */
  async #news(id: string, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    const { promise, resolve, reject } = Promise.withResolvers<undefined>();
    const abort = (): void => { reject(new SpimquantError('cancelled', 'Cancelled.')); };
    signal.addEventListener('abort', abort, { once: true });
    const stop = this.onNews(id, () => { resolve(undefined); });
    try {
      await promise;
    } finally {
      stop();
      signal.removeEventListener('abort', abort);
    }
  }

  /** Notes clusters of a run that is over whose machines are gone by now, and tells it. */
  async noteGone(id: string, names: readonly string[]): Promise<RunRecord> {
    const record = await this.get(id);
    if (record.cloud === undefined || !isOver(record.status)) return record;
    const noted: RunRecord = { ...record, cloud: { ...record.cloud, left: record.cloud.left.filter((name) => !names.includes(name)) } };
    this.#past.set(id, noted);
    amendDigest(this.folder(id), noted);
    this.#options.onChanged(noted);
    return noted;
  }

  /** Removes the record of a run that is over. No error when there is none. Throws `bad-option` for one that is not over. */
  async delete(id: string): Promise<void> {
    const record = await this.find(id);
    if (record === undefined) return;
    if (!isOver(record.status)) throw new SpimquantError('bad-option', 'This run is not over yet.', { where: id, hint: 'Cancel it first.' });
    removeRun(this.folder(id));
    if (this.#known.has(id)) this.#drop(id);
  }

  dispose(): void {
    this.#disposed = true;
    for (const timer of this.#timers) clearInterval(timer);
    this.#watcher?.close();
    for (const entry of this.#open.values()) this.#release(entry);
  }

  #release(entry: Entry): void {
    clearTimeout(entry.timer);
    clearTimeout(entry.soon);
    entry.run.dispose();
  }
}

function signal(pid: number, name: NodeJS.Signals): void {
  if (pid <= 0) return;
  try {
    process.kill(pid, name);
  } catch {
    // It has just ended.
  }
}
