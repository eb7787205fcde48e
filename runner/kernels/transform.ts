import { invertAffine, type Affine, type Vec3 } from './geometry.ts';
import { voxelCount } from './volume.ts';

/** Where the voxels of an image are, without its values. */
export interface Grid {
  /** Number of voxels along x, y, z. */
  readonly size: Vec3;
  /** Voxel indices to RAS millimetres. */
  readonly affine: Affine;
}

/**
 * A displacement for every voxel of a grid: the point p goes to p + D(p). Vectors are RAS millimetres (files hold LPS:
 * see {@link swapLpsRas}). `data` holds the x components of all voxels, then the y, then the z components, each in the
 * order of a volume; that is also the order of a 5-D NIfTI file.
 */
export interface DisplacementField extends Grid {
  readonly data: Float32Array;
}

/**
 * One step of a mapping of RAS points. A field has no values outside its grid (which reaches half a voxel beyond the
 * outermost voxel centres): there it moves nothing (`zero`) or as much as at the nearest point of the grid (`edge`).
 */
export type TransformStep =
  | { readonly kind: 'affine'; readonly matrix: Affine }
  | { readonly kind: 'field'; readonly field: DisplacementField; readonly outside: 'zero' | 'edge' };

/** Maps the first n of the points (x, y, z), given as three arrays, in place. */
export type PointMapper = (x: Float64Array, y: Float64Array, z: Float64Array, n: number) => void;

/** A mapper for a chain of steps, the first step first. Consecutive affines should be multiplied by the caller. */
export function pointMapper(steps: readonly TransformStep[]): PointMapper {
  const mappers = steps.map((step) => (step.kind === 'affine' ? affineMapper(step.matrix) : fieldMapper(step.field, step.outside)));
  return (x, y, z, n) => {
    for (const mapper of mappers) mapper(x, y, z, n);
  };
}

function affineMapper(m: Affine): PointMapper {
  const [a, b, c, d, e, f, g, h, i, j, k, l] = m;
  return (x, y, z, n) => {
    for (let p = 0; p < n; p++) {
      const px = x[p], py = y[p], pz = z[p];
      x[p] = a * px + b * py + c * pz + d;
      y[p] = e * px + f * py + g * pz + h;
      z[p] = i * px + j * py + k * pz + l;
    }
  };
}

function fieldMapper(field: DisplacementField, outside: 'zero' | 'edge'): PointMapper {
  const m = invertAffine(field.affine);
  const [nx, ny, nz] = field.size;
  const { data } = field;
  const count = voxelCount(field.size);
  const lastX = nx - 1, lastY = ny - 1, lastZ = nz - 1;
  const keep = outside === 'zero';
  return (x, y, z, n) => {
    for (let p = 0; p < n; p++) {
      const px = x[p], py = y[p], pz = z[p];
      let u = m[0] * px + m[1] * py + m[2] * pz + m[3];
      let v = m[4] * px + m[5] * py + m[6] * pz + m[7];
      let w = m[8] * px + m[9] * py + m[10] * pz + m[11];
      if (keep && !(u >= -0.5 && u <= nx - 0.5 && v >= -0.5 && v <= ny - 0.5 && w >= -0.5 && w <= nz - 0.5)) continue;
      if (u < 0) u = 0; else if (u > lastX) u = lastX;
      if (v < 0) v = 0; else if (v > lastY) v = lastY;
      if (w < 0) w = 0; else if (w > lastZ) w = lastZ;
      const iu = Math.floor(u), iv = Math.floor(v), iw = Math.floor(w);
      const fu = u - iu, fv = v - iv, fw = w - iw;
      const base = iu + nx * (iv + ny * iw);
      const du = iu < lastX ? 1 : 0, dv = iv < lastY ? nx : 0, dw = iw < lastZ ? nx * ny : 0;
      const w00 = (1 - fv) * (1 - fw), w10 = fv * (1 - fw), w01 = (1 - fv) * fw, w11 = fv * fw;
      for (let component = 0; component < 3; component++) {
        const o = base + component * count;
        const lower = data[o] * w00 + data[o + dv] * w10 + data[o + dw] * w01 + data[o + dv + dw] * w11;
        const upper = data[o + du] * w00 + data[o + du + dv] * w10 + data[o + du + dw] * w01 + data[o + du + dv + dw] * w11;
        const shift = lower + (upper - lower) * fu;
        if (component === 0) x[p] = px + shift;
        else if (component === 1) y[p] = py + shift;
        else z[p] = pz + shift;
      }
    }
  };
}

/** Calls `visit` for every row (y, z) of a grid with the mapped RAS points of its voxels and the index of its first voxel. */
export function forEachMappedRow(
  grid: Grid,
  mapper: PointMapper,
  visit: (x: Float64Array, y: Float64Array, z: Float64Array, firstVoxel: number) => void,
  afterPlane?: (plane: number) => void,
): void {
  const [nx, ny, nz] = grid.size;
  const m = grid.affine;
  const x = new Float64Array(nx), y = new Float64Array(nx), z = new Float64Array(nx);
  for (let k = 0; k < nz; k++) {
    for (let j = 0; j < ny; j++) {
      for (let i = 0; i < nx; i++) {
        x[i] = m[0] * i + m[1] * j + m[2] * k + m[3];
        y[i] = m[4] * i + m[5] * j + m[6] * k + m[7];
        z[i] = m[8] * i + m[9] * j + m[10] * k + m[11];
      }
      mapper(x, y, z, nx);
      visit(x, y, z, nx * (j + ny * k));
    }
    afterPlane?.(k);
  }
}

/** The RAS point in the middle of a grid. */
export function gridCentre(grid: Grid): Vec3 {
  const [i, j, k] = grid.size.map((n) => (n - 1) / 2);
  const m = grid.affine;
  return [
    m[0] * i + m[1] * j + m[2] * k + m[3],
    m[4] * i + m[5] * j + m[6] * k + m[7],
    m[8] * i + m[9] * j + m[10] * k + m[11],
  ];
}
