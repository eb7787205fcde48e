import { basename, dirname } from 'node:path';
import { SpimquantError } from '../protocol/errors.ts';
import { formatBytes } from '../wording/words.ts';
import { LocalStore } from './local/localStore.ts';
import type { ObjectStore, StorageOptions } from './objectStore.ts';
import { openStore } from './open.ts';
import { bucketUri, expandHome, formatUri, parseUri } from './uri.ts';

/**
 * The bytes of one file, if it is not larger than `maxBytes`. `uri` is a path or URI as a user writes it.
 *
 * @throws SpimquantError `not-found`; `bad-option` above the bound; what else the storage throws
 */
export async function readSmallFile(uri: string, maxBytes: number, storage: StorageOptions = {}, signal?: AbortSignal): Promise<Uint8Array> {
  const { store, key, where } = locate(uri, storage);
  const found = await store.stat(key, { signal });
  const bytes = found === undefined ? undefined : found.size > maxBytes ? found.size : await store.read(key, { signal });
  if (bytes === undefined) throw new SpimquantError('not-found', `There is no such file: ${where}`, { where, hint: 'It may have been moved or deleted meanwhile.' });
  // A file can grow between the two looks.
  const size = typeof bytes === 'number' ? bytes : bytes.length;
  if (typeof bytes === 'number' || size > maxBytes) {
    throw new SpimquantError('bad-option', `${where} is ${formatBytes(size)}, too large to be shown here.`, { where, hint: 'Download it, or open it with a program for files of this size.' });
  }
  return bytes;
}

function locate(uri: string, storage: StorageOptions): { readonly store: ObjectStore; readonly key: string; readonly where: string } {
  const location = parseUri(expandHome(uri));
  const where = formatUri(location);
  const isRoot = location.scheme === 'local' ? dirname(location.path) === location.path : location.prefix === '';
  if (isRoot) throw new SpimquantError('bad-option', `This is no file: ${where}`, { where });
  if (location.scheme !== 'local') return { store: openStore(bucketUri(location), storage), key: location.prefix, where };
  return { store: new LocalStore(dirname(location.path)), key: basename(location.path), where };
}
