// The thread that lists folders of results and reads, filters and sorts their tables. One for all windows.
import { OutputsService, type OutputsRequest } from '../../outputs/service.ts';
import { askersKey } from '../askersEnvironment.ts';
import { OpenStores } from '../openStores.ts';
import { lendEnvironment, serveThread } from '../threads/serveThread.ts';

lendEnvironment();
const stores = new OpenStores(Date.now);
const outputs = new OutputsService({
  storeOf: ({ uri, storage }) => stores.get(uri, storage),
  onFailure: ({ uri, storage }) => { stores.forget(uri, storage); },
  asker: askersKey,
});

serveThread({
  answer: ({ name, params }, signal) => outputs.answer(name as OutputsRequest, params as never, signal),
  rest: () => { outputs.rest(); },
});
