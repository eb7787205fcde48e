import { setTimeout as wait } from 'node:timers/promises';
import type { BucketBackend } from '../../servers/s3/bucket.ts';
import { startS3Server } from '../../servers/s3Server.ts';
import { VirtualDataset } from '../../servers/s3/virtualDataset.ts';

/** What is served. */
export interface ListedSpec {
  readonly participants: number;
  readonly sessions: number;
  readonly chunks: number;
  /** Added to every request, in milliseconds. */
  readonly latencyMs: number;
}

/** Every request takes a while longer, as to a service that is far away. */
function farAway(inner: BucketBackend, latencyMs: number): BucketBackend {
  const later = async <T>(work: () => Promise<T>): Promise<T> => {
    await wait(latencyMs);
    return work();
  };
  return {
    get: (key) => later(() => inner.get(key)),
    list: (...about) => later(() => inner.list(...about)),
    put: (...about) => inner.put(...about),
    delete: (key) => inner.delete(key),
  };
}

// Serves a dataset whose keys are made up as they are listed; tells the parent where.
const { latencyMs, ...dataset } = JSON.parse(process.argv[2]) as ListedSpec;
const server = await startS3Server({ buckets: { bench: { backend: farAway(new VirtualDataset({ ...dataset, derivatives: true }).bucket('bids'), latencyMs) } } });
process.on('disconnect', () => process.exit(0));
process.send?.({ endpoint: server.endpoint });
