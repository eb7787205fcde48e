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

/** Opens what is at a place by its name: a NIfTI file, else an OME-Zarr store. `name` tells it from whatever was opened before. */
export async function openSource({ store, key, where }: Place, name: string, caches: SourceCaches, signal: AbortSignal): Promise<ViewSource> {
  if (isNifti.test(key)) return openNiftiSource({ store, key, where }, name, caches.pixels, signal);
  return openOmeZarrSource(isRemote(store.uri) ? new RememberedReads(store, caches.parts, name) : store, key, caches.chunks, signal);
}

/** Changes when an image is written anew; empty when there is none. Chunks that are replaced one by one are not noticed. */
export async function versionOf({ store, key }: Place, signal: AbortSignal): Promise<string> {
  const below = (name: string): string => (key === '' ? name : `${key}/${name}`);
  const keys = isNifti.test(key) || isZip.test(key) ? [key] : ['zarr.json', '.zattrs', '.zmetadata'].map(below);
  const found = await Promise.all(keys.map((each) => store.stat(each, { signal })));
  return found.flatMap((stat) => (stat === undefined ? [] : [stat.version])).join(' ');
}
