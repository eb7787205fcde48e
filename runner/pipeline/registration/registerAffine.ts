import { affineTask, runAffine } from './affineStage.ts';
import type { ImagePlan } from '../plan/imagePlan.ts';
import { registrationWork } from './registrationFiles.ts';
import type { Stage, Task } from '../task.ts';

/** Registers the corrected, masked image affinely to the template (pipeline-spec §3.4.1). */
export function registerAffineTask(plan: ImagePlan): Task {
  const moving = plan.paths.n4(plan.stainForReg, plan.options.registrationLevel, 'N4brain');
  return affineTask(plan, 'register-affine', 'affine registration', moving, 250, registrationWork.affine(plan));
}

export const registerAffineStage: Stage = { name: 'register-affine', version: 2, run: runAffine };
