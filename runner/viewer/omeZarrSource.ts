import type { ByteCache } from '../image/chunkCache.ts';
import { openOmeZarr } from '../image/omeZarr.ts';
import type { OmeZarrImage } from '../image/omeZarr.types.ts';
import type { ChunkCache } from '../image/zarrArray.ts';
import type { ObjectStore } from '../storage/objectStore.ts';
import { count } from '../wording/words.ts';
import type { SourceLevel, ViewSource } from './viewer.types.ts';

/** An image whose coarsest level is longer than the first gets further ones, which skip voxels, until they are no longer than the second. */
const tooLong = 1024;
const longEnough = 512;

/** Opens an OME-Zarr image for looking at. `cache`: of decoded chunks, shared by all images. Rejects as openOmeZarr does. */
export async function openOmeZarrSource(store: ObjectStore, path: string, cache: ChunkCache, signal: AbortSignal): Promise<ViewSource> {
  return omeZarrSource(await openOmeZarr(store, path, { signal, cache: ownKeys(cache, `${store.uri}/${path} ${opened++}`) }));
}

/** Images of the same address may be reached in different ways, or be replaced: each has chunks of its own. */
let opened = 0;

function ownKeys(cache: ChunkCache, name: string): ChunkCache {
  const own: ByteCache<unknown> = {
    get: (key) => cache.get(`${name} ${key}`),
    set: (key, value, bytes) => { (cache as ByteCache<unknown>).set(`${name} ${key}`, value, bytes); },
  };
  return own as ChunkCache;
}

function omeZarrSource(image: OmeZarrImage): ViewSource {
  const { info } = image;
  const levels: SourceLevel[] = info.levels.map(({ size, chunk }) => ({ size, chunk }));
  const last = info.levels[info.levels.length - 1];
  for (let level = levels.length; Math.max(...last.size) > tooLong && Math.max(...levels[level - 1].size) > longEnough; level++) {
    const { size, step } = image.level(level);
    levels.push({ size, chunk: [0, 1, 2].map((axis) => Math.max(1, Math.floor(last.chunk[axis] / step[axis]))) as [number, number, number] });
  }
  return {
    kind: 'ome-zarr',
    uri: info.uri,
    voxelType: info.voxelType,
    channels: info.channels,
    levels,
    storedLevels: info.levels.length,
    ...(info.storedOrientation === undefined ? {} : { storedOrientation: info.storedOrientation }),
    inMemory: false,
    notices: [
      ...(info.timepoints > 1 ? [`It has ${count(info.timepoints, 'time point')}; the first is shown.`] : []),
      ...(levels.length > info.levels.length ? [`It has only ${count(info.levels.length, 'level')}: whole planes take long to read. A deeper pyramid would make them quick.`] : []),
    ],
    affine: (level, orientation) => image.level(level, orientation).affine,
    read: (level, channel, box, signal) => image.read(image.level(level), channel, box, signal),
  };
}
