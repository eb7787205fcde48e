import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { multiOtsu, otsuThresholdList } from '../../../runner/kernels/otsu.ts';

interface Case {
  readonly name: string;
  readonly lo: number;
  readonly hi: number;
  readonly counts: readonly number[];
  readonly otsu: Readonly<Record<string, readonly number[]>>;
}

const { cases } = JSON.parse(readFileSync(new URL('../../fixtures/thresholds/golden.json', import.meta.url), 'utf8')) as { cases: readonly Case[] };

function centresOf({ lo, hi, counts }: Pick<Case, 'lo' | 'hi' | 'counts'>): number[] {
  return counts.map((_, i) => lo + ((i + 0.5) * (hi - lo)) / counts.length);
}

/** Variance between classes (up to constants) of cuts after the given bins. */
function separation(counts: readonly number[], bins: readonly number[]): number {
  const ends = [...bins.map((bin) => bin + 1), counts.length];
  return ends.reduce((sum, end, c) => {
    const part = counts.slice(c === 0 ? 0 : ends[c - 1], end);
    const mass = part.reduce((a, b) => a + b, 0);
    const moment = part.reduce((a, b, i) => a + b * ((c === 0 ? 0 : ends[c - 1]) + i), 0);
    return mass > 0 ? sum + (moment * moment) / mass : sum;
  }, 0);
}

describe('multi-Otsu', () => {
  for (const example of cases) {
    for (const [classes, expected] of Object.entries(example.otsu)) {
      it(`agrees with scikit-image: ${example.name}, ${classes} classes`, () => {
        const centres = centresOf(example);
        const width = centres[1] - centres[0];
        const { thresholds, degenerate } = multiOtsu(example.counts, centres, Number(classes));
        assert.equal(degenerate, false);
        assert.equal(thresholds.length, expected.length);
        const bins = thresholds.map((value) => Math.round((value - centres[0]) / width));
        const peer = expected.map((value) => Math.round((value - centres[0]) / width));
        // scikit-image sums in 32-bit floats: it may miss the best cut by a bin where both are equally good to that precision.
        const [best, theirs] = [separation(example.counts, bins), separation(example.counts, peer)];
        assert.ok(best >= theirs && best - theirs < 1e-6 * best);
        bins.forEach((bin, i) => assert.ok(Math.abs(bin - peer[i]) <= (best > theirs ? 1 : 0), `${bins.join(', ')} against ${peer.join(', ')}`));
      });
    }
  }

  it('finds the best of all cuts into up to five classes', () => {
    const counts = Array.from({ length: 14 }, (_, i) => ((i * 7919) % 13) * (i % 4 === 1 ? 0 : 1));
    const centres = counts.map((_, i) => i);
    const search = (from: number, left: number): number[][] =>
      left === 0 ? [[]] : centres.slice(from, -left).flatMap((bin) => search(bin + 1, left - 1).map((rest) => [bin, ...rest]));
    for (const classes of [2, 3, 4, 5]) {
      const best = Math.max(...search(0, classes - 1).map((bins) => separation(counts, bins)));
      const found = separation(counts, [...multiOtsu(counts, centres, classes).thresholds]);
      assert.ok(Math.abs(found - best) < 1e-9 * best);
    }
  });

  it('takes the lowest of equally good cuts, between two lone bins', () => {
    assert.deepEqual(multiOtsu([0, 5, 0, 0, 5, 0], [0, 1, 2, 3, 4, 5], 2).thresholds, [1]);
  });

  it('gives equally spaced thresholds when there is nothing to separate', () => {
    assert.deepEqual(multiOtsu([0, 0, 0, 0], [0.5, 1.5, 2.5, 3.5], 2), { thresholds: [2], degenerate: true });
    assert.deepEqual(multiOtsu([0, 9, 0, 0], [0.5, 1.5, 2.5, 3.5], 4), { thresholds: [1, 2, 3], degenerate: true });
  });

  it('lists the ends of the range with the thresholds, as the methods index them', () => {
    assert.deepEqual(otsuThresholdList({ thresholds: [3, 5], degenerate: false }, 1, 9), [1, 3, 5, 9]);
  });

  it('copes with the 65 536 bins of a wide 16-bit image', () => {
    const counts = Array.from({ length: 65_536 }, (_, i) => Math.round(1e5 * Math.exp(-(((i - 9000) / 3000) ** 2)) + 4e4 * Math.exp(-(((i - 30_000) / 3000) ** 2)) + 3e4 * Math.exp(-(((i - 55_000) / 3000) ** 2))));
    const { thresholds } = multiOtsu(counts, counts.map((_, i) => i + 0.5), 3);
    assert.ok(Math.abs(thresholds[0] - 19_500) < 3500 && Math.abs(thresholds[1] - 42_500) < 3500);
  });
});
