import assert from 'node:assert/strict';
import { thresholdsFigure } from '../../../runner/figures/thresholds.ts';
import { readNifti, writeNifti, writeVectorNifti } from '../../../runner/image/nifti.ts';
import { composeField, swapLpsRas } from '../../../runner/kernels/displacement.ts';
import type { Affine } from '../../../runner/kernels/geometry.ts';
import { invertAffine } from '../../../runner/kernels/geometry.ts';
import { resampleLinear, resampleNearest } from '../../../runner/kernels/sample.ts';
import { phantomTemplate } from '../../../runner/phantom/template.ts';
import type { ImagePlan } from '../../../runner/pipeline/plan/imagePlan.ts';
import { imagePaths, templatePaths } from '../../../runner/pipeline/paths.ts';
import { qcTasks } from '../../../runner/pipeline/qc/qcTasks.ts';
import type { RegistrationMetrics } from '../../../runner/pipeline/qc/registrationMetrics.ts';
import { registrationMetricsPath } from '../../../runner/pipeline/qc/registration.ts';
import { reportTask } from '../../../runner/pipeline/report/report.ts';
import { segmentationWork } from '../../../runner/pipeline/segmentation/segmentation.ts';
import { loadStage } from '../../../runner/pipeline/stages.ts';
import type { Task, TaskContext } from '../../../runner/pipeline/task.ts';
import { MemoryStore } from '../../../runner/storage/memoryStore.ts';
import { writeParquet } from '../../../runner/tables/parquet.ts';
import { numbers, tableOf, texts } from '../../../runner/tables/table.ts';

const method = 'th500';
const level = 2;
/** Template to subject. */
const moved: Affine = [1.04, -0.05, 0, 0.3, 0.05, 0.98, 0, -0.2, 0, 0, 1.02, 0.1, 0, 0, 0, 1];

function planOf(): ImagePlan {
  const paths = imagePaths({ sub: '01', sample: 'brain' }, 'phantom');
  const template = templatePaths('phantom');
  return {
    participant: '01', identity: { sub: '01', sample: 'brain' },
    image: { path: 'sub-01/micr/sub-01_sample-brain_SPIM.ome.zarr' },
    info: { ngffVersion: '0.4', levels: [0, 1, 2].map((n) => ({ size: [240 >> n, 280 >> n, 200 >> n], scale: [0.05 * 2 ** n, 0.05 * 2 ** n, 0.05 * 2 ** n], translation: [0, 0, 0] })) },
    orientation: 'RAS', stains: ['Abeta', 'YoPro'], stainForReg: 'YoPro', stainsForSeg: ['Abeta'],
    template: { name: 'phantom', paths: template, segs: ['coarse'], fixed: template.anat() }, paths,
    options: { registrationLevel: level, segmentationLevel: 0, correctionLevel: level, segMethod: [{ kind: 'threshold', name: method, value: 500 }], ignoreStains: [] },
    provenance: { Name: 'SPIMquant', Version: '9.9.9', Engine: 'embedded', Parameters: { seg_method: [method] }, Differences: ['Objects are joined <across> borders.'] },
  } as unknown as ImagePlan;
}

/** What the other stages would have made of a phantom that was moved by a known affine. */
async function results(plan: ImagePlan, output: MemoryStore, work: MemoryStore): Promise<Task> {
  const { paths, template } = plan;
  const phantom = phantomTemplate();
  const grid = { size: phantom.anat.size, affine: phantom.anat.affine };
  const subject = { size: [60, 70, 50] as const, affine: [0.2, 0, 0, -6, 0, 0.2, 0, -7, 0, 0, 0.2, -5, 0, 0, 0, 1] };
  const back = [{ kind: 'affine', matrix: invertAffine(moved) }] as const;
  const coarse = phantom.atlases.find(({ seg }) => seg === 'coarse');
  assert.ok(coarse);
  const anatomy = resampleLinear({ ...phantom.anat, data: phantom.anat.data.map((value, i) => (phantom.mask.data[i] === 0 ? 0 : value)) }, subject, back);
  const mask = resampleNearest(phantom.mask, subject, back);
  const fraction = { ...anatomy, data: anatomy.data.map((_, i) => (mask.data[i] !== 0 && i % 97 === 0 ? 80 : 0)) };
  const rows = [{ index: 0, name: 'Unknown_Label_0' }, ...coarse.regions.filter(({ index }) => index !== 0)];
  const files: Readonly<Record<string, Uint8Array | string>> = {
    [template.paths.anat()]: writeNifti(phantom.anat), [template.paths.mask()]: writeNifti(phantom.mask),
    [template.paths.dseg('coarse')]: writeNifti(coarse.dseg),
    [template.paths.table('coarse')]: `index\tname\tcolor\n${coarse.regions.map(({ index, name, color }) => `${index}\t${name}\t${color ?? ''}`).join('\n')}\n`,
    [paths.spim('Abeta', level)]: writeNifti(anatomy), [paths.spim('YoPro', level)]: writeNifti(anatomy),
    [paths.n4('YoPro', level, 'N4brain')]: writeNifti(anatomy), [paths.brainMask('YoPro', level)]: writeNifti(mask),
    [paths.toTemplate()]: writeVectorNifti(swapLpsRas(composeField(grid, [{ kind: 'affine', matrix: moved }]))),
    [paths.parcellation('coarse', level)]: writeNifti(resampleNearest(coarse.dseg, subject, back)),
    [paths.fieldFraction('Abeta', level, method)]: writeNifti(fraction),
    [paths.thresholds('Abeta', 0, method)]: await thresholdsFigure({ stain: 'Abeta', method, counts: [9, 5, 1], range: [0, 900], thresholds: [500], chosen: 500 }),
    [paths.regionProps(method)]: writeParquet(tableOf([numbers('nvoxels', [200, 250, 900, 4000]), texts('stain', ['Abeta', 'Abeta', 'Abeta', 'YoPro'])])),
    [paths.mergedSegStats('coarse', method)]: `index\tname\tAbeta+count\tAbeta+fieldfrac\tAbeta+volume\tAbeta+density\n${rows.map(({ index, name }) => (index === 0 ? `0\t${name}\t40\t\t\t` : `${index}\t${name}\t${10 * index}\t1.5\t5\t${2 * index}`)).join('\n')}\n`,
  };
  for (const [path, content] of Object.entries(files)) await output.write(path, content);
  const threshold = segmentationWork.threshold(plan, 'Abeta', method);
  await work.write(threshold.path, JSON.stringify({ threshold: 512.5, details: {} }));
  return { id: 'before', stage: '', scope: '', title: '', params: {}, inputs: [], memoryBytes: 0, readBytes: 0, outputs: [...Object.keys(files).map((path) => ({ place: 'output', path }) as const), threshold] };
}

describe('quality figures and participant report', () => {
  const output = new MemoryStore('memory://output');
  const work = new MemoryStore('memory://work');
  const plan = planOf();
  let tasks: readonly Task[] = [];

  before(async function () {
    this.timeout(120_000);
    const made = await results(plan, output, work);
    const figures = qcTasks(plan);
    tasks = [...figures, reportTask(plan, [made, ...figures])];
    for (const task of tasks) {
      const touched: string[] = [];
      const watch = (store: MemoryStore): MemoryStore => new Proxy(store, {
        get: (target, key): unknown => {
          const value: unknown = Reflect.get(target, key, target);
          if (key !== 'read') return typeof value === 'function' ? value.bind(target) : value;
          return async (path: string): Promise<unknown> => {
            touched.push(path);
            return target.read(path);
          };
        },
      });
      const context: TaskContext = {
        store: (place) => watch(place === 'work' ? work : output),
        localPath: () => undefined, signal: new AbortController().signal, log: () => undefined, progress: () => undefined,
      };
      await (await loadStage(task.stage)).run(task, context);
      assert.deepEqual([...new Set(touched)].sort(), task.inputs.map(({ path }) => path).sort(), `${task.id} reads what its task names, no more and no less`);
    }
  });

  async function page(path: string): Promise<string> {
    const bytes = await output.read(path);
    assert.ok(bytes, path);
    return new TextDecoder().decode(bytes);
  }

  it('makes every figure under its name', async () => {
    for (const name of ['stain-Abeta_histogram', 'stain-YoPro_histogram', 'stain-Abeta_desc-th500_segslices', 'stain-Abeta_desc-th500_zprofile', 'stain-Abeta_desc-th500_objectstats',
      'seg-coarse_from-phantom_desc-th500_roisummary', 'stain-Abeta_seg-coarse_from-phantom_desc-th500_roimontage', 'stain-Abeta_seg-coarse_from-phantom_desc-th500nomask_roimontage']) {
      const png = await output.read(`sub-01/qc/sub-01_sample-brain_${name}.png`);
      assert.deepEqual(Array.from(png?.subarray(0, 8) ?? []), [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a], name);
    }
    for (const task of tasks) for (const { path } of task.outputs) assert.ok(await output.stat(path), `${task.id} makes ${path}`);
  });

  it('measures a registration whose transform is known', async () => {
    const metrics = JSON.parse(await page(registrationMetricsPath(plan))) as RegistrationMetrics;
    assert.ok((metrics.deformable.maskDice ?? 0) > 0.98, `Dice ${metrics.deformable.maskDice}`);
    assert.ok((metrics.deformable.correlation ?? 0) > 0.9, `correlation ${metrics.deformable.correlation}`);
    assert.ok(metrics.warpMillimetres.max < 1e-3, 'an affine has no warp beyond it');
    const volume = 1.02 * (1.04 * 0.98 + 0.05 * 0.05);
    assert.ok(Math.abs(metrics.jacobian.min - volume) < 1e-3 && Math.abs(metrics.jacobian.max - volume) < 1e-3);
    assert.equal(metrics.jacobian.folded, 0);
    assert.match(await page(plan.paths.registrationReport('YoPro')), /Regions of atlas coarse/);
  });

  it('tells the headline figures, and warns of what is odd', async () => {
    const report = await page(plan.paths.report());
    const rows = [1, 2, 3, 4, 5, 6].reduce((sum, index) => sum + 10 * index, 0);
    assert.match(report, new RegExp(`<dt>Abeta objects</dt><dd>${rows + 40}</dd>`));
    assert.match(report, /<td class="n" data-v="40">40<\/td>/, 'objects outside the atlas are counted');
    assert.match(report, /data-v="512.5"/, 'the threshold');
    const mask = readNifti(await output.read(plan.paths.brainMask('YoPro', level)) ?? new Uint8Array(0));
    let voxels = 0;
    for (const value of mask.data) if (value !== 0) voxels++;
    assert.ok(report.includes(`${Math.round(voxels * 0.008 * 10) / 10} mm³`), 'brain volume in mm³');
    assert.match(report, /9\.9\.9/);
    assert.match(report, /joined &lt;across&gt; borders/);
  });

  it('holds every figure itself and links to every file', async () => {
    const report = await page(plan.paths.report());
    assert.equal(report.match(/<img src="data:image\/png;base64,/g)?.length, 8, 'all figures but the montage without mask');
    assert.ok(!/<img src="(?!data:)/.test(report));
    const links = [...report.matchAll(/href="([^"#][^"]*)"/g)].map((match) => new URL(match[1], `http://x/${plan.paths.report()}`).pathname.slice(1));
    assert.ok(links.length > 20);
    for (const link of links) assert.ok(await output.stat(decodeURIComponent(link)), `${link} exists`);
  });
});
