import type { ImagePlan } from '../plan/imagePlan.ts';
import type { Stage, Task } from '../task.ts';
import { runWarpLinear } from './warpSpim.ts';
import { warpTask } from './warpStage.ts';

/** Brings a stain's field fraction to the template's space, trilinear. */
export function warpFieldFractionTask(plan: ImagePlan, stain: string, method: string): Task {
  const level = plan.options.registrationLevel;
  return warpTask(plan, {
    stage: 'warp-field-fraction',
    key: `${stain}/${method}`,
    title: `field fraction of ${stain} (${method}) in template space`,
    source: plan.paths.fieldFraction(stain, level, method),
    field: plan.paths.toTemplate(),
    output: plan.paths.fieldFractionInTemplate(stain, level, method),
  });
}

export const warpFieldFractionStage: Stage = { name: 'warp-field-fraction', version: 1, run: runWarpLinear };
