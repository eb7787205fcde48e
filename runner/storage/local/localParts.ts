import { createHash } from 'node:crypto';
import { open, rename, stat, unlink, utimes } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { crc32 } from 'node:zlib';
import { SpimquantError } from '../../protocol/errors.ts';
import { uploadLost } from '../bodyFaults.ts';
import { throwIfCancelled } from '../cancel.ts';
import { crcHex, quickestDigest, startDigest } from '../digest.ts';
import type { Checksums, ObjectStat, OpenUpload, PartTag, PartUploads } from '../objectStore.ts';
import { partSize } from '../partSize.ts';
import { isAbsent, localError } from './localErrors.ts';
import { makeFolder, syncFolder, temporaryPrefix, toStat } from './localFiles.ts';

/** Bytes read at once when a file is checked. */
const checkBlock = 4 * 1024 * 1024;

type Stop = { readonly signal?: AbortSignal };

/**
 * Writes a file in parts into a temporary file of its whole length beside it. What counts as written is read back and
 * checked before the file gets its name, so that parts which a power cut took are found missing.
 */
export class LocalParts implements PartUploads {
  readonly #pathOf: (key: string) => string;

  /** `pathOf`: the absolute path of a key; throws for keys that are none. */
  constructor(pathOf: (key: string) => string) {
    this.#pathOf = pathOf;
  }

  readonly partBytes = partSize;

  #temporary(upload: OpenUpload): string {
    return join(dirname(this.#pathOf(upload.key)), `${temporaryPrefix}${upload.id}`);
  }

  async begin(key: string, size: number, { signal }: Stop = {}): Promise<OpenUpload> {
    const path = this.#pathOf(key);
    throwIfCancelled(signal, path);
    // The same name each time: what a process left behind that was killed before it could write down the id is taken over.
    const upload = { key, size, id: `part-${createHash('sha256').update(`${key}\0${size}`).digest('hex').slice(0, 16)}` };
    try {
      await makeFolder(dirname(path));
      await using file = await open(this.#temporary(upload), 'w');
      await file.truncate(size);
    } catch (error) {
      throw localError(error, 'write', path);
    }
    return upload;
  }

  async send(upload: OpenUpload, index: number, bytes: Uint8Array, { signal }: Stop = {}): Promise<PartTag> {
    const path = this.#pathOf(upload.key);
    throwIfCancelled(signal, path);
    try {
      await using file = await open(this.#temporary(upload), 'r+');
      const offset = index * partSize(upload.size);
      for (let done = 0; done < bytes.length;) done += (await file.write(bytes, done, bytes.length - done, offset + done)).bytesWritten;
    } catch (error) {
      throw isAbsent(error) ? uploadLost(path) : localError(error, 'write', path);
    }
    return { index, tag: crcHex(crc32(bytes)) };
  }

  async confirm(upload: OpenUpload, parts: readonly PartTag[]): Promise<readonly PartTag[] | undefined> {
    const path = this.#temporary(upload);
    try {
      const found = await stat(path);
      return found.isFile() && found.size === upload.size ? parts : undefined;
    } catch (error) {
      if (isAbsent(error)) return undefined;
      throw localError(error, 'read', path);
    }
  }

  async complete(upload: OpenUpload, parts: readonly PartTag[], { modified, expected, signal }: Stop & { readonly modified?: number; readonly expected?: Checksums } = {}): Promise<ObjectStat> {
    const path = this.#pathOf(upload.key);
    const temporary = this.#temporary(upload);
    try {
      {
        await using file = await open(temporary, 'r+');
        await check(file, path, upload, parts, expected, signal);
        await file.sync();
      }
      if (modified !== undefined) await utimes(temporary, modified / 1000, modified / 1000);
      const written = await stat(temporary, { bigint: true });
      throwIfCancelled(signal, path);
      await rename(temporary, path);
      await syncFolder(dirname(path));
      return toStat(upload.key, written);
    } catch (error) {
      throw isAbsent(error) ? uploadLost(path) : localError(error, 'write', path);
    }
  }

  async abandon(upload: OpenUpload): Promise<void> {
    const path = this.#temporary(upload);
    try {
      await unlink(path);
    } catch (error) {
      if (!isAbsent(error)) throw localError(error, 'delete', path);
    }
  }
}

/** Reads the file back and throws `checksum-mismatch` unless its parts, and the whole, are what they should be. */
async function check(file: FileHandle, path: string, { size }: OpenUpload, parts: readonly PartTag[], expected: Checksums | undefined, signal: AbortSignal | undefined): Promise<void> {
  const tags = new Map(parts.map((part) => [part.index, part.tag]));
  const bytesOfPart = partSize(size);
  const kind = quickestDigest(expected);
  const whole = kind === undefined ? undefined : startDigest(kind);
  const block = new Uint8Array(Math.min(checkBlock, size));
  let crc = 0;
  for (let at = 0; at < size;) {
    throwIfCancelled(signal, path);
    const partEnd = Math.min(size, (Math.floor(at / bytesOfPart) + 1) * bytesOfPart);
    const { bytesRead } = await file.read(block, 0, Math.min(block.length, partEnd - at), at);
    if (bytesRead === 0) throw mismatch(path, 'it became shorter');
    const bytes = block.subarray(0, bytesRead);
    crc = crc32(bytes, crc);
    whole?.update(bytes);
    at += bytesRead;
    if (at < partEnd) continue;
    const index = Math.ceil(at / bytesOfPart) - 1;
    if (tags.get(index) !== crcHex(crc)) throw mismatch(path, `its part ${index + 1} is not what was read`);
    crc = 0;
  }
  if (kind === undefined || whole === undefined) return;
  const found = whole.done();
  if (found !== expected?.[kind]) throw mismatch(path, `its ${kind.toUpperCase()} is ${found}, and that of the source ${expected?.[kind] ?? ''}`);
}

function mismatch(path: string, why: string): SpimquantError {
  return new SpimquantError('checksum-mismatch', `What was written is not what it should be: ${path} (${why})`, {
    where: path, hint: 'Run the same command again. If it happens again, check the disk and the source.',
  });
}
