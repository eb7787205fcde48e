import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { alreadyExists, changedError, changedMeanwhile } from './bodyFaults.ts';
import { throwIfCancelled } from './cancel.ts';
import { compareKeys } from './keyOrder.ts';
import { localError } from './local/localErrors.ts';
import type { ListEntry, ListOptions, ObjectStat, ObjectStore, ReadOptions, WriteOptions } from './objectStore.ts';
import { resolveRange } from './range.ts';
import { checkKey, folderKey } from './uri.ts';

/** Makes the bytes of a virtual object; called anew for every read. */
export type MakeBytes = () => Uint8Array | Promise<Uint8Array>;

interface MemoryObject {
  readonly size: number;
  readonly version: string;
  readonly make: MakeBytes;
}

/** An {@link ObjectStore} in memory: for tests, and for data that is generated as it is read. */
export class MemoryStore implements ObjectStore {
  readonly uri: string;
  readonly #objects = new Map<string, MemoryObject>();

  constructor(uri: string = 'memory://store') {
    this.uri = uri;
  }

  /** Adds an object whose bytes are made when they are read. `size` and `version` are what `stat` says of it. */
  setVirtual(key: string, size: number, make: MakeBytes, version: string = `virtual-${size}`): void {
    checkKey(key, this.uri);
    this.#objects.set(key, { size, version, make });
  }

  async stat(key: string, options: { readonly signal?: AbortSignal } = {}): Promise<ObjectStat | undefined> {
    checkKey(key, this.uri);
    throwIfCancelled(options.signal, `${this.uri}/${key}`);
    const object = this.#objects.get(key);
    return object && { key, size: object.size, version: object.version };
  }

  async read(key: string, options: ReadOptions = {}): Promise<Uint8Array | undefined> {
    checkKey(key, this.uri);
    throwIfCancelled(options.signal, `${this.uri}/${key}`);
    const object = this.#objects.get(key);
    if (object === undefined) return undefined;
    if (options.ifVersion !== undefined && options.ifVersion !== object.version) throw changedError(`${this.uri}/${key}`);
    const bytes = await object.make();
    throwIfCancelled(options.signal, `${this.uri}/${key}`);
    const { begin, end } = resolveRange(options.range, bytes.length);
    return new Uint8Array(bytes.subarray(begin, end));
  }

  async *list(folder: string, options: ListOptions = {}): AsyncGenerator<ListEntry> {
    const parent = folderKey(folder, this.uri);
    const prefix = parent === '' ? '' : `${parent}/`;
    let lastFolder: string | undefined;
    for (const key of [...this.#objects.keys()].sort(compareKeys)) {
      throwIfCancelled(options.signal, `${this.uri}/${prefix}`);
      if (!key.startsWith(prefix + (options.namePrefix ?? ''))) continue;
      const slash = key.indexOf('/', prefix.length);
      if (options.startAfter !== undefined && (options.recursive === true || slash < 0 ? key : key.slice(0, slash + 1)) <= prefix + options.startAfter) continue;
      if (options.recursive === true || slash < 0) {
        const object = this.#objects.get(key);
        if (object) yield { kind: 'object', key, size: object.size, version: object.version };
      } else if (key.slice(0, slash + 1) !== lastFolder) {
        lastFolder = key.slice(0, slash + 1);
        yield { kind: 'folder', key: lastFolder };
      }
    }
  }

  async write(key: string, data: Uint8Array | string, options: WriteOptions = {}): Promise<ObjectStat> {
    checkKey(key, this.uri);
    throwIfCancelled(options.signal, `${this.uri}/${key}`);
    if (options.ifAbsent === true && this.#objects.has(key)) {
      throw alreadyExists(`${this.uri}/${key}`);
    }
    if (options.ifVersion !== undefined && this.#objects.get(key)?.version !== options.ifVersion) throw changedMeanwhile(`${this.uri}/${key}`);
    const bytes = typeof data === 'string' ? new TextEncoder().encode(data) : new Uint8Array(data);
    const version = createHash('sha256').update(bytes).digest('hex');
    this.#objects.set(key, { size: bytes.length, version, make: () => bytes });
    return { key, size: bytes.length, version };
  }

  async writeFile(key: string, localPath: string, options: WriteOptions = {}): Promise<ObjectStat> {
    throwIfCancelled(options.signal, `${this.uri}/${key}`);
    const bytes = await readFile(localPath).catch((error: unknown) => {
      throw localError(error, 'read', localPath);
    });
    return this.write(key, bytes, options);
  }

  async delete(key: string): Promise<void> {
    checkKey(key, this.uri);
    this.#objects.delete(key);
  }
}
