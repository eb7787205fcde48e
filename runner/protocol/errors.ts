import { hideSecrets } from './knownSecrets.ts';

/** Stable codes of the errors a user can meet. Documented in docs/troubleshooting.md. */
export type ErrorCode =
  | 'auth-expired'
  | 'auth-missing'
  | 'access-denied'
  | 'not-found'
  | 'region-mismatch'
  | 'network'
  | 'throttled'
  | 'requester-pays'
  | 'already-exists'
  | 'changed'
  | 'checksum-mismatch'
  | 'upload-lost'
  | 'output-busy'
  | 'bad-dataset'
  | 'bad-zarr'
  | 'bad-nifti'
  | 'bad-table'
  | 'bad-template'
  | 'bad-option'
  | 'no-signal'
  | 'disk-full'
  | 'out-of-memory'
  | 'cost-limit'
  | 'cancelled'
  | 'runner-lost'
  | 'engine-missing'
  | 'engine-failed'
  | 'internal';

/** What an error carries besides its message. */
export interface ErrorDetails {
  /** What the user can do about it, as one sentence. */
  readonly hint?: string;
  /** The URI, participant or stage it is about. Never contains a secret. */
  readonly where?: string;
  readonly cause?: unknown;
}

/** An error meant for a person: what happened, where, and what to do. Everything else that is thrown is a defect. */
export class SpimquantError extends Error {
  readonly code: ErrorCode;
  readonly hint: string | undefined;
  readonly where: string | undefined;

  constructor(code: ErrorCode, message: string, details: ErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.name = 'SpimquantError';
    this.code = code;
    this.hint = details.hint;
    this.where = details.where;
  }
}

/** An error as it travels between threads, into journals and to views. */
export interface ErrorReport {
  readonly code: ErrorCode;
  readonly message: string;
  readonly hint?: string;
  readonly where?: string;
  /** Only for defects (`internal`): where in the program it was thrown. */
  readonly stack?: string;
}

/**
 * Turns whatever was thrown into a report; an abort becomes `cancelled`, anything unforeseen `internal`. Reports hold no
 * secrets, also when a service repeats them in what it says.
 */
export function reportError(error: unknown): ErrorReport {
  const { code, message, hint, where, stack } = plainReport(error);
  const rest = Object.entries({ hint, where, stack }).flatMap(([name, text]) => (text === undefined ? [] : [[name, hideSecrets(text)]]));
  return { code, message: hideSecrets(message), ...(Object.fromEntries(rest) as Pick<ErrorReport, 'hint' | 'where' | 'stack'>) };
}

function plainReport(error: unknown): ErrorReport {
  if (isOurs(error)) {
    return { code: error.code, message: error.message, ...(error.hint ? { hint: error.hint } : {}), ...(error.where ? { where: error.where } : {}) };
  }
  if (error instanceof Error) {
    const systemCode = (error as NodeJS.ErrnoException).code;
    if (error.name === 'AbortError' || systemCode === 'ABORT_ERR') return { code: 'cancelled', message: 'Cancelled.' };
    if (systemCode === 'ENOSPC') return { code: 'disk-full', message: 'The disk is full.', hint: 'Free some space, or choose another output or --work_dir, and run the same command again: finished work is kept.' };
    return { code: 'internal', message: error.message, ...(error.stack ? { stack: error.stack } : {}) };
  }
  return { code: 'internal', message: String(error) };
}

/** Whether it is a {@link SpimquantError}. Parts of the extension that are loaded later are files of their own, each with a copy of the class. */
function isOurs(error: unknown): error is SpimquantError {
  return error instanceof SpimquantError || (error instanceof Error && error.name === 'SpimquantError' && 'code' in error && typeof error.code === 'string');
}

/** The error that a report was made of, as far as it travels. */
export function errorFromReport(report: ErrorReport): SpimquantError {
  const error = new SpimquantError(report.code, report.message, { hint: report.hint, where: report.where });
  if (report.stack !== undefined) error.stack = report.stack;
  return error;
}
