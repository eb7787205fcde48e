import { join } from 'node:path';
import type { Journal } from '../../engine/journal.ts';
import type { Pauses } from '../../engine/pauses.ts';
import type { Places } from '../../engine/places.ts';
import { errorFromReport, SpimquantError } from '../../protocol/errors.ts';
import type { ErrorReport } from '../../protocol/errors.ts';
import type { RunOutcome, TaskSummary } from '../../protocol/events.ts';
import type { LevelCommand } from '../../protocol/options.ts';
import { isRemote, normaliseUri } from '../../storage/uri.ts';
import type { StagingBackend } from '../quietSync.ts';
import { engineError, Follower } from './follow.ts';
import { tasksOf } from './jobs.ts';
import { forgetEngine, noteEngine, settleLeftover } from './leftover.ts';
import { SnakemakeLog } from './logParser.ts';
import type { Job } from './logParser.ts';
import { runProgram } from './program.ts';
import { copy, stagingOf } from './staging.ts';
import type { Staging } from './staging.ts';
import { callWords } from './words.ts';
import type { Call } from './words.ts';

/** A run that has its output for itself. */
export interface ExternalRun {
  readonly command: LevelCommand;
  readonly places: Places;
  readonly journal: Journal;
  readonly pauses: Pauses;
  readonly backend: StagingBackend;
}

/** How it went. */
export interface ExternalEnd {
  readonly outcome: RunOutcome;
  readonly error?: ErrorReport;
  /** Pages that were made, as URIs or paths. */
  readonly reports: readonly string[];
}

/**
 * Has the installed SPIMquant do the work of a run: fetches what is in buckets, asks Snakemake for its plan, follows what it says of its
 * jobs, and sends results to their bucket, also those of a run that failed. What goes wrong outside of jobs is thrown.
 */
export async function runExternal(run: ExternalRun): Promise<ExternalEnd> {
  const { command, places, journal, pauses, backend } = run;
  const { signal, clock } = backend;
  const staging = stagingOf(command, places);
  for (const fetch of staging.fetches) await pauses.through(() => copy(fetch, backend, (body) => { journal.append(body); }));
  const { ours } = await settleLeftover(staging.output);
  const jobs = await planJobs(run, staging);
  const tasks = tasksOf(jobs, command.verb);
  journal.append({ type: 'run-planned', tasks, reused: 0 });
  const { code, failed, lines } = await work(run, staging, tasks, ours);
  if (signal.aborted) return { outcome: 'cancelled', reports: [] };
  const made = jobs.flatMap(({ outputs }) => outputs.filter((path) => path.endsWith('.html')));
  const { send } = staging;
  if (send !== undefined) await pauses.through(() => copy(send, { ...backend, clock }, (body) => { journal.append(body); }));
  if (code === 0) return { outcome: 'succeeded', reports: made.map((path) => `${places.output.uri}/${path}`) };
  return { outcome: 'failed', reports: [], ...(failed > 0 ? {} : { error: engineError(code, lines) }) };
}

/** Where the installed SPIMquant works in a run. */
function callOf({ command, places }: Pick<ExternalRun, 'command' | 'places'>, { dataset, output, fetches }: Pick<Staging, 'dataset' | 'output' | 'fetches'>): Omit<Call, 'purpose'> {
  return { dataset, output, fetched: fetches.length > 0, ...(command.execution.workDir === undefined ? {} : { work: join(places.work.uri, 'temporary') }) };
}

/** Jobs that Snakemake would do. Throws why it cannot say. */
async function planJobs(run: ExternalRun, staging: Staging): Promise<readonly Job[]> {
  const { command, journal, backend } = run;
  journal.append({ type: 'run-log', level: 'info', message: 'Asks Snakemake for its plan' });
  const log = new SnakemakeLog();
  const jobs: Job[] = [];
  const lines: string[] = [];
  const take = (events: ReturnType<SnakemakeLog['read']>): void => {
    for (const event of events) {
      if (event.type === 'started') jobs.push(event.job);
      if (event.type === 'line' && event.text.trim() !== '') lines.push(event.text);
      if (event.type === 'line' && event.level !== 'debug') journal.append({ type: 'run-log', level: event.level === 'info' ? 'debug' : event.level, message: event.text });
    }
  };
  const code = await runProgram({ words: callWords(command, { ...callOf(run, staging), purpose: 'plan' }), env: backend.env, signal: backend.signal, onLine: (line) => { take(log.read(line)); } });
  take(log.end());
  if (backend.signal.aborted) throw new SpimquantError('cancelled', 'Cancelled while Snakemake was planning.');
  if (code !== 0) throw errorFromReport(engineError(code, lines.slice(-40)));
  return jobs;
}

async function work(run: ExternalRun, staging: Staging, tasks: readonly TaskSummary[], mayUnlock: boolean): Promise<{ readonly code: number; readonly failed: number; readonly lines: readonly string[] }> {
  const { command, journal, backend } = run;
  const { env, signal, clock } = backend;
  const call = callOf(run, staging);
  const follower = new Follower({ tasks, output: staging.output, clock, append: (body) => { journal.append(body); } });
  const code = await runProgram({
    words: callWords(command, { ...call, purpose: 'run' }), env, signal,
    onLine: (line) => { follower.line(line); }, onPause: () => { follower.pause(); }, onStart: (pid) => { noteEngine(staging.output, pid); },
  });
  const failed = await follower.finish(signal.aborted);
  if (follower.locked && !signal.aborted) {
    if (!mayUnlock) {
      forgetEngine(staging.output);
      throw new SpimquantError('output-busy', 'Snakemake has locked this output: another one is at work there, or was killed, and no run of this program is known to have left it.', {
        where: staging.output, hint: 'If nobody else works there, run the same command once with --unlock.',
      });
    }
    journal.append({ type: 'run-log', level: 'warn', message: 'Removes the lock that the Snakemake of an earlier run has left: it was killed.' });
    await unlock(command, call, backend);
    return work(run, staging, tasks, false);
  }
  // One that had to be ended by force leaves its lock: the next run may remove it.
  if (!signal.aborted) forgetEngine(staging.output);
  return { code, failed, lines: follower.lastWords };
}

async function unlock(command: LevelCommand, call: Omit<Call, 'purpose'>, { env, signal }: Pick<StagingBackend, 'env' | 'signal'>): Promise<void> {
  const lines: string[] = [];
  const code = await runProgram({ words: callWords(command, { ...call, purpose: 'unlock' }), env, signal, onLine: (line) => { lines.push(line); } });
  if (code !== 0 && !signal.aborted) throw errorFromReport(engineError(code, lines));
}

/** Removes Snakemake's lock on an output of this machine, for `--unlock`. What is in a bucket has none. */
export async function unlockExternal(command: LevelCommand, places: Places, backend: Pick<StagingBackend, 'env' | 'signal'>): Promise<void> {
  if (isRemote(places.output.uri)) return;
  await unlock(command, { dataset: places.dataset.uri, output: places.output.uri, fetched: false }, backend);
}

/** What Snakemake answers: its plan for `-n`, or what flags such as `--list-rules` ask for. */
export interface ExternalAnswer {
  readonly lines: readonly string[];
  readonly code: number;
}

/** Asks the installed SPIMquant and runs nothing. Throws `bad-option` for buckets: it reads folders alone. */
export async function askExternal(command: LevelCommand, places: Places, { env, signal }: Pick<StagingBackend, 'env' | 'signal'>): Promise<ExternalAnswer> {
  const bucket = [places.dataset.uri, places.output.uri].find((uri) => isRemote(uri));
  if (bucket !== undefined) {
    throw new SpimquantError('bad-option', `-n asks Snakemake, which reads folders alone, and would have to copy this first: ${bucket}`, { where: bucket, hint: 'Leave out -n, or copy the data with "spimquant sync" and give the folder.' });
  }
  const lines: string[] = [];
  const code = await runProgram({
    words: callWords(command, { ...callOf({ command, places }, { dataset: normaliseUri(places.dataset.uri), output: places.output.uri, fetches: [] }), purpose: 'plan' }), env, signal, onLine: (line) => { lines.push(line); },
  });
  if (signal.aborted) throw new SpimquantError('cancelled', 'Cancelled.');
  return { lines, code };
}
