import type { ErrorReport } from '../../protocol/errors.ts';
import type { Task } from '../task.ts';

/** What a run is going to do, before anything is done. */
export interface Plan {
  readonly tasks: readonly Task[];
  /** Folder or URI that artifacts of the place `templates` are in. Left out when no task needs one. */
  readonly templates?: string;
  /** What a user should know but need not act on: files left out, defaults that were changed. */
  readonly notices: readonly string[];
  /** Participants that cannot be run, and why. The others go on. */
  readonly failures: readonly { readonly participant: string; readonly error: ErrorReport }[];
}
