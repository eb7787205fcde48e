import type { Vec3 } from './geometry.ts';
import { voxelCount, type VoxelArray } from './volume.ts';
import {
  axisBasis, denominatorWeights, emptyLattice, evaluateLattice, expandAxis, gatherAxis, numeratorWeights, refineLattice,
  type AxisBasis, type Lattice,
} from './bsplineFit.ts';
import { sharpenHistogram, type SharpenOptions } from './n4Sharpen.ts';

/** Voxels of zeros added around the image, so that pieces of the spline have the wished length. */
export interface Padding {
  readonly lower: Vec3;
  readonly upper: Vec3;
}

/** Choices of {@link n4BiasField}. */
export interface N4Options extends SharpenOptions {
  /** Pieces of the spline along x, y, z on the first level; they double from level to level. Default one each. */
  readonly mesh?: Vec3;
  /** Most iterations on each level: as many entries as levels. Default 50 on each of four. */
  readonly iterations?: readonly number[];
  /** A level ends when the field's change (coefficient of variation of the ratio of iterates) is not above it. Default 0: never early. */
  readonly convergenceThreshold?: number;
  /** Only every n-th voxel per axis is used. Default 1. */
  readonly shrink?: number;
  readonly padding?: Padding;
  /** Called (and waited for) after each iteration: for progress, and to stop by throwing. */
  readonly onIteration?: (level: number, iteration: number) => void | Promise<void>;
}

/** What {@link n4BiasField} estimated. */
export interface N4Result {
  /** Natural logarithm of the bias at each voxel of the image, x fastest. */
  readonly logBias: Float32Array;
  /** Its control points, over the padded image. */
  readonly lattice: Lattice;
  /** Iterations done on each level. */
  readonly iterations: readonly number[];
}

/**
 * The mesh and padding by which pieces of the spline are `spacing` millimetres long on the first level: ANTs' `-b [spacing, 3]`.
 * The extent of an axis is (n − 1) voxels; padding is split in halves, the lower half rounded down.
 */
export function meshOfSpacing(size: Vec3, voxel: Vec3, spacing: number): { readonly mesh: Vec3; readonly padding: Padding } {
  const axes = ([0, 1, 2] as const).map((axis) => {
    const extent = (size[axis] - 1) * voxel[axis];
    const spans = Math.max(1, Math.ceil(extent / spacing));
    const extra = Math.max(0, Math.floor((spans * spacing - extent) / voxel[axis] + 0.5));
    const lower = Math.floor(extra / 2);
    return { spans, lower, upper: extra - lower };
  });
  const triple = (key: 'spans' | 'lower' | 'upper'): Vec3 => [axes[0][key], axes[1][key], axes[2][key]];
  return { mesh: triple('spans'), padding: { lower: triple('lower'), upper: triple('upper') } };
}

/**
 * Size and first voxel of an image of which every `factor`-th voxel is taken, with the centres of both grids as close as whole voxels allow:
 * ITK's ShrinkImageFilter.
 */
export function shrunkenAxis(n: number, factor: number): { readonly size: number; readonly first: number } {
  const size = Math.max(1, Math.floor(n / factor));
  return { size, first: Math.max(0, Math.floor((n - 1) / 2 - (factor * (size - 1)) / 2 + 0.5)) };
}

/**
 * Estimates the slowly varying bias of an image by N4 (Tustison et al. 2010): the same numbers as ITK's
 * N4BiasFieldCorrectionImageFilter within rounding. The log bias is a cubic B-spline fitted, iteration by iteration, to the
 * difference between log intensities and their sharpened expectation, on ever finer meshes.
 *
 * With `shrink`, the spline found on the coarse grid is evaluated from the first to the last voxel of the full one, as
 * ITK and ANTs do.
 *
 * @param image intensities, x fastest; voxels of the mask that are not above 0 have log intensity 0, as in ITK
 * @param mask voxels that count are those not 0; undefined: all
 * @returns a field of zeros when fewer than two different intensities lie in the mask
 */
export async function n4BiasField(image: VoxelArray, mask: VoxelArray | undefined, size: Vec3, options: N4Options = {}): Promise<N4Result> {
  const { mesh = [1, 1, 1], iterations = [50, 50, 50, 50], convergenceThreshold = 0, shrink = 1, onIteration } = options;
  const padding = options.padding ?? { lower: [0, 0, 0], upper: [0, 0, 0] };
  if (image.length !== voxelCount(size)) throw new RangeError(`The image has ${image.length} values; its size needs ${voxelCount(size)}.`);
  const padded: Vec3 = [0, 1, 2].map((axis) => size[axis] + padding.lower[axis] + padding.upper[axis]) as unknown as Vec3;
  const points = collectPoints(image, mask, size, padded, padding.lower, shrink);
  const bias = new Float64Array(points.log.length);
  const current = new Float64Array(points.log.length);
  let lattice = emptyLattice(mesh);
  const done: number[] = [];
  for (const [level, most] of iterations.entries()) {
    if (level > 0) lattice = refineLattice(lattice);
    const spline = new SplineFit(points, lattice.size);
    let change = Infinity;
    let iteration = 0;
    while (iteration < most && change > convergenceThreshold) {
      iteration++;
      for (let i = 0; i < current.length; i++) current[i] = points.log[i] - bias[i];
      const sharpened = sharpenHistogram(current, options);
      if (sharpened === undefined) break;
      const increment = spline.fit(current, sharpened);
      for (let i = 0; i < increment.length; i++) lattice.values[i] += increment[i];
      spline.evaluate(increment, current);
      if (convergenceThreshold > 0) change = variationOfRatio(current);
      for (let i = 0; i < bias.length; i++) bias[i] += current[i];
      await onIteration?.(level, iteration);
    }
    done.push(iteration);
  }
  return { logBias: evaluateLattice(lattice, padded, padding.lower, size), lattice, iterations: done };
}

/** The voxels that take part, row by row of the (shrunken, padded) grid. */
interface Points {
  readonly grid: Vec3;
  /** Log intensities. */
  readonly log: Float64Array;
  /** Index along x of each. */
  readonly x: Int32Array;
  /** First point of each row (y + ny·z), and one more: the end of the last. */
  readonly rows: Int32Array;
}

function collectPoints(image: VoxelArray, mask: VoxelArray | undefined, size: Vec3, padded: Vec3, lower: Vec3, shrink: number): Points {
  const axes = padded.map((n, axis) => {
    const { size: count, first } = shrunkenAxis(n, shrink);
    return Array.from({ length: count }, (_, i) => first + i * shrink - lower[axis]);
  });
  const grid: Vec3 = [axes[0].length, axes[1].length, axes[2].length];
  const rows = new Int32Array(grid[1] * grid[2] + 1);
  const log = new Float64Array(voxelCount(grid));
  const at = new Int32Array(log.length);
  let count = 0;
  let row = 0;
  for (const z of axes[2]) {
    for (const y of axes[1]) {
      if (y >= 0 && y < size[1] && z >= 0 && z < size[2]) {
        const start = size[0] * (y + size[1] * z);
        for (let i = 0; i < grid[0]; i++) {
          const x = axes[0][i];
          if (x < 0 || x >= size[0] || (mask !== undefined && mask[start + x] === 0)) continue;
          const value = image[start + x];
          log[count] = value > 0 && value < Infinity ? Math.log(value) : 0;
          at[count++] = i;
        }
      }
      rows[++row] = count;
    }
  }
  return { grid, log: log.slice(0, count), x: at.slice(0, count), rows };
}

/** Least-squares-like approximation of scattered values by one spline (Lee, Wolberg, Shin 1997), for a fixed set of points. */
class SplineFit {
  private readonly points: Points;
  private readonly axes: readonly [AxisBasis, AxisBasis, AxisBasis];
  private readonly numerators: readonly [Float64Array, Float64Array, Float64Array];
  /** 1/denominator of each control point, 0 where no point reaches. Depends on the points' places only. */
  private readonly inverse: Float64Array;
  private readonly alongX: Float64Array;
  private readonly alongXY: Float64Array;
  private readonly values: Float64Array;

  constructor(points: Points, controls: Vec3) {
    this.points = points;
    const [nx, ny, nz] = points.grid;
    const [cx, cy, cz] = controls;
    this.axes = [axisBasis(nx, cx - 3), axisBasis(ny, cy - 3), axisBasis(nz, cz - 3)];
    this.numerators = [numeratorWeights(this.axes[0]), numeratorWeights(this.axes[1]), numeratorWeights(this.axes[2])];
    this.alongX = new Float64Array(cx * ny * nz);
    this.alongXY = new Float64Array(cx * cy * nz);
    this.values = new Float64Array(cx * cy * cz);
    const squares = this.axes.map(denominatorWeights);
    this.sumRows(new Float64Array(points.log.length).fill(1), squares[0]);
    gatherAxis(this.alongX, cx, nz, this.axes[1], squares[1], this.alongXY);
    gatherAxis(this.alongXY, cx * cy, 1, this.axes[2], squares[2], this.values);
    this.inverse = this.values.map((value) => (value > 1e-12 ? 1 / value : 0));
  }

  /** Sums a value of each point into the control points along x, row by row. */
  private sumRows(values: Float64Array, weights: Float64Array): void {
    const { rows, x } = this.points;
    const { first } = this.axes[0];
    const cx = this.axes[0].spans + 3;
    const out = this.alongX;
    out.fill(0);
    for (let row = 0; row < rows.length - 1; row++) {
      // Neighbours mostly reach the same four control points: they are summed up before memory is touched.
      let p = rows[row];
      while (p < rows[row + 1]) {
        const piece = first[x[p]];
        let a = 0, b = 0, c = 0, d = 0;
        for (; p < rows[row + 1] && first[x[p]] === piece; p++) {
          const w = 4 * x[p];
          const value = values[p];
          a += weights[w] * value;
          b += weights[w + 1] * value;
          c += weights[w + 2] * value;
          d += weights[w + 3] * value;
        }
        const to = row * cx + piece;
        out[to] += a;
        out[to + 1] += b;
        out[to + 2] += c;
        out[to + 3] += d;
      }
    }
  }

  /** Control points fitted to current − E[current], which replaces `current`. The result is overwritten by the next call. */
  fit(current: Float64Array, { lo, step, expected }: { readonly lo: number; readonly step: number; readonly expected: Float64Array }): Float64Array {
    const [cx, cy] = [this.axes[0].spans + 3, this.axes[1].spans + 3];
    const last = expected.length - 1;
    const scale = 1 / step;
    for (let p = 0; p < current.length; p++) {
      const value = current[p];
      const position = (value - lo) * scale;
      const bin = position | 0;
      current[p] = value - (bin < last ? expected[bin] + (expected[bin + 1] - expected[bin]) * (position - bin) : expected[last]);
    }
    this.sumRows(current, this.numerators[0]);
    gatherAxis(this.alongX, cx, this.points.grid[2], this.axes[1], this.numerators[1], this.alongXY);
    gatherAxis(this.alongXY, cx * cy, 1, this.axes[2], this.numerators[2], this.values);
    for (let i = 0; i < this.values.length; i++) this.values[i] *= this.inverse[i];
    return this.values;
  }

  /** The spline's value at each point. */
  evaluate(controls: Float64Array, out: Float64Array): void {
    const { rows, x } = this.points;
    const [cx, cy] = [this.axes[0].spans + 3, this.axes[1].spans + 3];
    expandAxis(controls, cx * cy, 1, this.axes[2], this.alongXY);
    expandAxis(this.alongXY, cx, this.points.grid[2], this.axes[1], this.alongX);
    const { first, weights } = this.axes[0];
    const values = this.alongX;
    for (let row = 0; row < rows.length - 1; row++) {
      for (let p = rows[row]; p < rows[row + 1]; p++) {
        const i = x[p];
        const c = row * cx + first[i];
        const w = 4 * i;
        out[p] = weights[w] * values[c] + weights[w + 1] * values[c + 1] + weights[w + 2] * values[c + 2] + weights[w + 3] * values[c + 3];
      }
    }
  }
}

/** Standard deviation over mean of exp(−change of the log field): ITK's measure of convergence. */
function variationOfRatio(change: Float64Array): number {
  let mean = 0;
  let squares = 0;
  for (let i = 0; i < change.length; i++) {
    const ratio = Math.exp(-change[i]);
    const distance = ratio - mean;
    mean += distance / (i + 1);
    squares += distance * (ratio - mean);
  }
  return Math.sqrt(squares / (change.length - 1)) / mean;
}
