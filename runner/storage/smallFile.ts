import { SpimquantError } from '../protocol/errors.ts';
import { formatBytes } from '../wording/words.ts';
import type { StorageFile } from '../protocol/storageEntry.ts';
import type { ObjectStat } from './objectStore.ts';
import { partThreshold } from './partSize.ts';
import { fileEntry, nothingThere } from './place.ts';
import type { Place } from './place.ts';

/** Which bytes of a file: from 0, a length that may reach past the end. */
export interface Piece {
  readonly offset: number;
  readonly length: number;
}

/** How often a file that changes while it is read is begun anew. */
const readAttempts = 3;

/**
 * The bytes of a file, if there are not more than `maxBytes`, and their version.
 *
 * @throws SpimquantError `not-found`; `bad-option` above the bound; `changed` when it never stands still; what else the storage throws
 */
export async function readSmallFile(place: Place, maxBytes: number, signal?: AbortSignal): Promise<{ readonly bytes: Uint8Array; readonly version: string }> {
  const { store, key, where } = fileAt(place);
  for (let attempt = 1; ; attempt++) {
    const found = await store.stat(key, { signal });
    if (found === undefined) throw nothingThere(where, 'file');
    if (found.size > maxBytes) throw tooLarge(where, found.size);
    try {
      const bytes = await store.read(key, { ifVersion: found.version, signal });
      if (bytes === undefined) throw nothingThere(where, 'file');
      return { bytes, version: found.version };
    } catch (error) {
      if (attempt === readAttempts || !(error instanceof SpimquantError) || error.code !== 'changed') throw error;
    }
  }
}

/**
 * Some bytes of a file of any size; fewer at its end. `ifVersion`: of this version alone. Throws `not-found`, `changed`,
 * `bad-option` when more than `maxBytes` are asked for, and as the storage does.
 */
export async function readPiece(place: Place, piece: Piece, maxBytes: number, ifVersion?: string, signal?: AbortSignal): Promise<Uint8Array> {
  const { store, key, where } = fileAt(place);
  if (piece.length > maxBytes) throw new SpimquantError('bad-option', `${formatBytes(piece.length)} are more than can be read at once: ${where}`, { where, hint: `Read ${formatBytes(maxBytes)} at most.` });
  const bytes = await store.read(key, { range: piece, ifVersion, signal });
  if (bytes === undefined) throw nothingThere(where, 'file');
  return bytes;
}

/** What is to be there when a file is written: this version of it, or nothing. */
export type Expected = { readonly ifVersion: string } | { readonly ifAbsent: true };

/**
 * Writes a file whole, if what is there is as expected; of two writers who expect the same one succeeds. Throws `changed`
 * and `already-exists` when it is not, `bad-option` for more than 8 MiB, and as the storage does.
 */
export async function writeSmallFile(place: Place, bytes: Uint8Array, expected: Expected, signal?: AbortSignal): Promise<StorageFile> {
  const { store, key, where } = fileAt(place);
  if (bytes.length > partThreshold) throw new SpimquantError('bad-option', `${where} would be ${formatBytes(bytes.length)}, too large to be written from here.`, { where, hint: `Write files of more than ${formatBytes(partThreshold)} by the tools of the service.` });
  const name = key.slice(key.lastIndexOf('/') + 1);
  try {
    const written = await store.write(key, bytes, { ...expected, signal });
    // The time of a write is the service's, and the editor compares times.
    const found = await store.stat(key, { signal }).catch(() => undefined);
    return fileEntry(name, found?.version === written.version ? found : written);
  } catch (error) {
    if (!(error instanceof SpimquantError) || (error.code !== 'changed' && error.code !== 'already-exists')) throw error;
    // Who asks twice, because the first answer was lost, meets what was written for the first time.
    const found = await sameContent(place, bytes, signal);
    if (found === undefined) throw error;
    return fileEntry(name, found);
  }
}

async function sameContent({ store, key }: Place, bytes: Uint8Array, signal: AbortSignal | undefined): Promise<ObjectStat | undefined> {
  const found = await store.stat(key, { signal });
  if (found?.size !== bytes.length) return undefined;
  const there = await store.read(key, { ifVersion: found.version, signal }).catch(() => undefined);
  return there !== undefined && Buffer.compare(there, bytes) === 0 ? found : undefined;
}

function fileAt(place: Place): Place {
  if (place.key === '') throw new SpimquantError('bad-option', `This is no file: ${place.where}`, { where: place.where });
  return place;
}

function tooLarge(where: string, size: number): SpimquantError {
  return new SpimquantError('bad-option', `${where} is ${formatBytes(size)}, too large to be shown here.`, { where, hint: 'Download it, or open it with a program for files of this size.' });
}
