import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { parseBidsName } from '../bids/names.ts';
import type { ByteCache } from '../image/chunkCache.ts';
import { badNifti } from '../image/niftiHeader.ts';
import { readNiftiSummary, readVolumeSeries, type VolumeSeries } from '../image/nifti.ts';
import type { Box, ImageChannel } from '../image/omeZarr.types.ts';
import { sharedLoads } from '../image/sharedLoads.ts';
import { stridedSize } from '../image/levels.ts';
import { stridedAffine } from '../kernels/geometry.ts';
import { voxelCount, type VoxelArray } from '../kernels/volume.ts';
import { SpimquantError } from '../protocol/errors.ts';
import { throwIfCancelled } from '../storage/cancel.ts';
import type { Place } from '../storage/place.ts';
import { nothingThere } from '../storage/place.ts';
import { formatBytes } from '../wording/words.ts';
import type { SourceLevel, ViewSource } from './viewer.types.ts';

/** Voxels of one file are held in memory while they are looked at: at most so many bytes. */
const mostBytes = 400 * 1024 * 1024;
/** Of the beginning of a file, to learn what is in it; files up to the second are read whole at once. */
const headBytes = 64 * 1024;
const smallFile = 4 * 1024 * 1024;
/** Volumes of a series that are offered as channels. */
const mostVolumes = 64;
/** Planes longer than that are shown with fewer voxels when they are shown small. */
const longPlane = 1024;

const inflate = promisify(gunzip);

/**
 * Opens a NIfTI file for looking at. Its voxels are read whole with the first plane, and kept in `cache` as long as there
 * is room; volumes beyond the third axis are its channels. `name` tells it from whatever was opened before.
 *
 * Rejects with `not-found`, `bad-nifti`, and `bad-option` for a file that is too large.
 */
export async function openNiftiSource({ store, key: path, where: uri }: Place, name: string, cache: ByteCache<unknown>, signal: AbortSignal): Promise<ViewSource> {
  const stat = await store.stat(path, { signal });
  if (stat === undefined) throw nothingThere(uri, 'file');
  const small = stat.size <= smallFile;
  const head = await store.read(path, { signal, ...(small ? {} : { range: { offset: 0, length: headBytes } }) });
  const { size, affine, volumes, voxelType, voxelBytes } = readNiftiSummary(head ?? new Uint8Array(0), uri);
  if (voxelCount(size) === 0) throw badNifti(uri, 'it has no voxels.');
  if (voxelBytes > mostBytes) {
    throw new SpimquantError('bad-option', `${path} holds ${formatBytes(voxelBytes)} of voxels, too much to be shown: a NIfTI file has to be read whole, and the bound is ${formatBytes(mostBytes)}.`, {
      where: uri, hint: 'Look at the OME-Zarr image that it was made from, or at a coarser level of it.',
    });
  }
  const loads = sharedLoads<VolumeSeries>();
  const key = `nifti ${name}`;
  const load = async (own: AbortSignal): Promise<VolumeSeries> => {
    const bytes = await store.read(path, { signal: own });
    const series = readVolumeSeries(await inflated(bytes ?? new Uint8Array(0), uri), uri);
    throwIfCancelled(own, uri);
    cache.set(key, series, series.data.byteLength);
    return series;
  };
  const levels: SourceLevel[] = [{ size, chunk: size }];
  for (let step = 2; Math.max(...levels[levels.length - 1].size) > longPlane; step *= 2) {
    const coarse = stridedSize(size, [step, step, step]);
    levels.push({ size: coarse, chunk: coarse });
  }
  return {
    kind: 'nifti', uri, voxelType, levels, storedLevels: 1, inMemory: true,
    channels: channelsOf(path, volumes),
    notices: volumes > mostVolumes ? [`It has ${volumes} volumes; the first ${mostVolumes} can be shown.`] : [],
    affine: (level) => stridedAffine(affine, [2 ** level, 2 ** level, 2 ** level]),
    read: async (level, channel, box, readSignal) => {
      const kept = cache.get(key) as VolumeSeries | undefined;
      const series = kept ?? await loads.get(key, load, readSignal);
      return copyBox(series, channel, box, 2 ** level);
    },
  };
}

async function inflated(bytes: Uint8Array, name: string): Promise<Uint8Array> {
  if (!(bytes[0] === 0x1f && bytes[1] === 0x8b)) return bytes;
  try {
    return await inflate(bytes);
  } catch (error) {
    throw badNifti(name, 'its compressed content is broken or ends too early.', error);
  }
}

function copyBox({ data, size }: VolumeSeries, channel: number, { start, size: count }: Box, step: number): VoxelArray {
  const out = new (data.constructor as new (length: number) => VoxelArray)(voxelCount(count));
  const first = channel * voxelCount(size);
  let to = 0;
  for (let z = 0; z < count[2]; z++) {
    for (let y = 0; y < count[1]; y++) {
      const row = first + size[0] * ((start[1] + y) * step + size[1] * (start[2] + z) * step) + start[0] * step;
      if (step === 1) {
        out.set(data.subarray(row, row + count[0]), to);
        to += count[0];
      } else {
        for (let x = 0; x < count[0]; x++) out[to++] = data[row + x * step];
      }
    }
  }
  return out;
}

/** Called by what the file's name says: its stain, else what kind of image it is. */
function channelsOf(path: string, volumes: number): readonly ImageChannel[] {
  const file = path.slice(path.lastIndexOf('/') + 1);
  const name = parseBidsName(file);
  const label = name?.entities['stain'] ?? name?.suffix ?? file.replace(/\.nii(\.gz)?$/i, '');
  return volumes <= 1 ? [{ label }] : Array.from({ length: Math.min(volumes, mostVolumes) }, (_, i) => ({ label: `${label} ${i + 1}` }));
}

