import type { VoxelArray } from './volume.ts';

/** Counts in equally wide bins. Bin i holds edges[i] ≤ value < edges[i + 1]; the last bin also its upper edge. */
export interface Histogram {
  /** Whole numbers, exact to 2^53. */
  readonly counts: Float64Array;
  /** One more than counts, ascending. */
  readonly edges: Float64Array;
}

/** An empty histogram of `bins` bins over [lo, hi]; when lo = hi the range is widened by a half on both sides, as numpy does. */
export function emptyHistogram(bins: number, lo: number, hi: number): Histogram {
  if (!(Number.isInteger(bins) && bins > 0)) throw new RangeError(`A histogram needs a whole number of bins, not ${bins}.`);
  if (!(Number.isFinite(lo) && Number.isFinite(hi) && lo <= hi)) throw new RangeError(`A histogram cannot range from ${lo} to ${hi}.`);
  const first = lo === hi ? lo - 0.5 : lo;
  const last = lo === hi ? hi + 0.5 : hi;
  const step = (last - first) / bins;
  const edges = Float64Array.from({ length: bins + 1 }, (_, i) => (i === bins ? last : first + i * step));
  return { counts: new Float64Array(bins), edges };
}

/** Middle of each bin. */
export function binCentres(histogram: Histogram): Float64Array {
  const { edges } = histogram;
  return Float64Array.from({ length: edges.length - 1 }, (_, i) => (edges[i] + edges[i + 1]) / 2);
}

/** Number of bins of `width` that a range needs, at least 2: ceil((hi − lo)/width) (pipeline-spec §3.5). */
export function binsOfWidth(lo: number, hi: number, width: number): number {
  return Math.max(2, Math.ceil((hi - lo) / width));
}

/**
 * Counts values into a histogram, as numpy.histogram: values outside the range and NaN are dropped. Calling it for the parts
 * of an image, in any order, gives the histogram of the whole.
 */
export function countInto(histogram: Histogram, values: VoxelArray): void {
  if (values.BYTES_PER_ELEMENT <= 2 && values.length > 65536) countSmallIntegers(histogram, values);
  else countEach(histogram, values);
}

/** The histogram of an image: see {@link countInto}. */
export function histogramOf(values: VoxelArray, bins: number, lo: number, hi: number): Histogram {
  const histogram = emptyHistogram(bins, lo, hi);
  countInto(histogram, values);
  return histogram;
}

/** Sum of histograms of equal edges. */
export function mergeHistograms(parts: readonly Histogram[]): Histogram {
  const [first, ...rest] = parts;
  const counts = first.counts.slice();
  for (const part of rest) {
    if (part.counts.length !== counts.length || part.edges[0] !== first.edges[0] || part.edges[counts.length] !== first.edges[counts.length]) {
      throw new RangeError('Only histograms over the same bins can be added.');
    }
    for (let i = 0; i < counts.length; i++) counts[i] += part.counts[i];
  }
  return { counts, edges: first.edges };
}

function countEach({ counts, edges }: Histogram, values: VoxelArray): void {
  const bins = counts.length;
  const lo = edges[0];
  const hi = edges[bins];
  const scale = bins / (hi - lo);
  for (let i = 0; i < values.length; i++) {
    const value = values[i];
    if (!(value >= lo && value <= hi)) continue;
    let bin = Math.floor((value - lo) * scale);
    if (bin >= bins) bin = bins - 1;
    // The product is rounded: the edges themselves decide.
    if (value < edges[bin]) bin--;
    else if (bin < bins - 1 && value >= edges[bin + 1]) bin++;
    counts[bin]++;
  }
}

/** Counts whole numbers one by one first: faster for big images, and each distinct value is placed only once. */
function countSmallIntegers(histogram: Histogram, values: VoxelArray): void {
  const signed = values instanceof Int8Array || values instanceof Int16Array;
  const levels = values.BYTES_PER_ELEMENT === 1 ? 256 : 65536;
  const offset = signed ? levels / 2 : 0;
  // Four tables in turn: equal neighbours would otherwise wait for each other's increment.
  const tables = [0, 1, 2, 3].map(() => new Uint32Array(levels));
  const [a, b, c, d] = tables;
  const whole = values.length - (values.length % 4);
  for (let i = 0; i < whole; i += 4) {
    a[values[i] + offset]++;
    b[values[i + 1] + offset]++;
    c[values[i + 2] + offset]++;
    d[values[i + 3] + offset]++;
  }
  for (let i = whole; i < values.length; i++) a[values[i] + offset]++;
  for (let level = 0; level < levels; level++) {
    const times = a[level] + b[level] + c[level] + d[level];
    const bin = times === 0 ? -1 : binOf(histogram, level - offset);
    if (bin >= 0) histogram.counts[bin] += times;
  }
}

/** Bin of a value, or -1 outside. */
function binOf({ counts, edges }: Histogram, value: number): number {
  const bins = counts.length;
  if (!(value >= edges[0] && value <= edges[bins])) return -1;
  let bin = Math.min(bins - 1, Math.floor((value - edges[0]) * (bins / (edges[bins] - edges[0]))));
  if (value < edges[bin]) bin--;
  else if (bin < bins - 1 && value >= edges[bin + 1]) bin++;
  return bin;
}
