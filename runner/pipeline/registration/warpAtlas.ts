import { resampleNearest } from '../../kernels/sample.ts';
import type { Volume } from '../../kernels/volume.ts';
import type { ImagePlan } from '../plan/imagePlan.ts';
import { readVolume, writeVolume } from '../io.ts';
import { readField } from './registrationFiles.ts';
import type { Stage, Task } from '../task.ts';
import { warpTask } from './warpStage.ts';

/** Brings an atlas to the subject's space by nearest neighbour. */
export function warpAtlasTask(plan: ImagePlan, seg: string): Task {
  return warpTask(plan, {
    stage: 'warp-atlas',
    key: seg,
    title: `atlas ${seg} in subject space`,
    source: plan.template.paths.dseg(seg),
    field: plan.paths.fromTemplate(),
    output: plan.paths.parcellation(seg, plan.options.registrationLevel),
  });
}

export const warpAtlasStage: Stage = {
  name: 'warp-atlas',
  version: 1,
  async run(task, context) {
    const labels = wholeNumbers(await readVolume(context, task.inputs[0]));
    const field = await readField(context, task.inputs[1]);
    const warped = resampleNearest(labels, field, [{ kind: 'field', field, outside: 'zero' }], { afterPlane: () => context.signal.throwIfAborted() });
    await writeVolume(context, task.outputs[0], warped);
  },
};

/** Labels as integers, even when the file holds them as floating-point numbers. */
function wholeNumbers(volume: Volume): Volume {
  if (!(volume.data instanceof Float32Array || volume.data instanceof Float64Array)) return volume;
  return { ...volume, data: Int32Array.from(volume.data, Math.round) };
}
