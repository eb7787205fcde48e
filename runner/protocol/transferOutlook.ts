import type { ErrorReport } from './errors.ts';

/** Files and their bytes. */
export interface FileSum {
  readonly files: number;
  readonly bytes: number;
}

/** What a transfer would do, in numbers: what is asked before it is started. */
export interface TransferOutlook {
  readonly source: string;
  readonly destination: string;
  readonly copy: FileSum;
  readonly upToDate: FileSum;
  readonly delete: FileSum;
  /** Names of the first files that would be deleted. */
  readonly deletions: readonly string[];
  /** Files of the destination that the source does not have, whether they are deleted or not. */
  readonly onlyAtDestination: number;
  /** Files that cannot be copied. */
  readonly problems: number;
  /** What it may cost that data leave a region. */
  readonly cost?: string;
  /** Why it would be refused. */
  readonly refusal?: {
    readonly error: ErrorReport;
    /** Whether the refusal is about the number of files that are deleted, and not upheld when `--max_delete` names it. */
    readonly confirmable: boolean;
  };
}
