import { createHash, randomBytes } from 'node:crypto';
import type { BigIntStats } from 'node:fs';
import { mkdir, open, readdir, rename, rmdir, stat, unlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';

/** One row of a listing. */
export interface Row {
  readonly key: string;
  readonly size: number;
  /** Without quotes. */
  readonly etag: string;
  readonly modified: Date;
  /** STANDARD when left out. */
  readonly storageClass?: string;
}

/** What an object has besides its content. */
export interface ObjectInfo {
  readonly contentType: string;
  readonly metadata: Readonly<Record<string, string>>;
  /** Of multipart uploads; otherwise the MD5 of the content. */
  readonly etag?: string;
  readonly storageClass?: string;
  /** Only when it was asked for: this server encrypts nothing by itself. */
  readonly encryption?: 'AES256' | 'aws:kms';
  readonly encryptionKey?: string;
}

/** An object that can be served. */
export interface StoredObject extends Row, Omit<ObjectInfo, 'etag'> {
  /** Bytes from `begin` up to, not including, `end`. */
  read(begin: number, end: number): Promise<Uint8Array>;
  /** To be called once it is not needed any more. */
  close(): Promise<void>;
}

/** The part of a listing that is going to be sent. */
export interface ListRange {
  /** Keys and prefixes after this one. */
  readonly after?: string;
  /** So many, the first in order. */
  readonly limit?: number;
}

/** Where a bucket keeps its objects. */
export interface BucketBackend {
  get(key: string): Promise<StoredObject | undefined>;
  put(key: string, bytes: Uint8Array, info: ObjectInfo): Promise<Row>;
  delete(key: string): Promise<void>;
  /** Objects and, when a delimiter is given, common prefixes below `prefix`; unsorted. What is beyond the range may be left out. */
  list(prefix: string, delimiter: string, range?: ListRange): Promise<{ readonly rows: readonly Row[]; readonly folders: ReadonlySet<string> }>;
}

export function md5(data: Uint8Array): string {
  return createHash('md5').update(data).digest('hex');
}

/** Splits keys into objects and common prefixes. */
function groupRows(rows: Iterable<Row>, prefix: string, delimiter: string): { rows: Row[]; folders: Set<string> } {
  const objects: Row[] = [];
  const folders = new Set<string>();
  for (const row of rows) {
    if (!row.key.startsWith(prefix)) continue;
    const cut = delimiter === '' ? -1 : row.key.indexOf(delimiter, prefix.length);
    if (cut < 0) objects.push(row);
    else folders.add(row.key.slice(0, cut + delimiter.length));
  }
  return { rows: objects, folders };
}

export class MemoryBucket implements BucketBackend {
  readonly #objects = new Map<string, StoredObject>();

  async get(key: string): Promise<StoredObject | undefined> {
    return this.#objects.get(key);
  }

  async put(key: string, bytes: Uint8Array, info: ObjectInfo): Promise<Row> {
    const object: StoredObject = {
      ...info,
      key,
      size: bytes.length,
      etag: info.etag ?? md5(bytes),
      modified: new Date(),
      read: async (begin, end) => bytes.subarray(begin, end),
      close: async () => undefined,
    };
    this.#objects.set(key, object);
    return object;
  }

  async delete(key: string): Promise<void> {
    this.#objects.delete(key);
  }

  async list(prefix: string, delimiter: string): Promise<{ rows: Row[]; folders: Set<string> }> {
    return groupRows(this.#objects.values(), prefix, delimiter);
  }
}

/** Not of the form of an MD5, which it is not. */
function tagOf(found: BigIntStats): string {
  return `${found.size.toString(16)}-${found.mtimeNs.toString(16)}`;
}

const temporaryPrefix = '.s3server-tmp-';

/** A bucket whose objects are the files of a local folder, for reading and writing. Metadata lasts as long as the server. */
export class FolderBucket implements BucketBackend {
  readonly #root: string;
  readonly #info = new Map<string, ObjectInfo & { readonly fileTag: string }>();

  constructor(root: string) {
    this.#root = root;
  }

  #path(key: string): string | undefined {
    const parts = key.split('/');
    return parts.some((part) => part === '' || part === '.' || part === '..' || part.includes('\0')) ? undefined : join(this.#root, ...parts);
  }

  #row(key: string, found: BigIntStats): Row {
    const fileTag = tagOf(found);
    const info = this.#info.get(key);
    const known = info?.fileTag === fileTag ? info : undefined;
    return { key, size: Number(found.size), etag: known?.etag ?? fileTag, modified: found.mtime, ...(known?.storageClass === undefined ? {} : { storageClass: known.storageClass }) };
  }

  /** Holds the file open, so that a replacement meanwhile does not mix into the answer. */
  async get(key: string): Promise<StoredObject | undefined> {
    const path = this.#path(key);
    const file = path === undefined ? undefined : await open(path, 'r').catch(() => undefined);
    if (file === undefined) return undefined;
    const found = await file.stat({ bigint: true });
    if (!found.isFile()) {
      await file.close();
      return undefined;
    }
    return {
      contentType: 'binary/octet-stream',
      metadata: {},
      ...this.#info.get(key),
      ...this.#row(key, found),
      read: async (begin, end) => {
        const bytes = new Uint8Array(end - begin);
        const { bytesRead } = await file.read(bytes, 0, bytes.length, begin);
        return bytes.subarray(0, bytesRead);
      },
      close: () => file.close(),
    };
  }

  async put(key: string, bytes: Uint8Array, info: ObjectInfo): Promise<Row> {
    const path = this.#path(key);
    if (path === undefined) throw new Error(`Not a file name: ${key}`);
    const temporary = join(dirname(path), temporaryPrefix + randomBytes(8).toString('hex'));
    await mkdir(dirname(path), { recursive: true });
    await writeFile(temporary, bytes, { flag: 'wx' });
    await rename(temporary, path);
    const found = await stat(path, { bigint: true });
    const etag = info.etag ?? md5(bytes);
    this.#info.set(key, { ...info, etag, fileTag: tagOf(found) });
    return { key, size: bytes.length, etag, modified: found.mtime };
  }

  async delete(key: string): Promise<void> {
    const path = this.#path(key);
    if (path === undefined) return;
    this.#info.delete(key);
    try {
      await unlink(path);
      // A bucket has no empty folders.
      for (let folder = dirname(path); folder.length > this.#root.length; folder = dirname(folder)) await rmdir(folder);
    } catch {
      // Not there, or the folder is still in use.
    }
  }

  /** Looks at what can be in the range and no more: of a folder with many objects each page would else cost as much as all. */
  async list(prefix: string, delimiter: string, { after = '', limit = Infinity }: ListRange = {}): Promise<{ rows: Row[]; folders: Set<string> }> {
    const shallow = delimiter === '/';
    const rows: Row[] = [];
    const folders = new Set<string>();
    for await (const found of this.#walk(prefix.slice(0, prefix.lastIndexOf('/') + 1), prefix, shallow, Buffer.from(after))) {
      if (typeof found === 'string') folders.add(found);
      else rows.push(found);
      if (rows.length + folders.size >= limit && (shallow || delimiter === '')) break;
    }
    return shallow ? { rows, folders } : groupRows(rows, prefix, delimiter);
  }

  /** Objects and, if shallow, folders after a key, in the byte order of their keys. */
  async *#walk(folder: string, prefix: string, shallow: boolean, after: Buffer): AsyncGenerator<Row | string> {
    for (const { key, bytes } of await this.#children(folder, prefix)) {
      const isFolder = key.endsWith('/');
      const isAfter = Buffer.compare(bytes, after) > 0;
      if (isFolder && shallow) {
        if (isAfter) yield key;
      } else if (isFolder) {
        if (isAfter || after.subarray(0, bytes.length).equals(bytes)) yield* this.#walk(key, prefix, shallow, after);
      } else if (isAfter && key.startsWith(prefix)) {
        const found = await stat(join(this.#root, key), { bigint: true }).catch(() => undefined);
        if (found?.isFile() === true) yield this.#row(key, found);
      }
    }
  }

  /** Keys of what is in a folder and may lead to a prefix, those of folders with their slash, in byte order. */
  async #children(folder: string, prefix: string): Promise<readonly { readonly key: string; readonly bytes: Buffer }[]> {
    const entries = await readdir(join(this.#root, folder), { withFileTypes: true }).catch(() => []);
    const wanted = entries.filter(({ name }) => !name.startsWith(temporaryPrefix) && (`${folder}${name}/`.startsWith(prefix) || prefix.startsWith(`${folder}${name}/`)));
    const children = await Promise.all(wanted.map(async (entry) => {
      const isFolder = entry.isDirectory() || (entry.isSymbolicLink() && (await stat(join(this.#root, folder, entry.name)).catch(() => undefined))?.isDirectory() === true);
      const key = `${folder}${entry.name}${isFolder ? '/' : ''}`;
      return { key, bytes: Buffer.from(key) };
    }));
    return children.sort((a, b) => Buffer.compare(a.bytes, b.bytes));
  }
}
