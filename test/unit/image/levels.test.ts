import assert from 'node:assert/strict';
import { levelView, nearIsotropicStep, strideView } from '../../../runner/image/levels.ts';
import { transformPoint } from '../../../runner/kernels/geometry.ts';
import type { ImageLevel } from '../../../runner/image/omeZarr.types.ts';
import { orientedAffine, storedOrientation } from '../../../runner/image/orientation.ts';
import { parseMultiscale } from '../../../runner/image/multiscales.ts';

const levels: readonly ImageLevel[] = [
  { path: '0', size: [10, 9, 7], scale: [2, 3, 4], translation: [10, 20, 30], chunk: [4, 4, 4] },
  { path: '1', size: [5, 4, 3], scale: [4, 6, 8], translation: [11, 21.5, 32], chunk: [4, 4, 4] },
];

describe('levels of a pyramid', () => {
  it('takes stored levels as they are', () => {
    const view = levelView(levels, 1, 'RAS');
    assert.deepEqual([view.storedLevel, view.step, view.size], [1, [1, 1, 1], [5, 4, 3]]);
    assert.deepEqual(view.affine, [4, 0, 0, 11, 0, 6, 0, 21.5, 0, 0, 8, 32, 0, 0, 0, 1]);
  });

  it('takes every second, fourth ... voxel of the deepest for deeper ones, without moving the first', () => {
    const view = levelView(levels, 3, 'RAS');
    assert.deepEqual([view.level, view.storedLevel, view.step, view.size], [3, 1, [4, 4, 4], [2, 1, 1]]);
    assert.deepEqual(view.affine, [16, 0, 0, 11, 0, 24, 0, 21.5, 0, 0, 32, 32, 0, 0, 0, 1]);
  });

  it('combines steps', () => {
    const view = strideView(levelView(levels, 2, 'RAS'), [1, 1, 2]);
    assert.deepEqual([view.step, view.size], [[2, 2, 4], [3, 2, 1]]);
    assert.equal(view.affine[10], 32);
  });

  it('refuses levels that are no whole numbers', () => {
    for (const level of [-1, 1.5, NaN]) assert.throws(() => levelView(levels, level, 'RAS'), { code: 'bad-option' });
  });
});

describe('near-isotropic steps', () => {
  it('strides the one axis that is much finer, by a power of two', () => {
    assert.deepEqual(nearIsotropicStep([0.416, 0.416, 0.154112]), [1, 1, 2]);
    assert.deepEqual(nearIsotropicStep([4, 4, 1]), [1, 1, 4]);
    assert.deepEqual(nearIsotropicStep([4, 4, 0.6]), [1, 1, 4], 'round(6.67) = 7, of which the power of two is 4');
    assert.deepEqual(nearIsotropicStep([3, 4, 2]), [1, 1, 2]);
  });

  it('leaves voxels alone when none, or more than one axis, would be strided', () => {
    assert.deepEqual(nearIsotropicStep([2, 2, 2]), [1, 1, 1]);
    assert.deepEqual(nearIsotropicStep([1.8, 1.8, 4]), [1, 1, 1]);
    assert.deepEqual(nearIsotropicStep([3, 3, 4]), [1, 1, 1]);
  });
});

describe('orientation', () => {
  it('puts scales and translations in the rows of the letters, both with their sign', () => {
    assert.deepEqual(orientedAffine('LPS', [1, 2, 3], [4, 5, 6]), [-1, 0, 0, -4, 0, -2, 0, -5, 0, 0, 3, 6, 0, 0, 0, 1]);
    assert.deepEqual(orientedAffine('SAR', [1, 2, 3], [4, 5, 6]), [0, 0, 3, 6, 0, 2, 0, 5, 1, 0, 0, 4, 0, 0, 0, 1]);
  });

  it('lays the levels of a pyramid over each other, along flipped axes too', () => {
    // The first voxel of a level of twice the edge has its centre between the first two voxels of the finer level.
    for (const code of ['RAS', 'LPI', 'IAL']) {
      const fine = orientedAffine(code, [1, 2, 3], [4, 5, 6]);
      const coarse = orientedAffine(code, [2, 4, 6], [4.5, 6, 7.5]);
      assert.deepEqual(transformPoint(coarse, [0, 0, 0]), transformPoint(fine, [0.5, 0.5, 0.5]), code);
      assert.deepEqual(transformPoint(coarse, [3, 2, 1]), transformPoint(fine, [6.5, 4.5, 2.5]), code);
    }
  });

  it('prefers xyz_orientation to the legacy attribute, which is reversed', () => {
    assert.equal(storedOrientation({ orientation: 'IAL' }, 'u'), 'LAI');
    assert.equal(storedOrientation({ orientation: 'IAL', xyz_orientation: 'rps' }, 'u'), 'RPS');
    assert.equal(storedOrientation({}, 'u'), undefined);
    for (const wrong of ['RAP', 'RA', 'XYZ', 7]) assert.throws(() => storedOrientation({ xyz_orientation: wrong }, 'u'), { code: 'bad-zarr' });
    assert.throws(() => orientedAffine('RLS', [1, 1, 1], [0, 0, 0]), { code: 'bad-option' });
  });
});

describe('multiscales metadata', () => {
  const attributes = (axes: readonly unknown[], own: readonly unknown[], shared?: readonly unknown[]) => ({
    multiscales: [{ version: '0.4', axes, datasets: [{ path: 's0', coordinateTransformations: own }], ...(shared ? { coordinateTransformations: shared } : {}) }],
  });
  const space = (name: string, unit?: string) => ({ name, type: 'space', ...(unit ? { unit } : {}) });

  it('applies the transformations of the pyramid after those of the level', () => {
    const { datasets } = parseMultiscale(attributes([space('z', 'millimeter'), space('y', 'millimeter'), space('x', 'millimeter')],
      [{ type: 'scale', scale: [1, 2, 3] }, { type: 'translation', translation: [10, 20, 30] }], [{ type: 'scale', scale: [2, 2, 2] }, { type: 'translation', translation: [0, 0, 1] }]), 'u');
    assert.deepEqual(datasets, [{ path: 's0', scale: [6, 4, 2], translation: [61, 40, 20] }]);
  });

  it('takes any order of axes, and micrometres where no unit is given', () => {
    const parsed = parseMultiscale(attributes([{ name: 't', type: 'time', unit: 'second' }, space('x'), space('y', 'nanometer'), space('z', 'centimeter')], [{ type: 'scale', scale: [1, 4, 500, 0.25] }]), 'u');
    assert.deepEqual(parsed.axes, { t: 0, x: 1, y: 2, z: 3 });
    assert.deepEqual(parsed.datasets[0].scale, [0.004, 0.0005, 2.5]);
    assert.equal(parsed.unit, 'micrometer');
  });

  it('refuses unknown units, axes and transformations', () => {
    const good = [space('z'), space('y'), space('x')];
    const scale = [{ type: 'scale', scale: [1, 1, 1] }];
    assert.throws(() => parseMultiscale(attributes([space('z'), space('y'), space('x', 'furlong')], scale), 'u'), /furlong/);
    assert.throws(() => parseMultiscale(attributes([space('w'), ...good], scale), 'u'), /w, z, y, x/);
    assert.throws(() => parseMultiscale(attributes(good, [{ type: 'affine' }]), 'u'), /affine/);
    assert.throws(() => parseMultiscale(attributes(good, [{ type: 'scale', scale: [1, 0, 1] }]), 'u'), /positive/);
    assert.throws(() => parseMultiscale({ multiscales: [{ axes: good, datasets: [{ path: '0' }] }] }, 'u'), /no scale/);
  });
});
