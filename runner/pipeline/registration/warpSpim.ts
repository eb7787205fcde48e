import { resampleLinear } from '../../kernels/sample.ts';
import type { ImagePlan } from '../plan/imagePlan.ts';
import { readVolume, writeVolume } from '../io.ts';
import { readField } from './registrationFiles.ts';
import type { Stage, Task, TaskContext } from '../task.ts';
import { warpTask } from './warpStage.ts';

/** Brings a stain of the subject to the template's space, trilinear. */
export function warpSpimTask(plan: ImagePlan, stain: string): Task {
  const level = plan.options.registrationLevel;
  return warpTask(plan, {
    stage: 'warp-spim',
    key: stain,
    title: `${stain} in template space`,
    source: plan.paths.spim(stain, level),
    field: plan.paths.toTemplate(),
    output: plan.paths.spimInTemplate(stain, level),
  });
}

/** Resamples the first input by the field that is the second, onto the field's grid. */
export async function runWarpLinear(task: Task, context: TaskContext): Promise<void> {
  const source = await readVolume(context, task.inputs[0]);
  const field = await readField(context, task.inputs[1]);
  const warped = resampleLinear(source, field, [{ kind: 'field', field, outside: 'zero' }], { afterPlane: () => context.signal.throwIfAborted() });
  await writeVolume(context, task.outputs[0], warped);
}

export const warpSpimStage: Stage = { name: 'warp-spim', version: 1, run: runWarpLinear };
