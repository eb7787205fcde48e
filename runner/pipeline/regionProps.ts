import { mapPoints } from '../kernels/displacement.ts';
import { concatTables, numberColumn, numbers, textColumn, type Table } from '../tables/table.ts';
import type { Provenance } from '../protocol/options.ts';
import type { ImagePlan } from './imagePlan.ts';
import { paramsOf, readBytes } from './io.ts';
import { segmentationWork } from './segmentation.ts';
import { readParquetTable, readField, writeParquetTable } from './tableFiles.ts';
import { sidecarOf } from './paths.ts';
import { taskParams, type Artifact, type Stage, type Task } from './task.ts';

interface Params {
  readonly stains: readonly string[];
  readonly provenance: Provenance;
}

/** Gathers the objects of all stains in one table, with their places in the template (pipeline-spec §3.6). */
export function regionPropsTask(plan: ImagePlan, method: string): Task {
  const params: Params = { stains: plan.stainsForSeg, provenance: plan.provenance };
  const table: Artifact = { place: 'output', path: plan.paths.regionProps(method) };
  return {
    id: `${plan.paths.id}/regionprops/${method}`,
    stage: 'regionprops',
    scope: plan.participant,
    title: `objects in the template (${method})`,
    params: taskParams(params),
    inputs: [{ place: 'output', path: plan.paths.fromTemplate() }, ...plan.stainsForSeg.map((stain) => segmentationWork.objects(plan, stain, method))],
    outputs: [table, { place: 'output', path: sidecarOf(table.path) }],
    memoryBytes: 400e6,
    readBytes: 0,
  };
}

export const regionPropsStage: Stage = {
  name: 'regionprops',
  version: 1,
  async run(task, context) {
    const { stains, provenance } = paramsOf<Params>(task);
    const [fieldFile, ...objectFiles] = task.inputs;
    const field = readField(await readBytes(context, fieldFile), fieldFile.path);
    const perStain: Table[] = [];
    for (const [i, file] of objectFiles.entries()) {
      const objects = await readParquetTable(context, file);
      const [x, y, z] = ['pos_x', 'pos_y', 'pos_z'].map((name) => numbers(objects, name));
      const mapped = mapPoints({ x, y, z }, field);
      perStain.push({
        columns: [
          ...objects.columns,
          numberColumn('template_x', mapped.x),
          numberColumn('template_y', mapped.y),
          numberColumn('template_z', mapped.z),
          textColumn('stain', new Array<string>(x.length).fill(stains[i])),
        ],
      });
    }
    await writeParquetTable(context, task.outputs[0], concatTables(perStain), provenance);
  },
};
