import type * as vscode from 'vscode';
import type { RunRecord } from '../../../runner/protocol/runs.ts';
import type { Place } from '../ids.ts';

/** A cell's execution from the moment it is asked for until it has ended. */
export interface Job {
  readonly cell: vscode.NotebookCell;
  readonly execution: vscode.NotebookCellExecution;
  readonly place: Place;
  /** Aborted when the work is to end: stopped by the user, or its notebook is closed. */
  readonly abort: AbortController;
  /** The run it follows. */
  run?: RunRecord;
  /** The runner is being asked to start its run. */
  isStarting: boolean;
  /** It is to end: the user has stopped it. */
  cancelling: boolean;
  /** What goes on, of commands that are no runs. */
  progress?: string;
}

/** How a job ended. `undefined`: neither well nor badly, e.g. it was cancelled. */
export interface JobEnd {
  readonly success: boolean | undefined;
  /** Milliseconds since the epoch. */
  readonly time?: number;
}
