import { labelsAtPoints } from '../../kernels/pointGrid.ts';
import { filterRows, numbers, numberValues, texts, textValues } from '../../tables/table.ts';
import type { Provenance } from '../../protocol/options.ts';
import type { ImagePlan } from '../plan/imagePlan.ts';
import { paramsOf, readVolume } from '../io.ts';
import { sidecarOf } from '../paths.ts';
import { regionNames } from './regionStats.ts';
import { readParquetTable, readRegions, writeTsvTable } from '../tableFiles.ts';
import { taskParams, type Artifact, type Stage, type Task } from '../task.ts';

interface Params {
  readonly stain: string;
  readonly provenance: Provenance;
}

/** Lists a stain's objects with the region each lies in: one row an object (pipeline-spec §3.9). */
export function atlasObjectsTask(plan: ImagePlan, stain: string, seg: string, method: string): Task {
  const { registrationLevel } = plan.options;
  const params: Params = { stain, provenance: plan.provenance };
  const table: Artifact = { place: 'output', path: plan.paths.regionPropStats(stain, seg, registrationLevel, method) };
  return {
    id: `${plan.paths.id}/regionpropstats/${stain}/${seg}/${method}`,
    stage: 'regionpropstats',
    scope: plan.participant,
    title: `regions of ${stain} objects (${seg}, ${method})`,
    params: taskParams(params),
    inputs: [plan.paths.regionProps(method), plan.paths.parcellation(seg, registrationLevel), plan.template.paths.table(seg)].map((path): Artifact => ({ place: 'output', path })),
    outputs: [table, { place: 'output', path: sidecarOf(table.path) }],
    memoryBytes: 400e6,
    readBytes: 0,
  };
}

export const atlasObjectsStage: Stage = {
  name: 'regionpropstats',
  version: 1,
  async run(task, context) {
    const { stain, provenance } = paramsOf<Params>(task);
    const [tableFile, labelFile, namesFile] = task.inputs;
    const all = await readParquetTable(context, tableFile);
    const stains = textValues(all, 'stain');
    const objects = filterRows(all, (row) => stains[row] === stain);
    const [x, y, z] = ['pos_x', 'pos_y', 'pos_z'].map((name) => numberValues(objects, name));
    const index = labelsAtPoints({ x, y, z }, await readVolume(context, labelFile));
    const name = regionNames(await readRegions(context, namesFile));
    await writeTsvTable(context, task.outputs[0], {
      columns: [...objects.columns, numbers('index', Float64Array.from(index)), texts('name', Array.from(index, name))],
    }, provenance);
  },
};
