// The thread that reads and decodes what windows look at. One for all of them, so that they share what it keeps.
import { parentPort } from 'node:worker_threads';
import { reportError } from '../../protocol/errors.ts';
import { rememberSecretsOfEnvironment } from '../../protocol/knownSecrets.ts';
import type { StorageChoice } from '../../protocol/storageChoice.ts';
import type { StorageOptions } from '../../storage/objectStore.ts';
import { placeOf } from '../../storage/place.ts';
import { bucketUri, parseUri, expandHome } from '../../storage/uri.ts';
import type { ImageRef } from '../../protocol/imageView.ts';
import { ViewerService } from '../../viewer/service.ts';
import { askersKey, inEnvironmentOf, lendEnvironment, type AskersEnvironment } from '../askersEnvironment.ts';
import { OpenStores } from '../openStores.ts';
import type { FromViewerThread, ToViewerThread, ViewerQuestion } from './workerMessages.ts';

/** Time without a request after which all that is kept is dropped, in milliseconds. */
const restAfterMs = 5 * 60_000;

/** Requests to one bucket at once: a plane has many chunks, and each waits for the network rather than for this machine. */
const requestsAtOnce = 32;

lendEnvironment();
const askers = new Map<string, AskersEnvironment>();
const stores = new OpenStores(Date.now);
const reach = (storage: StorageChoice): StorageOptions => ({ ...storage, concurrency: requestsAtOnce });
const viewer = new ViewerService({
  placeOf: ({ uri, storage }) => placeOf(uri, (bucket) => stores.get(bucket, reach(storage))),
  onFailure: forgetStore,
  asker: askersKey,
});
const questions = new Map<number, AbortController>();
let rest: NodeJS.Timeout | undefined;

function forgetStore({ uri, storage }: ImageRef): void {
  const location = parseUri(expandHome(uri));
  if (location.scheme !== 'local') stores.forget(bucketUri(location), reach(storage));
}

function tell(message: FromViewerThread, handOver: readonly ArrayBuffer[] = []): void {
  parentPort?.postMessage(message, [...handOver]);
}

async function answer({ id, name, params, context }: ViewerQuestion): Promise<void> {
  const abort = new AbortController();
  questions.set(id, abort);
  clearTimeout(rest);
  try {
    const result: object = await viewer.answer(name, params, context, abort.signal);
    const bytes = 'bytes' in result && result.bytes instanceof Uint8Array ? [result.bytes.buffer as ArrayBuffer] : [];
    tell({ type: 'answer', id, result }, bytes);
  } catch (error) {
    tell({ type: 'failure', id, error: reportError(error) });
  } finally {
    questions.delete(id);
    if (questions.size === 0) rest = setTimeout(() => { viewer.rest(); }, restAfterMs);
  }
}

parentPort?.on('message', (message: ToViewerThread) => {
  switch (message.type) {
    case 'cancel':
      questions.get(message.id)?.abort();
      break;
    case 'environment':
      askers.set(message.asker.key, message.asker);
      rememberSecretsOfEnvironment(message.asker.variables);
      break;
    case 'ask': {
      const asker = askers.get(message.asker);
      void (asker === undefined ? answer(message) : inEnvironmentOf(asker, () => answer(message)));
    }
  }
});
