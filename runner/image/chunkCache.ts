/** A least-recently-used cache bounded in bytes. */
export interface ByteCache<T> {
  get(key: string): T | undefined;
  set(key: string, value: T, bytes: number): void;
}

/** Makes a cache that holds at most `limit` bytes. A value larger than that is not kept. */
export function byteCache<T>(limit: number): ByteCache<T> {
  // A Map iterates in the order of insertion: the first entry is the one not used for longest.
  const entries = new Map<string, { readonly value: T; readonly bytes: number }>();
  let total = 0;
  return {
    get(key) {
      const entry = entries.get(key);
      if (!entry) return undefined;
      entries.delete(key);
      entries.set(key, entry);
      return entry.value;
    },
    set(key, value, bytes) {
      total -= entries.get(key)?.bytes ?? 0;
      entries.delete(key);
      if (bytes > limit) return;
      entries.set(key, { value, bytes });
      total += bytes;
      for (const [oldKey, old] of entries) {
        if (total <= limit) break;
        entries.delete(oldKey);
        total -= old.bytes;
      }
    },
  };
}
