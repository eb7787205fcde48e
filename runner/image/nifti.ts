import { constants, gunzipSync, gzipSync } from 'node:zlib';
import { voxelCount } from '../kernels/volume.ts';
import type { VectorVolume, Volume, VoxelArray } from '../kernels/volume.ts';
import type { Vec3 } from '../kernels/geometry.ts';
import type { VoxelType } from './omeZarr.types.ts';
import { badNifti, buildHeader, parseHeader } from './niftiHeader.ts';
import type { NiftiHeader } from './niftiHeader.ts';

export interface NiftiWriteOptions {
  /** Compress, as a name ending in `.gz` promises. Default true. */
  readonly gzip?: boolean;
}

/** NIfTI intent of a field with one vector per voxel: what ITK writes for displacement fields. */
const vectorIntent = 1007;

/** How voxels of a NIfTI datatype code are stored. 64-bit integers have no VoxelArray of their own. */
const storage: Readonly<Record<number, { readonly bytes: 1 | 2 | 4 | 8; readonly type: VoxelType; readonly view: (buffer: ArrayBuffer, offset: number, count: number) => VoxelArray }>> = {
  2: { bytes: 1, type: 'uint8', view: (buffer, offset, count) => new Uint8Array(buffer, offset, count) },
  4: { bytes: 2, type: 'int16', view: (buffer, offset, count) => new Int16Array(buffer, offset, count) },
  8: { bytes: 4, type: 'int32', view: (buffer, offset, count) => new Int32Array(buffer, offset, count) },
  16: { bytes: 4, type: 'float32', view: (buffer, offset, count) => new Float32Array(buffer, offset, count) },
  64: { bytes: 8, type: 'float64', view: (buffer, offset, count) => new Float64Array(buffer, offset, count) },
  256: { bytes: 1, type: 'int8', view: (buffer, offset, count) => new Int8Array(buffer, offset, count) },
  512: { bytes: 2, type: 'uint16', view: (buffer, offset, count) => new Uint16Array(buffer, offset, count) },
  768: { bytes: 4, type: 'uint32', view: (buffer, offset, count) => new Uint32Array(buffer, offset, count) },
  1024: { bytes: 8, type: 'int64', view: (buffer, offset, count) => Float64Array.from(new BigInt64Array(buffer, offset, count), Number) },
  1280: { bytes: 8, type: 'uint64', view: (buffer, offset, count) => Float64Array.from(new BigUint64Array(buffer, offset, count), Number) },
};

const otherTypes: Readonly<Record<number, string>> = {
  1: 'single bits', 32: 'complex numbers', 128: 'RGB colours', 1536: '128-bit floats', 1792: 'complex numbers', 2048: 'complex numbers', 2304: 'RGBA colours',
};

/**
 * Reads a scalar image: NIfTI-1 or NIfTI-2, compressed or not, either byte order. Axes beyond the third must have one
 * voxel. A scaling in the header is applied (giving float32, or float64 for 32- and 64-bit voxels); otherwise values
 * keep their type, 64-bit integers becoming float64. Orientation: sform, else qform, else voxel sizes.
 *
 * @param name of the file, for errors
 * @throws SpimquantError `bad-nifti`
 */
export function readNifti(bytes: Uint8Array, name = 'the image'): Volume {
  const { header, data } = readVoxels(bytes, name);
  const extra = header.dim.slice(3).find((size) => size !== 1);
  if (extra !== undefined) {
    throw badNifti(name, `it holds ${header.dim.join(' x ')} voxels, but a single three-dimensional image is needed.`);
  }
  return { data, size: spatialSize(header), affine: header.affine };
}

/**
 * Writes a scalar image as NIfTI-1 (NIfTI-2 when an axis is longer than 32767): little-endian, values unscaled in their
 * own type, millimetres, sform code 2 and the same as qform where the axes are orthogonal. Equal volumes give equal bytes.
 */
export function writeNifti(volume: Volume, options: NiftiWriteOptions = {}): Uint8Array {
  const { datatype, bits } = datatypeOf(volume.data);
  checkLength(volume.data.length, voxelCount(volume.size));
  const header = buildHeader({ dim: volume.size, datatype, bitsPerVoxel: bits, intentCode: 0, affine: volume.affine });
  return assemble(header, volume.data, options);
}

/**
 * Reads a displacement field as ITK writes it: axes x, y, z, 1, 3 with one vector per voxel in LPS millimetres.
 *
 * @throws SpimquantError `bad-nifti`, also for an image that is not such a field
 */
export function readVectorNifti(bytes: Uint8Array, name = 'the field'): VectorVolume {
  const { header, data } = readVoxels(bytes, name);
  const [, , , time = 1, components = 1, ...rest] = header.dim;
  if (time !== 1 || components !== 3 || rest.some((size) => size !== 1)) {
    throw badNifti(name, `it holds ${header.dim.join(' x ')} voxels, but a field with three components per voxel (x, y, z, 1, 3) is needed.`);
  }
  return { data: data instanceof Float32Array ? data : Float32Array.from(data), size: spatialSize(header), affine: header.affine };
}

/** Writes a displacement field in ITK's form: five axes x, y, z, 1, 3, intent code 1007 (vector), float32. */
export function writeVectorNifti(field: VectorVolume, options: NiftiWriteOptions = {}): Uint8Array {
  checkLength(field.data.length, 3 * voxelCount(field.size));
  const header = buildHeader({ dim: [...field.size, 1, 3], datatype: 16, bitsPerVoxel: 32, intentCode: vectorIntent, affine: field.affine });
  return assemble(header, field.data, options);
}

/** Volumes of one grid, one after another in `data`. */
export interface VolumeSeries extends Volume {
  /** How many: the product of all axes beyond the third. */
  readonly volumes: number;
}

/**
 * Reads an image of any number of axes. `content` is uncompressed, and the caller's no longer: the voxels may stay in it.
 *
 * @throws SpimquantError `bad-nifti`
 */
export function readVolumeSeries(content: Uint8Array, name = 'the image'): VolumeSeries {
  const { header, data } = voxelsIn(content, true, name);
  return { data, size: spatialSize(header), affine: header.affine, volumes: header.dim.slice(3).reduce((product, size) => product * size, 1) };
}

/** What the header of an image says of its voxels, without reading them. `bytes`: the beginning of the file, compressed or not. Throws `bad-nifti`. */
export function readNiftiSummary(bytes: Uint8Array, name = 'the image'): Pick<VolumeSeries, 'size' | 'affine' | 'volumes'> & { readonly voxelType: VoxelType; readonly voxelBytes: number } {
  const header = parseHeader(isGzip(bytes) ? inflateStart(bytes, name) : bytes, name);
  const { bytes: width, type } = storageOf(header, name);
  const volumes = header.dim.slice(3).reduce((product, size) => product * size, 1);
  const size = spatialSize(header);
  const scaled = isScaled(header);
  const wide = width >= 4 && type !== 'float32';
  return { size, affine: header.affine, volumes, voxelType: scaled ? (wide ? 'float64' : 'float32') : type, voxelBytes: width * voxelCount(size) * volumes };
}

/** Size and affine of an image, from its header alone. Throws `bad-nifti`. */
export function readNiftiGrid(bytes: Uint8Array, name = 'the image'): Pick<Volume, 'size' | 'affine'> {
  const header = parseHeader(isGzip(bytes) ? inflateStart(bytes, name) : bytes, name);
  return { size: spatialSize(header), affine: header.affine };
}

function spatialSize(header: NiftiHeader): Vec3 {
  const [nx, ny = 1, nz = 1] = header.dim;
  return [nx, ny, nz];
}

function isGzip(bytes: Uint8Array): boolean {
  return bytes[0] === 0x1f && bytes[1] === 0x8b;
}

/** Enough of the content to hold a header, without unpacking the rest. */
function inflateStart(bytes: Uint8Array, name: string): Uint8Array {
  try {
    return gunzipSync(bytes.subarray(0, 1 << 16), { finishFlush: constants.Z_SYNC_FLUSH });
  } catch (error) {
    throw badNifti(name, 'its compressed content is broken.', error);
  }
}

function inflate(bytes: Uint8Array, name: string): { readonly content: Uint8Array; readonly own: boolean } {
  if (!isGzip(bytes)) return { content: bytes, own: false };
  try {
    return { content: gunzipSync(bytes), own: true };
  } catch (error) {
    throw badNifti(name, 'its compressed content is broken or ends too early.', error);
  }
}

function readVoxels(bytes: Uint8Array, name: string): { readonly header: NiftiHeader; readonly data: VoxelArray } {
  const { content, own } = inflate(bytes, name);
  return voxelsIn(content, own, name);
}

function storageOf(header: NiftiHeader, name: string): (typeof storage)[number] {
  const type = storage[header.datatype];
  if (type === undefined) {
    throw badNifti(name, `its voxels are ${otherTypes[header.datatype] ?? `of the unknown type ${header.datatype}`}; a scalar number per voxel is needed.`);
  }
  return type;
}

function voxelsIn(content: Uint8Array, own: boolean, name: string): { readonly header: NiftiHeader; readonly data: VoxelArray } {
  const header = parseHeader(content, name);
  const type = storageOf(header, name);
  const count = header.dim.reduce((product, size) => product * size, 1);
  const end = header.voxOffset + count * type.bytes;
  if (!(content.length >= end)) {
    throw badNifti(name, `its header promises ${header.dim.join(' x ')} voxels (${end} bytes), but it ends after ${content.length} bytes.`);
  }
  // The result must not alias the caller's bytes; what was inflated here is ours and needs a copy only when misaligned.
  const start = content.byteOffset + header.voxOffset;
  const inPlace = own && start % type.bytes === 0 && content.buffer instanceof ArrayBuffer;
  const block = inPlace ? content.subarray(header.voxOffset, end) : Uint8Array.from(content.subarray(header.voxOffset, end));
  if (!header.littleEndian) swapBytes(block, type.bytes);
  return { header, data: rescale(type.view(block.buffer as ArrayBuffer, block.byteOffset, count), header) };
}

function swapBytes(block: Uint8Array, width: 1 | 2 | 4 | 8): void {
  const buffer = Buffer.from(block.buffer, block.byteOffset, block.byteLength);
  if (width === 2) buffer.swap16();
  else if (width === 4) buffer.swap32();
  else if (width === 8) buffer.swap64();
}

function isScaled({ slope, intercept }: NiftiHeader): boolean {
  return Number.isFinite(slope) && slope !== 0 && Number.isFinite(intercept) && !(slope === 1 && intercept === 0);
}

/** value = stored · slope + intercept; a slope of zero (or one that is no number) means that values are not scaled. */
function rescale(data: VoxelArray, header: NiftiHeader): VoxelArray {
  const { slope, intercept } = header;
  if (!isScaled(header)) return data;
  const wide = data instanceof Float64Array || data instanceof Int32Array || data instanceof Uint32Array;
  const out = wide ? new Float64Array(data.length) : new Float32Array(data.length);
  for (let index = 0; index < data.length; index++) out[index] = data[index] * slope + intercept;
  return out;
}

function datatypeOf(data: VoxelArray): { readonly datatype: number; readonly bits: number } {
  const bits = 8 * data.BYTES_PER_ELEMENT;
  if (data instanceof Uint8Array) return { datatype: 2, bits };
  if (data instanceof Int16Array) return { datatype: 4, bits };
  if (data instanceof Int32Array) return { datatype: 8, bits };
  if (data instanceof Float32Array) return { datatype: 16, bits };
  if (data instanceof Float64Array) return { datatype: 64, bits };
  if (data instanceof Int8Array) return { datatype: 256, bits };
  if (data instanceof Uint16Array) return { datatype: 512, bits };
  return { datatype: 768, bits };
}

function checkLength(actual: number, expected: number): void {
  if (actual !== expected) throw new RangeError(`A grid of ${expected} values was given ${actual}.`);
}

function assemble(header: Uint8Array, data: VoxelArray, options: NiftiWriteOptions): Uint8Array {
  const out = new Uint8Array(header.length + data.byteLength);
  out.set(header);
  out.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), header.length);
  if (options.gzip === false) return out;
  // zlib leaves the time at zero; the byte that names the operating system is set to "unknown", so that equal images
  // are equal files on every platform.
  const packed = gzipSync(out, { level: 1 });
  packed[9] = 255;
  return new Uint8Array(packed.buffer, packed.byteOffset, packed.length);
}
