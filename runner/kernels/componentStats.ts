import type { Vec3 } from './geometry.ts';
import type { Labels } from './components.ts';

/**
 * What is known of each component, as columns. Coordinates are voxel indices of the whole image, so sums are exact
 * integers (below 2^53) and do not depend on the order in which parts are added.
 */
export interface ComponentTable {
  readonly count: number;
  /** Smallest raster index (x fastest) of the component in the whole image: its identity, and the order of objects. */
  readonly first: Float64Array;
  readonly voxels: Float64Array;
  readonly sumX: Float64Array;
  readonly sumY: Float64Array;
  readonly sumZ: Float64Array;
}

/** An empty table with room for `count` components. */
export function componentTable(count: number): ComponentTable {
  return {
    count,
    first: new Float64Array(count),
    voxels: new Float64Array(count),
    sumX: new Float64Array(count),
    sumY: new Float64Array(count),
    sumZ: new Float64Array(count),
  };
}

/**
 * Measures every component of a labelled part of an image.
 * @param start first voxel of the part in the whole image
 * @param whole size of the whole image
 * @returns row i describes label i + 1
 */
export function measureComponents(labels: Labels, size: Vec3, start: Vec3, whole: Vec3): ComponentTable {
  const table = componentTable(labels.count);
  const { first, voxels, sumX, sumY, sumZ } = table;
  const { data } = labels;
  const [nx, ny, nz] = size;
  for (let z = 0, i = 0; z < nz; z++) {
    const globalZ = z + start[2];
    for (let y = 0; y < ny; y++) {
      const globalY = y + start[1];
      const rowIndex = start[0] + whole[0] * (globalY + whole[1] * globalZ);
      let x = 0;
      while (x < nx) {
        const label = data[i];
        if (label === 0) {
          x++;
          i++;
          continue;
        }
        const runStart = x;
        while (x < nx && data[i] === label) {
          x++;
          i++;
        }
        const length = x - runStart;
        const row = label - 1;
        if (voxels[row] === 0) first[row] = rowIndex + runStart;
        voxels[row] += length;
        sumX[row] += length * (start[0] + runStart) + (length * (length - 1)) / 2;
        sumY[row] += length * globalY;
        sumZ[row] += length * globalZ;
      }
    }
  }
  return table;
}
