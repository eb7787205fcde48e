import assert from 'node:assert/strict';
import { meanPerRegion, regionNames, regionRows } from '../../../runner/pipeline/statistics/regionStats.ts';
import { runsOfMask } from '../../../runner/kernels/runs.ts';
import { cellOf, countIntoCells, voxelsPerCell } from '../../../runner/pipeline/segmentation/fieldFraction.ts';

const affine = [2, 0, 0, 0, 0, 0.5, 0, 0, 0, 0, -1, 0, 0, 0, 0, 1];

describe('region rows', () => {
  const labels = { data: Uint8Array.from([0, 5, 5, 9]), size: [4, 1, 1] as const, affine };
  const map = { data: Float32Array.from([80, 10, 30, 7]), size: [4, 1, 1] as const, affine };
  const name = regionNames([{ index: 5, name: 'Cortex' }]);

  it('hold the mean of a map and the volume in cubic millimetres', () => {
    assert.deepEqual(meanPerRegion(labels, map), [
      { index: 5, mean: 20, volume: 2 },
      { index: 9, mean: 7, volume: 1 },
    ]);
  });

  it('sum objects, divide by the volume, and keep regions without objects and objects without a region', () => {
    const rows = regionRows({ region: [5, 0, 5], nvoxels: [300, 250, 200], measures: { distance: [1, 2, 3] } }, meanPerRegion(labels, map), name);
    assert.deepEqual(rows.map((row) => [row.index, row.name, row.nvoxels, row.count, row.fieldfrac, row.volume, row.density, row.means['distance']]), [
      [0, 'Unknown_Label_0', 250, 1, 0, NaN, NaN, 2],
      [5, 'Cortex', 500, 2, 20, 2, 1, 2],
      [9, 'Unknown_Label_9', 0, 0, 7, 1, 0, 0],
    ]);
  });
});

describe('cells of a coarser grid', () => {
  it('take the voxels that a pyramid averages into them', () => {
    const cells = { size: [3, 1, 1] as const, factor: [4, 1, 1] as const, offset: [1.5, 0, 0] as const };
    assert.deepEqual(Array.from({ length: 14 }, (_, i) => cellOf(i, cells, 0)), [0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 2, 2]);
    assert.deepEqual([...voxelsPerCell(14, cells, 0)], [4, 4, 6]);
  });

  it('take the voxels nearest to their centres when every n-th voxel was kept', () => {
    const cells = { size: [3, 1, 1] as const, factor: [4, 1, 1] as const, offset: [0, 0, 0] as const };
    assert.deepEqual(Array.from({ length: 11 }, (_, i) => cellOf(i, cells, 0)), [0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 2]);
  });

  it('count foreground the same whether a mask comes whole or in bricks', () => {
    const cells = { size: [2, 2, 1] as const, factor: [3, 2, 2] as const, offset: [1, 0.5, 0.5] as const };
    const mask = Uint8Array.from({ length: 6 * 4 * 2 }, (_, i) => (i % 3 === 0 ? 100 : 0));
    const whole = countIntoCells(runsOfMask(mask, [6, 4, 2]), [0, 0, 0], cells);
    const total = new Uint32Array(4);
    for (let z = 0; z < 2; z++) {
      const part = countIntoCells(runsOfMask(mask.subarray(z * 24, (z + 1) * 24), [6, 4, 1]), [0, 0, z], cells);
      part.counts.forEach((count, i) => (total[i] += count));
    }
    assert.deepEqual(whole.box, { start: [0, 0, 0], size: [2, 2, 1] });
    assert.deepEqual(total, whole.counts);
  });
});
