// The thread that reads and decodes what windows look at. One for all of them, so that they share what it keeps.
import type { ImageRef } from '../../protocol/imageView.ts';
import type { StorageChoice } from '../../protocol/storageChoice.ts';
import type { StorageOptions } from '../../storage/objectStore.ts';
import { placeOf } from '../../storage/place.ts';
import { bucketUri, parseUri, expandHome } from '../../storage/uri.ts';
import { ViewerService, type ViewerContext, type ViewerRequest } from '../../viewer/service.ts';
import { askersKey } from '../askersEnvironment.ts';
import { OpenStores } from '../openStores.ts';
import { lendEnvironment, serveThread } from '../threads/serveThread.ts';

/** Requests to one bucket at once: a plane has many chunks, and each waits for the network rather than for this machine. */
const requestsAtOnce = 32;

lendEnvironment();
const stores = new OpenStores(Date.now);
const reach = (storage: StorageChoice): StorageOptions => ({ ...storage, concurrency: requestsAtOnce });
const viewer = new ViewerService({
  placeOf: ({ uri, storage }) => placeOf(uri, (bucket) => stores.get(bucket, reach(storage))),
  onFailure: forgetStore,
  asker: askersKey,
});

function forgetStore({ uri, storage }: ImageRef): void {
  const location = parseUri(expandHome(uri));
  if (location.scheme !== 'local') stores.forget(bucketUri(location), reach(storage));
}

serveThread({
  answer: ({ name, params, context }, signal) => viewer.answer(name as ViewerRequest, params as never, context as ViewerContext, signal),
  rest: () => { viewer.rest(); },
});
