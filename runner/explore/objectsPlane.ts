import type { Labels } from '../kernels/components.ts';
import type { Vec3 } from '../kernels/geometry.ts';

/** Parts of a plane of objects: nothing, an object that counts, one that is too small to count. */
export const objectParts = { none: 0, kept: 1, small: 2 } as const;

/**
 * One plane of labelled components, as the parts of {@link objectParts}.
 *
 * @param sizes voxels of component i + 1
 * @param smallest voxels that a component needs to count
 * @param through axis that is cut, at voxel `index`
 * @returns x fastest, with one voxel along the axis that is cut
 */
export function objectsPlane({ runs, ofRun }: Labels, sizes: ArrayLike<number>, smallest: number, through: number, index: number): { readonly data: Uint8Array; readonly size: Vec3 } {
  const [nx, ny, nz] = runs.size;
  const size: Vec3 = [through === 0 ? 1 : nx, through === 1 ? 1 : ny, through === 2 ? 1 : nz];
  const data = new Uint8Array(size[0] * size[1] * size[2]);
  for (let z = 0; z < size[2]; z++) {
    for (let y = 0; y < size[1]; y++) {
      const row = (through === 1 ? index : y) + ny * (through === 2 ? index : z);
      const start = size[0] * (y + size[1] * z);
      for (let run = runs.rows[row]; run < runs.rows[row + 1]; run++) {
        const part = sizes[ofRun[run] - 1] >= smallest ? objectParts.kept : objectParts.small;
        if (through !== 0) data.fill(part, start + runs.from[run], start + runs.to[run]);
        else if (runs.from[run] <= index && index < runs.to[run]) data[start] = part;
      }
    }
  }
  return { data, size };
}
