import type { VoxelArray } from './volume.ts';

/**
 * Percentiles by linear interpolation between order statistics, as numpy.percentile's method 'linear': rank
 * (n − 1)·q/100, counted from 0. NaN values are left out. Returns NaN for each percentile when nothing is left.
 *
 * No copy of the image is made, save for 64-bit floats: 8- and 16-bit values are counted, 32-bit values selected by
 * counting the upper and then the lower half of their bits.
 *
 * @param ranks percentiles, 0 to 100, in any order. Throws a RangeError outside.
 */
export function percentiles(values: VoxelArray, ranks: readonly number[]): number[] {
  for (const rank of ranks) {
    if (!(rank >= 0 && rank <= 100)) throw new RangeError(`A percentile lies between 0 and 100, not at ${rank}.`);
  }
  if (values instanceof Float64Array) return fromSorted(values, ranks);
  if (values.BYTES_PER_ELEMENT <= 2) return fromCounts(values, ranks);
  return fromKeys(values, ranks);
}

/** One percentile: see {@link percentiles}. */
export function percentile(values: VoxelArray, rank: number): number {
  return percentiles(values, [rank])[0];
}

/** Interpolates between the order statistics below and above each rank, of n values. */
function interpolate(n: number, ranks: readonly number[], statistic: (index: number) => number): number[] {
  return ranks.map((rank) => {
    if (n === 0) return NaN;
    const position = (n - 1) * (rank / 100);
    const index = Math.floor(position);
    const below = statistic(index);
    const fraction = position - index;
    if (fraction === 0) return below;
    const above = statistic(index + 1);
    // Interpolating from the nearer end is exact at both ends.
    return fraction < 0.5 ? below + (above - below) * fraction : above - (above - below) * (1 - fraction);
  });
}

function fromSorted(values: Float64Array, ranks: readonly number[]): number[] {
  const sorted = values.filter((value) => !Number.isNaN(value)).sort();
  return interpolate(sorted.length, ranks, (index) => sorted[index]);
}

function fromCounts(values: VoxelArray, ranks: readonly number[]): number[] {
  const bytes = values.BYTES_PER_ELEMENT;
  const signed = values instanceof Int8Array || values instanceof Int16Array;
  const levels = bytes === 1 ? 256 : 65536;
  const offset = signed ? levels / 2 : 0;
  const counts = new Float64Array(levels);
  for (let i = 0; i < values.length; i++) counts[values[i] + offset]++;
  return interpolate(values.length, ranks, (index) => binOfRank(counts, index).bin - offset);
}

/** The bin that holds the value of a given 0-based rank, and that rank within the bin. */
function binOfRank(counts: Float64Array, rank: number): { readonly bin: number; readonly rest: number } {
  let rest = rank;
  let bin = 0;
  while (bin < counts.length - 1 && rest >= counts[bin]) rest -= counts[bin++];
  return { bin, rest };
}

type WideArray = Int32Array | Uint32Array | Float32Array;

/** Unsigned 32-bit keys that sort as the values do: `bits ^ flip(bits)`. */
function keyOf(kind: 'signed' | 'unsigned' | 'float', bits: number): number {
  if (kind === 'unsigned') return bits >>> 0;
  if (kind === 'signed' || bits >= 0) return (bits ^ 0x80000000) >>> 0;
  return ~bits >>> 0;
}

function valueOf(kind: 'signed' | 'unsigned' | 'float', key: number): number {
  if (kind === 'unsigned') return key;
  if (kind === 'signed') return key ^ 0x80000000;
  const bits = key >= 0x80000000 ? key ^ 0x80000000 : ~key;
  return new Float32Array(Int32Array.of(bits).buffer)[0];
}

function fromKeys(values: WideArray | VoxelArray, ranks: readonly number[]): number[] {
  const kind = values instanceof Float32Array ? 'float' : values instanceof Int32Array ? 'signed' : 'unsigned';
  const bits = new Int32Array(values.buffer, values.byteOffset, values.length);
  const upper = new Float64Array(65536);
  let n = 0;
  for (let i = 0; i < bits.length; i++) {
    if (kind === 'float' && (bits[i] & 0x7fffffff) > 0x7f800000) continue;
    upper[keyOf(kind, bits[i]) >>> 16]++;
    n++;
  }
  if (n === 0) return ranks.map(() => NaN);
  const wanted = ranks.flatMap((rank) => {
    const index = Math.floor((n - 1) * (rank / 100));
    return [index, Math.min(n - 1, index + 1)];
  });
  const slots = [...new Set(wanted.map((index) => binOfRank(upper, index).bin))];
  const slotOf = new Int16Array(65536).fill(-1);
  slots.forEach((bin, slot) => { slotOf[bin] = slot; });
  const lower = slots.map(() => new Float64Array(65536));
  for (let i = 0; i < bits.length; i++) {
    if (kind === 'float' && (bits[i] & 0x7fffffff) > 0x7f800000) continue;
    const key = keyOf(kind, bits[i]);
    const slot = slotOf[key >>> 16];
    if (slot >= 0) lower[slot][key & 0xffff]++;
  }
  return interpolate(n, ranks, (index) => {
    const { bin, rest } = binOfRank(upper, index);
    return valueOf(kind, bin * 65536 + binOfRank(lower[slotOf[bin]], rest).bin);
  });
}
