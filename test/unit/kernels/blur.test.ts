import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import type { Vec3 } from '../../../runner/kernels/geometry.ts';
import { gaussianBlur, gaussianWeights } from '../../../runner/kernels/blur.ts';

interface Golden {
  readonly size: Vec3;
  readonly sigma: Vec3;
  readonly truncate: number;
  readonly image: string;
  readonly expected: string;
}

const golden = JSON.parse(readFileSync(new URL('../../fixtures/blur/golden.json', import.meta.url), 'utf8')) as readonly Golden[];

function floats(text: string): Float32Array {
  const bytes = Buffer.from(text, 'base64');
  return new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength));
}

function largestRelativeDifference(actual: Float32Array, expected: Float32Array): number {
  assert.equal(actual.length, expected.length);
  return actual.reduce((worst, value, i) => Math.max(worst, Math.abs(value - expected[i]) / Math.abs(expected[i])), 0);
}

describe('gaussianBlur', () => {
  for (const { size, sigma, truncate, image, expected } of golden) {
    it(`equals scipy on ${size.join('x')} voxels with sigma ${sigma.join(', ')}`, () => {
      const data = floats(image);
      const before = data.slice();
      const result = gaussianBlur(data, size, sigma, { truncate });
      assert.ok(largestRelativeDifference(result, floats(expected)) < 1e-6);
      assert.deepEqual(data, before);
    });
  }

  it('gives the same result in place and in tiles of one row', () => {
    const size: Vec3 = [21, 17, 9];
    const data = Float32Array.from({ length: 21 * 17 * 9 }, (_, i) => 1000 * Math.abs(Math.sin(i * 12.9898)));
    const whole = gaussianBlur(data, size, 2);
    assert.deepEqual(gaussianBlur(data, size, 2, { scratchBytes: 1 }), whole);
    const inPlace = data.slice();
    assert.equal(gaussianBlur(inPlace, size, 2, { out: inPlace }), inPlace);
    assert.deepEqual(inPlace, whole);
    const tiledInPlace = data.slice();
    gaussianBlur(tiledInPlace, size, 2, { out: tiledInPlace, scratchBytes: 1 });
    assert.deepEqual(tiledInPlace, whole);
  });

  it('keeps a constant image and the sum of a spot away from the border', () => {
    const flat = gaussianBlur(new Float32Array(9 * 8 * 7).fill(3), [9, 8, 7], 1.3);
    assert.ok(flat.every((value) => Math.abs(value - 3) < 1e-5));
    const spot = new Float32Array(25 ** 3);
    spot[12 + 25 * (12 + 25 * 12)] = 1;
    assert.ok(Math.abs(gaussianBlur(spot, [25, 25, 25], 1.5).reduce((a, b) => a + b, 0) - 1) < 1e-5);
  });

  it('copies when sigma is 0, and refuses data that do not fit the size', () => {
    const data = Float32Array.from({ length: 24 }, (_, i) => i);
    assert.deepEqual(gaussianBlur(data, [2, 3, 4], 0), data);
    assert.throws(() => gaussianBlur(data, [2, 3, 5], 1), RangeError);
  });

  it('weights sum to one and are cut at the given number of standard deviations', () => {
    const weights = gaussianWeights(2, 3);
    assert.equal(weights.length, 7);
    assert.ok(Math.abs(2 * weights.reduce((a, b) => a + b, 0) - weights[0] - 1) < 1e-12);
  });
});
