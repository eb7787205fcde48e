import type { VoxelArray } from '../kernels/volume.ts';
import type { VoxelType } from './omeZarr.types.ts';

/** Bytes of one stored voxel. */
export const bytesPerVoxel: Readonly<Record<VoxelType, 1 | 2 | 4 | 8>> = {
  bool: 1, int8: 1, uint8: 1, int16: 2, uint16: 2, float16: 2, int32: 4, uint32: 4, float32: 4, int64: 8, uint64: 8, float64: 8,
};

/** The array that voxels of a stored type are held in: float16 widened to 32 bits, 64-bit integers as float64. */
export function allocateVoxels(type: VoxelType, length: number): VoxelArray {
  switch (type) {
    case 'bool':
    case 'uint8': return new Uint8Array(length);
    case 'int8': return new Int8Array(length);
    case 'int16': return new Int16Array(length);
    case 'uint16': return new Uint16Array(length);
    case 'int32': return new Int32Array(length);
    case 'uint32': return new Uint32Array(length);
    case 'float16':
    case 'float32': return new Float32Array(length);
    case 'int64':
    case 'uint64':
    case 'float64': return new Float64Array(length);
  }
}

/** The value of IEEE 754 half-precision bits. */
export function halfToNumber(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >>> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction === 0 ? sign * Infinity : NaN;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

let halves: Float32Array | undefined;

function halfTable(): Float32Array {
  halves ??= Float32Array.from({ length: 65536 }, (_, bits) => halfToNumber(bits));
  return halves;
}

/** True on the processors that Node runs on nowadays; big-endian ones (s390x) take the slow way. */
const littleEndianHost = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1;

/** The bytes in the host's order, at an offset that a typed array accepts, not holding on to a far larger buffer. */
function hostBytes(bytes: Uint8Array, width: number, endian: 'little' | 'big'): Uint8Array {
  const swap = width > 1 && (endian === 'little') !== littleEndianHost;
  const awkward = bytes.byteOffset % width !== 0 || bytes.buffer.byteLength > 2 * bytes.byteLength + 4096;
  if (!swap && !awkward) return bytes;
  const copy = new Uint8Array(bytes);
  if (swap) {
    const buffer = Buffer.from(copy.buffer, 0, copy.byteLength);
    if (width === 2) buffer.swap16();
    else if (width === 4) buffer.swap32();
    else buffer.swap64();
  }
  return copy;
}

/**
 * Voxels from their stored bytes, in the same order. The byte count must be a multiple of the voxel's. May share memory
 * with `bytes`.
 */
export function voxelsFromBytes(bytes: Uint8Array, type: VoxelType, endian: 'little' | 'big'): VoxelArray {
  const width = bytesPerVoxel[type];
  const host = hostBytes(bytes, width, endian);
  const buffer = host.buffer as ArrayBuffer;
  const offset = host.byteOffset;
  const length = host.byteLength / width;
  switch (type) {
    case 'bool':
    case 'uint8': return new Uint8Array(buffer, offset, length);
    case 'int8': return new Int8Array(buffer, offset, length);
    case 'int16': return new Int16Array(buffer, offset, length);
    case 'uint16': return new Uint16Array(buffer, offset, length);
    case 'int32': return new Int32Array(buffer, offset, length);
    case 'uint32': return new Uint32Array(buffer, offset, length);
    case 'float32': return new Float32Array(buffer, offset, length);
    case 'float64': return new Float64Array(buffer, offset, length);
    case 'float16': {
      const table = halfTable();
      const bits = new Uint16Array(buffer, offset, length);
      const out = new Float32Array(length);
      for (let i = 0; i < length; i++) out[i] = table[bits[i]];
      return out;
    }
    case 'int64':
    case 'uint64': {
      const words = new Uint32Array(buffer, offset, length * 2);
      const high = type === 'int64' ? new Int32Array(buffer, offset, length * 2) : words;
      const [lowAt, highAt] = littleEndianHost ? [0, 1] : [1, 0];
      const out = new Float64Array(length);
      for (let i = 0; i < length; i++) out[i] = high[2 * i + highAt] * 4294967296 + words[2 * i + lowAt];
      return out;
    }
  }
}

/** Little-endian stored bytes of voxels. float16 and 64-bit integers are not written. May share memory with `data`. */
export function bytesFromVoxels(data: VoxelArray): Uint8Array {
  const bytes = new Uint8Array(data.buffer as ArrayBuffer, data.byteOffset, data.byteLength);
  return hostBytes(bytes, data.BYTES_PER_ELEMENT, 'little');
}

const namedNumbers: Readonly<Record<string, number>> = { NaN, Infinity, '-Infinity': -Infinity };

/**
 * A fill value of zarr metadata as a number; null (v2) is 0. Floats may be `NaN`, `Infinity`, `-Infinity` or the
 * hexadecimal bits (v3, e.g. `0x7fc00000`). Undefined when it cannot be understood.
 */
export function parseFillValue(raw: unknown, type: VoxelType): number | undefined {
  if (raw === null || raw === undefined) return 0;
  if (typeof raw === 'boolean') return raw ? 1 : 0;
  if (typeof raw === 'number') return raw;
  if (typeof raw !== 'string') return undefined;
  if (raw in namedNumbers) return type.startsWith('float') ? namedNumbers[raw] : undefined;
  if (/^0x[0-9a-fA-F]+$/.test(raw)) {
    if (!type.startsWith('float')) return Number(raw);
    const view = new DataView(new ArrayBuffer(8));
    view.setBigUint64(0, BigInt(raw));
    if (type === 'float16') return halfToNumber(view.getUint16(6));
    return type === 'float32' ? view.getFloat32(4) : view.getFloat64(0);
  }
  const number = Number(raw);
  return raw.trim() !== '' && !Number.isNaN(number) ? number : undefined;
}
