import type { DigestKind } from '../storage/digest.ts';
import type { Checksums, ObjectStat } from '../storage/objectStore.ts';
import type { CopyReason, CopyRecord, SkipReason } from './transfer.types.ts';

/** What is known of an object on both sides when it is decided what becomes of it. */
export interface Evidence {
  readonly source: ObjectStat | undefined;
  readonly destination: ObjectStat | undefined;
  /** Of the last copy that was made. */
  readonly record: CopyRecord | undefined;
  /** Copy whatever is there (`--forceall`). */
  readonly forced: boolean;
  /** Contents have to be compared where nothing tells whether they are equal (`--checksum`). */
  readonly byContent: boolean;
  /** What comparing them has shown. */
  readonly sameContent?: boolean;
}

export type Decision =
  | { readonly do: 'copy'; readonly why: CopyReason }
  | { readonly do: 'skip'; readonly why: SkipReason }
  /** Only the destination has it. */
  | { readonly do: 'delete' }
  /** Contents have to be read first: ask again with `sameContent`. */
  | { readonly do: 'compare' };

const kinds: readonly DigestKind[] = ['sha256', 'md5', 'crc32c', 'crc32'];

/** Whether content is equal by what both sides tell of it; undefined: that cannot be told. */
export function sameChecksums(a: Checksums | undefined, b: Checksums | undefined): boolean | undefined {
  if (a === undefined || b === undefined) return undefined;
  const kind = kinds.find((each) => a[each] !== undefined && b[each] !== undefined);
  if (kind !== undefined) return a[kind] === b[kind];
  const [left, right] = [a.md5 ?? a.maybeMd5, b.md5 ?? b.maybeMd5];
  return left !== undefined && left === right ? true : undefined;
}

/** Services tell times in whole seconds, and some round up. Milliseconds. */
const timeTolerance = 1000;

/**
 * Decides what becomes of an object. In this order: a size that differs; checksums that both sides tell; the record of
 * the last copy, which knows the versions of both sides; at last, whether the source was modified later. Pure.
 */
export function decide({ source, destination, record, forced, byContent, sameContent }: Evidence): Decision {
  if (source === undefined) return { do: 'delete' };
  if (destination === undefined) return { do: 'copy', why: 'new' };
  if (forced) return { do: 'copy', why: 'forced' };
  if (source.size !== destination.size) return { do: 'copy', why: 'size-differs' };
  const same = sameContent ?? (source.size === 0 ? true : sameChecksums(source.checksums, destination.checksums));
  if (same !== undefined) return same ? { do: 'skip', why: 'same-content' } : { do: 'copy', why: 'content-differs' };
  if (byContent) return { do: 'compare' };
  if (record !== undefined) {
    if (record.source !== source.version) return { do: 'copy', why: 'source-changed' };
    return record.destination === destination.version ? { do: 'skip', why: 'copied-before' } : { do: 'copy', why: 'destination-changed' };
  }
  if (source.modified === undefined || destination.modified === undefined) return { do: 'copy', why: 'age-unknown' };
  return source.modified > destination.modified + timeTolerance ? { do: 'copy', why: 'source-newer' } : { do: 'skip', why: 'not-newer' };
}
