import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { percentile, percentiles } from '../../../runner/kernels/percentile.ts';

interface Golden {
  readonly ranks: readonly number[];
  readonly float64: { readonly values: readonly number[]; readonly expected: readonly number[] };
  readonly int32: { readonly values: readonly number[]; readonly expected: readonly number[] };
}

const golden = (JSON.parse(readFileSync(new URL('../../fixtures/thresholds/golden.json', import.meta.url), 'utf8')) as { percentiles: Golden }).percentiles;
const ranks = [0, 3, 25, 50, 99.5, 100];

/** The definition, on sorted values. */
function expected(values: ArrayLike<number>): number[] {
  const sorted = Array.from(values).filter((value) => !Number.isNaN(value)).sort((a, b) => a - b);
  return ranks.map((rank) => {
    const position = ((sorted.length - 1) * rank) / 100;
    const below = sorted[Math.floor(position)];
    return below + (sorted[Math.min(sorted.length - 1, Math.floor(position) + 1)] - below) * (position % 1);
  });
}

function close(actual: readonly number[], wanted: readonly number[]): void {
  actual.forEach((value, i) => assert.ok(Math.abs(value - wanted[i]) <= 1e-9 * Math.max(1, Math.abs(wanted[i])), `${value} is not ${wanted[i]}`));
}

describe('percentiles', () => {
  it('equal numpy on 64-bit floats and 32-bit integers', () => {
    close(percentiles(Float64Array.from(golden.float64.values), golden.ranks), golden.float64.expected);
    close(percentiles(Int32Array.from(golden.int32.values), golden.ranks), golden.int32.expected);
  });

  it('are right for every type of voxel, negative values included', () => {
    const wave = Array.from({ length: 5000 }, (_, i) => 100 * Math.sin(i * 7.77));
    const whole = wave.map(Math.round);
    for (const values of [Int8Array.from(whole), Int16Array.from(whole), Int32Array.from(whole), Float32Array.from(wave), Float64Array.from(wave)]) {
      close(percentiles(values, ranks), expected(values));
    }
    const positive = whole.map((value) => value + 100);
    for (const values of [Uint8Array.from(positive), Uint16Array.from(positive), Uint32Array.from(positive, (value) => value * 2e7)]) {
      close(percentiles(values, ranks), expected(values));
    }
  });

  it('leave NaN out, take infinities and both zeros, and read a part of a buffer', () => {
    const values = Float32Array.from([NaN, -Infinity, -0, 0, 1.5, -2.5, Infinity, NaN, 7]).subarray(1);
    assert.deepEqual(percentiles(values, [0, 50, 100]), [-Infinity, 0, Infinity].map((value) => value));
    assert.equal(percentile(Float32Array.from([3]), 40), 3);
    assert.ok(Number.isNaN(percentile(new Float32Array(0), 50)));
    assert.ok(Number.isNaN(percentile(Float32Array.of(NaN), 50)));
  });

  it('refuse ranks outside 0 to 100', () => {
    assert.throws(() => percentile(new Uint8Array(3), 101), RangeError);
  });
});
