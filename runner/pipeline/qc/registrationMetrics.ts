import { invertAffine, stridedAffine, transformPoint } from '../../kernels/geometry.ts';
import type { Affine, Vec3 } from '../../kernels/geometry.ts';
import type { DisplacementField } from '../../kernels/transform.ts';
import { voxelCount } from '../../kernels/volume.ts';

/** How well a registration went. Written beside the registration report, read by the participant's report. */
export interface RegistrationMetrics {
  /** Pearson's r and normalised mutual information with the template, in its brain mask. */
  readonly affine: { readonly correlation: number | null; readonly normalizedMutualInformation: number | null; readonly maskDice: number | null };
  readonly deformable: { readonly correlation: number | null; readonly normalizedMutualInformation: number | null; readonly maskDice: number | null };
  /** Length of the displacements beyond the affine part, in the brain mask, millimetres. */
  readonly warpMillimetres: { readonly mean: number; readonly std: number; readonly max: number };
  /** Volume changes of the whole transform: a negative value is a fold. */
  readonly jacobian: { readonly min: number; readonly max: number; readonly folded: number };
}

/** How alike two images are inside a mask. */
export interface Similarity {
  /** Pearson's r. */
  readonly correlation: number;
  /** (H(A) + H(B)) / H(A, B) over 32 x 32 bins (Studholme et al., 1999): 1 for unrelated images, at most 2. */
  readonly normalizedMutualInformation: number;
}

const bins = 32;

/** Compares two images of the same grid where the mask is not zero; NaN when there is nothing to compare. */
export function similarity(a: ArrayLike<number>, b: ArrayLike<number>, mask: ArrayLike<number>): Similarity {
  let n = 0;
  let [sumA, sumB, lowA, highA, lowB, highB] = [0, 0, Infinity, -Infinity, Infinity, -Infinity];
  for (let i = 0; i < a.length; i++) {
    if (mask[i] === 0) continue;
    n++;
    sumA += a[i];
    sumB += b[i];
    lowA = Math.min(lowA, a[i]);
    highA = Math.max(highA, a[i]);
    lowB = Math.min(lowB, b[i]);
    highB = Math.max(highB, b[i]);
  }
  if (n === 0 || !(highA > lowA) || !(highB > lowB)) return { correlation: NaN, normalizedMutualInformation: NaN };
  const [meanA, meanB] = [sumA / n, sumB / n];
  const joint = new Float64Array(bins * bins);
  let [ab, aa, bb] = [0, 0, 0];
  for (let i = 0; i < a.length; i++) {
    if (mask[i] === 0) continue;
    const [da, db] = [a[i] - meanA, b[i] - meanB];
    ab += da * db;
    aa += da * da;
    bb += db * db;
    const row = Math.min(bins - 1, Math.floor(((a[i] - lowA) / (highA - lowA)) * bins));
    joint[row * bins + Math.min(bins - 1, Math.floor(((b[i] - lowB) / (highB - lowB)) * bins))]++;
  }
  const rows = new Float64Array(bins);
  const columns = new Float64Array(bins);
  joint.forEach((count, i) => {
    rows[Math.floor(i / bins)] += count;
    columns[i % bins] += count;
  });
  const entropy = (counts: Float64Array): number => counts.reduce((h, count) => (count > 0 ? h - (count / n) * Math.log(count / n) : h), 0);
  return { correlation: ab / Math.sqrt(aa * bb), normalizedMutualInformation: (entropy(rows) + entropy(columns)) / entropy(joint) };
}

/** Dice coefficient of two masks: twice what they share over the sum of both. NaN for two empty ones. */
export function maskDice(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let [both, total] = [0, 0];
  for (let i = 0; i < a.length; i++) {
    const [inA, inB] = [a[i] !== 0, b[i] !== 0];
    if (inA && inB) both++;
    total += Number(inA) + Number(inB);
  }
  return total === 0 ? NaN : (2 * both) / total;
}

/**
 * The affine that comes nearest to a field inside a mask: least squares over p → p + D(p), RAS millimetres. About
 * 20 000 voxels are used, at regular steps.
 */
export function affinePart(field: DisplacementField, mask: ArrayLike<number>): Affine {
  const { size, affine, data } = field;
  const count = voxelCount(size);
  let inside = 0;
  for (let i = 0; i < count; i++) if (mask[i] !== 0) inside++;
  const step = Math.max(1, Math.floor(inside / 20_000));
  // Coordinates relative to the middle keep the normal equations well-conditioned.
  const middle = transformPoint(affine, [(size[0] - 1) / 2, (size[1] - 1) / 2, (size[2] - 1) / 2]);
  const normal = new Array<number>(16).fill(0);
  const right = [0, 1, 2].map(() => new Array<number>(4).fill(0));
  let seen = 0;
  for (let z = 0, i = 0; z < size[2]; z++) {
    for (let y = 0; y < size[1]; y++) {
      for (let x = 0; x < size[0]; x++, i++) {
        if (mask[i] === 0 || seen++ % step !== 0) continue;
        const p = transformPoint(affine, [x, y, z]);
        const row = [p[0] - middle[0], p[1] - middle[1], p[2] - middle[2], 1];
        for (let j = 0; j < 4; j++) {
          for (let k = 0; k < 4; k++) normal[4 * j + k] += row[j] * row[k];
          for (let c = 0; c < 3; c++) right[c][j] += row[j] * data[i + c * count];
        }
      }
    }
  }
  const rows = right.map((b, c) => {
    // Too few points in space to tell an affine: the mean shift.
    const [bx, by, bz, shift] = solve4(normal, b) ?? [0, 0, 0, normal[15] === 0 ? 0 : b[3] / normal[15]];
    const linear = [bx + (c === 0 ? 1 : 0), by + (c === 1 ? 1 : 0), bz + (c === 2 ? 1 : 0)];
    return [...linear, shift - (bx * middle[0] + by * middle[1] + bz * middle[2])];
  });
  return [...rows.flat(), 0, 0, 0, 1];
}

/** Solves a 4x4 system by elimination with pivoting; undefined when it is singular. */
function solve4(matrix: readonly number[], b: readonly number[]): readonly number[] | undefined {
  const scale = Math.max(...matrix.map(Math.abs));
  const m = Array.from({ length: 4 }, (_, i) => [...matrix.slice(4 * i, 4 * i + 4), b[i]]);
  for (let column = 0; column < 4; column++) {
    let pivot = column;
    for (let row = column + 1; row < 4; row++) if (Math.abs(m[row][column]) > Math.abs(m[pivot][column])) pivot = row;
    if (!(Math.abs(m[pivot][column]) > scale * 1e-12)) return undefined;
    [m[column], m[pivot]] = [m[pivot], m[column]];
    for (let row = 0; row < 4; row++) {
      if (row === column) continue;
      const factor = m[row][column] / m[column][column];
      for (let k = column; k < 5; k++) m[row][k] -= factor * m[column][k];
    }
  }
  return m.map((row, i) => row[4] / row[i]);
}

/**
 * What a field does beyond its affine part, in the space after it: D'(p) = A⁻¹(p + D(p)) − p, RAS millimetres, as vectors
 * on the field's grid.
 */
export function beyondAffine(field: DisplacementField, part: Affine): DisplacementField {
  const { size, affine, data } = field;
  const count = voxelCount(size);
  const out = new Float32Array(data.length);
  const inverse = invertAffine(part);
  for (let z = 0, i = 0; z < size[2]; z++) {
    for (let y = 0; y < size[1]; y++) {
      for (let x = 0; x < size[0]; x++, i++) {
        const p = transformPoint(affine, [x, y, z]);
        const moved: Vec3 = [p[0] + data[i], p[1] + data[i + count], p[2] + data[i + 2 * count]];
        const back = transformPoint(inverse, moved);
        for (let c = 0; c < 3; c++) out[i + c * count] = back[c] - p[c];
      }
    }
  }
  return { size, affine, data: out };
}

/**
 * Every n-th voxel of a field along each axis, n the smallest step that leaves no more than `most` voxels: a picture of a
 * large template needs no more.
 */
export function thinField(field: DisplacementField, most: number): DisplacementField {
  const { size, data } = field;
  const count = voxelCount(size);
  let step = 1;
  const thinned = (n: number): Vec3 => [Math.ceil(size[0] / n), Math.ceil(size[1] / n), Math.ceil(size[2] / n)];
  while (voxelCount(thinned(step)) > most) step++;
  if (step === 1) return field;
  const small = thinned(step);
  const kept = voxelCount(small);
  const out = new Float32Array(3 * kept);
  for (let c = 0; c < 3; c++) {
    for (let z = 0, i = c * kept; z < small[2]; z++) {
      for (let y = 0; y < small[1]; y++) {
        const row = c * count + size[0] * step * (y + size[1] * z);
        for (let x = 0; x < small[0]; x++, i++) out[i] = data[row + x * step];
      }
    }
  }
  return { size: small, affine: stridedAffine(field.affine, [step, step, step]), data: out };
}
