import type { ObjectStore } from '../storage/objectStore.ts';

/** One level of a folder: paths of its files and (without a trailing slash) of its folders, each in order. */
export interface Folder {
  readonly files: readonly string[];
  readonly folders: readonly string[];
  /** Of each file, by its path: changes whenever the file does. */
  readonly versions: ReadonlyMap<string, string>;
  /** True: there is more in it than was looked at. */
  readonly crowded: boolean;
}

/** How much of a folder is looked at. */
export interface FolderBound {
  /** Files and folders. */
  readonly most: number;
  /** Beginnings of the names that are looked for even where there is more than that. */
  readonly wanted: readonly string[];
}

/**
 * Lists one level. An absent folder is empty. Of a folder that is fuller than its bound only the names that are wanted are
 * looked for, up to the same number of each, so that whatever else lies in it costs little.
 */
export async function listFolder(store: ObjectStore, folder: string, signal: AbortSignal | undefined, bound?: FolderBound): Promise<Folder> {
  const found = new FoundEntries();
  const most = bound?.most ?? Infinity;
  for await (const entry of store.list(folder, { signal })) {
    if (found.size >= most) {
      for (const namePrefix of bound?.wanted ?? []) await addWanted(found, store, folder, namePrefix, most, signal);
      return found.folder(true);
    }
    found.add(entry);
  }
  return found.folder(false);
}

async function addWanted(found: FoundEntries, store: ObjectStore, folder: string, namePrefix: string, most: number, signal: AbortSignal | undefined): Promise<void> {
  let seen = 0;
  for await (const entry of store.list(folder, { namePrefix, signal })) {
    found.add(entry);
    seen += 1;
    if (seen >= most) return;
  }
}

/** Collects rows of listings; a row that comes twice counts once. */
export class FoundEntries {
  readonly #folders = new Set<string>();
  readonly #versions = new Map<string, string>();

  get size(): number {
    return this.#folders.size + this.#versions.size;
  }

  add(entry: { readonly key: string; readonly version?: string }): void {
    if (entry.key.endsWith('/')) this.#folders.add(entry.key.slice(0, -1));
    else this.#versions.set(entry.key, entry.version ?? '');
  }

  folder(crowded: boolean): Folder {
    return { files: [...this.#versions.keys()].sort(), folders: [...this.#folders].sort(), versions: new Map(this.#versions), crowded };
  }
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
