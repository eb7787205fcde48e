import type { StorageChoice } from '../protocol/storageChoice.ts';

/** Digests of an object's content, in lower-case hex, as its service tells them. */
export interface Checksums {
  readonly md5?: string;
  readonly sha256?: string;
  readonly crc32?: string;
  readonly crc32c?: string;
  /**
   * A tag in the form of an MD5, as listings of S3 have it. It is one unless the object is encrypted by a key of its
   * own: equal ones mean equal content, different ones mean nothing.
   */
  readonly maybeMd5?: string;
}

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
  /** Left out: the service tells none. `stat` may tell more of them than a listing. */
  readonly checksums?: Checksums;
}

/** One row of a listing: an object, or (in a listing that is not recursive) a folder, whose key ends in `/`. */
export type ListEntry =
  | ({ readonly kind: 'object' } & ObjectStat)
  | { readonly kind: 'folder'; readonly key: string };

/** Which bytes to read: from an offset (to the end when `length` is left out), or the last `suffix` bytes. */
export type ByteRange =
  | { readonly offset: number; readonly length?: number }
  | { readonly suffix: number };

export interface StatOptions {
  /** Asks for every checksum that the service keeps, also where it needs more rights than to look. */
  readonly checksums?: boolean;
  readonly signal?: AbortSignal;
}

export interface ReadOptions {
  readonly range?: ByteRange;
  /** Reads only this version of the object: rejects with `changed` when there is another. */
  readonly ifVersion?: string;
  readonly signal?: AbortSignal;
}

export interface WriteOptions {
  /** Fail with `already-exists` instead of replacing. Atomic: of two writers one succeeds. */
  readonly ifAbsent?: boolean;
  /**
   * Replaces this version of the object alone: rejects with `changed` when there is another, or none. Atomic as `ifAbsent`
   * is (but for local files, where a moment is left). Only for what is written by one request: up to 8 MiB.
   */
  readonly ifVersion?: string;
  /** Time of the last modification that a local file gets, in milliseconds since the epoch. Buckets have their own. */
  readonly modified?: number;
  readonly signal?: AbortSignal;
}

export interface ListOptions {
  /** Everything below the prefix instead of one level. */
  readonly recursive?: boolean;
  /** Only what begins so, of the names in the folder itself. Of a large folder in a bucket no more is transferred than that. */
  readonly namePrefix?: string;
  /** Only what comes after this, of the names in the folder itself; the name of a folder counts with its slash. Not for recursive listings. */
  readonly startAfter?: string;
  /**
   * Told of every object of a bucket that is not listed because none of our keys can name it: `..`, two slashes in a row,
   * a slash at the end. `name` is what the bucket has, below the store's root.
   */
  readonly unusable?: (object: { readonly name: string; readonly size: number }) => void;
  readonly signal?: AbortSignal;
}

/** An upload in parts that was begun. Lasts longer than its process, and holds no secret. */
export interface OpenUpload {
  readonly key: string;
  /** Bytes of the whole object. */
  readonly size: number;
  /** By which the store finds it again. */
  readonly id: string;
}

/** A part that the store has taken, and what completes the upload with it. */
export interface PartTag {
  /** Place in the object: 0, 1, 2 … */
  readonly index: number;
  readonly tag: string;
}

/**
 * Writing large objects in parts, which may be sent in any order, at the same time, and by several processes one after
 * the other. Nothing of it is seen before `complete`, which makes the object appear whole or not at all.
 */
export interface PartUploads {
  /** Bytes of every part but the last of an object of `size` bytes, which is not empty. */
  partBytes(size: number): number;
  begin(key: string, size: number, options?: { readonly signal?: AbortSignal }): Promise<OpenUpload>;
  /**
   * Sends one part. Resolves when the store has all of it as it was sent, which the store checks by a digest. Throws
   * `upload-lost` when the store knows nothing of the upload (any more).
   */
  send(upload: OpenUpload, index: number, bytes: Uint8Array, options?: { readonly signal?: AbortSignal }): Promise<PartTag>;
  /** Those of these parts that the store still has. Undefined: it knows nothing of the upload. */
  confirm(upload: OpenUpload, parts: readonly PartTag[], options?: { readonly signal?: AbortSignal }): Promise<readonly PartTag[] | undefined>;
  /**
   * Joins the parts, of which none may be missing. `expected` is what the object must be: stores that can only tell by
   * reading it all check before the object appears, and reject with `checksum-mismatch`.
   */
  complete(upload: OpenUpload, parts: readonly PartTag[], options?: { readonly modified?: number; readonly expected?: Checksums; readonly signal?: AbortSignal }): Promise<ObjectStat>;
  /** Removes what was sent. No error when there is no such upload. */
  abandon(upload: OpenUpload, options?: { readonly signal?: AbortSignal }): Promise<void>;
}

/** Where a store's data lie, as far as it matters for what moving them costs. */
export interface StoreRegion {
  /** `other`: a service of nobody whose prices are known. */
  readonly provider: 'local' | 'aws' | 'google' | 'azure' | 'other';
  /** As the provider calls it, in lower case; left out: it does not tell. */
  readonly name?: string;
}

/**
 * A folder or a bucket prefix. Implementations retry throttling and network faults themselves; every method rejects with
 * a SpimquantError that names the full URI, and with `cancelled` soon after its signal is aborted.
 */
export interface ObjectStore {
  /** Of the root, without a trailing slash: `s3://bucket/prefix`, or an absolute path. Never contains a secret. */
  readonly uri: string;

  /** Undefined when there is no such object. Denied is an error, never undefined. */
  stat(key: string, options?: StatOptions): Promise<ObjectStat | undefined>;

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

  /** Writing in parts; undefined where objects can only be written at once. */
  parts?(): Promise<PartUploads | undefined>;

  /** Where the data lie. Never rejects because of missing rights: then less is told. */
  region?(options?: { readonly signal?: AbortSignal }): Promise<StoreRegion>;
}

/** How to reach a bucket. Serialisable: worker threads open their own stores with it. Holds no secret. */
export interface StorageOptions extends StorageChoice {
  /** Simultaneous requests of one store. Default 16. */
  readonly concurrency?: number;
}
