import { countPoints } from '../../kernels/pointGrid.ts';
import { filterRows, numberValues, textValues } from '../../tables/table.ts';
import type { ImagePlan } from '../plan/imagePlan.ts';
import { paramsOf, readVolume, writeVolume } from '../io.ts';
import { readParquetTable } from '../tableFiles.ts';
import { taskParams, type Stage, type Task } from '../task.ts';

interface Params {
  /** Only rows of this stain. */
  readonly stain?: string;
  /** Columns of the coordinates, x, y, z. */
  readonly columns: readonly [string, string, string];
}

/** Makes the maps of how many objects of a stain lie in each voxel, of the subject and of the template. */
export function countMapTasks(plan: ImagePlan, stain: string, method: string): readonly Task[] {
  const { registrationLevel } = plan.options;
  const table = plan.paths.regionProps(method);
  return [
    countMap(plan, `${stain}/${method}/subject`, `object counts of ${stain} (${method})`, table, plan.paths.spim(plan.stainForReg, registrationLevel), plan.paths.counts(stain, registrationLevel, method), { stain, columns: ['pos_x', 'pos_y', 'pos_z'] }),
    countMap(plan, `${stain}/${method}/template`, `object counts of ${stain} in the template (${method})`, table, plan.template.paths.anat(), plan.paths.countsInTemplate(stain, method), { stain, columns: ['template_x', 'template_y', 'template_z'] }),
  ];
}

/** Makes the map of how many colocalised pairs lie in each voxel of the template. */
export function colocCountMapTask(plan: ImagePlan, method: string): Task {
  return countMap(plan, `coloc/${method}/template`, `colocalised pairs in the template (${method})`, plan.paths.coloc(method), plan.template.paths.anat(), plan.paths.colocCountsInTemplate(method), {
    columns: ['template_coloc_x', 'template_coloc_y', 'template_coloc_z'],
  });
}

function countMap(plan: ImagePlan, name: string, title: string, table: string, grid: string, output: string, params: Params): Task {
  return {
    id: `${plan.paths.id}/counts/${name}`,
    stage: 'counts',
    scope: plan.participant,
    title,
    params: taskParams(params),
    inputs: [{ place: 'output', path: table }, { place: 'output', path: grid }],
    outputs: [{ place: 'output', path: output }],
    memoryBytes: 400e6 + 16 * plan.template.voxels,
    readBytes: 0,
  };
}

export const countMapStage: Stage = {
  name: 'counts',
  version: 1,
  async run(task, context) {
    const { stain, columns } = paramsOf<Params>(task);
    const all = await readParquetTable(context, task.inputs[0]);
    const stains = stain === undefined ? undefined : textValues(all, 'stain');
    const rows = stains === undefined ? all : filterRows(all, (row) => stains[row] === stain);
    const grid = await readVolume(context, task.inputs[1]);
    const [x, y, z] = columns.map((name) => numberValues(rows, name));
    await writeVolume(context, task.outputs[0], countPoints({ x, y, z }, grid.size, grid.affine));
  },
};
