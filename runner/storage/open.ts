import { LocalStore } from './local/localStore.ts';
import type { ObjectStore, StorageOptions } from './objectStore.ts';
import { formatUri, parseUri } from './uri.ts';
import type { BucketLocation } from './uri.ts';
import { DeferredStore } from './wrappers.ts';

export { childStore, CountingStore } from './wrappers.ts';

/**
 * The store behind a URI or path as a user writes it. Nothing is read or connected until the store is used, so wrong
 * credentials and missing buckets show at first use. Throws `bad-option` for URIs that cannot be opened.
 */
export function openStore(uri: string, options: StorageOptions = {}): ObjectStore {
  const location = parseUri(uri);
  if (location.scheme === 'local') return new LocalStore(location.path);
  return new DeferredStore(formatUri(location), () => openBucket(location, options));
}

/** The SDKs take a while to load: programs that touch no bucket do not wait for them. */
async function openBucket(location: BucketLocation, options: StorageOptions): Promise<ObjectStore> {
  switch (location.scheme) {
    case 's3': return new (await import('./s3/s3Store.ts')).S3Store(location, options);
    case 'gs': return new (await import('./gcs/gcsStore.ts')).GcsStore(location, options);
    case 'az': return new (await import('./azure/azureStore.ts')).AzureStore(location, options);
  }
}
