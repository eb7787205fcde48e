import { SpimquantError } from '../protocol/errors.ts';
import { determinant, voxelSize } from '../kernels/geometry.ts';
import type { Affine } from '../kernels/geometry.ts';
import { affineFromQuaternion, quaternionFromAffine } from './niftiAffine.ts';

/** What of a NIfTI header matters here. */
export interface NiftiHeader {
  readonly version: 1 | 2;
  readonly littleEndian: boolean;
  /** Sizes of all axes, x, y, z, t, …; only as many as the file says there are. */
  readonly dim: readonly number[];
  /** NIfTI datatype code. */
  readonly datatype: number;
  /** Byte offset of the voxels. */
  readonly voxOffset: number;
  readonly slope: number;
  readonly intercept: number;
  readonly intentCode: number;
  /** Voxel indices to RAS millimetres. */
  readonly affine: Affine;
}

/** Bytes in front of the voxels in a file written here: header and four bytes that say there are no extensions. */
const offsetOf = { 1: 352, 2: 544 } as const;

/** An error about the content of a file, naming it. */
export function badNifti(name: string, problem: string, cause?: unknown): SpimquantError {
  return new SpimquantError('bad-nifti', `${name} is not a readable NIfTI image: ${problem}`, {
    where: name,
    hint: 'If the file was copied or downloaded, it may be incomplete: fetch or make it again.',
    cause,
  });
}

/** Parses a NIfTI-1 or NIfTI-2 header in either byte order. Throws `bad-nifti`. */
export function parseHeader(bytes: Uint8Array, name: string): NiftiHeader {
  if (bytes.length < 348) throw badNifti(name, `it ends after ${bytes.length} bytes, before its header does.`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (const littleEndian of [true, false]) {
    const size = view.getInt32(0, littleEndian);
    if (size === 348) return parseVersion1(view, littleEndian, name);
    if (size === 540) {
      if (bytes.length < 540) throw badNifti(name, `it ends after ${bytes.length} bytes, before its header does.`);
      return parseVersion2(view, littleEndian, name);
    }
  }
  throw badNifti(name, 'its first four bytes are not those of a NIfTI header.');
}

function parseVersion1(view: DataView, littleEndian: boolean, name: string): NiftiHeader {
  const i16 = (at: number): number => view.getInt16(at, littleEndian);
  const f32 = (at: number): number => view.getFloat32(at, littleEndian);
  checkMagic(view, 344, ['n+1'], ['ni1'], name);
  return finish({
    version: 1,
    littleEndian,
    dim: readDim((index) => i16(40 + 2 * index), name),
    datatype: i16(70),
    voxOffset: Math.max(offsetOf[1], f32(108)),
    slope: f32(112),
    intercept: f32(116),
    intentCode: i16(68),
    unit: view.getUint8(123) & 7,
    qformCode: i16(252),
    sformCode: i16(254),
    pixdim: range(8, (index) => f32(76 + 4 * index)),
    quaternion: range(6, (index) => f32(256 + 4 * index)),
    rows: range(12, (index) => f32(280 + 4 * index)),
  }, name);
}

function parseVersion2(view: DataView, littleEndian: boolean, name: string): NiftiHeader {
  const i32 = (at: number): number => view.getInt32(at, littleEndian);
  const i64 = (at: number): number => Number(view.getBigInt64(at, littleEndian));
  const f64 = (at: number): number => view.getFloat64(at, littleEndian);
  checkMagic(view, 4, ['n+2'], ['ni2'], name);
  return finish({
    version: 2,
    littleEndian,
    dim: readDim((index) => i64(16 + 8 * index), name),
    datatype: view.getInt16(12, littleEndian),
    voxOffset: Math.max(offsetOf[2], i64(168)),
    slope: f64(176),
    intercept: f64(184),
    intentCode: i32(504),
    unit: i32(500) & 7,
    qformCode: i32(344),
    sformCode: i32(348),
    pixdim: range(8, (index) => f64(104 + 8 * index)),
    quaternion: range(6, (index) => f64(352 + 8 * index)),
    rows: range(12, (index) => f64(400 + 8 * index)),
  }, name);
}

interface RawHeader extends Omit<NiftiHeader, 'affine'> {
  readonly unit: number;
  readonly qformCode: number;
  readonly sformCode: number;
  readonly pixdim: readonly number[];
  /** b, c, d, then the offsets x, y, z. */
  readonly quaternion: readonly number[];
  readonly rows: readonly number[];
}

function finish(raw: RawHeader, name: string): NiftiHeader {
  // Codes of the spatial unit: 1 metre, 2 millimetre, 3 micrometre; 0 is unknown and taken for millimetre.
  const toMillimetre = raw.unit === 1 ? 1000 : raw.unit === 3 ? 0.001 : 1;
  const affine = [...chooseAffine(raw)];
  for (let index = 0; index < 12; index++) affine[index] *= toMillimetre;
  const det = determinant(affine);
  if (!affine.every(Number.isFinite) || det === 0) throw badNifti(name, 'its header gives no usable orientation (the affine is singular).');
  const { version, littleEndian, dim, datatype, voxOffset, slope, intercept, intentCode } = raw;
  return { version, littleEndian, dim, datatype, voxOffset, slope, intercept, intentCode, affine };
}

/** sform, else qform, else voxel sizes with the origin at the image's centre (as nibabel does for that last case). */
function chooseAffine(raw: RawHeader): Affine {
  const spacing = [1, 2, 3].map((index) => Math.abs(raw.pixdim[index]) || 1);
  const [sx, sy, sz] = spacing;
  if (raw.sformCode > 0) return [...raw.rows, 0, 0, 0, 1];
  const [b, c, d, x, y, z] = raw.quaternion;
  if (raw.qformCode > 0) return affineFromQuaternion({ b, c, d, qfac: raw.pixdim[0] < 0 ? -1 : 1 }, [sx, sy, sz], [x, y, z]);
  const centre = (axis: number): number => -spacing[axis] * (((raw.dim[axis] ?? 1) - 1) / 2);
  // Such files are in the radiological order of ANALYZE: x decreases from right to left.
  return [-sx, 0, 0, -centre(0), 0, sy, 0, centre(1), 0, 0, sz, centre(2), 0, 0, 0, 1];
}

function readDim(at: (index: number) => number, name: string): readonly number[] {
  const count = at(0);
  if (!(count >= 1 && count <= 7)) throw badNifti(name, `it says it has ${count} axes.`);
  const dim = range(count, (index) => at(index + 1));
  const wrong = dim.find((size) => !(size >= 1));
  if (wrong !== undefined) throw badNifti(name, `one of its axes has ${wrong} voxels.`);
  return dim;
}

function checkMagic(view: DataView, at: number, single: readonly string[], pair: readonly string[], name: string): void {
  const magic = String.fromCharCode(view.getUint8(at), view.getUint8(at + 1), view.getUint8(at + 2));
  if (single.includes(magic)) return;
  if (pair.includes(magic)) throw badNifti(name, 'it is one half of a .hdr/.img pair; only single .nii or .nii.gz files can be read.');
  throw badNifti(name, 'its header does not carry the mark of NIfTI (it may be an ANALYZE file).');
}

function range<T>(count: number, of: (index: number) => T): T[] {
  return Array.from({ length: count }, (_, index) => of(index));
}

/** What a header is made of when writing. */
export interface HeaderParts {
  readonly dim: readonly number[];
  readonly datatype: number;
  readonly bitsPerVoxel: number;
  readonly intentCode: number;
  readonly affine: Affine;
}

/**
 * Header bytes with the empty extension mark behind: NIfTI-1, or NIfTI-2 where an axis is longer than the 32767 that
 * NIfTI-1 can say. Always little-endian, millimetres, sform code 2 (aligned), and the same as qform when it can be.
 */
export function buildHeader(parts: HeaderParts): Uint8Array {
  return parts.dim.some((size) => size > 32767) ? buildVersion2(parts) : buildVersion1(parts);
}

/** Codes: 2 millimetre + 8 second. */
const units = 10;
const alignedCode = 2;

function geometryFields(parts: HeaderParts): { readonly dim: number[]; readonly pixdim: number[]; readonly qformCode: number; readonly quaternion: number[] } {
  const { affine, dim } = parts;
  const q = quaternionFromAffine(affine);
  const handedness = determinant(affine) < 0 ? -1 : 1;
  return {
    dim: [dim.length, ...dim, ...new Array<number>(7 - dim.length).fill(1)],
    pixdim: [handedness, ...voxelSize(affine), 1, 1, 1, 1],
    qformCode: q === undefined ? 0 : alignedCode,
    quaternion: q === undefined ? [0, 0, 0, 0, 0, 0] : [q.b, q.c, q.d, affine[3], affine[7], affine[11]],
  };
}

function buildVersion1(parts: HeaderParts): Uint8Array {
  const bytes = new Uint8Array(offsetOf[1]);
  const view = new DataView(bytes.buffer);
  const fields = geometryFields(parts);
  view.setInt32(0, 348, true);
  view.setUint8(38, 'r'.charCodeAt(0));
  fields.dim.forEach((size, index) => { view.setInt16(40 + 2 * index, size, true); });
  view.setInt16(68, parts.intentCode, true);
  view.setInt16(70, parts.datatype, true);
  view.setInt16(72, parts.bitsPerVoxel, true);
  fields.pixdim.forEach((value, index) => { view.setFloat32(76 + 4 * index, value, true); });
  view.setFloat32(108, offsetOf[1], true);
  view.setFloat32(112, 1, true);
  view.setUint8(123, units);
  view.setInt16(252, fields.qformCode, true);
  view.setInt16(254, alignedCode, true);
  fields.quaternion.forEach((value, index) => { view.setFloat32(256 + 4 * index, value, true); });
  parts.affine.slice(0, 12).forEach((value, index) => { view.setFloat32(280 + 4 * index, value, true); });
  bytes.set([0x6e, 0x2b, 0x31, 0], 344);
  return bytes;
}

function buildVersion2(parts: HeaderParts): Uint8Array {
  const bytes = new Uint8Array(offsetOf[2]);
  const view = new DataView(bytes.buffer);
  const fields = geometryFields(parts);
  view.setInt32(0, 540, true);
  bytes.set([0x6e, 0x2b, 0x32, 0, 0x0d, 0x0a, 0x1a, 0x0a], 4);
  view.setInt16(12, parts.datatype, true);
  view.setInt16(14, parts.bitsPerVoxel, true);
  fields.dim.forEach((size, index) => { view.setBigInt64(16 + 8 * index, BigInt(size), true); });
  fields.pixdim.forEach((value, index) => { view.setFloat64(104 + 8 * index, value, true); });
  view.setBigInt64(168, BigInt(offsetOf[2]), true);
  view.setFloat64(176, 1, true);
  view.setInt32(344, fields.qformCode, true);
  view.setInt32(348, alignedCode, true);
  fields.quaternion.forEach((value, index) => { view.setFloat64(352 + 8 * index, value, true); });
  parts.affine.slice(0, 12).forEach((value, index) => { view.setFloat64(400 + 8 * index, value, true); });
  view.setInt32(500, units, true);
  view.setInt32(504, parts.intentCode, true);
  return bytes;
}
