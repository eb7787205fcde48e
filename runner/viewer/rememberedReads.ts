import type { ByteCache } from '../image/chunkCache.ts';
import type { ListEntry, ListOptions, ObjectStat, ObjectStore, ReadOptions } from '../storage/objectStore.ts';

/** Larger parts are not worth the room. Bytes. */
const largestPart = 8 * 1024 * 1024;
/** The metadata of images; they are read once, and must not be old. */
const isMetadata = /(^|\/)(zarr\.json|\.z\w+)$/;

/**
 * A bucket whose parts that were read are remembered as they came, compressed: of a chunk of which only some planes were
 * kept, the others need not be fetched again. Can only be read.
 */
export class RememberedReads implements ObjectStore {
  readonly #store: ObjectStore;
  readonly #cache: ByteCache<Uint8Array>;
  readonly #name: string;
  /** Metadata that were asked for before anybody needed them. */
  readonly #ahead = new Map<string, Promise<Uint8Array | undefined>>();

  /** @param name tells the store, as it was reached and opened, from others */
  constructor(store: ObjectStore, cache: ByteCache<Uint8Array>, name: string) {
    this.#store = store;
    this.#cache = cache;
    this.#name = name;
  }

  get uri(): string {
    return this.#store.uri;
  }

  /** Asks for metadata that may be there, so that whoever needs them next waits for no further round trip. Each serves one read. */
  askAhead(keys: readonly string[], signal: AbortSignal): void {
    for (const key of keys) {
      const asked = this.#store.read(key, { signal });
      // Whoever reads it hears of it; most are not there, and nobody reads them.
      asked.catch(() => undefined);
      this.#ahead.set(key, asked);
    }
  }

  /** Drops what nobody has needed. */
  forgetAhead(): void {
    this.#ahead.clear();
  }

  async read(key: string, options: ReadOptions = {}): Promise<Uint8Array | undefined> {
    if (isMetadata.test(key)) {
      const asked = this.#ahead.get(key);
      this.#ahead.delete(key);
      return asked ?? this.#store.read(key, options);
    }
    const name = `${this.#name}\n${key}\n${options.range === undefined ? '' : JSON.stringify(options.range)}`;
    const kept = this.#cache.get(name);
    if (kept !== undefined) return kept;
    const bytes = await this.#store.read(key, options);
    if (bytes !== undefined && bytes.length <= largestPart) this.#cache.set(name, bytes, bytes.length);
    return bytes;
  }

  stat(key: string, options?: { readonly signal?: AbortSignal }): Promise<ObjectStat | undefined> {
    return this.#store.stat(key, options);
  }

  list(folder: string, options?: ListOptions): AsyncIterable<ListEntry> {
    return this.#store.list(folder, options);
  }

  write(key: string, data: Uint8Array | string): Promise<ObjectStat> {
    return this.#store.write(key, data);
  }

  writeFile(key: string, localPath: string): Promise<ObjectStat> {
    return this.#store.writeFile(key, localPath);
  }

  delete(key: string): Promise<void> {
    return this.#store.delete(key);
  }
}
