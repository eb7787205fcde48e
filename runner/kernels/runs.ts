import type { Vec3 } from './geometry.ts';

/**
 * Foreground of a box as runs along x: sparse masks take memory in proportion to what is in them. Row y + ny·z has the
 * runs from `rows[y + ny·z]` up to the next row's; run i covers from[i] ≤ x < to[i]. Runs of a row ascend and do not touch.
 */
export interface Runs {
  readonly size: Vec3;
  readonly rows: Uint32Array;
  readonly from: Int32Array;
  readonly to: Int32Array;
}

/** Takes the runs of a box in raster order. */
export class RunCollector {
  readonly #size: Vec3;
  readonly #rows: Uint32Array;
  #row = 0;
  #count = 0;
  #from = new Int32Array(4096);
  #to = new Int32Array(4096);

  constructor(size: Vec3) {
    this.#size = size;
    this.#rows = new Uint32Array(size[1] * size[2] + 1);
  }

  /** Adds a run to the present row. */
  add(from: number, to: number): void {
    if (this.#count === this.#from.length) {
      this.#from = grown(this.#from);
      this.#to = grown(this.#to);
    }
    this.#from[this.#count] = from;
    this.#to[this.#count++] = to;
  }

  /** Goes on to the next row. */
  endRow(): void {
    this.#rows[++this.#row] = this.#count;
  }

  /** All runs, once every row has ended. */
  finish(): Runs {
    return { size: this.#size, rows: this.#rows, from: this.#from.subarray(0, this.#count), to: this.#to.subarray(0, this.#count) };
  }
}

function grown(array: Int32Array<ArrayBuffer>): Int32Array<ArrayBuffer> {
  const larger = new Int32Array(2 * array.length);
  larger.set(array);
  return larger;
}

/** The runs of a mask's values above 0, x fastest. */
export function runsOfMask(mask: Uint8Array, size: Vec3): Runs {
  const collector = new RunCollector(size);
  const [nx, ny, nz] = size;
  for (let row = 0; row < ny * nz; row++) {
    const end = (row + 1) * nx;
    for (let i = row * nx; i < end;) {
      if (mask[i] === 0) {
        i++;
        continue;
      }
      const first = i;
      while (i < end && mask[i] !== 0) i++;
      collector.add(first - row * nx, i - row * nx);
    }
    collector.endRow();
  }
  return collector.finish();
}
