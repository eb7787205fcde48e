import { SpimquantError } from '../protocol/errors.ts';
import type { ObjectStore } from '../storage/objectStore.ts';

/** An entry of a zip file's central directory. */
export interface ZipEntry {
  readonly headerOffset: number;
  /** 0 stored, 8 deflated. */
  readonly method: number;
  readonly crc: number;
  readonly compressedSize: number;
  readonly size: number;
  readonly nameBytes: number;
  readonly extraBytes: number;
}

/** Bytes of a local header before its name. */
export const localHeaderBytes = 30;

/** An error about a zip file. */
export function badZip(uri: string, what: string, hint = 'The zip file is damaged or was cut off. Copy it again from the original.', cause?: unknown): SpimquantError {
  return new SpimquantError('bad-zarr', `The zipped image ${uri} cannot be read: ${what}`, { where: uri, hint, cause });
}

const viewOf = (bytes: Uint8Array): DataView => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);

/** Where the data begin, counted from the start of the local header given. Throws `bad-zarr` when it is no header. */
export function localDataOffset(header: Uint8Array, uri: string, key: string): number {
  const view = viewOf(header);
  if (header.length < localHeaderBytes || view.getUint32(0, true) !== 0x04034b50) throw badZip(uri, `the entry ${key} has no valid header.`);
  return localHeaderBytes + view.getUint16(26, true) + view.getUint16(28, true);
}

function uint64(view: DataView, at: number): number {
  return view.getUint32(at, true) + view.getUint32(at + 4, true) * 4294967296;
}

interface Ending {
  readonly directoryOffset: number;
  readonly directoryBytes: number;
  readonly count: number;
  /** Bytes in front of the zip proper (a zip appended to something else). */
  readonly shift: number;
}

/** The end record has 22 bytes and a comment of up to 65535; zip64 puts 20 + 56 bytes in front. */
const tailBytes = 22 + 65535 + 20 + 56;

async function readRange(store: ObjectStore, key: string, offset: number, length: number, signal: AbortSignal | undefined): Promise<Uint8Array> {
  const bytes = length === 0 ? new Uint8Array(0) : await store.read(key, { range: { offset, length }, ...(signal ? { signal } : {}) });
  if (bytes?.length !== length) throw badZip(`${store.uri}/${key}`, 'it is shorter than its directory says.');
  return bytes;
}

function findEnd(tail: Uint8Array): number {
  const view = viewOf(tail);
  for (let at = tail.length - 22; at >= 0; at--) {
    if (view.getUint32(at, true) === 0x06054b50 && at + 22 + view.getUint16(at + 20, true) <= tail.length) return at;
  }
  return -1;
}

async function readEnding(store: ObjectStore, key: string, tail: Uint8Array, tailStart: number, signal: AbortSignal | undefined): Promise<Ending> {
  const uri = `${store.uri}/${key}`;
  const at = findEnd(tail);
  if (at < 0) throw badZip(uri, 'it has no directory at its end, so it is no zip file or was cut off.');
  const view = viewOf(tail);
  const endOffset = tailStart + at;
  const plain = { count: view.getUint16(at + 10, true), directoryBytes: view.getUint32(at + 12, true), directoryOffset: view.getUint32(at + 16, true) };
  const locator = at - 20;
  if (locator < 0 || view.getUint32(locator, true) !== 0x07064b50) return { ...plain, shift: endOffset - plain.directoryBytes - plain.directoryOffset };
  const recordOffset = uint64(view, locator + 8);
  const inTail = recordOffset - tailStart;
  const record = inTail >= 0 && inTail + 56 <= tail.length ? tail.subarray(inTail, inTail + 56) : await readRange(store, key, recordOffset, 56, signal);
  const wide = viewOf(record);
  if (wide.getUint32(0, true) !== 0x06064b50) throw badZip(uri, 'its zip64 directory is damaged.');
  return { count: uint64(wide, 32), directoryBytes: uint64(wide, 40), directoryOffset: uint64(wide, 48), shift: 0 };
}

/** Takes sizes and offset from the zip64 extra field where the plain ones are full. */
function wideFields(extra: Uint8Array, plain: { readonly size: number; readonly compressedSize: number; readonly headerOffset: number }): typeof plain {
  const view = viewOf(extra);
  for (let at = 0; at + 4 <= extra.length; at += 4 + view.getUint16(at + 2, true)) {
    if (view.getUint16(at, true) !== 1) continue;
    let from = at + 4;
    const next = (value: number): number => {
      if (value !== 0xffffffff) return value;
      from += 8;
      return uint64(view, from - 8);
    };
    return { size: next(plain.size), compressedSize: next(plain.compressedSize), headerOffset: next(plain.headerOffset) };
  }
  return plain;
}

/**
 * Reads the central directory of a zip file of `size` bytes: one request for its end, one more when the directory does
 * not fit into that. Folders are left out; of two entries with one name the later counts. Throws `bad-zarr`.
 */
export async function readDirectory(store: ObjectStore, key: string, size: number, signal?: AbortSignal): Promise<ReadonlyMap<string, ZipEntry>> {
  const uri = `${store.uri}/${key}`;
  const tailStart = Math.max(0, size - tailBytes);
  const tail = await readRange(store, key, tailStart, size - tailStart, signal);
  const ending = await readEnding(store, key, tail, tailStart, signal);
  const start = ending.directoryOffset + ending.shift;
  if (ending.shift < 0 || start + ending.directoryBytes > size) throw badZip(uri, 'its directory points outside of it.');
  const bytes = start >= tailStart
    ? tail.subarray(start - tailStart, start - tailStart + ending.directoryBytes)
    : await readRange(store, key, start, ending.directoryBytes, signal);
  const view = viewOf(bytes);
  const entries = new Map<string, ZipEntry>();
  const decoder = new TextDecoder();
  let at = 0;
  for (let i = 0; i < ending.count; i++) {
    if (at + 46 > bytes.length || view.getUint32(at, true) !== 0x02014b50) throw badZip(uri, 'its directory is damaged.');
    const nameBytes = view.getUint16(at + 28, true);
    const extraBytes = view.getUint16(at + 30, true);
    const end = at + 46 + nameBytes + extraBytes + view.getUint16(at + 32, true);
    if (end > bytes.length) throw badZip(uri, 'its directory is damaged.');
    const name = decoder.decode(bytes.subarray(at + 46, at + 46 + nameBytes)).replaceAll('\\', '/').replace(/^(\.?\/)+/, '');
    if ((view.getUint16(at + 8, true) & 1) !== 0) throw badZip(uri, `the entry ${name} is encrypted.`, 'Zip the image anew without a password.');
    const fields = wideFields(bytes.subarray(at + 46 + nameBytes, at + 46 + nameBytes + extraBytes), {
      compressedSize: view.getUint32(at + 20, true), size: view.getUint32(at + 24, true), headerOffset: view.getUint32(at + 42, true),
    });
    if (!name.endsWith('/')) {
      entries.set(name, {
        ...fields, headerOffset: fields.headerOffset + ending.shift, method: view.getUint16(at + 10, true), crc: view.getUint32(at + 16, true), nameBytes, extraBytes,
      });
    }
    at = end;
  }
  return entries;
}
