import { setImmediate } from 'node:timers/promises';
import { SpimquantError } from '../../protocol/errors.ts';
import { invertAffine, stridedAffine, voxelSize, type Affine, type Vec3 } from '../../kernels/geometry.ts';
import { tissueClasses } from '../../kernels/kmeansMrf.ts';
import { percentiles } from '../../kernels/percentile.ts';
import { resampleLinear, resampleNearest } from '../../kernels/sample.ts';
import type { Grid } from '../../kernels/transform.ts';
import type { Volume } from '../../kernels/volume.ts';
import type { ImagePlan } from '../plan/imagePlan.ts';
import { paramsOf, readFloatVolume, readJson, readVolume, writeVolume } from '../io.ts';
import { registrationVoxels, registrationWork, type AffineFile } from '../registration/registrationFiles.ts';
import { taskParams, type Stage, type Task, type TaskContext } from '../task.ts';

interface Params {
  /** Part of the resolution at which tissues are told apart. */
  readonly resample: number;
  readonly classes: number;
  readonly smoothing: number;
  readonly radius: number;
}

/** The brain mask of a stain at the registration level: tissue classes that lie mostly in the template's brain (pipeline-spec §3.2). */
export function brainMaskTask(plan: ImagePlan, stain: string): Task {
  const { registrationLevel, sloppy } = plan.options;
  const params: Params = { resample: sloppy ? 0.1 : 0.5, classes: 9, smoothing: 0.3, radius: 2 };
  return {
    id: `${plan.paths.id}/brain-mask/${stain}`,
    stage: 'brain-mask',
    scope: plan.participant,
    title: `brain mask from ${stain}`,
    params: taskParams(params),
    inputs: [
      { place: 'output', path: plan.paths.spim(stain, registrationLevel) },
      registrationWork.initAffine(plan),
      { place: 'output', path: plan.template.paths.mask() },
    ],
    outputs: [{ place: 'output', path: plan.paths.brainMask(stain, registrationLevel) }],
    memoryBytes: 200e6 + 24 * registrationVoxels(plan) + 4 * plan.template.voxels,
    readBytes: 0,
  };
}

/** The grid of an image resampled to a part of its resolution; both cover the same field of view. */
export function reducedGrid(grid: Grid, part: number): Grid {
  const size = grid.size.map((n) => Math.max(1, Math.round(n * part))) as unknown as Vec3;
  const step = grid.size.map((n, axis) => n / size[axis]) as unknown as Vec3;
  return { size, affine: stridedAffine(grid.affine, step, [(step[0] - 1) / 2, (step[1] - 1) / 2, (step[2] - 1) / 2]) };
}

/**
 * Intensities as tissue classes are found on: ln(1 + value), the 2nd percentile at 0 and the 98th at 100, clipped. Where
 * these are equal the whole range is stretched; an image of one value becomes 0. Values that are not finite count as 0.
 */
export function stretchedLog(values: Float32Array): Float32Array {
  const logs = values.map((value) => (value > 0 && value < Infinity ? Math.log(1 + value) : 0));
  const [least, low, high, most] = percentiles(logs, [0, 2, 98, 100]);
  const [lo, hi] = high > low ? [low, high] : [least, most];
  if (!(hi > lo)) return logs.fill(0);
  return logs.map((value) => Math.min(100, Math.max(0, (100 * (value - lo)) / (hi - lo))));
}

/** Classes that have more voxels inside the prior mask than outside, ascending. */
export function classesInside(labels: ArrayLike<number>, prior: ArrayLike<number>): readonly number[] {
  const balance = new Float64Array(256);
  for (let i = 0; i < labels.length; i++) balance[labels[i]] += prior[i] > 0 ? 1 : -1;
  return Array.from(balance.keys()).filter((label) => label > 0 && balance[label] > 0);
}

/** The template's mask on the subject's grid. `matrix` maps template points to subject points. */
function pulledMask(mask: Volume, grid: Grid, matrix: Affine): Uint8Array {
  const { data } = resampleNearest(mask, grid, [{ kind: 'affine', matrix: invertAffine(matrix) }]);
  return Uint8Array.from(data, (value) => (value > 0 ? 1 : 0));
}

async function classify(image: Volume<Float32Array>, params: Params, context: TaskContext): Promise<Uint8Array> {
  const small = resampleLinear(image, reducedGrid(image, params.resample));
  const { labels } = await tissueClasses(stretchedLog(small.data), small.size, {
    classes: params.classes,
    smoothing: params.smoothing,
    radius: params.radius,
    spacing: voxelSize(small.affine),
    onPlane: async (done, total) => {
      context.progress({ done, total, unit: 'iterations' });
      await setImmediate();
      context.signal.throwIfAborted();
    },
  });
  return resampleNearest({ data: labels, size: small.size, affine: small.affine }, image).data;
}

export const brainMaskStage: Stage = {
  name: 'brain-mask',
  version: 1,
  async run(task: Task, context: TaskContext) {
    const [spimFile, affineFile, maskFile] = task.inputs;
    const image = await readFloatVolume(context, spimFile);
    const { matrix } = await readJson<AffineFile>(context, affineFile);
    const prior = pulledMask(await readVolume(context, maskFile), image, matrix);
    if (!prior.includes(1)) {
      throw new SpimquantError('no-signal', `The template's brain does not overlap ${spimFile.path}: the first alignment failed.`, {
        where: spimFile.path,
        hint: 'Check --orientation, the voxel size of the image, and that --stains_for_reg names a channel with the whole brain in it.',
      });
    }
    const labels = await classify(image, paramsOf<Params>(task), context);
    const inside = new Set(classesInside(labels, prior));
    if (inside.size === 0) {
      context.log('warn', `No tissue of ${spimFile.path} lies mostly inside the template's brain: the template's own mask is used. Look at the registration report.`);
    }
    const mask = inside.size === 0 ? prior : labels.map((label) => (inside.has(label) ? 1 : 0));
    await writeVolume(context, task.outputs[0], { data: mask, size: image.size, affine: image.affine });
  },
};
