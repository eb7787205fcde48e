import type * as vscode from 'vscode';
import type { CoiledAccess } from '../runner/protocol/coiledAccess.ts';
import type { DatasetRef } from '../runner/protocol/datasets.ts';
import type { Result } from '../runner/protocol/results.ts';
import type { RunOrigin, RunRecord } from '../runner/protocol/runs.ts';
import type { BucketFiles } from './filesystem/bucketFiles.ts';
import type { Settings } from './platform/settings.ts';
import type { RunnerClient } from './runner-client/client.types.ts';

/** Runs of this machine, kept up to date while the runner is connected. */
export interface RunStore extends vscode.Disposable {
  /** Newest first; of the past only as many as were loaded. */
  readonly runs: readonly RunRecord[];
  readonly more: boolean;
  /** What changed; undefined: everything may have. */
  readonly onDidChange: vscode.Event<RunRecord | undefined>;
  get(id: string): RunRecord | undefined;
  load(): Promise<void>;
  loadMore(): Promise<void>;
}

/** A run as the form or a cell asks for it. */
export interface RunRequest {
  readonly text: string;
  readonly cwd: string;
  readonly origin?: RunOrigin;
  /** `always`: a run on cloud machines is confirmed whatever it is expected to cost. Left out: above the user's limit. */
  readonly ask?: 'always';
}

/** What every part of the extension may use. Built once by `activate`. */
export interface Services {
  readonly context: vscode.ExtensionContext;
  readonly log: vscode.LogOutputChannel;
  readonly settings: Settings;
  readonly runner: RunnerClient;
  readonly runs: RunStore;
  readonly files: BucketFiles;
  readonly panels: Panels;
  /**
   * Starts a run with the user's settings. Throws `access-denied` when the workspace is not trusted, and `cancelled` when the
   * user does not want to spend what it is expected to cost.
   */
  startRun(request: RunRequest): Promise<RunRecord>;
  /** Runs a command that is not a run and shows progress; undefined when it was cancelled. */
  explore(text: string): Promise<Result | undefined>;
  /** What the editor has for signing in to Coiled, for requests that may need it. Never kept or logged. */
  coiled(): Promise<CoiledAccess>;
  /** Folder that relative paths of commands are relative to. */
  cwd(): string;
}

/** Where things open that are no files of the workspace. */
export interface Panels extends vscode.Disposable {
  /** A result beside the editor; the panel of the last one is used again. */
  showResult(result: Result): void;
  /** A run in its panel: steps, log, resources. */
  showRun(runId: string): Promise<void>;
  /** A run's log as a read-only document that follows the run. */
  showLog(runId: string): Promise<void>;
  /** A file or folder of this machine or of a bucket, in the way its kind asks for. Left out `storage`: as the list of datasets has it. */
  showFile(uri: string, storage?: DatasetRef['storage']): Promise<void>;
  /** What a run has made, in its panel: figures, tables, regions, maps. */
  showOutputs(run: RunRecord): Promise<void>;
}

/** A part of the extension: registers what it contributes. */
export type Part = (services: Services) => vscode.Disposable;
