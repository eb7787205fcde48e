import type { MessagePort } from 'node:worker_threads';
import type { ErrorReport } from '../protocol/errors.ts';
import type { TaskProgress } from '../protocol/events.ts';
import type { LogLevel } from '../protocol/log.ts';
import type { Stage, Task } from '../pipeline/task.ts';
import type { Places } from './places.ts';

/** What a worker thread is given. */
export interface Assignment {
  readonly task: Task;
  readonly places: Places;
  /** Carries {@link WorkerMessage}s out and `'cancel'` in. */
  readonly port: MessagePort;
}

/** What a worker thread says while it works. */
export type WorkerMessage =
  | { readonly type: 'progress'; readonly progress: TaskProgress }
  | { readonly type: 'log'; readonly level: LogLevel; readonly message: string };

/** What a worker thread hands back. Errors are values, so that their codes survive the way between threads. */
export type Verdict =
  | { readonly ok: true; readonly bytesRead: number; readonly bytesWritten: number }
  | { readonly ok: false; readonly error: ErrorReport };

/** What the threads of a pool are started with. */
export interface WorkerSetup {
  /** URL of a module that exports `loadStage(name)`; undefined: the pipeline's own stages. */
  readonly stageModule?: string;
}

/** A module that brings its own stages. */
export interface StageModule {
  readonly loadStage: (name: string) => Promise<Stage>;
}

/** The report of a task that there was not enough memory for. */
export function outOfMemory(detail: string): ErrorReport {
  return {
    code: 'out-of-memory',
    message: `There was not enough memory (${detail}).`,
    hint: 'Run the same command again with fewer --cores, on a machine with more memory, or at a coarser level. Finished work is kept.',
  };
}
