import assert from 'node:assert/strict';
import { invertAffine, transformPoint, type Vec3 } from '../../../runner/kernels/geometry.ts';
import { drawShape } from '../../../runner/phantom/deformation.ts';
import { seededRandom } from '../../../runner/phantom/random.ts';
import { phantomSubject } from '../../../runner/phantom/subject.ts';
import type { SubjectSpec } from '../../../runner/phantom/subject.types.ts';

const small: SubjectSpec = {
  seed: 5, stains: ['YoPro', 'Abeta', 'Iba1'], orientation: 'LPS', size: [84, 96, 66], voxelSize: [0.14, 0.14, 0.14],
  shape: { deformation: 0.25, rotation: 4, scaling: 0.04, translation: 0.2 },
  bias: 0.3, noise: 8, plaques: { CTX: 6, CB: 2, TH: 1 }, cells: { CTX: 2 }, cellsOnPlaques: 0.5, objectVoxels: [60, 120],
};

/** Sizes and centres of the 26-connected sets of voxels above a threshold, by flood fill. */
function floodObjects(data: Uint16Array, size: Vec3, threshold: number): { voxels: number; center: Vec3 }[] {
  const [nx, ny, nz] = size;
  const seen = new Uint8Array(data.length);
  const found: { voxels: number; center: Vec3 }[] = [];
  for (let start = 0; start < data.length; start++) {
    if (seen[start] || data[start] < threshold) continue;
    const stack = [start];
    seen[start] = 1;
    let voxels = 0;
    const sum = [0, 0, 0];
    for (let i = stack.pop(); i !== undefined; i = stack.pop()) {
      const x = i % nx, y = Math.floor(i / nx) % ny, z = Math.floor(i / (nx * ny));
      voxels++;
      sum[0] += x; sum[1] += y; sum[2] += z;
      for (let dz = -1; dz <= 1; dz++) for (let dy = -1; dy <= 1; dy++) for (let dx = -1; dx <= 1; dx++) {
        const [a, b, c] = [x + dx, y + dy, z + dz];
        if (a < 0 || b < 0 || c < 0 || a >= nx || b >= ny || c >= nz) continue;
        const j = a + nx * (b + ny * c);
        if (!seen[j] && data[j] >= threshold) { seen[j] = 1; stack.push(j); }
      }
    }
    found.push({ voxels, center: [sum[0] / voxels, sum[1] / voxels, sum[2] / voxels] });
  }
  return found;
}

describe('phantom subject', () => {
  it('has a shape whose inverse brings every point back', () => {
    const random = seededRandom(11);
    for (let shapes = 0; shapes < 5; shapes++) {
      const shape = drawShape(random, { deformation: 0.4, rotation: 6, scaling: 0.06, translation: 0.4 });
      for (let i = 0; i < 200; i++) {
        const q: Vec3 = [random() * 12 - 6, random() * 12 - 6, random() * 8 - 4];
        const back = shape.toTemplate(shape.toSubject(q));
        assert.ok(Math.hypot(back[0] - q[0], back[1] - q[1], back[2] - q[2]) < 1e-8);
      }
    }
    assert.throws(() => drawShape(random, { deformation: 0.8, rotation: 0, scaling: 0, translation: 0 }), RangeError);
  });

  it('shows exactly the plaques of its truth, each where and as large as the truth says', () => {
    const subject = phantomSubject(small);
    const [nx, ny, nz] = small.size;
    const abeta = new Uint16Array(nx * ny * nz);
    for (let z = 0; z < nz; z++) abeta.set(subject.renderPlane(z)[1], nx * ny * z);
    const plaques = subject.truth.objects.filter(({ stain }) => stain === 'Abeta');
    assert.ok(plaques.length >= 16);
    // Half-way between tissue and plaque, where bias moves the border by less than half a voxel.
    const found = floodObjects(abeta, small.size, 1400);
    assert.equal(found.length, plaques.length);
    const toVoxel = invertAffine(subject.affine);
    for (const plaque of plaques) {
      const expected = transformPoint(toVoxel, plaque.center);
      const match = found.filter(({ center }) => Math.hypot(center[0] - expected[0], center[1] - expected[1], center[2] - expected[2]) < 0.3);
      assert.equal(match.length, 1);
      const trueVoxels = (4 / 3) * Math.PI * (plaque.radius / 0.14) ** 3;
      assert.ok(Math.abs(match[0].voxels / trueVoxels - 1) < 0.4, `${match[0].voxels} voxels, true ${trueVoxels}`);
    }
  });

  it('says the region of each object by the true deformation', () => {
    const { truth, affine } = phantomSubject(small);
    const labels = truth.labelsOn(small.size, affine);
    const toVoxel = invertAffine(affine);
    for (const object of truth.objects) {
      const [x, y, z] = transformPoint(toVoxel, object.center).map(Math.round);
      assert.equal(labels[x + small.size[0] * (y + small.size[1] * z)], object.label);
    }
    const total = [...truth.counts('Abeta').values()].reduce((a, b) => a + b, 0);
    assert.equal(total, truth.objects.filter(({ stain }) => stain === 'Abeta').length);
    assert.ok(truth.overlaps.length > 0 && truth.overlaps.length < total);
  });

  it('carries the bias field it tells of', () => {
    const flat = phantomSubject({ ...small, bias: 0, noise: 0, plaques: {}, cells: {} });
    const biased = phantomSubject({ ...small, noise: 0, plaques: {}, cells: {} });
    const z = 30, [nx, ny] = small.size;
    const a = flat.renderPlane(z)[1], b = biased.renderPlane(z)[1];
    let worst = 0, largest = 0;
    for (let y = 10; y < ny; y += 7) {
      for (let x = 5; x < nx; x += 7) {
        const bias = biased.truth.biasAt('Abeta', transformPoint(biased.affine, [x, y, z]));
        largest = Math.max(largest, Math.abs(bias - 1));
        worst = Math.max(worst, Math.abs(b[x + nx * y] / a[x + nx * y] - bias));
      }
    }
    assert.ok(worst < 0.02, `ratio of brightness and bias differ by ${worst}`);
    assert.ok(largest > 0.05);
  });

  it('is the same for the same seed and another for another', () => {
    const plane = (seed: number): Uint16Array => phantomSubject({ ...small, seed }).renderPlane(33)[0];
    assert.deepEqual(plane(5), plane(5));
    assert.notDeepEqual(plane(5), plane(6));
  });

  it('is the same brain in every orientation', () => {
    const ras = phantomSubject({ ...small, orientation: 'RAS', noise: 0 });
    const ial = phantomSubject({ ...small, orientation: 'IAL', size: [66, 96, 84], noise: 0 });
    // Storage axes of IAL: x runs inferior, y anterior, z left.
    const sagittal = ial.renderPlane(30)[0];
    for (const [inferior, anterior] of [[20, 40], [33, 50], [45, 60]]) {
      const plane = ras.renderPlane(small.size[2] - 1 - inferior)[0];
      const value = plane[small.size[0] - 1 - 30 + small.size[0] * anterior];
      const same = sagittal[inferior + 66 * anterior];
      assert.ok(Math.abs(value - same) <= 0.03 * value + 2, `${value} and ${same}`);
    }
  });
});
