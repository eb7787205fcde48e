import { byteCache } from '../image/chunkCache.ts';
import { writeNifti } from '../image/nifti.ts';
import { sharedLoads } from '../image/sharedLoads.ts';
import type { ChunkCache } from '../image/zarrArray.ts';
import { voxelCount } from '../kernels/volume.ts';
import { reportError, SpimquantError, type ErrorCode } from '../protocol/errors.ts';
import { pieceBytes, pieceSpan, planeAxes, type ImageRef, type Piece, type PieceAddress, type PieceValues, type ViewedImage, type ViewedRegion } from '../protocol/imageView.ts';
import type { Requests } from '../protocol/rpc.ts';
import type { Place } from '../storage/place.ts';
import { isRemote } from '../storage/uri.ts';
import { readSmallFile } from '../storage/smallFile.ts';
import { readLabelTable } from '../templates/labels.ts';
import { describeSource, orientationFor } from './describe.ts';
import { levelWithin, readHistogram } from './intensities.ts';
import { openSource, opensByMetadata, versionOf, type SourceCaches } from './openSource.ts';
import { readOverlay } from './overlay.ts';
import { PlaneReader, type KeyedSource } from './planeReader.ts';
import { previewLevel } from './preview.ts';
import type { Said, ViewSource } from './viewer.types.ts';

/** Requests that the viewer answers by itself. */
export type ViewerRequest = 'image.prepare' | 'image.open' | 'image.piece' | 'image.voxel' | 'image.histogram' | 'image.volume';

/** What datasets say of the images of a request. */
export interface ViewerContext {
  readonly said: Said;
  /** Of the image that a piece lies over. */
  readonly saidOver: Said;
  /** The same was asked a moment ago: whether the image has been written anew meanwhile is not looked up again. */
  readonly again?: boolean;
}

export interface ViewerOptions {
  /** Where an image or a file is. */
  readonly placeOf: (ref: ImageRef) => Place;
  /** An image or file could not be read: what was opened for it may be at fault. */
  readonly onFailure: (ref: ImageRef) => void;
  /** Tells apart those who ask with other rights: what was read for one must not serve another. Left out: all are equal. */
  readonly asker?: () => string;
  /** Bytes of slabs and volumes that are kept. */
  readonly pixelBytes?: number;
}

/**
 * Memory for what is kept, in bytes: planes ready to be cut, chunks that the pieces of two planes share, and parts of
 * buckets as they came. Together with what is on its way it stays below a gibibyte, whatever the size of the images.
 */
const keptBytes = { pixels: 416 * 1024 * 1024, chunks: 32 * 1024 * 1024, parts: 96 * 1024 * 1024 } as const;
/** Errors that tell nothing about how the image was reached. */
const harmless: ReadonlySet<ErrorCode> = new Set(['cancelled', 'not-found', 'bad-option', 'bad-zarr', 'bad-nifti', 'bad-template']);
/** Images whose metadata are kept. */
const openAtMost = 48;
/** Bytes of the table of an atlas. */
const tableBytes = 16 * 1024 * 1024;
/** Voxels of a volume that is sent whole. */
const mostVolumeVoxels = 2.4e7;

interface Caches extends SourceCaches {
  readonly planes: PlaneReader;
}

interface Opened extends KeyedSource {
  readonly version: string;
}

/** Looks into images for all windows. Answers carry their bytes in buffers of their own. */
export class ViewerService {
  readonly #options: ViewerOptions;
  readonly #opened = new Map<string, Opened>();
  readonly #loads = sharedLoads<Opened>();
  #caches: Caches;
  #count = 0;

  constructor(options: ViewerOptions) {
    this.#options = options;
    this.#caches = this.#emptyCaches();
  }

  /** Forgets all voxels: nobody has looked for a while. */
  rest(): void {
    this.#caches = this.#emptyCaches();
    this.#opened.clear();
  }

  /** Answers a request. Rejects with errors for the user, and with `cancelled` soon after the signal is aborted. */
  async answer<N extends ViewerRequest>(name: N, params: Requests[N]['params'], context: ViewerContext, signal: AbortSignal): Promise<Requests[N]['result']> {
    const answers: { readonly [K in ViewerRequest]: (params: Requests[K]['params']) => Promise<Requests[K]['result']> } = {
      'image.prepare': (asked) => this.#prepare(asked, signal),
      'image.open': (asked) => this.#open(asked, context, signal),
      'image.piece': (asked) => this.#piece(asked, context, signal),
      'image.voxel': (asked) => this.#voxel(asked, signal),
      'image.histogram': (asked) => this.#histogram(asked, signal),
      'image.volume': (asked) => this.#volume(asked, context, signal),
    };
    try {
      return await answers[name](params);
    } catch (error) {
      if (!harmless.has(reportError(error).code)) this.#forget(params.image);
      throw error;
    }
  }

  /** Credentials and endpoints may be mended meanwhile: next time all is opened anew. */
  #forget(ref: ImageRef): void {
    this.#opened.delete(this.#keyOf(ref));
    this.#options.onFailure(ref);
  }

  #keyOf({ uri, storage }: ImageRef): string {
    return JSON.stringify([this.#options.asker?.() ?? '', uri, storage]);
  }

  #emptyCaches(): Caches {
    const pixels = byteCache<unknown>(this.#options.pixelBytes ?? keptBytes.pixels);
    return { pixels, chunks: byteCache<unknown>(keptBytes.chunks) as ChunkCache, parts: byteCache(keptBytes.parts), planes: new PlaneReader(pixels) };
  }

  /** The source of an image, opened if it is not yet. */
  async #source(ref: ImageRef, signal: AbortSignal): Promise<Opened> {
    const key = this.#keyOf(ref);
    const known = this.#opened.get(key);
    if (known !== undefined) {
      this.#opened.delete(key);
      this.#opened.set(key, known);
      return known;
    }
    return this.#loads.get(key, async (own) => {
      const place = this.#options.placeOf(ref);
      const version = versionOf(place, own);
      // Both at once.
      version.catch(() => undefined);
      const name = `${key} ${this.#count++}`;
      const source = await openSource(place, name, this.#caches, own);
      const opened: Opened = { source, key: name, version: await version };
      this.#opened.delete(key);
      this.#opened.set(key, opened);
      for (const oldest of this.#opened.keys()) {
        if (this.#opened.size <= openAtMost) break;
        this.#opened.delete(oldest);
      }
      return opened;
    }, signal);
  }

  /** Reads the metadata of an image that is likely to be opened next. */
  async #prepare({ image: ref }: Requests['image.prepare']['params'], signal: AbortSignal): Promise<Requests['image.prepare']['result']> {
    if (opensByMetadata(ref.uri)) await this.#source(ref, signal);
    return {};
  }

  async #open(params: Requests['image.open']['params'], context: ViewerContext, signal: AbortSignal): Promise<Requests['image.open']['result']> {
    const { image: { storage }, table } = params;
    const [picture, regions] = await Promise.all([
      this.#currentPicture(params, context, signal),
      table === undefined ? undefined : readRegions(this.#options.placeOf({ uri: table, storage }), signal),
    ]);
    return { ...picture, ...(regions === undefined ? {} : { regions }) };
  }

  /** The first picture of an image as it is now. Of one that was opened before, the picture is read while it is looked up whether it is still the same. */
  async #currentPicture(params: Requests['image.open']['params'], { said, again }: ViewerContext, signal: AbortSignal): Promise<Requests['image.open']['result']> {
    const { image: ref } = params;
    const key = this.#keyOf(ref);
    const known = this.#opened.get(key);
    const opened = await this.#source(ref, signal);
    if (opened !== known || again === true) return this.#picture(opened, params, said, signal);
    const replaced = new AbortController();
    const picture = this.#picture(known, params, said, AbortSignal.any([signal, replaced.signal]));
    picture.catch(() => undefined);
    if (await versionOf(this.#options.placeOf(ref), signal) === known.version) return picture;
    replaced.abort();
    if (this.#opened.get(key) === known) this.#opened.delete(key);
    return this.#picture(await this.#source(ref, signal), params, said, signal);
  }

  async #picture(opened: Opened, { pixels, channels }: Requests['image.open']['params'], said: Said, signal: AbortSignal): Promise<Requests['image.open']['result']> {
    const image = describeSource(opened.source, said);
    const shown = Array.from({ length: Math.min(channels, image.channels.length) }, (_, i) => i);
    const level = previewLevel(image.levels, pieceBytes(image.pieceType), shown.length, pixels, isRemote(image.uri) ? 'remote' : 'local');
    const addresses = level === undefined ? [] : middlePieces(image, level);
    const parts = await Promise.all(addresses.map(async (address) => {
      const values = await this.#values(opened, image, address, shown, signal);
      return { piece: { ...address, channels: shown, ...sizeOf(image, address) } satisfies Piece, values };
    }));
    return { image, pieces: parts.map(({ piece }) => piece), bytes: joined(parts.flatMap(({ values }) => values)) };
  }

  async #piece({ image: ref, piece, channels, over, smooth }: Requests['image.piece']['params'], { said, saidOver }: ViewerContext, signal: AbortSignal): Promise<Requests['image.piece']['result']> {
    const [opened, base] = await Promise.all([this.#source(ref, signal), over === undefined ? undefined : this.#source(over, signal)]);
    const image = describeSource(opened.source, said);
    const grid = base === undefined ? image : describeSource(base.source, saidOver);
    checkPiece(grid, piece);
    checkChannels(image, channels);
    const size = sizeOf(grid, piece);
    if (base === undefined) return { type: image.pieceType, ...size, bytes: joined(await this.#values(opened, image, piece, channels, signal)) };
    const [x, y] = spansOf(grid, piece);
    const values = await Promise.all(channels.map((channel) => readOverlay(
      this.#caches.planes, { keyed: opened, orientation: orientationFor(opened.source, said), channel, smooth: smooth === true },
      { affine: base.source.affine(piece.level, orientationFor(base.source, saidOver)), axis: piece.axis, index: piece.index, start: [x.start, y.start], size: [x.count, y.count] }, signal,
    )));
    return { type: image.pieceType, ...size, bytes: joined(values) };
  }

  #values(opened: Opened, image: ViewedImage, piece: PieceAddress, channels: readonly number[], signal: AbortSignal): Promise<readonly PieceValues[]> {
    const [x, y] = spansOf(image, piece);
    return Promise.all(channels.map((channel) => this.#caches.planes.read(opened, {
      level: piece.level, channel, axis: piece.axis, index: piece.index, slab: piece.slab, start: [x.start, y.start], size: [x.count, y.count],
    }, signal)));
  }

  async #voxel({ image: ref, voxel, channels }: Requests['image.voxel']['params'], signal: AbortSignal): Promise<Requests['image.voxel']['result']> {
    const { source } = await this.#source(ref, signal);
    const { size } = source.levels[0];
    if (voxel.some((at, axis) => at >= size[axis])) throw new SpimquantError('bad-option', `There is no voxel ${voxel.join(', ')} in ${source.uri}: it has ${size.join(' × ')}.`);
    checkChannels(source, channels);
    return { values: await Promise.all(channels.map(async (channel) => (await source.read(0, channel, { start: voxel, size: [1, 1, 1] }, signal))[0])) };
  }

  async #histogram({ image: ref, channel }: Requests['image.histogram']['params'], signal: AbortSignal): Promise<Requests['image.histogram']['result']> {
    const { source } = await this.#source(ref, signal);
    checkChannels(source, [channel]);
    return readHistogram(source, channel, signal);
  }

  async #volume({ image: ref, channels, voxels }: Requests['image.volume']['params'], { said }: ViewerContext, signal: AbortSignal): Promise<Requests['image.volume']['result']> {
    const { source } = await this.#source(ref, signal);
    checkChannels(source, channels);
    const level = levelWithin(source, Math.min(voxels, mostVolumeVoxels));
    const { size } = source.levels[level];
    if (voxelCount(size) > mostVolumeVoxels) {
      throw new SpimquantError('bad-option', `The coarsest level of ${source.uri} has ${Math.round(voxelCount(size) / 1e6)} million voxels, too many for a rendering.`, { where: source.uri, hint: 'A deeper pyramid would make it possible.' });
    }
    const affine = source.affine(level, orientationFor(source, said));
    const files: Uint8Array[] = [];
    for (const channel of channels) {
      const data = await source.read(level, channel, { start: [0, 0, 0], size }, signal);
      files.push(writeNifti({ data: data instanceof Float64Array ? Float32Array.from(data) : data, size, affine }, { gzip: false }));
    }
    return { level, lengths: files.map(({ length }) => length), bytes: joined(files) };
  }
}

async function readRegions(table: Place, signal: AbortSignal): Promise<readonly ViewedRegion[]> {
  const regions = readLabelTable((await readSmallFile(table, tableBytes, signal)).bytes, table.where);
  return regions.map(({ index, name, color }) => ({ index, name, ...(color === undefined ? {} : { color }) }));
}

function spansOf(image: ViewedImage, { level, axis, x, y }: PieceAddress): readonly [{ readonly start: number; readonly count: number }, { readonly start: number; readonly count: number }] {
  const [lower, higher] = planeAxes(axis);
  return [pieceSpan(image.levels[level], lower, x), pieceSpan(image.levels[level], higher, y)];
}

function sizeOf(image: ViewedImage, address: PieceAddress): { readonly width: number; readonly height: number } {
  const [x, y] = spansOf(image, address);
  return { width: x.count, height: y.count };
}

/** All pieces of the three planes through the middle of a level. */
function middlePieces(image: ViewedImage, level: number): readonly PieceAddress[] {
  const { size, piece } = image.levels[level];
  return image.planes.flatMap(({ through: axis }) => {
    const [lower, higher] = planeAxes(axis);
    const pieces: PieceAddress[] = [];
    for (let y = 0; y * piece[higher] < size[higher]; y++) {
      for (let x = 0; x * piece[lower] < size[lower]; x++) pieces.push({ level, axis, index: Math.floor((size[axis] - 1) / 2), x, y, slab: 1 });
    }
    return pieces;
  });
}

function checkPiece(image: ViewedImage, piece: PieceAddress): void {
  const level = image.levels.at(piece.level);
  const spans = level === undefined ? [] : planeAxes(piece.axis).map((axis, i) => pieceSpan(level, axis, i === 0 ? piece.x : piece.y).count);
  if (level === undefined || piece.index >= level.size[piece.axis] || spans.some((count) => count === 0)) {
    throw new SpimquantError('bad-option', `There is no piece ${JSON.stringify(piece)} in ${image.uri}.`, { where: image.uri, hint: 'The image may have been replaced by a smaller one: open it again.' });
  }
}

function checkChannels({ uri, channels: { length } }: Pick<ViewSource, 'uri' | 'channels'> | ViewedImage, channels: readonly number[]): void {
  const wrong = channels.find((channel) => channel >= length);
  if (wrong !== undefined) throw new SpimquantError('bad-option', `There is no channel ${wrong} in ${uri}: it has ${length}.`, { where: uri });
}

/** Bytes of arrays, one after another, in a buffer of their own. */
function joined(parts: readonly (PieceValues | Uint8Array)[]): Uint8Array {
  const bytes = new Uint8Array(parts.reduce((sum, { byteLength }) => sum + byteLength, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(new Uint8Array(part.buffer, part.byteOffset, part.byteLength), at);
    at += part.byteLength;
  }
  return bytes;
}
