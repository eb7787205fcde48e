import { gaussianBlur } from '../../kernels/blur.ts';
import { registerDeformable } from '../../kernels/deformable.ts';
import { invertField, summariseMagnitude } from '../../kernels/displacement.ts';
import { mutualInformation } from '../../kernels/mutualInformation.ts';
import { reduceTo } from '../../kernels/pyramid.ts';
import { resampleLinear, resampleNearest } from '../../kernels/sample.ts';
import { identityAffine } from '../../kernels/geometry.ts';
import type { Grid } from '../../kernels/transform.ts';
import { voxelCount } from '../../kernels/volume.ts';
import type { ImagePlan } from '../plan/imagePlan.ts';
import { paramsOf, readJson, readVolume, writeJson } from '../io.ts';
import { readNormalised, registrationVoxels, registrationWork, writeField, type AffineFile, type RegistrationMetrics } from './registrationFiles.ts';
import { taskParams, type Artifact, type Stage, type Task, type TaskContext } from '../task.ts';

interface Params {
  /** Most iterations per level, the coarsest first. */
  readonly iterations: readonly number[];
  /** Standard deviations in voxels. */
  readonly gradientSigma: number;
  readonly warpSigma: number;
}

/** Finer templates are registered at half their resolution: subjects at the registration level are coarser anyway. */
const fixedVoxelLimit = 12e6;
const movingVoxelLimit = 48e6;
/** How far the comparison reaches beyond the template's brain, in voxels: the brain's outline is what matches best. */
const maskMargin = 4;

/** Registers the corrected, masked image deformably to the template, starting from the affine (pipeline-spec §3.4.2). */
export function registerDeformableTask(plan: ImagePlan): Task {
  const params: Params = { iterations: plan.options.sloppy ? [10, 0] : [100, 50], gradientSigma: 4, warpSigma: 2 };
  return {
    id: `${plan.paths.id}/register-deformable`,
    stage: 'register-deformable',
    scope: plan.participant,
    title: 'deformable registration',
    params: taskParams(params),
    inputs: [
      { place: 'output', path: plan.template.fixed },
      { place: 'output', path: plan.template.paths.mask() },
      { place: 'output', path: plan.paths.n4(plan.stainForReg, plan.options.registrationLevel, 'N4brain') },
      registrationWork.affine(plan),
    ],
    outputs: [registrationWork.warp(plan), registrationWork.inverseWarp(plan), registrationWork.metrics(plan)],
    memoryBytes: 700e6 + 24 * registrationVoxels(plan) + 12 * plan.template.voxels,
    readBytes: 0,
  };
}

export const registerDeformableStage: Stage = {
  name: 'register-deformable',
  version: 1,
  async run(task, context) {
    const params = paramsOf<Params>(task);
    const [fixedFile, maskFile, movingFile, affineFile] = task.inputs;
    const [warpFile, inverseFile, metricsFile] = task.outputs;
    const fixed = reduceTo(await readNormalised(context, fixedFile), fixedVoxelLimit);
    const brain = await readBrain(context, maskFile, fixed);
    const moving = reduceTo(await readNormalised(context, movingFile), movingVoxelLimit);
    const affine = await readJson<AffineFile>(context, affineFile);
    const result = registerDeformable(fixed, moving, {
      affine: affine.matrix,
      ...(brain === undefined ? {} : { mask: widened(brain, fixed) }),
      ...params,
      afterIteration: (done, total) => {
        context.signal.throwIfAborted();
        context.progress({ done, total, unit: 'iterations' });
      },
    });
    const inverse = invertField(result.warp, { afterIteration: () => context.signal.throwIfAborted() });
    const warped = resampleLinear(moving, fixed, [{ kind: 'field', field: result.warp, outside: 'edge' }, { kind: 'affine', matrix: affine.matrix }]);
    const magnitude = summariseMagnitude(result.warp, brain);
    const metrics: RegistrationMetrics = {
      informationBefore: affine.before,
      informationAffine: mutualInformation(fixed, moving, affine.matrix),
      informationAfter: mutualInformation(fixed, warped, identityAffine),
      affineStart: affine.start,
      warnings: affine.warnings,
      warpMean: magnitude.mean,
      warpStd: magnitude.std,
      warpMax: magnitude.max,
      minJacobian: result.minJacobian,
      iterations: result.iterations,
      inverseMeanResidual: inverse.meanResidual,
      inverseMaxResidual: inverse.maxResidual,
    };
    await writeField(context, warpFile, result.warp);
    await writeField(context, inverseFile, inverse.field);
    await writeJson(context, metricsFile, { ...metrics });
  },
};

/** The template's brain mask on the working grid; undefined, with a warning, when nothing of it is there. */
async function readBrain(context: TaskContext, file: Artifact, grid: Grid): Promise<ArrayLike<number> | undefined> {
  const mask = resampleNearest(await readVolume(context, file), grid).data;
  if (mask.some((value) => value > 0)) return mask;
  context.log('warn', `The template's brain mask ${file.path} is empty: the whole image is compared.`);
  return undefined;
}

/** The mask and what is within {@link maskMargin} voxels or so of it. */
function widened(mask: ArrayLike<number>, grid: Grid): Uint8Array {
  const inside = new Float32Array(voxelCount(grid.size));
  for (let i = 0; i < inside.length; i++) inside[i] = mask[i] > 0 ? 1 : 0;
  // Beyond a flat border, a blurred mask falls to 2.3 % at two standard deviations.
  gaussianBlur(inside, grid.size, maskMargin / 2, { out: inside });
  return Uint8Array.from(inside, (value) => (value > 0.023 ? 1 : 0));
}
