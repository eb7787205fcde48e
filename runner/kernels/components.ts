import type { Vec3 } from './geometry.ts';
import { voxelCount } from './volume.ts';

/** A labelled mask: 0 is background, objects are 1 … count in the order in which a raster scan (x fastest) meets them. */
export interface Labels {
  readonly data: Int32Array;
  readonly count: number;
}

/** Disjoint sets of positive integers. The smallest member represents a set, which keeps raster order. */
export class DisjointSets {
  private parent: Int32Array;
  private used = 0;

  constructor(capacity = 1024) {
    this.parent = new Int32Array(capacity + 1);
  }

  /** How many elements there are: 1 … size. */
  get size(): number {
    return this.used;
  }

  /** A new set of one element. */
  add(): number {
    const element = ++this.used;
    if (element >= this.parent.length) {
      const grown = new Int32Array(this.parent.length * 2);
      grown.set(this.parent);
      this.parent = grown;
    }
    this.parent[element] = element;
    return element;
  }

  find(element: number): number {
    const { parent } = this;
    while (parent[element] !== element) {
      parent[element] = parent[parent[element]];
      element = parent[element];
    }
    return element;
  }

  /** Joins two sets; returns the representative. */
  union(a: number, b: number): number {
    const rootA = this.find(a);
    const rootB = this.find(b);
    if (rootA === rootB) return rootA;
    if (rootA < rootB) {
      this.parent[rootB] = rootA;
      return rootA;
    }
    this.parent[rootA] = rootB;
    return rootB;
  }
}

/**
 * Labels the connected components of a mask (values above 0), voxels being neighbours when they share a face, an edge or
 * a corner (26-connectivity). Works on runs along x: a run is compared only with the four rows before it.
 */
export function labelComponents(mask: Uint8Array, size: Vec3): Labels {
  const [nx, ny, nz] = size;
  const plane = nx * ny;
  const data = new Int32Array(voxelCount(size));
  const sets = new DisjointSets();
  const earlierRows = new Int32Array(4);

  for (let z = 0; z < nz; z++) {
    for (let y = 0; y < ny; y++) {
      const row = z * plane + y * nx;
      let rowCount = 0;
      if (y > 0) earlierRows[rowCount++] = row - nx;
      if (z > 0) {
        if (y > 0) earlierRows[rowCount++] = row - plane - nx;
        earlierRows[rowCount++] = row - plane;
        if (y < ny - 1) earlierRows[rowCount++] = row - plane + nx;
      }
      let x = 0;
      while (x < nx) {
        if (mask[row + x] === 0) {
          x++;
          continue;
        }
        const first = x;
        while (x < nx && mask[row + x] !== 0) x++;
        const from = first > 0 ? first - 1 : 0;
        const to = x < nx ? x + 1 : nx;
        let label = 0;
        for (let r = 0; r < rowCount; r++) {
          let previous = 0;
          for (let i = earlierRows[r] + from, end = earlierRows[r] + to; i < end; i++) {
            const neighbour = data[i];
            if (neighbour === 0 || neighbour === previous) continue;
            previous = neighbour;
            label = label === 0 ? sets.find(neighbour) : sets.union(label, neighbour);
          }
        }
        if (label === 0) label = sets.add();
        data.fill(label, row + first, row + x);
      }
    }
  }
  return { data, count: renumber(data, sets) };
}

/** Replaces provisional labels by consecutive ones in order of first appearance. */
function renumber(data: Int32Array, sets: DisjointSets): number {
  const final = new Int32Array(sets.size + 1);
  let count = 0;
  for (let label = 1; label <= sets.size; label++) {
    // A representative is its set's smallest label, so it has been numbered before any other member is met.
    const root = sets.find(label);
    final[label] = root === label ? ++count : final[root];
  }
  for (let i = 0; i < data.length; i++) if (data[i] !== 0) data[i] = final[data[i]];
  return count;
}
