import type { Checksums, ObjectStat, ObjectStore } from '../storage/objectStore.ts';

/** Why an object is copied. */
export type CopyReason =
  /** The destination has none of that name. */
  | 'new'
  | 'size-differs'
  /** By checksums that both sides tell, or by reading. */
  | 'content-differs'
  /** Since it was copied the last time. */
  | 'source-changed'
  | 'destination-changed'
  /** The source was modified later than the destination. */
  | 'source-newer'
  /** One side does not tell when it was modified, and nothing else tells them apart. */
  | 'age-unknown'
  | 'forced';

/** Why an object is left as it is. */
export type SkipReason = 'same-content' | 'copied-before' | 'not-newer';

/** What was copied before: which version of the source became which version of the destination. */
export interface CopyRecord {
  /** Of the destination, relative to its root. */
  readonly key: string;
  readonly size: number;
  readonly source: string;
  readonly destination: string;
}

/** An object to copy. */
export interface CopyItem {
  /** Of the destination, relative to its root. */
  readonly key: string;
  readonly size: number;
  /** Of the source. */
  readonly version: string;
  /** Milliseconds since the epoch. */
  readonly modified?: number;
  readonly checksums?: Checksums;
  readonly why: CopyReason;
}

/** An object that the source does not have. */
export interface DeleteItem {
  readonly key: string;
  readonly size: number;
}

/** An object that cannot be copied, and why, as a sentence without the name. */
export interface Problem {
  readonly key: string;
  readonly reason: string;
}

/** Files and their bytes. */
export interface Sum {
  readonly files: number;
  readonly bytes: number;
}

/** What is listed of an end. */
export interface EndListing {
  readonly signal: AbortSignal;
  /** Only what begins with one of these, which are in order and of which none begins with another. Left out: everything. */
  readonly prefixes?: readonly string[];
}

/** One end of a transfer. */
export interface SourceEnd {
  readonly store: ObjectStore;
  /** Full address, for people. */
  readonly uri: string;
  /** One object, not a folder. */
  readonly single: boolean;
  /** Objects by the key that they get at the destination. `unusable`: as in ListOptions; `prefixes`: see {@link EndListing}. */
  list(options: EndListing & { readonly unusable: (object: { readonly name: string; readonly size: number }) => void }): AsyncIterable<ObjectStat>;
  /** The key in the source's store of an object that has this one at the destination. */
  keyOf(key: string): string;
}

export interface DestinationEnd {
  readonly store: ObjectStore;
  readonly uri: string;
  readonly local: boolean;
  list(options: EndListing): AsyncIterable<ObjectStat>;
}
