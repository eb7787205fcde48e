import { colocalise } from '../../kernels/colocalisation.ts';
import { numbers, numberValues, texts, textValues, type Table } from '../../tables/table.ts';
import type { Provenance } from '../../protocol/options.ts';
import type { ImagePlan } from '../plan/imagePlan.ts';
import { paramsOf } from '../io.ts';
import { sidecarOf } from '../paths.ts';
import { levelGrid } from '../segmentation/segmentation.ts';
import { readParquetTable, writeParquetTable } from '../tableFiles.ts';
import { taskParams, type Artifact, type Stage, type Task } from '../task.ts';

interface Params {
  /** mm³ */
  readonly voxelVolume: number;
  readonly provenance: Provenance;
}

/** Finds objects of different stains that lie in each other (pipeline-spec §3.8). */
export function colocalisationTask(plan: ImagePlan, method: string): Task {
  const [x, y, z] = levelGrid(plan.info, plan.options.segmentationLevel).scale;
  const params: Params = { voxelVolume: x * y * z, provenance: plan.provenance };
  const table: Artifact = { place: 'output', path: plan.paths.coloc(method) };
  return {
    id: `${plan.paths.id}/coloc/${method}`,
    stage: 'coloc',
    scope: plan.participant,
    title: `colocalisation (${method})`,
    params: taskParams(params),
    inputs: [{ place: 'output', path: plan.paths.regionProps(method) }],
    outputs: [table, { place: 'output', path: sidecarOf(table.path) }],
    memoryBytes: 400e6,
    readBytes: 0,
  };
}

export const colocalisationStage: Stage = {
  name: 'coloc',
  version: 1,
  async run(task, context) {
    const { voxelVolume, provenance } = paramsOf<Params>(task);
    const objects = await readParquetTable(context, task.inputs[0]);
    const stain = textValues(objects, 'stain');
    const voxels = numberValues(objects, 'nvoxels');
    const subject = ['pos_x', 'pos_y', 'pos_z'].map((name) => numberValues(objects, name));
    const template = ['template_x', 'template_y', 'template_z'].map((name) => numberValues(objects, name));
    const pairs = colocalise({ x: subject[0], y: subject[1], z: subject[2], stain, voxels }, voxelVolume);
    const column = (name: string, of: (pair: (typeof pairs)[number]) => number) => numbers(name, Float64Array.from(pairs, of));
    const middle = (values: Float64Array) => (pair: (typeof pairs)[number]): number => (values[pair.a] + values[pair.b]) / 2;
    const table: Table = {
      columns: [
        texts('object_id_a', pairs.map(({ a }) => `${stain[a]}_${a}`)),
        texts('object_id_b', pairs.map(({ b }) => `${stain[b]}_${b}`)),
        texts('stain_a', pairs.map(({ a }) => stain[a])),
        texts('stain_b', pairs.map(({ b }) => stain[b])),
        column('radius_a', ({ radiusA }) => radiusA),
        column('radius_b', ({ radiusB }) => radiusB),
        column('nvoxels_a', ({ a }) => voxels[a]),
        column('nvoxels_b', ({ b }) => voxels[b]),
        column('distance', ({ distance }) => distance),
        column('overlapratio', ({ overlapRatio }) => overlapRatio),
        ...['x', 'y', 'z'].map((axis, i) => column(`pos_coloc_${axis}`, middle(subject[i]))),
        ...['x', 'y', 'z'].map((axis, i) => column(`template_coloc_${axis}`, middle(template[i]))),
      ],
    };
    context.log('info', `${pairs.length} pairs of objects of different stains overlap.`);
    await writeParquetTable(context, task.outputs[0], table, provenance);
  },
};
