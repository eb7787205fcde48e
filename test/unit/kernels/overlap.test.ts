import assert from 'node:assert/strict';
import { labelOverlaps, meanDice } from '../../../runner/kernels/overlap.ts';

describe('overlap of label images', () => {
  it('is the Dice coefficient of each label, background left out', () => {
    const a = [0, 1, 1, 1, 2, 2, 0, 0];
    const b = [0, 1, 1, 0, 2, 3, 3, 0];
    assert.deepEqual(labelOverlaps(a, b), [
      { label: 1, dice: 4 / 5, voxels: [3, 2] },
      { label: 2, dice: 2 / 3, voxels: [2, 1] },
      { label: 3, dice: 0, voxels: [0, 2] },
    ]);
    assert.ok(Math.abs(meanDice(labelOverlaps(a, b)) - (4 / 5 + 2 / 3) / 3) < 1e-12);
  });

  it('is complete for images without labels', () => {
    assert.equal(meanDice(labelOverlaps([0, 0], [0, 0])), 1);
  });
});
