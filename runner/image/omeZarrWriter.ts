import type { Vec3 } from '../kernels/geometry.ts';
import { voxelCount } from '../kernels/volume.ts';
import type { VoxelArray } from '../kernels/volume.ts';
import type { JsonObject } from '../protocol/json.ts';
import { throwIfCancelled } from '../storage/cancel.ts';
import type { ObjectStore } from '../storage/objectStore.ts';
import type { Box } from './omeZarr.types.ts';
import {
  arrayDocument, chunkGrid, chunkPath, encodeChunk, groupAttributes, levelSize, stepFactor, type ImageDescription, type ImageLayout,
} from './omeZarrLayout.ts';
import { meanBlocks } from './pyramid.ts';
import { readBox } from './readBox.ts';
import { forEachConcurrent } from './sharedLoads.ts';
import { openZarrArray, zarrReader, type ZarrArray } from './zarrArray.ts';
import { allocateVoxels } from './zarrTypes.ts';

/*
 * An image is written in this order, by one thread or many:
 *   writeArrayMetadata        once
 *   writeBox                  any number, at the same time too, as long as no two share a chunk
 *   buildPyramid              once all of level 0 is there
 *   writeMultiscalesMetadata  last: with it the image is whole
 */

export interface WriteImageOptions {
  readonly signal?: AbortSignal;
}

const below = (key: string, path: string): string => (key === '' ? path : `${key}/${path}`);

const json = (value: JsonObject): string => `${JSON.stringify(value, undefined, 2)}\n`;

/** Writes the metadata of the array of every level. `key` is the image's folder in the store. */
export async function writeArrayMetadata(store: ObjectStore, key: string, layout: ImageLayout, options: WriteImageOptions = {}): Promise<void> {
  for (let level = 0; level <= layout.factors.length; level++) {
    const document = arrayDocument(layout, level);
    await store.write(below(key, document.key), json(document.json), options);
  }
}

/** Writes one chunk from all of its voxels, x fastest. A chunk of zeros is not stored. */
async function writeChunk(store: ObjectStore, key: string, layout: ImageLayout, level: number, channel: number, index: Vec3, data: VoxelArray, options: WriteImageOptions): Promise<void> {
  const bytes = await encodeChunk(layout, data);
  if (bytes) await store.write(below(key, chunkPath(layout, level, channel, index)), bytes, options);
}

/** Copies a box out of a volume of `size` voxels into a chunk of `chunk` voxels, from its first voxel on. */
function cutChunk(data: VoxelArray, size: Vec3, start: Vec3, extent: Vec3, out: VoxelArray, chunk: Vec3): void {
  for (let z = 0; z < extent[2]; z++) {
    for (let y = 0; y < extent[1]; y++) {
      const from = start[0] + size[0] * (start[1] + y + size[1] * (start[2] + z));
      out.set(data.subarray(from, from + extent[0]), chunk[0] * (y + chunk[1] * z));
    }
  }
}

/**
 * Writes a box of one channel and level, x fastest. Along each axis it must begin at a chunk's edge and end at one or at
 * the image's. Different boxes may be written at the same time, by different threads too.
 */
export async function writeBox(store: ObjectStore, key: string, layout: ImageLayout, level: number, channel: number, box: Box, data: VoxelArray, options: WriteImageOptions = {}): Promise<void> {
  const size = levelSize(layout, level);
  const { chunk } = layout;
  const aligned = box.start.every((start, axis) => {
    const end = start + box.size[axis];
    return start >= 0 && start % chunk[axis] === 0 && end <= size[axis] && (end % chunk[axis] === 0 || end === size[axis]);
  });
  if (!aligned || data.length !== voxelCount(box.size)) {
    throw new RangeError(`The box ${box.start.join(',')} + ${box.size.join(',')} does not consist of chunks of ${chunk.join('x')} in ${size.join('x')} voxels.`);
  }
  for (let z = 0; z < box.size[2]; z += chunk[2]) {
    for (let y = 0; y < box.size[1]; y += chunk[1]) {
      for (let x = 0; x < box.size[0]; x += chunk[0]) {
        throwIfCancelled(options.signal, below(key, String(level)));
        const extent: Vec3 = [Math.min(chunk[0], box.size[0] - x), Math.min(chunk[1], box.size[1] - y), Math.min(chunk[2], box.size[2] - z)];
        let voxels = data;
        if (chunk.some((n, axis) => n !== box.size[axis])) {
          voxels = allocateVoxels(layout.voxelType, voxelCount(chunk));
          cutChunk(data, box.size, [x, y, z], extent, voxels, chunk);
        }
        const index: Vec3 = [(box.start[0] + x) / chunk[0], (box.start[1] + y) / chunk[1], (box.start[2] + z) / chunk[2]];
        await writeChunk(store, key, layout, level, channel, index, voxels, options);
      }
    }
  }
}

interface PyramidOptions extends WriteImageOptions {
  /** Called after each chunk with the number of chunks done and in all. */
  readonly progress?: (done: number, all: number) => void;
}

/**
 * Makes the levels from 1 on, each from the one before by means over blocks. Holds a chunk and the tile it is made
 * from at a time, besides 64 MiB of cache, whatever the image's size.
 */
export async function buildPyramid(store: ObjectStore, key: string, layout: ImageLayout, options: PyramidOptions = {}): Promise<void> {
  const grids = layout.factors.map((_, i) => chunkGrid(layout, i + 1));
  const all = grids.reduce((sum, grid) => sum + grid[0] * grid[1] * grid[2] * layout.channels, 0);
  let done = 0;
  for (const [i, grid] of grids.entries()) {
    const source = await openZarrArray(zarrReader(store, 64 * 1024 * 1024), below(key, String(i)), layout.zarrFormat, options.signal);
    const chunks: { readonly channel: number; readonly index: Vec3 }[] = [];
    for (let channel = 0; channel < layout.channels; channel++) {
      for (let z = 0; z < grid[2]; z++) for (let y = 0; y < grid[1]; y++) for (let x = 0; x < grid[0]; x++) chunks.push({ channel, index: [x, y, z] });
    }
    await forEachConcurrent(chunks, 2, async ({ channel, index }) => {
      const voxels = await reduceChunk(source, layout, i + 1, channel, index, options.signal);
      await writeChunk(store, key, layout, i + 1, channel, index, voxels, options);
      options.progress?.(++done, all);
    });
  }
}

/** Makes a chunk of a level from the level before, tile by tile; a tile is about as large as a chunk there. */
async function reduceChunk(source: ZarrArray, layout: ImageLayout, level: number, channel: number, index: Vec3, signal: AbortSignal | undefined): Promise<VoxelArray> {
  const { chunk } = layout;
  const size = levelSize(layout, level);
  const factor = stepFactor(layout, level);
  const axes = { x: 3, y: 2, z: 1, fixed: [channel, 0, 0, 0] };
  const out = allocateVoxels(layout.voxelType, voxelCount(chunk));
  const start: Vec3 = [index[0] * chunk[0], index[1] * chunk[1], index[2] * chunk[2]];
  const extent = start.map((from, axis) => Math.min(chunk[axis], size[axis] - from));
  const tile = chunk.map((n, axis) => Math.max(1, Math.floor(n / factor[axis])));
  for (let z = 0; z < extent[2]; z += tile[2]) {
    for (let y = 0; y < extent[1]; y += tile[1]) {
      for (let x = 0; x < extent[0]; x += tile[0]) {
        throwIfCancelled(signal, source.uri);
        const at = [x, y, z];
        const [fromX, fromY, fromZ] = at.map((offset, axis) => (start[axis] + offset) * factor[axis]);
        const [nx, ny, nz] = at.map((offset, axis) => Math.min(tile[axis], extent[axis] - offset) * factor[axis]);
        const data = await readBox(source, axes, [fromX, fromY, fromZ], [nx, ny, nz], [1, 1, 1], signal);
        meanBlocks(data, [nx, ny, nz], factor, out, chunk, [x, y, z]);
      }
    }
  }
  return out;
}

/**
 * Writes the metadata of the image's group. To be called last: an image without them is not whole and no reader takes it
 * for an image.
 */
export async function writeMultiscalesMetadata(store: ObjectStore, key: string, layout: ImageLayout, description: ImageDescription, options: WriteImageOptions = {}): Promise<void> {
  const attributes = groupAttributes(layout, description);
  if (layout.zarrFormat === 3) {
    await store.write(below(key, 'zarr.json'), json({ zarr_format: 3, node_type: 'group', attributes }), options);
    return;
  }
  await store.write(below(key, '.zgroup'), json({ zarr_format: 2 }), options);
  await store.write(below(key, '.zattrs'), json(attributes), options);
}
