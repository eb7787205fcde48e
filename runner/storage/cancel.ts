import { SpimquantError } from '../protocol/errors.ts';

/** The error that every store rejects with once its signal is aborted. */
export function cancelledError(where: string): SpimquantError {
  return new SpimquantError('cancelled', `Cancelled: ${where}`, { where });
}

/** Throws `cancelled` when the signal is aborted. */
export function throwIfCancelled(signal: AbortSignal | undefined, where: string): void {
  if (signal?.aborted) throw cancelledError(where);
}

/**
 * Settles as `work` does, or rejects with `cancelled` as soon as the signal is aborted, for work that cannot be
 * interrupted itself. What `work` comes to after that is dropped.
 */
export async function orCancelled<T>(work: Promise<T>, signal: AbortSignal | undefined, where: string): Promise<T> {
  if (signal === undefined) return work;
  let onAbort: (() => void) | undefined;
  const aborted = new Promise<never>((_resolve, reject) => {
    onAbort = () => reject(cancelledError(where));
    if (signal.aborted) onAbort();
    else signal.addEventListener('abort', onAbort, { once: true });
  });
  try {
    return await Promise.race([work, aborted]);
  } finally {
    if (onAbort) signal.removeEventListener('abort', onAbort);
  }
}
