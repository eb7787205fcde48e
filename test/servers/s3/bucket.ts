import { createHash, randomBytes } from 'node:crypto';
import { mkdir, open, readdir, rename, rmdir, stat, unlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';

/** One row of a listing. */
export interface Row {
  readonly key: string;
  readonly size: number;
  /** Without quotes. */
  readonly etag: string;
  readonly modified: Date;
}

/** An object that can be served. */
export interface StoredObject extends Row {
  readonly contentType: string;
  readonly metadata: Readonly<Record<string, string>>;
  /** Bytes from `begin` up to, not including, `end`. */
  read(begin: number, end: number): Promise<Uint8Array>;
}

export interface ObjectInfo {
  readonly contentType: string;
  readonly metadata: Readonly<Record<string, string>>;
  /** Of multipart uploads; otherwise the MD5 of the content. */
  readonly etag?: string;
}

/** Where a bucket keeps its objects. */
export interface BucketBackend {
  get(key: string): Promise<StoredObject | undefined>;
  put(key: string, bytes: Uint8Array, info: ObjectInfo): Promise<Row>;
  delete(key: string): Promise<void>;
  /** Objects and, when a delimiter is given, common prefixes below `prefix`; unsorted. */
  list(prefix: string, delimiter: string): Promise<{ readonly rows: readonly Row[]; readonly folders: ReadonlySet<string> }>;
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
      key,
      size: bytes.length,
      etag: info.etag ?? md5(bytes),
      modified: new Date(),
      contentType: info.contentType,
      metadata: info.metadata,
      read: async (begin, end) => bytes.subarray(begin, end),
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

  async #row(key: string, path: string): Promise<Row | undefined> {
    try {
      const found = await stat(path, { bigint: true });
      if (!found.isFile()) return undefined;
      const fileTag = md5(Buffer.from(`${found.size}-${found.mtimeNs}`));
      const info = this.#info.get(key);
      return { key, size: Number(found.size), etag: info?.fileTag === fileTag ? (info.etag ?? fileTag) : fileTag, modified: found.mtime };
    } catch {
      return undefined;
    }
  }

  async get(key: string): Promise<StoredObject | undefined> {
    const path = this.#path(key);
    const row = path === undefined ? undefined : await this.#row(key, path);
    if (path === undefined || row === undefined) return undefined;
    const info = this.#info.get(key);
    return {
      ...row,
      contentType: info?.contentType ?? 'binary/octet-stream',
      metadata: info?.metadata ?? {},
      read: async (begin, end) => {
        await using file = await open(path, 'r');
        const bytes = new Uint8Array(end - begin);
        const { bytesRead } = await file.read(bytes, 0, bytes.length, begin);
        return bytes.subarray(0, bytesRead);
      },
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
    this.#info.set(key, { ...info, etag, fileTag: md5(Buffer.from(`${found.size}-${found.mtimeNs}`)) });
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

  async list(prefix: string, delimiter: string): Promise<{ rows: Row[]; folders: Set<string> }> {
    const parent = prefix.slice(0, prefix.lastIndexOf('/') + 1);
    const rows: Row[] = [];
    const folders = new Set<string>();
    await this.#walk(parent, prefix, delimiter === '/', rows, folders);
    return delimiter === '/' ? { rows, folders } : groupRows(rows, prefix, delimiter);
  }

  async #walk(folder: string, prefix: string, shallow: boolean, rows: Row[], folders: Set<string>): Promise<void> {
    const path = join(this.#root, folder);
    const entries = await readdir(path, { withFileTypes: true }).catch(() => []);
    for (const entry of entries) {
      const key = folder + entry.name;
      if (entry.name.startsWith(temporaryPrefix)) continue;
      const isFolder = entry.isDirectory() || (entry.isSymbolicLink() && (await stat(join(path, entry.name)).catch(() => undefined))?.isDirectory() === true);
      if (isFolder) {
        if (!`${key}/`.startsWith(prefix) && !prefix.startsWith(`${key}/`)) continue;
        if (shallow) folders.add(`${key}/`);
        else await this.#walk(`${key}/`, prefix, shallow, rows, folders);
      } else if (key.startsWith(prefix)) {
        const row = await this.#row(key, join(path, entry.name));
        if (row) rows.push(row);
      }
    }
  }
}
