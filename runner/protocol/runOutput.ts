import type { ErrorReport } from './errors.ts';
import type { OutputFile, RunRecord } from './runs.ts';
import type { LogLine } from './runState.ts';

/** How a run stands, as a notebook's cell holds it: small, and complete enough to be read without the runner. */
export interface RunOutput {
  readonly run: RunRecord;
  /** The last lines of the log; the rest stays with the runner. */
  readonly tail: readonly LogLine[];
  /** What failed, at most ten. */
  readonly failures: readonly { readonly title: string; readonly error: ErrorReport }[];
  /** What there is to look at, at most twenty; only when the run is over. */
  readonly files: readonly OutputFile[];
  readonly bytesRead: number;
  readonly bytesWritten: number;
}
