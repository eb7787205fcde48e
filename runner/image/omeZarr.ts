import { SpimquantError } from '../protocol/errors.ts';
import type { Vec3 } from '../kernels/geometry.ts';
import type { VoxelArray } from '../kernels/volume.ts';
import { childStore } from '../storage/wrappers.ts';
import type { ObjectStore } from '../storage/objectStore.ts';
import { levelView } from './levels.ts';
import { parseMultiscale, type Multiscale } from './multiscales.ts';
import type { Box, ImageChannel, ImageInfo, ImageLevel, LevelView, OmeZarrImage, OrientationCode } from './omeZarr.types.ts';
import { storedOrientation } from './orientation.ts';
import { readBox } from './readBox.ts';
import { fetchBytes, openZarrArray, zarrReader, type ChunkCache, type ZarrArray, type ZarrReader } from './zarrArray.ts';
import { badMetadata, zarrUri } from './zarrErrors.ts';
import { isRecord, parseJsonObject } from './zarrMetadata.ts';
import { openZipStore } from './zipStore.ts';

export interface OpenOmeZarrOptions {
  readonly signal?: AbortSignal;
  /** Bound of the cache of decoded chunks, in bytes. Default 128 MiB. */
  readonly cacheBytes?: number;
  /** Used instead of a cache of its own. */
  readonly cache?: ChunkCache;
}

interface GroupMetadata {
  readonly zarrFormat: 2 | 3;
  readonly attributes: Readonly<Record<string, unknown>>;
}

/** Reads the attributes of the group at `folder`; undefined when there is no group of either format. */
async function readGroup(reader: ZarrReader, folder: string, signal?: AbortSignal): Promise<GroupMetadata | undefined> {
  const below = (name: string): string => (folder === '' ? name : `${folder}/${name}`);
  const [v3, v2] = await Promise.all([
    fetchBytes(reader, below('zarr.json'), undefined, signal),
    fetchBytes(reader, below('.zattrs'), undefined, signal),
  ]);
  if (v3) {
    const attributes = parseJsonObject(v3, zarrUri(reader.store.uri, below('zarr.json')))['attributes'];
    // A folder converted in place may still have the documents of the other format; the one with an image counts.
    if (!v2 || (isRecord(attributes) && ('ome' in attributes || 'multiscales' in attributes))) {
      return { zarrFormat: 3, attributes: isRecord(attributes) ? attributes : {} };
    }
  }
  if (v2) return { zarrFormat: 2, attributes: parseJsonObject(v2, zarrUri(reader.store.uri, below('.zattrs'))) };
  const consolidated = await fetchBytes(reader, below('.zmetadata'), undefined, signal);
  if (!consolidated) return undefined;
  const documents = parseJsonObject(consolidated, zarrUri(reader.store.uri, below('.zmetadata')))['metadata'];
  const attributes = isRecord(documents) ? documents['.zattrs'] : undefined;
  return isRecord(attributes) ? { zarrFormat: 2, attributes } : undefined;
}

async function hasObjects(store: ObjectStore, signal?: AbortSignal): Promise<boolean> {
  const first = await store.list('', { signal })[Symbol.asyncIterator]().next();
  return first.done !== true;
}

interface ImageGroup extends GroupMetadata {
  /** Folder of the group in the reader's store. */
  readonly folder: string;
}

/** The group with the image: at the root, or, as bioformats2raw lays it out, the first of its series. */
async function findImageGroup(reader: ZarrReader, signal?: AbortSignal): Promise<ImageGroup> {
  const { uri } = reader.store;
  const group = await readGroup(reader, '', signal);
  if (!group) {
    if (await hasObjects(reader.store, signal)) {
      throw badMetadata(uri, 'this is no OME-Zarr image: it has neither zarr.json nor .zattrs.', 'Give the path of the OME-Zarr group itself, and check that its metadata files were copied along (their names may begin with a dot).');
    }
    throw new SpimquantError('not-found', `There is no image at ${uri}`, { where: uri, hint: 'Check the path.' });
  }
  const ome = isRecord(group.attributes['ome']) ? group.attributes['ome'] : group.attributes;
  if (!('multiscales' in ome) && 'bioformats2raw.layout' in ome) {
    const series = await readGroup(reader, '0', signal);
    if (series) return { ...series, folder: '0' };
  }
  return { ...group, folder: '' };
}

function spatial(values: readonly number[], axes: Multiscale['axes']): Vec3 {
  return [values[axes.x], values[axes.y], values[axes.z]];
}

async function openLevels(reader: ZarrReader, group: ImageGroup, multiscale: Multiscale, signal?: AbortSignal): Promise<readonly ZarrArray[]> {
  const arrays = await Promise.all(multiscale.datasets.map(({ path }) => {
    const key = [group.folder, path].filter((part) => part !== '').join('/');
    return openZarrArray(reader, key, group.zarrFormat, signal);
  }));
  for (const array of arrays) {
    const { shape } = array.metadata;
    if (shape.length !== multiscale.rank) throw badMetadata(array.uri, `it has ${shape.length} axes, but the image names ${multiscale.rank}.`);
    if (shape.some((size) => size === 0)) throw badMetadata(array.uri, `its shape is ${shape.join(', ')}: it is empty.`);
  }
  return arrays;
}

function channelsOf(multiscale: Multiscale, count: number): readonly ImageChannel[] {
  return Array.from({ length: count }, (_, i) => ({ ...multiscale.channels[i], label: multiscale.channels[i]?.label ?? `channel${i}` }));
}

/**
 * Opens an OME-Zarr 0.4 or 0.5 image (zarr v2 or v3) in a store: a folder, or a zipped store when the key ends in `.zip`
 * or `.ozx`. Costs a few small requests, and one per level. Rejects with `not-found` when nothing is there, `bad-zarr`
 * when it is no image that can be read, and `access-denied` when it may not be read.
 */
export async function openOmeZarr(store: ObjectStore, key: string, options: OpenOmeZarrOptions = {}): Promise<OmeZarrImage> {
  const { signal } = options;
  const folder = key.replace(/\/+$/, '');
  const root = /\.(zip|ozx)$/i.test(folder) ? await openZipStore(store, folder, { signal }) : childStore(store, folder);
  const reader = zarrReader(root, options.cacheBytes, options.cache);
  const group = await findImageGroup(reader, signal);
  const uri = zarrUri(root.uri, group.folder);
  const multiscale = parseMultiscale(group.attributes, uri);
  const arrays = await openLevels(reader, group, multiscale, signal);
  const { axes } = multiscale;
  const levels = arrays.map((array, i): ImageLevel => ({
    ...multiscale.datasets[i],
    size: spatial(array.metadata.shape, axes),
    chunk: spatial(array.metadata.chunkShape, axes),
  }));
  const shape = arrays[0].metadata.shape;
  const ome = isRecord(group.attributes['ome']) ? group.attributes['ome'] : {};
  const orientation = storedOrientation({ ...ome, ...group.attributes }, uri);
  const info: ImageInfo = {
    uri: zarrUri(store.uri, folder),
    ngffVersion: multiscale.ngffVersion,
    zarrFormat: group.zarrFormat,
    voxelType: arrays[0].metadata.voxelType,
    channels: channelsOf(multiscale, axes.c === undefined ? 1 : shape[axes.c]),
    timepoints: axes.t === undefined ? 1 : shape[axes.t],
    levels,
    ...(orientation ? { storedOrientation: orientation } : {}),
    unit: multiscale.unit,
  };
  return makeImage(info, reader, arrays, axes);
}

function makeImage(info: ImageInfo, reader: ZarrReader, arrays: readonly ZarrArray[], axes: Multiscale['axes']): OmeZarrImage {
  return {
    info,
    level: (level: number, orientation: OrientationCode = 'RAS') => levelView(info.levels, level, orientation),
    channelIndex: (label: string) => channelIndex(info, label),
    bytesRead: () => reader.bytesRead,
    read: async (view: LevelView, channel: number, box: Box, signal?: AbortSignal): Promise<VoxelArray> => {
      checkBox(info, view, channel, box);
      const array = arrays[view.storedLevel];
      const fixed = array.metadata.shape.map((_, axis) => (axis === axes.c ? channel : 0));
      return readBox(array, { ...axes, fixed }, box.start, box.size, view.step, signal);
    },
  };
}

function channelIndex(info: ImageInfo, label: string): number {
  const index = info.channels.findIndex((channel) => channel.label === label);
  if (index >= 0) return index;
  throw new SpimquantError('bad-option', `The image ${info.uri} has no channel "${label}".`, {
    where: info.uri,
    hint: `Its channels are ${info.channels.map((channel) => channel.label).join(', ')}.`,
  });
}

/** A wrong box is a defect of the caller, not of the image. */
function checkBox(info: ImageInfo, view: LevelView, channel: number, box: Box): void {
  const inside = box.start.every((start, axis) => Number.isInteger(start) && Number.isInteger(box.size[axis]) && start >= 0 && box.size[axis] >= 0 && start + box.size[axis] <= view.size[axis]);
  if (!inside) throw new RangeError(`The box ${box.start.join(',')} + ${box.size.join(',')} is not inside the ${view.size.join('x')} voxels of level ${view.level} of ${info.uri}.`);
  if (!Number.isInteger(channel) || channel < 0 || channel >= info.channels.length) throw new RangeError(`There is no channel ${channel} in ${info.uri}.`);
}
