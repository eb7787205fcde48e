import type { Vec3 } from '../kernels/geometry.ts';
import type { VoxelArray } from '../kernels/volume.ts';
import type { JsonObject } from '../protocol/json.ts';
import type { ImageChannel, OrientationCode } from './omeZarr.types.ts';
import { reducedSize } from './pyramid.ts';
import { encodeBytes, type Compression } from './zarrCodecs.ts';
import { bytesFromVoxels, bytesPerVoxel } from './zarrTypes.ts';

/** Voxel types that can be written. */
export type WritableVoxelType = 'int8' | 'uint8' | 'int16' | 'uint16' | 'int32' | 'uint32' | 'float32' | 'float64';

/** How an OME-Zarr image is laid out on writing. Axes are c, z, y, x; a chunk holds one channel; the fill value is 0. */
export interface ImageLayout {
  /** 3 writes OME-Zarr 0.5, 2 writes 0.4. */
  readonly zarrFormat: 2 | 3;
  readonly voxelType: WritableVoxelType;
  readonly channels: number;
  /** Voxels of level 0 along x, y, z. */
  readonly size: Vec3;
  /** Voxels of a chunk along x, y, z. */
  readonly chunk: Vec3;
  readonly compression: Compression;
  /** Factors of the levels from 1 on, relative to level 0: see pyramid.ts. Empty for a single level. */
  readonly factors: readonly Vec3[];
}

/** What the group metadata say besides the layout. */
export interface ImageDescription {
  readonly name: string;
  readonly channels: readonly ImageChannel[];
  /** Voxel edges of level 0 and the position of its first voxel, in millimetres, along x, y, z. */
  readonly scale: Vec3;
  readonly translation: Vec3;
  /** Three letters, x, y, z. */
  readonly orientation: OrientationCode;
}

/** Cumulative factor of a level. */
export function levelFactor(layout: ImageLayout, level: number): Vec3 {
  return level === 0 ? [1, 1, 1] : layout.factors[level - 1];
}

/** Voxels of a level along x, y, z: each from the one before, incomplete blocks dropped. */
export function levelSize(layout: ImageLayout, level: number): Vec3 {
  let size = layout.size;
  for (let i = 1; i <= level; i++) size = reducedSize(size, stepFactor(layout, i));
  return size;
}

/** Factor of a level relative to the one before. */
export function stepFactor(layout: ImageLayout, level: number): Vec3 {
  const [now, before] = [levelFactor(layout, level), levelFactor(layout, level - 1)];
  const [x, y, z] = now.map((f, axis) => f / before[axis]);
  if (![x, y, z].every((f) => Number.isInteger(f) && f >= 1)) throw new RangeError(`Level ${level} is not a whole factor of the level before: ${now.join(',')} after ${before.join(',')}.`);
  return [x, y, z];
}

/** Chunks of a level along x, y, z. */
export function chunkGrid(layout: ImageLayout, level: number): Vec3 {
  const size = levelSize(layout, level);
  return [Math.ceil(size[0] / layout.chunk[0]), Math.ceil(size[1] / layout.chunk[1]), Math.ceil(size[2] / layout.chunk[2])];
}

/** The key of a chunk below the image: `index` is its place in the grid along x, y, z. */
export function chunkPath(layout: ImageLayout, level: number, channel: number, index: Vec3): string {
  return `${level}/${layout.zarrFormat === 3 ? 'c/' : ''}${channel}/${index[2]}/${index[1]}/${index[0]}`;
}

/** Whether every value is 0, minus zero included. */
function isBlank(data: VoxelArray): boolean {
  for (let i = 0; i < data.length; i++) if (data[i] !== 0) return false;
  return true;
}

/**
 * The bytes of a chunk, from all of its voxels, x fastest; undefined when all are 0, since such a chunk is not stored.
 * Equal voxels give equal bytes.
 */
export async function encodeChunk(layout: ImageLayout, data: VoxelArray): Promise<Uint8Array | undefined> {
  const [x, y, z] = layout.chunk;
  const width = bytesPerVoxel[layout.voxelType];
  if (data.length !== x * y * z || data.BYTES_PER_ELEMENT !== width) throw new RangeError(`A chunk of ${layout.voxelType} has ${x * y * z} voxels.`);
  return isBlank(data) ? undefined : encodeBytes(bytesFromVoxels(data), layout.compression, width);
}

const v2Types: Readonly<Record<WritableVoxelType, string>> = {
  int8: '|i1', uint8: '|u1', int16: '<i2', uint16: '<u2', int32: '<i4', uint32: '<u4', float32: '<f4', float64: '<f8',
};

function v2Compressor(compression: Compression, width: number): JsonObject | null {
  switch (compression.codec) {
    case 'none': return null;
    case 'gzip': return { id: 'gzip', level: compression.level };
    case 'zstd': return { id: 'zstd', level: compression.level };
    case 'blosc': return { id: 'blosc', cname: compression.inner, clevel: compression.level, shuffle: width > 1 ? 1 : 0, blocksize: 0 };
  }
}

function v3Compressors(compression: Compression, width: number): JsonObject[] {
  switch (compression.codec) {
    case 'none': return [];
    case 'gzip': return [{ name: 'gzip', configuration: { level: compression.level } }];
    case 'zstd': return [{ name: 'zstd', configuration: { level: compression.level, checksum: false } }];
    case 'blosc': return [{ name: 'blosc', configuration: { cname: compression.inner, clevel: compression.level, shuffle: width > 1 ? 'shuffle' : 'noshuffle', typesize: width, blocksize: 0 } }];
  }
}

/** The metadata document of a level's array: its key below the image, and its content. */
export function arrayDocument(layout: ImageLayout, level: number): { readonly key: string; readonly json: JsonObject } {
  const width = bytesPerVoxel[layout.voxelType];
  const shape = [layout.channels, ...[...levelSize(layout, level)].reverse()];
  const chunks = [1, ...[...layout.chunk].reverse()];
  const isFloat = layout.voxelType.startsWith('float');
  if (layout.zarrFormat === 2) {
    const json = {
      zarr_format: 2, shape, chunks, dtype: v2Types[layout.voxelType], compressor: v2Compressor(layout.compression, width), fill_value: 0,
      order: 'C', filters: null, dimension_separator: '/',
    };
    return { key: `${level}/.zarray`, json };
  }
  const bytes: JsonObject = width === 1 ? { name: 'bytes' } : { name: 'bytes', configuration: { endian: 'little' } };
  const json = {
    zarr_format: 3, node_type: 'array', shape, data_type: layout.voxelType,
    chunk_grid: { name: 'regular', configuration: { chunk_shape: chunks } },
    chunk_key_encoding: { name: 'default', configuration: { separator: '/' } },
    fill_value: isFloat ? 0.0 : 0, codecs: [bytes, ...v3Compressors(layout.compression, width)], attributes: {}, dimension_names: ['c', 'z', 'y', 'x'],
  };
  return { key: `${level}/zarr.json`, json };
}

const windowEnds: Readonly<Record<WritableVoxelType, readonly [number, number]>> = {
  int8: [-128, 127], uint8: [0, 255], int16: [-32768, 32767], uint16: [0, 65535], int32: [-2147483648, 2147483647], uint32: [0, 4294967295],
  float32: [0, 65535], float64: [0, 65535],
};

/**
 * The attributes of the image's group. The position of a level is that of the centre of its first block: half the
 * difference of the voxel edges further than level 0's.
 */
export function groupAttributes(layout: ImageLayout, description: ImageDescription): JsonObject {
  const datasets = [0, ...layout.factors.map((_, i) => i + 1)].map((level) => {
    const factor = levelFactor(layout, level);
    const scale = description.scale.map((edge, axis) => edge * factor[axis]);
    const translation = description.translation.map((start, axis) => start + (description.scale[axis] * (factor[axis] - 1)) / 2);
    return {
      path: String(level),
      coordinateTransformations: [{ type: 'scale', scale: [1, ...scale.reverse()] }, { type: 'translation', translation: [0, ...translation.reverse()] }],
    };
  });
  const axes = [{ name: 'c', type: 'channel' }, ...['z', 'y', 'x'].map((name) => ({ name, type: 'space', unit: 'millimeter' }))];
  const [min, max] = windowEnds[layout.voxelType];
  const omero = {
    channels: description.channels.map(({ label, color }) => ({ label, color: color ?? 'FFFFFF', active: true, window: { min, max, start: min, end: max } })),
  };
  const multiscale = { name: description.name, axes, datasets, type: 'local_mean' };
  return layout.zarrFormat === 3
    ? { ome: { version: '0.5', multiscales: [multiscale], omero }, xyz_orientation: description.orientation }
    : { multiscales: [{ ...multiscale, version: '0.4' }], omero, xyz_orientation: description.orientation };
}
