import { voxelSize } from '../../kernels/geometry.ts';
import { meshOfSpacing } from '../../kernels/n4.ts';
import { voxelCount } from '../../kernels/volume.ts';
import { removeBias } from '../correction/biasN4.ts';
import type { ImagePlan } from '../plan/imagePlan.ts';
import { paramsOf, readFloatVolume, readVolume, writeVolume } from '../io.ts';
import { exportGrid } from '../segmentation/segmentation.ts';
import { taskParams, type Artifact, type Stage, type Task } from '../task.ts';
import { settingLabel, settingName, type N4Setting } from './settings.ts';

/** Channel and brain mask at the correction level: what every step of the tuning begins with. */
export function tuneInputs(plan: ImagePlan, stain: string): readonly [Artifact, Artifact] {
  const { correctionLevel: level } = plan.options;
  return [{ place: 'output', path: plan.paths.spim(stain, level) }, { place: 'output', path: plan.paths.brainMask(plan.stainForReg, level) }];
}

/** Where the corrected image and the bias field of a setting are, until the figures are drawn. */
export function tuneWork(plan: ImagePlan, stain: string, setting: N4Setting): { readonly corrected: Artifact; readonly bias: Artifact } {
  const { correctionLevel: level } = plan.options;
  const at = (what: 'corrected' | 'biasfield'): Artifact => ({ place: 'work', path: plan.paths.n4Tune(stain, level, settingLabel(setting), what) });
  return { corrected: at('corrected'), bias: at('biasfield') };
}

/**
 * Estimates the bias of a stain as a participant run with this setting would. Fewer iterations are no halfway point of more:
 * each of the four levels takes its iterations before the next begins. Hence every setting is a run of its own.
 */
export function n4TuneTask(plan: ImagePlan, stain: string, setting: N4Setting): Task {
  const { corrected, bias } = tuneWork(plan, stain, setting);
  return {
    id: `${plan.paths.id}/tune-n4/${stain}/${settingLabel(setting)}`,
    stage: 'tune-n4',
    scope: plan.participant,
    title: `bias of ${stain}, ${settingName(setting)}`,
    params: taskParams(setting),
    inputs: tuneInputs(plan, stain),
    outputs: [corrected, bias],
    memoryBytes: 250e6 + 60 * voxelCount(exportGrid(plan.info, plan.options.correctionLevel).size),
    readBytes: 0,
  };
}

export const n4TuneStage: Stage = {
  name: 'tune-n4',
  version: 2,
  async run(task, context) {
    const { spacing, iterations } = paramsOf<N4Setting>(task);
    const image = await readFloatVolume(context, task.inputs[0]);
    const mask = await readVolume(context, task.inputs[1]);
    const { mesh, padding } = meshOfSpacing(image.size, voxelSize(image.affine), spacing);
    const { corrected, bias } = await removeBias(context, image, mask, { mesh, padding, iterations: [iterations, iterations, iterations, iterations] });
    await writeVolume(context, task.outputs[0], corrected);
    await writeVolume(context, task.outputs[1], bias);
  },
};
