import assert from 'node:assert/strict';
import { openOmeZarr } from '../../../runner/image/omeZarr.ts';
import { encodeChunk, levelSize, type ImageDescription, type ImageLayout } from '../../../runner/image/omeZarrLayout.ts';
import { buildPyramid, writeArrayMetadata, writeBox, writeMultiscalesMetadata } from '../../../runner/image/omeZarrWriter.ts';
import { defaultPyramidFactors, meanBlocks, sourcePyramidFactors } from '../../../runner/image/pyramid.ts';
import type { Vec3 } from '../../../runner/kernels/geometry.ts';
import type { VoxelArray } from '../../../runner/kernels/volume.ts';
import { MemoryStore } from '../../../runner/storage/memoryStore.ts';

const description: ImageDescription = {
  name: 'brain', channels: [{ label: 'Abeta', color: '00FF00' }, { label: 'PI' }], scale: [0.002, 0.002, 0.004], translation: [1, 2, 3], orientation: 'LPS',
};

const layout: ImageLayout = {
  zarrFormat: 3, voxelType: 'uint16', channels: 2, size: [37, 22, 19], chunk: [16, 8, 8], compression: { codec: 'zstd', level: 3 }, factors: [[2, 2, 1], [4, 4, 2]],
};

/** A value that differs from voxel to voxel and is 0 in the second channel's first half along z. */
function valueAt(channel: number, x: number, y: number, z: number): number {
  return channel === 1 && z < 10 ? 0 : (x * 7 + y * 131 + z * 1009 + channel * 17) % 60000;
}

function level0(size: Vec3, channel: number): Uint16Array {
  const data = new Uint16Array(size[0] * size[1] * size[2]);
  let i = 0;
  for (let z = 0; z < size[2]; z++) for (let y = 0; y < size[1]; y++) for (let x = 0; x < size[0]; x++) data[i++] = valueAt(channel, x, y, z);
  return data;
}

/** Block means written the plain way, for comparison. */
function reduced(data: ArrayLike<number>, size: Vec3, factor: Vec3, integer: boolean): { readonly data: number[]; readonly size: Vec3 } {
  const out: number[] = [];
  const small: Vec3 = [Math.floor(size[0] / factor[0]), Math.floor(size[1] / factor[1]), Math.floor(size[2] / factor[2])];
  for (let z = 0; z < small[2]; z++) for (let y = 0; y < small[1]; y++) for (let x = 0; x < small[0]; x++) {
    let sum = 0;
    for (let k = 0; k < factor[2]; k++) for (let j = 0; j < factor[1]; j++) for (let i = 0; i < factor[0]; i++) {
      sum += data[x * factor[0] + i + size[0] * (y * factor[1] + j + size[1] * (z * factor[2] + k))];
    }
    const mean = sum / (factor[0] * factor[1] * factor[2]);
    out.push(integer ? Math.trunc(mean) : mean);
  }
  return { data: out, size: small };
}

async function writeImage(store: MemoryStore, key: string, how: ImageLayout): Promise<void> {
  await writeArrayMetadata(store, key, how);
  for (let channel = 0; channel < how.channels; channel++) {
    const whole = level0(how.size, channel);
    // Two boxes at the same time, as two threads would write them.
    const [nx, ny, nz] = how.size;
    const cut = 8 * nx * ny;
    await Promise.all([
      writeBox(store, key, how, 0, channel, { start: [0, 0, 0], size: [nx, ny, 8] }, whole.subarray(0, cut)),
      writeBox(store, key, how, 0, channel, { start: [0, 0, 8], size: [nx, ny, nz - 8] }, whole.subarray(cut)),
    ]);
  }
  await buildPyramid(store, key, how);
  await writeMultiscalesMetadata(store, key, how, description);
}

describe('writing OME-Zarr', () => {
  const variants: readonly Partial<ImageLayout>[] = [
    {}, { zarrFormat: 2 }, { compression: { codec: 'none' } }, { zarrFormat: 2, compression: { codec: 'blosc', inner: 'lz4', level: 5 } },
    { compression: { codec: 'blosc', inner: 'zstd', level: 3 } }, { compression: { codec: 'gzip', level: 5 } },
  ];
  for (const variant of variants) {
    it(`reads back what was written, at all levels: ${JSON.stringify(variant)}`, async () => {
      const store = new MemoryStore('memory://out');
      const how = { ...layout, ...variant };
      await writeImage(store, 'a/b.ome.zarr', how);
      const image = await openOmeZarr(store, 'a/b.ome.zarr');
      assert.equal(image.info.ngffVersion, how.zarrFormat === 3 ? '0.5' : '0.4');
      assert.deepEqual(image.info.channels, [{ label: 'Abeta', color: '00FF00' }, { label: 'PI', color: 'FFFFFF' }]);
      assert.equal(image.info.storedOrientation, 'LPS');
      assert.deepEqual(image.info.levels[1].scale, [0.004, 0.004, 0.004]);
      assert.deepEqual(image.info.levels[1].translation, [1.001, 2.001, 3], 'centre of the first block');
      for (const channel of [0, 1]) {
        let truth: { readonly data: ArrayLike<number>; readonly size: Vec3 } = { data: level0(how.size, channel), size: how.size };
        for (const level of [0, 1, 2]) {
          const view = image.level(level);
          if (level > 0) truth = reduced(truth.data, truth.size, level === 1 ? [2, 2, 1] : [2, 2, 2], true);
          assert.deepEqual(view.size, truth.size);
          assert.deepEqual([...(await image.read(view, channel, { start: [0, 0, 0], size: view.size }))], Array.from(truth.data));
        }
      }
    });
  }

  it('does not store chunks of zeros', async () => {
    const store = new MemoryStore('memory://out');
    await writeImage(store, 'x', layout);
    assert.ok(await store.stat('x/0/c/0/0/0/0'));
    assert.equal(await store.stat('x/0/c/1/0/0/0'), undefined);
    assert.equal(await encodeChunk(layout, new Uint16Array(16 * 8 * 8)), undefined);
  });

  it('gives the same bytes each time', async () => {
    const dump = async (): Promise<string[]> => {
      const store = new MemoryStore('memory://out');
      await writeImage(store, 'x', layout);
      const rows: string[] = [];
      for await (const entry of store.list('x', { recursive: true })) if (entry.kind === 'object') rows.push(`${entry.key} ${entry.version}`);
      return rows;
    };
    assert.deepEqual(await dump(), await dump());
  });

  it('is no image before its last step', async () => {
    const store = new MemoryStore('memory://out');
    await writeArrayMetadata(store, 'x', layout);
    await writeBox(store, 'x', layout, 0, 0, { start: [0, 0, 0], size: [16, 8, 8] }, new Uint16Array(1024).fill(3));
    await assert.rejects(openOmeZarr(store, 'x'), { code: 'bad-zarr' });
  });

  it('refuses boxes that share chunks with others', async () => {
    const store = new MemoryStore('memory://out');
    await assert.rejects(writeBox(store, 'x', layout, 0, 0, { start: [0, 0, 4], size: [16, 8, 8] }, new Uint16Array(1024)), RangeError);
    await assert.rejects(writeBox(store, 'x', layout, 0, 0, { start: [0, 0, 0], size: [12, 8, 8] }, new Uint16Array(768)), RangeError);
  });

  it('stops between chunks when cancelled', async () => {
    const store = new MemoryStore('memory://out');
    const controller = new AbortController();
    await writeArrayMetadata(store, 'x', layout);
    const build = buildPyramid(store, 'x', layout, { signal: controller.signal, progress: () => controller.abort() });
    await assert.rejects(build, { code: 'cancelled' });
  });
});

describe('pyramids', () => {
  it('truncates means of integers toward zero and keeps those of floats', () => {
    const reduce = (data: VoxelArray, out: VoxelArray): number[] => {
      meanBlocks(data, [2, 1, 1], [2, 1, 1], out, [1, 1, 1], [0, 0, 0]);
      return [...out];
    };
    assert.deepEqual(reduce(Int16Array.of(-3, -2), new Int16Array(1)), [-2]);
    assert.deepEqual(reduce(Uint8Array.of(3, 4), new Uint8Array(1)), [3]);
    assert.deepEqual(reduce(Uint16Array.of(65535, 65535), new Uint16Array(1)), [65535]);
    assert.deepEqual(reduce(Float32Array.of(3, 4), new Float32Array(1)), [3.5]);
  });

  it('takes factors from the source when they are whole, else makes voxels cubes and doubles', () => {
    const level = (scale: Vec3) => ({ path: '', size: [256, 256, 64] as Vec3, scale, translation: [0, 0, 0] as Vec3, chunk: [1, 1, 1] as Vec3 });
    assert.deepEqual(sourcePyramidFactors([level([2, 2, 4]), level([4, 4, 8]), level([8, 8, 16])], 0), [[2, 2, 2], [4, 4, 4]]);
    assert.deepEqual(sourcePyramidFactors([level([2, 2, 4]), level([4, 4, 4]), level([8, 8, 8])], 1), [[2, 2, 2]]);
    assert.deepEqual(sourcePyramidFactors([level([2, 2, 4]), level([3, 3, 6])], 0), [[2, 2, 1], [4, 4, 2], [8, 8, 4], [16, 16, 8]]);
    assert.deepEqual(defaultPyramidFactors([1, 1, 1], [9, 9, 5]), [[2, 2, 2], [4, 4, 4]]);
  });

  it('drops incomplete blocks level by level', () => {
    assert.deepEqual([0, 1, 2].map((n) => levelSize(layout, n)), [[37, 22, 19], [18, 11, 19], [9, 5, 9]]);
  });
});
