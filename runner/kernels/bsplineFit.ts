import { voxelCount } from './volume.ts';
import type { Vec3 } from './geometry.ts';

/**
 * Uniform cubic B-splines over one axis: n samples spread evenly over `spans` polynomial pieces, the first sample at the start of
 * the first piece, the last at the end of the last. There are spans + 3 control points.
 */
export interface AxisBasis {
  readonly samples: number;
  readonly spans: number;
  /** First of the four control points that reach each sample. */
  readonly first: Int32Array;
  /** Their weights, four per sample. */
  readonly weights: Float64Array;
}

/** ITK moves the last sample inwards by this part of the distance of samples, so that it lies within the last piece. */
const lastSampleShift = 1e-3;

/** The basis of one axis. An axis of a single sample lies at the start of the first piece. */
export function axisBasis(samples: number, spans: number): AxisBasis {
  const first = new Int32Array(samples);
  const weights = new Float64Array(samples * 4);
  for (let i = 0; i < samples; i++) {
    const position = samples > 1 ? (Math.min(i, samples - 1 - lastSampleShift) / (samples - 1)) * spans : 0;
    const piece = Math.floor(position);
    const t = position - piece;
    first[i] = piece;
    weights[4 * i] = (1 - t) ** 3 / 6;
    weights[4 * i + 1] = (3 * t ** 3 - 6 * t * t + 4) / 6;
    weights[4 * i + 2] = (-3 * t ** 3 + 3 * t * t + 3 * t + 1) / 6;
    weights[4 * i + 3] = t ** 3 / 6;
  }
  return { samples, spans, first, weights };
}

/** Weights by which a residual counts in the numerator of a control point: b³/Σb², of one axis (Lee, Wolberg, Shin 1997, equation 5). */
export function numeratorWeights(basis: AxisBasis): Float64Array {
  return basis.weights.map((b, i) => {
    const start = i - (i % 4);
    let squares = 0;
    for (let j = 0; j < 4; j++) squares += basis.weights[start + j] ** 2;
    return b ** 3 / squares;
  });
}

/** Weights of the denominator: b². */
export function denominatorWeights(basis: AxisBasis): Float64Array {
  return basis.weights.map((b) => b * b);
}

/** Control points of three axes, x fastest. */
export interface Lattice {
  readonly size: Vec3;
  readonly values: Float64Array;
}

/** A lattice of zeros for the given pieces per axis. */
export function emptyLattice(spans: Vec3): Lattice {
  const size: Vec3 = [spans[0] + 3, spans[1] + 3, spans[2] + 3];
  return { size, values: new Float64Array(voxelCount(size)) };
}

/**
 * Sums samples into control points along the middle axis of an array of inner·samples·outer values (inner fastest):
 * `out` has inner·(spans + 3)·outer values and is overwritten.
 */
export function gatherAxis(values: Float64Array, inner: number, outer: number, basis: AxisBasis, weights: Float64Array, out: Float64Array): void {
  const controls = basis.spans + 3;
  out.fill(0);
  for (let o = 0; o < outer; o++) {
    for (let i = 0; i < basis.samples; i++) {
      const from = inner * (i + basis.samples * o);
      for (let j = 0; j < 4; j++) {
        const w = weights[4 * i + j];
        const to = inner * (basis.first[i] + j + controls * o);
        for (let k = 0; k < inner; k++) out[to + k] += w * values[from + k];
      }
    }
  }
}

/** The reverse of {@link gatherAxis}: values of the samples from control points. `out` has inner·samples·outer values. */
export function expandAxis(controlValues: Float64Array, inner: number, outer: number, basis: AxisBasis, out: Float64Array): void {
  const controls = basis.spans + 3;
  for (let o = 0; o < outer; o++) {
    for (let i = 0; i < basis.samples; i++) {
      const to = inner * (i + basis.samples * o);
      const from = inner * (basis.first[i] + controls * o);
      const [a, b, c, d] = [basis.weights[4 * i], basis.weights[4 * i + 1], basis.weights[4 * i + 2], basis.weights[4 * i + 3]];
      for (let k = 0; k < inner; k++) {
        out[to + k] = a * controlValues[from + k] + b * controlValues[from + inner + k] + c * controlValues[from + 2 * inner + k] + d * controlValues[from + 3 * inner + k];
      }
    }
  }
}

/** The same spline with every piece halved: spans double on each axis, the surface stays. */
export function refineLattice(lattice: Lattice): Lattice {
  let { size, values } = lattice;
  for (const axis of [0, 1, 2] as const) {
    const controls = size[axis];
    const refined = 2 * (controls - 3) + 3;
    const inner = size.slice(0, axis).reduce((a, b) => a * b, 1);
    const outer = size.slice(axis + 1).reduce((a, b) => a * b, 1);
    const out = new Float64Array(inner * refined * outer);
    for (let o = 0; o < outer; o++) {
      for (let i = 0; i < refined; i++) {
        const to = inner * (i + refined * o);
        // A new control point lies on an old one, or midway between two.
        const at = inner * ((i % 2 === 0 ? i / 2 : (i - 1) / 2) + controls * o);
        for (let k = 0; k < inner; k++) {
          out[to + k] = i % 2 === 0
            ? (values[at + k] + values[at + inner + k]) / 2
            : (values[at + k] + 6 * values[at + inner + k] + values[at + 2 * inner + k]) / 8;
        }
      }
    }
    values = out;
    size = [axis === 0 ? refined : size[0], axis === 1 ? refined : size[1], axis === 2 ? refined : size[2]];
  }
  return { size, values };
}

/**
 * The spline's values on a box of a grid whose first and last voxels lie at the ends of the spline's domain.
 *
 * @param grid size of the whole grid
 * @param start first voxel of the box
 * @param size of the box
 * @returns size[0]·size[1]·size[2] values, x fastest
 */
export function evaluateLattice(lattice: Lattice, grid: Vec3, start: Vec3 = [0, 0, 0], size: Vec3 = grid): Float32Array {
  const [cx, cy] = lattice.size;
  const part = (axis: 0 | 1 | 2): AxisBasis => {
    const whole = axisBasis(grid[axis], lattice.size[axis] - 3);
    const end = start[axis] + size[axis];
    return { ...whole, samples: size[axis], first: whole.first.subarray(start[axis], end), weights: whole.weights.subarray(4 * start[axis], 4 * end) };
  };
  const [x, y, z] = [part(0), part(1), part(2)];
  const alongZ = new Float64Array(cx * cy * size[2]);
  expandAxis(lattice.values, cx * cy, 1, z, alongZ);
  const out = new Float32Array(voxelCount(size));
  const plane = new Float64Array(cx * size[1]);
  for (let k = 0; k < size[2]; k++) {
    expandAxis(alongZ.subarray(k * cx * cy, (k + 1) * cx * cy), cx, 1, y, plane);
    for (let j = 0; j < size[1]; j++) {
      const row = j * cx;
      const to = size[0] * (j + size[1] * k);
      for (let i = 0; i < size[0]; i++) {
        const c = row + x.first[i];
        out[to + i] = x.weights[4 * i] * plane[c] + x.weights[4 * i + 1] * plane[c + 1] + x.weights[4 * i + 2] * plane[c + 2] + x.weights[4 * i + 3] * plane[c + 3];
      }
    }
  }
  return out;
}
