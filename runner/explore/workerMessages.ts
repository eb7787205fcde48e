import type { ErrorReport } from '../protocol/errors.ts';
import type { LogLevel } from '../protocol/log.ts';
import type { Result } from '../protocol/results.ts';

/** What the exploring thread is asked. */
export type ExplorerRequest =
  | {
    readonly type: 'explore';
    readonly text: string;
    readonly cwd: string;
    /** The caller's environment over the server's. */
    readonly env: Readonly<Record<string, string>>;
  }
  /** Stop what is going on. */
  | { readonly type: 'cancel' };

/** What the exploring thread says. `ready`: it has loaded. */
export type ExplorerMessage =
  | { readonly type: 'ready' }
  | { readonly type: 'progress'; readonly message: string }
  | { readonly type: 'log'; readonly level: LogLevel; readonly message: string }
  | { readonly type: 'result'; readonly result: Result }
  | { readonly type: 'error'; readonly error: ErrorReport };

/** What the exploring thread is started with. */
export interface ExplorerSetup {
  /** URL of a module that exports `explore`; undefined: the program's own. */
  readonly exploreModule?: string;
}
