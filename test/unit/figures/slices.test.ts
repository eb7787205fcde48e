import assert from 'node:assert/strict';
import { cutSlice, evenIndices, fitSlice, maximumProjection, planeView } from '../../../runner/figures/slices.ts';
import type { Volume } from '../../../runner/kernels/volume.ts';

/** A 3 x 4 x 5 volume whose value at a RAS point says where that point is: R·100 + A·10 + S. */
function orientedVolume(axes: readonly (readonly [number, 1 | -1])[], mm: readonly [number, number, number]): Volume {
  const size = [3, 4, 5] as const;
  const affine = new Array<number>(16).fill(0);
  axes.forEach(([out, sign], voxelAxis) => {
    affine[out * 4 + voxelAxis] = sign * mm[voxelAxis];
  });
  affine[15] = 1;
  const data = new Float32Array(60);
  for (let z = 0, i = 0; z < 5; z++) {
    for (let y = 0; y < 4; y++) {
      for (let x = 0; x < 3; x++, i++) {
        const step = [x, y, z];
        // Position along each anatomical axis in voxels, counted from the left, back and bottom.
        const ras = [0, 0, 0];
        axes.forEach(([out, sign], voxelAxis) => {
          ras[out] = sign > 0 ? step[voxelAxis] : size[voxelAxis] - 1 - step[voxelAxis];
        });
        data[i] = ras[0] * 100 + ras[1] * 10 + ras[2];
      }
    }
  }
  return { data, size, affine };
}

const orientations = {
  RAS: [[0, 1], [1, 1], [2, 1]],
  LPI: [[0, -1], [1, -1], [2, -1]],
  IAL: [[2, -1], [1, 1], [0, -1]],
  PSR: [[1, -1], [2, 1], [0, 1]],
} as const;

describe('slices of a volume', () => {
  for (const [name, axes] of Object.entries(orientations)) {
    it(`shows right at the right, front and top at the top, from ${name}`, () => {
      const volume = orientedVolume(axes, [1, 1, 1]);
      for (const [plane, right, up] of [['axial', 100, 10], ['coronal', 100, 1], ['sagittal', 10, 1]] as const) {
        const slice = cutSlice(volume, planeView(volume.affine, plane), 0);
        assert.equal(slice.values[1] - slice.values[0], right, `${plane}: one pixel to the right`);
        assert.equal(slice.values[0] - slice.values[slice.width], up, `${plane}: one pixel up`);
      }
    });
  }

  it('names the edges', () => {
    assert.deepEqual(planeView(orientedVolume(orientations.IAL, [1, 1, 1]).affine, 'coronal').letters, { left: 'L', right: 'R', bottom: 'I', top: 'S' });
  });

  it('finds the axes of an oblique image', () => {
    const [c, s] = [Math.cos(0.4), Math.sin(0.4)];
    const view = planeView([c, -s, 0, 0, s, c, 0, 0, 0, 0, -1, 0, 0, 0, 0, 1], 'axial');
    assert.deepEqual([view.across, view.up, view.through, view.flipThrough], [0, 1, 2, true]);
  });

  it('scales voxels that are not cubes to their true proportions', () => {
    const volume = orientedVolume(orientations.RAS, [1, 1, 4]);
    const fitted = fitSlice(cutSlice(volume, planeView(volume.affine, 'coronal'), 0), 100, 100, 'nearest');
    assert.deepEqual([fitted.width, fitted.height], [15, 100], '3 mm wide, 20 mm high');
    assert.equal(fitted.pixel[0], 0.2);
  });

  it('keeps labels whole when it scales them', () => {
    const slice = { width: 2, height: 1, values: Float32Array.of(1, 7), pixel: [1, 1] as const };
    assert.deepEqual([...new Set(fitSlice(slice, 10, 10, 'nearest').values)], [1, 7]);
  });

  it('projects the largest value', () => {
    const volume = orientedVolume(orientations.LPI, [1, 1, 1]);
    const projection = maximumProjection(volume, planeView(volume.affine, 'axial'));
    assert.ok(projection.values.every((value) => value % 10 === 4), 'the topmost of five slices is the largest everywhere');
  });

  it('spreads slices over the middle of an axis', () => {
    assert.deepEqual(evenIndices(101, 5), [20, 35, 50, 65, 80]);
    assert.deepEqual(evenIndices(1, 3), [0, 0, 0]);
  });
});
