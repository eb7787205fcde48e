import { open } from 'node:fs/promises';

/** The end of a file. */
export interface FileTail {
  readonly text: string;
  /** There is more before it, so that its first line may be a part of one. */
  readonly isCut: boolean;
}

/** At most so many bytes from the end of a file; undefined: it cannot be opened. Rejects when it cannot be read. */
export async function readTail(path: string, bytes: number): Promise<FileTail | undefined> {
  const file = await open(path, 'r').catch(() => undefined);
  if (file === undefined) return undefined;
  try {
    const { size } = await file.stat();
    const length = Math.min(size, bytes);
    const { bytesRead, buffer } = await file.read(Buffer.alloc(length), 0, length, size - length);
    return { text: buffer.toString('utf8', 0, bytesRead), isCut: size > length };
  } finally {
    await file.close();
  }
}
