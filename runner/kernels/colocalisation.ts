import { NeighbourGrid, type Points } from './neighbours.ts';

/** Objects of several stains in one table: positions in millimetres, sizes in voxels. */
export interface StainedObjects extends Points {
  readonly stain: readonly string[];
  readonly voxels: ArrayLike<number>;
}

/** Two objects of different stains that overlap when both are thought of as balls. */
export interface ColocalisedPair {
  /** Rows of the objects' table. */
  readonly a: number;
  readonly b: number;
  /** Millimetres. */
  readonly radiusA: number;
  readonly radiusB: number;
  readonly distance: number;
  /** 1 - distance / (radiusA + radiusB): 1 when the centres coincide, 0 when the balls touch. */
  readonly overlapRatio: number;
}

/** Radius of a ball of that volume. */
export function equivalentRadius(voxels: number, voxelVolume: number): number {
  return Math.cbrt((3 * voxels * voxelVolume) / (4 * Math.PI));
}

/**
 * Finds pairs of objects of different stains (pipeline-spec §3.8): for each pair of stains in order of first appearance,
 * objects b of the second whose centre lies within the radius of an object a of the first.
 * @param voxelVolume volume of the voxels that sizes are counted in, mm³. (Upstream assumes 2 µm cubes for any data.)
 */
export function colocalise(objects: StainedObjects, voxelVolume: number): readonly ColocalisedPair[] {
  const rows = new Map<string, number[]>();
  objects.stain.forEach((stain, row) => {
    const list = rows.get(stain);
    if (list === undefined) rows.set(stain, [row]);
    else list.push(row);
  });
  const radius = Float64Array.from(objects.voxels, (voxels) => equivalentRadius(voxels, voxelVolume));
  const stains = [...rows.keys()];
  const pairs: ColocalisedPair[] = [];
  stains.forEach((stainA, first) => {
    const rowsA = rows.get(stainA) ?? [];
    const largest = rowsA.reduce((max, row) => Math.max(max, radius[row]), 0);
    if (largest === 0) return;
    for (const stainB of stains.slice(first + 1)) {
      const rowsB = rows.get(stainB) ?? [];
      const pick = (values: ArrayLike<number>): Float64Array => Float64Array.from(rowsB, (row) => values[row]);
      const grid = new NeighbourGrid({ x: pick(objects.x), y: pick(objects.y), z: pick(objects.z) }, largest);
      for (const a of rowsA) {
        for (const near of grid.within(objects.x[a], objects.y[a], objects.z[a], radius[a])) {
          const b = rowsB[near];
          const distance = Math.hypot(objects.x[a] - objects.x[b], objects.y[a] - objects.y[b], objects.z[a] - objects.z[b]);
          const overlapRatio = 1 - distance / (radius[a] + radius[b]);
          if (overlapRatio > 0) pairs.push({ a, b, radiusA: radius[a], radiusB: radius[b], distance, overlapRatio });
        }
      }
    }
  });
  return pairs;
}
