import type { ObjectStore, StorageOptions } from '../../../../runner/storage/objectStore.ts';
import type { Surroundings } from '../../../../runner/storage/connection.ts';

/**
 * Something that goes wrong with a request, in words that fit every service. `status` is answered with the service's own
 * error body: 401 is whatever the service says to credentials that were good and are no longer.
 */
export type StoreFault =
  | { readonly kind: 'status'; readonly status: 401 | 403 | 429 | 500 | 503; readonly retryAfterSeconds?: number }
  /** The connection is reset: before anything is done, or after so many bytes of the answer's body. */
  | { readonly kind: 'reset'; readonly afterBytes?: number }
  /** The connection is closed in an orderly way, but before the announced length. */
  | { readonly kind: 'truncate'; readonly afterBytes: number }
  /** Nothing (more) comes, and the connection stays open. */
  | { readonly kind: 'hang'; readonly afterBytes?: number }
  /** The request is carried out, and the connection reset before the answer. */
  | { readonly kind: 'lose-answer' };

/** Which requests a fault befalls. `part`: content of a large upload. `finish`: the request with which a written object appears. */
export type RequestKind = 'any' | 'read' | 'stat' | 'list' | 'part' | 'finish' | 'delete';

/** Faults on coming requests of the stores under test. */
export interface StoreFaults {
  /** Once, unless `times` says otherwise. */
  inject(fault: StoreFault, on?: RequestKind, times?: number): void;
  clear(): void;
  /** How many requests of a kind (any, when left out) have arrived so far, faulty ones included. */
  seen(on?: RequestKind): number;
}

/** Whose credentials a store has. */
export type Who =
  /** May do everything. */
  | 'owner'
  /** A machine without any credentials. */
  | 'nobody'
  /** Credentials that the service does not accept, such as a wrong key. */
  | 'wrong'
  /** Credentials that were good once. */
  | 'expired'
  /** Good credentials that give no right here. */
  | 'stranger'
  /** Nobody, who says so: `anonymous` is set. */
  | 'anonymous';

/** Where a store is. Every bucket but the missing one holds `a.txt` with the text `alpha`. */
export type Place =
  | 'here'
  | 'missing-bucket'
  /** Everybody may read and list. */
  | 'public-bucket'
  /** Readers pay. The owner of the store under test is such a reader, and may do everything once it pays. */
  | 'requester-pays-bucket'
  /** The owner's bucket in another region than the settings say. */
  | 'other-region'
  /** Nothing listens at the endpoint. */
  | 'unreachable';

/** A store other than the one that the suite mainly uses. */
export interface Variant {
  readonly who?: Who;
  readonly place?: Place;
  readonly storage?: Pick<StorageOptions, 'concurrency' | 'requesterPays' | 'storageClass' | 'encryption' | 'encryptionKey'>;
  readonly surroundings?: Partial<Surroundings>;
}

/** How the service keeps an object. */
export interface ObjectAttributes {
  readonly storageClass?: string;
  readonly encryption?: 'provider' | 'kms';
  readonly encryptionKey?: string;
}

/** A store to test, empty, with what the suite needs to try everything on it. What a kind of store cannot have is left out. */
export interface StoreUnderTest {
  /** To be opened with {@link impatient}, so that nothing waits between attempts. */
  readonly store: ObjectStore;
  /** Puts an object below the store's root past the store: quicker, and with keys that the store would refuse. */
  readonly put?: (key: string, content: Uint8Array | string) => Promise<unknown>;
  /** Another store of the same service; undefined where the service has no such thing. Opened with {@link impatient} too. */
  readonly open?: (variant: Variant) => Promise<ObjectStore | undefined>;
  readonly faults?: StoreFaults;
  /** How many uploads were begun and neither finished nor withdrawn. */
  readonly unfinishedUploads?: () => Promise<number>;
  /** What the service says of an object below the store's root. */
  readonly attributes?: (key: string) => Promise<ObjectAttributes>;
  /** A storage class that is not the service's default, and a key of its key management. */
  readonly choices?: { readonly storageClass?: string; readonly encryptionKey?: string };
  /** Texts that no error may hold: keys, tokens, signatures. */
  readonly secrets?: readonly string[];
  readonly close: () => Promise<void>;
}

/** Surroundings in which nothing waits between attempts. */
export const impatient: Partial<Surroundings> = {
  sleep: async () => undefined,
  random: () => 0.5,
  timeouts: { connectMs: 20_000, silenceMs: 20_000 },
};
