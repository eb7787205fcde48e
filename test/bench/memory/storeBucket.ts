import type { ObjectStore } from '../../../runner/storage/objectStore.ts';
import type { BucketBackend, Row, StoredObject } from '../../servers/s3/bucket.ts';

const modified = new Date('2026-01-01T00:00:00Z');

/** A bucket that serves a store read-only: objects are made when they are read. */
export class StoreBucket implements BucketBackend {
  private readonly store: ObjectStore;

  constructor(store: ObjectStore) {
    this.store = store;
  }

  async get(key: string): Promise<StoredObject | undefined> {
    const stat = await this.store.stat(key);
    if (stat === undefined) return undefined;
    return {
      key,
      size: stat.size,
      etag: stat.version,
      modified,
      contentType: 'binary/octet-stream',
      metadata: {},
      read: async (begin, end) => (await this.store.read(key, { range: { offset: begin, length: end - begin } })) ?? new Uint8Array(0),
      close: async () => undefined,
    };
  }

  async put(): Promise<Row> {
    throw new Error('This bucket is read-only.');
  }

  async delete(): Promise<void> {
    throw new Error('This bucket is read-only.');
  }

  async list(prefix: string, delimiter: string): Promise<{ readonly rows: readonly Row[]; readonly folders: ReadonlySet<string> }> {
    const folder = prefix.replace(/\/?[^/]*$/, '');
    const rows: Row[] = [];
    const folders = new Set<string>();
    for await (const entry of this.store.list(folder, { recursive: delimiter === '' })) {
      if (!entry.key.startsWith(prefix)) continue;
      if (entry.kind === 'folder') folders.add(entry.key);
      else rows.push({ key: entry.key, size: entry.size, etag: entry.version, modified });
    }
    return { rows, folders };
  }
}
