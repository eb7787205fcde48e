import { SpimquantError } from '../protocol/errors.ts';
import { formatBytes } from '../wording/words.ts';
import { nothingThere } from './place.ts';
import type { Place } from './place.ts';

/** Which bytes of a file: from 0, a length that may reach past the end. */
export interface Piece {
  readonly offset: number;
  readonly length: number;
}

/**
 * The bytes of a file, if there are not more than `maxBytes`, and the version that was looked at before they were read.
 *
 * @throws SpimquantError `not-found`; `bad-option` above the bound; what else the storage throws
 */
export async function readSmallFile(place: Place, maxBytes: number, signal?: AbortSignal): Promise<{ readonly bytes: Uint8Array; readonly version: string }> {
  const { store, key, where } = fileAt(place);
  const found = await store.stat(key, { signal });
  if (found === undefined) throw nothingThere(where, 'file');
  if (found.size > maxBytes) throw tooLarge(where, found.size);
  const bytes = await store.read(key, { signal });
  if (bytes === undefined) throw nothingThere(where, 'file');
  // A file can grow between the two looks.
  if (bytes.length > maxBytes) throw tooLarge(where, bytes.length);
  return { bytes, version: found.version };
}

/** Some bytes of a file of any size; fewer at its end. Throws as {@link readSmallFile}, `bad-option` when more than `maxBytes` are asked for. */
export async function readPiece(place: Place, piece: Piece, maxBytes: number, signal?: AbortSignal): Promise<Uint8Array> {
  const { store, key, where } = fileAt(place);
  if (piece.length > maxBytes) throw new SpimquantError('bad-option', `${formatBytes(piece.length)} are more than can be read at once: ${where}`, { where, hint: `Read ${formatBytes(maxBytes)} at most.` });
  const bytes = await store.read(key, { range: piece, signal });
  if (bytes === undefined) throw nothingThere(where, 'file');
  return bytes;
}

function fileAt(place: Place): Place {
  if (place.key === '') throw new SpimquantError('bad-option', `This is no file: ${place.where}`, { where: place.where });
  return place;
}

function tooLarge(where: string, size: number): SpimquantError {
  return new SpimquantError('bad-option', `${where} is ${formatBytes(size)}, too large to be shown here.`, { where, hint: 'Download it, or open it with a program for files of this size.' });
}
