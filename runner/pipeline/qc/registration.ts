import { readVectorNifti } from '../../image/nifti.ts';
import { invertAffine, voxelSize } from '../../kernels/geometry.ts';
import type { Affine } from '../../kernels/geometry.ts';
import { summariseJacobian, summariseMagnitude, swapLpsRas } from '../../kernels/displacement.ts';
import { resampleLinear, resampleNearest } from '../../kernels/sample.ts';
import type { Grid, TransformStep } from '../../kernels/transform.ts';
import { voxelCount } from '../../kernels/volume.ts';
import type { Volume } from '../../kernels/volume.ts';
import type { ImagePlan } from '../plan/imagePlan.ts';
import { paramsOf, readBytes, readFloatVolume, readVolume, writeBytes, writeJson } from '../io.ts';
import { readRegions } from '../tableFiles.ts';
import type { Artifact, Stage, Task } from '../task.ts';
import { figureTask } from './figureTask.ts';
import { affinePart, beyondAffine, maskDice, similarity, thinField } from './registrationMetrics.ts';
import type { RegistrationMetrics } from './registrationMetrics.ts';
import { registrationPage } from './registrationPage.ts';
import type { RegistrationImages } from './registrationPage.ts';

interface Params {
  readonly id: string;
  readonly stain: string;
  readonly template: string;
  readonly seg: string | undefined;
}

/** Path of the registration's figures as numbers, beside its report. */
export function registrationMetricsPath(plan: ImagePlan): string {
  return plan.paths.registrationReport(plan.stainForReg).replace(/\.html$/, '.json');
}

/** Draws the registration: images before and after, atlas borders, and how far the warp reaches. */
export function registrationFigureTask(plan: ImagePlan): Task {
  const { stainForReg, template, paths } = plan;
  const level = plan.options.registrationLevel;
  const seg = template.segs[0] as string | undefined;
  const params: Params = { id: paths.id, stain: stainForReg, template: template.name, ...(seg === undefined ? { seg: undefined } : { seg }) };
  const task = figureTask(plan, {
    stage: 'qc-registration', parts: [], title: 'registration report', params,
    inputs: [
      template.fixed, template.paths.mask(), paths.n4(stainForReg, level, 'N4brain'), paths.brainMask(stainForReg, level), paths.toTemplate(),
      ...(seg === undefined ? [] : [template.paths.dseg(seg), template.paths.table(seg)]),
    ],
    output: paths.registrationReport(stainForReg), bytesPerVoxel: 120, bytesPerTemplateVoxel: 60,
  });
  const metrics: Artifact = { place: 'output', path: registrationMetricsPath(plan) };
  return { ...task, outputs: [...task.outputs, metrics] };
}

function sameGrid(a: Grid, b: Grid): boolean {
  return a.size.every((n, i) => n === b.size[i]) && a.affine.every((value, i) => Math.abs(value - b.affine[i]) < 1e-4);
}

/** Voxels of the grid on which everything is measured and drawn; larger templates are thinned. */
const mostVoxels = 6e6;

/** JSON knows no NaN. */
function finite(value: number): number | null {
  return Number.isFinite(value) ? value : null;
}

export const registrationFigureStage: Stage = {
  name: 'qc-registration',
  version: 1,
  async run(task, context) {
    const params = paramsOf<Params>(task);
    const [fixedFile, maskFile, movingFile, movingMaskFile, fieldFile, dsegFile, tableFile] = task.inputs;
    const field = swapLpsRas(thinField(readVectorNifti(await readBytes(context, fieldFile), fieldFile.path), mostVoxels));
    const grid: Grid = { size: field.size, affine: field.affine };
    const onGrid = <V extends Volume>(volume: V, resample: (volume: V) => V): V => (sameGrid(volume, grid) ? volume : resample(volume));
    const fixed = onGrid(await readFloatVolume(context, fixedFile), (volume) => resampleLinear(volume, grid));
    const mask = onGrid(await readVolume(context, maskFile), (volume) => resampleNearest(volume, grid));
    const moving = await readFloatVolume(context, movingFile);
    const movingMask = await readVolume(context, movingMaskFile);
    const part: Affine = affinePart(field, mask.data);
    const beyond = beyondAffine(field, part);
    const afterPlane = (): void => context.signal.throwIfAborted();
    const steps: { readonly affine: readonly TransformStep[]; readonly whole: readonly TransformStep[] } = {
      affine: [{ kind: 'affine', matrix: part }], whole: [{ kind: 'field', field, outside: 'zero' }],
    };
    const affine = resampleLinear(moving, grid, steps.affine, { afterPlane });
    const deformed = resampleLinear(moving, grid, steps.whole, { afterPlane });
    const score = (image: Volume, path: readonly TransformStep[]): RegistrationMetrics['affine'] => {
      const { correlation, normalizedMutualInformation } = similarity(fixed.data, image.data, mask.data);
      const overlap = maskDice(mask.data, resampleNearest(movingMask, grid, path, { afterPlane }).data);
      return { correlation: finite(correlation), normalizedMutualInformation: finite(normalizedMutualInformation), maskDice: finite(overlap) };
    };
    const metrics: RegistrationMetrics = {
      affine: score(affine, steps.affine), deformable: score(deformed, steps.whole),
      warpMillimetres: summariseMagnitude(beyond, mask.data), jacobian: { ...summariseJacobian(field) },
    };
    const count = voxelCount(grid.size);
    const warp = Float32Array.from({ length: count }, (_, i) => Math.hypot(beyond.data[i], beyond.data[i + count], beyond.data[i + 2 * count]));
    const colors = new Map<number, string>();
    let labels: Volume | undefined;
    if (dsegFile !== undefined && tableFile !== undefined) {
      labels = onGrid(await readVolume(context, dsegFile), (volume) => resampleNearest(volume, grid));
      for (const { index, color } of await readRegions(context, tableFile)) if (color !== undefined) colors.set(index, color);
    }
    const images: RegistrationImages = { fixed, mask, affine, deformed, labels, colors, warp: { ...grid, data: warp } };
    const page = await registrationPage(images, metrics, {
      ...params, affinePart: part, scale: voxelSize(part), back: invertAffine(part),
    });
    await writeBytes(context, task.outputs[0], page);
    await writeJson(context, task.outputs[1], metrics as unknown as Parameters<typeof writeJson>[2]);
  },
};
