import assert from 'node:assert/strict';
import { composeField, invertField, mapPoints, summariseJacobian, summariseMagnitude, swapLpsRas } from '../../../runner/kernels/displacement.ts';
import { invertAffine, transformPoint, type Affine, type Vec3 } from '../../../runner/kernels/geometry.ts';
import type { DisplacementField, Grid } from '../../../runner/kernels/transform.ts';
import { readVectorNifti, writeVectorNifti } from '../../../runner/image/nifti.ts';
import { voxelCount } from '../../../runner/kernels/volume.ts';
import { centredGrid, forEachPoint, subjectToTemplate, type PointMap } from '../../helpers/registrationPhantom.ts';

const affine: Affine = [1.1, 0.1, 0, 0.4, -0.1, 0.95, 0.05, -0.3, 0, 0.02, 1.05, 0.2, 0, 0, 0, 1];
const grid = centredGrid([30, 36, 44], [0.4, 0.35, 0.25], [-1, 1, -1], [0.3, -0.2, 0.1]);

function fieldOf(on: Grid, map: PointMap): DisplacementField {
  const n = voxelCount(on.size);
  const data = new Float32Array(3 * n);
  forEachPoint(on, (p, i) => {
    const q = map(p);
    for (let c = 0; c < 3; c++) data[i + c * n] = q[c] - p[c];
  });
  return { ...on, data };
}

const distance = (a: ArrayLike<number>, b: ArrayLike<number>): number => Math.hypot(a[0] - b[0], a[1] - b[1], a[2] - b[2]);

describe('displacement fields', () => {
  it('map points as the analytic deformation does', () => {
    const truth = subjectToTemplate(affine, 0.5);
    const field = fieldOf(grid, truth);
    const points: Vec3[] = [[0, 0, 0], [1.23, -2.1, 0.77], [-3.3, 4.2, -2.9], [0.3, 5.9, 4.4]];
    const mapped = mapPoints(Float64Array.from(points.flat()), field);
    // What remains is the error of linear interpolation: at most h²/8 times the second derivative.
    points.forEach((p, i) => assert.ok(distance(mapped.subarray(3 * i, 3 * i + 3), truth(p)) < 0.01));
  });

  it('leave points outside their grid where they are', () => {
    const field = fieldOf(grid, (p) => [p[0] + 1, p[1], p[2]]);
    assert.deepEqual([...mapPoints(Float64Array.from([50, 0, 0, 0, 0, -90]), field)], [50, 0, 0, 0, 0, -90]);
    const inside = mapPoints(Float64Array.from([0, 0, 0]), field);
    assert.ok(distance(inside, [1, 0, 0]) < 1e-6);
  });

  it('compose an affine and a field in the order given', () => {
    const warp: PointMap = (p) => [p[0] + 0.3 * Math.sin(p[1]), p[1], p[2] + 0.2 * Math.cos(p[0])];
    const composed = composeField(grid, [{ kind: 'field', field: fieldOf(grid, warp), outside: 'edge' }, { kind: 'affine', matrix: affine }]);
    const expected = fieldOf(grid, (p) => transformPoint(affine, warp(p)));
    const worst = composed.data.reduce((max, value, i) => Math.max(max, Math.abs(value - expected.data[i])), 0);
    assert.ok(worst < 1e-5, `${worst}`);
  });

  it('are inverted so that there and back is where it began', () => {
    const field = fieldOf(grid, subjectToTemplate([1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1], 0.8));
    const inverse = invertField(field);
    assert.ok(inverse.meanResidual < 1e-3 && inverse.maxResidual < 0.05, `${inverse.meanResidual} ${inverse.maxResidual}`);
    // Independent of the function's own residual: walk some inner points there and back.
    const points = Float64Array.from([0, 0, 0, 1.5, -2, 1, -2.2, 2.7, -3.1]);
    const back = mapPoints(mapPoints(points, field), inverse.field);
    for (let i = 0; i < 9; i++) assert.ok(Math.abs(back[i] - points[i]) < 0.02, `${back[i]} ${points[i]}`);
  });

  it('tell volume change and folding', () => {
    const scaled = summariseJacobian(fieldOf(grid, (p) => transformPoint(affine, p)));
    const expected = 1.1 * (0.95 * 1.05 - 0.05 * 0.02) - 0.1 * (-0.1 * 1.05);
    assert.ok(Math.abs(scaled.min - expected) < 1e-4 && Math.abs(scaled.max - expected) < 1e-4);
    assert.equal(scaled.folded, 0);
    const folding = summariseJacobian(fieldOf(grid, (p) => [p[0] - 2 * Math.sin(p[0]), p[1], p[2]]));
    assert.ok(folding.min < 0 && folding.folded > 100);
  });

  it('tell how far they move points', () => {
    const n = voxelCount(grid.size);
    const { mean, std, max } = summariseMagnitude({ ...grid, data: new Float32Array(3 * n).fill(3, 0, n).fill(4, n, 2 * n) });
    assert.deepEqual([mean, std, max], [5, 0, 5]);
  });

  it('are stored in LPS: x and y change sign, z does not, the grid stays', () => {
    const field = fieldOf(grid, (p) => [p[0] + 1, p[1] + 2, p[2] + 3]);
    const n = voxelCount(grid.size);
    const stored = readVectorNifti(writeVectorNifti(swapLpsRas(field)));
    assert.deepEqual([0, n, 2 * n].map((i) => Math.round(stored.data[i])), [-1, -2, 3]);
    stored.affine.forEach((value, i) => assert.ok(Math.abs(value - grid.affine[i]) < 1e-5));
    assert.deepEqual(swapLpsRas(stored).data, field.data);
  });

  it('an inverted affine as a field agrees with the matrix', () => {
    const forward = fieldOf(grid, (p) => transformPoint(affine, p));
    const back = composeField(grid, [{ kind: 'affine', matrix: affine }, { kind: 'affine', matrix: invertAffine(affine) }]);
    assert.ok(back.data.every((value) => Math.abs(value) < 1e-5));
    assert.ok(forward.data.some((value) => Math.abs(value) > 0.1));
  });
});
