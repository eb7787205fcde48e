import { compareKeys } from './keyOrder.ts';
import type { ListEntry, ListOptions, ObjectStat } from './objectStore.ts';

/** Whether a listed key can be read again by that key. */
export function isUsableKey(key: string): boolean {
  return key.split('/').every((part) => part !== '' && part !== '.' && part !== '..');
}

/**
 * One page of a listing as entries in order, where the service tells folders (keys that end in a slash) and objects apart.
 * Keys that no store can read again (folder markers, two slashes in a row, parts named `..`) are left out and told to `unusable`.
 */
export function* listedEntries(folders: readonly string[], objects: Iterable<ObjectStat>, unusable: ListOptions['unusable']): Generator<ListEntry> {
  let next = 0;
  for (const object of objects) {
    for (; next < folders.length && compareKeys(folders[next], object.key) < 0; next++) yield* folderEntry(folders[next]);
    if (isUsableKey(object.key)) yield { kind: 'object', ...object };
    else unusable?.({ name: object.key, size: object.size });
  }
  for (; next < folders.length; next++) yield* folderEntry(folders[next]);
}

function* folderEntry(key: string): Generator<ListEntry> {
  if (isUsableKey(key.slice(0, -1))) yield { kind: 'folder', key };
}
