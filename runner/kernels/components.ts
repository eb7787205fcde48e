import type { Runs } from './runs.ts';

/** Objects of a mask: that of each of its runs, 1 … count in the order in which a raster scan (x fastest) meets them. */
export interface Labels {
  readonly runs: Runs;
  readonly ofRun: Int32Array;
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
 * Labels the connected components of a mask, voxels being neighbours when they share a face, an edge or a corner
 * (26-connectivity). A row's runs are compared only with those of the four rows before it.
 */
export function labelRuns(runs: Runs): Labels {
  const { rows } = runs;
  const [, ny, nz] = runs.size;
  const ofRun = new Int32Array(runs.from.length);
  const sets = new DisjointSets();
  const earlier = new Int32Array(4);
  for (let row = 0; row < ny * nz; row++) {
    const first = rows[row];
    const last = rows[row + 1];
    if (first === last) continue;
    const count = rowsBefore(row, ny, earlier);
    for (let r = 0; r < count; r++) joinRows(runs, ofRun, sets, first, last, rows[earlier[r]], rows[earlier[r] + 1]);
    for (let run = first; run < last; run++) if (ofRun[run] === 0) ofRun[run] = sets.add();
  }
  return { runs, ofRun, count: renumber(ofRun, sets) };
}

/** Puts the neighbouring rows that come before a row into `out`; returns how many there are. */
function rowsBefore(row: number, ny: number, out: Int32Array): number {
  const y = row % ny;
  let count = 0;
  if (y > 0) out[count++] = row - 1;
  if (row >= ny) {
    if (y > 0) out[count++] = row - ny - 1;
    out[count++] = row - ny;
    if (y < ny - 1) out[count++] = row - ny + 1;
  }
  return count;
}

/** Gives the runs first … last of a row the labels of those of an earlier row, begin … end, that they touch. */
function joinRows({ from, to }: Runs, ofRun: Int32Array, sets: DisjointSets, first: number, last: number, begin: number, end: number): void {
  for (let run = first, other = begin; run < last && other < end; run++) {
    while (other < end && to[other] < from[run]) other++;
    for (let touching = other; touching < end && from[touching] <= to[run]; touching++) {
      ofRun[run] = ofRun[run] === 0 ? sets.find(ofRun[touching]) : sets.union(ofRun[run], ofRun[touching]);
    }
  }
}

/** Replaces provisional labels by consecutive ones in order of first appearance. Returns how many there are. */
function renumber(ofRun: Int32Array, sets: DisjointSets): number {
  const final = new Int32Array(sets.size + 1);
  let count = 0;
  for (let label = 1; label <= sets.size; label++) {
    // A representative is its set's smallest label, so it has been numbered before any other member is met.
    const root = sets.find(label);
    final[label] = root === label ? ++count : final[root];
  }
  for (let run = 0; run < ofRun.length; run++) ofRun[run] = final[ofRun[run]];
  return count;
}
