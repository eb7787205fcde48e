import type { Vec3 } from '../../kernels/geometry.ts';
import { removeBias } from './biasN4.ts';
import type { ImagePlan } from '../plan/imagePlan.ts';
import { paramsOf, readFloatVolume, readVolume, writeVolume } from '../io.ts';
import { registrationVoxels } from '../registration/registrationFiles.ts';
import { taskParams, type Stage, type Task, type TaskContext } from '../task.ts';

interface Params {
  readonly shrink: number;
  readonly iterations: readonly number[];
}

/** Fewest voxels along an axis that a shrunken image may have. */
const fewestVoxels = 8;

/** The image that is registered: without bias, and without what is outside the brain (pipeline-spec §3.3a). */
export function biasRegistrationTask(plan: ImagePlan, stain: string): Task {
  const level = plan.options.registrationLevel;
  const params: Params = { shrink: 4, iterations: [50, 50, 50, 50] };
  return {
    id: `${plan.paths.id}/bias-registration/${stain}`,
    stage: 'bias-registration',
    scope: plan.participant,
    title: `bias of ${stain} for registration`,
    params: taskParams(params),
    inputs: [{ place: 'output', path: plan.paths.spim(stain, level) }, { place: 'output', path: plan.paths.brainMask(stain, level) }],
    outputs: [
      { place: 'output', path: plan.paths.n4(stain, level, 'N4') },
      { place: 'output', path: plan.paths.biasField(stain, level, 'N4') },
      { place: 'output', path: plan.paths.n4(stain, level, 'N4brain') },
    ],
    memoryBytes: 200e6 + 24 * registrationVoxels(plan),
    readBytes: 0,
  };
}

/** The wished shrink factor, or a smaller one where the image would hardly have voxels left. */
export function usableShrink(size: Vec3, wished: number): number {
  return Math.max(1, Math.min(wished, Math.floor(Math.min(...size) / fewestVoxels)));
}

export const biasRegistrationStage: Stage = {
  name: 'bias-registration',
  version: 2,
  async run(task: Task, context: TaskContext) {
    const { shrink, iterations } = paramsOf<Params>(task);
    const image = await readFloatVolume(context, task.inputs[0]);
    const mask = await readVolume(context, task.inputs[1]);
    const { corrected, bias } = await removeBias(context, image, mask, { shrink: usableShrink(image.size, shrink), iterations });
    await writeVolume(context, task.outputs[0], corrected);
    await writeVolume(context, task.outputs[1], bias);
    const brain = corrected.data.map((value, i) => (mask.data[i] > 0 ? value : 0));
    await writeVolume(context, task.outputs[2], { ...corrected, data: brain });
  },
};
