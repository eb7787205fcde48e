import type { Environment } from '../protocol/callerEnvironment.ts';
import type { Clock, Logger } from '../protocol/log.ts';
import type { NotificationName, Notifications } from '../protocol/rpc.ts';
import type { Caller } from './connection.ts';
import type { DatasetService } from './datasets.ts';
import type { ExplorerPool } from './explore/explorerPool.ts';
import type { RunBook } from './runs/runBook.ts';
import type { RunStarter } from './runs/startRun.ts';

/** What the handlers of all windows share. */
export interface HandlerContext {
  /** Folder for runs and other state. */
  readonly state: string;
  readonly clock: Clock;
  readonly log: Logger;
  readonly book: RunBook;
  readonly starter: RunStarter;
  readonly explorer: ExplorerPool;
  readonly datasets: DatasetService;
  /** Told of an environment with a token of Coiled, as a request has brought it: what was left for lack of one is taken up. */
  readonly onToken: (env: Environment) => void;
  /** Tells every window. Of values with the same key that a slow window has not taken yet, only the latest is kept. */
  broadcast<N extends NotificationName>(name: N, value: Notifications[N], key: string): void;
  /** Ends what a group holds (timers, watchers, threads) when the server ends. */
  onEnd(dispose: () => void): void;
}

/**
 * Requests of one subject. Called once with what all windows share; what it returns is called for every window that
 * connects, and registers the handlers of its requests.
 */
export type HandlerGroup = (context: HandlerContext) => (caller: Caller) => void;
