import { invertAffine } from './geometry.ts';
import { forEachMappedRow, pointMapper, type DisplacementField, type Grid, type TransformStep } from './transform.ts';
import { voxelCount } from './volume.ts';

/** A field that moves nothing. */
export function zeroField(grid: Grid): DisplacementField {
  return { data: new Float32Array(3 * voxelCount(grid.size)), size: grid.size, affine: grid.affine };
}

/**
 * The same vectors in the other convention: ITK's files hold LPS components, the fields here RAS. Both x and y change
 * sign; the grid's affine is RAS in either case.
 */
export function swapLpsRas(field: DisplacementField): DisplacementField {
  const data = field.data.slice();
  const signed = 2 * voxelCount(field.size);
  for (let i = 0; i < signed; i++) data[i] = 0 - data[i];
  return { ...field, data };
}

/** A chain of steps (first step first) as one field on a grid: D(p) = last(…first(p)) − p. */
export function composeField(grid: Grid, steps: readonly TransformStep[], afterPlane?: (plane: number) => void): DisplacementField {
  const out = zeroField(grid);
  const count = voxelCount(grid.size);
  const m = grid.affine;
  const [nx, ny] = grid.size;
  forEachMappedRow(grid, pointMapper(steps), (x, y, z, first) => {
    const j = (first / nx) % ny, k = Math.floor(first / (nx * ny));
    for (let i = 0; i < nx; i++) {
      out.data[first + i] = x[i] - (m[0] * i + m[1] * j + m[2] * k + m[3]);
      out.data[first + i + count] = y[i] - (m[4] * i + m[5] * j + m[6] * k + m[7]);
      out.data[first + i + 2 * count] = z[i] - (m[8] * i + m[9] * j + m[10] * k + m[11]);
    }
  }, afterPlane);
  return out;
}

/**
 * Points mapped by a field: p' = p + D(p), trilinear at the voxel coordinates of p; points outside the field's grid stay
 * where they are (pipeline-spec §3.4.5).
 *
 * @param points x, y, z of the first point, then of the second, and so on; RAS mm
 */
export function mapPoints(points: Float64Array, field: DisplacementField): Float64Array {
  const n = points.length / 3;
  if (!Number.isInteger(n)) throw new RangeError(`${points.length} coordinates are not a whole number of points.`);
  const axes = [new Float64Array(n), new Float64Array(n), new Float64Array(n)];
  for (let i = 0; i < points.length; i++) axes[i % 3][(i - (i % 3)) / 3] = points[i];
  pointMapper([{ kind: 'field', field, outside: 'zero' }])(axes[0], axes[1], axes[2], n);
  const out = new Float64Array(points.length);
  for (let i = 0; i < points.length; i++) out[i] = axes[i % 3][(i - (i % 3)) / 3];
  return out;
}

/** The inverse of a field and how well it inverts. */
export interface Inverse {
  readonly field: DisplacementField;
  /** |p + V(p) + U(p + V(p)) − p| over the grid, in voxels of the grid. */
  readonly meanResidual: number;
  readonly maxResidual: number;
  readonly iterations: number;
}

/** Choices of {@link invertField}. */
export interface InvertOptions {
  /** Default 60. */
  readonly iterations?: number;
  /** Stops when no voxel's residual is larger, in voxels. Default 0.001. */
  readonly tolerance?: number;
  readonly afterIteration?: (iteration: number) => void;
}

/**
 * The inverse of a field on its own grid by fixed-point iteration, V ← −U(p + V(p)), damped to half steps where a voxel's
 * residual grows (Chen et al., Med Phys 35:81, 2008, for the undamped form). Outside its grid U continues as at the edge.
 */
export function invertField(field: DisplacementField, options: InvertOptions = {}): Inverse {
  const iterations = options.iterations ?? 60;
  const tolerance = options.tolerance ?? 1e-3;
  const out = zeroField(field);
  const count = voxelCount(field.size);
  const m = field.affine;
  const toVoxel = invertAffine(m);
  const [nx, ny, nz] = field.size;
  const mapper = pointMapper([{ kind: 'field', field, outside: 'edge' }]);
  const residuals = new Float32Array(count).fill(Infinity);
  const damping = new Float32Array(count).fill(1);
  const x = new Float64Array(nx), y = new Float64Array(nx), z = new Float64Array(nx);
  const V = out.data;
  let mean = Infinity, max = Infinity, done = 0;
  for (let iteration = 0; ; iteration++) {
    let sum = 0;
    max = 0;
    const update = iteration < iterations;
    for (let k = 0; k < nz; k++) {
      for (let j = 0; j < ny; j++) {
        const first = nx * (j + ny * k);
        for (let i = 0; i < nx; i++) {
          x[i] = m[0] * i + m[1] * j + m[2] * k + m[3] + V[first + i];
          y[i] = m[4] * i + m[5] * j + m[6] * k + m[7] + V[first + i + count];
          z[i] = m[8] * i + m[9] * j + m[10] * k + m[11] + V[first + i + 2 * count];
        }
        mapper(x, y, z, nx);
        for (let i = 0; i < nx; i++) {
          const p = first + i;
          const rx = x[i] - (m[0] * i + m[1] * j + m[2] * k + m[3]);
          const ry = y[i] - (m[4] * i + m[5] * j + m[6] * k + m[7]);
          const rz = z[i] - (m[8] * i + m[9] * j + m[10] * k + m[11]);
          const residual = Math.hypot(
            toVoxel[0] * rx + toVoxel[1] * ry + toVoxel[2] * rz,
            toVoxel[4] * rx + toVoxel[5] * ry + toVoxel[6] * rz,
            toVoxel[8] * rx + toVoxel[9] * ry + toVoxel[10] * rz,
          );
          sum += residual;
          if (residual > max) max = residual;
          if (!update || residual <= tolerance / 10) continue;
          if (residual > residuals[p]) damping[p] = Math.max(0.1, damping[p] / 2);
          residuals[p] = residual;
          V[p] -= damping[p] * rx;
          V[p + count] -= damping[p] * ry;
          V[p + 2 * count] -= damping[p] * rz;
        }
      }
    }
    mean = sum / count;
    done = iteration;
    // The residual was measured before the update, so the last round only measures.
    if (!update || max <= tolerance) break;
    options.afterIteration?.(iteration);
  }
  return { field: out, meanResidual: mean, maxResidual: max, iterations: done };
}

/** Determinants of the Jacobian of p + D(p): volume change, 1 where nothing changes, ≤ 0 where space folds. */
export interface JacobianSummary {
  readonly min: number;
  readonly max: number;
  /** Number of voxels whose determinant is not positive. */
  readonly folded: number;
}

/** The determinant of every voxel, from central differences (one-sided at the border). */
export function jacobian(field: DisplacementField): Float32Array {
  const { data } = field;
  const [nx, ny, nz] = field.size;
  const count = voxelCount(field.size);
  const m = invertAffine(field.affine);
  const out = new Float32Array(count);
  const g = new Float64Array(9);
  for (let k = 0; k < nz; k++) {
    const z0 = k > 0 ? -nx * ny : 0, z1 = k < nz - 1 ? nx * ny : 0;
    const hz = z0 !== 0 && z1 !== 0 ? 0.5 : 1;
    for (let j = 0; j < ny; j++) {
      const y0 = j > 0 ? -nx : 0, y1 = j < ny - 1 ? nx : 0;
      const hy = y0 !== 0 && y1 !== 0 ? 0.5 : 1;
      for (let i = 0; i < nx; i++) {
        const x0 = i > 0 ? -1 : 0, x1 = i < nx - 1 ? 1 : 0;
        const hx = x0 !== 0 && x1 !== 0 ? 0.5 : 1;
        const p = i + nx * (j + ny * k);
        for (let c = 0; c < 3; c++) {
          const o = p + c * count;
          const gx = (data[o + x1] - data[o + x0]) * hx;
          const gy = (data[o + y1] - data[o + y0]) * hy;
          const gz = (data[o + z1] - data[o + z0]) * hz;
          g[c * 3] = gx * m[0] + gy * m[4] + gz * m[8];
          g[c * 3 + 1] = gx * m[1] + gy * m[5] + gz * m[9];
          g[c * 3 + 2] = gx * m[2] + gy * m[6] + gz * m[10];
          g[c * 3 + c] += 1;
        }
        out[p] = g[0] * (g[4] * g[8] - g[5] * g[7]) - g[1] * (g[3] * g[8] - g[5] * g[6]) + g[2] * (g[3] * g[7] - g[4] * g[6]);
      }
    }
  }
  return out;
}

/** The extremes of {@link jacobian}. */
export function summariseJacobian(field: DisplacementField): JacobianSummary {
  let min = Infinity, max = -Infinity, folded = 0;
  for (const value of jacobian(field)) {
    if (value < min) min = value;
    if (value > max) max = value;
    if (!(value > 0)) folded++;
  }
  return { min, max, folded };
}

/** Lengths of a field's vectors in millimetres (standard deviation of the population). */
export interface MagnitudeSummary {
  readonly mean: number;
  readonly std: number;
  readonly max: number;
}

/** How far a field moves points, over all voxels or those where `mask` is not zero. */
export function summariseMagnitude(field: DisplacementField, mask?: ArrayLike<number>): MagnitudeSummary {
  const count = voxelCount(field.size);
  let n = 0, sum = 0, squares = 0, max = 0;
  for (let p = 0; p < count; p++) {
    if (mask !== undefined && mask[p] === 0) continue;
    const length = Math.hypot(field.data[p], field.data[p + count], field.data[p + 2 * count]);
    n++;
    sum += length;
    squares += length * length;
    if (length > max) max = length;
  }
  if (n === 0) return { mean: 0, std: 0, max: 0 };
  const mean = sum / n;
  return { mean, std: Math.sqrt(Math.max(0, squares / n - mean * mean)), max };
}
