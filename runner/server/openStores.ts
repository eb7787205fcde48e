import { SpimquantError } from '../protocol/errors.ts';
import type { Clock } from '../protocol/log.ts';
import { badAddress, cleanStorage, storageFields } from '../protocol/storageChoice.ts';
import type { StorageChoice } from '../protocol/storageChoice.ts';
import { askersKey } from './askersEnvironment.ts';
import type { ObjectStore } from '../storage/objectStore.ts';
import { openStore } from '../storage/open.ts';

/** Stores kept open at most, and for how long, in milliseconds: what the providers' files say of profiles may change. */
const openAtMost = 32;
const openForMs = 600_000;

/** Only what a storage choice may hold, checked. Throws `bad-option` for addresses that cannot be a service's. */
export function checkedStorage(raw: unknown): StorageChoice {
  const storage = cleanStorage(raw);
  const wrong = badAddress(storage);
  if (wrong !== undefined) {
    throw new SpimquantError('bad-option', `--${storageFields[wrong].flag} must be an http or https address without user name or password.`, { hint: 'Write it like https://s3.example.org. Keys come from the environment or a profile.' });
  }
  return storage;
}

/** Stores that requests have opened, so that the next one finds credentials and connections ready. */
export class OpenStores {
  readonly #clock: Clock;
  readonly #stores = new Map<string, { readonly store: ObjectStore; readonly since: number }>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** The store of an address. `storage` is {@link checkedStorage}. */
  get(uri: string, storage: StorageChoice): ObjectStore {
    const key = keyOf(uri, storage);
    const now = this.#clock();
    const known = this.#stores.get(key);
    const entry = known !== undefined && now - known.since < openForMs ? known : { store: openStore(uri, storage), since: now };
    // The one not used for longest comes first.
    this.#stores.delete(key);
    this.#stores.set(key, entry);
    for (const oldest of this.#stores.keys()) {
      if (this.#stores.size <= openAtMost) break;
      this.#stores.delete(oldest);
    }
    return entry.store;
  }

  /** Opens a store anew when it is asked for next: it may hold on to credentials or an endpoint that were mended meanwhile. */
  forget(uri: string, storage: StorageChoice): void {
    this.#stores.delete(keyOf(uri, storage));
  }
}

function keyOf(uri: string, storage: StorageChoice): string {
  return `${askersKey()}\n${uri}\n${JSON.stringify(storage)}`;
}
