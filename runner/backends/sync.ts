import { appendFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { runConfiguration } from '../command/build.ts';
import { waitAtMost } from '../engine/concurrency.ts';
import { Journal, stateFolder } from '../engine/journal.ts';
import { acquireLock, readLock, removeLock } from '../engine/lock.ts';
import type { Lock, LockHolder } from '../engine/lock.ts';
import { markerKey } from '../engine/outputFolder.ts';
import { pauseLimit } from '../engine/pausePolicy.ts';
import { Pauses } from '../engine/pauses.ts';
import type { PauseTime } from '../engine/pauses.ts';
import { throttleProgress } from '../engine/throttle.ts';
import { isAlive, processMark } from '../monitor/process.ts';
import { programVersion } from '../pipeline/plan/provenance.ts';
import { reportError, SpimquantError } from '../protocol/errors.ts';
import type { ErrorReport } from '../protocol/errors.ts';
import type { RunEvent, RunOutcome, TaskSummary } from '../protocol/events.ts';
import type { Clock } from '../protocol/log.ts';
import type { SyncCommand } from '../protocol/options.ts';
import { newRunId } from '../protocol/runs.ts';
import type { RunIntent } from '../protocol/runs.ts';
import type { RunState } from '../protocol/runState.ts';
import { LocalStore, removeStaleTemporaries } from '../storage/local/localStore.ts';
import type { StorageOptions } from '../storage/objectStore.ts';
import { expandHome, normaliseUri } from '../storage/uri.ts';
import { carryOut, deleteExtra } from '../transfer/carryOut.ts';
import type { CarryOutResult } from '../transfer/carryOut.ts';
import { costNote } from '../transfer/costNote.ts';
import type { CostNote } from '../transfer/costNote.ts';
import { checkDeletion } from '../transfer/deletion.ts';
import { openEnds } from '../transfer/ends.ts';
import type { Ends } from '../transfer/ends.ts';
import { chooser } from '../transfer/filters.ts';
import { planTransfer } from '../transfer/plan.ts';
import type { TransferPlan } from '../transfer/plan.ts';
import { pricesFor } from '../transfer/prices.ts';
import { checkRoom, diskRoom } from '../transfer/room.ts';
import { TransferState, transferFolder } from '../transfer/state.ts';
import type { Sum } from '../transfer/transfer.types.ts';
import { planWords, resultWords } from '../transfer/words.ts';
import { count } from '../wording/words.ts';
import { Recording } from './recording.ts';

/** What a transfer needs from outside. */
export interface SyncBackend {
  readonly clock: Clock;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly signal: AbortSignal;
  /** Told every event after it is on disk, with the state it leads to. */
  readonly onEvent?: (event: RunEvent, state: RunState) => void;
  /** As in LocalBackend. */
  readonly journal?: Journal;
  readonly onWish?: (listener: () => void) => () => void;
  readonly pauseTime?: PauseTime;
  /** Asks somebody whether deleting is meant. Left out: nobody is there to be asked, and `--yes` is needed. */
  readonly confirm?: (question: DeletionQuestion) => Promise<boolean>;
  /** Folder that relative paths are relative to; that of the process when left out. */
  readonly cwd?: string;
}

/** What is asked before anything is deleted. */
export interface DeletionQuestion {
  readonly copy: Sum;
  readonly delete: Sum;
  readonly destination: string;
}

/** How a transfer ended. */
export interface SyncSummary {
  readonly outcome: RunOutcome;
  readonly state: RunState;
  /** Folder of the run's journal. */
  readonly runFolder: string;
  readonly output: string;
  /** Undefined: it did not come so far. */
  readonly done: SyncDone | undefined;
  /** What could not be copied or deleted, the first ones. */
  readonly failures: readonly FileFailure[];
  /** How many in all. */
  readonly failed: number;
}

/** What a transfer has done. */
export interface SyncDone {
  readonly upToDate: Sum;
  readonly result: CarryOutResult;
  readonly deleted: number;
}

/** A file that was left behind, and why. */
export interface FileFailure {
  readonly key: string;
  readonly error: ErrorReport;
}

/** What a transfer would do, for `-n`. Its lists are to be read before it is closed. */
export interface DrySync extends AsyncDisposable {
  readonly plan: TransferPlan;
  readonly ends: Ends;
  /** What it may cost that data leave where they are. */
  readonly cost: CostNote | undefined;
  /** Why it would be refused, room on the disk and deletions considered. */
  readonly refusal: ErrorReport | undefined;
  /** Whether it would not be refused if `--max_delete` named the number of deletions. */
  readonly confirmable: boolean;
}

/** Bytes of content held in memory at the same time. */
const memoryBytes = 128 * 1024 * 1024;
/** Failures that are kept for the summary and logged; a file in the run's folder has all. */
const failuresKept = 100;
/** Name of that file: lines of JSON. */
export const failuresFile = 'failures.ndjson';

const compareTask: TaskSummary = { id: 'compare', stage: 'compare', scope: 'sync', title: 'compare source and destination', weight: 0.05 };
const copyTask: TaskSummary = { id: 'copy', stage: 'copy', scope: 'sync', title: 'copy and check' };
const deleteTask: TaskSummary = { id: 'delete', stage: 'delete', scope: 'sync', title: 'delete what the source does not have', weight: 0.05 };

/** Finds out what a transfer would do. Changes nothing. Throws errors for the user. */
export async function planSync(command: SyncCommand, backend: Pick<SyncBackend, 'env' | 'signal' | 'cwd'> & { readonly progress?: (compared: number) => void }): Promise<DrySync> {
  const { env, signal } = backend;
  const ends = await endsOf(command, backend);
  const state = await TransferState.look(folderOf(ends, env), isAlive);
  try {
    const plan = await planWith(command, ends, state, true, signal, backend.progress);
    const refusal = await refusalOf(command, ends, plan);
    const cost = await costOf(command, ends, plan, backend);
    const confirmed = { ...command, options: { ...command.options, maxDelete: plan.delete.files } };
    const confirmable = refusal !== undefined && command.options.deletes && (await refusalOf(confirmed, ends, plan)) === undefined;
    return { plan, ends, cost, refusal: refusal && reportError(refusal), confirmable, [Symbol.asyncDispose]: () => state.close() };
  } catch (error) {
    await state.close();
    throw error;
  }
}

/**
 * Carries out a transfer: plans it, copies, deletes, and keeps a journal. `text` is the command as one line. Throws what
 * makes it impossible from the start; once it has begun, everything is in the summary. A run whose journal was given has
 * begun by then: what is thrown is its end in the journal as well.
 */
export async function runSync(command: SyncCommand, text: string, backend: SyncBackend): Promise<SyncSummary> {
  const { clock, env, onEvent, signal } = backend;
  const recording = new Recording({
    open: () => backend.journal ?? new Journal(join(stateFolder(env), 'runs'), intentOf(command, text, backend), clock), clock, onEvent,
  });
  if (backend.journal !== undefined) recording.begin();
  try {
    return await new SyncRun(command, backend, recording).run();
  } catch (error) {
    recording.endBy(error, signal.aborted);
    throw error;
  } finally {
    recording.close();
  }
}

/** Removes the locks that transfers of this command, or runs, have left on its destination. Returns who held the destination. */
export async function unlockSync(command: SyncCommand, backend: Pick<SyncBackend, 'env' | 'signal' | 'cwd'>): Promise<LockHolder | undefined> {
  const ends = await endsOf(command, backend);
  await removeLock(new LocalStore(folderOf(ends, backend.env)));
  return removeLock(ends.destination.store);
}

function endsOf({ bids, output, options, storage, toStorage }: SyncCommand, { signal, cwd }: Pick<SyncBackend, 'signal' | 'cwd'>): Promise<Ends> {
  // Each connection has as many places as there are transfers, and some for looking.
  const concurrency = options.transfers + 4;
  const [sourceStorage, destinationStorage]: StorageOptions[] = [{ ...storage, concurrency }, { ...toStorage, concurrency }];
  return openEnds({ source: bids, destination: output, sourceStorage, destinationStorage, deletes: options.deletes, signal, ...(cwd === undefined ? {} : { cwd }) });
}

function folderOf({ source, destination }: Ends, env: SyncBackend['env']): string {
  return transferFolder(join(stateFolder(env), 'transfers'), source.uri, destination.uri);
}

async function planWith(command: SyncCommand, ends: Ends, state: TransferState, dry: boolean, signal: AbortSignal, progress: ((compared: number) => void) | undefined): Promise<TransferPlan> {
  const { options, execution } = command;
  if (options.deletes && ends.source.single) throw new SpimquantError('bad-option', `--delete needs a folder as source; this is one file: ${ends.source.uri}`, { where: ends.source.uri, hint: 'Leave out --delete.' });
  return planTransfer({
    ends, filters: options.filters, deletes: options.deletes, byContent: options.byContent, forced: execution.forceAll, records: state.records, dry, scratch: state.scratch,
    room: ends.destination.local ? await diskRoom(ends.destination.uri) : undefined, platform: process.platform, signal, ...(progress === undefined ? {} : { progress }),
  });
}

/** Why the plan must not be carried out; undefined: it may. */
async function refusalOf({ options }: SyncCommand, { destination }: Ends, plan: TransferPlan): Promise<SpimquantError | undefined> {
  try {
    if (destination.local) checkRoom(await diskRoom(destination.uri), plan.bytesOnDisk, destination.uri);
    if (options.deletes) checkDeletion(plan, destination.uri, { maxDelete: options.maxDelete });
    return undefined;
  } catch (error) {
    if (error instanceof SpimquantError) return error;
    throw error;
  }
}

async function costOf({ storage }: SyncCommand, { source, destination }: Ends, plan: TransferPlan, { env, signal }: Pick<SyncBackend, 'env' | 'signal'>): Promise<CostNote | undefined> {
  if (plan.copy.bytes === 0) return undefined;
  const prices = pricesFor(env);
  const [from, to] = await Promise.all([source, destination].map(({ store }) => store.region?.({ signal }) ?? Promise.resolve({ provider: 'other' } as const)));
  return costNote(from, to, plan.copy.bytes, storage.requesterPays === true, prices);
}

/** Clears away what processes that died were writing at the destination. Parts of large files stay: the transfer goes on from them. */
async function sweep({ source, destination }: Ends): Promise<void> {
  if (destination.local && !source.single) await removeStaleTemporaries(destination.uri, Infinity, (pid) => pid !== undefined && !isAlive(pid));
}

/** What a run of this process is meant to be. */
function intentOf(command: SyncCommand, text: string, { clock, cwd }: SyncBackend): RunIntent {
  const now = clock();
  const bids = normaliseUri(expandHome(command.bids), cwd);
  const output = normaliseUri(expandHome(command.output), cwd);
  return {
    id: newRunId(now), command: text, verb: command.verb, bids, output, options: runConfiguration({ ...command, bids, output }), version: programVersion,
    pid: process.pid, process: processMark(process.pid), host: hostname(), started: new Date(now).toISOString(), cwd: cwd ?? process.cwd(),
  };
}

class SyncRun {
  readonly #command: SyncCommand;
  readonly #backend: SyncBackend;
  readonly #recording: Recording;
  readonly #failures: FileFailure[] = [];
  #failed = 0;
  #done: SyncDone | undefined;

  constructor(command: SyncCommand, backend: SyncBackend, recording: Recording) {
    this.#command = command;
    this.#backend = backend;
    this.#recording = recording;
  }

  get #journal(): Journal {
    return this.#recording.begin();
  }

  async run(): Promise<SyncSummary> {
    const { options } = this.#command;
    const { env, confirm, signal } = this.#backend;
    if (options.deletes && !options.yes && confirm === undefined) {
      throw new SpimquantError('bad-option', '--delete asks before it deletes, and nobody is there to be asked.', { hint: 'Look at the plan with -n; if it is right, add --yes.' });
    }
    pricesFor(env);
    chooser(options.filters);
    using pauses = this.#pauses();
    const ends = await pauses.through(() => endsOf(this.#command, this.#backend));
    pauses.markReached('dataset');
    const folder = folderOf(ends, env);
    const own = await this.#lockPair(folder, ends);
    try {
      const output = await pauses.through(() => this.#lockOutput(ends));
      pauses.markReached('output');
      try {
        if (own.tookOver) await sweep(ends);
        await using state = await TransferState.open(folder);
        const ended = await this.#carryOut(ends, state, pauses);
        this.#recording.end(ended.outcome, ended.error);
        return { outcome: ended.outcome, state: this.#recording.state, runFolder: this.#journal.folder, output: ends.destination.uri, done: this.#done, failures: this.#failures, failed: this.#failed };
      } finally {
        if (output !== undefined) await (signal.aborted ? waitAtMost(500, output.release()) : output.release());
      }
    } finally {
      await own.release();
    }
  }

  /** Both ends are places that may have to be waited for; what is remembered is on a disk that may be full. */
  #pauses(): Pauses {
    const { bids, output, storage, toStorage, execution } = this.#command;
    const { env, clock, signal, cwd, pauseTime, onWish } = this.#backend;
    const at = (uri: string): string => normaliseUri(expandHome(uri), cwd);
    return new Pauses({
      dataset: { uri: at(bids), storage }, output: { uri: at(output), storage: toStorage }, work: { uri: stateFolder(env), storage: {} }, templates: { uri: '', storage: {} },
    }, { journal: () => this.#journal, clock, signal, env, limitMs: pauseLimit(execution.pauseLimitMs, env), time: pauseTime, onWish });
  }

  /** Keeps a second transfer of the same from working on the same records. */
  async #lockPair(folder: string, { source, destination }: Ends): Promise<Lock> {
    try {
      return await acquireLock(new LocalStore(folder), this.#backend.clock());
    } catch (error) {
      if (!(error instanceof SpimquantError) || error.code !== 'output-busy') throw error;
      throw new SpimquantError('output-busy', `This is being copied already: ${source.uri} to ${destination.uri}`, { where: destination.uri, hint: 'Wait for it: spimquant runs shows it. If it died on a machine that shares this home folder, run the same command once with --unlock.' });
    }
  }

  /** Where results of the pipeline are copied, no run may write at the same time. */
  async #lockOutput({ source, destination }: Ends): Promise<Lock | undefined> {
    const { signal, clock } = this.#backend;
    if (source.single) return undefined;
    const isOutput = async (store: Ends['source']['store']): Promise<boolean> => (await store.stat(markerKey, { signal })) !== undefined;
    const [from, to] = await Promise.all([source.store, destination.store].map((store) => isOutput(store).catch((error: unknown) => {
      // Rights may end at what is copied.
      if (error instanceof SpimquantError && error.code === 'access-denied') return false;
      throw error;
    })));
    if (from && (await readLock(source.store)) !== undefined) {
      this.#journal.append({ type: 'run-log', level: 'warn', message: 'A run is writing to the source. What it makes from now on is copied by the next transfer.' });
    }
    return from || to ? acquireLock(destination.store, clock()) : undefined;
  }

  async #carryOut(ends: Ends, state: TransferState, pauses: Pauses): Promise<{ readonly outcome: RunOutcome; readonly error?: ErrorReport }> {
    const { signal } = this.#backend;
    const { deletes } = this.#command.options;
    this.#journal.append({ type: 'run-planned', reused: 0, tasks: [compareTask, copyTask, ...(deletes ? [deleteTask] : [])] });
    try {
      const plan = await this.#task(compareTask, pauses, () => pauses.through(() => this.#compare(ends, state)), () => ({ bytesRead: 0, bytesWritten: 0 }));
      if (!(await this.#confirmed(plan, ends))) return { outcome: 'cancelled' };
      await this.#task(copyTask, pauses, () => this.#copy(ends, state, plan, pauses), ({ copied }) => ({ bytesRead: copied.bytes, bytesWritten: copied.bytes }));
      if (deletes) await this.#task(deleteTask, pauses, () => pauses.through(() => this.#delete(ends, plan)), () => ({ bytesRead: 0, bytesWritten: 0 }));
      return { outcome: 'succeeded' };
    } catch (error) {
      const report = reportError(error);
      if (signal.aborted || report.code === 'cancelled') return { outcome: 'cancelled' };
      if (!(error instanceof TaskFailed)) return { outcome: 'failed', error: report };
      if (deletes && error.task === copyTask.id) this.#journal.append({ type: 'task-skipped', task: deleteTask.id, because: 'not everything could be copied' });
      return { outcome: 'failed' };
    }
  }

  /** Carries out a task and writes how it went. Throws {@link TaskFailed} when it has failed. */
  async #task<T>(task: TaskSummary, pauses: Pauses, work: () => Promise<T>, traffic: (result: T) => { readonly bytesRead: number; readonly bytesWritten: number }): Promise<T> {
    const { clock, signal } = this.#backend;
    const started = clock();
    this.#journal.append({ type: 'task-started', task: task.id });
    try {
      const result = await work();
      this.#journal.append({ type: 'task-finished', task: task.id, seconds: (clock() - started) / 1000, ...traffic(result) });
      return result;
    } catch (error) {
      const report = pauses.explain(reportError(error));
      if (signal.aborted || report.code === 'cancelled') throw error;
      this.#journal.append({ type: 'task-failed', task: task.id, error: report });
      throw new TaskFailed(task.id, { cause: error });
    }
  }

  async #compare(ends: Ends, state: TransferState): Promise<TransferPlan> {
    const progress = throttleProgress((each) => { this.#journal.append({ type: 'task-progress', task: compareTask.id, progress: each }); });
    const plan = await planWith(this.#command, ends, state, false, this.#backend.signal, (compared) => { progress({ done: compared, total: 0, unit: 'items' }); });
    this.#note(planWords(plan, this.#command.options.deletes));
    if (plan.uncompared > 0) this.#note(`${count(plan.uncompared, 'file')} could not be compared by content, because a service tells no checksum of them: record and time decided.`, 'warn');
    const cost = await costOf(this.#command, ends, plan, this.#backend);
    if (cost !== undefined) this.#note(cost.text, 'warn');
    const refusal = await refusalOf(this.#command, ends, plan);
    if (refusal !== undefined) throw refusal;
    return plan;
  }

  async #confirmed(plan: TransferPlan, { destination }: Ends): Promise<boolean> {
    const { confirm } = this.#backend;
    if (plan.delete.files === 0 || this.#command.options.yes || confirm === undefined) return true;
    if (await confirm({ copy: plan.copy, delete: plan.delete, destination: destination.uri })) return true;
    this.#note('Nothing was changed: deleting was not confirmed.');
    return false;
  }

  async #copy(ends: Ends, state: TransferState, plan: TransferPlan, pauses: Pauses): Promise<CarryOutResult> {
    const { options } = this.#command;
    const { clock, signal } = this.#backend;
    for await (const { key, reason } of plan.problemList()) this.#fail(copyTask, key, { code: 'bad-option', message: `It cannot be copied, because ${reason}.` });
    const progress = throttleProgress((each) => { this.#journal.append({ type: 'task-progress', task: copyTask.id, progress: each }); });
    let finished = 0;
    const result = await carryOut({
      plan, ends, records: state.records, unfinished: state.unfinished, chooses: chooser(options.filters), transfers: options.transfers, memoryBytes, verify: options.verify, clock, signal,
      progress: ({ files, bytes, bytesPerSecond, secondsLeft }) => {
        if (files.done > finished) pauses.markProgress();
        finished = files.done;
        // Without bytes, of empty files say, the files are what is counted.
        progress({ ...(bytes.total > 0 ? bytes : files), unit: bytes.total > 0 ? 'bytes' : 'items', files, ...(bytes.total > 0 ? { perSecond: bytesPerSecond } : {}), ...(secondsLeft === undefined ? {} : { secondsLeft }) });
      },
      failed: (key, error) => { this.#fail(copyTask, key, error); },
      recover: (error) => waitFor(error, pauses),
      note: (message) => { this.#journal.append({ type: 'task-log', task: copyTask.id, level: 'info', message }); },
    });
    this.#done = { upToDate: plan.skip, result, deleted: 0 };
    this.#note(resultWords(result));
    if (this.#failed > 0) throw this.#failedFiles('copied', plan.copy.files + plan.problems, ends);
    return result;
  }

  async #delete(ends: Ends, plan: TransferPlan): Promise<void> {
    const { transfers } = this.#command.options;
    const progress = throttleProgress((each) => { this.#journal.append({ type: 'task-progress', task: deleteTask.id, progress: each }); });
    const { deleted, failed } = await deleteExtra({
      plan, ends, transfers, signal: this.#backend.signal, progress: (done) => { progress({ done, total: plan.delete.files, unit: 'items' }); }, failed: (key, error) => { this.#fail(deleteTask, key, error); },
    });
    if (this.#done !== undefined) this.#done = { ...this.#done, deleted };
    if (plan.delete.files > 0) this.#note(`${count(deleted, 'file')} deleted.`);
    if (failed > 0) throw this.#failedFiles('deleted', plan.delete.files, ends);
  }

  #note(message: string, level: 'info' | 'warn' = 'info'): void {
    this.#journal.append({ type: 'run-log', level, message });
  }

  /** Notes a file that is left behind: all in a file of the run, the first in its log and the summary. */
  #fail({ id }: TaskSummary, key: string, error: ErrorReport): void {
    this.#failed += 1;
    appendFileSync(join(this.#journal.folder, failuresFile), `${JSON.stringify({ key, error })}\n`, { mode: 0o600 });
    if (this.#failures.length >= failuresKept) return;
    this.#failures.push({ key, error });
    this.#journal.append({ type: 'task-log', task: id, level: 'error', message: `${key}: ${error.message}${error.hint === undefined ? '' : ` ${error.hint}`}` });
  }

  #failedFiles(what: 'copied' | 'deleted', total: number, { destination }: Ends): SpimquantError {
    const [{ key, error }] = this.#failures;
    return new SpimquantError(error.code === 'internal' ? 'network' : error.code, `${this.#failed} of ${count(total, 'file')} could not be ${what}. The first: ${key}: ${error.message}`, {
      where: destination.uri, hint: `The log names ${this.#failed > failuresKept ? `the first ${failuresKept}, and ${join(this.#journal.folder, failuresFile)} all` : 'them all'}. Run the same command again to try them again: what was ${what} stays so.`,
    });
  }
}

/** Waits, with the run paused, until what has failed may work again. False: it will not. */
async function waitFor(error: SpimquantError, pauses: Pauses): Promise<boolean> {
  let first = true;
  try {
    await pauses.through(async () => {
      if (!first) return;
      first = false;
      throw error;
    });
    return true;
  } catch {
    return false;
  }
}

/** A task's failure, which is in the journal already. */
class TaskFailed extends Error {
  readonly task: string;

  constructor(task: string, details: { readonly cause: unknown }) {
    super(`The task ${task} failed`, details);
    this.task = task;
  }
}
