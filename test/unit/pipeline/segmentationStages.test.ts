import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readNifti, writeNifti } from '../../../runner/image/nifti.ts';
import { openOmeZarr } from '../../../runner/image/omeZarr.ts';
import { divideByBias } from '../../../runner/kernels/biasUpsampler.ts';
import { identityAffine, type Vec3 } from '../../../runner/kernels/geometry.ts';
import { addPlaqueVolume, plaqueVolume } from '../../../runner/phantom/plaqueVolume.ts';
import { fieldFractionStage, fieldFractionTask } from '../../../runner/pipeline/segmentation/fieldFraction.ts';
import type { ImagePlan } from '../../../runner/pipeline/plan/imagePlan.ts';
import { maskStoreStage, maskStoreTask } from '../../../runner/pipeline/segmentation/maskStore.ts';
import { objectsStage, objectsTask } from '../../../runner/pipeline/segmentation/objects.ts';
import { imagePaths } from '../../../runner/pipeline/paths.ts';
import { segmentStage, segmentTasks } from '../../../runner/pipeline/segmentation/segment.ts';
import { segmentationBricks, segmentationWork } from '../../../runner/pipeline/segmentation/segmentation.ts';
import type { Artifact, TaskContext } from '../../../runner/pipeline/task.ts';
import { LocalStore } from '../../../runner/storage/local/localStore.ts';
import { readParquet } from '../../../runner/tables/parquet.ts';
import { memoryContext } from './memoryContext.ts';

const size: Vec3 = [96, 80, 72];
const volume = plaqueVolume({ seed: 5, size, voxelSize: [0.005, 0.005, 0.005], chunk: [32, 32, 32], levels: 3, stain: 'Abeta', cell: 20, share: 0.8, radii: [3.5, 6] });
const path = 'sub-01/micr/sub-01_SPIM.ome.zarr';
const threshold = 1100;
const method = { name: 'th1100', kind: 'threshold', value: threshold } as const;

/** A bias field of low resolution that changes along every axis. */
const field = {
  data: Float32Array.from({ length: 60 }, (_, i) => 0.9 + 0.05 * (i % 5) + 0.03 * (Math.floor(i / 5) % 4) - 0.04 * Math.floor(i / 20)),
  size: [5, 4, 3] as Vec3, affine: identityAffine,
};

/** What the stages are to find: the whole volume in memory, corrected and compared with the threshold. */
function expectedMask(): Uint8Array {
  const raw = volume.readBlock(0, [0, 0, 0], size);
  const corrected = new Float32Array(raw.length);
  divideByBias(corrected, raw, field, size, { start: [0, 0, 0], size }, 'n4');
  return Uint8Array.from(corrected, (value) => (value >= threshold ? 100 : 0));
}

describe('segmenting in bricks', function () {
  this.timeout(20_000);
  let folder = '';
  let context: TaskContext;
  let plan: ImagePlan;
  const mask = expectedMask();
  const foreground = mask.reduce((sum, value) => sum + (value === 100 ? 1 : 0), 0);
  const read = async ({ place, path: key }: Artifact): Promise<Uint8Array> => (await context.store(place).read(key)) ?? assert.fail(key);

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'spimquant-segment-'));
    const inMemory = memoryContext();
    const work = new LocalStore(folder);
    context = {
      ...inMemory.context,
      store: (place) => (place === 'work' ? work : inMemory.stores[place]),
      localPath: (artifact) => (artifact.place === 'work' ? join(folder, artifact.path) : undefined),
    };
    addPlaqueVolume(inMemory.stores.dataset, path, volume);
    const { info } = await openOmeZarr(inMemory.stores.dataset, path);
    plan = {
      participant: '01', image: { path }, info, orientation: 'RAS', stains: ['Abeta'], stainForReg: 'Abeta', stainsForSeg: ['Abeta'],
      paths: imagePaths({ sub: '01' }, 'phantom'),
      options: {
        segmentationLevel: 0, registrationLevel: 2, correctionLevel: 2, correctionMethod: 'n4', zarrStoreChunks: [1, 24, 18, 16], zarrStoreExt: 'ozx', minObjectVoxels: 100,
      },
    } as unknown as ImagePlan;
    const tasks = segmentTasks(plan, 'Abeta', method);
    await inMemory.stores.output.write(plan.paths.biasField('Abeta', 2, 'prequantN4'), writeNifti(field, { gzip: true }));
    await inMemory.stores.output.write(plan.paths.spim('Abeta', 2), writeNifti({ data: new Uint16Array(24 * 20 * 18), size: [24, 20, 18], affine: identityAffine }, { gzip: true }));
    await work.write(segmentationWork.threshold(plan, 'Abeta', method.name).path, JSON.stringify({ threshold, details: {} }));
    for (const task of tasks) await segmentStage.run(task, context);
  });

  after(() => rm(folder, { recursive: true, force: true }));

  it('counts every plaque once, those that bricks cut included', async () => {
    const { brick, counts } = segmentationBricks(plan);
    assert.ok(counts.every((count) => count > 1));
    for (const axis of [0, 1, 2] as const) {
      const cut = volume.plaques.filter(({ center, radius }) => Math.floor((center[axis] - radius + 1) / brick[axis]) !== Math.floor((center[axis] + radius - 1) / brick[axis]));
      assert.ok(cut.length > 0, `no plaque is cut along axis ${axis}`);
    }
    const task = objectsTask(plan, 'Abeta', method.name);
    await objectsStage.run(task, context);
    const table = await readParquet(await read(task.outputs[0]));
    const column = (name: string): readonly number[] => Array.from(table.columns.find((one) => one.name === name)?.values ?? [], Number);
    const found = column('pos_x').map((x, i) => [x, column('pos_y')[i], column('pos_z')[i]]);
    assert.equal(found.length, volume.plaques.length);
    for (const { center } of volume.plaques) {
      const near = found.filter((at) => at.every((position, axis) => Math.abs(position / 0.005 - center[axis]) < 0.5));
      assert.equal(near.length, 1, `a plaque at ${center.join(', ')}`);
    }
    assert.equal(column('nvoxels').reduce((sum, n) => sum + n, 0), foreground);
  });

  it('adds up to the foreground of the mask in the field fraction', async () => {
    const task = fieldFractionTask(plan, 'Abeta', method.name);
    await fieldFractionStage.run(task, context);
    const map = readNifti(await read(task.outputs[0]));
    const voxels = Array.from(map.data, Number).reduce((sum, percent) => sum + (percent / 100) * 64, 0);
    assert.ok(Math.abs(voxels - foreground) < 1e-3 * foreground, `${voxels} of ${foreground}`);
  });

  it('stores the mask that thresholding the whole image gives', async () => {
    const task = maskStoreTask(plan, 'Abeta', method.name);
    await maskStoreStage.run(task, context);
    const image = await openOmeZarr(context.store('output'), task.outputs[0].path);
    const stored = await image.read(image.level(0), 0, { start: [0, 0, 0], size });
    assert.deepEqual(stored, mask);
    assert.equal(image.info.levels.length, 3);
  });
});
