import type { ErrorReport } from '../protocol/errors.ts';
import { reportError } from '../protocol/errors.ts';
import type { Clock } from '../protocol/log.ts';
import type { Task } from '../pipeline/task.ts';
import { waitAtMost } from './concurrency.ts';
import { unneededWork } from './decide.ts';
import { artifactKey } from './graph.ts';
import type { Journal } from './journal.ts';
import type { Pauses } from './pauses.ts';
import { openPlaces } from './places.ts';
import type { Places } from './places.ts';
import { WorkerPool } from './pool.ts';
import type { Prepared } from './prepare.ts';
import { clearTask, deleteArtifact, writeReceipt } from './receipts.ts';
import { Scheduler } from './scheduler.ts';
import type { Budget } from './scheduler.ts';
import type { Verdict, WorkerMessage } from './workerMessages.ts';

/** What carrying out a plan needs. */
export interface ExecuteRequest {
  readonly prepared: Prepared;
  readonly places: Places;
  readonly budget: Budget;
  /** Keep temporary files (`--notemp`). */
  readonly keepWork: boolean;
  readonly journal: Journal;
  readonly pauses: Pauses;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** See WorkerSetup. */
  readonly stageModule?: string;
}

/** How long a cancelled run waits for what it cannot interrupt, in milliseconds. */
const patience = 300;

/** How it went. `error`: what ended the run as a whole. */
export interface ExecuteEnd {
  readonly outcome: 'succeeded' | 'failed' | 'cancelled';
  readonly error?: ErrorReport;
}

/**
 * Runs what {@link prepare} found necessary on worker threads and writes every step to the journal. A failed task stops
 * only those that need its outputs; one that failed by what passes pauses the run and is done anew after that. A receipt is written when a task's outputs are whole, so that whenever this process
 * is killed nothing finished is done again and nothing half done is trusted. Resolves soon after the signal is aborted.
 */
export async function execute(request: ExecuteRequest): Promise<ExecuteEnd> {
  const { prepared, journal, pauses, signal } = request;
  const { graph, decision } = prepared;
  const store = openPlaces(request.places);
  const scheduler = new Scheduler(graph, decision.run.keys(), request.budget);
  const pending = new Set(decision.run.keys());
  const removed = new Set<string>();
  /** How often each task was put off. */
  const repeats = new Map<string, number>();
  let failed = false;

  const tidy = async (): Promise<void> => {
    if (request.keepWork) return;
    for (const key of unneededWork(graph, pending)) {
      if (removed.has(key)) continue;
      removed.add(key);
      try {
        await deleteArtifact(store('work'), key.slice('work:'.length));
      } catch (error) {
        if (!pauses.hold(reportError(error))) throw error;
        // Tried again when the next task ends.
        removed.delete(key);
      }
    }
  };
  await tidy();
  if (pending.size === 0) return { outcome: 'succeeded' };

  const pool = new WorkerPool(Math.min(request.budget.cores, pending.size), request.places, { stageModule: request.stageModule });
  let wake: () => void = () => undefined;
  let awaken = new Promise<void>((resolve) => (wake = resolve));

  pauses.onEnd(() => { wake(); });

  const settle = async (task: Task, started: number, verdict: Verdict): Promise<void> => {
    if (!verdict.ok && (verdict.error.code === 'cancelled' || signal.aborted)) return;
    if (verdict.ok) {
      pauses.markProgress();
      journal.append({ type: 'task-finished', task: task.id, seconds: (request.clock() - started) / 1000, bytesRead: verdict.bytesRead, bytesWritten: verdict.bytesWritten });
      pending.delete(task.id);
      scheduler.finished(task.id);
      await tidy();
    } else if (pauses.hold(verdict.error, repeats.get(task.id))) {
      repeats.set(task.id, (repeats.get(task.id) ?? 0) + 1);
      journal.append({ type: 'task-postponed', task: task.id, error: verdict.error });
      scheduler.postponed(task.id);
    } else {
      fail(task, pauses.explain(verdict.error));
    }
  };
  const fail = (task: Task, error: ErrorReport): void => {
    failed = true;
    journal.append({ type: 'task-failed', task: task.id, error });
    for (const skipped of scheduler.failed(task.id)) {
      journal.append({ type: 'task-skipped', task: skipped.id, because: `it needs ${task.title}, which failed` });
    }
  };
  const listen = (task: Task) => (message: WorkerMessage): void => {
    if (signal.aborted || !pending.has(task.id)) return;
    if (message.type === 'progress') journal.append({ type: 'task-progress', task: task.id, progress: message.progress });
    else journal.append({ type: 'task-log', task: task.id, level: message.level, message: message.message });
  };
  const runOne = async (task: Task): Promise<void> => {
    const started = request.clock();
    journal.append({ type: 'task-started', task: task.id });
    let verdict: Verdict;
    try {
      await pauses.through(() => clearTask(task, prepared.receipts.has(task.id), store));
      for (const output of task.outputs) removed.delete(artifactKey(output));
      verdict = await pool.run(task, listen(task));
      const fingerprint = prepared.fingerprints.get(task.id);
      // Waits for the end of a pause rather than doing the task again.
      if (verdict.ok && fingerprint !== undefined) await pauses.through(() => writeReceipt(task, fingerprint, store));
    } catch (error) {
      verdict = { ok: false, error: reportError(error) };
    }
    await settle(task, started, verdict);
  };

  const onAbort = (): void => wake();
  signal.addEventListener('abort', onAbort, { once: true });
  const running = new Set<Promise<void>>();
  let defect: unknown; // Anything but a task failing, such as a full disk under the journal: the run cannot go on.
  try {
    while (!signal.aborted && !scheduler.idle && defect === undefined && pauses.givenUp === undefined) {
      for (const task of pauses.paused ? [] : scheduler.next()) {
        const promise = runOne(task).catch((error: unknown) => { defect ??= error; }).finally(() => {
          running.delete(promise);
          wake();
        });
        running.add(promise);
      }
      await awaken;
      awaken = new Promise<void>((resolve) => (wake = resolve));
    }
    if (signal.aborted) await pool.cancel();
    // A receipt on its way to a bucket that does not answer must not hold up somebody who wants to stop.
    await (signal.aborted ? waitAtMost(patience, Promise.allSettled(running)) : Promise.allSettled(running));
  } finally {
    signal.removeEventListener('abort', onAbort);
    await (signal.aborted ? waitAtMost(patience, pool.close()) : pool.close());
  }
  if (defect !== undefined) throw defect instanceof Error ? defect : new Error('The run stopped for an unknown reason.', { cause: defect });
  if (signal.aborted) return { outcome: 'cancelled' };
  if (pauses.givenUp !== undefined) return { outcome: 'failed', error: pauses.givenUp };
  return { outcome: failed ? 'failed' : 'succeeded' };
}
