import { reduceTo } from '../../kernels/pyramid.ts';
import { registerAffine } from '../../registration/affine.ts';
import type { ImagePlan } from '../plan/imagePlan.ts';
import { paramsOf, writeJson } from '../io.ts';
import { readNormalised, registrationVoxels, type AffineFile } from './registrationFiles.ts';
import { taskParams, type Artifact, type Task, type TaskContext } from '../task.ts';

interface Params {
  readonly iterations: number;
}

/** More voxels do not make an affine better, only slower. */
const voxelLimit = 3e6;

/** A task that registers an image of the subject to the template affinely, with so many iterations per resolution (fewer with `--sloppy`). */
export function affineTask(plan: ImagePlan, stage: string, title: string, moving: string, iterations: number, output: Artifact): Task {
  const params: Params = { iterations: plan.options.sloppy ? Math.min(30, iterations) : iterations };
  return {
    id: `${plan.paths.id}/${stage}`,
    stage,
    scope: plan.participant,
    title,
    params: taskParams(params),
    inputs: [{ place: 'output', path: plan.template.fixed }, { place: 'output', path: moving }],
    outputs: [output],
    memoryBytes: 500e6 + 24 * registrationVoxels(plan) + 12 * plan.template.voxels,
    readBytes: 0,
  };
}

/** Runs a task of {@link affineTask}. */
export async function runAffine(task: Task, context: TaskContext): Promise<void> {
  const { iterations } = paramsOf<Params>(task);
  const [fixedFile, movingFile] = task.inputs;
  const fixed = reduceTo(await readNormalised(context, fixedFile), voxelLimit);
  const moving = reduceTo(await readNormalised(context, movingFile), voxelLimit);
  context.signal.throwIfAborted();
  const result = await registerAffine(fixed, moving, { iterations });
  for (const warning of result.warnings) context.log('warn', warning);
  if (result.start === 'none') {
    context.log('warn', `${movingFile.path} could not be registered affinely: the centres of image and template were laid on each other instead. Check the orientation and the registration report.`);
  }
  const file: AffineFile = { ...result };
  await writeJson(context, task.outputs[0], { ...file });
}
