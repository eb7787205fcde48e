import type { Vec3 } from '../kernels/geometry.ts';

/** One resolution of one channel, x fastest. */
export interface PyramidLevel {
  readonly size: Vec3;
  readonly data: Uint16Array;
}

/** The next coarser resolution: means of 2 x 2 x 2 voxels, rounded; an odd last plane is dropped. */
export function halve({ size, data }: PyramidLevel): PyramidLevel {
  const [nx, ny] = size;
  const half: Vec3 = [size[0] >> 1, size[1] >> 1, size[2] >> 1];
  const out = new Uint16Array(half[0] * half[1] * half[2]);
  const row = nx, plane = nx * ny;
  for (let z = 0, o = 0; z < half[2]; z++) {
    for (let y = 0; y < half[1]; y++) {
      let i = 2 * y * row + 2 * z * plane;
      for (let x = 0; x < half[0]; x++, o++, i += 2) {
        const sum = data[i] + data[i + 1] + data[i + row] + data[i + row + 1]
          + data[i + plane] + data[i + plane + 1] + data[i + plane + row] + data[i + plane + row + 1];
        out[o] = (sum + 4) >> 3;
      }
    }
  }
  return { size: half, data: out };
}

/** A channel and its coarser resolutions: `count` in all. */
export function pyramid(base: PyramidLevel, count: number): readonly PyramidLevel[] {
  const levels = [base];
  while (levels.length < count) levels.push(halve(levels[levels.length - 1]));
  return levels;
}
