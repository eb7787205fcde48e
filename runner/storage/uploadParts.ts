import type { UploadSource } from './uploadSource.ts';

/** Parts held in memory at once by one upload. */
const partsAtOnce = 4;

/**
 * Sends a source in parts of `size` bytes (the last may be shorter; at least one), several at once. Resolves with what
 * `send` gave, in the order of the parts. When one fails the others are cancelled, and it rejects when all have ended.
 */
export async function sendParts<T>(source: UploadSource, size: number, signal: AbortSignal | undefined, send: (index: number, part: Uint8Array, signal: AbortSignal) => Promise<T>): Promise<T[]> {
  const count = Math.max(1, Math.ceil(source.size / size));
  const sent = new Array<T>(count);
  const failed = new AbortController();
  const either = signal === undefined ? failed.signal : AbortSignal.any([signal, failed.signal]);
  let next = 0;
  const sendSome = async (): Promise<void> => {
    while (next < count && !failed.signal.aborted) {
      const index = next++;
      const offset = index * size;
      sent[index] = await send(index, await source.read(offset, Math.min(size, source.size - offset)), either);
    }
  };
  const lanes = Array.from({ length: Math.min(partsAtOnce, count) }, sendSome);
  try {
    await Promise.all(lanes);
  } catch (error) {
    failed.abort();
    await Promise.allSettled(lanes);
    throw error;
  }
  return sent;
}
