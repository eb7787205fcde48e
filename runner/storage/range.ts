import type { ByteRange } from './objectStore.ts';

/** A range with its ends known: `begin` inclusive, `end` exclusive, both within the object. */
export interface ResolvedRange {
  readonly begin: number;
  readonly end: number;
}

/** What of an object of `size` bytes a range asks for. Ranges that reach past the end are cut; those beyond it are empty. */
export function resolveRange(range: ByteRange | undefined, size: number): ResolvedRange {
  if (range === undefined) return { begin: 0, end: size };
  checkRange(range);
  if ('suffix' in range) return { begin: Math.max(0, size - range.suffix), end: size };
  const begin = Math.min(range.offset, size);
  return { begin, end: range.length === undefined ? size : Math.min(begin + range.length, size) };
}

/** Throws a RangeError for negative or fractional numbers: a defect of the caller. */
export function checkRange(range: ByteRange): void {
  const numbers = 'suffix' in range ? [range.suffix] : [range.offset, range.length ?? 0];
  if (!numbers.every((value) => Number.isSafeInteger(value) && value >= 0)) {
    throw new RangeError(`Not a byte range: ${JSON.stringify(range)}`);
  }
}
