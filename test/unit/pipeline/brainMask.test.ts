import assert from 'node:assert/strict';
import { identityAffine, multiplyAffines, type Affine, type Vec3 } from '../../../runner/kernels/geometry.ts';
import type { Volume, VoxelArray } from '../../../runner/kernels/volume.ts';
import { brainMaskStage, classesInside, reducedGrid, stretchedLog } from '../../../runner/pipeline/correction/brainMask.ts';
import { readVolume, writeJson, writeVolume } from '../../../runner/pipeline/io.ts';
import { maskLevelStage } from '../../../runner/pipeline/correction/maskLevel.ts';
import type { Artifact, Task } from '../../../runner/pipeline/task.ts';
import { memoryContext, type MemoryContext } from './memoryContext.ts';

const size: Vec3 = [26, 24, 20];
const voxel: Affine = [0.1, 0, 0, -1.3, 0, 0.1, 0, -1.2, 0, 0, 0.1, -1, 0, 0, 0, 1];
const at = (path: string): Artifact => ({ place: 'output', path });
const params = { resample: 0.5, classes: 9, smoothing: 0.3, radius: 2 };

function task(stage: string, inputs: readonly string[], output: string): Task {
  return { id: stage, stage, scope: '01', title: stage, params, inputs: inputs.map(at), outputs: [at(output)], memoryBytes: 0, readBytes: 0 };
}

function volumeOf<A extends VoxelArray>(data: A, affine: Affine = voxel): Volume<A> {
  return { data, size, affine };
}

/** Squared distance from the image's middle, 1 at the surface of the brain. */
function radius2(i: number): number {
  const [x, y, z] = [i % size[0], Math.floor(i / size[0]) % size[1], Math.floor(i / (size[0] * size[1]))];
  return ((x - 12.5) / 9) ** 2 + ((y - 11.5) / 8) ** 2 + ((z - 9.5) / 7) ** 2;
}

const count = size[0] * size[1] * size[2];
const brain = Uint8Array.from({ length: count }, (_, i) => (radius2(i) < 1 ? 1 : 0));
const image = Uint16Array.from({ length: count }, (_, i) => (radius2(i) < 0.4 ? 900 : radius2(i) < 1 ? 500 : 20) + ((i * 7919) % 17));

async function runMask(picture: VoxelArray, templateMask: Uint8Array, matrix: Affine = identityAffine, templateAffine: Affine = voxel): Promise<MemoryContext> {
  const surroundings = memoryContext();
  const { context } = surroundings;
  await writeVolume(context, at('spim.nii.gz'), volumeOf(picture));
  await writeVolume(context, at('template.nii.gz'), volumeOf(templateMask, templateAffine));
  await writeJson(context, at('affine.json'), { matrix });
  await brainMaskStage.run(task('brain-mask', ['spim.nii.gz', 'affine.json', 'template.nii.gz'], 'mask.nii.gz'), context);
  return surroundings;
}

async function maskOf({ context }: MemoryContext): Promise<Volume> {
  return readVolume(context, at('mask.nii.gz'));
}

function dice(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let both = 0;
  let sum = 0;
  for (let i = 0; i < a.length; i++) {
    both += a[i] > 0 && b[i] > 0 ? 2 : 0;
    sum += (a[i] > 0 ? 1 : 0) + (b[i] > 0 ? 1 : 0);
  }
  return both / sum;
}

describe('brain mask', () => {
  it('takes the tissues that lie mostly in a template brain that is laid on it roughly', async () => {
    // The template is a little too small, and lies 5 mm away in its own space. At half the resolution a brain of 18x16x14 voxels has a coarse edge.
    const rough = brain.map((_, i) => (radius2(i) < 0.8 ? 1 : 0));
    const shift: Affine = [1, 0, 0, 5, 0, 1, 0, 0, 0, 0, 1, 0.1, 0, 0, 0, 1];
    const away = multiplyAffines([1, 0, 0, -5, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1], voxel);
    const surroundings = await runMask(image, rough, shift, away);
    const mask = await maskOf(surroundings);
    assert.ok(dice(mask.data, brain) > 0.88, `the overlap is ${dice(mask.data, brain)}`);
    assert.ok(mask.data.every((value) => value === 0 || value === 1));
    assert.ok(mask.affine.every((value, i) => Math.abs(value - voxel[i]) < 1e-6));
    assert.deepEqual(surroundings.logged, []);
  });

  it('falls back on the template where the image shows nothing, and says so', async () => {
    for (const picture of [new Float64Array(count), new Uint8Array(count).fill(200), Float32Array.from({ length: count }, (_, i) => (i % 7 === 0 ? NaN : -3))]) {
      const surroundings = await runMask(picture, brain);
      const mask = await maskOf(surroundings);
      assert.deepEqual(Array.from(mask.data), Array.from(brain));
      assert.match(surroundings.logged.join(), /^warn: No tissue of spim\.nii\.gz/);
    }
  });

  it('fails with advice when the template lies beside the image', async () => {
    const beside: Affine = [1, 0, 0, 50, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1];
    await assert.rejects(runMask(image, brain, beside), { code: 'no-signal', hint: /--orientation/ });
  });

  it('is carried to the grid of another level', async () => {
    const surroundings = await runMask(image, brain);
    const { context } = surroundings;
    const grid = reducedGrid(volumeOf(image), 0.5);
    await writeVolume(context, at('coarse.nii.gz'), { data: new Uint16Array(13 * 12 * 10), ...grid });
    await maskLevelStage.run(task('mask-level', ['mask.nii.gz', 'coarse.nii.gz'], 'coarse-mask.nii.gz'), context);
    const coarse = await readVolume(context, at('coarse-mask.nii.gz'));
    assert.deepEqual(coarse.size, [13, 12, 10]);
    const filled = Array.from(coarse.data).filter((value) => value > 0).length;
    assert.ok(Math.abs(filled / brain.reduce((a, b) => a + b, 0) - 1 / 8) < 0.02);
  });
});

describe('tissue classes and the prior', () => {
  it('keeps classes with more voxels inside than outside, never class 0', () => {
    assert.deepEqual(classesInside([0, 0, 1, 1, 2, 2, 2, 3], [1, 1, 1, 0, 1, 1, 0, 0]), [2]);
  });

  it('stretches the logarithm between the 2nd and 98th percentile', () => {
    const stretched = stretchedLog(Float32Array.from({ length: 101 }, (_, i) => Math.exp(i / 20) - 1));
    assert.equal(stretched[0], 0);
    assert.equal(stretched[100], 100);
    assert.ok(Math.abs(stretched[50] - 50) < 0.01);
    assert.deepEqual([...stretchedLog(Float32Array.of(5, 5, 5))], [0, 0, 0]);
  });

  it('stretches the whole range of an image that hardly varies', () => {
    const values = new Float32Array(1000);
    values[3] = 7;
    assert.equal(Math.max(...stretchedLog(values)), 100);
  });

  it('halves a grid about its centre', () => {
    const { size: half, affine } = reducedGrid({ size: [10, 7, 1], affine: identityAffine }, 0.5);
    assert.deepEqual(half, [5, 4, 1]);
    assert.equal(affine[3], 0.5);
    // The middles of both grids are the same point.
    assert.ok(Math.abs(affine[7] + (affine[5] * 3) / 2 - 3) < 1e-12);
  });
});
