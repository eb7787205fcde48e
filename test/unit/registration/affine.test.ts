import assert from 'node:assert/strict';
import { transformPoint, type Affine } from '../../../runner/kernels/geometry.ts';
import { intensityRange, normaliseIntensity } from '../../../runner/kernels/pyramid.ts';
import { registerAffine } from '../../../runner/registration/affine.ts';
import { elastixAffine } from '../../../runner/registration/elastix.ts';
import { voxelCount, type Volume } from '../../../runner/kernels/volume.ts';
import type { Grid } from '../../../runner/kernels/transform.ts';
import { centredGrid, picture, subjectToTemplate } from '../../helpers/registrationPhantom.ts';

const truth: Affine = [1.05, 0.05, 0, 1.2, -0.04, 0.93, 0.04, 1.8, 0, -0.02, 1.06, 2.9, 0, 0, 0, 1];
const template = centredGrid([28, 36, 26], [0.45, 0.42, 0.4]);

function normalised(volume: Volume<Float32Array>): Volume<Float32Array> {
  return { ...volume, data: normaliseIntensity(volume.data, intensityRange(volume.data, 'image')) };
}

function worstCorner(found: Affine, expected: Affine, grid: Grid): number {
  let worst = 0;
  for (const x of [0, grid.size[0] - 1]) {
    for (const y of [0, grid.size[1] - 1]) {
      for (const z of [0, grid.size[2] - 1]) {
        const p = transformPoint(grid.affine, [x, y, z]);
        const a = transformPoint(found, p), b = transformPoint(expected, p);
        worst = Math.max(worst, Math.hypot(a[0] - b[0], a[1] - b[1], a[2] - b[2]));
      }
    }
  }
  return worst;
}

describe('affine registration by elastix', () => {
  const fixed = normalised(picture(template, 0));

  it('recovers a known affine from an image of other contrast, orientation and anisotropic voxels, to a part of a voxel', async () => {
    const subject = centredGrid([26, 39, 67], [0.46, 0.416, 0.154], [-1, 1, 1], [1.5, 1, 3.2]);
    const moving = normalised(picture(subject, 1, subjectToTemplate(truth, 0), 30));
    const result = await registerAffine(fixed, moving);
    assert.ok(worstCorner(result.matrix, truth, template) < 0.4, `${worstCorner(result.matrix, truth, template)} mm at a corner`);
    assert.equal(result.start, 'image-centres');
    assert.ok(result.after > result.before);
    assert.deepEqual(result.warnings, []);
  });

  it('works on a grid of 12 x 19 x 18 voxels, and gives bit-identical matrices when repeated', async () => {
    const tiny = centredGrid([12, 19, 18], [1.0, 0.83, 0.6], [1, -1, -1], [1, 2, 3]);
    const moving = normalised(picture(tiny, 1, subjectToTemplate(truth, 0), 20));
    const coarse = normalised(picture(centredGrid([20, 20, 14], [0.6, 0.75, 0.7]), 0));
    const first = await elastixAffine(coarse, moving);
    assert.ok(worstCorner(first, truth, template) < 0.8, `${worstCorner(first, truth, template)} mm at a corner`);
    assert.deepEqual(await elastixAffine(coarse, moving), first);
  });

  it('leaves equal images where they are', async () => {
    const { matrix } = await registerAffine(fixed, fixed, { iterations: 60 });
    assert.ok(worstCorner(matrix, [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1], template) < 0.1);
  });

  it('lays the centres on each other, and says so, when the images have nothing to do with each other', async () => {
    const grid = centredGrid([14, 14, 14], [1, 1, 1], [1, 1, 1], [40, -30, 20]);
    // One bright voxel in a corner: nothing that an affine could be found from.
    const data = new Float32Array(voxelCount(grid.size));
    data[0] = 1;
    const result = await registerAffine(fixed, { ...grid, data }, { iterations: 60 });
    assert.equal(result.start, 'none');
    assert.deepEqual(result.matrix, [1, 0, 0, 40, 0, 1, 0, -30, 0, 0, 1, 20, 0, 0, 0, 1]);
    assert.equal(result.warnings.length, 2);
  });
});
