import { invertAffine, type Affine, type Vec3 } from './geometry.ts';
import type { Points } from './neighbours.ts';
import { voxelCount, type Volume } from './volume.ts';

/**
 * Index of the voxel that each point falls into, or -1 outside the grid. A voxel reaches half its width around its centre;
 * a point exactly between two belongs to the lower one.
 */
export function voxelsOfPoints(points: Points, size: Vec3, affine: Affine): Float64Array {
  const inverse = invertAffine(affine);
  const [nx, ny, nz] = size;
  const indices = new Float64Array(points.x.length);
  const nearest = (row: number, x: number, y: number, z: number): number =>
    Math.ceil(inverse[row * 4] * x + inverse[row * 4 + 1] * y + inverse[row * 4 + 2] * z + inverse[row * 4 + 3] - 0.5);
  for (let i = 0; i < indices.length; i++) {
    const [px, py, pz] = [points.x[i], points.y[i], points.z[i]];
    const x = nearest(0, px, py, pz);
    const y = nearest(1, px, py, pz);
    const z = nearest(2, px, py, pz);
    indices[i] = x >= 0 && y >= 0 && z >= 0 && x < nx && y < ny && z < nz ? x + nx * (y + ny * z) : -1;
  }
  return indices;
}

/** How many points fall into each voxel. */
export function countPoints(points: Points, size: Vec3, affine: Affine): Volume<Float32Array> {
  const data = new Float32Array(voxelCount(size));
  for (const index of voxelsOfPoints(points, size, affine)) if (index >= 0) data[index]++;
  return { data, size, affine };
}

/** Label under each point; 0 for points outside the image. */
export function labelsAtPoints(points: Points, labels: Volume): Int32Array {
  return Int32Array.from(voxelsOfPoints(points, labels.size, labels.affine), (index) => (index < 0 ? 0 : labels.data[index]));
}
