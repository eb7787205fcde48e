import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import type { Vec3 } from '../../../runner/kernels/geometry.ts';
import { evaluateLattice, refineLattice } from '../../../runner/kernels/bsplineFit.ts';
import { fft } from '../../../runner/kernels/fft.ts';
import { meshOfSpacing, n4BiasField, shrunkenAxis } from '../../../runner/kernels/n4.ts';
import { n4Phantom } from '../../fixtures/n4/phantom.ts';

interface Golden {
  readonly size: Vec3;
  readonly step: number;
  readonly imageSum: number;
  readonly cases: readonly {
    readonly name: string;
    readonly mesh: Vec3;
    readonly iterations: readonly number[];
    readonly shrink: number;
    readonly logBias: string;
  }[];
}

const golden = JSON.parse(gunzipSync(readFileSync(new URL('../../fixtures/n4/golden.json.gz', import.meta.url))).toString()) as Golden;

function rootMeanSquare(values: readonly number[]): number {
  return Math.sqrt(values.reduce((sum, value) => sum + value * value, 0) / values.length);
}

describe('N4', () => {
  const { size } = golden;
  const { image, mask } = n4Phantom(size);

  it('is tried on the phantom that ITK was given', () => {
    assert.equal(image.reduce((a, b) => a + b, 0), golden.imageSum);
  });

  for (const { name, mesh, iterations, shrink, logBias } of golden.cases) {
    it(`estimates ITK's log bias within 1e-5: ${name}`, async () => {
      const expected = new Float32Array(Uint8Array.from(Buffer.from(logBias, 'base64')).buffer);
      const result = await n4BiasField(image, mask, size, { mesh, iterations, shrink });
      assert.equal(result.logBias.length, image.length);
      assert.ok(rootMeanSquare([...expected]) > 0.01);
      const rms = rootMeanSquare(Array.from(expected, (value, i) => result.logBias[golden.step * i] - value));
      assert.ok(rms < 1e-5, `the difference is ${rms}`);
    });
  }
});

describe('N4 on small images', () => {
  const size: Vec3 = [24, 20, 16];
  const { image, mask, core } = n4Phantom(size);

  it('pads so that pieces of the spline have the wished length, and returns the field of the image alone', async () => {
    const { mesh, padding } = meshOfSpacing(size, [0.1, 0.1, 0.2], 1);
    assert.deepEqual(mesh, [3, 2, 3]);
    assert.deepEqual(padding, { lower: [3, 0, 0], upper: [4, 1, 0] });
    const result = await n4BiasField(image, mask, size, { mesh, padding, iterations: [3, 3] });
    // Zeros around image and mask, made by hand, must give the same.
    const wide: Vec3 = [31, 21, 16];
    const wideImage = new Float32Array(31 * 21 * 16);
    const wideMask = new Uint8Array(wideImage.length);
    const inner = new Float32Array(image.length);
    const place = (i: number): number => 3 + (i % 24) + 31 * ((Math.floor(i / 24) % 20) + 21 * Math.floor(i / 480));
    image.forEach((value, i) => { wideImage[place(i)] = value; wideMask[place(i)] = mask[i]; });
    const whole = await n4BiasField(wideImage, wideMask, wide, { mesh, iterations: [3, 3] });
    inner.forEach((_, i) => { inner[i] = whole.logBias[place(i)]; });
    assert.deepEqual(result.logBias, inner);
  });

  it('samples a shrunken grid about the centre of the image', () => {
    assert.deepEqual(shrunkenAxis(10, 4), { size: 2, first: 3 });
    assert.deepEqual(shrunkenAxis(9, 4), { size: 2, first: 2 });
    assert.deepEqual(shrunkenAxis(3, 4), { size: 1, first: 1 });
  });

  it('finds no bias where there is nothing to see', async () => {
    for (const [picture, within] of [[new Float32Array(image.length), mask], [image, new Uint8Array(image.length)], [new Uint16Array(image.length).fill(7), undefined]] as const) {
      const { logBias } = await n4BiasField(picture, within, size, { iterations: [2, 2] });
      assert.ok(logBias.every((value) => value === 0));
    }
    const flat = await n4BiasField(Uint8Array.of(1, 2, 3, 4), undefined, [4, 1, 1], { iterations: [2] });
    assert.ok(flat.logBias.every(Number.isFinite));
  });

  it('makes classes of tissue more even', async () => {
    const { logBias } = await n4BiasField(image, mask, size, { iterations: [20, 20] });
    const voxels = Array.from(core.keys()).filter((i) => core[i] === 1);
    const spread = (values: readonly number[]): number => {
      const mean = values.reduce((a, b) => a + b, 0) / values.length;
      return Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length) / mean;
    };
    assert.ok(spread(voxels.map((i) => image[i] / Math.exp(logBias[i]))) < 0.6 * spread(voxels.map((i) => image[i])));
  });

  it('ends a level when the field hardly changes any more', async () => {
    const run = async (convergenceThreshold: number): Promise<readonly number[]> =>
      (await n4BiasField(image, mask, size, { mesh: [2, 2, 2], iterations: [40, 40], convergenceThreshold })).iterations;
    assert.deepEqual(await run(0), [40, 40]);
    assert.deepEqual(await run(1), [1, 1]);
    const [first, second] = await run(0.003);
    assert.ok(first > 1 && first < 40 && second < 40);
  });

  it('reports each iteration and can be stopped', async () => {
    const seen: string[] = [];
    await n4BiasField(image, mask, size, { iterations: [2, 1], onIteration: (level, iteration) => { seen.push(`${level}.${iteration}`); } });
    assert.deepEqual(seen, ['0.1', '0.2', '1.1']);
    await assert.rejects(n4BiasField(image, mask, size, { onIteration: () => { throw new Error('stopped'); } }), /stopped/);
  });
});

describe('B-spline lattice', () => {
  it('keeps its surface when refined, and part of the grid has the values of the whole', () => {
    const lattice = { size: [5, 4, 6] as Vec3, values: Float64Array.from({ length: 120 }, (_, i) => Math.sin(i * 1.7)) };
    const grid: Vec3 = [9, 8, 7];
    const whole = evaluateLattice(lattice, grid);
    evaluateLattice(refineLattice(lattice), grid).forEach((value, i) => assert.ok(Math.abs(value - whole[i]) < 1e-6));
    const part = evaluateLattice(lattice, grid, [2, 3, 1], [4, 2, 5]);
    part.forEach((value, i) => assert.equal(value, whole[2 + (i % 4) + 9 * (3 + (Math.floor(i / 4) % 2) + 8 * (1 + Math.floor(i / 8)))]));
  });
});

describe('fft', () => {
  it('transforms a wave to its line and back, and refuses other lengths than powers of two', () => {
    const re = Float64Array.from({ length: 16 }, (_, i) => Math.cos((2 * Math.PI * 3 * i) / 16));
    const im = new Float64Array(16);
    const before = re.slice();
    fft(re, im);
    re.forEach((value, i) => assert.ok(Math.abs(value - (i === 3 || i === 13 ? 8 : 0)) < 1e-12));
    fft(re, im, true);
    re.forEach((value, i) => assert.ok(Math.abs(value - before[i]) < 1e-12));
    assert.throws(() => { fft(new Float64Array(6), new Float64Array(6)); }, RangeError);
  });
});
