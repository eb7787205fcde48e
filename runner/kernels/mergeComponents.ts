import { DisjointSets } from './components.ts';
import { componentTable, type ComponentTable } from './componentStats.ts';
import type { Labels } from './components.ts';
import type { Vec3 } from './geometry.ts';

/** What must be kept of a labelled brick so that its objects can be joined with those of the bricks around it. */
export interface BrickComponents {
  readonly table: ComponentTable;
  /** Raster index in the whole image of each foreground voxel on a side that another brick touches. Ascending. */
  readonly edgeVoxels: Float64Array;
  /** Row of `table` that each edge voxel belongs to. */
  readonly edgeRows: Int32Array;
}

/** Foreground voxels of a labelled brick on the sides where the image goes on, with the row of their component. */
export function edgeVoxels(labels: Labels, start: Vec3, whole: Vec3): { readonly voxels: Float64Array; readonly rows: Int32Array } {
  const { runs: { size, rows: rowStarts, from, to }, ofRun } = labels;
  const [nx, ny, nz] = size;
  const lowOpen = start.map((s) => s > 0);
  const highOpen = start.map((s, axis) => s + size[axis] < whole[axis]);
  const voxels: number[] = [];
  const rows: number[] = [];
  for (let row = 0; row < ny * nz; row++) {
    const y = row % ny;
    const z = Math.floor(row / ny);
    const all = (z === 0 && lowOpen[2]) || (z === nz - 1 && highOpen[2]) || (y === 0 && lowOpen[1]) || (y === ny - 1 && highOpen[1]);
    const rowIndex = start[0] + whole[0] * (start[1] + y + whole[1] * (start[2] + z));
    for (let run = rowStarts[row]; run < rowStarts[row + 1]; run++) {
      for (let x = all || (from[run] === 0 && lowOpen[0]) ? from[run] : to[run] - 1; x < to[run]; x++) {
        if (!all && !(x === 0 && lowOpen[0]) && !(x === nx - 1 && highOpen[0])) continue;
        voxels.push(rowIndex + x);
        rows.push(ofRun[run] - 1);
      }
    }
  }
  return { voxels: Float64Array.from(voxels), rows: Int32Array.from(rows) };
}

/**
 * Drops components that are too small to be kept and cannot grow, because no voxel of theirs touches another brick.
 * Keeps memory in proportion to real objects when a threshold also catches noise.
 */
export function dropSmallInside(brick: BrickComponents, minVoxels: number): BrickComponents {
  const onEdge = new Uint8Array(brick.table.count);
  for (const row of brick.edgeRows) onEdge[row] = 1;
  const kept: number[] = [];
  for (let row = 0; row < brick.table.count; row++) if (onEdge[row] === 1 || brick.table.voxels[row] >= minVoxels) kept.push(row);
  if (kept.length === brick.table.count) return brick;
  const table = pickRows(brick.table, kept);
  const newRow = new Int32Array(brick.table.count).fill(-1);
  kept.forEach((row, index) => (newRow[row] = index));
  return { table, edgeVoxels: brick.edgeVoxels, edgeRows: brick.edgeRows.map((row) => newRow[row]) };
}

/** The given rows of a table, in the given order. */
export function pickRows(table: ComponentTable, rows: ArrayLike<number>): ComponentTable {
  const picked = componentTable(rows.length);
  for (let i = 0; i < rows.length; i++) {
    const row = rows[i];
    picked.first[i] = table.first[row];
    picked.voxels[i] = table.voxels[row];
    picked.sumX[i] = table.sumX[row];
    picked.sumY[i] = table.sumY[row];
    picked.sumZ[i] = table.sumZ[row];
  }
  return picked;
}

/** Voxel index to component, with open addressing: 12 bytes a slot where a Map would take ten times as many. */
class VoxelTable {
  private readonly keys: Float64Array;
  private readonly values: Int32Array;
  private readonly mask: number;

  constructor(expected: number) {
    let capacity = 16;
    while (capacity < expected * 2) capacity *= 2;
    this.mask = capacity - 1;
    this.keys = new Float64Array(capacity).fill(-1);
    this.values = new Int32Array(capacity);
  }

  private slot(key: number): number {
    // Multiplicative hashing of both halves of the integer, which may exceed 32 bits.
    let slot = (Math.imul(key % 4294967296 | 0, 0x9e3779b1) ^ Math.imul((key / 4294967296) | 0, 0x85ebca6b)) >>> 0;
    slot = (slot ^ (slot >>> 15)) & this.mask;
    while (this.keys[slot] !== -1 && this.keys[slot] !== key) slot = (slot + 1) & this.mask;
    return slot;
  }

  set(key: number, value: number): void {
    const slot = this.slot(key);
    this.keys[slot] = key;
    this.values[slot] = value;
  }

  /** 0 when absent. */
  get(key: number): number {
    const slot = this.slot(key);
    return this.keys[slot] === key ? this.values[slot] : 0;
  }
}

/**
 * Joins the components of bricks that together tile an image into whole objects. Bricks are taken layer by layer along z,
 * so only two layers' edge voxels are in memory at a time.
 *
 * The result equals labelling the whole image at once with 26-connectivity: rows are the objects in raster order of their
 * first voxel.
 */
export class ComponentMerger {
  private readonly sets = new DisjointSets();
  private readonly tables: ComponentTable[] = [];
  private previous = new VoxelTable(0);
  private readonly whole: Vec3;

  constructor(whole: Vec3) {
    this.whole = whole;
  }

  /** Adds all bricks of the next layer along z. */
  addLayer(bricks: readonly BrickComponents[]): void {
    const edges = bricks.reduce((sum, brick) => sum + brick.edgeVoxels.length, 0);
    const current = new VoxelTable(edges);
    const offsets: number[] = [];
    for (const brick of bricks) {
      const offset = this.sets.size;
      offsets.push(offset);
      for (let row = 0; row < brick.table.count; row++) this.sets.add();
      this.tables.push(brick.table);
      for (let i = 0; i < brick.edgeVoxels.length; i++) current.set(brick.edgeVoxels[i], offset + 1 + brick.edgeRows[i]);
    }
    bricks.forEach((brick, index) => {
      for (let i = 0; i < brick.edgeVoxels.length; i++) {
        this.joinNeighbours(brick.edgeVoxels[i], offsets[index] + 1 + brick.edgeRows[i], current);
      }
    });
    this.previous = current;
  }

  /** Joins an edge voxel with those of its 26 neighbours that come before it in the raster; the others will meet it. */
  private joinNeighbours(voxel: number, component: number, current: VoxelTable): void {
    const [nx, ny] = this.whole;
    const plane = nx * ny;
    const x = voxel % nx;
    const y = Math.floor(voxel / nx) % ny;
    for (let dz = -1; dz <= 0; dz++) {
      if (voxel + dz * plane < 0) continue;
      for (let dy = -1; dy <= (dz < 0 ? 1 : 0); dy++) {
        if (y + dy < 0 || y + dy >= ny) continue;
        for (let dx = -1; dx <= (dz < 0 || dy < 0 ? 1 : -1); dx++) {
          if (x + dx < 0 || x + dx >= nx) continue;
          const neighbour = voxel + dx + dy * nx + dz * plane;
          const other = current.get(neighbour) || this.previous.get(neighbour);
          if (other !== 0) this.sets.union(component, other);
        }
      }
    }
  }

  /** All objects of at least `minVoxels`, after the last layer was added. */
  finish(minVoxels: number): ComponentTable {
    const total = componentTable(this.sets.size);
    total.first.fill(Infinity);
    let element = 0;
    for (const table of this.tables) {
      for (let row = 0; row < table.count; row++) {
        const root = this.sets.find(++element) - 1;
        total.first[root] = Math.min(total.first[root], table.first[row]);
        total.voxels[root] += table.voxels[row];
        total.sumX[root] += table.sumX[row];
        total.sumY[root] += table.sumY[row];
        total.sumZ[root] += table.sumZ[row];
      }
    }
    const rows: number[] = [];
    for (let row = 0; row < total.count; row++) if (total.voxels[row] >= Math.max(1, minVoxels)) rows.push(row);
    rows.sort((a, b) => total.first[a] - total.first[b]);
    return pickRows(total, rows);
  }
}
