import { levelView, nearIsotropicStep, strideView } from '../../image/levels.ts';
import type { LevelView, OmeZarrImage, VoxelType } from '../../image/omeZarr.types.ts';
import { voxelSize } from '../../kernels/geometry.ts';
import { voxelCount } from '../../kernels/volume.ts';
import { channelOf } from '../plan/imagePlan.ts';
import type { ImageParams, ImagePlan } from '../plan/imagePlan.ts';
import { openDatasetImage, paramsOf, writeVolume } from '../io.ts';
import type { Stage, Task } from '../task.ts';

interface ImportSpimParams {
  readonly image: ImageParams;
  readonly level: number;
}

const bytesPerVoxel: Readonly<Record<VoxelType, number>> = {
  bool: 1, int8: 1, uint8: 1, int16: 2, uint16: 2, float16: 2, int32: 4, uint32: 4, float32: 4, int64: 8, uint64: 8, float64: 8,
};

/** The level as it is exported: strided where one axis is much finer than the others (pipeline-spec §2). */
function nearIsotropic(view: LevelView): LevelView {
  return strideView(view, nearIsotropicStep(voxelSize(view.affine)));
}

/** Size and affine of the image that {@link importSpimTask} exports for a level: the grid of everything made at that level. */
export function importedGrid(plan: ImagePlan, level: number): Pick<LevelView, 'size' | 'affine'> {
  const { size, affine } = nearIsotropic(levelView(plan.info.levels, level, plan.orientation));
  return { size, affine };
}

/** Exports one channel at one level as NIfTI: the output `paths.spim(stain, level)`. */
export function importSpimTask(plan: ImagePlan, stain: string, level: number): Task {
  const view = nearIsotropic(levelView(plan.info.levels, level, plan.orientation));
  const width = bytesPerVoxel[plan.info.voxelType];
  const stored = plan.info.levels[view.storedLevel];
  // float16 is widened when it is read.
  const bytes = voxelCount(view.size) * Math.max(width, plan.info.voxelType === 'float16' ? 4 : width);
  const params: ImportSpimParams = { image: channelOf(plan, stain), level };
  return {
    id: `${plan.paths.id}/import-spim/${stain}/level-${level}`,
    stage: importSpimStage.name,
    scope: plan.participant,
    title: `import ${stain} at level ${level}`,
    params: { image: { ...params.image }, level },
    inputs: [{ place: 'dataset', path: plan.image.path }],
    outputs: [{ place: 'output', path: plan.paths.spim(stain, level) }],
    memoryBytes: 3 * bytes + 64 * 2 ** 20,
    readBytes: voxelCount(stored.size) * width,
  };
}

/** Reads the whole channel of a view, slab by slab along z so that it can be cancelled and shows progress. */
async function readChannel(image: OmeZarrImage, view: LevelView, channel: number, signal: AbortSignal, tell: (done: number) => void): Promise<Awaited<ReturnType<OmeZarrImage['read']>>> {
  const [nx, ny, nz] = view.size;
  const chunk = image.info.levels[view.storedLevel].chunk[2];
  // Whole chunks at a time, or each would be fetched more than once.
  const slab = Math.max(1, Math.ceil(chunk / view.step[2]) * Math.max(1, Math.floor(nz / 16 / Math.ceil(chunk / view.step[2]))));
  let whole: Awaited<ReturnType<OmeZarrImage['read']>> | undefined;
  for (let z = 0; z < nz; z += slab) {
    signal.throwIfAborted();
    const depth = Math.min(slab, nz - z);
    const part = await image.read(view, channel, { start: [0, 0, z], size: [nx, ny, depth] }, signal);
    if (depth === nz) return part;
    whole ??= new (part.constructor as new (length: number) => typeof part)(nx * ny * nz);
    whole.set(part, nx * ny * z);
    tell(nx * ny * (z + depth));
  }
  if (whole === undefined) throw new RangeError('The image has no voxels.');
  return whole;
}

export const importSpimStage: Stage = {
  name: 'import-spim',
  version: 1,
  async run(task, context) {
    const { image: source, level } = paramsOf<ImportSpimParams>(task);
    const image = await openDatasetImage(context, source.path);
    const view = nearIsotropic(image.level(level, source.orientation));
    const total = voxelCount(view.size);
    const data = await readChannel(image, view, source.channel, context.signal, (done) => { context.progress({ done, total, unit: 'voxels' }); });
    context.progress({ done: total, total, unit: 'voxels' });
    await writeVolume(context, task.outputs[0], { data, size: view.size, affine: view.affine });
  },
};
