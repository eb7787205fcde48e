import type { ByteCache } from '../image/chunkCache.ts';
import type { ChunkCache } from '../image/zarrArray.ts';
import type { Place } from '../storage/place.ts';
import { isRemote } from '../storage/uri.ts';
import { openNiftiSource } from './niftiSource.ts';
import { openOmeZarrSource } from './omeZarrSource.ts';
import { RememberedReads } from './rememberedReads.ts';
import type { ViewSource } from './viewer.types.ts';

/** What all sources keep their parts in. */
export interface SourceCaches {
  /** Volumes and slabs. */
  readonly pixels: ByteCache<unknown>;
  readonly chunks: ChunkCache;
  /** Parts of buckets as they came. */
  readonly parts: ByteCache<Uint8Array>;
}

const isNifti = /\.nii(\.gz)?$/i;
const isZip = /\.(zip|ozx)$/i;

/** Levels whose metadata are asked for together with those of the image, which say how many there are: nearly all writers number them. */
const levelsAhead = 6;

/** Metadata that an image in a bucket most likely has, in either format: its own, and those of its levels. */
function likelyMetadata(path: string): readonly string[] {
  const below = (name: string): string => (path === '' ? name : `${path.replace(/\/+$/, '')}/${name}`);
  const levels = Array.from({ length: levelsAhead }, (_, level) => level);
  return [...['zarr.json', '.zattrs'].map(below), ...levels.flatMap((level) => [below(`${level}/zarr.json`), below(`${level}/.zarray`)])];
}

/** Whether opening what has this name reads no more than metadata. */
export function opensByMetadata(name: string): boolean {
  return !isNifti.test(name);
}

/** Opens what is at a place by its name: a NIfTI file, else an OME-Zarr store. `name` tells it from whatever was opened before. */
export async function openSource({ store, key, where }: Place, name: string, caches: SourceCaches, signal: AbortSignal): Promise<ViewSource> {
  if (isNifti.test(key)) return openNiftiSource({ store, key, where }, name, caches.pixels, signal);
  if (!isRemote(store.uri)) return openOmeZarrSource(store, key, caches.chunks, signal);
  const remembered = new RememberedReads(store, caches.parts, name);
  if (!isZip.test(key)) remembered.askAhead(likelyMetadata(key), signal);
  const source = await openOmeZarrSource(remembered, key, caches.chunks, signal);
  remembered.forgetAhead();
  return source;
}

/** Changes when an image is written anew; empty when there is none. Chunks that are replaced one by one are not noticed. */
export async function versionOf({ store, key }: Place, signal: AbortSignal): Promise<string> {
  const below = (name: string): string => (key === '' ? name : `${key}/${name}`);
  const keys = isNifti.test(key) || isZip.test(key) ? [key] : ['zarr.json', '.zattrs', '.zmetadata'].map(below);
  const found = await Promise.all(keys.map((each) => store.stat(each, { signal })));
  return found.flatMap((stat) => (stat === undefined ? [] : [stat.version])).join(' ');
}
