import { voxelSize } from '../../kernels/geometry.ts';
import { meshOfSpacing } from '../../kernels/n4.ts';
import { voxelCount } from '../../kernels/volume.ts';
import { removeBias } from './biasN4.ts';
import type { ImagePlan } from '../plan/imagePlan.ts';
import { paramsOf, readFloatVolume, readVolume, writeVolume } from '../io.ts';
import { exportGrid } from '../segmentation/segmentation.ts';
import { taskParams, type Stage, type Task, type TaskContext } from '../task.ts';

interface Params {
  readonly iterations: readonly number[];
  /** Length of the spline's pieces on the first level, in mm. */
  readonly splineSpacing: number;
}

/** The bias field that intensities are divided by before segmentation, by N4 at the correction level (pipeline-spec §3.3b). */
export function biasQuantificationTask(plan: ImagePlan, stain: string): Task {
  const { correctionLevel: level, correctionN4Iters, correctionN4SplineSpacing } = plan.options;
  const params: Params = { iterations: new Array<number>(4).fill(correctionN4Iters), splineSpacing: correctionN4SplineSpacing };
  return {
    id: `${plan.paths.id}/bias-quantification/${stain}`,
    stage: 'bias-quantification',
    scope: plan.participant,
    title: `bias of ${stain}`,
    params: taskParams(params),
    inputs: [{ place: 'output', path: plan.paths.spim(stain, level) }, { place: 'output', path: plan.paths.brainMask(plan.stainForReg, level) }],
    outputs: [
      { place: 'output', path: plan.paths.n4(stain, level, 'prequantN4') },
      { place: 'output', path: plan.paths.biasField(stain, level, 'prequantN4') },
    ],
    memoryBytes: 200e6 + 60 * voxelCount(exportGrid(plan.info, level).size),
    readBytes: 0,
  };
}

export const biasQuantificationStage: Stage = {
  name: 'bias-quantification',
  version: 2,
  async run(task: Task, context: TaskContext) {
    const { iterations, splineSpacing } = paramsOf<Params>(task);
    const image = await readFloatVolume(context, task.inputs[0]);
    const mask = await readVolume(context, task.inputs[1]);
    const { mesh, padding } = meshOfSpacing(image.size, voxelSize(image.affine), splineSpacing);
    const { corrected, bias } = await removeBias(context, image, mask, { mesh, padding, iterations });
    await writeVolume(context, task.outputs[0], corrected);
    await writeVolume(context, task.outputs[1], bias);
  },
};
