import assert from 'node:assert/strict';
import { identityAffine, type Vec3 } from '../../../runner/kernels/geometry.ts';
import type { Volume, VoxelArray } from '../../../runner/kernels/volume.ts';
import { biasGaussianStage } from '../../../runner/pipeline/correction/biasGaussian.ts';
import { biasQuantificationStage } from '../../../runner/pipeline/correction/biasQuantification.ts';
import { biasRegistrationStage, usableShrink } from '../../../runner/pipeline/correction/biasRegistration.ts';
import { readVolume, writeVolume } from '../../../runner/pipeline/io.ts';
import type { Artifact, Stage, Task } from '../../../runner/pipeline/task.ts';
import type { JsonObject } from '../../../runner/protocol/json.ts';
import { n4Phantom } from '../../fixtures/n4/phantom.ts';
import { memoryContext } from './memoryContext.ts';

const size: Vec3 = [34, 30, 26];
const at = (path: string): Artifact => ({ place: 'output', path });
const { image, mask, core } = n4Phantom(size);

function volumeOf<A extends VoxelArray>(data: A): Volume<A> {
  return { data, size, affine: identityAffine };
}

/** Runs a stage on image and mask and returns its outputs. */
async function outputsOf(stage: Stage, params: JsonObject, picture: VoxelArray, within: Uint8Array, outputs: number): Promise<readonly Volume[]> {
  const { context } = memoryContext();
  await writeVolume(context, at('image.nii.gz'), volumeOf(picture));
  await writeVolume(context, at('mask.nii.gz'), volumeOf(within));
  const paths = Array.from({ length: outputs }, (_, i) => at(`output-${i}.nii.gz`));
  const task: Task = { id: stage.name, stage: stage.name, scope: '01', title: '', params, inputs: [at('image.nii.gz'), at('mask.nii.gz')], outputs: paths, memoryBytes: 0, readBytes: 0 };
  await stage.run(task, context);
  return Promise.all(paths.map((path) => readVolume(context, path)));
}

/** Standard deviation over mean of the phantom's brightest tissue. */
function spread(data: ArrayLike<number>): number {
  const values = Array.from(core.keys()).filter((i) => core[i] === 1).map((i) => data[i]);
  const mean = values.reduce((a, b) => a + b, 0) / values.length;
  return Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length) / mean;
}

describe('bias stages', () => {
  it('make the image for registration even, and cut out the brain', async () => {
    const [corrected, bias, brain] = await outputsOf(biasRegistrationStage, { shrink: 4, iterations: [20, 20, 20, 20] }, Uint16Array.from(image), mask, 3);
    assert.ok(spread(corrected.data) < 0.6 * spread(image));
    corrected.data.forEach((value, i) => {
      assert.ok(Math.abs(value * bias.data[i] - image[i]) <= 1e-4 * image[i]);
      assert.equal(brain.data[i], mask[i] > 0 ? value : 0);
    });
  });

  it('make intensities for segmentation even, with pieces of the wished length', async () => {
    const [corrected, bias] = await outputsOf(biasQuantificationStage, { iterations: [10, 10, 10, 10], splineSpacing: 20 }, image, mask, 2);
    assert.ok(spread(corrected.data) < 0.6 * spread(image));
    assert.ok(bias.data.every((value) => value > 0));
  });

  it('keep the scale of intensities where a few objects are much brighter than the tissue', async () => {
    const withPlaques = image.map((value, i) => (mask[i] > 0 && i % 41 === 0 ? value * 12 : value));
    const [corrected, bias] = await outputsOf(biasQuantificationStage, { iterations: [20, 20, 20, 20], splineSpacing: 10 }, withPlaques, mask, 2);
    const within = Array.from(mask.keys()).filter((i) => mask[i] > 0);
    const meanLog = within.reduce((sum, i) => sum + Math.log(bias.data[i]), 0) / within.length;
    assert.ok(Math.abs(meanLog) < 1e-5, `the field has a geometric mean of ${Math.exp(meanLog)}`);
    const median = (data: ArrayLike<number>): number => within.map((i) => data[i]).sort((a, b) => a - b)[within.length >> 1];
    assert.ok(Math.abs(median(corrected.data) / median(withPlaques) - 1) < 0.2);
  });

  it('leave an image alone that has no signal in the mask', async () => {
    const [corrected, bias] = await outputsOf(biasQuantificationStage, { iterations: [2, 2, 2, 2], splineSpacing: 20 }, new Float32Array(image.length), mask, 2);
    assert.ok(corrected.data.every((value) => value === 0));
    assert.ok(bias.data.every((value) => value === 1));
  });

  it('smooth the image for the gaussian method, and keep it above zero', async () => {
    const picture = image.slice();
    picture[7] = NaN;
    const [bias] = await outputsOf(biasGaussianStage, { sigma: 5 }, picture, mask, 1);
    assert.ok(bias.data.every((value) => value >= 2 ** -23 && Number.isFinite(value)));
    const mean = (data: ArrayLike<number>): number => Array.from(data).reduce((a, b) => a + b, 0) / data.length;
    assert.ok(Math.abs(mean(bias.data) / mean(image) - 1) < 0.01);
  });

  it('shrink small images less', () => {
    assert.equal(usableShrink([200, 100, 90], 4), 4);
    assert.equal(usableShrink([200, 100, 20], 4), 2);
    assert.equal(usableShrink([200, 5, 20], 4), 1);
  });
});
