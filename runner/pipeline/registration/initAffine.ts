import { affineTask, runAffine } from './affineStage.ts';
import type { ImagePlan } from '../plan/imagePlan.ts';
import { registrationWork } from './registrationFiles.ts';
import type { Stage, Task } from '../task.ts';

/** The mask only needs to know where the brain is; the registration proper follows on the corrected brain. */
const iterations = 100;

/** Registers the raw image affinely to the template: enough to know roughly where the brain is (pipeline-spec §3.2). */
export function initAffineTask(plan: ImagePlan): Task {
  const moving = plan.paths.spim(plan.stainForReg, plan.options.registrationLevel);
  return affineTask(plan, 'init-affine', 'first alignment with the template', moving, iterations, registrationWork.initAffine(plan));
}

export const initAffineStage: Stage = { name: 'init-affine', version: 3, run: runAffine };
