import type { OutputsRequest } from '../../outputs/service.ts';
import type { Logger } from '../../protocol/log.ts';
import { RequestThread } from '../threads/requestThread.ts';

/** The thread that reads tables of results for all windows: parsing a large one would hold up everything else. */
export class OutputsThread extends RequestThread<OutputsRequest, null> {
  constructor(log: Logger) {
    super({ log, file: new URL(import.meta.url.endsWith('.ts') ? './worker.ts' : './tables.js', import.meta.url), task: 'reads tables' });
  }
}
