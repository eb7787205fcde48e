import assert from 'node:assert/strict';
import { addPlaqueVolume, plaqueVolume } from '../../../runner/phantom/plaqueVolume.ts';
import { MemoryStore } from '../../../runner/storage/memoryStore.ts';

const volume = plaqueVolume({ seed: 3, size: [200, 130, 100], voxelSize: [0.002, 0.002, 0.004], chunk: [64, 64, 64], levels: 3, stain: 'Abeta', cell: 32, radii: [4, 6], share: 0.7 });

describe('plaque volume', () => {
  it('reads the same voxels however the boxes are cut', () => {
    const whole = volume.readBlock(0, [0, 0, 0], [200, 130, 100]);
    const part = volume.readBlock(0, [37, 21, 50], [61, 70, 50]);
    for (let z = 0; z < 50; z++) for (let y = 0; y < 70; y++) for (let x = 0; x < 61; x++) {
      assert.equal(part[x + 61 * (y + 70 * z)], whole[x + 37 + 200 * (y + 21 + 130 * (z + 50))]);
    }
  });

  it('is bright at the centre of every plaque and dim half-way between neighbours', () => {
    for (const { center: [x, y, z], radius } of volume.plaques) {
      const at = (dx: number): number => volume.readBlock(0, [Math.round(x + dx), Math.round(y), Math.round(z)], [1, 1, 1])[0];
      assert.ok(at(0) > 2400);
      assert.ok(at(radius + 2) < 600);
    }
  });

  it('has objects of the true volume', () => {
    const whole = volume.readBlock(0, [0, 0, 0], [200, 130, 100]);
    const found = whole.reduce((n, value) => n + (value >= 1460 ? 1 : 0), 0);
    const expected = volume.plaques.reduce((sum, { radius }) => sum + (4 / 3) * Math.PI * radius ** 3, 0);
    assert.ok(Math.abs(found / expected - 1) < 0.03, `${found} voxels, true ${expected}`);
  });

  it('is a store of full chunks, zero beyond the edge', async () => {
    const store = new MemoryStore();
    addPlaqueVolume(store, 'sub-01.ome.zarr', volume);
    const bytes = await store.read('sub-01.ome.zarr/0/0/1/2/3');
    assert.ok(bytes);
    assert.equal(bytes.length, 2 * 64 ** 3);
    const chunk = new Uint16Array(bytes.buffer, bytes.byteOffset, bytes.length / 2);
    assert.equal(chunk[0], volume.readBlock(0, [192, 128, 64], [1, 1, 1])[0]);
    assert.ok(chunk[0] > 0);
    assert.equal(chunk[63], 0);
    assert.equal(await store.read('sub-01.ome.zarr/0/0/2/0/0'), undefined);
  });
});
