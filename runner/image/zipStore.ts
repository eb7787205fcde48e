import { crc32, inflateRawSync } from 'node:zlib';
import { SpimquantError } from '../protocol/errors.ts';
import { throwIfCancelled } from '../storage/cancel.ts';
import type { ListEntry, ListOptions, ObjectStat, ObjectStore, ReadOptions } from '../storage/objectStore.ts';
import { resolveRange } from '../storage/range.ts';
import { badZip, readDirectory, localHeaderBytes, localDataOffset, type ZipEntry } from './zipDirectory.ts';

/**
 * Opens a zip file in a store as a store of its own, which can only be read. The directory of the zip is read at once
 * (two or three requests); an entry then costs one request. Stored and deflated entries, zip64, and a single folder
 * around everything are understood. Rejects with `not-found` when there is no such file, `bad-zarr` when it is no zip.
 */
export async function openZipStore(store: ObjectStore, key: string, options: { readonly signal?: AbortSignal } = {}): Promise<ObjectStore> {
  const uri = `${store.uri}/${key}`;
  const stat = await store.stat(key, options);
  if (!stat) throw new SpimquantError('not-found', `There is no file ${uri}`, { where: uri, hint: 'Check the path.' });
  const directory = await readDirectory(store, key, stat.size, options.signal);
  return new ZipStore(store, key, stat, withoutOuterFolder(directory));
}

const groupDocuments = ['zarr.json', '.zgroup', '.zattrs', '.zmetadata'];

/** Drops folders that hold everything, and what macOS adds on zipping. */
function withoutOuterFolder(entries: ReadonlyMap<string, ZipEntry>): ReadonlyMap<string, ZipEntry> {
  let rest = [...entries].filter(([name]) => !name.startsWith('__MACOSX/') && !name.endsWith('.DS_Store'));
  while (rest.length > 0 && !groupDocuments.some((name) => rest.some(([key]) => key === name))) {
    const folder = rest[0][0].slice(0, rest[0][0].indexOf('/') + 1);
    if (folder === '' || !rest.every(([name]) => name.startsWith(folder))) break;
    rest = rest.map(([name, entry]) => [name.slice(folder.length), entry]);
  }
  return new Map(rest);
}

class ZipStore implements ObjectStore {
  readonly uri: string;
  readonly #store: ObjectStore;
  readonly #key: string;
  readonly #stat: ObjectStat;
  readonly #entries: ReadonlyMap<string, ZipEntry>;
  readonly #names: readonly string[];
  /** Where the data of entries begin, once known. */
  readonly #dataOffsets = new Map<ZipEntry, number>();
  /** The entry inflated last, so that ranged reads of it need not inflate it again and again. */
  #inflated: { readonly entry: ZipEntry; readonly bytes: Uint8Array } | undefined;

  constructor(store: ObjectStore, key: string, stat: ObjectStat, entries: ReadonlyMap<string, ZipEntry>) {
    this.uri = `${store.uri}/${key}`;
    this.#store = store;
    this.#key = key;
    this.#stat = stat;
    this.#entries = entries;
    this.#names = [...entries.keys()].sort();
  }

  async stat(key: string, options: { readonly signal?: AbortSignal } = {}): Promise<ObjectStat | undefined> {
    throwIfCancelled(options.signal, `${this.uri}/${key}`);
    const entry = this.#entries.get(key);
    return entry && this.#describe(key, entry);
  }

  async read(key: string, options: ReadOptions = {}): Promise<Uint8Array | undefined> {
    const entry = this.#entries.get(key);
    if (!entry) {
      throwIfCancelled(options.signal, `${this.uri}/${key}`);
      return undefined;
    }
    const { begin, end } = resolveRange(options.range, entry.size);
    if (entry.method === 0 && (begin > 0 || end < entry.size)) {
      const offset = await this.#dataOffset(key, entry, options.signal);
      return this.#fetch(key, offset + begin, end - begin, options.signal);
    }
    const bytes = this.#inflated?.entry === entry ? this.#inflated.bytes : await this.#whole(key, entry, options.signal);
    return begin === 0 && end === bytes.length ? bytes : bytes.slice(begin, end);
  }

  async *list(folder: string, options: ListOptions = {}): AsyncGenerator<ListEntry> {
    const parent = folder.replace(/\/+$/, '');
    const prefix = parent === '' ? '' : `${parent}/`;
    let lastFolder: string | undefined;
    for (const key of this.#names) {
      throwIfCancelled(options.signal, `${this.uri}/${prefix}`);
      if (!key.startsWith(prefix)) continue;
      const slash = key.indexOf('/', prefix.length);
      const entry = this.#entries.get(key);
      if (entry && (options.recursive === true || slash < 0)) {
        yield { kind: 'object', ...this.#describe(key, entry) };
      } else if (key.slice(0, slash + 1) !== lastFolder) {
        lastFolder = key.slice(0, slash + 1);
        yield { kind: 'folder', key: lastFolder };
      }
    }
  }

  write(key: string): Promise<ObjectStat> {
    return Promise.reject(this.#readOnly(key));
  }

  writeFile(key: string): Promise<ObjectStat> {
    return Promise.reject(this.#readOnly(key));
  }

  delete(key: string): Promise<void> {
    return Promise.reject(this.#readOnly(key));
  }

  #readOnly(key: string): SpimquantError {
    return new SpimquantError('bad-option', `Nothing can be written into a zip file: ${this.uri}/${key}`, { where: `${this.uri}/${key}`, hint: 'Choose a folder as output.' });
  }

  #describe(key: string, entry: ZipEntry): ObjectStat {
    return { key, size: entry.size, version: `${this.#stat.version}-${entry.crc.toString(16)}` };
  }

  /** Bytes of the zip file itself. */
  async #fetch(key: string, offset: number, length: number, signal: AbortSignal | undefined): Promise<Uint8Array> {
    if (length === 0) return new Uint8Array(0);
    const bytes = await this.#store.read(this.#key, { range: { offset, length }, ...(signal ? { signal } : {}) });
    if (bytes?.length !== length) throw badZip(this.uri, `the entry ${key} is cut off.`);
    return bytes;
  }

  async #dataOffset(key: string, entry: ZipEntry, signal: AbortSignal | undefined): Promise<number> {
    const known = this.#dataOffsets.get(entry);
    if (known !== undefined) return known;
    const header = await this.#fetch(key, entry.headerOffset, localHeaderBytes, signal);
    const offset = entry.headerOffset + localDataOffset(header, this.uri, key);
    this.#dataOffsets.set(entry, offset);
    return offset;
  }

  /** Reads an entry with its header in one request, and checks its CRC. */
  async #whole(key: string, entry: ZipEntry, signal: AbortSignal | undefined): Promise<Uint8Array> {
    // The header's extra fields may be longer than the directory's; what comes after the entry is the room they have.
    const guess = localHeaderBytes + entry.nameBytes + entry.extraBytes + 32;
    const room = Math.min(this.#stat.size - entry.headerOffset, guess + entry.compressedSize);
    const head = await this.#fetch(key, entry.headerOffset, room, signal);
    const start = localDataOffset(head, this.uri, key);
    this.#dataOffsets.set(entry, entry.headerOffset + start);
    const inside = start + entry.compressedSize <= head.length;
    const packed = inside ? head.subarray(start, start + entry.compressedSize) : await this.#fetch(key, entry.headerOffset + start, entry.compressedSize, signal);
    const bytes = entry.method === 0 ? packed : this.#inflate(key, entry, packed);
    if (bytes.length !== entry.size || crc32(bytes) !== entry.crc) throw badZip(this.uri, `the checksum of the entry ${key} does not agree with its content.`);
    if (entry.method !== 0) this.#inflated = { entry, bytes };
    return bytes;
  }

  #inflate(key: string, entry: ZipEntry, packed: Uint8Array): Uint8Array {
    if (entry.method !== 8) throw badZip(this.uri, `the entry ${key} is compressed by method ${entry.method}, which is not supported.`, 'Zip the image anew without compression.');
    try {
      return inflateRawSync(packed, { maxOutputLength: Math.max(1, entry.size), chunkSize: Math.max(64, entry.size + 64) });
    } catch (cause) {
      throw badZip(this.uri, `the entry ${key} cannot be decompressed.`, undefined, cause);
    }
  }
}
