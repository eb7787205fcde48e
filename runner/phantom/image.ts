import { promisify } from 'node:util';
import { zstdCompress } from 'node:zlib';
import type { Vec3 } from '../kernels/geometry.ts';
import type { ObjectStore } from '../storage/objectStore.ts';
import type { PhantomParticipant } from './cohort.ts';
import type { PyramidLevel } from './pyramid.ts';

type VoxelType = NonNullable<PhantomParticipant['voxelType']>;
const compress = promisify(zstdCompress);
const chunk: Vec3 = [64, 64, 64];
const colors: Readonly<Record<string, string>> = { YoPro: 'FFFFFF', Abeta: '00FF00', Iba1: 'FF00FF' };

/**
 * Writes a subject's channels as OME-Zarr: 0.4 in zarr v2, or 0.5 in zarr v3, zstd compressed, axes c, z, y, x in
 * millimetres. Written here from the formats' own documents, apart from the pipeline's writer, so that reading a phantom
 * also tests the reader. Without a sidecar the store tells its stains and orientation: 0.5 in `xyz_orientation`, 0.4 in
 * the older `orientation`, whose letters are for z, y, x.
 */
export async function writePhantomImage(
  store: ObjectStore, path: string, participant: PhantomParticipant, channels: readonly (readonly PyramidLevel[])[], signal?: AbortSignal,
): Promise<void> {
  const zarr3 = participant.ngff === '0.5';
  const type = participant.voxelType ?? 'uint16';
  for (let level = 0; level < participant.levels; level++) {
    const { size } = channels[0][level];
    const shape = [channels.length, size[2], size[1], size[0]];
    await store.write(`${path}/${level}/${zarr3 ? 'zarr.json' : '.zarray'}`, JSON.stringify(arrayMetadata(shape, zarr3, type)));
    const jobs = channels.flatMap((levels, c) => chunkStarts(size).map((start) => ({ data: levels[level], c, start })));
    // A few at once: compression runs in Node's own threads.
    for (let i = 0; i < jobs.length; i += 8) {
      signal?.throwIfAborted();
      await Promise.all(jobs.slice(i, i + 8).map(async ({ data, c, start }) => {
        const key = [c, start[2] / chunk[2], start[1] / chunk[1], start[0] / chunk[0]].join('/');
        await store.write(`${path}/${level}/${zarr3 ? 'c/' : ''}${key}`, await compress(cutChunk(data, start, type)));
      }));
    }
  }
  const attributes = groupAttributes(participant);
  if (zarr3) {
    await store.write(`${path}/zarr.json`, JSON.stringify({ zarr_format: 3, node_type: 'group', attributes }));
  } else {
    await store.write(`${path}/.zgroup`, JSON.stringify({ zarr_format: 2 }));
    await store.write(`${path}/.zattrs`, JSON.stringify(attributes));
  }
}

function chunkStarts(size: Vec3): readonly Vec3[] {
  const along = (axis: 0 | 1 | 2): readonly number[] => Array.from({ length: Math.ceil(size[axis] / chunk[axis]) }, (_, i) => i * chunk[axis]);
  return along(2).flatMap((z) => along(1).flatMap((y) => along(0).map((x): Vec3 => [x, y, z])));
}

/** Bytes of a whole chunk, zero beyond the edge. */
function cutChunk({ size, data }: PyramidLevel, start: Vec3, type: VoxelType): Uint8Array {
  const voxels = chunk[0] * chunk[1] * chunk[2];
  const values = type === 'uint16' ? new Uint16Array(voxels) : new Float64Array(voxels);
  const count = Math.min(chunk[0], size[0] - start[0]);
  for (let z = 0; z < Math.min(chunk[2], size[2] - start[2]); z++) {
    for (let y = 0; y < Math.min(chunk[1], size[1] - start[1]); y++) {
      const from = start[0] + size[0] * (start[1] + y + size[1] * (start[2] + z));
      values.set(data.subarray(from, from + count), chunk[0] * (y + chunk[1] * z));
    }
  }
  return new Uint8Array(values.buffer);
}

function arrayMetadata(shape: readonly number[], zarr3: boolean, type: VoxelType): unknown {
  const chunks = [1, chunk[2], chunk[1], chunk[0]];
  if (!zarr3) {
    return { zarr_format: 2, shape, chunks, dtype: type === 'uint16' ? '<u2' : '<f8', order: 'C', compressor: { id: 'zstd', level: 3 }, filters: null, fill_value: 0, dimension_separator: '/' };
  }
  return {
    zarr_format: 3, node_type: 'array', shape, data_type: type, fill_value: 0, attributes: {}, dimension_names: ['c', 'z', 'y', 'x'],
    chunk_grid: { name: 'regular', configuration: { chunk_shape: chunks } },
    chunk_key_encoding: { name: 'default', configuration: { separator: '/' } },
    codecs: [{ name: 'bytes', configuration: { endian: 'little' } }, { name: 'zstd', configuration: { level: 3, checksum: false } }],
  };
}

function groupAttributes(participant: PhantomParticipant): Readonly<Record<string, unknown>> {
  const { stains, orientation, voxelSize } = participant.subject;
  const zyx = (value: (edge: number) => number): readonly number[] => [value(voxelSize[2]), value(voxelSize[1]), value(voxelSize[0])];
  const multiscale = {
    name: 'image',
    axes: [{ name: 'c', type: 'channel' }, ...['z', 'y', 'x'].map((name) => ({ name, type: 'space', unit: 'millimeter' }))],
    datasets: Array.from({ length: participant.levels }, (_, level) => ({
      path: String(level),
      coordinateTransformations: [
        { type: 'scale', scale: [1, ...zyx((edge) => edge * 2 ** level)] },
        { type: 'translation', translation: [0, ...zyx((edge) => (edge * (2 ** level - 1)) / 2)] },
      ],
    })),
  };
  const omero = {
    channels: stains.map((stain) => ({ label: stain, color: colors[stain], active: true, window: { min: 0, max: 65535, start: 0, end: 3000 } })),
  };
  const shown = participant.sidecar ? {} : { omero };
  if (participant.ngff === '0.5') {
    return { ome: { version: '0.5', multiscales: [multiscale], ...shown }, ...(participant.sidecar ? {} : { xyz_orientation: orientation }) };
  }
  return { multiscales: [{ ...multiscale, version: '0.4' }], ...shown, ...(participant.sidecar ? {} : { orientation: [...orientation].reverse().join('') }) };
}
