import { basename, dirname } from 'node:path';
import { SpimquantError } from '../protocol/errors.ts';
import type { StorageEntry, StorageFile } from '../protocol/storageEntry.ts';
import { LocalStore } from './local/localStore.ts';
import type { ListEntry, ObjectStat, ObjectStore } from './objectStore.ts';
import { bucketUri, expandHome, formatUri, parseUri } from './uri.ts';

/** A file or folder, of which it is not known yet which of the two it is. */
export interface Place {
  readonly store: ObjectStore;
  /** `''`: the store's root itself. */
  readonly key: string;
  /** Full address, for messages. */
  readonly where: string;
}

/** Entries of the folder above that are looked at to find a folder by its name: a page of a bucket's listing. */
const mostLookedAt = 1000;

/** Where a path or URI, as a user writes it, leads. `open` gives the store of a bucket by its address. Throws as `parseUri`. */
export function placeOf(uri: string, open: (bucket: string) => ObjectStore): Place {
  const location = parseUri(expandHome(uri));
  const where = formatUri(location);
  if (location.scheme !== 'local') return { store: open(bucketUri(location)), key: location.prefix, where };
  const folder = dirname(location.path);
  return folder === location.path ? { store: new LocalStore(folder), key: '', where } : { store: new LocalStore(folder), key: basename(location.path), where };
}

/** The error about a place where there is nothing, or nothing of that kind. */
export function nothingThere(where: string, what: 'file' | 'file or folder' = 'file or folder'): SpimquantError {
  return new SpimquantError('not-found', `There is no such ${what}: ${where}`, { where, hint: 'It may have been moved or deleted meanwhile.' });
}

/**
 * What is at a place; undefined: nothing. Where a bucket has an object and keys below the same name, the object counts,
 * unless it is empty: such objects stand for folders. Throws as stores do.
 */
export async function lookAt({ store, key }: Place, signal?: AbortSignal): Promise<StorageEntry | undefined> {
  if (key === '') {
    // An empty bucket is a folder too; one that does not exist, or may not be listed, throws.
    await hasEntries(store, '', signal);
    return { kind: 'folder', name: '' };
  }
  const name = key.slice(key.lastIndexOf('/') + 1);
  const found = await store.stat(key, { signal });
  if (found !== undefined && found.size > 0) return fileEntry(name, found);
  if (await isFolder(store, key, name, signal)) return { kind: 'folder', name };
  return found === undefined ? undefined : fileEntry(name, found);
}

/** By a listing of the folder above, which also shows folders that somebody has made and left empty. */
async function isFolder(store: ObjectStore, key: string, name: string, signal: AbortSignal | undefined): Promise<boolean> {
  let seen = 0;
  for await (const entry of store.list(key.slice(0, -name.length), { namePrefix: name, signal })) {
    if (entry.kind === 'folder' && entry.key === `${key}/`) return true;
    seen += 1;
    if (seen >= mostLookedAt) return hasEntries(store, key, signal);
  }
  return false;
}

async function hasEntries(store: ObjectStore, folder: string, signal: AbortSignal | undefined): Promise<boolean> {
  for await (const _entry of store.list(folder, { signal })) return true;
  return false;
}

/**
 * What is in a folder, one after another in the order of the store: in a bucket no more is asked for than is taken, by
 * pages of a thousand. Throws `not-found` when there is no such folder, `bad-option` when it is a file, and as stores do.
 */
export async function* listPlace(place: Place, signal?: AbortSignal): AsyncGenerator<StorageEntry> {
  const skip = place.key === '' ? 0 : place.key.length + 1;
  let empty = true;
  for await (const entry of place.store.list(place.key, { signal })) {
    empty = false;
    yield listedEntry(entry, skip);
  }
  if (!empty || place.key === '') return;
  const found = await lookAt(place, signal);
  if (found === undefined) throw nothingThere(place.where);
  if (found.kind === 'file') throw new SpimquantError('bad-option', `This is a file, not a folder: ${place.where}`, { where: place.where });
}

function listedEntry(entry: ListEntry, skip: number): StorageEntry {
  return entry.kind === 'folder' ? { kind: 'folder', name: entry.key.slice(skip, -1) } : fileEntry(entry.key.slice(skip), entry);
}

/** A file as listings have it. `name`: in the folder above. */
export function fileEntry(name: string, { size, version, modified }: ObjectStat): StorageFile {
  return { kind: 'file', name, bytes: size, version, ...(modified === undefined ? {} : { modified }) };
}
