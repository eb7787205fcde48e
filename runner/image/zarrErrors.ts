import { SpimquantError } from '../protocol/errors.ts';

/** The full name of a key of a store, for messages. */
export function zarrUri(storeUri: string, key: string): string {
  return key === '' ? storeUri : `${storeUri}/${key}`;
}

/** An error about the metadata of an array or group. `where` is its full URI. */
export function badMetadata(where: string, what: string, hint = 'Check how the image was written, or convert it to OME-Zarr 0.4 or 0.5 anew.'): SpimquantError {
  return new SpimquantError('bad-zarr', `${where}: ${what}`, { where, hint });
}

/** An error about the content of one chunk (or shard). */
export function badChunk(arrayUri: string, chunkKey: string, what: string, cause?: unknown): SpimquantError {
  return new SpimquantError('bad-zarr', `Chunk ${chunkKey} of the array ${arrayUri} cannot be read: ${what}`, {
    where: `${arrayUri}/${chunkKey}`,
    hint: 'The object is damaged or was cut off while it was copied. Copy it again from the original, or delete it to have it read as empty.',
    cause,
  });
}
