import { determinant, voxelSize } from '../kernels/geometry.ts';
import type { Affine, Vec3 } from '../kernels/geometry.ts';

/** A rotation as NIfTI stores it: the unit quaternion (a, b, c, d) with a >= 0 left out, and the handedness `qfac`. */
export interface Quaternion {
  readonly b: number;
  readonly c: number;
  readonly d: number;
  /** 1, or -1 when the voxel axes are left-handed (the third axis is then flipped after the rotation). */
  readonly qfac: 1 | -1;
}

/** Voxel to RAS affine from quaternion, voxel sizes and offset (NIfTI-1 header documentation, method 2). */
export function affineFromQuaternion(q: Quaternion, spacing: Vec3, offset: Vec3): Affine {
  const squares = q.b * q.b + q.c * q.c + q.d * q.d;
  // Rounding to 32 bits can leave the vector part a little longer than one: then it is a rotation by 180 degrees.
  const scale = squares > 1 ? 1 / Math.sqrt(squares) : 1;
  const [b, c, d] = [q.b * scale, q.c * scale, q.d * scale];
  const a = Math.sqrt(Math.max(0, 1 - Math.min(1, squares)));
  const [sx, sy, sz] = [spacing[0], spacing[1], spacing[2] * q.qfac];
  return [
    (a * a + b * b - c * c - d * d) * sx, 2 * (b * c - a * d) * sy, 2 * (b * d + a * c) * sz, offset[0],
    2 * (b * c + a * d) * sx, (a * a + c * c - b * b - d * d) * sy, 2 * (c * d - a * b) * sz, offset[1],
    2 * (b * d - a * c) * sx, 2 * (c * d + a * b) * sy, (a * a + d * d - b * b - c * c) * sz, offset[2],
    0, 0, 0, 1,
  ];
}

/** The quaternion of an affine whose columns are orthogonal; undefined for one with shear, which a qform cannot hold. */
export function quaternionFromAffine(m: Affine): Quaternion | undefined {
  const spacing = voxelSize(m);
  if (spacing.some((s) => !(s > 0))) return undefined;
  const column = (j: number): number[] => [m[j] / spacing[j], m[4 + j] / spacing[j], m[8 + j] / spacing[j]];
  const [x, y, z] = [column(0), column(1), column(2)];
  const dot = (u: readonly number[], v: readonly number[]): number => u[0] * v[0] + u[1] * v[1] + u[2] * v[2];
  if (Math.max(Math.abs(dot(x, y)), Math.abs(dot(x, z)), Math.abs(dot(y, z))) > 1e-5) return undefined;
  const qfac = determinant(m) < 0 ? -1 : 1;
  const [r11, r21, r31] = x;
  const [r12, r22, r32] = y;
  const [r13, r23, r33] = z.map((value) => value * qfac);
  // Shepperd's method: start from the largest of the four parts, so that nothing is divided by a small number.
  const parts = [1 + r11 + r22 + r33, 1 + r11 - r22 - r33, 1 - r11 + r22 - r33, 1 - r11 - r22 + r33];
  const largest = parts.indexOf(Math.max(...parts));
  const s = 2 * Math.sqrt(parts[largest]);
  const unsigned = [
    [s / 4, (r32 - r23) / s, (r13 - r31) / s, (r21 - r12) / s],
    [(r32 - r23) / s, s / 4, (r12 + r21) / s, (r13 + r31) / s],
    [(r13 - r31) / s, (r12 + r21) / s, s / 4, (r23 + r32) / s],
    [(r21 - r12) / s, (r13 + r31) / s, (r23 + r32) / s, s / 4],
  ][largest];
  const sign = unsigned[0] < 0 ? -1 : 1;
  return { b: sign * unsigned[1], c: sign * unsigned[2], d: sign * unsigned[3], qfac };
}
