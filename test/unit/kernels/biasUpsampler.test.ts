import assert from 'node:assert/strict';
import { collectForeground, divideByBias, type BiasKind } from '../../../runner/kernels/biasUpsampler.ts';
import { identityAffine, type Vec3 } from '../../../runner/kernels/geometry.ts';
import { RunCollector } from '../../../runner/kernels/runs.ts';
import type { Volume } from '../../../runner/kernels/volume.ts';

function fieldOf(size: Vec3, value: (x: number, y: number, z: number) => number): Volume<Float32Array> {
  const data = Float32Array.from({ length: size[0] * size[1] * size[2] }, (_, i) =>
    value(i % size[0], Math.floor(i / size[0]) % size[1], Math.floor(i / (size[0] * size[1]))));
  return { data, size, affine: identityAffine };
}

/** The formula of pipeline-spec §3.3 at one voxel, written out. */
function biasAt(field: Volume<Float32Array>, full: Vec3, at: Vec3, kind: BiasKind): number {
  const place = at.map((i, axis) => Math.min(field.size[axis] - 1, Math.max(0, ((i + 0.5) * field.size[axis]) / full[axis] - 0.5)));
  let sum = 0;
  for (let corner = 0; corner < 8; corner++) {
    const index = place.map((p, axis) => Math.min(field.size[axis] - 1, Math.floor(p) + ((corner >> axis) & 1)));
    const weight = place.reduce((w, p, axis) => w * (((corner >> axis) & 1) === 1 ? p % 1 : 1 - (p % 1)), 1);
    const value = field.data[index[0] + field.size[0] * (index[1] + field.size[1] * index[2])];
    sum += weight * (kind === 'n4' ? Math.log(Math.max(value, 0) + 1e-6) : value);
  }
  return Math.max(kind === 'n4' ? Math.exp(sum) : sum, 2 ** -23);
}

describe('divideByBias', () => {
  const full: Vec3 = [37, 20, 11];
  const field = fieldOf([5, 4, 3], (x, y, z) => 0.6 + 0.2 * x + 0.05 * y * y + 0.1 * ((x + z) % 2));
  const image = Uint16Array.from({ length: 37 * 20 * 11 }, (_, i) => (i * 7919) % 4001);
  const whole = { start: [0, 0, 0], size: full } as const;

  for (const kind of ['n4', 'gaussian'] as const) {
    it(`divides by the interpolated field: ${kind}`, () => {
      const out = new Float32Array(image.length);
      divideByBias(out, image, field, full, whole, kind);
      out.forEach((value, i) => {
        const expected = image[i] / biasAt(field, full, [i % 37, Math.floor(i / 37) % 20, Math.floor(i / 740)], kind);
        assert.ok(Math.abs(value - expected) <= 1e-6 * expected, `${value} is not ${expected}`);
      });
    });

    it(`gives boxes that meet without seams: ${kind}`, () => {
      const out = new Float32Array(image.length);
      divideByBias(out, image, field, full, whole, kind);
      const box = { start: [13, 7, 4] as Vec3, size: [19, 9, 6] as Vec3 };
      const place = (i: number): number => 13 + (i % 19) + 37 * (7 + (Math.floor(i / 19) % 9) + 20 * (4 + Math.floor(i / 171)));
      const values = Float32Array.from({ length: 19 * 9 * 6 }, (_, i) => image[place(i)]);
      const part = new Float32Array(values.length);
      divideByBias(part, values, field, full, box, kind);
      part.forEach((value, i) => assert.ok(Math.abs(value - out[place(i)]) <= 2e-7 * value));
    });
  }

  it('leaves the image alone where the field is one, at equal resolution too', () => {
    const one = fieldOf(full, () => 1);
    const out = new Float32Array(image.length);
    divideByBias(out, image, one, full, whole, 'n4');
    out.forEach((value, i) => assert.ok(Math.abs(value - image[i]) <= 2e-6 * image[i]));
    divideByBias(out, image, one, full, whole, 'gaussian');
    assert.deepEqual(out, Float32Array.from(image));
  });

  it('copes with fields of one voxel, of zero and below', () => {
    const out = new Float32Array(2);
    divideByBias(out, Uint8Array.of(1, 2), fieldOf([1, 1, 1], () => 2), [2, 1, 1], { start: [0, 0, 0], size: [2, 1, 1] }, 'gaussian');
    assert.deepEqual([...out], [0.5, 1]);
    for (const kind of ['n4', 'gaussian'] as const) {
      divideByBias(out, Uint8Array.of(0, 2), fieldOf([2, 1, 1], (x) => -x), [2, 1, 1], { start: [0, 0, 0], size: [2, 1, 1] }, kind);
      assert.ok(out.every(Number.isFinite));
      assert.equal(out[0], 0);
    }
  });
});

describe('collectForeground', () => {
  const full: Vec3 = [37, 20, 11];
  const field = fieldOf([5, 4, 3], (x, y, z) => 0.6 + 0.2 * x + 0.05 * y * y + 0.1 * ((x + z) % 2));
  const images = {
    'sparse 16-bit': Uint16Array.from({ length: 37 * 20 * 11 }, (_, i) => (i % 97 < 3 ? 1800 + (i % 400) : 300)),
    'dense 16-bit': Uint16Array.from({ length: 37 * 20 * 11 }, (_, i) => (i * 7919) % 4001),
    'fractional': Float32Array.from({ length: 37 * 20 * 11 }, (_, i) => ((i * 7919) % 4001) - 500.5),
  };
  for (const kind of ['n4', 'gaussian'] as const) {
    for (const [name, image] of Object.entries(images)) {
      it(`finds the voxels that are at or above the threshold once divided: ${name}, ${kind}`, () => {
        const box = { start: [13, 7, 4] as Vec3, size: [19, 9, 6] as Vec3 };
        const values = image.filter((_, i) => {
          const at = [i % 37, Math.floor(i / 37) % 20, Math.floor(i / 740)];
          return at.every((v, axis) => v >= box.start[axis] && v < box.start[axis] + box.size[axis]);
        });
        const corrected = new Float32Array(values.length);
        divideByBias(corrected, values, field, full, box, kind);
        for (const threshold of [corrected[500], 1000, 1e9, 0]) {
          const collector = new RunCollector(box.size);
          collectForeground(collector, values, field, full, box, kind, threshold);
          const { rows, from, to } = collector.finish();
          const found = new Uint8Array(values.length);
          for (let row = 0; row < 54; row++) for (let run = rows[row]; run < rows[row + 1]; run++) found.fill(1, 19 * row + from[run], 19 * row + to[run]);
          assert.deepEqual(found, Uint8Array.from(corrected, (value) => (value >= threshold ? 1 : 0)));
        }
      });
    }
  }
});
