import type { Logger } from '../../protocol/log.ts';
import type { ViewerContext, ViewerRequest } from '../../viewer/service.ts';
import { RequestThread } from '../threads/requestThread.ts';

/** The thread that reads images for all windows. */
export class ViewerThread extends RequestThread<ViewerRequest, ViewerContext> {
  constructor(log: Logger) {
    super({ log, file: new URL(import.meta.url.endsWith('.ts') ? './worker.ts' : './viewer.js', import.meta.url), task: 'reads images' });
  }
}
