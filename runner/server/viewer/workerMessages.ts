import type { ErrorReport } from '../../protocol/errors.ts';
import type { LogLevel } from '../../protocol/log.ts';
import type { Requests } from '../../protocol/rpc.ts';
import type { AskersEnvironment } from '../askersEnvironment.ts';
import type { ViewerContext, ViewerRequest } from '../../viewer/service.ts';

/** A request to the viewer's thread. */
export type ViewerQuestion = {
  readonly [N in ViewerRequest]: { readonly type: 'ask'; readonly id: number; readonly name: N; readonly params: Requests[N]['params']; readonly context: ViewerContext; readonly asker: string };
}[ViewerRequest];

/** What the viewer's thread is told. `environment`: that of a window, by the key with which its questions name it. */
export type ToViewerThread = ViewerQuestion | { readonly type: 'environment'; readonly asker: AskersEnvironment } | { readonly type: 'cancel'; readonly id: number };

/** What it says. Bytes of an answer are handed over, not copied. */
export type FromViewerThread =
  | { readonly type: 'answer'; readonly id: number; readonly result: object }
  | { readonly type: 'failure'; readonly id: number; readonly error: ErrorReport }
  | { readonly type: 'log'; readonly level: LogLevel; readonly message: string };
