import assert from 'node:assert/strict';
import { parseCommandText } from '../../runner/command/parse.ts';
import { writeNifti } from '../../runner/image/nifti.ts';
import type { PhantomParticipant } from '../../runner/phantom/cohort.ts';
import { writePhantomDataset } from '../../runner/phantom/dataset.ts';
import { readFloatVolume } from '../../runner/pipeline/io.ts';
import type { Plan } from '../../runner/pipeline/plan/plan.types.ts';
import { planParticipants } from '../../runner/pipeline/plan/plan.ts';
import { loadStage } from '../../runner/pipeline/stages.ts';
import type { Artifact, Task } from '../../runner/pipeline/task.ts';
import { planTuning } from '../../runner/pipeline/tuning/planTuning.ts';
import type { ParticipantOptions } from '../../runner/protocol/options.ts';
import { n4Phantom } from '../fixtures/n4/phantom.ts';
import { memoryContext } from '../unit/pipeline/memoryContext.ts';

const participant: PhantomParticipant = {
  label: '01', columns: {}, ngff: '0.4', levels: 2, sidecar: false,
  subject: {
    seed: 5, stains: ['YoPro', 'Abeta'], orientation: 'RAS', size: [48, 56, 40], voxelSize: [0.25, 0.25, 0.25],
    shape: { deformation: 0.1, rotation: 2, scaling: 0.02, translation: 0.1 }, bias: 0.2, noise: 8, plaques: {}, cells: {}, cellsOnPlaques: 0, objectVoxels: [30, 60],
  },
};

function optionsOf(verb: string, flags: string): ParticipantOptions {
  const { command } = parseCommandText(`bids out ${verb} --template phantom --registration_level 0 --correction_level 1 ${flags}`, { readFile: () => '' });
  assert.ok(command.verb === 'participant' || command.verb === 'tune_n4');
  return command.options;
}

describe('tuning of N4', function () {
  this.timeout(120_000);
  const { context, stores, logged } = memoryContext();
  const plan = (flags: string): Promise<Plan> => planTuning({ dataset: stores.dataset, options: optionsOf('tune_n4', flags), signal: context.signal });
  const key = ({ place, path }: Artifact): string => `${place}/${path}`;

  before(() => writePhantomDataset(stores.dataset, [participant]));

  it('plans every setting for every stain, and nothing of segmentation', async () => {
    const { tasks, notices, failures } = await plan('');
    assert.deepEqual(failures, []);
    assert.deepEqual(notices, []);
    const of = (stage: string): readonly Task[] => tasks.filter((task) => task.stage === stage);
    assert.deepEqual([of('tune-n4').length, of('tune-n4-figure').length, of('tune-n4-report').length], [30, 30, 2]);
    assert.deepEqual([...new Set(tasks.map(({ stage }) => stage))], ['import-template', 'import-spim', 'init-affine', 'brain-mask', 'mask-level', 'tune-n4', 'tune-n4-figure', 'tune-n4-report']);
    const made = new Set(tasks.flatMap(({ outputs }) => outputs.map(key)));
    for (const { inputs } of tasks) for (const input of inputs) assert.ok(input.place === 'dataset' || input.place === 'templates' || made.has(key(input)), key(input));
    assert.equal(new Set(tasks.map(({ id }) => id)).size, tasks.length);
  });

  it('shares its first steps with a participant run', async () => {
    const { tasks } = await plan('');
    const full = await planParticipants({ dataset: stores.dataset, options: optionsOf('participant', ''), signal: context.signal });
    for (const task of tasks.filter(({ stage }) => !stage.startsWith('tune-'))) {
      const same = full.tasks.find(({ id }) => id === task.id);
      if (same === undefined) assert.equal(task.stage, 'import-spim');
      else assert.deepEqual(task, same);
    }
  });

  it('tries fewer settings with --sloppy, and says so; leaves stains out', async () => {
    const { tasks, notices } = await plan('--sloppy --ignore_stains Abeta');
    assert.equal(tasks.filter(({ stage }) => stage === 'tune-n4').length, 3);
    assert.match(notices.join(), /only 3 settings/);
  });

  it('needs one level less when both levels are the same', async () => {
    const { tasks } = await plan('--correction_level 0');
    assert.ok(!tasks.some(({ stage }) => stage === 'mask-level'));
    assert.equal(tasks.filter(({ stage }) => stage === 'import-spim').length, 2);
  });

  it('makes what a participant run would make, figures, and a report that sets them side by side', async () => {
    const { tasks } = await plan('--sloppy --ignore_stains Abeta');
    const { image, mask } = n4Phantom([28, 24, 20]);
    const grid = { size: [28, 24, 20], affine: [0.25, 0, 0, 0, 0, 0.25, 0, 0, 0, 0, 0.5, 0, 0, 0, 0, 1] } as const;
    const [imageFile, maskFile] = tasks.filter(({ stage }) => stage === 'tune-n4')[0].inputs;
    await stores.output.write(imageFile.path, writeNifti({ ...grid, data: Uint16Array.from(image) }));
    await stores.output.write(maskFile.path, writeNifti({ ...grid, data: mask }));
    for (const task of tasks.filter(({ stage }) => stage.startsWith('tune-'))) await (await loadStage(task.stage)).run(task, context);
    assert.deepEqual(logged, []);

    const usual = (await planParticipants({
      dataset: stores.dataset, signal: context.signal,
      options: optionsOf('participant', '--correction_n4_spline_spacing 3 --correction_n4_iters 50 --stains_for_seg YoPro --stains_for_reg YoPro'),
    })).tasks.find(({ stage }) => stage === 'bias-quantification');
    assert.ok(usual);
    await (await loadStage(usual.stage)).run(usual, context);
    const tuned = tasks.find(({ id }) => id.endsWith('tune-n4/YoPro/Spline3Iters50'));
    assert.ok(tuned);
    for (const i of [0, 1]) assert.deepEqual((await readFloatVolume(context, tuned.outputs[i])).data, (await readFloatVolume(context, usual.outputs[i])).data);

    const report = tasks[tasks.length - 1];
    const html = new TextDecoder().decode(await stores.output.read(report.outputs[0].path));
    for (const spacing of [1, 3, 5]) {
      assert.ok(html.includes(`<code>--correction_n4_spline_spacing ${spacing}</code> <code>--correction_n4_iters 50</code>`));
      assert.ok(html.includes(`href="sub-01_sample-brain_acq-phantom_stain-YoPro_desc-n4tuneSpline${spacing}Iters50_n4tune.png"`));
    }
    assert.match(html, /Only 3 settings were tried, because of --sloppy/);
    const variations = [...html.matchAll(/<tr><td>.*?<\/td><td class="n" data-v="([\d.]+)">/g)].map(([, value]) => Number(value));
    assert.equal(variations.length, 4);
    for (const corrected of variations.slice(1)) assert.ok(corrected < 0.7 * variations[0], `${variations.join(', ')}`);

    await (await loadStage(report.stage)).run(report, context);
    assert.equal(new TextDecoder().decode(await stores.output.read(report.outputs[0].path)), html);
    const figure = await stores.output.read(tasks.filter(({ stage }) => stage === 'tune-n4-figure')[0].outputs[0].path);
    assert.deepEqual([...(figure ?? []).slice(1, 4)], [...'PNG'].map((letter) => letter.charCodeAt(0)));
  });
});
