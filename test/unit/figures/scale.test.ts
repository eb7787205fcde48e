import assert from 'node:assert/strict';
import { formatNumber, linearScale, logScale, niceTicks } from '../../../runner/figures/scale.ts';

describe('axes', () => {
  it('puts ticks at round numbers inside the range', () => {
    assert.deepEqual(niceTicks(0, 1, 5), [0, 0.2, 0.4, 0.6, 0.8, 1]);
    for (const [low, high] of [[0.013, 0.094], [-5, 5], [1e5, 9e6], [0, 65535]] as const) {
      const ticks = niceTicks(low, high);
      assert.ok(ticks.length >= 3 && ticks.length <= 9, `${ticks.length} ticks from ${low} to ${high}`);
      assert.ok(ticks.every((tick) => tick >= low - 1e-9 && tick <= high * (1 + 1e-9)));
    }
  });

  it('labels ticks of a step alike', () => {
    assert.deepEqual(linearScale([0, 1], 0, 100, 4).ticks.map(({ label }) => label), ['0.00', '0.25', '0.50', '0.75', '1.00']);
    assert.deepEqual(linearScale([-20000, 0], 0, 100, 2).ticks.map(({ label }) => label), ['−20\u202f000', '−10\u202f000', '0']);
  });

  it('draws an empty or senseless range all the same', () => {
    for (const domain of [[3, 3], [NaN, 1], [0, 0], [5, -Infinity]] as const) {
      const scale = linearScale(domain, 0, 100);
      assert.ok(Number.isFinite(scale.at(1)) && scale.ticks.length > 0);
    }
  });

  it('places powers of ten evenly, and zero at the start of a logarithmic axis', () => {
    const scale = logScale([1, 1000], 300, 0);
    assert.deepEqual([1, 10, 100, 1000].map((value) => Math.round(scale.at(value))), [300, 200, 100, 0]);
    assert.equal(scale.at(0), 300);
    assert.deepEqual(scale.ticks.map(({ label }) => label), ['1', '10', '100', '1000']);
  });

  it('writes numbers for people', () => {
    assert.deepEqual([0, 1234567, 3.14159, -0.5, 2.28e-12, NaN, Infinity, 1500].map((value) => formatNumber(value)),
      ['0', '1\u202f234\u202f567', '3.142', '−0.5', '2.28×10⁻¹²', '–', '∞', '1500']);
  });
});
