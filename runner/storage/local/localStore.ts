import { randomBytes } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { link, open, opendir, readdir, realpath, rename, stat, unlink, utimes } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { alreadyExists, changedError, changedMeanwhile } from '../bodyFaults.ts';
import { cancelledError, throwIfCancelled } from '../cancel.ts';
import { compareKeys } from '../keyOrder.ts';
import { isAbsent, localError, systemCode } from './localErrors.ts';
import { makeFolder, syncFolder, temporaryPrefix, toStat, versionOf } from './localFiles.ts';
import { LocalParts } from './localParts.ts';
import type { ListEntry, ListOptions, ObjectStat, ObjectStore, PartUploads, ReadOptions, StoreRegion, WriteOptions } from '../objectStore.ts';
import { checkRange, resolveRange } from '../range.ts';
import { checkKey, folderKey } from '../uri.ts';

/** Files looked up at once while listing: enough to hide the latency of network folders. */
const statBatch = 64;
/** Names read at once while listing. */
const nameBatch = 1024;
/** Bytes read at once, so that a read can be cancelled between them. */
const readBlock = 32 * 1024 * 1024;

/**
 * An {@link ObjectStore} over a local folder, which need not exist until something is written. Symbolic links are
 * followed; links that lead nowhere, or back to a folder above, are not listed.
 */
export class LocalStore implements ObjectStore {
  readonly uri: string;

  /** `root` is a path; it is made absolute. */
  constructor(root: string) {
    this.uri = resolve(root);
  }

  /** The absolute path of a key. Throws `bad-option` for keys that would leave the folder. */
  pathOf(key: string): string {
    checkKey(key, this.uri);
    return join(this.uri, ...key.split('/'));
  }

  async stat(key: string, options: { readonly signal?: AbortSignal } = {}): Promise<ObjectStat | undefined> {
    const path = this.pathOf(key);
    throwIfCancelled(options.signal, path);
    try {
      const found = await stat(path, { bigint: true });
      return found.isFile() ? toStat(key, found) : undefined;
    } catch (error) {
      if (isAbsent(error)) return undefined;
      throw localError(error, 'read', path);
    }
  }

  async read(key: string, options: ReadOptions = {}): Promise<Uint8Array | undefined> {
    const path = this.pathOf(key);
    throwIfCancelled(options.signal, path);
    if (options.range) checkRange(options.range);
    const { ifVersion } = options;
    try {
      await using file = await open(path, 'r');
      const found = await file.stat({ bigint: true });
      if (!found.isFile()) return undefined;
      if (ifVersion !== undefined && ifVersion !== versionOf(found)) throw changedError(path);
      const { begin, end } = resolveRange(options.range, Number(found.size));
      const bytes = new Uint8Array(end - begin);
      let done = 0;
      while (done < bytes.length) {
        throwIfCancelled(options.signal, path);
        const { bytesRead } = await file.read(bytes, done, Math.min(readBlock, bytes.length - done), begin + done);
        if (bytesRead === 0) break;
        done += bytesRead;
      }
      if (ifVersion !== undefined && ifVersion !== versionOf(await file.stat({ bigint: true }))) throw changedError(path);
      return done === bytes.length ? bytes : bytes.subarray(0, done);
    } catch (error) {
      if (isAbsent(error)) return undefined;
      throw localError(error, 'read', path);
    }
  }

  async *list(folder: string, options: ListOptions = {}): AsyncGenerator<ListEntry> {
    const parent = folderKey(folder, this.uri);
    yield* this.#listFolder(parent, options, []);
  }

  async *#listFolder(folder: string, options: ListOptions, above: readonly string[]): AsyncGenerator<ListEntry> {
    const path = folder === '' ? this.uri : this.pathOf(folder);
    throwIfCancelled(options.signal, path);
    let chain = above;
    let keys: string[];
    try {
      // Only links can lead back up, but a link anywhere above counts, so the real path of every folder is kept.
      if (options.recursive === true) chain = [...above, await realpath(path)];
      keys = await this.#keysIn(folder, path, options);
    } catch (error) {
      if (isAbsent(error)) return;
      throw localError(error, 'list', path);
    }
    for (let from = 0; from < keys.length; from += statBatch) {
      throwIfCancelled(options.signal, path);
      for (const row of await Promise.all(keys.slice(from, from + statBatch).map((key) => this.#describe(key)))) {
        if (row === undefined) continue;
        throwIfCancelled(options.signal, path);
        if (row.kind === 'object' || options.recursive !== true) yield row;
        else if (!(await this.#leadsBack(row.key.slice(0, -1), chain))) yield* this.#listFolder(row.key.slice(0, -1), { ...options, namePrefix: undefined, startAfter: undefined }, chain);
      }
    }
  }

  /**
   * Keys of a folder's files and folders, in order. Folders sort with their slash, which makes the order of a recursive
   * listing that of the whole keys. Only names that are wanted are held.
   */
  async #keysIn(folder: string, path: string, { namePrefix = '', startAfter = '', signal }: ListOptions): Promise<string[]> {
    const keys: string[] = [];
    const unclear: string[] = [];
    const rows = await opendir(path, { bufferSize: nameBatch });
    try {
      for (let row = await rows.read(); row !== null; row = await rows.read()) {
        if (signal?.aborted === true) throw cancelledError(path);
        if (!row.name.startsWith(namePrefix) || row.name.startsWith(temporaryPrefix)) continue;
        const key = folder === '' ? row.name : `${folder}/${row.name}`;
        if (row.isDirectory()) keys.push(`${key}/`);
        else if (row.isFile()) keys.push(key);
        // Links, and what file systems that keep no kinds in their folders have.
        else if (!row.isFIFO() && !row.isSocket() && !row.isCharacterDevice() && !row.isBlockDevice()) unclear.push(key);
      }
    } finally {
      await rows.close();
    }
    for (let from = 0; from < unclear.length; from += statBatch) {
      throwIfCancelled(signal, path);
      const found = await Promise.all(unclear.slice(from, from + statBatch).map((key) => this.#describe(key)));
      keys.push(...found.flatMap((row) => (row === undefined ? [] : [row.key])));
    }
    const after = folder === '' ? startAfter : `${folder}/${startAfter}`;
    return (startAfter === '' ? keys : keys.filter((key) => compareKeys(key, after) > 0)).sort(compareKeys);
  }

  /** The row of a key; a folder's ends in a slash. Undefined for what has vanished meanwhile, or is neither file nor folder. */
  async #describe(key: string): Promise<ListEntry | undefined> {
    if (key.endsWith('/')) return { kind: 'folder', key };
    const path = join(this.uri, key);
    try {
      const found = await stat(path, { bigint: true });
      if (found.isDirectory()) return { kind: 'folder', key: `${key}/` };
      return found.isFile() ? { kind: 'object', ...toStat(key, found) } : undefined;
    } catch (error) {
      if (isAbsent(error)) return undefined;
      throw localError(error, 'read', path);
    }
  }

  async #leadsBack(folder: string, chain: readonly string[]): Promise<boolean> {
    try {
      return chain.includes(await realpath(join(this.uri, folder)));
    } catch (error) {
      if (isAbsent(error)) return true;
      throw localError(error, 'list', join(this.uri, folder));
    }
  }

  async write(key: string, data: Uint8Array | string, options: WriteOptions = {}): Promise<ObjectStat> {
    return this.#replace(key, options, async (temporary) => {
      await using file = await open(temporary, 'wx');
      await file.writeFile(data, { signal: options.signal });
      await file.sync();
    });
  }

  async writeFile(key: string, localPath: string, options: WriteOptions = {}): Promise<ObjectStat> {
    const source = await open(localPath, 'r').catch((error: unknown) => {
      throw localError(error, 'read', localPath);
    });
    try {
      return await this.#replace(key, options, async (temporary) => {
        await pipeline(source.createReadStream({ autoClose: false }), createWriteStream(temporary, { flags: 'wx', flush: true }), { signal: options.signal });
      });
    } finally {
      await source.close();
    }
  }

  async delete(key: string): Promise<void> {
    const path = this.pathOf(key);
    try {
      await unlink(path);
    } catch (error) {
      if (!isAbsent(error)) throw localError(error, 'delete', path);
    }
  }

  async parts(): Promise<PartUploads> {
    return new LocalParts((key) => this.pathOf(key));
  }

  async region(): Promise<StoreRegion> {
    return { provider: 'local' };
  }

  /** Fills a temporary file beside the target, then gives it the target's name. A crash leaves at most the temporary file. */
  async #replace(key: string, options: WriteOptions, fill: (temporary: string) => Promise<void>): Promise<ObjectStat> {
    const path = this.pathOf(key);
    const folder = dirname(path);
    const temporary = join(folder, `${temporaryPrefix}${process.pid}-${randomBytes(8).toString('hex')}`);
    throwIfCancelled(options.signal, path);
    try {
      await makeFolder(folder);
      await fill(temporary);
      throwIfCancelled(options.signal, path);
      if (options.modified !== undefined) await utimes(temporary, options.modified / 1000, options.modified / 1000);
      const written = await stat(temporary, { bigint: true });
      if (options.ifVersion !== undefined && (await this.stat(key))?.version !== options.ifVersion) throw changedMeanwhile(path);
      if (options.ifAbsent === true) await nameIfAbsent(temporary, path);
      else await rename(temporary, path);
      await syncFolder(folder);
      return toStat(key, written);
    } catch (error) {
      await unlink(temporary).catch(() => undefined);
      throw localError(error, 'write', path);
    }
  }
}

/**
 * Gives a finished temporary file its name unless that is taken. A hard link does both in one step. Disks without hard
 * links (exFAT, some network folders) get an empty file as a claim first, which the rename then replaces. Throws
 * `already-exists`; what else goes wrong is thrown as the system gives it.
 */
export async function nameIfAbsent(temporary: string, path: string, hardLink: typeof link = link): Promise<void> {
  try {
    await hardLink(temporary, path);
  } catch (error) {
    const code = systemCode(error);
    if (code === 'EEXIST') throw alreadyExists(path);
    if (!['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK'].includes(code ?? '')) throw error;
    await claim(path);
    await rename(temporary, path);
    return;
  }
  await unlink(temporary);
}

async function claim(path: string): Promise<void> {
  try {
    await (await open(path, 'wx')).close();
  } catch (error) {
    throw systemCode(error) === 'EEXIST' ? alreadyExists(path) : error;
  }
}

/**
 * Deletes what interrupted writes left behind below a folder: temporary files not touched since `before` (milliseconds
 * since the epoch), and of those that name the process which wrote them the ones `isLeft` says so of. Returns how many. They
 * are harmless, so this is only about space.
 */
export async function removeStaleTemporaries(root: string, before: number, isLeft: (pid: number | undefined) => boolean = () => true): Promise<number> {
  let removed = 0;
  let rows;
  try {
    rows = await readdir(root, { withFileTypes: true });
  } catch (error) {
    if (isAbsent(error)) return 0;
    throw localError(error, 'list', root);
  }
  for (const row of rows) {
    const path = join(root, row.name);
    if (row.isDirectory()) {
      removed += await removeStaleTemporaries(path, before, isLeft);
    } else if (row.name.startsWith(temporaryPrefix) && isLeft(writerOf(row.name))) {
      try {
        if ((await stat(path)).mtimeMs >= before) continue;
        await unlink(path);
        removed += 1;
      } catch (error) {
        if (!isAbsent(error)) throw localError(error, 'delete', path);
      }
    }
  }
  return removed;
}

/** The process that writes a temporary file; undefined for those in parts, which outlive their processes. */
function writerOf(name: string): number | undefined {
  const pid = /^\d+(?=-)/.exec(name.slice(temporaryPrefix.length))?.[0];
  return pid === undefined ? undefined : Number(pid);
}
