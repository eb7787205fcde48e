import assert from 'node:assert/strict';
import type { Volume } from '../../../runner/kernels/volume.ts';
import { imagePaths } from '../../../runner/pipeline/paths.ts';
import { n4Settings, settingFlags, settingLabel } from '../../../runner/pipeline/tuning/settings.ts';
import { brightestTissue, evenness, fieldNumbers, logEntropy, profileAlong, roundFactor, variation } from '../../../runner/pipeline/tuning/tuneNumbers.ts';
import { middleOf } from '../../../runner/pipeline/tuning/tuneParts.ts';
import { parseCommandText } from '../../../runner/command/parse.ts';
import { n4Phantom } from '../../fixtures/n4/phantom.ts';

describe('settings of N4 that are tried', () => {
  it('are upstream\'s grid, and few with --sloppy', () => {
    assert.deepEqual(n4Settings(false).map(settingLabel), [1, 2, 3, 4, 5].flatMap((a) => [50, 100, 200].map((b) => `Spline${a}Iters${b}`)));
    assert.deepEqual(n4Settings(true).map(settingLabel), ['Spline1Iters50', 'Spline3Iters50', 'Spline5Iters50']);
  });

  it('are used by a participant run with the flags that are shown', () => {
    for (const setting of n4Settings(false)) {
      const { command } = parseCommandText(`a b participant ${settingFlags(setting).join(' ')}`, { readFile: () => '' });
      assert.ok(command.verb === 'participant');
      assert.equal(command.options.correctionN4SplineSpacing, setting.spacing);
      assert.equal(command.options.correctionN4Iters, setting.iterations);
    }
  });

  it('are in the names of files as upstream writes them', () => {
    const paths = imagePaths({ sub: '01', sample: 'brain' }, 'ABAv3');
    assert.equal(paths.n4TuneFigure('PI', 'Spline2Iters200'), 'sub-01/qc/sub-01_sample-brain_stain-PI_desc-n4tuneSpline2Iters200_n4tune.png');
    assert.equal(paths.n4TuneReport('PI'), 'sub-01/qc/sub-01_sample-brain_stain-PI_n4tunereport.html');
    assert.match(paths.n4Tune('PI', 6, 'Spline2Iters200', 'biasfield'), /\/sub-01_sample-brain_stain-PI_level-6_desc-n4tuneSpline2Iters200_biasfield\.nii\.gz$/);
  });
});

/** exp(0.2·x − 0.1·z), x and z in mm, on voxels of 0.5 × 0.25 × 0.5 mm. */
function slope(): Volume<Float32Array> {
  const [nx, ny, nz] = [12, 7, 9];
  const data = Float32Array.from({ length: nx * ny * nz }, (_, i) => Math.exp(0.2 * 0.5 * (i % nx) - 0.1 * 0.5 * Math.floor(i / (nx * ny))));
  return { size: [nx, ny, nz], data, affine: [0.5, 0, 0, 0, 0, 0.25, 0, 0, 0, 0, 0.5, 0, 0, 0, 0, 1] };
}

describe('numbers of the tuning', () => {
  it('measure variation and entropy', () => {
    assert.ok(Math.abs(variation([9, 11]) - 10 * Math.SQRT2) < 1e-12);
    assert.ok(Number.isNaN(variation([3])));
    assert.equal(logEntropy([100, 100, 200, 200]), 1);
    assert.equal(logEntropy([100, 0, -4]), 0);
    assert.ok(Number.isNaN(logEntropy([])));
  });

  it('measure the slope of a field in percent per millimetre', () => {
    const bias = slope();
    const everywhere = new Uint8Array(bias.data.length).fill(1);
    const numbers = fieldNumbers(bias, everywhere);
    assert.ok(Math.abs(numbers.steepest - 100 * Math.hypot(0.2, 0.1)) < 1e-3, `${numbers.steepest}`);
    assert.ok(Math.abs(numbers.max - Math.exp(1.1)) < 1e-6);
    assert.ok(Math.abs(numbers.min - Math.exp(-0.4)) < 1e-6);
    assert.ok(numbers.min < numbers.low && numbers.low < numbers.high && numbers.high < numbers.max);
    assert.ok(Object.values(fieldNumbers(bias, new Uint8Array(bias.data.length))).every(Number.isNaN));
  });

  it('find the brightest tissue, but not the few brightest voxels', () => {
    const image = Float32Array.from({ length: 3000 }, (_, i) => (i < 2 ? 9000 : [100, 400, 800][i % 3] + (i % 7)));
    const tissue = brightestTissue(image, new Uint8Array(3000).fill(1));
    assert.deepEqual([...tissue], [...image].map((value) => (value >= 800 && value < 9000 ? 1 : 0)));
    assert.deepEqual([...brightestTissue(new Float32Array(8).fill(5), new Uint8Array(8).fill(1))], [0, 0, 0, 0, 0, 0, 0, 0]);
  });

  it('pass over a bright class that is too small to be tissue', () => {
    const image = Float32Array.from({ length: 3000 }, (_, i) => (i % 20 === 0 ? 5000 + i : i % 2 === 0 ? 300 : 700) + (i % 7));
    assert.deepEqual([...brightestTissue(image, new Uint8Array(3000).fill(1))], [...image].map((value) => (value >= 700 && value < 5000 ? 1 : 0)));
  });

  it('tell a corrected phantom from an uncorrected one', () => {
    const { image, mask, core } = n4Phantom([34, 30, 26]);
    const flat = Float32Array.from(image, (_, i) => (core[i] === 1 ? 200 : mask[i] === 1 ? 100 : 0));
    const [before, after] = [evenness(image, mask, core), evenness(flat, mask, core)];
    assert.equal(after.tissue, 0);
    assert.ok(before.tissue > 5 && before.entropy > after.entropy);
  });

  it('average planes along an axis, the sparse ones left out', () => {
    const volume: Volume = { size: [3, 10, 10], data: Float32Array.from({ length: 300 }, (_, i) => i % 3), affine: slope().affine };
    const mask = new Uint8Array(300).fill(1);
    assert.deepEqual([...profileAlong(volume, mask, 0, false)], [0, 1, 2]);
    for (let i = 0; i < 300; i++) if (i % 3 === 2 && i > 2) mask[i] = 0;
    assert.deepEqual([...profileAlong(volume, mask, 0, true)], [NaN, 1, 0]);
  });

  it('choose colours and slices that suit', () => {
    assert.deepEqual([roundFactor(0.95, 1.02), roundFactor(0.6, 1.1), roundFactor(0.9, 2.4), roundFactor(0.01, 1)], [1.1, 2, 3, 10]);
    const mask = { ...slope(), data: new Uint8Array(12 * 7 * 9) };
    assert.deepEqual(middleOf(mask), [5, 3, 4]);
    mask.data[8 + 12 * (2 + 7 * 6)] = 1;
    assert.deepEqual(middleOf(mask), [8, 2, 6]);
  });
});
