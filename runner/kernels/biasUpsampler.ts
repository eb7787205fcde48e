import type { Vec3 } from './geometry.ts';
import type { RunCollector } from './runs.ts';
import type { Volume, VoxelArray } from './volume.ts';

/** How a bias field divides: N4 fields are interpolated as logarithms, Gaussian ones as they are (pipeline-spec §3.3). */
export type BiasKind = 'n4' | 'gaussian';

/** A box of voxels of the full-resolution image. */
export interface VoxelBox {
  readonly start: Vec3;
  readonly size: Vec3;
}

/** Smallest divisor: the spacing of 32-bit floats at 1. */
const smallestBias = 2 ** -23;

/** N4 fields are interpolated as log(max(b, 0) + this). */
const logOffset = 1e-6;

/** Voxels of a row between the same two voxels of the low-resolution field. */
interface Run {
  /** First voxel of the run in the box, and the one after its last. */
  readonly from: number;
  readonly to: number;
  /** Low-resolution voxel below, and how far the run's first voxel is from it (0 to 1). */
  readonly below: number;
  readonly above: number;
  readonly fraction: number;
  /** Change of the fraction from voxel to voxel. */
  readonly step: number;
}

/**
 * Position of full-resolution voxel i on the low-resolution axis. Both grids cover the same field of view, so the centres
 * of voxels are (i + 0.5)·low/full − 0.5; outside the outermost centres the field goes on as it ends.
 */
function lowPosition(i: number, full: number, low: number): number {
  return Math.min(low - 1, Math.max(0, ((i + 0.5) * low) / full - 0.5));
}

function runsOf(start: number, size: number, full: number, low: number): readonly Run[] {
  const step = low / full;
  const runs: Run[] = [];
  let i = 0;
  while (i < size) {
    const unclamped = ((start + i + 0.5) * low) / full - 0.5;
    const flat = unclamped < 0 || unclamped >= low - 1;
    const position = lowPosition(start + i, full, low);
    const below = Math.floor(position);
    const end = unclamped < 0 ? 0 : unclamped >= low - 1 ? Infinity : below + 1;
    const from = i;
    for (i++; i < size && ((start + i + 0.5) * low) / full - 0.5 < end; i++);
    runs.push({ from, to: i, below, above: flat ? below : below + 1, fraction: position - below, step: flat ? 0 : step });
  }
  return runs;
}

/** Logarithms of N4 fields, kept while the field is in use: a field divides many bricks. */
const logarithms = new WeakMap<Float32Array, Float64Array>();

function interpolated(field: Volume<Float32Array>, kind: BiasKind): Float32Array | Float64Array {
  if (kind === 'gaussian') return field.data;
  let logs = logarithms.get(field.data);
  if (logs === undefined) {
    logs = Float64Array.from(field.data, (value) => Math.log(Math.max(value, 0) + logOffset));
    logarithms.set(field.data, logs);
  }
  return logs;
}

/** The field along one row of the box, and the least of it. */
interface FieldRow {
  readonly values: Float64Array;
  lowest: number;
}

/** Visits the rows of a box in raster order with the low-resolution field interpolated to each, along y and z. */
function forEachRow(field: Volume<Float32Array>, fullSize: Vec3, box: VoxelBox, kind: BiasKind, visit: (row: FieldRow, start: number, runs: readonly Run[]) => void): void {
  const [nx, ny, nz] = box.size;
  const [lowX, lowY, lowZ] = field.size;
  const low = interpolated(field, kind);
  const runs = runsOf(box.start[0], nx, fullSize[0], lowX);
  const row: FieldRow = { values: new Float64Array(lowX), lowest: 0 };
  for (let z = 0; z < nz; z++) {
    const w = lowPosition(box.start[2] + z, fullSize[2], lowZ);
    const z0 = Math.floor(w);
    const z1 = Math.min(lowZ - 1, z0 + 1);
    for (let y = 0; y < ny; y++) {
      const v = lowPosition(box.start[1] + y, fullSize[1], lowY);
      const y0 = Math.floor(v);
      const y1 = Math.min(lowY - 1, y0 + 1);
      const [a, b, c, d] = [lowX * (y0 + lowY * z0), lowX * (y1 + lowY * z0), lowX * (y0 + lowY * z1), lowX * (y1 + lowY * z1)];
      const [fy, fz] = [v - y0, w - z0];
      let lowest = Infinity;
      for (let x = runs[0].below; x <= runs[runs.length - 1].above; x++) {
        const near = low[a + x] + (low[b + x] - low[a + x]) * fy;
        const far = low[c + x] + (low[d + x] - low[c + x]) * fy;
        const value = near + (far - near) * fz;
        row.values[x] = value;
        if (value < lowest) lowest = value;
      }
      row.lowest = lowest;
      visit(row, nx * (y + ny * z), runs);
    }
  }
}

/**
 * Divides a box of an image by a bias field of low resolution. The field is interpolated trilinearly in index space over
 * the whole image, so that boxes meet without seams however the image is cut.
 *
 * Along a row an interpolated logarithm is a straight line and its exponential a geometric series: one multiplication a voxel.
 *
 * @param out receives size[0]·size[1]·size[2] values, x fastest
 * @param values of the box, in the same order
 * @param field low-resolution bias over the field of view of the whole image
 * @param fullSize of the whole image, in voxels
 * @param box what of the image `values` are
 */
export function divideByBias(out: Float32Array, values: VoxelArray, field: Volume<Float32Array>, fullSize: Vec3, box: VoxelBox, kind: BiasKind): void {
  const divide = kind === 'n4' ? divideRowByLog : divideRow;
  forEachRow(field, fullSize, box, kind, (row, start, runs) => divide(out, values, start, row.values, runs));
}

/**
 * Adds to `foreground` where the corrected image is at or above a threshold: the voxels at which {@link divideByBias}
 * gives such values. Only rows that have a value above what the field's least needs are corrected at all, which most rows
 * of an image of sparse objects do not.
 *
 * Parameters are those of divideByBias. Ends each row of the box.
 */
export function collectForeground(foreground: RunCollector, values: VoxelArray, field: Volume<Float32Array>, fullSize: Vec3, box: VoxelBox, kind: BiasKind, threshold: number): void {
  const divide = kind === 'n4' ? divideRowByLog : divideRow;
  const nx = box.size[0];
  const corrected = new Float32Array(nx);
  const whole = !(values instanceof Float32Array || values instanceof Float64Array);
  forEachRow(field, fullSize, box, kind, (row, start, runs) => {
    const bias = kind === 'n4' ? Math.exp(row.lowest) : Math.max(row.lowest, smallestBias);
    // A little less than exact, for the rounding of corrected values.
    const exact = threshold > 0 ? threshold * bias * (1 - 1e-6) : -Infinity;
    // Comparing whole numbers is several times as fast as comparing them with a fraction.
    const least = whole ? Math.max(-2147483648, Math.min(2147483647, Math.ceil(exact))) | 0 : exact;
    if (reaches(values, start, start + nx, least)) {
      divide(corrected, values.subarray(start, start + nx), 0, row.values, runs);
      collectRow(foreground, corrected, threshold);
    }
    foreground.endRow();
  });
}

function reaches(values: VoxelArray, from: number, to: number, least: number): boolean {
  for (let i = from; i < to; i++) if (values[i] >= least) return true;
  return false;
}

function collectRow(foreground: RunCollector, corrected: Float32Array, threshold: number): void {
  for (let x = 0; x < corrected.length;) {
    if (!(corrected[x] >= threshold)) {
      x++;
      continue;
    }
    const first = x;
    while (x < corrected.length && corrected[x] >= threshold) x++;
    foreground.add(first, x);
  }
}

function divideRowByLog(out: Float32Array, values: VoxelArray, start: number, row: Float64Array, runs: readonly Run[]): void {
  for (const { from, to, below, above, fraction, step } of runs) {
    const slope = row[above] - row[below];
    let factor = Math.exp(-(row[below] + slope * fraction));
    const ratio = Math.exp(-slope * step);
    for (let i = start + from; i < start + to; i++) {
      out[i] = values[i] * factor;
      factor *= ratio;
    }
  }
}

function divideRow(out: Float32Array, values: VoxelArray, start: number, row: Float64Array, runs: readonly Run[]): void {
  for (const { from, to, below, above, fraction, step } of runs) {
    const slope = row[above] - row[below];
    const increment = slope * step;
    let divisor = row[below] + slope * fraction;
    for (let i = start + from; i < start + to; i++) {
      out[i] = values[i] / (divisor > smallestBias ? divisor : smallestBias);
      divisor += increment;
    }
  }
}
