import { LocalStore } from './localStore.ts';
import type { ObjectStore, StorageOptions } from './objectStore.ts';
import { SpimquantError } from '../protocol/errors.ts';
import { parseUri } from './uri.ts';

export { childStore, CountingStore } from './wrappers.ts';

/**
 * The store behind a URI or path as a user writes it. Nothing is read or connected until the store is used, so wrong
 * credentials and missing buckets show at first use. Throws `bad-option` for URIs that cannot be opened.
 */
export function openStore(uri: string, _options: StorageOptions = {}): ObjectStore {
  const location = parseUri(uri);
  if (location.scheme === 'local') return new LocalStore(location.path);
  throw new SpimquantError('bad-option', `s3:// is not built in yet: ${uri}`, { where: uri });
}
