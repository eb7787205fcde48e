import { gaussianBlur } from '../../kernels/blur.ts';
import { voxelCount, type Volume } from '../../kernels/volume.ts';
import type { ImagePlan } from '../plan/imagePlan.ts';
import { paramsOf, readFloatVolume, writeVolume } from '../io.ts';
import { exportGrid } from '../segmentation/segmentation.ts';
import { taskParams, type Stage, type Task, type TaskContext } from '../task.ts';

interface Params {
  /** Standard deviation in voxels of the correction level. */
  readonly sigma: number;
}

/** Standard deviation of the smoothing, in voxels of the correction level. */
export const gaussianSigma = 5;

/** Smallest bias: the spacing of 32-bit floats at 1. */
const smallestBias = 2 ** -23;

/**
 * The bias field of the gaussian method: the image at the correction level, smoothed (pipeline-spec §3.3c). The level is
 * that of the pyramid; upstream takes single voxels of the segmentation level instead, which are noisier and mean reading all of it.
 */
export function biasGaussianTask(plan: ImagePlan, stain: string): Task {
  const level = plan.options.correctionLevel;
  const params: Params = { sigma: gaussianSigma };
  return {
    id: `${plan.paths.id}/bias-gaussian/${stain}`,
    stage: 'bias-gaussian',
    scope: plan.participant,
    title: `bias of ${stain}`,
    params: taskParams(params),
    inputs: [{ place: 'output', path: plan.paths.spim(stain, level) }],
    outputs: [{ place: 'output', path: plan.paths.biasField(stain, level, 'gaussian') }],
    memoryBytes: 450e6 + 16 * voxelCount(exportGrid(plan.info, level).size),
    readBytes: 0,
  };
}

/** The bias of the gaussian method: the image, smoothed; `sigma` in voxels. Never 0. */
export function smoothedBias(image: Volume<Float32Array>, sigma: number): Volume<Float32Array> {
  const finite = image.data.map((value) => (Number.isFinite(value) ? value : 0));
  const smooth = gaussianBlur(finite, image.size, sigma, { out: finite });
  for (let i = 0; i < smooth.length; i++) smooth[i] = Math.max(smooth[i], smallestBias);
  return { ...image, data: smooth };
}

export const biasGaussianStage: Stage = {
  name: 'bias-gaussian',
  version: 1,
  async run(task: Task, context: TaskContext) {
    const { sigma } = paramsOf<Params>(task);
    const image = await readFloatVolume(context, task.inputs[0]);
    await writeVolume(context, task.outputs[0], smoothedBias(image, sigma));
  },
};
