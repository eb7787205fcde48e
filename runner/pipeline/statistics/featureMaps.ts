import type { Volume } from '../../kernels/volume.ts';
import { numberValues, type Table } from '../../tables/table.ts';
import type { ImagePlan } from '../plan/imagePlan.ts';
import { paramsOf, readVolume, writeVolume } from '../io.ts';
import { readTsvTable } from '../tableFiles.ts';
import { taskParams, type Artifact, type Stage, type Task } from '../task.ts';

/** Measures of a stain, and of colocalised pairs, that become maps (pipeline-spec §3.9). */
export const stainMetrics = ['fieldfrac', 'density', 'count', 'volume', 'nvoxels'] as const;
export const colocMetrics = ['overlapratio', 'distance', 'density', 'count'] as const;

interface Params {
  /** Columns of the region table, one a map. */
  readonly columns: readonly string[];
}

/** Columns of a participant's region table that are measures. */
export function metricColumns(stains: readonly string[]): readonly string[] {
  return [
    ...stains.flatMap((stain) => stainMetrics.map((metric) => `${stain}+${metric}`)),
    ...(stains.length > 1 ? colocMetrics.map((metric) => `coloc+${metric}`) : []),
  ];
}

/** Paints the measures of a region table over the template's regions. */
export function featureMapsTask(plan: ImagePlan, seg: string, method: string): Task {
  const params: Params = { columns: metricColumns(plan.stainsForSeg) };
  return {
    id: `${plan.paths.id}/featuremaps/${seg}/${method}`,
    stage: 'featuremaps',
    scope: plan.participant,
    title: `region maps (${seg}, ${method})`,
    params: taskParams(params),
    inputs: [plan.paths.mergedSegStats(seg, method), plan.template.paths.dseg(seg)].map((path): Artifact => ({ place: 'output', path })),
    outputs: params.columns.map((column): Artifact => ({ place: 'output', path: plan.paths.featureMap(seg, method, column) })),
    memoryBytes: 200e6 + 20 * plan.template.voxels,
    readBytes: 0,
  };
}

/** Each label's value of one column: 0 for labels without a row, without a value, and for the background. */
export function paintColumn(table: Table, column: string, labels: Volume): Float32Array {
  const index = numberValues(table, 'index');
  const values = numberValues(table, column);
  const byLabel = new Map<number, number>();
  for (let row = 0; row < index.length; row++) if (index[row] > 0 && Number.isFinite(values[row])) byLabel.set(index[row], values[row]);
  const painted = new Float32Array(labels.data.length);
  let lastLabel = 0;
  let lastValue = 0;
  for (let i = 0; i < painted.length; i++) {
    const label = labels.data[i];
    if (label === 0) continue;
    if (label !== lastLabel) {
      lastLabel = label;
      lastValue = byLabel.get(label) ?? 0;
    }
    painted[i] = lastValue;
  }
  return painted;
}

export const featureMapsStage: Stage = {
  name: 'featuremaps',
  version: 1,
  async run(task, context) {
    const { columns } = paramsOf<Params>(task);
    const table = await readTsvTable(context, task.inputs[0]);
    const labels = await readVolume(context, task.inputs[1]);
    for (const [i, column] of columns.entries()) {
      await writeVolume(context, task.outputs[i], { data: paintColumn(table, column, labels), size: labels.size, affine: labels.affine });
      context.progress({ done: i + 1, total: columns.length, unit: 'items' });
    }
  },
};
