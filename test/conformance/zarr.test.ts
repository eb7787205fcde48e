import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { openOmeZarr } from '../../runner/image/omeZarr.ts';
import type { ImageDescription, ImageLayout } from '../../runner/image/omeZarrLayout.ts';
import { buildPyramid, writeArrayMetadata, writeBox, writeMultiscalesMetadata } from '../../runner/image/omeZarrWriter.ts';
import { packZip } from '../../runner/image/zipWriter.ts';
import { allocateVoxels, bytesFromVoxels } from '../../runner/image/zarrTypes.ts';
import type { Vec3 } from '../../runner/kernels/geometry.ts';
import { LocalStore } from '../../runner/storage/local/localStore.ts';

const run = promisify(execFile);
const peer = fileURLToPath(new URL('zarrPeer.py', import.meta.url));

interface Digest {
  readonly levels: Readonly<Record<string, { readonly shape: readonly number[]; readonly dtype: string; readonly sha256: string }>>;
  readonly attributes: Readonly<Record<string, unknown>>;
}

async function python<T>(...args: readonly string[]): Promise<T> {
  const program = process.env['SPIMQUANT_PYTHON'];
  assert.ok(program, 'These tests are run by test/conformance/run.ts.');
  const { stdout } = await run(program, ['-W', 'ignore', peer, ...args], { maxBuffer: 1 << 26 });
  return JSON.parse(stdout) as T;
}

const description: ImageDescription = { name: 'brain', channels: [{ label: 'Abeta' }, { label: 'PI' }], scale: [0.002, 0.002, 0.004], translation: [0, 0, 0], orientation: 'LPS' };

const value = (c: number, x: number, y: number, z: number): number => (x * 7 + y * 131 + z * 1009 + c * 17) % 251;

describe('OME-Zarr and zarr-python', () => {
  let folder: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'spimquant-conformance-'));
  });
  after(async () => {
    await rm(folder, { recursive: true, force: true });
  });

  const base: ImageLayout = { zarrFormat: 3, voxelType: 'uint16', channels: 2, size: [61, 47, 33], chunk: [32, 16, 16], compression: { codec: 'zstd', level: 3 }, factors: [[2, 2, 1], [4, 4, 2]] };
  const layouts: readonly ImageLayout[] = [2, 3].flatMap((zarrFormat) => [
    ...(['int8', 'uint8', 'int16', 'uint16', 'int32', 'uint32', 'float32', 'float64'] as const).map((voxelType) => ({ ...base, zarrFormat: zarrFormat as 2 | 3, voxelType })),
    ...([{ codec: 'none' }, { codec: 'gzip', level: 5 }, { codec: 'blosc', inner: 'lz4', level: 5 }, { codec: 'blosc', inner: 'zstd', level: 3 }] as const)
      .map((compression) => ({ ...base, zarrFormat: zarrFormat as 2 | 3, compression })),
  ]);

  for (const layout of layouts) {
    it(`zarr-python reads what is written: v${layout.zarrFormat} ${layout.voxelType} ${JSON.stringify(layout.compression)}`, async () => {
      const store = new LocalStore(folder);
      const key = `${layout.zarrFormat}-${layout.voxelType}-${Object.values(layout.compression).join('-')}.ome.zarr`;
      await writeArrayMetadata(store, key, layout);
      const [nx, ny, nz] = layout.size;
      for (let c = 0; c < 2; c++) {
        const data = allocateVoxels(layout.voxelType, nx * ny * nz);
        for (let z = 0, i = 0; z < nz; z++) for (let y = 0; y < ny; y++) for (let x = 0; x < nx; x++) data[i++] = z < 16 && c === 1 ? 0 : value(c, x, y, z);
        await writeBox(store, key, layout, 0, c, { start: [0, 0, 0], size: layout.size }, data);
      }
      await buildPyramid(store, key, layout);
      await writeMultiscalesMetadata(store, key, layout, description);
      await packZip(join(folder, key), join(folder, `${key}.zip`));
      const image = await openOmeZarr(store, key);
      const [plain, zipped] = await Promise.all([python<Digest>('digest', join(folder, key), '3'), python<Digest>('digest', join(folder, `${key}.zip`), '3')]);
      assert.deepEqual(zipped, plain);
      assert.equal(plain.attributes['xyz_orientation'], 'LPS');
      for (const level of [0, 1, 2]) {
        const view = image.level(level);
        const hash = createHash('sha256');
        for (const channel of [0, 1]) hash.update(bytesFromVoxels(await image.read(view, channel, { start: [0, 0, 0], size: view.size })));
        const size: Vec3 = view.size;
        assert.deepEqual(plain.levels[level], { shape: [2, size[2], size[1], size[0]], dtype: layout.voxelType, sha256: hash.digest('hex') });
      }
    });
  }

  it('reads what zarr-python writes, in every codec and layout', async () => {
    const names = await python<string[]>('make', join(folder, 'peer'));
    assert.ok(names.length > 150);
    const store = new LocalStore(join(folder, 'peer'));
    for (const name of names) {
      const image = await openOmeZarr(store, name);
      for (const c of [0, 1]) {
        const data = await image.read(image.level(0), c, { start: [0, 0, 0], size: [61, 47, 33] });
        let wrong = 0;
        for (let z = 0, i = 0; z < 33; z++) for (let y = 0; y < 47; y++) for (let x = 0; x < 61; x++) if (data[i++] !== value(c, x, y, z)) wrong++;
        assert.equal(wrong, 0, name);
      }
    }
  });
});
