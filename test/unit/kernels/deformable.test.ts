import assert from 'node:assert/strict';
import { registerDeformable } from '../../../runner/kernels/deformable.ts';
import { composeField, invertField, mapPoints, summariseJacobian, summariseMagnitude } from '../../../runner/kernels/displacement.ts';
import { identityAffine, invertAffine, type Affine } from '../../../runner/kernels/geometry.ts';
import { JointHistogram, mutualInformation } from '../../../runner/kernels/mutualInformation.ts';
import { labelOverlaps, meanDice } from '../../../runner/kernels/overlap.ts';
import { halve, intensityRange, normaliseIntensity, reduceTo } from '../../../runner/kernels/pyramid.ts';
import { resampleNearest } from '../../../runner/kernels/sample.ts';
import type { TransformStep } from '../../../runner/kernels/transform.ts';
import type { Volume } from '../../../runner/kernels/volume.ts';
import { centredGrid, forEachPoint, labelAt, labelPicture, picture, subjectToTemplate } from '../../helpers/registrationPhantom.ts';

const affine: Affine = [1.05, 0.03, 0, 1.2, -0.03, 0.95, 0.02, 1.8, 0, -0.02, 1.03, 2.9, 0, 0, 0, 1];
const template = centredGrid([48, 60, 40], [0.26, 0.26, 0.26]);
const subject = centredGrid([52, 58, 80], [0.27, 0.28, 0.14], [-1, -1, 1], [1, 2, 3]);

function normalised(volume: Volume<Float32Array>): Volume<Float32Array> {
  return { ...volume, data: normaliseIntensity(volume.data, intensityRange(volume.data, 'image')) };
}

describe('deformable registration', () => {
  const truth = subjectToTemplate(affine, 0.7);
  const result = (): ReturnType<typeof registerDeformable> =>
    registerDeformable(normalised(picture(template, 0)), normalised(picture(subject, 0, truth, 30)), { affine });

  it('finds a known deformation between grids of different orientation and anisotropy', () => {
    const { warp, minJacobian } = result();
    const labels = labelPicture(subject, truth);
    const expected = labelPicture(template).data;
    const dice = (steps: readonly TransformStep[]): number => meanDice(labelOverlaps(expected, resampleNearest(labels, template, steps).data));
    const before = dice([{ kind: 'affine', matrix: affine }]);
    const after = dice([{ kind: 'field', field: warp, outside: 'edge' }, { kind: 'affine', matrix: affine }]);
    assert.ok(before < 0.75, `the affine alone must not do: ${before}`);
    assert.ok(after >= 0.9, `Dice ${after}`);
    assert.ok(minJacobian > 0 && summariseJacobian(warp).folded === 0);

    const inverse = invertField(warp);
    assert.ok(inverse.meanResidual < 0.2 && inverse.maxResidual < 0.2);
    // Points of the subject go where the analytic deformation says they belong.
    const toTemplate = composeField(subject, [{ kind: 'affine', matrix: invertAffine(affine) }, { kind: 'field', field: inverse.field, outside: 'edge' }]);
    let n = 0, sum = 0, without = 0;
    forEachPoint(subject, (p, i) => {
      if (i % 97 !== 0 || labelAt(truth(p)) === 0) return;
      const [x, y, z] = mapPoints(Float64Array.from(p), toTemplate);
      const q = truth(p);
      sum += Math.hypot(x - q[0], y - q[1], z - q[2]);
      const straight = composeField({ size: [1, 1, 1], affine: [1, 0, 0, p[0], 0, 1, 0, p[1], 0, 0, 1, p[2], 0, 0, 0, 1] }, [{ kind: 'affine', matrix: invertAffine(affine) }]).data;
      without += Math.hypot(p[0] + straight[0] - q[0], p[1] + straight[1] - q[1], p[2] + straight[2] - q[2]);
      n++;
    });
    assert.ok(sum / n < 0.26, `mean error ${sum / n} mm, a template voxel is 0.26`);
    assert.ok(sum < 0.4 * without, `mean error ${sum / n} mm, ${without / n} mm with the affine alone`);
  });

  it('gives the same warp, bit by bit, when repeated', () => {
    const small = centredGrid([20, 26, 18], [0.6, 0.6, 0.55]);
    const once = (): Float32Array => registerDeformable(normalised(picture(small, 0)), normalised(picture(small, 1, subjectToTemplate(identityAffine, 0.8))), { affine: identityAffine }).warp.data;
    const first = once();
    assert.ok(first.some((value) => Math.abs(value) > 0.2));
    assert.deepEqual(once(), first);
  });

  it('leaves equal images where they are, within a quarter of a voxel', () => {
    const small = centredGrid([24, 28, 20], [0.5, 0.5, 0.5]);
    const image = normalised(picture(small, 0));
    const { warp } = registerDeformable(image, image, { affine: identityAffine });
    assert.ok(summariseMagnitude(warp).max < 0.125);
  });

  it('can be stopped between iterations', () => {
    const small = centredGrid([16, 16, 16], [0.8, 0.9, 0.6]);
    const image = normalised(picture(small, 0));
    const moved = normalised(picture(small, 0, subjectToTemplate(identityAffine, 0.8)));
    let seen = 0;
    const stop = (): void => { if (++seen === 3) throw new Error('stopped'); };
    assert.throws(() => registerDeformable(image, moved, { affine: identityAffine, afterIteration: stop }), /stopped/);
  });

  it('copes with grids of a few voxels and with images beside each other', () => {
    const tiny = normalised(picture(centredGrid([6, 9, 5], [2, 1.8, 2]), 0));
    assert.ok(registerDeformable(tiny, tiny, { affine: identityAffine }).warp.data.every(Number.isFinite));
    const apart: Affine = [1, 0, 0, 500, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1];
    assert.ok(registerDeformable(tiny, tiny, { affine: apart }).warp.data.every((value) => value === 0));
  });
});

describe('mutual information', () => {
  it('of independent intensities is about nothing, of equal ones their entropy', () => {
    const independent = new JointHistogram(16);
    const equal = new JointHistogram(16);
    for (let f = 0; f < 16; f++) {
      for (let m = 0; m < 16; m++) independent.add(f, m);
      for (let n = 0; n < 16; n++) equal.add(f, f);
    }
    assert.ok(Math.abs(independent.finish()) < 1e-6);
    const information = equal.finish();
    // Smoothing over five bins takes some of log 16.
    assert.ok(information > 0.35 * Math.log(16) && information < Math.log(16), `${information}`);
  });

  it('is largest where the images lie on each other, whatever their contrast', () => {
    const grid = centredGrid([24, 30, 20], [0.52, 0.52, 0.52]);
    const fixed = normalised(picture(grid, 0)), moving = normalised(picture(grid, 1));
    const at = (x: number): number => mutualInformation(fixed, moving, [1, 0, 0, x, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1]);
    assert.ok(at(0) > at(0.5) && at(0.5) > at(1.5) && at(0) > at(-0.5) && at(-0.5) > at(-1.5));
    assert.ok(at(0) > 5 * at(500));
  });
});

describe('resolution pyramid of registration', () => {
  it('averages blocks, keeps their place, and takes what is left at an odd end', () => {
    const volume = { data: Float32Array.from([1, 3, 5, 7, 9, 12]), size: [3, 2, 1] as const, affine: [2, 0, 0, 10, 0, 1, 0, 20, 0, 0, 1, 30, 0, 0, 0, 1] };
    const half = halve(volume, [true, false, false]);
    assert.deepEqual([...half.data], [2, 5, 8, 12]);
    assert.deepEqual(half.size, [2, 2, 1]);
    assert.deepEqual(half.affine, [4, 0, 0, 11, 0, 1, 0, 20, 0, 0, 1, 30, 0, 0, 0, 1]);
  });

  it('halves the finest axes first', () => {
    const grid = centredGrid([20, 20, 60], [0.4, 0.4, 0.15]);
    const reduced = reduceTo({ ...grid, data: new Float32Array(24_000) }, 12_000);
    assert.deepEqual(reduced.size, [20, 20, 30]);
  });

  it('refuses an image without contrast', () => {
    assert.throws(() => intensityRange(new Float32Array(100).fill(3), 'sub-01_SPIM'), { code: 'no-signal' });
    assert.throws(() => intensityRange(new Float32Array(100).fill(NaN), 'sub-01_SPIM'), { code: 'no-signal' });
  });
});
