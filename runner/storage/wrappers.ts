import type { ListEntry, ListOptions, ObjectStat, ObjectStore, OpenUpload, PartUploads, ReadOptions, StatOptions, StoreRegion, WriteOptions } from './objectStore.ts';
import { folderKey } from './uri.ts';

/** A folder of a store as a store of its own. Keys cannot leave it. Throws `bad-option` for a prefix that is no usable key. */
export function childStore(store: ObjectStore, prefix: string): ObjectStore {
  const folder = folderKey(prefix, store.uri);
  return folder === '' ? store : new ChildStore(store, folder);
}

class ChildStore implements ObjectStore {
  readonly uri: string;
  readonly #parent: ObjectStore;
  readonly #prefix: string;

  constructor(parent: ObjectStore, folder: string) {
    this.uri = `${parent.uri}/${folder}`;
    this.#parent = parent;
    this.#prefix = `${folder}/`;
  }

  async stat(key: string, options?: StatOptions): Promise<ObjectStat | undefined> {
    const found = await this.#parent.stat(this.#prefix + key, options);
    return found && { ...found, key };
  }

  read(key: string, options?: ReadOptions): Promise<Uint8Array | undefined> {
    return this.#parent.read(this.#prefix + key, options);
  }

  async *list(folder: string, options: ListOptions = {}): AsyncGenerator<ListEntry> {
    const { unusable } = options;
    const below: ListOptions = unusable === undefined ? options : { ...options, unusable: ({ name, size }) => { unusable({ name: name.slice(this.#prefix.length), size }); } };
    for await (const entry of this.#parent.list(this.#prefix + folder, below)) {
      yield { ...entry, key: entry.key.slice(this.#prefix.length) };
    }
  }

  async write(key: string, data: Uint8Array | string, options?: WriteOptions): Promise<ObjectStat> {
    return { ...(await this.#parent.write(this.#prefix + key, data, options)), key };
  }

  async writeFile(key: string, localPath: string, options?: WriteOptions): Promise<ObjectStat> {
    return { ...(await this.#parent.writeFile(this.#prefix + key, localPath, options)), key };
  }

  delete(key: string): Promise<void> {
    return this.#parent.delete(this.#prefix + key);
  }

  async parts(): Promise<PartUploads | undefined> {
    const parts = await this.#parent.parts?.();
    if (parts === undefined) return undefined;
    const above = (upload: OpenUpload): OpenUpload => ({ ...upload, key: this.#prefix + upload.key });
    return {
      partBytes: (size) => parts.partBytes(size),
      begin: async (key, size, options) => ({ ...(await parts.begin(this.#prefix + key, size, options)), key }),
      send: (upload, index, bytes, options) => parts.send(above(upload), index, bytes, options),
      confirm: (upload, sent, options) => parts.confirm(above(upload), sent, options),
      complete: async (upload, sent, options) => ({ ...(await parts.complete(above(upload), sent, options)), key: upload.key }),
      abandon: (upload, options) => parts.abandon(above(upload), options),
    };
  }

  async region(options?: { readonly signal?: AbortSignal }): Promise<StoreRegion> {
    return (await this.#parent.region?.(options)) ?? { provider: 'other' };
  }
}

/** A store whose implementation is loaded when it is first used. */
export class DeferredStore implements ObjectStore {
  readonly uri: string;
  readonly #load: () => Promise<ObjectStore>;
  #store: Promise<ObjectStore> | undefined;

  constructor(uri: string, load: () => Promise<ObjectStore>) {
    this.uri = uri;
    this.#load = load;
  }

  #open(): Promise<ObjectStore> {
    this.#store ??= this.#load();
    return this.#store;
  }

  async stat(key: string, options?: StatOptions): Promise<ObjectStat | undefined> {
    return (await this.#open()).stat(key, options);
  }

  async read(key: string, options?: ReadOptions): Promise<Uint8Array | undefined> {
    return (await this.#open()).read(key, options);
  }

  async *list(folder: string, options?: ListOptions): AsyncGenerator<ListEntry> {
    yield* (await this.#open()).list(folder, options);
  }

  async write(key: string, data: Uint8Array | string, options?: WriteOptions): Promise<ObjectStat> {
    return (await this.#open()).write(key, data, options);
  }

  async writeFile(key: string, localPath: string, options?: WriteOptions): Promise<ObjectStat> {
    return (await this.#open()).writeFile(key, localPath, options);
  }

  async delete(key: string): Promise<void> {
    return (await this.#open()).delete(key);
  }

  async parts(): Promise<PartUploads | undefined> {
    return (await this.#open()).parts?.();
  }

  async region(options?: { readonly signal?: AbortSignal }): Promise<StoreRegion> {
    return (await (await this.#open()).region?.(options)) ?? { provider: 'other' };
  }
}

/** What went through a {@link CountingStore} so far. */
export interface StoreCounts {
  readonly bytesRead: number;
  readonly bytesWritten: number;
  readonly reads: number;
  readonly writes: number;
}

/** Passes everything on and counts the bytes of objects read and written. */
export class CountingStore implements ObjectStore {
  readonly #inner: ObjectStore;
  #counts: StoreCounts = { bytesRead: 0, bytesWritten: 0, reads: 0, writes: 0 };

  constructor(inner: ObjectStore) {
    this.#inner = inner;
  }

  get uri(): string {
    return this.#inner.uri;
  }

  get counts(): StoreCounts {
    return this.#counts;
  }

  stat(key: string, options?: StatOptions): Promise<ObjectStat | undefined> {
    return this.#inner.stat(key, options);
  }

  async read(key: string, options?: ReadOptions): Promise<Uint8Array | undefined> {
    const bytes = await this.#inner.read(key, options);
    this.#counts = { ...this.#counts, reads: this.#counts.reads + 1, bytesRead: this.#counts.bytesRead + (bytes?.length ?? 0) };
    return bytes;
  }

  list(folder: string, options?: ListOptions): AsyncIterable<ListEntry> {
    return this.#inner.list(folder, options);
  }

  async write(key: string, data: Uint8Array | string, options?: WriteOptions): Promise<ObjectStat> {
    return this.#countWrite(await this.#inner.write(key, data, options));
  }

  async writeFile(key: string, localPath: string, options?: WriteOptions): Promise<ObjectStat> {
    return this.#countWrite(await this.#inner.writeFile(key, localPath, options));
  }

  delete(key: string): Promise<void> {
    return this.#inner.delete(key);
  }

  #countWrite(written: ObjectStat): ObjectStat {
    this.#counts = { ...this.#counts, writes: this.#counts.writes + 1, bytesWritten: this.#counts.bytesWritten + written.size };
    return written;
  }
}
