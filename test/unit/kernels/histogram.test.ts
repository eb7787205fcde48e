import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { binCentres, binsOfWidth, countInto, emptyHistogram, histogramOf, mergeHistograms } from '../../../runner/kernels/histogram.ts';

interface Golden {
  readonly values: readonly (number | null)[];
  readonly counts: readonly number[];
}

const edgy = (JSON.parse(readFileSync(new URL('../../fixtures/thresholds/golden.json', import.meta.url), 'utf8')) as { edgy: Golden }).edgy;

describe('histogram', () => {
  it('places values on and beside the edges of bins as numpy does, and drops those outside', () => {
    const values = Float64Array.from(edgy.values, (value) => value ?? NaN);
    assert.deepEqual([...histogramOf(values, 37, 0.1, 3.8).counts], edgy.counts);
  });

  it('closes the last bin on the right', () => {
    const { counts, edges } = histogramOf(Uint8Array.of(0, 1, 2, 3, 4, 5), 4, 0, 4);
    assert.deepEqual([...counts], [1, 1, 1, 2]);
    assert.deepEqual([...edges], [0, 1, 2, 3, 4]);
    assert.deepEqual([...binCentres({ counts, edges })], [0.5, 1.5, 2.5, 3.5]);
  });

  it('is the same for big images of small integers, and for parts in any order', () => {
    const numbers = Array.from({ length: 70_003 }, (_, i) => (i * 7919) % 251);
    for (const values of [Uint8Array.from(numbers), Int16Array.from(numbers), Uint16Array.from(numbers)]) {
      const whole = histogramOf(values, 13, 3.3, 200.7);
      assert.deepEqual(whole.counts, histogramOf(Float64Array.from(values), 13, 3.3, 200.7).counts);
      const streamed = emptyHistogram(13, 3.3, 200.7);
      countInto(streamed, values.subarray(40_000));
      countInto(streamed, values.subarray(0, 40_000));
      assert.deepEqual(streamed, whole);
      const parts = [values.subarray(0, 100), values.subarray(100)].map((part) => histogramOf(part, 13, 3.3, 200.7));
      assert.deepEqual(mergeHistograms(parts), whole);
    }
  });

  it('widens an empty range by a half on both sides', () => {
    assert.deepEqual([...histogramOf(Uint16Array.of(7, 7, 8), 2, 7, 7).counts], [0, 2]);
  });

  it('takes as many bins as the range needs, two at least', () => {
    assert.equal(binsOfWidth(10, 20.5, 1), 11);
    assert.equal(binsOfWidth(10, 10, 1), 2);
  });

  it('refuses ranges and numbers of bins that make no sense', () => {
    assert.throws(() => emptyHistogram(0, 0, 1), RangeError);
    assert.throws(() => emptyHistogram(3, 2, 1), RangeError);
    assert.throws(() => emptyHistogram(3, NaN, 1), RangeError);
    assert.throws(() => mergeHistograms([emptyHistogram(3, 0, 1), emptyHistogram(3, 0, 2)]), RangeError);
  });
});
