import type { OutputsRequest } from '../outputs/service.ts';
import type { OutputsRef } from '../protocol/outputs.ts';
import type { Requests } from '../protocol/rpc.ts';
import { expandHome, normaliseUri } from '../storage/uri.ts';
import type { HandlerGroup } from './handlers.ts';
import { checkedStorage } from './openStores.ts';
import { OutputsThread } from './outputs/outputsThread.ts';

const names: readonly OutputsRequest[] = ['outputs.list', 'outputs.participants', 'outputs.rows', 'outputs.export', 'outputs.regions'];

/** Requests `outputs.*`. All windows share one thread and the tables that it keeps. */
export const outputsHandlers: HandlerGroup = (context) => {
  const thread = new OutputsThread(context.log);
  context.onEnd(() => { thread.dispose(); });

  return (caller) => {
    const lost = new AbortController();
    caller.onClose(() => { lost.abort(); });
    for (const name of names) {
      caller.handle(name, (params, signal) => thread.ask(name, checkedParams(params), null, AbortSignal.any([signal, lost.signal])));
    }
  };
};

/** The folders with their addresses in the one written form, and nothing but known storage choices. Throws `bad-option`. */
function checkedParams<N extends OutputsRequest>(params: Requests[N]['params']): Requests[N]['params'] {
  const { dataset } = params as Requests['outputs.list']['params'];
  return { ...params, folder: checked(params.folder), ...(dataset === undefined ? {} : { dataset: checked(dataset) }) };
}

function checked({ uri, storage }: OutputsRef): OutputsRef {
  return { uri: normaliseUri(expandHome(uri)), storage: checkedStorage(storage) };
}
