import type { Clock, Logger } from '../protocol/log.ts';
import type { ExploreCache } from './cache.ts';

/** What an exploring command may use. */
export interface ExploreContext {
  readonly signal: AbortSignal;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Folder that relative paths are relative to. */
  readonly cwd: string;
  /** One short line about what is going on. */
  readonly progress: (message: string) => void;
  readonly log: Logger;
  /** What is kept between commands. Left out: nothing is. */
  readonly cache?: ExploreCache;
  /** Left out: the system's. */
  readonly clock?: Clock;
}
