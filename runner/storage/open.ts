import { LocalStore } from './localStore.ts';
import type { ObjectStore, StorageOptions } from './objectStore.ts';
import { formatUri, parseUri } from './uri.ts';
import { DeferredStore } from './wrappers.ts';

export { childStore, CountingStore } from './wrappers.ts';

/**
 * The store behind a URI or path as a user writes it. Nothing is read or connected until the store is used, so wrong
 * credentials and missing buckets show at first use. Throws `bad-option` for URIs that cannot be opened.
 */
export function openStore(uri: string, options: StorageOptions = {}): ObjectStore {
  const location = parseUri(uri);
  if (location.scheme === 'local') return new LocalStore(location.path);
  // The SDK takes a while to load: programs that touch no bucket do not wait for it.
  return new DeferredStore(formatUri(location), async () => new (await import('./s3Store.ts')).S3Store(location, options));
}
