import { readNiftiGrid } from '../../image/nifti.ts';
import { composeField } from '../../kernels/displacement.ts';
import { invertAffine } from '../../kernels/geometry.ts';
import type { Grid } from '../../kernels/transform.ts';
import type { ImagePlan } from '../plan/imagePlan.ts';
import { readBytes, readJson } from '../io.ts';
import { readField, registrationVoxels, registrationWork, writeField, type AffineFile } from './registrationFiles.ts';
import { taskParams, type Artifact, type Stage, type Task, type TaskContext } from '../task.ts';

/**
 * Makes the two fields that everything else uses (pipeline-spec §3.4.3): template points to subject points on the
 * template's grid, which brings subject images to the template; and the inverse on the subject's grid.
 */
export function composeTransformsTask(plan: ImagePlan): Task {
  return {
    id: `${plan.paths.id}/compose-transforms`,
    stage: 'compose-transforms',
    scope: plan.participant,
    title: 'transforms between subject and template',
    params: taskParams({}),
    inputs: [
      registrationWork.affine(plan),
      registrationWork.warp(plan),
      registrationWork.inverseWarp(plan),
      { place: 'output', path: plan.template.paths.anat() },
      { place: 'output', path: plan.paths.spim(plan.stainForReg, plan.options.registrationLevel) },
    ],
    outputs: [{ place: 'output', path: plan.paths.toTemplate() }, { place: 'output', path: plan.paths.fromTemplate() }],
    memoryBytes: 600e6 + 48 * registrationVoxels(plan) + 40 * plan.template.voxels,
    readBytes: 0,
  };
}

export const composeTransformsStage: Stage = {
  name: 'compose-transforms',
  version: 1,
  async run(task, context) {
    const [affineFile, warpFile, inverseFile, templateFile, subjectFile] = task.inputs;
    const { matrix } = await readJson<AffineFile>(context, affineFile);
    const stop = (): void => context.signal.throwIfAborted();
    const toTemplate = composeField(await readGrid(context, templateFile), [
      { kind: 'field', field: await readField(context, warpFile), outside: 'edge' },
      { kind: 'affine', matrix },
    ], stop);
    await writeField(context, task.outputs[0], toTemplate);
    const fromTemplate = composeField(await readGrid(context, subjectFile), [
      { kind: 'affine', matrix: invertAffine(matrix) },
      { kind: 'field', field: await readField(context, inverseFile), outside: 'edge' },
    ], stop);
    await writeField(context, task.outputs[1], fromTemplate);
  },
};

async function readGrid(context: TaskContext, artifact: Artifact): Promise<Grid> {
  return readNiftiGrid(await readBytes(context, artifact), `${context.store(artifact.place).uri}/${artifact.path}`);
}
