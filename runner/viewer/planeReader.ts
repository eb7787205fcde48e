import type { ByteCache } from '../image/chunkCache.ts';
import { sharedLoads } from '../image/sharedLoads.ts';
import type { Vec3 } from '../kernels/geometry.ts';
import { voxelCount, type VoxelArray } from '../kernels/volume.ts';
import { planeAxes, slabSpan, type PieceValues, type VoxelAxis } from '../protocol/imageView.ts';
import { throwIfCancelled } from '../storage/cancel.ts';
import { Semaphore } from '../storage/semaphore.ts';
import { allocatePiece, cutPlane, pieceEdge, pieceTypeOf, slabDepth } from './cuts.ts';
import type { ViewSource } from './viewer.types.ts';

/** Slabs that are read and decoded at once: enough to keep a bucket's connections busy, and few enough for the memory. */
const slabsAtOnce = 6;

/** A rectangle of a plane: the plane cuts `axis`, at `index`; start and size are along the lower and the higher of the others. */
export interface PlaneRect {
  readonly level: number;
  readonly channel: number;
  readonly axis: VoxelAxis;
  readonly index: number;
  /** Voxels whose maximum is taken; 1: the plane itself. */
  readonly slab: number;
  readonly start: readonly [number, number];
  readonly size: readonly [number, number];
}

/** A source, and what tells it from others in the cache. */
export interface KeyedSource {
  readonly source: ViewSource;
  readonly key: string;
}

/**
 * Cuts planes out of images. What is decoded for one plane holds its neighbours too: they are kept as slabs of pieces, so
 * that scrolling decodes nothing again as long as there is room. Whoever wants the same slab at the same time shares one
 * read, which is aborted when all have left.
 */
export class PlaneReader {
  readonly #cache: ByteCache<unknown>;
  readonly #loads = sharedLoads<VoxelArray>();
  readonly #turns = new Semaphore(slabsAtOnce);

  constructor(cache: ByteCache<unknown>) {
    this.#cache = cache;
  }

  /** The values of a rectangle, rows of the lower axis one after another. It must lie inside the level. */
  async read(keyed: KeyedSource, rect: PlaneRect, signal: AbortSignal): Promise<PieceValues> {
    const { source } = keyed;
    const out = allocatePiece(pieceTypeOf(source.voxelType), rect.size[0] * rect.size[1]);
    const level = source.levels[rect.level];
    const [lower, higher] = planeAxes(rect.axis);
    const [across, down] = [pieceEdge(level.chunk[lower]), pieceEdge(level.chunk[higher])];
    const parts: Promise<void>[] = [];
    for (let y = Math.floor(rect.start[1] / down); y * down < rect.start[1] + rect.size[1]; y++) {
      for (let x = Math.floor(rect.start[0] / across); x * across < rect.start[0] + rect.size[0]; x++) {
        parts.push(this.#part(keyed, rect, [x * across, y * down], [Math.min(across, level.size[lower] - x * across), Math.min(down, level.size[higher] - y * down)], out, signal));
      }
    }
    await Promise.all(parts);
    return out;
  }

  /** Copies what of a piece lies in the rectangle to its place. */
  async #part(keyed: KeyedSource, rect: PlaneRect, at: readonly [number, number], size: readonly [number, number], out: PieceValues, signal: AbortSignal): Promise<void> {
    const whole = at.every((start, i) => start === rect.start[i] && size[i] === rect.size[i]);
    const plane = whole ? out : allocatePiece(pieceTypeOf(keyed.source.voxelType), size[0] * size[1]);
    await this.#plane(keyed, rect, at, size, plane, signal);
    if (whole) return;
    const [left, top] = [Math.max(at[0], rect.start[0]), Math.max(at[1], rect.start[1])];
    const [right, bottom] = [Math.min(at[0] + size[0], rect.start[0] + rect.size[0]), Math.min(at[1] + size[1], rect.start[1] + rect.size[1])];
    for (let y = top; y < bottom; y++) {
      const from = (y - at[1]) * size[0] + left - at[0];
      out.set(plane.subarray(from, from + right - left), (y - rect.start[1]) * rect.size[0] + left - rect.start[0]);
    }
  }

  /** One piece of a plane, or the maximum over the planes around it. */
  async #plane(keyed: KeyedSource, rect: PlaneRect, at: readonly [number, number], size: readonly [number, number], out: PieceValues, signal: AbortSignal): Promise<void> {
    const { source } = keyed;
    const { size: levelSize, chunk } = source.levels[rect.level];
    const span = slabSpan(levelSize[rect.axis], rect.index, rect.slab);
    const depth = source.inMemory ? span.count : slabDepth(chunk[rect.axis], size[0] * size[1] * out.BYTES_PER_ELEMENT);
    let first = true;
    for (let start = source.inMemory ? span.start : Math.floor(span.start / depth) * depth; start < span.start + span.count; start += depth) {
      throwIfCancelled(signal, source.uri);
      const count = Math.min(depth, levelSize[rect.axis] - start);
      const box = boxOf(rect.axis, start, count, at, size);
      const block = await this.#slab(keyed, rect, box, signal);
      for (let index = Math.max(start, span.start); index < Math.min(start + count, span.start + span.count); index++) {
        cutPlane(block, box.size, rect.axis, index - start, out, 0, !first);
        first = false;
      }
    }
  }

  async #slab(keyed: KeyedSource, { level, channel }: PlaneRect, box: { readonly start: Vec3; readonly size: Vec3 }, signal: AbortSignal): Promise<VoxelArray> {
    const { source } = keyed;
    if (source.inMemory) return source.read(level, channel, box, signal);
    const key = JSON.stringify(['slab', keyed.key, level, channel, box.start, box.size]);
    const kept = this.#cache.get(key) as VoxelArray | undefined;
    return kept ?? this.#loads.get(key, (own) => this.#turns.use(async () => {
      const block = await source.read(level, channel, box, own);
      this.#cache.set(key, block, voxelCount(box.size) * block.BYTES_PER_ELEMENT);
      return block;
    }, own, source.uri), signal);
  }
}

function boxOf(axis: VoxelAxis, start: number, count: number, at: readonly [number, number], size: readonly [number, number]): { readonly start: Vec3; readonly size: Vec3 } {
  const [lower, higher] = planeAxes(axis);
  const begin: [number, number, number] = [0, 0, 0];
  const extent: [number, number, number] = [0, 0, 0];
  [begin[axis], extent[axis]] = [start, count];
  [begin[lower], extent[lower]] = [at[0], size[0]];
  [begin[higher], extent[higher]] = [at[1], size[1]];
  return { start: begin, size: extent };
}
