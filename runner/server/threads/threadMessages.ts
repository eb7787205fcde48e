import type { ErrorReport } from '../../protocol/errors.ts';
import type { AskersEnvironment } from '../askersEnvironment.ts';

/** A request to a thread. `asker`: the key of the environment of whoever asks, `''`: the runner's own. */
export interface ThreadQuestion {
  readonly type: 'ask';
  readonly id: number;
  readonly name: string;
  readonly params: unknown;
  readonly context: unknown;
  readonly asker: string;
}

/** What a thread is told. `environment`: that of a window, by the key with which its questions name it. */
export type ToThread = ThreadQuestion | { readonly type: 'environment'; readonly asker: AskersEnvironment } | { readonly type: 'cancel'; readonly id: number };

/** What it says. Bytes of an answer are handed over, not copied. */
export type FromThread =
  | { readonly type: 'answer'; readonly id: number; readonly result: object }
  | { readonly type: 'failure'; readonly id: number; readonly error: ErrorReport };
