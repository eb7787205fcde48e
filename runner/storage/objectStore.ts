import type { StorageChoice } from '../protocol/storageChoice.ts';

/** What is known of an object without reading it. */
export interface ObjectStat {
  /** Relative to the store's root, `/` between parts, no leading slash. */
  readonly key: string;
  /** Bytes. */
  readonly size: number;
  /** Changes whenever the content does. For local files made of size and modification time. */
  readonly version: string;
  /** Milliseconds since the epoch, where the store tells. */
  readonly modified?: number;
}

/** One row of a listing: an object, or (in a listing that is not recursive) a folder, whose key ends in `/`. */
export type ListEntry =
  | ({ readonly kind: 'object' } & ObjectStat)
  | { readonly kind: 'folder'; readonly key: string };

/** Which bytes to read: from an offset (to the end when `length` is left out), or the last `suffix` bytes. */
export type ByteRange =
  | { readonly offset: number; readonly length?: number }
  | { readonly suffix: number };

export interface ReadOptions {
  readonly range?: ByteRange;
  readonly signal?: AbortSignal;
}

export interface WriteOptions {
  /** Fail with `already-exists` instead of replacing. Atomic: of two writers one succeeds. */
  readonly ifAbsent?: boolean;
  readonly signal?: AbortSignal;
}

export interface ListOptions {
  /** Everything below the prefix instead of one level. */
  readonly recursive?: boolean;
  /** Only what begins so, of the names in the folder itself. Of a large folder in a bucket no more is transferred than that. */
  readonly namePrefix?: string;
  /** Only what comes after this, of the names in the folder itself; the name of a folder counts with its slash. Not for recursive listings. */
  readonly startAfter?: string;
  readonly signal?: AbortSignal;
}

/**
 * A folder or a bucket prefix. Implementations retry throttling and network faults themselves; every method rejects with
 * a SpimquantError that names the full URI, and with `cancelled` soon after its signal is aborted.
 */
export interface ObjectStore {
  /** Of the root, without a trailing slash: `s3://bucket/prefix`, or an absolute path. Never contains a secret. */
  readonly uri: string;

  /** Undefined when there is no such object. Denied is an error, never undefined. */
  stat(key: string, options?: { readonly signal?: AbortSignal }): Promise<ObjectStat | undefined>;

  /** The bytes, or undefined when there is no such object. A range past the end yields fewer bytes, possibly none. */
  read(key: string, options?: ReadOptions): Promise<Uint8Array | undefined>;

  /**
   * Lists below a folder (`''` or `a/b`) in ascending key order, folders with their slash among the objects, as far as the
   * service itself lists in order. An absent folder is an empty listing. Whoever reads no further makes no further request,
   * and of a local folder nothing further is looked at.
   */
  list(folder: string, options?: ListOptions): AsyncIterable<ListEntry>;

  /** Writes an object whole: readers see the old content or the new, never a part. */
  write(key: string, data: Uint8Array | string, options?: WriteOptions): Promise<ObjectStat>;

  /** As {@link ObjectStore.write}, from a local file of any size (multipart in buckets). */
  writeFile(key: string, localPath: string, options?: WriteOptions): Promise<ObjectStat>;

  /** Deletes one object; an absent one is no error. */
  delete(key: string): Promise<void>;
}

/** How to reach a bucket. Serialisable: worker threads open their own stores with it. Holds no secret. */
export interface StorageOptions extends StorageChoice {
  /** Simultaneous requests of one store. Default 16. */
  readonly concurrency?: number;
}
