import { collectForeground, divideByBias } from '../../kernels/biasUpsampler.ts';
import { RunCollector, type Runs } from '../../kernels/runs.ts';
import type { Volume, VoxelArray } from '../../kernels/volume.ts';
import type { Box, LevelView } from '../../image/omeZarr.types.ts';
import { slabsOf, slabVoxels } from './bricks.ts';
import type { ImageParams, ImagePlan } from '../plan/imagePlan.ts';
import { channelOf } from '../plan/imagePlan.ts';
import { openDatasetImage, readFloatVolume } from '../io.ts';
import type { Artifact, TaskContext } from '../task.ts';

/** How a channel's bias is taken out: goes into `params`. */
export interface CorrectionParams {
  readonly image: ImageParams;
  readonly method: 'n4' | 'gaussian';
  readonly field: Artifact;
}

/** Where the bias field of a stain is, and how it is applied. */
export function correctionOf(plan: ImagePlan, stain: string): CorrectionParams {
  const { correctionLevel, correctionMethod } = plan.options;
  return {
    image: channelOf(plan, stain),
    method: correctionMethod,
    field: { place: 'output', path: plan.paths.biasField(stain, correctionLevel, correctionMethod === 'n4' ? 'prequantN4' : 'gaussian') },
  };
}

/** One channel of an image at one level with its bias taken out as it is read; nothing corrected is ever stored. */
export interface CorrectedChannel {
  readonly view: LevelView;
  /**
   * Yields a box in slabs along z, in order, as corrected 32-bit floats, x fastest. The next slab is fetched while the
   * present one is worked on. The array is reused: it is valid until the next slab is asked for.
   */
  slabs(box: Box): AsyncGenerator<{ readonly box: Box; readonly values: Float32Array }>;
  /** Where a box is at or above a threshold once corrected. Calls `onVoxels` with the number of voxels of each slab. */
  foreground(box: Box, threshold: number, onVoxels: (voxels: number) => void): Promise<Runs>;
}

/** Opens a channel for corrected reading. */
export async function openCorrectedChannel(context: TaskContext, correction: CorrectionParams, level: number): Promise<CorrectedChannel> {
  const image = await openDatasetImage(context, correction.image.path);
  const view = image.level(level, correction.image.orientation);
  const field: Volume<Float32Array> = await readFloatVolume(context, correction.field);
  const chunkDepth = Math.max(1, Math.ceil(image.info.levels[view.storedLevel].chunk[2] / view.step[2]));
  const fetch = (box: Box): ReturnType<typeof image.read> => {
    const values = image.read(view, correction.image.channel, box, context.signal);
    // Fetched ahead of its use: a failure is met when it is awaited, not as a rejection that nobody listens to.
    values.catch(() => undefined);
    return values;
  };

  /** A box as it is stored, slab by slab; the next slab is fetched while the present one is worked on. */
  async function* stored(box: Box): AsyncGenerator<{ readonly part: Box; readonly raw: VoxelArray }> {
    const parts = slabsOf(box, chunkDepth, slabVoxels);
    let pending = fetch(parts[0]);
    for (let i = 0; i < parts.length; i++) {
      const raw = await pending;
      if (i + 1 < parts.length) pending = fetch(parts[i + 1]);
      yield { part: parts[i], raw };
    }
  }

  return {
    view,
    async *slabs(box) {
      let buffer = new Float32Array(0);
      for await (const { part, raw } of stored(box)) {
        if (buffer.length < raw.length) buffer = new Float32Array(raw.length);
        const values = buffer.subarray(0, raw.length);
        divideByBias(values, raw, field, view.size, part, correction.method);
        yield { box: part, values };
      }
    },
    async foreground(box, threshold, onVoxels) {
      const collector = new RunCollector(box.size);
      for await (const { part, raw } of stored(box)) {
        collectForeground(collector, raw, field, view.size, part, correction.method, threshold);
        onVoxels(raw.length);
      }
      return collector.finish();
    },
  };
}
