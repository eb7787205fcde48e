/** Three numbers in the order x, y, z. */
export type Vec3 = readonly [number, number, number];

/**
 * A 4x4 matrix, row-major, 16 numbers, last row 0 0 0 1. Maps voxel indices (x, y, z; the centre of the first voxel is
 * 0, 0, 0) to RAS millimetres (or the unit said at the place of use).
 */
export type Affine = readonly number[];

export const identityAffine: Affine = [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1];

/** a ∘ b: applies b first. */
export function multiplyAffines(a: Affine, b: Affine): Affine {
  const out = new Array<number>(16).fill(0);
  for (let row = 0; row < 4; row++) {
    for (let column = 0; column < 4; column++) {
      let sum = 0;
      for (let k = 0; k < 4; k++) sum += a[row * 4 + k] * b[k * 4 + column];
      out[row * 4 + column] = sum;
    }
  }
  return out;
}

/** Determinant of the upper left 3x3: signed volume of a voxel. */
export function determinant(m: Affine): number {
  return (
    m[0] * (m[5] * m[10] - m[6] * m[9]) -
    m[1] * (m[4] * m[10] - m[6] * m[8]) +
    m[2] * (m[4] * m[9] - m[5] * m[8])
  );
}

/** Inverse of an affine. Throws a RangeError when it is singular. */
export function invertAffine(m: Affine): Affine {
  const det = determinant(m);
  if (!Number.isFinite(det) || det === 0) throw new RangeError('A singular matrix has no inverse.');
  const r = [
    (m[5] * m[10] - m[6] * m[9]) / det, (m[2] * m[9] - m[1] * m[10]) / det, (m[1] * m[6] - m[2] * m[5]) / det,
    (m[6] * m[8] - m[4] * m[10]) / det, (m[0] * m[10] - m[2] * m[8]) / det, (m[2] * m[4] - m[0] * m[6]) / det,
    (m[4] * m[9] - m[5] * m[8]) / det, (m[1] * m[8] - m[0] * m[9]) / det, (m[0] * m[5] - m[1] * m[4]) / det,
  ];
  const t = [m[3], m[7], m[11]];
  const shift = (row: number): number => -(r[row * 3] * t[0] + r[row * 3 + 1] * t[1] + r[row * 3 + 2] * t[2]);
  return [r[0], r[1], r[2], shift(0), r[3], r[4], r[5], shift(1), r[6], r[7], r[8], shift(2), 0, 0, 0, 1];
}

/** The point p mapped by m. */
export function transformPoint(m: Affine, p: Vec3): Vec3 {
  return [
    m[0] * p[0] + m[1] * p[1] + m[2] * p[2] + m[3],
    m[4] * p[0] + m[5] * p[1] + m[6] * p[2] + m[7],
    m[8] * p[0] + m[9] * p[1] + m[10] * p[2] + m[11],
  ];
}

/** Length of a voxel's edge along each voxel axis, in the affine's unit. */
export function voxelSize(m: Affine): Vec3 {
  return [Math.hypot(m[0], m[4], m[8]), Math.hypot(m[1], m[5], m[9]), Math.hypot(m[2], m[6], m[10])];
}

/** Affine of the same grid read with every `step`-th voxel per axis, starting at voxel `start`. */
export function stridedAffine(m: Affine, step: Vec3, start: Vec3 = [0, 0, 0]): Affine {
  return multiplyAffines(m, [step[0], 0, 0, start[0], 0, step[1], 0, start[1], 0, 0, step[2], start[2], 0, 0, 0, 1]);
}
