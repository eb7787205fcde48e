import { voxelSize } from '../../kernels/geometry.ts';
import { histogramOf } from '../../kernels/histogram.ts';
import { lastBins } from '../../kernels/otsu.ts';
import { percentiles } from '../../kernels/percentile.ts';
import type { Volume } from '../../kernels/volume.ts';

/** A bias field in numbers, within the brain mask. NaN where the mask is empty. */
export interface FieldNumbers {
  /** First and 99th percentile of the factor that intensities are divided by. */
  readonly low: number;
  readonly high: number;
  readonly min: number;
  readonly max: number;
  /** 99th percentile of the length of the gradient of ln(bias), percent per mm. */
  readonly steepest: number;
}

/** An image in numbers: how even it is. NaN where there are fewer than two voxels. */
export interface Evenness {
  /** Standard deviation over mean of the brain mask's voxels, percent. */
  readonly brain: number;
  /** The same of the bright tissue's voxels: {@link brightestTissue}. */
  readonly tissue: number;
  /** Entropy of the histogram of log intensities in the brain mask, bits; bins of 2 %. N4 makes it smaller. */
  readonly entropy: number;
}

/** Classes of intensity, the brightest of which is watched. */
const classes = 3;
const classBins = 256;
/** Plaques and vessels are no tissue: voxels above this percentile belong to none. */
const brightest = 99.5;
/** Nor is a class that holds less of the brain than this: it is plaques or vessels as well. */
const leastShare = 0.2;
/** Width of the bins of ln(intensity). */
const entropyBin = 0.02;

/** The finite values where `where` is not 0. */
export function valuesWithin(values: ArrayLike<number>, where: ArrayLike<number>): Float32Array {
  const kept = new Float32Array(values.length);
  let n = 0;
  for (let i = 0; i < values.length; i++) if (where[i] !== 0 && Number.isFinite(values[i])) kept[n++] = values[i];
  return kept.slice(0, n);
}

/** Standard deviation (n − 1) over mean, percent. NaN for fewer than two values or a mean of 0. */
export function variation(values: ArrayLike<number>): number {
  let mean = 0;
  let squares = 0;
  for (let i = 0; i < values.length; i++) {
    const distance = values[i] - mean;
    mean += distance / (i + 1);
    squares += distance * (values[i] - mean);
  }
  return values.length < 2 || mean === 0 ? NaN : (100 * Math.sqrt(squares / (values.length - 1))) / mean;
}

/** Shannon entropy of the histogram of ln(value), bits; values that are not above 0 are left out. NaN when none is left. */
export function logEntropy(values: ArrayLike<number>): number {
  const counts = new Map<number, number>();
  let n = 0;
  for (let i = 0; i < values.length; i++) {
    if (!(values[i] > 0)) continue;
    const bin = Math.floor(Math.log(values[i]) / entropyBin);
    counts.set(bin, (counts.get(bin) ?? 0) + 1);
    n++;
  }
  if (n === 0) return NaN;
  let entropy = 0;
  for (const bin of [...counts.keys()].sort((a, b) => a - b)) {
    const share = (counts.get(bin) ?? 0) / n;
    entropy -= share * Math.log2(share);
  }
  return entropy;
}

/**
 * The brightest of three classes of intensity (optimal one-dimensional k-means, which is Otsu's choice) that holds a fifth
 * of the mask or more; the brightest half percent of the voxels belongs to no class. All 0 when the mask holds no two
 * different values.
 */
export function brightestTissue(image: ArrayLike<number>, mask: ArrayLike<number>): Uint8Array {
  const inside = valuesWithin(image, mask);
  const [low, high] = percentiles(inside, [0, brightest]);
  const tissue = new Uint8Array(image.length);
  if (!(high > low)) return tissue;
  const { counts } = histogramOf(inside.filter((value) => value <= high), classBins, low, high);
  const occupied = counts.reduce((sum, count) => sum + (count > 0 ? 1 : 0), 0);
  const ends = lastBins(counts, Math.min(classes, occupied));
  const edges = [low, ...ends.map((bin) => low + ((bin + 1) / classBins) * (high - low)), high];
  for (let k = edges.length - 2; k >= 0; k--) {
    const [from, to] = [edges[k], edges[k + 1]];
    let count = 0;
    for (let i = 0; i < tissue.length; i++) {
      tissue[i] = mask[i] !== 0 && image[i] >= from && (image[i] < to || (to === high && image[i] === to)) ? 1 : 0;
      count += tissue[i];
    }
    // Of three classes one holds a third: the loop ends here at the latest.
    if (count >= leastShare * inside.length) break;
  }
  return tissue;
}

/** How even an image is, or, with a bias, how even it is once divided by it. */
export function evenness(image: ArrayLike<number>, mask: ArrayLike<number>, tissue: ArrayLike<number>): Evenness {
  const inside = valuesWithin(image, mask);
  return { brain: variation(inside), tissue: variation(valuesWithin(image, tissue)), entropy: logEntropy(inside) };
}

/** A bias field in numbers. Gradients are central differences, taken where all six neighbours exist. */
export function fieldNumbers(bias: Volume<Float32Array>, mask: ArrayLike<number>): FieldNumbers {
  const [min, low, high, max] = percentiles(valuesWithin(bias.data, mask), [0, 1, 99, 100]);
  const [nx, ny, nz] = bias.size;
  const mm = voxelSize(bias.affine);
  const steps = [1, nx, nx * ny];
  // An axis of one or two voxels has no inner ones: it adds nothing.
  const axes = [0, 1, 2].filter((axis) => bias.size[axis] > 2);
  const inner = (at: number, length: number): boolean => length < 3 || (at > 0 && at < length - 1);
  const lengths = new Float32Array(bias.data.length);
  let n = 0;
  for (let z = 0; z < nz; z++) {
    for (let y = 0; y < ny; y++) {
      if (!inner(z, nz) || !inner(y, ny)) continue;
      for (let x = 0; x < nx; x++) {
        const i = x + nx * (y + ny * z);
        if (mask[i] === 0 || !inner(x, nx)) continue;
        let squares = 0;
        for (const axis of axes) squares += (Math.log(bias.data[i + steps[axis]] / bias.data[i - steps[axis]]) / (2 * mm[axis])) ** 2;
        lengths[n++] = 100 * Math.sqrt(squares);
      }
    }
  }
  return { min, low, high, max, steepest: percentiles(lengths.subarray(0, n), [99])[0] };
}

/** `image / bias`, voxel by voxel. */
export function dividedBy(image: Float32Array, bias: Float32Array): Float32Array {
  return image.map((value, i) => value / bias[i]);
}

/**
 * Mean of the masked values in each plane across one voxel axis, backwards when `flip`. NaN in planes that hold less than
 * a fiftieth of the fullest plane's voxels: their mean tells of the mask's rim.
 */
export function profileAlong(volume: Volume, mask: ArrayLike<number>, axis: number, flip: boolean): Float64Array {
  const [nx, ny, nz] = volume.size;
  const length = volume.size[axis];
  const sums = new Float64Array(length);
  const counts = new Float64Array(length);
  for (let z = 0, i = 0; z < nz; z++) {
    for (let y = 0; y < ny; y++) {
      for (let x = 0; x < nx; x++, i++) {
        if (mask[i] === 0 || !Number.isFinite(volume.data[i])) continue;
        const at = axis === 0 ? x : axis === 1 ? y : z;
        sums[at] += volume.data[i];
        counts[at]++;
      }
    }
  }
  const fullest = counts.reduce((a, b) => Math.max(a, b), 0);
  const profile = sums.map((sum, at) => (counts[at] > fullest / 50 ? sum / counts[at] : NaN));
  return flip ? profile.reverse() : profile;
}

/** The smallest of a few round factors f such that a field's bulk lies between 1/f and f: colours of figures go with it. */
export function roundFactor(low: number, high: number): number {
  const needed = Math.max(high, 1 / low);
  return [1.1, 1.25, 1.5, 2, 3, 5].find((factor) => needed <= factor) ?? 10;
}
