import assert from 'node:assert/strict';
import { composeField } from '../../../runner/kernels/displacement.ts';
import type { Affine } from '../../../runner/kernels/geometry.ts';
import { intensityProfile } from '../../../runner/pipeline/qc/histogram.ts';
import { histogram50, objectStatsSvg } from '../../../runner/pipeline/qc/objectStats.ts';
import { affinePart, beyondAffine, maskDice, similarity, thinField } from '../../../runner/pipeline/qc/registrationMetrics.ts';
import { labelBoxes } from '../../../runner/pipeline/qc/roiMontage.ts';
import { topRegions } from '../../../runner/pipeline/qc/roiSummary.ts';
import { interpolateTo, planeProfile } from '../../../runner/pipeline/qc/zProfile.ts';
import { summarizeRegions } from '../../../runner/pipeline/report/reportTables.ts';
import { readTsv } from '../../../runner/tables/tsv.ts';

const identity: Affine = [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1];

describe('numbers in the quality figures', () => {
  it('profiles intensities as the specification says', () => {
    const data = new Uint16Array(1000).map((_, i) => i);
    data[999] = 65535;
    const profile = intensityProfile(data);
    assert.equal(profile.total, 1000);
    assert.equal(profile.top, 65535);
    assert.equal(profile.p50, 499.5);
    assert.equal(profile.counts.length, 500);
    assert.equal(profile.counts[0], 132, 'bins are 131.07 wide');
    assert.equal(profile.saturated, 0.1);
  });

  it('says in words that there are no objects, instead of drawing empty axes', () => {
    const svg = objectStatsSvg(new Float64Array(0), { id: 'sub-01', stain: 'Abeta', method: 'th900' });
    assert.match(svg, /No objects: nothing at or above the threshold/);
    assert.doesNotMatch(svg, /median size/);
    assert.match(objectStatsSvg(Float64Array.of(300, 500), { id: 'sub-01', stain: 'Abeta', method: 'th900' }), /median size/);
  });

  it('bins images of fractions up to their own maximum', () => {
    const profile = intensityProfile(Float32Array.from({ length: 101 }, (_, i) => i / 100));
    assert.equal(profile.top, 1);
    assert.equal(profile.counts[499], 1);
  });

  it('survives an image without values', () => {
    assert.equal(intensityProfile(new Float32Array(4).fill(NaN)).total, 0);
    assert.equal(histogram50(new Float64Array(0)).heights.length, 50);
    assert.equal(histogram50(Float64Array.of(7, 7)).heights.reduce((a, b) => a + b), 2);
  });

  it('takes mean and SD of each plane, ignoring voxels without a value', () => {
    const { mean, sd } = planeProfile({ data: Float64Array.of(1e9 + 1, 1e9 + 3, 5, NaN), size: [2, 1, 2], affine: identity });
    assert.deepEqual(Array.from(mean), [1e9 + 2, 5]);
    assert.deepEqual(Array.from(sd), [1, 0]);
    assert.deepEqual(Array.from(interpolateTo(Float64Array.of(0, 10), 5)), [0, 2.5, 5, 7.5, 10]);
  });

  it('finds where regions are', () => {
    const data = new Uint8Array(3 * 4 * 2);
    data[1 + 3 * 2] = 9;
    data[2 + 3 * (1 + 4)] = 9;
    data[0] = 4;
    assert.deepEqual(labelBoxes({ data, size: [3, 4, 2], affine: identity }), [
      { label: 4, first: [0, 0, 0], last: [0, 0, 0], voxels: 1 }, { label: 9, first: [1, 1, 0], last: [2, 2, 1], voxels: 2 },
    ]);
  });

  it('ranks regions without what lies outside the atlas, empty cells and zeros', () => {
    const table = readTsv('index\tname\tAbeta+count\tAbeta+volume\tAbeta+fieldfrac\n0\tout\t99\t\t\n1\ta\t5\t2\t10\n2\tb\t0\t1\t0\n3\tc\t\t1\t4\n4\td\t8\t4\t1\n', { text: ['name'] });
    assert.deepEqual(topRegions(table, 'Abeta+count', 20).map(({ name }) => name), ['d', 'a']);
    assert.deepEqual(topRegions(table, 'Iba1+count', 20), []);
    assert.deepEqual(summarizeRegions(table, 'Abeta'), { objects: 112, outside: 99, density: 13 / 8, fieldFraction: 28 / 8, regionsWithObjects: 2 });
  });
});

describe('numbers of the registration report', () => {
  const grid = { size: [20, 18, 16] as const, affine: [0.2, 0, 0, -2, 0, 0.2, 0, -1.8, 0, 0, 0.3, 4, 0, 0, 0, 1] };
  const everywhere = new Uint8Array(20 * 18 * 16).fill(1);
  const matrix: Affine = [1.05, -0.1, 0.02, 0.4, 0.12, 0.97, 0, -0.3, 0, 0.03, 1.1, 0.2, 0, 0, 0, 1];

  it('recovers an affine transform from its field, leaving nothing beyond it', () => {
    const field = composeField(grid, [{ kind: 'affine', matrix }]);
    const part = affinePart(field, everywhere);
    part.forEach((value, i) => assert.ok(Math.abs(value - matrix[i]) < 1e-5, `entry ${i}: ${value}`));
    assert.ok(beyondAffine(field, part).data.every((value) => Math.abs(value) < 1e-5));
  });

  it('thins a large field without moving what it keeps', () => {
    const field = composeField(grid, [{ kind: 'affine', matrix }]);
    const thin = thinField(field, 1000);
    assert.deepEqual(thin.size, [10, 9, 8]);
    assert.equal(thinField(field, 5760), field);
    const expected = composeField({ size: thin.size, affine: thin.affine }, [{ kind: 'affine', matrix }]);
    assert.ok(thin.data.every((value, i) => Math.abs(value - expected.data[i]) < 1e-5));
  });

  it('takes the mean shift when an affine cannot be told', () => {
    const one = new Uint8Array(everywhere.length);
    one[0] = 1;
    const part = affinePart({ ...grid, data: new Float32Array(3 * everywhere.length).fill(0.5) }, one);
    assert.deepEqual(part.map((value) => Math.round(value * 1e6) / 1e6), [1, 0, 0, 0.5, 0, 1, 0, 0.5, 0, 0, 1, 0.5, 0, 0, 0, 1]);
  });

  it('measures likeness: an image with itself, inverted, and with noise', () => {
    const a = Float32Array.from({ length: 5000 }, (_, i) => (i * 7919) % 1000);
    const mask = new Uint8Array(5000).fill(1);
    const same = similarity(a, a, mask);
    assert.ok(Math.abs(same.correlation - 1) < 1e-12 && Math.abs(same.normalizedMutualInformation - 2) < 1e-12);
    const inverted = similarity(a, a.map((value) => 999 - value), mask);
    assert.ok(Math.abs(inverted.correlation + 1) < 1e-12 && inverted.normalizedMutualInformation > 1.9);
    const other = similarity(a, Float32Array.from({ length: 5000 }, (_, i) => Math.abs(Math.sin(i * 12.9898) * 43758.5453) % 1), mask);
    assert.ok(Math.abs(other.correlation) < 0.05 && other.normalizedMutualInformation < 1.05);
    assert.ok(Number.isNaN(similarity(a, a, new Uint8Array(5000)).correlation));
  });

  it('measures the overlap of masks', () => {
    assert.equal(maskDice([1, 1, 0, 0], [0, 1, 1, 0]), 0.5);
    assert.equal(maskDice([1, 0], [100, 0]), 1);
    assert.ok(Number.isNaN(maskDice([0], [0])));
  });
});
