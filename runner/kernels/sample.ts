import { invertAffine, multiplyAffines } from './geometry.ts';
import { forEachMappedRow, pointMapper, type Grid, type TransformStep } from './transform.ts';
import { voxelCount, type Volume, type VoxelArray } from './volume.ts';

/** Choices of the resampling functions. */
export interface ResampleOptions {
  /** Value where the source image has none. Default 0. */
  readonly outside?: number;
  /** Called after each plane of the result, e.g. to report progress or to stop by throwing. */
  readonly afterPlane?: (plane: number) => void;
}

/**
 * How far beyond a half a coordinate must be to count as beyond it: voxel coordinates go through inverted matrices, whose
 * rounding must not decide ties.
 */
const tieTolerance = 1e-6;

/** Index of the voxel nearest to a voxel coordinate; halfway between two voxels, the lower one. */
export function nearestIndex(coordinate: number): number {
  return Math.ceil(coordinate - 0.5 - tieTolerance);
}

/**
 * Trilinear value at voxel coordinates (u, v, w). An image reaches half a voxel beyond its outermost voxel centres, as in
 * ITK: in that margin the nearest voxels count; beyond it the result is `outside`.
 */
export function sampleLinear(source: Volume, u: number, v: number, w: number, outside = 0): number {
  const [nx, ny, nz] = source.size;
  if (!(u >= -0.5 && u <= nx - 0.5 && v >= -0.5 && v <= ny - 0.5 && w >= -0.5 && w <= nz - 0.5)) return outside;
  const { data } = source;
  u = Math.min(Math.max(u, 0), nx - 1);
  v = Math.min(Math.max(v, 0), ny - 1);
  w = Math.min(Math.max(w, 0), nz - 1);
  const iu = Math.floor(u), iv = Math.floor(v), iw = Math.floor(w);
  const fu = u - iu, fv = v - iv, fw = w - iw;
  const o = iu + nx * (iv + ny * iw);
  const du = iu < nx - 1 ? 1 : 0, dv = iv < ny - 1 ? nx : 0, dw = iw < nz - 1 ? nx * ny : 0;
  const v00 = data[o] + (data[o + du] - data[o]) * fu;
  const v10 = data[o + dv] + (data[o + dv + du] - data[o + dv]) * fu;
  const v01 = data[o + dw] + (data[o + dw + du] - data[o + dw]) * fu;
  const v11 = data[o + dv + dw] + (data[o + dv + dw + du] - data[o + dv + dw]) * fu;
  const w0 = v00 + (v10 - v00) * fv;
  const w1 = v01 + (v11 - v01) * fv;
  return w0 + (w1 - w0) * fw;
}

/** Value of the voxel nearest to voxel coordinates; see {@link nearestIndex} and, for the border, {@link sampleLinear}. */
export function sampleNearest(source: Volume, u: number, v: number, w: number, outside = 0): number {
  const [nx, ny, nz] = source.size;
  if (!(u >= -0.5 && u <= nx - 0.5 && v >= -0.5 && v <= ny - 0.5 && w >= -0.5 && w <= nz - 0.5)) return outside;
  const i = Math.max(0, nearestIndex(u)), j = Math.max(0, nearestIndex(v)), k = Math.max(0, nearestIndex(w));
  return source.data[i + nx * (j + ny * k)];
}

/**
 * The source image on another grid by trilinear interpolation. `steps` map RAS points of the grid to RAS points of the
 * source (first step first); without any, both are in the same space.
 */
export function resampleLinear(source: Volume, grid: Grid, steps: readonly TransformStep[] = [], options: ResampleOptions = {}): Volume<Float32Array> {
  const data = new Float32Array(voxelCount(grid.size));
  const outside = options.outside ?? 0;
  forEachSourceRow(source, grid, steps, options, (u, v, w, first) => {
    for (let i = 0; i < grid.size[0]; i++) data[first + i] = sampleLinear(source, u[i], v[i], w[i], outside);
  });
  return { data, size: grid.size, affine: grid.affine };
}

/** As {@link resampleLinear}, taking the nearest voxel and keeping the type of the values: for labels and masks. */
export function resampleNearest<A extends VoxelArray>(source: Volume<A>, grid: Grid, steps: readonly TransformStep[] = [], options: ResampleOptions = {}): Volume<A> {
  const data = emptyLike(source.data, voxelCount(grid.size));
  const outside = options.outside ?? 0;
  forEachSourceRow(source, grid, steps, options, (u, v, w, first) => {
    for (let i = 0; i < grid.size[0]; i++) data[first + i] = sampleNearest(source, u[i], v[i], w[i], outside);
  });
  return { data, size: grid.size, affine: grid.affine };
}

function forEachSourceRow(
  source: Grid,
  grid: Grid,
  steps: readonly TransformStep[],
  options: ResampleOptions,
  visit: (u: Float64Array, v: Float64Array, w: Float64Array, first: number) => void,
): void {
  const toVoxel = invertAffine(source.affine);
  const last = steps.at(-1);
  const chain: TransformStep[] = last?.kind === 'affine'
    ? [...steps.slice(0, -1), { kind: 'affine', matrix: multiplyAffines(toVoxel, last.matrix) }]
    : [...steps, { kind: 'affine', matrix: toVoxel }];
  forEachMappedRow(grid, pointMapper(chain), visit, options.afterPlane);
}

/** A new array of the same type. */
export function emptyLike<A extends VoxelArray>(array: A, length: number): A {
  const Type = array.constructor as new (length: number) => A;
  return new Type(length);
}
