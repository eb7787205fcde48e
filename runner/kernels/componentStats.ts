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
export function measureComponents(labels: Labels, start: Vec3, whole: Vec3): ComponentTable {
  const table = componentTable(labels.count);
  const { first, voxels, sumX, sumY, sumZ } = table;
  const { runs: { size, rows, from, to }, ofRun } = labels;
  for (let row = 0; row < rows.length - 1; row++) {
    const y = start[1] + (row % size[1]);
    const z = start[2] + Math.floor(row / size[1]);
    const rowIndex = start[0] + whole[0] * (y + whole[1] * z);
    for (let run = rows[row]; run < rows[row + 1]; run++) {
      const component = ofRun[run] - 1;
      const length = to[run] - from[run];
      if (voxels[component] === 0) first[component] = rowIndex + from[run];
      voxels[component] += length;
      sumX[component] += length * (start[0] + from[run]) + (length * (length - 1)) / 2;
      sumY[component] += length * y;
      sumZ[component] += length * z;
    }
  }
  return table;
}
