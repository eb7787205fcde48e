import { readVectorNifti, writeVectorNifti } from '../../image/nifti.ts';
import type { Affine } from '../../kernels/geometry.ts';
import { swapLpsRas } from '../../kernels/displacement.ts';
import { intensityRange, normaliseIntensity } from '../../kernels/pyramid.ts';
import type { DisplacementField } from '../../kernels/transform.ts';
import { voxelCount, type Volume } from '../../kernels/volume.ts';
import { exportGrid } from '../segmentation/segmentation.ts';
import type { ImagePlan } from '../plan/imagePlan.ts';
import { readBytes, readVolume, writeBytes } from '../io.ts';
import type { Artifact, TaskContext } from '../task.ts';

/** Temporary files that the registration's steps hand to each other. */
export const registrationWork = {
  /** {@link AffineFile}: the raw image to the template, for the brain mask. */
  initAffine: (plan: ImagePlan): Artifact => ({ place: 'work', path: plan.paths.work('init-affine.json') }),
  /** {@link AffineFile}: the corrected, masked image to the template. */
  affine: (plan: ImagePlan): Artifact => ({ place: 'work', path: plan.paths.work('affine.json') }),
  /** Deformation of the template before the affine, and its inverse; ITK displacement fields. */
  warp: (plan: ImagePlan): Artifact => ({ place: 'work', path: plan.paths.work('warp.nii') }),
  inverseWarp: (plan: ImagePlan): Artifact => ({ place: 'work', path: plan.paths.work('inverse-warp.nii') }),
  /** {@link RegistrationMetrics}. */
  metrics: (plan: ImagePlan): Artifact => ({ place: 'work', path: plan.paths.work('registration.json') }),
};

/** An affine from template RAS points to subject RAS points, and how well it matches. */
export interface AffineFile {
  readonly matrix: Affine;
  /** Where the search began; `none`: it failed, and `matrix` only lays the centres of the images on each other. */
  readonly start: 'image-centres' | 'brightness-centres' | 'none';
  /** Mutual information, in nats, with the images' centres aligned and with `matrix`. */
  readonly before: number;
  readonly after: number;
  readonly warnings: readonly string[];
}

/** How the registration went. Mutual information in nats, all measured alike on the template's grid. */
export interface RegistrationMetrics {
  readonly informationBefore: number;
  readonly informationAffine: number;
  readonly informationAfter: number;
  readonly affineStart: AffineFile['start'];
  readonly warnings: readonly string[];
  /** Length of the warp inside the template's brain, in mm. */
  readonly warpMean: number;
  readonly warpStd: number;
  readonly warpMax: number;
  /** Smallest determinant of the warp's Jacobian; positive: nothing folds. */
  readonly minJacobian: number;
  /** Iterations per level, the coarsest first. */
  readonly iterations: readonly number[];
  /** How far warp and inverse miss each other, in voxels of the warp's grid. */
  readonly inverseMeanResidual: number;
  readonly inverseMaxResidual: number;
}

/** Voxels of the image at the registration level. */
export function registrationVoxels(plan: ImagePlan): number {
  return voxelCount(exportGrid(plan.info, plan.options.registrationLevel).size);
}

/** Reads an image and brings its values to the range 0 to 1 that registration works with. */
export async function readNormalised(context: TaskContext, artifact: Artifact): Promise<Volume<Float32Array>> {
  const volume = await readVolume(context, artifact);
  const range = intensityRange(volume.data, `${context.store(artifact.place).uri}/${artifact.path}`);
  return { ...volume, data: normaliseIntensity(volume.data, range) };
}

/** Reads an ITK displacement field. */
export async function readField(context: TaskContext, artifact: Artifact): Promise<DisplacementField> {
  return swapLpsRas(readVectorNifti(await readBytes(context, artifact), `${context.store(artifact.place).uri}/${artifact.path}`));
}

/** Writes an ITK displacement field (compressed when the name ends in .gz). */
export async function writeField(context: TaskContext, artifact: Artifact, field: DisplacementField): Promise<void> {
  await writeBytes(context, artifact, writeVectorNifti(swapLpsRas(field), { gzip: artifact.path.endsWith('.gz') }));
}
