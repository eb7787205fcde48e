import assert from 'node:assert/strict';
import { scoreCounts, scoreOverlap } from '../../../runner/phantom/score.ts';

describe('phantom scores', () => {
  it('counts misses, inventions and wrong regions as errors', () => {
    const truth = new Map([[1, 10], [2, 10]]);
    assert.equal(scoreCounts(truth, truth).error, 0);
    assert.equal(scoreCounts(new Map([[1, 9], [2, 10]]), truth).error, 0.05);
    assert.equal(scoreCounts(new Map([[1, 9], [2, 11]]), truth).error, 0.1);
    assert.equal(scoreCounts(new Map([[1, 10], [2, 10], [0, 2]]), truth).error, 0.1);
  });

  it('measures Dice per label and over all', () => {
    const { byLabel, overall } = scoreOverlap([1, 1, 2, 0], [1, 2, 2, 0]);
    assert.equal(byLabel.get(1), 2 / 3);
    assert.equal(byLabel.get(2), 2 / 3);
    assert.equal(overall, 4 / 6);
    assert.throws(() => scoreOverlap([1], [1, 2]), RangeError);
  });
});
