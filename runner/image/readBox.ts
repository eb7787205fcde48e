import type { Vec3 } from '../kernels/geometry.ts';
import { voxelCount } from '../kernels/volume.ts';
import type { VoxelArray } from '../kernels/volume.ts';
import { rowCopier } from './copyRows.ts';
import { stridesOf } from './reorder.ts';
import { filledVoxels, forEachChunk, type NeededChunk, type ZarrArray } from './zarrArray.ts';

/** Which axes of an array are x, y and z, and the fixed index along every other axis (time, channel). */
export interface SpatialAxes {
  readonly x: number;
  readonly y: number;
  readonly z: number;
  /** One entry per axis of the array; those of x, y and z are not looked at. */
  readonly fixed: readonly number[];
}

/** The samples of a box that lie in one chunk, along one axis. */
interface Span {
  readonly chunk: number;
  /** First sample's voxel inside the chunk, first place in the output, and number of samples. */
  readonly from: number;
  readonly to: number;
  readonly count: number;
}

function spansOf(start: number, count: number, step: number, chunkSize: number): Span[] {
  const spans: Span[] = [];
  for (let to = 0; to < count;) {
    const voxel = (start + to) * step;
    const chunk = Math.floor(voxel / chunkSize);
    const inChunk = Math.min(count - to, Math.ceil(((chunk + 1) * chunkSize - voxel) / step));
    spans.push({ chunk, from: voxel - chunk * chunkSize, to, count: inChunk });
    to += inChunk;
  }
  return spans;
}

interface BoxChunk extends NeededChunk {
  readonly x: Span;
  readonly y: Span;
  readonly z: Span;
}

/**
 * Reads every `step`-th voxel of an array, x fastest: `start` and `size` count those samples, x, y, z. The box must lie
 * inside the array.
 */
export async function readBox(array: ZarrArray, axes: SpatialAxes, start: Vec3, size: Vec3, step: Vec3, signal?: AbortSignal): Promise<VoxelArray> {
  const { chunkShape } = array.metadata;
  const out = filledVoxels(array.metadata, voxelCount(size));
  const strides = stridesOf(chunkShape);
  const [sx, sy, sz] = [strides[axes.x] * step[0], strides[axes.y] * step[1], strides[axes.z] * step[2]];
  let fixedOffset = 0;
  const base = chunkShape.map((chunkSize, axis) => {
    if (axis === axes.x || axis === axes.y || axis === axes.z) return 0;
    fixedOffset += (axes.fixed[axis] % chunkSize) * strides[axis];
    return Math.floor(axes.fixed[axis] / chunkSize);
  });
  const chunks: BoxChunk[] = [];
  for (const z of spansOf(start[2], size[2], step[2], chunkShape[axes.z])) {
    for (const y of spansOf(start[1], size[1], step[1], chunkShape[axes.y])) {
      for (const x of spansOf(start[0], size[0], step[0], chunkShape[axes.x])) {
        const index = [...base];
        index[axes.x] = x.chunk;
        index[axes.y] = y.chunk;
        index[axes.z] = z.chunk;
        chunks.push({ index, x, y, z });
      }
    }
  }
  await forEachChunk(array, chunks, ({ x, y, z }, data) => {
    if (data === 'fill') return;
    const first = fixedOffset + x.from * strides[axes.x] + y.from * strides[axes.y] + z.from * strides[axes.z];
    // Whole rows and planes that lie together in both are copied at once.
    const wholeRows = sx === 1 && x.count === size[0] && sy === x.count && y.count > 1;
    const run = wholeRows ? x.count * y.count : x.count;
    const copyRow = rowCopier(data, out);
    for (let k = 0; k < z.count; k++) {
      const plane = first + k * sz;
      const target = x.to + size[0] * (y.to + size[1] * (z.to + k));
      for (let j = 0; j < (wholeRows ? 1 : y.count); j++) copyRow(plane + j * sy, target + j * size[0], run, sx);
    }
  }, signal);
  return out;
}
