import { invertAffine, transformPoint, type Affine, type Vec3 } from '../../runner/kernels/geometry.ts';
import type { Grid } from '../../runner/kernels/transform.ts';
import { voxelCount, type Volume } from '../../runner/kernels/volume.ts';

/** A mapping of RAS points. */
export type PointMap = (p: Vec3) => Vec3;

/** Blobs inside the brain: centre and radius as fractions of its half axes, and their brightness in two stains. */
const blobs: readonly { readonly at: Vec3; readonly radius: number; readonly bright: readonly [number, number] }[] = [
  { at: [0.45, 0.2, 0.1], radius: 0.3, bright: [300, 420] },
  { at: [-0.45, 0.15, 0.1], radius: 0.3, bright: [260, 200] },
  { at: [0, -0.55, -0.1], radius: 0.32, bright: [-250, -330] },
  { at: [0.25, 0.55, -0.3], radius: 0.24, bright: [420, 260] },
  { at: [-0.3, -0.1, -0.5], radius: 0.26, bright: [-200, -300] },
  { at: [0, 0.1, 0.6], radius: 0.27, bright: [350, -350] },
];

/** Half axes of the brain in mm. */
export const halfAxes: Vec3 = [5, 6.5, 4];

/** Label at a point of the undeformed brain: 0 outside, 1 tissue, 2 and more the blobs. */
export function labelAt(p: Vec3): number {
  const q = p.map((value, axis) => value / halfAxes[axis]);
  if (Math.hypot(...q) >= 1) return 0;
  const blob = blobs.findIndex(({ at, radius }) => Math.hypot(q[0] - at[0], q[1] - at[1], q[2] - at[2]) < radius);
  return blob + 2 === 1 ? 1 : blob + 2;
}

/** Brightness at a point of the undeformed brain in one of two stains with different contrast. */
export function brightnessAt(p: Vec3, stain: 0 | 1): number {
  const q = p.map((value, axis) => value / halfAxes[axis]);
  const r = Math.hypot(...q);
  const edge = 1 / (1 + Math.exp((r - 1) * 25));
  let value = (stain === 0 ? 500 : 700) * (1 - 0.3 * r * r);
  for (const { at, radius, bright } of blobs) {
    const d = Math.hypot(q[0] - at[0], q[1] - at[1], q[2] - at[2]);
    value += bright[stain] / (1 + Math.exp((d - radius) * 30));
  }
  value += (stain === 0 ? 50 : 60) * Math.sin(9 * q[0]) * Math.cos(8 * q[1] + 7 * q[2]);
  return edge * value;
}

/** A deterministic stand-in for camera noise, from -1 to 1. */
function noiseAt(i: number): number {
  let h = Math.imul(i + 1, 0x9e3779b1);
  h = Math.imul(h ^ (h >>> 15), 0x85ebca6b);
  h ^= h >>> 13;
  return ((h >>> 0) / 2 ** 31) - 1;
}

/** An image of the brain whose point `toBrain(p)` is seen at p. */
export function picture(grid: Grid, stain: 0 | 1, toBrain: PointMap = (p) => p, noise = 0): Volume<Float32Array> {
  const data = new Float32Array(voxelCount(grid.size));
  forEachPoint(grid, (p, i) => {
    data[i] = brightnessAt(toBrain(p), stain) + noise * noiseAt(i);
  });
  return { ...grid, data };
}

/** Labels of the brain whose point `toBrain(p)` is seen at p. */
export function labelPicture(grid: Grid, toBrain: PointMap = (p) => p): Volume<Uint8Array> {
  const data = new Uint8Array(voxelCount(grid.size));
  forEachPoint(grid, (p, i) => {
    data[i] = labelAt(toBrain(p));
  });
  return { ...grid, data };
}

export function forEachPoint(grid: Grid, visit: (p: Vec3, index: number) => void): void {
  const [nx, ny, nz] = grid.size;
  for (let z = 0, i = 0; z < nz; z++) {
    for (let y = 0; y < ny; y++) for (let x = 0; x < nx; x++, i++) visit(transformPoint(grid.affine, [x, y, z]), i);
  }
}

/** A grid whose middle is the origin, with the given directions of the axes (signed, e.g. [-1, -1, 1] for LPS data). */
export function centredGrid(size: Vec3, voxel: Vec3, signs: Vec3 = [1, 1, 1], centre: Vec3 = [0, 0, 0]): Grid {
  const at = (axis: number): number => centre[axis] - signs[axis] * voxel[axis] * (size[axis] - 1) / 2;
  return { size, affine: [signs[0] * voxel[0], 0, 0, at(0), 0, signs[1] * voxel[1], 0, at(1), 0, 0, signs[2] * voxel[2], at(2), 0, 0, 0, 1] };
}

/** A subject: what it looks like where, as an affine (template to subject) after a smooth wobble of at most ~`wobble` mm. */
export function subjectToTemplate(affine: Affine, wobble: number): PointMap {
  const inverse = invertAffine(affine);
  return (q) => {
    const [x, y, z] = transformPoint(inverse, q);
    return [
      x + wobble * Math.sin(0.55 * y + 0.3) * Math.cos(0.4 * z),
      y + wobble * Math.sin(0.6 * z - 0.2) * Math.cos(0.35 * x),
      z + wobble * Math.sin(0.5 * x) * Math.cos(0.45 * y + 0.5),
    ];
  };
}
