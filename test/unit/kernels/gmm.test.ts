import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { fitGaussianMixture, mixtureThreshold } from '../../../runner/kernels/gmm.ts';

interface Case {
  readonly name: string;
  readonly lo: number;
  readonly hi: number;
  readonly counts: readonly number[];
  readonly gmm: Readonly<Record<string, { readonly means: readonly number[]; readonly sigmas: readonly number[] }>>;
}

const { cases } = JSON.parse(readFileSync(new URL('../../fixtures/thresholds/golden.json', import.meta.url), 'utf8')) as { cases: readonly Case[] };

describe('Gaussian mixture', () => {
  for (const { name, lo, hi, counts, gmm } of cases) {
    for (const [components, peer] of Object.entries(gmm)) {
      it(`gives scikit-learn's threshold: ${name}, ${components} components`, () => {
        const centres = counts.map((_, i) => lo + ((i + 0.5) * (hi - lo)) / counts.length);
        const fit = fitGaussianMixture(counts, centres, Number(components));
        assert.ok(fit.converged);
        const n = peer.means.length - 1;
        // scikit-learn is fitted to samples of the histogram, upstream's way; the histogram itself has no sampling error.
        const expected = peer.means[n] + peer.sigmas[n];
        assert.ok(Math.abs(mixtureThreshold(fit, 1) / expected - 1) < 0.003, `${mixtureThreshold(fit, 1)} against ${expected}`);
      });
    }
  }

  it('finds the parts that a histogram was made of', () => {
    const truth = [{ mean: 40, sigma: 6, weight: 0.7 }, { mean: 90, sigma: 10, weight: 0.3 }];
    const centres = Array.from({ length: 160 }, (_, i) => i + 0.5);
    const counts = centres.map((x) => truth.reduce((sum, { mean, sigma, weight }) => sum + (1e6 * weight / sigma) * Math.exp(-(((x - mean) / sigma) ** 2) / 2), 0));
    const fit = fitGaussianMixture(counts, centres, 2, { tolerance: 1e-9 });
    truth.forEach(({ mean, sigma, weight }, i) => {
      assert.ok(Math.abs(fit.means[i] - mean) < 0.05 && Math.abs(fit.sigmas[i] - sigma) < 0.05 && Math.abs(fit.weights[i] - weight) < 0.001);
    });
    assert.equal(mixtureThreshold(fit, 2), fit.means[1] + 2 * fit.sigmas[1]);
  });

  it('fits fewer components when fewer bins are occupied, and none to an empty histogram', () => {
    const fit = fitGaussianMixture([0, 8, 0], [1, 2, 3], 3);
    assert.deepEqual(fit.means.length, 1);
    assert.ok(Math.abs(mixtureThreshold(fit, 1) - 2) < 0.01);
    assert.throws(() => fitGaussianMixture([0, 0], [1, 2], 2), RangeError);
  });
});
