import assert from 'node:assert/strict';
import { boundsOf, coarseLabel, labelAt } from '../../../runner/phantom/anatomy.ts';
import { phantomTemplate } from '../../../runner/phantom/template.ts';

describe('phantom template', () => {
  const template = phantomTemplate();
  const all = template.atlases[0], coarse = template.atlases[1];

  it('has a table row for every label of its atlases and a label for every row', () => {
    for (const { dseg, regions } of template.atlases) {
      const inImage = new Set(dseg.data);
      inImage.delete(0);
      assert.deepEqual([...inImage].sort((a, b) => a - b), regions.map(({ index }) => index).sort((a, b) => a - b));
      for (const key of ['name', 'abbreviation'] as const) assert.equal(new Set(regions.map((region) => region[key])).size, regions.length);
      for (const region of regions) assert.match(region.color ?? '', /^#[0-9a-f]{6}$/);
    }
  });

  it('nests the coarse atlas and the mask in the fine atlas', () => {
    all.dseg.data.forEach((label, i) => {
      assert.equal(coarse.dseg.data[i], coarseLabel(label));
      assert.equal(template.mask.data[i], label > 0 ? 1 : 0);
    });
  });

  it('mirrors left and right', () => {
    const [nx, ny, nz] = all.dseg.size;
    for (let z = 0; z < nz; z += 3) for (let y = 0; y < ny; y += 3) for (let x = 0; x < nx / 2; x++) {
      const left = all.dseg.data[x + nx * (y + ny * z)], right = all.dseg.data[nx - 1 - x + nx * (y + ny * z)];
      assert.equal(right, left === 0 ? 0 : left + 100);
    }
  });

  it('keeps each region inside the box it is said to lie in', () => {
    const { size: [nx, ny], affine, data } = all.dseg;
    data.forEach((label, i) => {
      if (label === 0) return;
      const p = [i % nx, Math.floor(i / nx) % ny, Math.floor(i / (nx * ny))].map((v, axis) => affine[axis * 5] * v + affine[axis * 4 + 3]);
      const { low, high } = boundsOf(label);
      assert.ok(p.every((v, axis) => v >= low[axis] && v <= high[axis]));
      assert.equal(labelAt(p[0], p[1], p[2]), label);
    });
  });

  it('is brighter in the brain than outside, in every contrast', () => {
    for (const { data } of [template.anat, ...template.spim.map(({ volume }) => volume)]) {
      let inside = 0, outside = 0, voxels = 0;
      template.mask.data.forEach((m, i) => { if (m) { inside += data[i]; voxels++; } else outside += data[i]; });
      assert.ok(inside / voxels > 4 * (outside / (data.length - voxels)));
    }
  });
});
