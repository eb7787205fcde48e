import { open } from 'node:fs/promises';
import { SpimquantError } from '../protocol/errors.ts';
import { localError } from './local/localErrors.ts';

/** Something that can be uploaded in parts, in any order and more than once. */
export interface UploadSource {
  readonly size: number;
  read(offset: number, length: number): Promise<Uint8Array>;
}

/** Calls `use` with a local file as a source of parts. Throws as local stores do, and `bad-dataset` when the file shrinks. */
export async function withFileSource<T>(path: string, use: (source: UploadSource) => Promise<T>): Promise<T> {
  let file;
  try {
    file = await open(path, 'r');
  } catch (error) {
    throw localError(error, 'read', path);
  }
  const opened = file;
  try {
    const { size } = await opened.stat();
    return await use({
      size,
      read: async (offset, length) => {
        const bytes = new Uint8Array(length);
        let done = 0;
        while (done < length) {
          const { bytesRead } = await opened.read(bytes, done, length - done, offset + done).catch((error: unknown) => {
            throw localError(error, 'read', path);
          });
          if (bytesRead === 0) throw new SpimquantError('bad-dataset', `The file became shorter while it was uploaded: ${path}`, { where: path, hint: 'Wait until whatever writes it has finished, and run the same command again.' });
          done += bytesRead;
        }
        return bytes;
      },
    });
  } finally {
    await opened.close();
  }
}

/** Bytes in memory as a source of parts. */
export function bytesSource(bytes: Uint8Array): UploadSource {
  return { size: bytes.length, read: async (offset, length) => bytes.subarray(offset, offset + length) };
}
