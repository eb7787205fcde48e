import { byteCache, type ByteCache } from '../image/chunkCache.ts';
import type { ObjectStore, StorageOptions } from '../storage/objectStore.ts';
import { openStore } from '../storage/open.ts';

/** How many connections to datasets are kept. */
const mostStores = 16;

/**
 * What is kept between exploring commands, so that a cell that is run again with another threshold reads nothing: opened
 * images, decoded levels, bias fields. Bounded in bytes; what was not used for longest goes first.
 */
export class ExploreCache {
  readonly #kept: ByteCache<unknown>;
  readonly #stores = new Map<string, ObjectStore>();

  /** @param limit bytes */
  constructor(limit = 512 * 1024 * 1024) {
    this.#kept = byteCache(limit);
  }

  /**
   * The value kept under a key, or what `make` makes, kept from then on. The key must tell everything that the value
   * depends on. A failure is not kept.
   */
  async remember<T>(key: readonly unknown[], make: () => Promise<T>, bytesOf: (value: T) => number): Promise<T> {
    const name = JSON.stringify(key);
    const kept = this.#kept.get(name) as T | undefined;
    if (kept !== undefined) return kept;
    const made = await make();
    this.#kept.set(name, made, bytesOf(made));
    return made;
  }

  /** The store at a URI; a bucket's connection is kept. */
  store(uri: string, storage: StorageOptions): ObjectStore {
    const name = JSON.stringify([uri, storage]);
    const store = this.#stores.get(name) ?? openStore(uri, storage);
    this.#stores.delete(name);
    this.#stores.set(name, store);
    for (const oldest of this.#stores.keys()) {
      if (this.#stores.size <= mostStores) break;
      this.#stores.delete(oldest);
    }
    return store;
  }
}
