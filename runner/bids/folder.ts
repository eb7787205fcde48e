import type { ObjectStore } from '../storage/objectStore.ts';

/** One level of a folder: paths of its files and (without a trailing slash) of its folders, each sorted. */
export interface Folder {
  readonly files: readonly string[];
  readonly folders: readonly string[];
}

/** Lists one level. An absent folder is empty. */
export async function listFolder(store: ObjectStore, folder: string, signal: AbortSignal | undefined): Promise<Folder> {
  const files: string[] = [];
  const folders: string[] = [];
  for await (const entry of store.list(folder, { signal })) {
    if (entry.kind === 'folder') folders.push(entry.key.replace(/\/$/, ''));
    else files.push(entry.key);
  }
  return { files: files.sort(), folders: folders.sort() };
}

/** Results in the order of the items; at most `limit` at once. The first failure is thrown. */
export async function mapBounded<T, R>(items: readonly T[], limit: number, work: (item: T) => Promise<R>): Promise<R[]> {
  const results = new Array<R>(items.length);
  let next = 0;
  const lane = async (): Promise<void> => {
    while (next < items.length) {
      const index = next++;
      results[index] = await work(items[index]);
    }
  };
  await Promise.all(Array.from({ length: Math.min(Math.max(1, limit), items.length) }, lane));
  return results;
}
