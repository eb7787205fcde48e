import type { JsonObject } from '../protocol/json.ts';
import type { TaskProgress } from '../protocol/events.ts';
import type { Logger } from '../protocol/log.ts';
import type { ObjectStore } from '../storage/objectStore.ts';

/**
 * The places a task reads from and writes to: the dataset, the user's output folder, the local folder for temporary
 * files, and the local cache of downloaded templates (or the folder of `--template_dir`).
 */
export type Place = 'dataset' | 'output' | 'work' | 'templates';

/** A file or store by place and path (`/` between parts). */
export interface Artifact {
  readonly place: Place;
  readonly path: string;
}

/**
 * One unit of work: runs on one worker thread, is redone as a whole. Equal tasks with equal inputs make equal outputs,
 * byte for byte.
 */
export interface Task {
  /** Unique and stable between runs, e.g. `sub-01/segment/Abeta/otsu+k3i2/0003`. */
  readonly id: string;
  /** Key of the stage table in stages.ts. */
  readonly stage: string;
  /** Participant label without `sub-`, or `template`, or `group`. A failure stops only tasks that need its outputs. */
  readonly scope: string;
  readonly title: string;
  /** Everything, besides the inputs' content, that decides the outputs. */
  readonly params: JsonObject;
  /** Made by other tasks, or (in `dataset` and `templates`) given. */
  readonly inputs: readonly Artifact[];
  /** Written whole. Those in `work` are temporary and may be deleted once nothing needs them. */
  readonly outputs: readonly Artifact[];
  /** Peak memory while it runs: what the scheduler reserves of `--mem`. */
  readonly memoryBytes: number;
  /** Bytes it will read from the dataset, for the plan and the progress bar. */
  readonly readBytes: number;
}

/** What a running task may use. Everything else (paths, clock, environment) is closed to it on purpose. */
export interface TaskContext {
  store(place: Place): ObjectStore;
  /**
   * A local path for an artifact in `work` or `templates`, or in a local `output`: for libraries that want a file.
   * Undefined when the place is a bucket.
   */
  localPath(artifact: Artifact): string | undefined;
  readonly signal: AbortSignal;
  readonly log: Logger;
  progress(progress: TaskProgress): void;
}

/** A kind of task. `version` is part of every fingerprint: raise it when the same inputs would give other bytes. */
export interface Stage {
  readonly name: string;
  readonly version: number;
  run(task: Task, context: TaskContext): Promise<void>;
}

/** A stage's typed parameters as a task carries them. They must be plain JSON values. */
export function taskParams(params: object): JsonObject {
  return params as JsonObject;
}
