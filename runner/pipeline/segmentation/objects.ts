import { transformPoint, type Affine } from '../../kernels/geometry.ts';
import { ComponentMerger, type BrickComponents } from '../../kernels/mergeComponents.ts';
import type { ComponentTable } from '../../kernels/componentStats.ts';
import { SpimquantError } from '../../protocol/errors.ts';
import type { ParticipantOptions } from '../../protocol/options.ts';
import { writeParquet } from '../../tables/parquet.ts';
import { numbers } from '../../tables/table.ts';
import { planBatches, type BrickGrid } from './bricks.ts';
import { channelOf, type ImageParams, type ImagePlan } from '../plan/imagePlan.ts';
import { openDatasetImage, paramsOf, readBytes, writeBytes } from '../io.ts';
import { unpack } from './packed.ts';
import { segmentationBricks, segmentationWork } from './segmentation.ts';
import { taskParams, type Stage, type Task, type TaskContext } from '../task.ts';

/** Smallest object that is kept, in voxels: upstream's `regionprop_filters` (pipeline-spec §3.6). */
export function minObjectVoxels(options: ParticipantOptions, stain: string): number {
  return options.minObjectVoxels ?? (stain === 'YoPro' ? 100 : 200);
}

/** Header of one brick in a components file. */
export interface ComponentsMeta {
  readonly brick: number;
}
/** Columns of one brick in a components file: see BrickComponents. */
export interface ComponentsArrays extends Readonly<Record<string, Float64Array | Int32Array>> {
  readonly first: Float64Array;
  readonly voxels: Float64Array;
  readonly sumX: Float64Array;
  readonly sumY: Float64Array;
  readonly sumZ: Float64Array;
  readonly edgeVoxels: Float64Array;
  readonly edgeRows: Int32Array;
}

interface Params {
  readonly image: ImageParams;
  readonly level: number;
  readonly grid: BrickGrid;
  readonly minVoxels: number;
}

/** Joins the objects that the parts of a segmentation found, whole even where bricks cut them, and measures them. */
export function objectsTask(plan: ImagePlan, stain: string, method: string): Task {
  const grid = segmentationBricks(plan);
  const params: Params = {
    image: channelOf(plan, stain),
    level: plan.options.segmentationLevel,
    grid,
    minVoxels: minObjectVoxels(plan.options, stain),
  };
  return {
    id: `${plan.paths.id}/objects/${stain}/${method}`,
    stage: 'objects',
    scope: plan.participant,
    title: `objects of ${stain} (${method})`,
    params: taskParams(params),
    inputs: planBatches(grid).map((batch) => segmentationWork.components(plan, stain, method, batch.index)),
    outputs: [segmentationWork.objects(plan, stain, method)],
    memoryBytes: 256e6,
    readBytes: 0,
  };
}

/** Components of all bricks, one layer of bricks along z after the other. */
async function mergeLayers(context: TaskContext, task: Task, grid: BrickGrid, minVoxels: number): Promise<ComponentTable> {
  const merger = new ComponentMerger(grid.size);
  const perLayer = grid.counts[0] * grid.counts[1];
  let layer: BrickComponents[] = [];
  for (const input of task.inputs) {
    for (const { meta, arrays } of unpack<ComponentsMeta, ComponentsArrays>(await readBytes(context, input))) {
      const { edgeVoxels, edgeRows, ...columns } = arrays;
      layer.push({ table: { count: columns.first.length, ...columns }, edgeVoxels, edgeRows });
      if ((meta.brick + 1) % perLayer === 0) {
        merger.addLayer(layer);
        layer = [];
        context.progress({ done: meta.brick + 1, total: perLayer * grid.counts[2], unit: 'items' });
      }
    }
  }
  return merger.finish(minVoxels);
}

/** Centroids in RAS millimetres. */
function centroids(objects: ComponentTable, affine: Affine): { readonly x: Float64Array; readonly y: Float64Array; readonly z: Float64Array } {
  const [x, y, z] = [new Float64Array(objects.count), new Float64Array(objects.count), new Float64Array(objects.count)];
  for (let i = 0; i < objects.count; i++) {
    const n = objects.voxels[i];
    [x[i], y[i], z[i]] = transformPoint(affine, [objects.sumX[i] / n, objects.sumY[i] / n, objects.sumZ[i] / n]);
  }
  return { x, y, z };
}

export const objectsStage: Stage = {
  name: 'objects',
  version: 1,
  async run(task, context) {
    const { image, level, grid, minVoxels } = paramsOf<Params>(task);
    const objects = await mergeLayers(context, task, grid, minVoxels);
    const opened = await openDatasetImage(context, image.path);
    const { affine, size } = opened.level(level, image.orientation);
    if (size.some((n, axis) => n !== grid.size[axis])) {
      throw new SpimquantError('bad-dataset', `The image changed while it was worked on: ${opened.info.uri}`, { where: opened.info.uri, hint: 'Run the same command again.' });
    }
    const { x, y, z } = centroids(objects, affine);
    context.log('info', `${objects.count} objects of at least ${minVoxels} voxels.`);
    await writeBytes(context, task.outputs[0], writeParquet({
      columns: [numbers('pos_x', x), numbers('pos_y', y), numbers('pos_z', z), numbers('nvoxels', objects.voxels)],
    }));
  },
};
