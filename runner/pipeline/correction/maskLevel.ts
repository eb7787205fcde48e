import { resampleNearest } from '../../kernels/sample.ts';
import type { ImagePlan } from '../plan/imagePlan.ts';
import { readVolume, writeVolume } from '../io.ts';
import { registrationVoxels } from '../registration/registrationFiles.ts';
import { taskParams, type Stage, type Task, type TaskContext } from '../task.ts';

/**
 * The brain mask on the grid of the correction level (pipeline-spec §3.2). Not needed when that is the registration
 * level: both would be the same file.
 */
export function maskLevelTask(plan: ImagePlan, stain: string): Task {
  const { registrationLevel, correctionLevel } = plan.options;
  return {
    id: `${plan.paths.id}/mask-level/${stain}`,
    stage: 'mask-level',
    scope: plan.participant,
    title: `brain mask at level ${correctionLevel}`,
    params: taskParams({}),
    inputs: [
      { place: 'output', path: plan.paths.brainMask(stain, registrationLevel) },
      // Any channel tells the grid; the stain itself is imported at this level only if it is segmented.
      { place: 'output', path: plan.paths.spim(plan.stainsForSeg[0] ?? stain, correctionLevel) },
    ],
    outputs: [{ place: 'output', path: plan.paths.brainMask(stain, correctionLevel) }],
    memoryBytes: 200e6 + 12 * registrationVoxels(plan),
    readBytes: 0,
  };
}

export const maskLevelStage: Stage = {
  name: 'mask-level',
  version: 1,
  async run(task: Task, context: TaskContext) {
    const mask = await readVolume(context, task.inputs[0]);
    const grid = await readVolume(context, task.inputs[1]);
    await writeVolume(context, task.outputs[0], resampleNearest(mask, { size: grid.size, affine: grid.affine }));
  },
};
