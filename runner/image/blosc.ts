import { inflateSync } from 'node:zlib';
import { decodeLz4Block } from './lz4.ts';

/** Compressors inside a blosc chunk by the number in its flags. */
const innerNames = ['blosclz', 'lz4', 'snappy', 'zlib', 'zstd'] as const;

/** What the 16 bytes at the head of a blosc (version 1) chunk say. */
export interface BloscHeader {
  readonly inner: (typeof innerNames)[number];
  readonly shuffle: boolean;
  readonly bitShuffle: boolean;
  /** The content follows as it is. */
  readonly stored: boolean;
  /** Blocks are compressed whole, not byte plane by byte plane. */
  readonly unsplit: boolean;
  readonly typeSize: number;
  readonly blockSize: number;
  /** Bytes after and before decompression. */
  readonly decodedBytes: number;
  readonly encodedBytes: number;
}

/** Reads the head of a blosc chunk. Throws a RangeError when it makes no sense. */
export function parseBloscHeader(bytes: Uint8Array): BloscHeader {
  if (bytes.length < 16) throw new RangeError('The blosc data are cut off.');
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const flags = bytes[2];
  const inner = innerNames[flags >>> 5];
  const header: BloscHeader = {
    inner,
    shuffle: (flags & 1) !== 0,
    stored: (flags & 2) !== 0,
    bitShuffle: (flags & 4) !== 0,
    unsplit: (flags & 16) !== 0,
    typeSize: bytes[3],
    decodedBytes: view.getUint32(4, true),
    blockSize: view.getUint32(8, true),
    encodedBytes: view.getUint32(12, true),
  };
  const wrong = inner === undefined || header.encodedBytes !== bytes.length || (header.stored && header.encodedBytes !== header.decodedBytes + 16) ||
    (header.decodedBytes > 0 && (header.blockSize === 0 || header.typeSize === 0));
  if (wrong) throw new RangeError('The head of the blosc data is damaged.');
  return header;
}

/** Puts back together the values of `typeSize` bytes whose bytes were stored plane by plane. As words: every machine that this runs on is little-endian. */
function unshuffle(planes: Uint8Array, typeSize: number, out: Uint8Array, start: number): void {
  const count = Math.floor(planes.length / typeSize);
  if (typeSize === 2 && (out.byteOffset + start) % 2 === 0) {
    const values = new Uint16Array(out.buffer, out.byteOffset + start, count);
    for (let i = 0; i < count; i++) values[i] = planes[i] | (planes[count + i] << 8);
  } else if (typeSize === 4 && (out.byteOffset + start) % 4 === 0) {
    const values = new Uint32Array(out.buffer, out.byteOffset + start, count);
    for (let i = 0; i < count; i++) values[i] = planes[i] | (planes[count + i] << 8) | (planes[2 * count + i] << 16) | (planes[3 * count + i] << 24);
  } else {
    for (let plane = 0; plane < typeSize; plane++) {
      for (let i = 0, from = plane * count, to = start + plane; i < count; i++, to += typeSize) out[to] = planes[from++];
    }
  }
  out.set(planes.subarray(count * typeSize), start + count * typeSize);
}

/**
 * Puts back together values whose bits were stored plane by plane: row 8·b + k holds bit k of byte b of every value, the
 * first value in the lowest bit. Blocks whose number of values is no multiple of 8 are stored as they are.
 */
function bitUnshuffle(planes: Uint8Array, typeSize: number, out: Uint8Array, start: number): void {
  const count = Math.floor(planes.length / typeSize);
  if (count % 8 !== 0) {
    out.set(planes, start);
    return;
  }
  const row = count / 8;
  for (let b = 0; b < typeSize; b++) {
    const first = 8 * b * row;
    for (let i = 0; i < row; i++) {
      // An 8x8 bit matrix in two words, transposed by swapping ever larger squares (Warren, Hacker's Delight, 7-3).
      let low = planes[first + i] | (planes[first + row + i] << 8) | (planes[first + 2 * row + i] << 16) | (planes[first + 3 * row + i] << 24);
      let high = planes[first + 4 * row + i] | (planes[first + 5 * row + i] << 8) | (planes[first + 6 * row + i] << 16) | (planes[first + 7 * row + i] << 24);
      let swap = (low ^ (low >>> 7)) & 0x00aa00aa;
      low ^= swap ^ (swap << 7);
      swap = (high ^ (high >>> 7)) & 0x00aa00aa;
      high ^= swap ^ (swap << 7);
      swap = (low ^ (low >>> 14)) & 0x0000cccc;
      low ^= swap ^ (swap << 14);
      swap = (high ^ (high >>> 14)) & 0x0000cccc;
      high ^= swap ^ (swap << 14);
      const lower = (low & 0x0f0f0f0f) | ((high << 4) & 0xf0f0f0f0);
      const upper = ((low >>> 4) & 0x0f0f0f0f) | (high & 0xf0f0f0f0);
      for (let k = 0, to = start + 8 * i * typeSize + b; k < 4; k++, to += typeSize) {
        out[to] = lower >>> (8 * k);
        out[to + 4 * typeSize] = upper >>> (8 * k);
      }
    }
  }
  out.set(planes.subarray(count * typeSize), start + count * typeSize);
}

/**
 * Decodes blosc chunks whose inner compressor is lz4, zlib or zstd; undefined for others,
 * which are left to the blosc library. Far faster than that library in WebAssembly, because node's own decompressors do
 * the work. Throws a RangeError when the data are damaged. After the description of the format in c-blosc (README_CHUNK_FORMAT).
 */
export function decodeBlosc(bytes: Uint8Array, header: BloscHeader, zstd: ((part: Uint8Array, size: number) => Uint8Array) | undefined): Uint8Array | undefined {
  const { inner, typeSize, blockSize, decodedBytes } = header;
  if (decodedBytes === 0) return new Uint8Array(0);
  if (header.stored) return bytes.subarray(16, 16 + decodedBytes);
  if (inner !== 'lz4' && inner !== 'zlib' && !(inner === 'zstd' && zstd)) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, header.encodedBytes);
  const out = new Uint8Array(decodedBytes);
  const blocks = Math.ceil(decodedBytes / blockSize);
  const shuffled = (header.shuffle && typeSize > 1) || header.bitShuffle;
  const scratch = shuffled ? new Uint8Array(Math.min(blockSize, decodedBytes)) : out;
  for (let block = 0; block < blocks; block++) {
    const start = block * blockSize;
    const size = Math.min(blockSize, decodedBytes - start);
    // Splitting applies to whole blocks only; the remainder at the end is always one piece.
    const pieces = header.unsplit || size !== blockSize || size % typeSize !== 0 ? 1 : typeSize;
    const pieceSize = size / pieces;
    let from = view.getInt32(16 + 4 * block, true);
    const base = shuffled ? 0 : start;
    for (let piece = 0; piece < pieces; piece++) {
      const length = view.getInt32(from, true);
      from += 4;
      if (length <= 0 || from + length > header.encodedBytes) throw new RangeError('The blosc data are damaged.');
      const part = bytes.subarray(from, from + length);
      const at = base + piece * pieceSize;
      if (length === pieceSize) scratch.set(part, at);
      else if (inner === 'lz4') decodeLz4Block(part, scratch, at, at + pieceSize);
      else {
        const plain = inner === 'zlib' ? inflateSync(part, { maxOutputLength: pieceSize, chunkSize: Math.max(64, pieceSize + 64) }) : zstd?.(part, pieceSize);
        if (plain?.length !== pieceSize) throw new RangeError('The blosc data decode to another length than announced.');
        scratch.set(plain, at);
      }
      from += length;
    }
    if (header.bitShuffle) bitUnshuffle(scratch.subarray(0, size), typeSize, out, start);
    else if (shuffled) unshuffle(scratch.subarray(0, size), typeSize, out, start);
  }
  return out;
}
