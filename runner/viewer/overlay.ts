import { invertAffine, multiplyAffines, voxelSize, type Affine, type Vec3 } from '../kernels/geometry.ts';
import { planeAxes, type PieceValues, type VoxelAxis } from '../protocol/imageView.ts';
import { SpimquantError } from '../protocol/errors.ts';
import { allocatePiece, pieceTypeOf } from './cuts.ts';
import type { KeyedSource, PlaneReader } from './planeReader.ts';

/** Where a piece of a plane lies, in the body. */
export interface PieceGrid {
  /** Voxel indices of the level that is shown, to RAS millimetres. */
  readonly affine: Affine;
  readonly axis: VoxelAxis;
  readonly index: number;
  readonly start: readonly [number, number];
  readonly size: readonly [number, number];
}

/** What lies over an image: a channel of another one, oriented as its dataset says. */
export interface Overlay {
  readonly keyed: KeyedSource;
  readonly orientation: string;
  readonly channel: number;
  /** Interpolate in the plane; otherwise the nearest voxel is taken, as labels need it. */
  readonly smooth: boolean;
}

/** Edges between pixels that a turned image may be off by, in voxels, before it is looked up voxel by voxel. */
const straight = 0.02;

/**
 * The coarsest level of an overlay that still shows as much as the picture does: its voxels are at most a little larger
 * than the pixels. A picture of a whole brain needs no voxel of the finest level.
 */
export function overlayLevel(voxelSizes: readonly Vec3[], pixel: number): number {
  let level = 0;
  while (level + 1 < voxelSizes.length && Math.max(...voxelSizes[level + 1]) <= pixel * 1.25) level++;
  return level;
}

/** The overlay's values at the pixels of a piece; 0 outside of it. */
export async function readOverlay(reader: PlaneReader, { keyed, orientation, channel, smooth }: Overlay, grid: PieceGrid, signal: AbortSignal): Promise<PieceValues> {
  const { source } = keyed;
  const [lower, higher] = planeAxes(grid.axis);
  const pixel = Math.min(voxelSize(grid.affine)[lower], voxelSize(grid.affine)[higher]);
  const level = overlayLevel(source.levels.map((_, i) => voxelSize(source.affine(i, orientation))), pixel);
  const map = multiplyAffines(invertAffine(source.affine(level, orientation)), grid.affine);
  const out = allocatePiece(pieceTypeOf(source.voxelType), grid.size[0] * grid.size[1]);
  const axes = straightAxes(map, grid);
  if (axes === undefined) await readTurned(keyed, level, channel, map, grid, out, signal);
  else await readStraight(reader, keyed, level, channel, map, grid, axes, smooth, out, signal);
  return out;
}

interface StraightAxes {
  /** Axes of the overlay along which the piece's lower and higher axes run, and the one they leave out. */
  readonly lower: VoxelAxis;
  readonly higher: VoxelAxis;
  readonly through: VoxelAxis;
}

/** Which axes of the overlay the piece's own run along; undefined when they run along none. */
function straightAxes(map: Affine, { axis, size }: PieceGrid): StraightAxes | undefined {
  const [lower, higher] = planeAxes(axis);
  const along = (column: VoxelAxis, length: number): VoxelAxis | undefined => {
    const moves = ([0, 1, 2] as const).filter((row) => Math.abs(map[row * 4 + column]) * length > straight);
    return moves.length === 1 ? moves[0] : undefined;
  };
  const [a, b] = [along(lower, size[0]), along(higher, size[1])];
  if (a === undefined || b === undefined || a === b) return undefined;
  return { lower: a, higher: b, through: (3 - a - b) as VoxelAxis };
}

async function readStraight(
  reader: PlaneReader, keyed: KeyedSource, level: number, channel: number, map: Affine, grid: PieceGrid, axes: StraightAxes, smooth: boolean, out: PieceValues, signal: AbortSignal,
): Promise<void> {
  const { size } = keyed.source.levels[level];
  const [lower, higher] = planeAxes(grid.axis);
  const position = (row: VoxelAxis, u: number, v: number): number => {
    const voxel = [0, 0, 0];
    [voxel[grid.axis], voxel[lower], voxel[higher]] = [grid.index, grid.start[0] + u, grid.start[1] + v];
    return map[row * 4] * voxel[0] + map[row * 4 + 1] * voxel[1] + map[row * 4 + 2] * voxel[2] + map[row * 4 + 3];
  };
  const index = Math.round(position(axes.through, 0, 0));
  if (index < 0 || index >= size[axes.through]) return;
  const us = Float64Array.from({ length: grid.size[0] }, (_, u) => position(axes.lower, u, 0));
  const vs = Float64Array.from({ length: grid.size[1] }, (_, v) => position(axes.higher, 0, v));
  const [uRange, vRange] = [inside(us, size[axes.lower]), inside(vs, size[axes.higher])];
  if (uRange === undefined || vRange === undefined) return;
  // The reader's rectangles have the lower axis of the overlay first, whichever of the picture's runs along it.
  const swapped = axes.lower > axes.higher;
  const [first, second] = swapped ? [vRange, uRange] : [uRange, vRange];
  const plane = await reader.read(keyed, {
    level, channel, axis: axes.through, index, slab: 1, start: [first.from, second.from], size: [first.to - first.from + 1, second.to - second.from + 1],
  }, signal);
  const width = first.to - first.from + 1;
  const [uStep, vStep] = swapped ? [width, 1] : [1, width];
  for (let v = 0, to = 0; v < grid.size[1]; v++) {
    for (let u = 0; u < grid.size[0]; u++, to++) {
      if (!isInside(us[u], size[axes.lower]) || !isInside(vs[v], size[axes.higher])) continue;
      out[to] = smooth
        ? interpolated(plane, uStep, vStep, us[u], vs[v], uRange, vRange)
        : plane[uStep * (clamp(Math.round(us[u]), uRange) - uRange.from) + vStep * (clamp(Math.round(vs[v]), vRange) - vRange.from)];
    }
  }
}

interface Range {
  readonly from: number;
  readonly to: number;
}

/** A voxel reaches half of its edge to both sides. */
function isInside(position: number, size: number): boolean {
  return position >= -0.5 && position < size - 0.5;
}

/** The voxels that positions fall into, with one neighbour to either side; undefined when all are outside. */
function inside(positions: Float64Array, size: number): Range | undefined {
  let [low, high] = [Infinity, -Infinity];
  for (const position of positions) {
    if (!isInside(position, size)) continue;
    low = Math.min(low, position);
    high = Math.max(high, position);
  }
  return low > high ? undefined : { from: Math.max(0, Math.floor(low)), to: Math.min(size - 1, Math.ceil(high)) };
}

function clamp(value: number, { from, to }: Range): number {
  return value < from ? from : value > to ? to : value;
}

function interpolated(plane: PieceValues, uStep: number, vStep: number, u: number, v: number, uRange: Range, vRange: Range): number {
  const [u0, v0] = [Math.floor(u), Math.floor(v)];
  const [fu, fv] = [u - u0, v - v0];
  const at = (x: number, y: number): number => plane[uStep * (clamp(x, uRange) - uRange.from) + vStep * (clamp(y, vRange) - vRange.from)];
  return (at(u0, v0) * (1 - fu) + at(u0 + 1, v0) * fu) * (1 - fv) + (at(u0, v0 + 1) * (1 - fu) + at(u0 + 1, v0 + 1) * fu) * fv;
}

/** Voxels that are read for one piece of a turned overlay at most: the box around it may be most of the image. */
const turnedVoxels = 64e6;

/** Pixel by pixel, out of the box around the piece. */
async function readTurned({ source }: KeyedSource, level: number, channel: number, map: Affine, grid: PieceGrid, out: PieceValues, signal: AbortSignal): Promise<void> {
  const { uri } = source;
  const { size } = source.levels[level];
  const [lower, higher] = planeAxes(grid.axis);
  const at = (row: number, u: number, v: number): number => {
    const base = map[row * 4 + grid.axis] * grid.index + map[row * 4 + 3];
    return base + map[row * 4 + lower] * (grid.start[0] + u) + map[row * 4 + higher] * (grid.start[1] + v);
  };
  const corners = [[0, 0], [grid.size[0] - 1, 0], [0, grid.size[1] - 1], [grid.size[0] - 1, grid.size[1] - 1]] as const;
  const ranges = [0, 1, 2].map((row) => {
    const ends = corners.map(([u, v]) => at(row, u, v));
    return { from: Math.max(0, Math.floor(Math.min(...ends))), to: Math.min(size[row] - 1, Math.ceil(Math.max(...ends))) };
  });
  const counts = ranges.map(({ from, to }) => to - from + 1);
  if (counts.some((n) => n <= 0)) return;
  if (counts[0] * counts[1] * counts[2] > turnedVoxels) {
    throw new SpimquantError('bad-option', `${uri} lies turned against the image, and too much of it would have to be read for this part.`, { where: uri, hint: 'Zoom in, or resample it onto the grid of the image.' });
  }
  const box = await source.read(level, channel, { start: [ranges[0].from, ranges[1].from, ranges[2].from], size: [counts[0], counts[1], counts[2]] }, signal);
  for (let v = 0, to = 0; v < grid.size[1]; v++) {
    for (let u = 0; u < grid.size[0]; u++, to++) {
      const [x, y, z] = [Math.round(at(0, u, v)), Math.round(at(1, u, v)), Math.round(at(2, u, v))];
      if (x < 0 || y < 0 || z < 0 || x >= size[0] || y >= size[1] || z >= size[2]) continue;
      out[to] = box[x - ranges[0].from + counts[0] * (y - ranges[1].from + counts[1] * (z - ranges[2].from))];
    }
  }
}
