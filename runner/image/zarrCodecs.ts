import * as zlib from 'node:zlib';
import { registry } from 'zarrita';
import { decodeBlosc, parseBloscHeader } from './blosc.ts';
import { crc32c } from '../kernels/crc32c.ts';
import { decodeLz4Block } from './lz4.ts';
import type { BytesCodec } from './zarrMetadata.ts';

interface LibraryCodec {
  encode(data: Uint8Array): Uint8Array | Promise<Uint8Array>;
  decode(data: Uint8Array): Uint8Array | Promise<Uint8Array>;
}

/** A codec of zarrita's registry, which is numcodecs in WebAssembly. */
async function libraryCodec(name: 'blosc' | 'zstd', configuration: Readonly<Record<string, unknown>> = {}): Promise<LibraryCodec> {
  const entry = await registry.get(name)?.();
  if (!entry) throw new Error(`The codec ${name} is missing from zarrita.`);
  return entry.fromConfig(configuration, { dataType: 'uint8', shape: [], codecs: [], fillValue: null }) as LibraryCodec;
}

/** Room for the whole output, and a little more so that zlib sees it was enough: then nothing is copied. */
function outputOptions(decodedBytes: number): { readonly chunkSize: number; readonly maxOutputLength: number } {
  return { chunkSize: Math.max(64, decodedBytes + 64), maxOutputLength: Math.max(1, decodedBytes) };
}

/** Node has zstd from 22.15 on; the editor's own runtime may be built without it. */
const nativeZstd: ((part: Uint8Array, size: number) => Uint8Array) | undefined =
  typeof zlib.zstdDecompressSync === 'function' ? (part, size) => zlib.zstdDecompressSync(part, outputOptions(size)) : undefined;

async function decodeBloscChunk(bytes: Uint8Array, decodedBytes: number): Promise<Uint8Array> {
  const header = parseBloscHeader(bytes);
  if (header.decodedBytes !== decodedBytes) throw new RangeError(`it holds ${header.decodedBytes} bytes instead of ${decodedBytes}`);
  return decodeBlosc(bytes, header, nativeZstd) ?? (await libraryCodec('blosc')).decode(bytes);
}

/** numcodecs' lz4: the decoded length as four bytes, then one block. */
function decodeLz4(bytes: Uint8Array, decodedBytes: number): Uint8Array {
  if (bytes.length < 4) throw new RangeError('it is cut off');
  const announced = new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true);
  if (announced !== decodedBytes) throw new RangeError(`it holds ${announced} bytes instead of ${decodedBytes}`);
  const out = new Uint8Array(decodedBytes);
  decodeLz4Block(bytes.subarray(4), out, 0, decodedBytes);
  return out;
}

function checkedPayload(bytes: Uint8Array): Uint8Array {
  if (bytes.length < 4) throw new RangeError('it is too short for its checksum');
  const payload = bytes.subarray(0, -4);
  const stored = new DataView(bytes.buffer, bytes.byteOffset).getUint32(payload.length, true);
  if (crc32c(payload) !== stored) throw new RangeError('its checksum (CRC-32C) does not agree with its content');
  return payload;
}

/**
 * Undoes the codecs of a chunk. `decodedBytes` is what must come out: a limit for the decompressors, so that damaged
 * data cannot claim all memory. Throws whatever the decompressors throw, or a RangeError that says what is wrong.
 */
export async function decodeBytes(encoded: Uint8Array, codecs: readonly BytesCodec[], decodedBytes: number): Promise<Uint8Array> {
  let bytes = encoded;
  for (let i = codecs.length - 1; i >= 0; i--) {
    const inner = codecs.slice(0, i);
    const checksums = 4 * inner.filter((codec) => codec === 'crc32c').length;
    // What one compressor hands to another is hardly larger than the voxels themselves.
    const slack = inner.every((codec) => codec === 'crc32c') ? 0 : 65536 + Math.ceil(decodedBytes / 16);
    const expected = decodedBytes + checksums + slack;
    switch (codecs[i]) {
      case 'gzip': bytes = zlib.gunzipSync(bytes, outputOptions(expected)); break;
      case 'zlib': bytes = zlib.inflateSync(bytes, outputOptions(expected)); break;
      case 'zstd': bytes = nativeZstd ? nativeZstd(bytes, expected) : await (await libraryCodec('zstd')).decode(bytes); break;
      case 'blosc': bytes = await decodeBloscChunk(bytes, expected); break;
      case 'lz4': bytes = decodeLz4(bytes, expected); break;
      case 'crc32c': bytes = checkedPayload(bytes); break;
    }
  }
  if (bytes.length !== decodedBytes) throw new RangeError(`it holds ${bytes.length} bytes instead of ${decodedBytes}`);
  return bytes;
}

/** How chunks are compressed on writing. */
export type Compression =
  | { readonly codec: 'none' }
  | { readonly codec: 'zstd'; readonly level: number }
  | { readonly codec: 'gzip'; readonly level: number }
  | { readonly codec: 'blosc'; readonly inner: 'lz4' | 'zstd'; readonly level: number };

/** Compresses the bytes of a chunk whose voxels have `typeSize` bytes. Equal inputs give equal bytes. */
export async function encodeBytes(bytes: Uint8Array, compression: Compression, typeSize: number): Promise<Uint8Array> {
  switch (compression.codec) {
    case 'none': return bytes;
    case 'gzip': return zlib.gzipSync(bytes, { level: compression.level });
    case 'zstd':
      if (typeof zlib.zstdCompressSync !== 'function') return (await libraryCodec('zstd', { level: compression.level })).encode(bytes);
      return zlib.zstdCompressSync(bytes, { params: { [zlib.constants.ZSTD_c_compressionLevel]: compression.level }, pledgedSrcSize: bytes.length });
    case 'blosc':
      return (await libraryCodec('blosc', { cname: compression.inner, clevel: compression.level, shuffle: typeSize > 1 ? 1 : 0, blocksize: 0 })).encode(bytes);
  }
}
