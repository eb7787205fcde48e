import assert from 'node:assert/strict';
import { tissueClasses } from '../../../runner/kernels/kmeansMrf.ts';
import type { Vec3 } from '../../../runner/kernels/geometry.ts';

const size: Vec3 = [20, 18, 12];
const count = size[0] * size[1] * size[2];

/** Two halves with much noise, from a fixed sequence. */
function noisyHalves(): { readonly image: Float32Array; readonly truth: Uint8Array } {
  let state = 1;
  const random = (): number => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
  const truth = Uint8Array.from({ length: count }, (_, i) => (i % size[0] < 9 ? 1 : 2));
  const image = Float32Array.from(truth, (label) => label * 10 + 9 * (random() + random() + random() - 1.5));
  return { image, truth };
}

describe('tissueClasses', () => {
  it('tells two noisy tissues apart with the help of the neighbours', async () => {
    const { image, truth } = noisyHalves();
    const wrong = (labels: Uint8Array): number => labels.reduce((sum, label, i) => sum + (label === truth[i] ? 0 : 1), 0) / count;
    const alone = await tissueClasses(image, size, { classes: 2, smoothing: 0 });
    const together = await tissueClasses(image, size, { classes: 2 });
    assert.ok(wrong(alone.labels) > 0.05);
    assert.ok(wrong(together.labels) < 0.01, `${wrong(together.labels)} of the voxels are wrong`);
    assert.deepEqual(await tissueClasses(image, size, { classes: 2 }), together);
  });

  it('makes as many classes as there are distinct values at most', async () => {
    const flat = await tissueClasses(new Float32Array(count).fill(4), size, { classes: 9 });
    assert.equal(flat.classes, 1);
    assert.ok(flat.labels.every((label) => label === 1));
    const binary = await tissueClasses(Float32Array.from({ length: count }, (_, i) => (i % size[0] < 10 ? 0 : 100)), size, { classes: 9 });
    assert.equal(binary.classes, 2);
    binary.labels.forEach((label, i) => assert.equal(label, i % size[0] < 10 ? 1 : 2));
  });

  it('works on images of a single row or voxel', async () => {
    assert.deepEqual([...(await tissueClasses(Float32Array.of(1, 1, 1, 9, 9, 9), [6, 1, 1], { classes: 2, radius: 1 })).labels], [1, 1, 1, 2, 2, 2]);
    assert.deepEqual([...(await tissueClasses(Float32Array.of(3), [1, 1, 1], { classes: 9 })).labels], [1]);
  });
});
