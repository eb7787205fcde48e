import { mapPoints, swapLpsRas } from '../../kernels/displacement.ts';
import { numbers, numberValues, texts, type Table } from '../../tables/table.ts';
import { readVectorNifti } from '../../image/nifti.ts';
import { concatRows } from '../../tables/combine.ts';
import type { Provenance } from '../../protocol/options.ts';
import type { ImagePlan } from '../plan/imagePlan.ts';
import { paramsOf, readBytes } from '../io.ts';
import { segmentationWork } from '../segmentation/segmentation.ts';
import { readParquetTable, writeParquetTable } from '../tableFiles.ts';
import { sidecarOf } from '../paths.ts';
import { taskParams, type Artifact, type Stage, type Task } from '../task.ts';

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

function interleave(x: Float64Array, y: Float64Array, z: Float64Array): Float64Array {
  const points = new Float64Array(3 * x.length);
  for (let i = 0; i < x.length; i++) points.set([x[i], y[i], z[i]], 3 * i);
  return points;
}

export const regionPropsStage: Stage = {
  name: 'regionprops',
  version: 1,
  async run(task, context) {
    const { stains, provenance } = paramsOf<Params>(task);
    const [fieldFile, ...objectFiles] = task.inputs;
    const field = swapLpsRas(readVectorNifti(await readBytes(context, fieldFile), fieldFile.path));
    const perStain: Table[] = [];
    for (const [i, file] of objectFiles.entries()) {
      const objects = await readParquetTable(context, file);
      const [x, y, z] = ['pos_x', 'pos_y', 'pos_z'].map((name) => numberValues(objects, name));
      const mapped = mapPoints(interleave(x, y, z), field);
      const axis = (first: number): Float64Array => Float64Array.from({ length: x.length }, (_, row) => mapped[3 * row + first]);
      perStain.push({
        columns: [
          ...objects.columns,
          numbers('template_x', axis(0)),
          numbers('template_y', axis(1)),
          numbers('template_z', axis(2)),
          texts('stain', new Array<string>(x.length).fill(stains[i])),
        ],
      });
    }
    await writeParquetTable(context, task.outputs[0], concatRows(perStain), provenance);
  },
};
