import type { Vec3 } from './geometry.ts';
import { voxelCount } from './volume.ts';
import { wasmKernels, type WasmKernels } from './wasmKernels.ts';

/** Choices of {@link gaussianBlur}. */
export interface BlurOptions {
  /** Radius of the kernel in standard deviations. Default 4, as scipy. */
  readonly truncate?: number;
  /** Where to put the result (may be the data itself). Default: a new array. */
  readonly out?: Float32Array;
  /** Bound of the WebAssembly memory used, in bytes; larger images are done in tiles. Default 128 MiB. */
  readonly scratchBytes?: number;
}

const defaultScratchBytes = 128 * 1024 * 1024;

/**
 * Half of a sampled, normalised Gaussian: weight of the centre, of distance 1, and so on up to
 * floor(truncate·sigma + 0.5). A sigma of 0 gives the single weight 1. The formula is scipy.ndimage's.
 */
export function gaussianWeights(sigma: number, truncate = 4): Float64Array {
  const radius = sigma > 0 ? Math.floor(truncate * sigma + 0.5) : 0;
  const weights = new Float64Array(radius + 1);
  let total = 0;
  for (let i = 0; i <= radius; i++) {
    weights[i] = sigma > 0 ? Math.exp((-0.5 * i * i) / (sigma * sigma)) : 1;
    total += i === 0 ? weights[i] : 2 * weights[i];
  }
  for (let i = 0; i <= radius; i++) weights[i] /= total;
  return weights;
}

/** Index i of a signal of n samples continued by reflection about its edges: (c b a | a b c | c b a). */
export function reflectedIndex(i: number, n: number): number {
  const period = 2 * n;
  const k = ((i % period) + period) % period;
  return k < n ? k : period - 1 - k;
}

/** One axis' kernel, as it lies in WebAssembly memory. */
interface Kernel {
  readonly offset: number;
  readonly radius: number;
}

function placeKernel(kernels: WasmKernels, sigma: number, truncate: number): Kernel {
  const weights = gaussianWeights(sigma, truncate);
  const repeated = new Float32Array(weights.length * 4);
  weights.forEach((weight, i) => repeated.fill(weight, i * 4, i * 4 + 4));
  return { offset: kernels.allocateFloats(repeated), radius: weights.length - 1 };
}

/**
 * Gaussian smoothing of a 32-bit float image with reflected borders: equals scipy.ndimage.gaussian_filter (mode 'reflect')
 * within the rounding of 32-bit sums.
 *
 * Planes are smoothed along x and y one after another and kept in a ring as long as the kernel along z needs them, so the
 * memory taken besides data and result is that of a few planes.
 *
 * @param data nx·ny·nz values, x fastest; left as it is unless it is also `out`
 * @param sigma standard deviation in voxels, for all axes or per x, y, z; 0 leaves an axis alone
 */
export function gaussianBlur(data: Float32Array, size: Vec3, sigma: number | Vec3, options: BlurOptions = {}): Float32Array {
  const count = voxelCount(size);
  if (data.length !== count) throw new RangeError(`The image has ${data.length} values; its size needs ${count}.`);
  const out = options.out ?? new Float32Array(count);
  if (count === 0) return out;
  const sigmas: Vec3 = typeof sigma === 'number' ? [sigma, sigma, sigma] : sigma;
  const truncate = options.truncate ?? 4;
  const kernels = wasmKernels();
  kernels.reset();
  const kernelX = placeKernel(kernels, sigmas[0], truncate);
  const kernelY = placeKernel(kernels, sigmas[1], truncate);
  const kernelZ = placeKernel(kernels, sigmas[2], truncate);
  const pitch = Math.ceil(size[0] / 16) * 16;
  const line = kernels.allocate((pitch + 2 * kernelX.radius + 16) * 4);
  const planes = Math.min(size[2], 2 * kernelZ.radius + 1) + 3;
  const rowsThatFit = Math.floor((options.scratchBytes ?? defaultScratchBytes) / (pitch * 4 * planes)) - 2 * kernelY.radius;
  const tileRows = Math.min(size[1], Math.max(1, rowsThatFit));
  // Tiles overlap in what they read: a result put over the data would feed on itself.
  const source = tileRows < size[1] && out.buffer === data.buffer ? data.slice() : data;
  const tile = placeTile(kernels, size, pitch, tileRows, [kernelX, kernelY, kernelZ], line);
  for (let y = 0; y < size[1]; y += tileRows) blurTile(kernels, tile, source, out, y, Math.min(size[1], y + tileRows));
  return out;
}

/** Where a tile (full in x and z, some rows in y) is worked on in WebAssembly memory. */
interface Tile {
  readonly size: Vec3;
  readonly pitch: number;
  readonly kernels: readonly [Kernel, Kernel, Kernel];
  readonly line: number;
  /** Rows as read, rows after the pass along x, and one result plane. */
  readonly input: number;
  readonly alongX: number;
  readonly result: number;
  /** The last planes smoothed along x and y; plane z is in slot z % ringPlanes. */
  readonly ring: number;
  readonly ringPlanes: number;
  readonly planeBytes: number;
  /** Table of row or plane pointers for the combining kernel. */
  readonly pointers: number;
}

function placeTile(kernels: WasmKernels, size: Vec3, pitch: number, rows: number, axes: readonly [Kernel, Kernel, Kernel], line: number): Tile {
  const inputRows = Math.min(size[1], rows + 2 * axes[1].radius);
  const planeBytes = pitch * rows * 4;
  const ringPlanes = Math.min(size[2], 2 * axes[2].radius + 1);
  const input = kernels.allocate(pitch * inputRows * 4);
  const alongX = kernels.allocate(pitch * inputRows * 4);
  const result = kernels.allocate(planeBytes);
  const ring = kernels.allocate(planeBytes * ringPlanes);
  const pointers = kernels.allocate((2 * Math.max(axes[1].radius, axes[2].radius) + 1) * 4);
  return { size, pitch, kernels: axes, line, input, alongX, result, ring, ringPlanes, planeBytes, pointers };
}

function blurTile(kernels: WasmKernels, tile: Tile, data: Float32Array, out: Float32Array, y0: number, y1: number): void {
  const [nx, ny, nz] = tile.size;
  const { pitch } = tile;
  const [kernelX, kernelY, kernelZ] = tile.kernels;
  const firstRow = Math.max(0, y0 - kernelY.radius);
  const lastRow = Math.min(ny, y1 + kernelY.radius);
  const rows = lastRow - firstRow;
  const { convolveRows, combineRows } = kernels.functions;
  const table = kernels.integers(tile.pointers, 2 * Math.max(kernelY.radius, kernelZ.radius) + 1);
  const inputView = kernels.floats(tile.input, pitch * rows);
  const resultView = kernels.floats(tile.result, pitch * (y1 - y0));

  const point = (base: number, stride: number, centre: number, radius: number, n: number, slot: (i: number) => number): void => {
    table[0] = base + stride * slot(centre);
    for (let j = 1; j <= radius; j++) {
      table[2 * j - 1] = base + stride * slot(reflectedIndex(centre - j, n));
      table[2 * j] = base + stride * slot(reflectedIndex(centre + j, n));
    }
  };

  const smoothPlane = (z: number): void => {
    const start = nx * (firstRow + ny * z);
    if (pitch === nx) {
      inputView.set(data.subarray(start, start + nx * rows));
    } else {
      for (let row = 0; row < rows; row++) inputView.set(data.subarray(start + row * nx, start + (row + 1) * nx), row * pitch);
    }
    const slot = tile.ring + (z % tile.ringPlanes) * tile.planeBytes;
    convolveRows(tile.input, tile.alongX, nx, pitch, rows, kernelX.offset, kernelX.radius, tile.line);
    for (let y = y0; y < y1; y++) {
      point(tile.alongX, pitch * 4, y, kernelY.radius, ny, (row) => row - firstRow);
      combineRows(tile.pointers, slot + (y - y0) * pitch * 4, pitch, kernelY.offset, kernelY.radius);
    }
  };

  let smoothed = 0;
  for (let z = 0; z < nz; z++) {
    for (const needed = Math.min(nz, z + kernelZ.radius + 1); smoothed < needed; smoothed++) smoothPlane(smoothed);
    point(tile.ring, tile.planeBytes, z, kernelZ.radius, nz, (plane) => plane % tile.ringPlanes);
    combineRows(tile.pointers, tile.result, pitch * (y1 - y0), kernelZ.offset, kernelZ.radius);
    const start = nx * (y0 + ny * z);
    if (pitch === nx) {
      out.set(resultView, start);
    } else {
      for (let row = 0; row < y1 - y0; row++) out.set(resultView.subarray(row * pitch, row * pitch + nx), start + row * nx);
    }
  }
}
