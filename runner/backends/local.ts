import { stat } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { mergedConfiguration } from '../command/build.ts';
import { waitAtMost } from '../engine/concurrency.ts';
import { checkOutput, prepareOutput } from '../engine/outputFolder.ts';
import { acquireLock, newToken, removeLock } from '../engine/lock.ts';
import type { Lock, LockHolder } from '../engine/lock.ts';
import { execute } from '../engine/execute.ts';
import { Journal, stateFolder } from '../engine/journal.ts';
import { pauseLimit } from '../engine/pausePolicy.ts';
import { Pauses } from '../engine/pauses.ts';
import type { PauseTime } from '../engine/pauses.ts';
import { openPlaces } from '../engine/places.ts';
import type { Places } from '../engine/places.ts';
import { prepare } from '../engine/prepare.ts';
import type { Prepared } from '../engine/prepare.ts';
import { keepWorkMs, sweepWorkFolders, workRegister } from '../engine/workFolder.ts';
import type { RunIntent } from '../protocol/runs.ts';
import type { RunState } from '../protocol/runState.ts';
import type { StageModule } from '../engine/workerMessages.ts';
import { defaultMemoryBudget, detectMachine } from '../monitor/machine.ts';
import type { Machine } from '../monitor/machine.ts';
import { processMark } from '../monitor/process.ts';
import type { Plan } from '../pipeline/plan/plan.types.ts';
import { loadStage } from '../pipeline/stages.ts';
import type { Place } from '../pipeline/task.ts';
import { programVersion } from '../pipeline/plan/provenance.ts';
import { errorFromReport, reportError, SpimquantError } from '../protocol/errors.ts';
import type { ErrorReport } from '../protocol/errors.ts';
import type { RunEvent, RunOutcome } from '../protocol/events.ts';
import type { Clock } from '../protocol/log.ts';
import type { LevelCommand } from '../protocol/options.ts';
import { newRunId } from '../protocol/runs.ts';
import { ownStorage } from '../protocol/storageChoice.ts';
import { removeStaleTemporaries } from '../storage/local/localStore.ts';
import type { ObjectStore, StorageOptions } from '../storage/objectStore.ts';
import { expandHome, isRemote, normaliseUri } from '../storage/uri.ts';
import { Recording } from './recording.ts';
import { findProgram } from './snakemake/program.ts';
import { askExternal, runExternal, unlockExternal } from './snakemake/run.ts';
import type { ExternalAnswer } from './snakemake/run.ts';
import { claimWork, settleWork, tellSwept, workFolder } from './temporaryFiles.ts';

/** A command that runs the pipeline. */
export type RunCommand = LevelCommand;

/** What a planner may look at. */
export interface PlanContext {
  readonly command: RunCommand;
  readonly dataset: ObjectStore;
  readonly output: ObjectStore;
  readonly signal: AbortSignal;
}

/** Turns a command into tasks. */
export type Planner = (context: PlanContext) => Promise<Plan>;

/** What a run needs from outside. */
export interface LocalBackend {
  readonly planner: Planner;
  readonly clock: Clock;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly signal: AbortSignal;
  /** Told every event after it is on disk, with the state it leads to. */
  readonly onEvent?: (event: RunEvent, state: RunState) => void;
  /**
   * A journal with the run's intent and nothing else, for runs that others watch: whatever happens then, planning and
   * what makes the run impossible included, is in it. Left out: the run gets one when it begins.
   */
  readonly journal?: Journal;
  /** What may be used; detected when left out. */
  readonly machine?: Machine;
  /** Calls back when the user asks a paused run to go on: see PauseOptions. */
  readonly onWish?: (listener: () => void) => () => void;
  /** The time of pauses; the real one when left out. */
  readonly pauseTime?: PauseTime;
  /** URL of a module with other stages than the pipeline's: see WorkerSetup. */
  readonly stageModule?: string;
  /** The output belongs to a run of which this is a part: that one has made it ready, and holds its lock. */
  readonly part?: boolean;
}

/** How a run ended. */
export interface RunSummary {
  readonly outcome: RunOutcome;
  readonly state: RunState;
  /** Folder of the run's journal. */
  readonly runFolder: string;
  readonly output: string;
  /** URIs or paths of the reports that exist now, participants first. */
  readonly reports: readonly string[];
}

/** A plan held against what is there, for `-n`. */
export interface DryRun {
  readonly plan: Plan;
  readonly prepared: Prepared;
  readonly output: string;
}

/** Where a command's dataset and output are, in their one written form. Throws `bad-option`. */
export function resolveLocations(command: RunCommand): { readonly dataset: string; readonly output: string } {
  const dataset = normaliseUri(expandHome(command.bids));
  const output = normaliseUri(expandHome(command.output));
  if (dataset === output) throw new SpimquantError('bad-option', `Dataset and output are the same: ${output}`, { where: output, hint: 'Give the output a folder of its own, for example derivatives/spimquant inside the dataset.' });
  checkReadable(output, command.storage.storageClass);
  return { dataset, output };
}

/** Throws `bad-option` for storage classes whose objects have to be restored before they can be read: later steps read what earlier ones wrote. */
function checkReadable(output: string, storageClass: string | undefined): void {
  const archives: Readonly<Record<string, readonly string[]>> = { s3: ['GLACIER', 'DEEP_ARCHIVE'], az: ['ARCHIVE'] };
  const scheme = output.slice(0, output.indexOf(':'));
  if (storageClass === undefined || archives[scheme]?.includes(storageClass.toUpperCase()) !== true) return;
  throw new SpimquantError('bad-option', `What is written to ${storageClass} cannot be read again at once, but a run reads what its steps have written.`, {
    where: output, hint: 'Leave --storage-class out, and move the results there when all runs are done: by a lifecycle rule of the bucket, or by spimquant sync to another place.',
  });
}

/** Stores of a run before its templates are known. */
export function placesOf(command: RunCommand, env: LocalBackend['env']): Places {
  const { dataset, output } = resolveLocations(command);
  const storage: StorageOptions = command.storage;
  // Reading somebody's public bucket without credentials, or paying for it, says nothing about one's own output.
  const own: StorageOptions = ownStorage(storage);
  return {
    dataset: { uri: dataset, storage },
    output: { uri: output, storage: own },
    work: { uri: workFolder(output, command.execution.workDir, env), storage: {} },
    templates: { uri: '', storage: own },
  };
}

/** Throws `not-found` when there is nothing at the dataset's place. */
export async function checkDataset(store: ObjectStore, signal: AbortSignal): Promise<void> {
  if (!isRemote(store.uri)) {
    const found = await stat(store.uri).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return undefined;
      throw error;
    });
    if (found?.isDirectory()) return;
    throw new SpimquantError('not-found', found === undefined ? `There is no such dataset folder: ${store.uri}` : `The dataset is a file, not a folder: ${store.uri}`, {
      where: store.uri, hint: 'The first word after spimquant is the BIDS dataset: a folder, or s3://bucket/prefix.',
    });
  }
  for await (const _entry of store.list('', { signal })) return;
  throw new SpimquantError('not-found', `There is nothing at ${store.uri}`, { where: store.uri, hint: 'Check bucket and prefix, and whether another --aws-profile or --s3-endpoint is meant.' });
}

/** Throws `bad-option` when a file stands where the output's folder would be made. */
async function checkOutputFolder(uri: string): Promise<void> {
  if (isRemote(uri)) return;
  const found = await stat(uri).catch((error: NodeJS.ErrnoException) => error.code);
  if (found !== 'ENOTDIR' && (found === undefined || typeof found === 'string' || found.isDirectory())) return;
  throw new SpimquantError('bad-option', `The output is to be a folder, but a file is there${found === 'ENOTDIR' ? ' or above it' : ''}: ${uri}`, {
    where: uri, hint: 'The second word after spimquant is the output: a new or empty folder, or s3://bucket/prefix.',
  });
}

/** The places of a run once its plan says where the templates are. */
function withTemplates(places: Places, plan: Plan): Places {
  return { ...places, templates: { ...places.templates, uri: plan.templates ?? '' } };
}

function stageLoader(stageModule: string | undefined): typeof loadStage {
  return stageModule === undefined ? loadStage : async (name) => ((await import(stageModule)) as StageModule).loadStage(name);
}

/** Finds out what a run would do. Changes nothing. Throws errors for the user. */
export async function planLocally(command: RunCommand, backend: LocalBackend): Promise<DryRun> {
  const places = placesOf(command, backend.env);
  const store = openPlaces(places);
  await checkDataset(store('dataset'), backend.signal);
  await checkOutputFolder(places.output.uri);
  await checkOutput(store('output'), command.execution);
  const plan = await backend.planner({ command, dataset: store('dataset'), output: store('output'), signal: backend.signal });
  const prepared = await prepare({
    tasks: plan.tasks,
    store: openPlaces(withTemplates(places, plan)),
    loadStage: stageLoader(backend.stageModule),
    forceAll: command.execution.forceAll,
    signal: backend.signal,
  });
  return { plan, prepared, output: places.output.uri };
}

/** Asks the installed SPIMquant what it would do, or what flags of Snakemake ask for. Changes no results. Throws errors for the user. */
export async function askLocally(command: RunCommand, backend: Pick<LocalBackend, 'env' | 'signal'>): Promise<ExternalAnswer> {
  const places = placesOf(command, backend.env);
  const store = openPlaces(places);
  await findProgram(command.execution.external?.program ?? [''], backend.env);
  await checkDataset(store('dataset'), backend.signal);
  await checkOutputFolder(places.output.uri);
  await checkOutput(store('output'), command.execution);
  return askExternal(command, places, backend);
}

/** Removes the lock of a command's output, and that of its Snakemake. Returns who held the former. */
export async function unlockLocally(command: RunCommand, backend: Pick<LocalBackend, 'env' | 'signal'>): Promise<LockHolder | undefined> {
  const places = placesOf(command, backend.env);
  const holder = await removeLock(openPlaces(places)('output'));
  if (command.execution.external !== undefined) await unlockExternal(command, places, backend);
  return holder;
}

/**
 * Runs a command on this machine's cores: takes the output's lock, plans, executes on worker threads, and keeps a
 * journal. `text` is the command as one line, for the journal. Throws what makes a run impossible from the start (no
 * dataset, foreign or busy output, options that do not fit); once it has begun, everything is in the summary. A run whose
 * journal was given has begun by then, and so has one that was paused: what is thrown is its end in the journal as well.
 */
export async function runLocally(command: RunCommand, text: string, backend: LocalBackend): Promise<RunSummary> {
  const { clock, env, onEvent, signal } = backend;
  const recording = new Recording({
    open: () => backend.journal ?? new Journal(join(stateFolder(env), 'runs'), intentOf(command, text, placesOf(command, env), clock()), clock), clock, onEvent,
  });
  if (backend.journal !== undefined) recording.begin();
  try {
    return await runPlanned(command, backend, recording);
  } catch (error) {
    recording.endBy(error, signal.aborted);
    throw error;
  } finally {
    recording.close();
  }
}

async function runPlanned(command: RunCommand, backend: LocalBackend, recording: Recording): Promise<RunSummary> {
  const { clock, env, signal } = backend;
  const places = placesOf(command, env);
  const keepMs = keepWorkMs(env);
  const store = openPlaces(places);
  const output = store('output');
  const { external } = command.execution;
  if (external !== undefined) await findProgram(external.program, env);
  using pauses = new Pauses(places, {
    journal: () => recording.begin(), clock, signal, env, limitMs: pauseLimit(command.execution.pauseLimitMs, env), time: backend.pauseTime, onWish: backend.onWish,
  });
  await pauses.through(() => checkDataset(store('dataset'), signal));
  pauses.markReached('dataset');
  await pauses.through(async () => {
    await checkOutputFolder(places.output.uri);
    if (backend.part !== true) await checkOutput(output, command.execution);
  });
  pauses.markReached('output', 'work');
  const token = newToken();
  const lock = backend.part === true ? { tookOver: false, release: () => Promise.resolve() } : await pauses.through(() => acquireLock(output, clock(), undefined, token));
  let ended: Ended;
  try {
    const register = workRegister(stateFolder(env));
    const work = await pauses.through(() => claimWork(places, register));
    // On the side: a disk of an earlier run that does not answer must not hold up this one.
    const swept = sweepWorkFolders({ register, keepMs, clock, signal });
    let outcome: RunOutcome = 'failed';
    try {
      ended = external === undefined
        ? await runLocked(command, backend, { places, lock, recording, pauses })
        : await runExternal({ command, places, journal: recording.begin(), pauses, backend });
      ({ outcome } = ended);
    } finally {
      await waitAtMost(signal.aborted ? 300 : 30_000, Promise.all([settleWork(work, command, places, outcome), tellSwept(swept, recording)]));
    }
  } finally {
    await giveUp(lock, recording, signal);
  }
  // Last, so that a run that is over is over in every respect: its output is free for the next.
  const { reports, outcome, error } = ended;
  recording.end(outcome, error);
  const { folder } = recording.begin();
  return { outcome, state: recording.state, runFolder: folder, output: places.output.uri, reports };
}

/** Releases the lock. What a run has made does not become worse when that cannot be done. */
export async function giveUp(lock: Lock, recording: Recording, signal: AbortSignal): Promise<void> {
  // A lock that stays because the bucket does not answer is taken over by the next run on this machine.
  if (signal.aborted) return waitAtMost(500, lock.release());
  try {
    await lock.release();
  } catch (error) {
    recording.journal?.append({
      type: 'run-log', level: 'warn', message: `The output stays locked (${reportError(error).message}). The next run on this machine takes it over; on another one, run the command once with --unlock.`,
    });
  }
}

/** A run but for the last word in its journal. */
interface Ended {
  readonly outcome: RunOutcome;
  readonly error?: ErrorReport;
  readonly reports: readonly string[];
}

/** A run that has its output for itself. */
interface LockedRun {
  readonly places: Places;
  readonly lock: Lock;
  readonly recording: Recording;
  readonly pauses: Pauses;
}

async function runLocked(command: RunCommand, backend: LocalBackend, { places, lock, recording, pauses }: LockedRun): Promise<Ended> {
  const store = openPlaces(places);
  const configuration = mergedConfiguration({ ...command, bids: places.dataset.uri, output: places.output.uri });
  // What a killed run left half written is invisible to readers, but it takes space.
  if (lock.tookOver) await pauses.through(() => sweep(places));
  const plan = await pauses.through(() => planWhole(command, backend, store, pauses));
  const all: Places = withTemplates(places, plan);
  pauses.setPlaces(all);
  pauses.markReached('templates');
  if (backend.part !== true) await pauses.through(() => prepareOutput(store('output'), { version: programVersion, source: places.dataset.uri, configuration }));

  const journal = recording.begin();
  for (const notice of plan.notices) journal.append({ type: 'run-log', level: 'warn', message: notice });
  for (const failure of plan.failures) journal.append({ type: 'participant-failed', ...failure });
  const { outcome, error } = await carryOut(command, backend, plan, all, journal, pauses);
  // What cannot be removed now is invisible, and removed by the next run.
  if (outcome !== 'succeeded') await sweep(all).catch(() => undefined);
  return { outcome, ...(error === undefined ? {} : { error }), reports: reportsOf(plan, recording.state, places.output.uri) };
}

/** The plan. A participant that cannot be planned for what passes is none that failed: that keeps the whole run waiting. */
async function planWhole(command: RunCommand, backend: LocalBackend, store: (place: Place) => ObjectStore, pauses: Pauses): Promise<Plan> {
  const plan = await backend.planner({ command, dataset: store('dataset'), output: store('output'), signal: backend.signal });
  const passing = plan.failures.find(({ error }) => pauses.passes(error));
  if (passing !== undefined) throw errorFromReport(passing.error);
  return plan;
}

/** What a run of this process is meant to be. */
export function intentOf(command: RunCommand, text: string, places: Places, now: number): RunIntent {
  return {
    id: newRunId(now), command: text, verb: command.verb, bids: places.dataset.uri, output: places.output.uri,
    options: mergedConfiguration({ ...command, bids: places.dataset.uri, output: places.output.uri }), version: programVersion,
    pid: process.pid, process: processMark(process.pid), host: hostname(), started: new Date(now).toISOString(), cwd: process.cwd(), ...(command.execution.cloud === undefined ? {} : { place: 'cloud' }),
  };
}

/** Prepares and executes; what goes wrong outside of tasks ends the run but not the journal. */
async function carryOut(
  command: RunCommand, backend: LocalBackend, plan: Plan, places: Places, journal: Journal, pauses: Pauses,
): Promise<{ readonly outcome: RunOutcome; readonly error?: ErrorReport }> {
  const { signal } = backend;
  try {
    const prepared = await pauses.through(() => prepare({
      tasks: plan.tasks, store: openPlaces(places), loadStage: stageLoader(backend.stageModule), forceAll: command.execution.forceAll, signal,
    }));
    const { graph, decision } = prepared;
    journal.append({
      type: 'run-planned',
      reused: decision.reused.size,
      tasks: [...decision.run].flatMap(([id, reason]) => {
        const task = graph.byId.get(id);
        if (task === undefined) return [];
        const after = (graph.needs.get(id) ?? []).filter((other) => decision.run.has(other));
        return [{ id, stage: task.stage, scope: task.scope, title: task.title, why: reason.words, ...(after.length === 0 ? {} : { after }) }];
      }),
    });
    const machine = backend.machine ?? detectMachine();
    const cores = command.execution.cores === 'all' ? machine.cores : command.execution.cores;
    const memoryBytes = command.execution.memoryBytes ?? defaultMemoryBudget(machine);
    const budget = { cores, memoryBytes: memoryBytes - residentBytes(cores) };
    const { outcome, error } = await execute({
      prepared, places, budget, keepWork: command.execution.keepWork, journal, pauses, clock: backend.clock, signal, stageModule: backend.stageModule,
    });
    return { outcome: outcome === 'succeeded' && plan.failures.length > 0 ? 'failed' : outcome, ...(error === undefined ? {} : { error }) };
  } catch (error) {
    const report = reportError(error);
    return signal.aborted || report.code === 'cancelled' ? { outcome: 'cancelled' } : { outcome: 'failed', error: report };
  }
}

/** What the process and its idle threads take (measured), beside what tasks reserve. */
function residentBytes(threads: number): number {
  return 150e6 + 60e6 * threads;
}

/** Removes files that were being written when their writer was stopped. The lock says that nobody else is writing. */
async function sweep(places: Places): Promise<void> {
  for (const { uri } of [places.output, places.work]) {
    if (!isRemote(uri)) await removeStaleTemporaries(uri, Infinity);
  }
}

/** Reports of the plan that are made: those of tasks that did not run here, or ran well. */
function reportsOf(plan: Plan, state: RunState, output: string): string[] {
  return plan.tasks
    .filter((task) => (state.tasks.get(task.id)?.status ?? 'finished') === 'finished')
    .flatMap((task) => task.outputs.filter((made) => made.place === 'output' && /report\.html$/.test(made.path)))
    .map((report) => `${output}/${report.path}`);
}
