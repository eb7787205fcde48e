import type { ErrorReport } from './errors.ts';

/**
 * What a paused run waits for. `sign-in`: credentials that are good. `network`: a service or network folder that answers
 * again. `disk`: room on a disk or in a bucket.
 */
export type PauseKind = 'sign-in' | 'network' | 'disk';

/** Why a run is paused, and what mends it. */
export interface PauseReason {
  readonly kind: PauseKind;
  /** What failed first. */
  readonly error: ErrorReport;
  /** Commands that sign in, for a terminal, the likeliest first. Several, or none: it is not clear which is right. */
  readonly signIn: readonly string[];
  /** The file that holds the credentials, where it is not clear which command renews them. */
  readonly credentials?: string;
  /**
   * When the run is given up and ends with the error, in milliseconds since the epoch; left out: never. Later by the time
   * that the machine sleeps.
   */
  readonly until?: number;
}

/** A pause that goes on. */
export interface RunPause extends PauseReason {
  /** Milliseconds since the epoch. */
  readonly since: number;
  /** When somebody last asked to go on and it was found to be of no use yet: milliseconds since the epoch. */
  readonly checked?: number;
}
