/** Points in space, one array per axis, in the same unit as the radius. */
export interface Points {
  readonly x: ArrayLike<number>;
  readonly y: ArrayLike<number>;
  readonly z: ArrayLike<number>;
}

/** Finds points near a place. Buckets of a grid whose cells are as wide as the largest radius asked for. */
export class NeighbourGrid {
  private readonly buckets = new Map<number, number[]>();
  private readonly points: Points;
  private readonly cell: number;
  private readonly origin: readonly number[];
  private readonly counts: readonly number[];

  /** @param cell width of a bucket: the largest radius that will be asked for, above 0 */
  constructor(points: Points, cell: number) {
    if (!(cell > 0)) throw new RangeError('The width of a bucket must be above 0.');
    this.points = points;
    this.cell = cell;
    const ends = [points.x, points.y, points.z].map((values) => {
      let [min, max] = [Infinity, -Infinity];
      for (let i = 0; i < values.length; i++) {
        min = Math.min(min, values[i]);
        max = Math.max(max, values[i]);
      }
      return { min, max };
    });
    this.origin = ends.map(({ min }) => min);
    this.counts = ends.map(({ min, max }) => (max >= min ? Math.floor((max - min) / cell) + 1 : 0));
    for (let i = 0; i < points.x.length; i++) {
      const key = this.key(this.position(points.x[i], 0), this.position(points.y[i], 1), this.position(points.z[i], 2));
      const bucket = this.buckets.get(key);
      if (bucket === undefined) this.buckets.set(key, [i]);
      else bucket.push(i);
    }
  }

  private position(coordinate: number, axis: 0 | 1 | 2): number {
    return Math.floor((coordinate - this.origin[axis]) / this.cell);
  }

  private key(x: number, y: number, z: number): number {
    return x + this.counts[0] * (y + this.counts[1] * z);
  }

  /** Indices of the points at most `radius` away (radius at most the bucket's width), ascending. */
  within(x: number, y: number, z: number, radius: number): number[] {
    const found: number[] = [];
    const [cx, cy, cz] = [this.position(x, 0), this.position(y, 1), this.position(z, 2)];
    const [nx, ny, nz] = this.counts;
    for (let k = Math.max(0, cz - 1); k <= Math.min(nz - 1, cz + 1); k++) {
      for (let j = Math.max(0, cy - 1); j <= Math.min(ny - 1, cy + 1); j++) {
        for (let i = Math.max(0, cx - 1); i <= Math.min(nx - 1, cx + 1); i++) {
          for (const index of this.buckets.get(this.key(i, j, k)) ?? []) {
            if (Math.hypot(this.points.x[index] - x, this.points.y[index] - y, this.points.z[index] - z) <= radius) found.push(index);
          }
        }
      }
    }
    return found.sort((a, b) => a - b);
  }
}
