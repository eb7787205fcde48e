import assert from 'node:assert/strict';
import { readNifti } from '../../../runner/image/nifti.ts';
import { openOmeZarr } from '../../../runner/image/omeZarr.ts';
import { importedGrid, importSpimStage, importSpimTask } from '../../../runner/pipeline/import/importSpim.ts';
import type { ImagePlan } from '../../../runner/pipeline/plan/imagePlan.ts';
import { imagePaths } from '../../../runner/pipeline/paths.ts';
import type { MemoryStore } from '../../../runner/storage/memoryStore.ts';
import { memoryContext } from './memoryContext.ts';

const path = 'sub-01/micr/sub-01_SPIM.ome.zarr';
const [channels, nz, ny, nx] = [2, 5, 4, 6];
const valueAt = (c: number, z: number, y: number, x: number): number => 10_000 * c + 100 * z + 10 * y + x;

/** One resolution, axes c, z, y, x, uint16, uncompressed, in micrometres: x is twice as fine as y and z. */
async function writeImage(store: MemoryStore): Promise<void> {
  const axes = [{ name: 'c', type: 'channel' }, ...['z', 'y', 'x'].map((name) => ({ name, type: 'space', unit: 'micrometer' }))];
  await store.write(`${path}/.zgroup`, JSON.stringify({ zarr_format: 2 }));
  await store.write(`${path}/.zattrs`, JSON.stringify({
    multiscales: [{ version: '0.4', axes, datasets: [{ path: '0', coordinateTransformations: [{ type: 'scale', scale: [1, 4, 4, 2] }, { type: 'translation', translation: [0, 30, 20, 10] }] }] }],
    omero: { channels: [{ label: 'YoPro' }, { label: 'Abeta' }] },
  }));
  const chunkZ = 2;
  await store.write(`${path}/0/.zarray`, JSON.stringify({
    zarr_format: 2, shape: [channels, nz, ny, nx], chunks: [1, chunkZ, ny, nx], dtype: '<u2', compressor: null, fill_value: 0, order: 'C', filters: null,
  }));
  for (let c = 0; c < channels; c++) {
    for (let k = 0; k * chunkZ < nz; k++) {
      const chunk = new Uint16Array(chunkZ * ny * nx);
      chunk.forEach((_, i) => { chunk[i] = valueAt(c, k * chunkZ + Math.floor(i / (ny * nx)), Math.floor(i / nx) % ny, i % nx); });
      await store.write(`${path}/0/${c}.${k}.0.0`, new Uint8Array(chunk.buffer));
    }
  }
}

describe('importing a channel', () => {
  const importAt = async (level: number): Promise<{ readonly image: ReturnType<typeof readNifti>; readonly grid: ReturnType<typeof importedGrid> }> => {
    const { context, stores } = memoryContext();
    await writeImage(stores.dataset);
    const { info } = await openOmeZarr(stores.dataset, path);
    const plan = { participant: '01', image: { path }, info, orientation: 'RAI', stains: ['YoPro', 'Abeta'], paths: imagePaths({ sub: '01' }, 'phantom') } as unknown as ImagePlan;
    const task = importSpimTask(plan, 'Abeta', level);
    assert.deepEqual(task.outputs, [{ place: 'output', path: `sub-01/micr/sub-01_stain-Abeta_level-${level}_SPIM.nii.gz` }]);
    assert.equal(task.readBytes, nx * ny * nz * 2);
    await importSpimStage.run(task, context);
    const image = readNifti((await stores.output.read(task.outputs[0].path)) ?? assert.fail());
    return { image, grid: importedGrid(plan, level) };
  };

  it('takes every second voxel of the axis that is much finer, keeps the type, and gives millimetres in the orientation', async () => {
    const { image, grid } = await importAt(0);
    assert.ok(image.data instanceof Uint16Array);
    assert.deepEqual([...image.size], [3, 4, 5]);
    assert.deepEqual(grid.size, image.size);
    for (let z = 0, i = 0; z < 5; z++) for (let y = 0; y < 4; y++) for (let x = 0; x < 3; x++, i++) assert.equal(image.data[i], valueAt(1, z, y, 2 * x));
    const expected = [0.004, 0, 0, 0.01, 0, 0.004, 0, 0.02, 0, 0, -0.004, -0.03, 0, 0, 0, 1];
    image.affine.forEach((value, index) => { assert.ok(Math.abs(value - expected[index]) < 1e-8, `affine[${index}] ${value}`); });
  });

  it('goes on striding below the deepest stored level', async () => {
    const { image } = await importAt(1);
    assert.deepEqual([...image.size], [2, 2, 3]);
    assert.deepEqual([...image.data], [0, 2, 4].flatMap((z) => [0, 2].flatMap((y) => [0, 4].map((x) => valueAt(1, z, y, x)))));
  });
});
