import assert from 'node:assert/strict';
import { imagePaths, templatePaths } from '../../../runner/pipeline/paths.ts';
import type { ImagePlan } from '../../../runner/pipeline/plan/imagePlan.ts';
import { readVolume, readJson, writeVolume } from '../../../runner/pipeline/io.ts';
import { composeTransformsTask } from '../../../runner/pipeline/registration/composeTransforms.ts';
import { initAffineTask } from '../../../runner/pipeline/registration/initAffine.ts';
import { registerAffineTask } from '../../../runner/pipeline/registration/registerAffine.ts';
import { registerDeformableTask } from '../../../runner/pipeline/registration/registerDeformable.ts';
import { readField, registrationWork, type AffineFile, type RegistrationMetrics } from '../../../runner/pipeline/registration/registrationFiles.ts';
import { loadStage } from '../../../runner/pipeline/stages.ts';
import type { Artifact, Task } from '../../../runner/pipeline/task.ts';
import { warpAtlasTask } from '../../../runner/pipeline/registration/warpAtlas.ts';
import { warpFieldFractionTask } from '../../../runner/pipeline/registration/warpFieldFraction.ts';
import { warpSpimTask } from '../../../runner/pipeline/registration/warpSpim.ts';
import { mapPoints } from '../../../runner/kernels/displacement.ts';
import { labelOverlaps, meanDice } from '../../../runner/kernels/overlap.ts';
import type { Affine } from '../../../runner/kernels/geometry.ts';
import type { Volume } from '../../../runner/kernels/volume.ts';
import { centredGrid, labelPicture, picture, subjectToTemplate } from '../../helpers/registrationPhantom.ts';
import { memoryContext } from './memoryContext.ts';

const affine: Affine = [1.04, 0.03, 0, 0.6, -0.03, 0.96, 0.02, 1.1, 0, -0.02, 1.03, 1.4, 0, 0, 0, 1];
const truth = subjectToTemplate(affine, 0.5);
const templateGrid = centredGrid([34, 42, 30], [0.35, 0.36, 0.33]);
const subjectGrid = centredGrid([40, 46, 60], [0.35, 0.36, 0.18], [-1, -1, 1], [0.5, 1, 1.5]);

/** As much of an image's plan as registration looks at. */
const plan = {
  participant: '01',
  stainForReg: 'PI',
  template: { name: 'T', paths: templatePaths('T'), segs: ['all'], fixed: templatePaths('T').anat() },
  paths: imagePaths({ sub: '01' }, 'T'),
  options: { registrationLevel: 2, sloppy: false },
  info: { levels: [{ size: [40, 46, 60], scale: [0.35, 0.36, 0.18], translation: [0, 0, 0] }] },
} as unknown as ImagePlan;

const output = (path: string): Artifact => ({ place: 'output', path });

describe('registration stages', function () {
  it('take atlas, images and points between template and subject', async () => {
    const { context, logged } = memoryContext();
    const run = async (task: Task): Promise<void> => (await loadStage(task.stage)).run(task, context);
    const atlas = labelPicture(templateGrid);
    const labels = labelPicture(subjectGrid, truth);
    const spim = picture(subjectGrid, 1, truth, 20);
    const scaled = (volume: Volume<Float32Array>): Volume<Uint16Array> => ({ ...volume, data: Uint16Array.from(volume.data, (value) => Math.max(0, 10 * value + 200)) });
    await writeVolume(context, output(plan.template.paths.anat()), picture(templateGrid, 0));
    await writeVolume(context, output(plan.template.paths.mask()), { ...atlas, data: atlas.data.map((label) => (label > 0 ? 1 : 0)) });
    await writeVolume(context, output(plan.template.paths.dseg('all')), atlas);
    await writeVolume(context, output(plan.paths.spim('PI', 2)), scaled(spim));
    await writeVolume(context, output(plan.paths.n4('PI', 2, 'N4brain')), spim);
    await writeVolume(context, output(plan.paths.fieldFraction('PI', 2, 'th5')), { ...labels, data: Float32Array.from(labels.data, (label) => (label === 3 ? 100 : 0)) });

    for (const task of [initAffineTask(plan), registerAffineTask(plan), registerDeformableTask(plan), composeTransformsTask(plan),
      warpSpimTask(plan, 'PI'), warpAtlasTask(plan, 'all'), warpFieldFractionTask(plan, 'PI', 'th5')]) await run(task);

    const initial = await readJson<AffineFile>(context, registrationWork.initAffine(plan));
    assert.equal(initial.start, 'image-centres');
    assert.ok(Math.abs(initial.matrix[0] - affine[0]) < 0.05 && Math.abs(initial.matrix[11] - affine[11]) < 0.4);

    const parcellation = await readVolume(context, output(plan.paths.parcellation('all', 2)));
    assert.ok(parcellation.data instanceof Uint8Array);
    assert.deepEqual(parcellation.size, subjectGrid.size);
    const dice = meanDice(labelOverlaps(labels.data, parcellation.data));
    assert.ok(dice >= 0.88, `Dice of the atlas in the subject: ${dice}`);

    const inTemplate = await readVolume(context, output(plan.paths.spimInTemplate('PI', 2)));
    assert.deepEqual(inTemplate.size, templateGrid.size);
    const fraction = await readVolume(context, output(plan.paths.fieldFractionInTemplate('PI', 2, 'th5')));
    const found = atlas.data.map((_, i) => (fraction.data[i] >= 50 ? 3 : 0));
    assert.ok(labelOverlaps(atlas.data.map((label) => (label === 3 ? 3 : 0)), found)[0].dice > 0.88);

    const q: readonly [number, number, number] = [2.1, -1.3, 2.7];
    const mapped = mapPoints(Float64Array.from(q), await readField(context, output(plan.paths.fromTemplate())));
    const expected = truth(q);
    assert.ok(Math.hypot(mapped[0] - expected[0], mapped[1] - expected[1], mapped[2] - expected[2]) < 0.35);
    const back = mapPoints(mapped, await readField(context, output(plan.paths.toTemplate())));
    assert.ok(Math.hypot(back[0] - q[0], back[1] - q[1], back[2] - q[2]) < 0.06, 'there and back is where it began');

    const metrics = await readJson<RegistrationMetrics>(context, registrationWork.metrics(plan));
    assert.ok(metrics.informationBefore < metrics.informationAffine && metrics.informationAffine < metrics.informationAfter);
    assert.ok(metrics.minJacobian > 0 && metrics.inverseMeanResidual < 0.2 && metrics.warpMean > 0.1 && metrics.warpMax < 3);
    assert.deepEqual(logged, []);
  });
});
