import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import type { Affine, Vec3 } from '../../../runner/kernels/geometry.ts';
import { nearestIndex, resampleLinear, resampleNearest, sampleLinear, sampleNearest } from '../../../runner/kernels/sample.ts';
import type { DisplacementField } from '../../../runner/kernels/transform.ts';
import { centredGrid, forEachPoint } from '../../helpers/registrationPhantom.ts';

interface Golden {
  readonly size: Vec3;
  readonly image: readonly number[];
  readonly points: readonly Vec3[];
  readonly linear: readonly number[];
  readonly nearest: readonly number[];
}

const golden = JSON.parse(readFileSync(new URL('../../fixtures/sampling/sampling.json', import.meta.url), 'utf8')) as Golden;
const unit: Affine = [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1];

describe('sampling of images', () => {
  it('agrees with scipy.ndimage.map_coordinates, linear and nearest, up to half a voxel beyond the border', () => {
    const volume = { data: Float64Array.from(golden.image), size: golden.size, affine: unit };
    golden.points.forEach(([u, v, w], i) => {
      assert.ok(Math.abs(sampleLinear(volume, u, v, w) - golden.linear[i]) < 1e-8, `linear at ${u}, ${v}, ${w}`);
      assert.equal(sampleNearest(volume, u, v, w), golden.nearest[i], `nearest at ${u}, ${v}, ${w}`);
    });
  });

  it('gives the outside value further out', () => {
    const volume = { data: Float64Array.from(golden.image), size: golden.size, affine: unit };
    assert.equal(sampleLinear(volume, -0.51, 1, 1, 7), 7);
    assert.equal(sampleLinear(volume, 1, 4.51, 1, 7), 7);
    assert.equal(sampleNearest(volume, 1, 1, 3.6, 7), 7);
    assert.equal(sampleLinear(volume, NaN, 1, 1, 7), 7);
  });

  it('gives ties to the lower voxel, whatever the rounding of matrices', () => {
    assert.equal(nearestIndex(2.5), 2);
    assert.equal(nearestIndex(2.5 + 1e-12), 2);
    assert.equal(nearestIndex(2.5 - 1e-12), 2);
    assert.equal(nearestIndex(2.501), 3);
  });

  it('resamples a linear function exactly between grids of any orientation and voxel size', () => {
    const f = (p: Vec3): number => 3 * p[0] - 2 * p[1] + 0.5 * p[2] + 4;
    const from = centredGrid([24, 39, 17], [0.4, 0.3, 0.15], [-1, -1, 1], [1, 2, 3]);
    const to = centredGrid([9, 11, 7], [0.5, 0.45, 0.2], [1, -1, -1], [1, 2, 3]);
    const data = new Float64Array(24 * 39 * 17);
    forEachPoint(from, (p, i) => { data[i] = f(p); });
    const out = resampleLinear({ ...from, data }, to);
    forEachPoint(to, (p, i) => assert.ok(Math.abs(out.data[i] - f(p)) < 1e-4));
  });

  it('applies steps in order: the field first, then the affine', () => {
    const grid = centredGrid([8, 8, 8], [1, 1, 1]);
    const shift: DisplacementField = { ...grid, data: new Float32Array(3 * 512).fill(1, 0, 512) };
    const doubled: Affine = [2, 0, 0, 0, 0, 2, 0, 0, 0, 0, 2, 0, 0, 0, 0, 1];
    const source = centredGrid([41, 41, 41], [1, 1, 1]);
    const data = new Float32Array(41 ** 3);
    forEachPoint(source, (p, i) => { data[i] = p[0] + 100; });
    const out = resampleLinear({ ...source, data }, grid, [{ kind: 'field', field: shift, outside: 'edge' }, { kind: 'affine', matrix: doubled }]);
    forEachPoint(grid, (p, i) => assert.equal(out.data[i], 2 * (p[0] + 1) + 100));
  });

  it('keeps the type of labels', () => {
    const grid = centredGrid([3, 3, 3], [1, 1, 1]);
    const labels = { ...grid, data: new Uint32Array(27).fill(4_000_000_000) };
    const out = resampleNearest(labels, centredGrid([2, 2, 2], [1, 1, 1]));
    assert.ok(out.data instanceof Uint32Array);
    assert.deepEqual([...out.data], new Array(8).fill(4_000_000_000));
  });
});
