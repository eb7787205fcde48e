import type { VoxelArray } from '../kernels/volume.ts';
import { throwIfCancelled } from '../storage/cancel.ts';
import type { ByteRange, ObjectStore } from '../storage/objectStore.ts';
import { byteCache, type ByteCache } from './chunkCache.ts';
import { stridesOf } from './reorder.ts';
import { forEachConcurrent, sharedLoads, type SharedLoads } from './sharedLoads.ts';
import { decodeChunk } from './zarrChunk.ts';
import { badChunk, badMetadata, zarrUri } from './zarrErrors.ts';
import { chunkKey, parseJsonObject, parseV2Array, parseV3Array, type ZarrArrayMetadata } from './zarrMetadata.ts';
import { coalesceSlots, parseShardIndex, shardIndexRange, type ShardIndex, type ShardSlot } from './zarrShards.ts';
import { allocateVoxels, bytesPerVoxel } from './zarrTypes.ts';

/** A decoded chunk (an inner one of a shard, where there are shards), or the index of a shard. */
type Kept = { readonly kind: 'voxels'; readonly data: VoxelArray | 'fill' } | { readonly kind: 'index'; readonly index: ShardIndex | 'absent' };

/** What the arrays of one image share: the cache of decoded chunks, loads under way, and the count of bytes fetched. */
export interface ZarrReader {
  readonly store: ObjectStore;
  readonly cache: ByteCache<Kept>;
  readonly loads: SharedLoads<Kept>;
  readonly shardLoads: SharedLoads<ReadonlyMap<number, VoxelArray>>;
  /** Objects fetched and decoded at once by one read. */
  readonly concurrency: number;
  bytesRead: number;
}

/** A cache of decoded chunks that several images can share, if their keys are told apart. */
export type ChunkCache = ByteCache<Kept>;

/** Default bound of the cache of decoded chunks of an image. */
export const defaultCacheBytes = 128 * 1024 * 1024;

/** Bytes of voxels that may be on their way at once, so that large chunks do not add up to much memory. */
const inFlightBytes = 128 * 1024 * 1024;

/** How many objects of an array are fetched at once: at least two, so that fetching and decoding overlap. */
function objectsAtOnce(array: ZarrArray): number {
  const { metadata, reader } = array;
  const bytes = metadata.chunkShape.reduce((product, size) => product * size, bytesPerVoxel[metadata.voxelType]);
  return Math.max(2, Math.min(reader.concurrency, Math.floor(inFlightBytes / bytes)));
}

/** Makes what arrays are read through. */
export function zarrReader(store: ObjectStore, cacheBytes = defaultCacheBytes, cache: ChunkCache = byteCache(cacheBytes)): ZarrReader {
  return { store, cache, loads: sharedLoads(), shardLoads: sharedLoads(), concurrency: 16, bytesRead: 0 };
}

/** A zarr array opened for reading, with its axes in the array's own order. */
export interface ZarrArray {
  readonly reader: ZarrReader;
  /** Key of the array in the store. */
  readonly key: string;
  readonly uri: string;
  readonly metadata: ZarrArrayMetadata;
}

/** Opens an array of the given format. Throws `bad-zarr` when its metadata are missing or not supported. */
export async function openZarrArray(reader: ZarrReader, key: string, zarrFormat: 2 | 3, signal?: AbortSignal): Promise<ZarrArray> {
  const uri = zarrUri(reader.store.uri, key);
  const document = `${key === '' ? '' : `${key}/`}${zarrFormat === 2 ? '.zarray' : 'zarr.json'}`;
  const bytes = await fetchBytes(reader, document, undefined, signal);
  if (!bytes) {
    throw badMetadata(uri, `the array is missing: there is no ${zarrUri(reader.store.uri, document)}.`, 'The image names an array that it does not have: copy it again from the original, whole.');
  }
  const raw = parseJsonObject(bytes, zarrUri(reader.store.uri, document));
  return { reader, key, uri, metadata: zarrFormat === 2 ? parseV2Array(raw, uri) : parseV3Array(raw, uri) };
}

/** Reads from the store and counts the bytes. */
export async function fetchBytes(reader: ZarrReader, key: string, range: ByteRange | undefined, signal?: AbortSignal): Promise<Uint8Array | undefined> {
  const bytes = await reader.store.read(key, { ...(range ? { range } : {}), ...(signal ? { signal } : {}) });
  reader.bytesRead += bytes?.length ?? 0;
  return bytes;
}

/** A chunk that a read needs. */
export interface NeededChunk {
  /** Indices in the grid of chunks. */
  readonly index: readonly number[];
}

/**
 * Calls `use` with each of the chunks, in whatever order they arrive: voxels in the array's C order, or `fill` for a
 * chunk that is not stored. Fetches several at once, joins neighbouring inner chunks of a shard into one request, and
 * stops soon after the signal is aborted. A denied object rejects with `access-denied`, a damaged one with `bad-zarr`.
 */
export async function forEachChunk<C extends NeededChunk>(array: ZarrArray, chunks: readonly C[], use: (chunk: C, data: VoxelArray | 'fill') => void, signal?: AbortSignal): Promise<void> {
  if (!array.metadata.sharding) {
    await forEachConcurrent(chunks, objectsAtOnce(array), async (chunk) => {
      throwIfCancelled(signal, array.uri);
      use(chunk, await plainChunk(array, chunk.index, signal));
    });
    return;
  }
  const { objectShape, chunkShape } = array.metadata;
  const perShard = objectShape.map((size, axis) => size / chunkShape[axis]);
  const strides = stridesOf(perShard);
  const shards = new Map<string, { readonly key: string; readonly wanted: Map<number, C> }>();
  for (const chunk of chunks) {
    const shardIndex = chunk.index.map((at, axis) => Math.floor(at / perShard[axis]));
    const key = chunkKey(array.metadata.keys, shardIndex);
    const shard = shards.get(key) ?? { key, wanted: new Map<number, C>() };
    shards.set(key, shard);
    shard.wanted.set(chunk.index.reduce((sum, at, axis) => sum + (at % perShard[axis]) * strides[axis], 0), chunk);
  }
  const count = perShard.reduce((product, n) => product * n, 1);
  await forEachConcurrent([...shards.values()], objectsAtOnce(array), (shard) => readShard(array, shard.key, count, shard.wanted, use, signal));
}

/** Bytes that a decoded value occupies in the cache. */
function sizeOf(kept: Kept): number {
  if (kept.kind === 'index') return kept.index === 'absent' ? 64 : 64 + 16 * kept.index.lengths.length;
  return kept.data === 'fill' ? 64 : kept.data.byteLength;
}

async function cached(array: ZarrArray, uri: string, load: (signal: AbortSignal) => Promise<Kept>, signal: AbortSignal | undefined): Promise<Kept> {
  const { cache, loads } = array.reader;
  return cache.get(uri) ?? loads.get(uri, async (loadSignal) => {
    const kept = await load(loadSignal);
    cache.set(uri, kept, sizeOf(kept));
    return kept;
  }, signal);
}

async function plainChunk(array: ZarrArray, index: readonly number[], signal: AbortSignal | undefined): Promise<VoxelArray | 'fill'> {
  const key = chunkKey(array.metadata.keys, index);
  const kept = await cached(array, `${array.uri}/${key}`, async (loadSignal) => {
    const bytes = await fetchBytes(array.reader, objectKey(array, key), undefined, loadSignal);
    return { kind: 'voxels', data: bytes ? await decodeChunk(bytes, array.metadata, array.uri, key) : 'fill' };
  }, signal);
  return kept.kind === 'voxels' ? kept.data : 'fill';
}

function objectKey(array: ZarrArray, key: string): string {
  return array.key === '' ? key : `${array.key}/${key}`;
}

async function shardIndex(array: ZarrArray, key: string, count: number, signal: AbortSignal | undefined): Promise<ShardIndex | 'absent'> {
  const { sharding } = array.metadata;
  if (!sharding) return 'absent';
  const kept = await cached(array, `${array.uri}/${key}#index`, async (loadSignal) => {
    const bytes = await fetchBytes(array.reader, objectKey(array, key), shardIndexRange(sharding, count), loadSignal);
    if (!bytes) return { kind: 'index', index: 'absent' };
    try {
      return { kind: 'index', index: parseShardIndex(bytes, sharding, count) };
    } catch (error) {
      throw badChunk(array.uri, key, `${error instanceof Error ? error.message : String(error)}.`, error);
    }
  }, signal);
  return kept.kind === 'index' ? kept.index : 'absent';
}

const innerName = (key: string, position: number): string => `${key} (inner chunk ${position})`;

async function readShard<C>(array: ZarrArray, key: string, count: number, wanted: ReadonlyMap<number, C>, use: (chunk: C, data: VoxelArray | 'fill') => void, signal: AbortSignal | undefined): Promise<void> {
  throwIfCancelled(signal, array.uri);
  const { reader } = array;
  const index = await shardIndex(array, key, count, signal);
  const missing: ShardSlot[] = [];
  for (const [position, chunk] of wanted) {
    if (index === 'absent' || index.lengths[position] < 0) {
      use(chunk, 'fill');
      continue;
    }
    const kept = reader.cache.get(`${array.uri}/${key}#${position}`);
    if (kept?.kind === 'voxels') use(chunk, kept.data);
    else missing.push({ position, offset: index.offsets[position], length: index.lengths[position] });
  }
  for (const group of coalesceSlots(missing)) {
    throwIfCancelled(signal, array.uri);
    const name = `${array.uri}/${key}#${group.map((slot) => slot.position).join(',')}`;
    const decoded = await reader.shardLoads.get(name, (loadSignal) => loadSlots(array, key, group, loadSignal), signal);
    for (const { position } of group) {
      const chunk = wanted.get(position);
      const data = decoded.get(position);
      if (chunk !== undefined && data !== undefined) use(chunk, data);
    }
  }
}

/** Fetches neighbouring inner chunks of a shard by one request and decodes them. */
async function loadSlots(array: ZarrArray, key: string, slots: readonly ShardSlot[], signal: AbortSignal): Promise<ReadonlyMap<number, VoxelArray>> {
  const start = slots[0].offset;
  const end = Math.max(...slots.map((slot) => slot.offset + slot.length));
  const bytes = await fetchBytes(array.reader, objectKey(array, key), { offset: start, length: end - start }, signal);
  const decoded = new Map<number, VoxelArray>();
  for (const slot of slots) {
    throwIfCancelled(signal, array.uri);
    const part = bytes?.subarray(slot.offset - start, slot.offset - start + slot.length);
    if (part?.length !== slot.length) throw badChunk(array.uri, innerName(key, slot.position), 'the shard is shorter than its index says.');
    const data = await decodeChunk(part, array.metadata, array.uri, innerName(key, slot.position));
    const kept: Kept = { kind: 'voxels', data };
    array.reader.cache.set(`${array.uri}/${key}#${slot.position}`, kept, sizeOf(kept));
    decoded.set(slot.position, data);
  }
  return decoded;
}

/** An array of a box's voxels, all of them the fill value. */
export function filledVoxels(metadata: ZarrArrayMetadata, length: number): VoxelArray {
  const out = allocateVoxels(metadata.voxelType, length);
  return metadata.fillValue === 0 ? out : out.fill(metadata.fillValue);
}
