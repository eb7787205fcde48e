import { orCancelled, throwIfCancelled } from '../storage/cancel.ts';

/** Work under way that several callers may wait for. */
interface Load<T> {
  readonly promise: Promise<T>;
  readonly controller: AbortController;
  waiting: number;
}

/** Lets callers that want the same thing at the same time share one load. */
export interface SharedLoads<T> {
  /**
   * Joins the load under way for the key (a URI), or starts one. Rejects with `cancelled` when the signal is aborted; the
   * load itself is aborted only when nobody waits for it any more.
   */
  get(key: string, start: (signal: AbortSignal) => Promise<T>, signal: AbortSignal | undefined): Promise<T>;
}

/** Makes an empty set of shared loads. */
export function sharedLoads<T>(): SharedLoads<T> {
  const loads = new Map<string, Load<T>>();

  function begin(key: string, start: (signal: AbortSignal) => Promise<T>): Load<T> {
    const controller = new AbortController();
    const promise = start(controller.signal).finally(() => {
      if (loads.get(key) === load) loads.delete(key);
    });
    // Whoever waits handles the failure; when all have left, nobody is there to.
    promise.catch(() => undefined);
    const load: Load<T> = { promise, controller, waiting: 0 };
    loads.set(key, load);
    return load;
  }

  return {
    async get(key, start, signal) {
      throwIfCancelled(signal, key);
      const load = loads.get(key) ?? begin(key, start);
      load.waiting++;
      try {
        return await orCancelled(load.promise, signal, key);
      } finally {
        load.waiting--;
        if (load.waiting === 0 && loads.get(key) === load) {
          loads.delete(key);
          load.controller.abort();
        }
      }
    },
  };
}

/**
 * Runs `work` for every item, at most `limit` at a time. After a failure no further item is begun, those
 * under way are waited for, and the first failure is thrown.
 */
export async function forEachConcurrent<T>(items: readonly T[], limit: number, work: (item: T) => Promise<void>): Promise<void> {
  let next = 0;
  let failure: { readonly error: unknown } | undefined;
  const runner = async (): Promise<void> => {
    while (next < items.length && !failure) {
      try {
        await work(items[next++]);
      } catch (error) {
        failure ??= { error };
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(limit, items.length) }, runner));
  if (failure) throw failure.error;
}
