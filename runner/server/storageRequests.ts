import { reportError } from '../protocol/errors.ts';
import type { Clock } from '../protocol/log.ts';
import type { Requests } from '../protocol/rpc.ts';
import type { StorageChoice } from '../protocol/storageChoice.ts';
import type { StorageEntry } from '../protocol/storageEntry.ts';
import { completeUri } from '../storage/complete.ts';
import { listPlace, lookAt, nothingThere, placeOf } from '../storage/place.ts';
import type { Place } from '../storage/place.ts';
import { readPiece, readSmallFile, writeSmallFile } from '../storage/smallFile.ts';
import { DatasetList } from './datasetList.ts';
import type { KeptDatasets } from './datasetList.ts';
import type { HandlerGroup } from './handlers.ts';
import { Listings } from './listings.ts';
import { checkedStorage, OpenStores } from './openStores.ts';

/** Items of a completion or page, and bytes of a file or piece, at most: an answer travels as one message. */
const mostItems = 1000;
const mostEntries = 10_000;
const mostBytes = 64 << 20;

type StorageRequest = Extract<keyof Requests, `storage.${string}`>;

/** Answers of the requests `storage.*`, each under its own name. */
export type StorageHandlers = {
  readonly [N in StorageRequest]: (params: Requests[N]['params'], signal: AbortSignal) => Promise<Requests[N]['result']>;
};

/**
 * What views ask about files and folders, wherever they are. Stores and listings stay open between requests. `accounts`:
 * storage accounts of Azure that the user has to do with.
 */
export function storageRequests(clock: Clock, accounts: () => Promise<readonly string[]> = async () => []): StorageHandlers {
  const stores = new OpenStores(clock);
  const listings = new Listings<StorageEntry>(clock);
  /** Does something with a place. A store that fails is opened anew for the next request: somebody may sign in meanwhile. */
  const at = async <T>({ uri, storage }: { readonly uri: string; readonly storage?: StorageChoice }, use: (place: Place) => Promise<T>): Promise<T> => {
    const choice = checkedStorage(storage);
    let opened: string | undefined;
    try {
      return await use(placeOf(uri, (bucket) => {
        opened = bucket;
        return stores.get(bucket, choice);
      }));
    } catch (error) {
      const { code } = reportError(error);
      if (opened !== undefined && code !== 'not-found' && code !== 'cancelled') stores.forget(opened, choice);
      throw error;
    }
  };

  return {
    'storage.complete': async (params, signal) => {
      const known = params.prefix.trimStart().toLowerCase().startsWith('az:') ? await accounts() : [];
      return completeUri({ ...params, storage: checkedStorage(params.storage), limit: Math.min(params.limit, mostItems), accounts: known }, signal);
    },
    'storage.stat': (params, signal) => at(params, async (place) => {
      const found = await lookAt(place, signal);
      if (found === undefined) throw nothingThere(place.where);
      return found;
    }),
    'storage.list': async ({ continuation, ...params }, signal) => {
      const limit = Math.min(params.limit, mostEntries);
      const page = continuation === undefined
        ? await at(params, (place) => listings.begin((own) => listPlace(place, own), limit, signal))
        : await listings.goOn(continuation, limit, signal);
      return { entries: page.rows, ...(page.continuation === undefined ? {} : { continuation: page.continuation }) };
    },
    'storage.read': ({ range, ifVersion, ...params }, signal) => at(params, async (place) => {
      const most = Math.min(params.maxBytes, mostBytes);
      if (range !== undefined) return { base64: base64Of(await readPiece(place, range, most, ifVersion, signal)) };
      const { bytes, version } = await readSmallFile(place, most, signal);
      return { base64: base64Of(bytes), version };
    }),
    'storage.write': ({ base64, ifVersion, ...params }, signal) => at(params, (place) =>
      writeSmallFile(place, Buffer.from(base64, 'base64'), ifVersion === undefined ? { ifAbsent: true } : { ifVersion }, signal)),
  };
}

/** Requests `storage.*`. All windows share the stores. */
export const storageHandlers: HandlerGroup = ({ state, clock, log }) => {
  const list = new DatasetList(state, clock, log);
  const handlers = storageRequests(clock, async () => accountsOf(await list.read()));
  return (caller) => {
    caller.handle('storage.complete', handlers['storage.complete']);
    caller.handle('storage.stat', handlers['storage.stat']);
    caller.handle('storage.list', handlers['storage.list']);
    caller.handle('storage.read', handlers['storage.read']);
    caller.handle('storage.write', handlers['storage.write']);
  };
};

/** Storage accounts that datasets are in. */
function accountsOf({ datasets, recent }: KeptDatasets): readonly string[] {
  return [...datasets, ...recent].flatMap(({ uri }) => /^az:\/\/([^/]+)\//.exec(uri)?.[1] ?? []);
}

function base64Of(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64');
}
