import assert from 'node:assert/strict';
import { brickBox, brickCount, planBatches, planBricks, slabsOf } from '../../../runner/pipeline/segmentation/bricks.ts';
import { pack, unpack } from '../../../runner/pipeline/segmentation/packed.ts';
import type { Vec3 } from '../../../runner/kernels/geometry.ts';

const cases: readonly { readonly size: Vec3; readonly imageChunk: Vec3; readonly storeChunk: Vec3 }[] = [
  { size: [160, 144, 112], imageChunk: [64, 64, 64], storeChunk: [256, 256, 256] },
  { size: [2048, 2048, 1024], imageChunk: [128, 128, 128], storeChunk: [256, 256, 256] },
  { size: [5000, 7001, 900], imageChunk: [1024, 1024, 1], storeChunk: [256, 256, 256] },
  { size: [9000, 9000, 3], imageChunk: [9000, 9000, 1], storeChunk: [256, 256, 256] },
  { size: [24, 39, 37], imageChunk: [24, 39, 37], storeChunk: [10, 10, 10] },
  { size: [1, 1, 1], imageChunk: [64, 64, 64], storeChunk: [256, 256, 256] },
];

describe('bricks', () => {
  for (const { size, imageChunk, storeChunk } of cases) {
    const name = `${size.join('x')} in chunks of ${imageChunk.join('x')}`;

    it(`of ${name} tile the image, in order, within the memory limit`, () => {
      const grid = planBricks(size, imageChunk, storeChunk);
      let voxels = 0;
      for (let i = 0; i < brickCount(grid); i++) {
        const box = brickBox(grid, i);
        const brickVoxels = box.size[0] * box.size[1] * box.size[2];
        assert.ok(brickVoxels > 0 && brickVoxels <= 2 ** 25, `${brickVoxels}`);
        voxels += brickVoxels;
      }
      assert.equal(voxels, size[0] * size[1] * size[2]);
      for (const axis of [0, 1, 2]) {
        assert.equal(grid.brick[axis] % grid.chunk[axis], 0, 'no two bricks share a chunk');
        assert.ok(grid.chunk[axis] <= storeChunk[axis], 'chunks are no larger than asked');
      }
    });

    it(`of ${name} all belong to exactly one batch`, () => {
      const grid = planBricks(size, imageChunk, storeChunk);
      const bricks = planBatches(grid).flatMap(({ firstBrick, brickCount: count }) => Array.from({ length: count }, (_, i) => firstBrick + i));
      assert.deepEqual(bricks, Array.from({ length: brickCount(grid) }, (_, i) => i));
    });
  }

  it('reach across whole chunks of a plane-wise image, so that each is fetched for one brick only', () => {
    const grid = planBricks([5000, 7001, 900], [1024, 1024, 1], [256, 256, 256]);
    assert.deepEqual([grid.brick[0], grid.brick[1]], [1024, 1024]);
  });

  it('are read in slabs that end where chunks end', () => {
    const slabs = slabsOf({ start: [0, 0, 10], size: [10, 10, 30] }, 8, 1700);
    assert.deepEqual(slabs.map(({ start, size }) => [start[2], size[2]]), [[10, 14], [24, 16]]);
  });

  it('are read plane by plane when not even a chunk fits', () => {
    const slabs = slabsOf({ start: [0, 0, 0], size: [100, 100, 3] }, 64, 5000);
    assert.deepEqual(slabs.map(({ size }) => size[2]), [1, 1, 1]);
  });
});

describe('packed arrays', () => {
  it('come back with their headers, types and values', () => {
    const bytes = pack([
      { meta: { brick: 3 }, arrays: { a: Float64Array.from([1.5, -2]), b: Int32Array.from([7, 8, 9]) } },
      { meta: { brick: 4 }, arrays: { a: new Float64Array(0), b: Int32Array.from([1]) } },
    ]);
    const [first, second] = unpack<{ brick: number }, { a: Float64Array; b: Int32Array }>(bytes);
    assert.deepEqual([first.meta.brick, [...first.arrays.a], [...first.arrays.b]], [3, [1.5, -2], [7, 8, 9]]);
    assert.deepEqual([second.meta.brick, second.arrays.a.length, [...second.arrays.b]], [4, 0, [1]]);
  });
});
