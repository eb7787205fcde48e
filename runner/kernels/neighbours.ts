/** Points in space, one array per axis, in the same unit as the radius. */
export interface Points {
  readonly x: ArrayLike<number>;
  readonly y: ArrayLike<number>;
  readonly z: ArrayLike<number>;
}

/** Finds points near a place. Buckets of a grid whose cells are as wide as the largest radius asked for. */
export class NeighbourGrid {
  private readonly cells = new Map<string, number[]>();
  private readonly points: Points;
  private readonly cell: number;

  /** @param cell width of a bucket: the largest radius that will be asked for, above 0 */
  constructor(points: Points, cell: number) {
    if (!(cell > 0)) throw new RangeError('The width of a bucket must be above 0.');
    this.points = points;
    this.cell = cell;
    for (let i = 0; i < points.x.length; i++) {
      const key = this.key(points.x[i], points.y[i], points.z[i], 0, 0, 0);
      const bucket = this.cells.get(key);
      if (bucket === undefined) this.cells.set(key, [i]);
      else bucket.push(i);
    }
  }

  private key(x: number, y: number, z: number, dx: number, dy: number, dz: number): string {
    return `${Math.floor(x / this.cell) + dx},${Math.floor(y / this.cell) + dy},${Math.floor(z / this.cell) + dz}`;
  }

  /** Indices of the points at most `radius` away (radius at most the bucket's width), ascending. */
  within(x: number, y: number, z: number, radius: number): number[] {
    const found: number[] = [];
    for (let dz = -1; dz <= 1; dz++) {
      for (let dy = -1; dy <= 1; dy++) {
        for (let dx = -1; dx <= 1; dx++) {
          for (const i of this.cells.get(this.key(x, y, z, dx, dy, dz)) ?? []) {
            if (Math.hypot(this.points.x[i] - x, this.points.y[i] - y, this.points.z[i] - z) <= radius) found.push(i);
          }
        }
      }
    }
    return found.sort((a, b) => a - b);
  }
}
