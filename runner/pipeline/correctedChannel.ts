import { divideByBias } from '../kernels/biasUpsampler.ts';
import type { Vec3 } from '../kernels/geometry.ts';
import type { Volume } from '../kernels/volume.ts';
import type { Box, LevelView } from '../image/omeZarr.types.ts';
import { slabsOf } from './bricks.ts';
import type { ImageParams, ImagePlan } from './imagePlan.ts';
import { channelOf } from './imagePlan.ts';
import { openDatasetImage, readFloatVolume } from './io.ts';
import type { Artifact, TaskContext } from './task.ts';

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

/** Voxels that are read and corrected at a time. */
const slabVoxels = 2 ** 22;

/** One channel of an image at one level with its bias taken out as it is read; nothing corrected is ever stored. */
export interface CorrectedChannel {
  readonly view: LevelView;
  /**
   * Yields a box in slabs along z, in order, as corrected 32-bit floats, x fastest. The next slab is fetched while the
   * present one is worked on. The array is reused: it is valid until the next slab is asked for.
   */
  slabs(box: Box): AsyncGenerator<{ readonly box: Box; readonly values: Float32Array }>;
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

  return {
    view,
    async *slabs(box) {
      const parts = slabsOf(box, chunkDepth, slabVoxels);
      const buffer = new Float32Array(Math.max(...parts.map((part) => volumeOf(part.size))));
      let pending = fetch(parts[0]);
      for (let i = 0; i < parts.length; i++) {
        const raw = await pending;
        if (i + 1 < parts.length) pending = fetch(parts[i + 1]);
        const values = buffer.subarray(0, raw.length);
        divideByBias(values, raw, field, view.size, parts[i], correction.method);
        yield { box: parts[i], values };
      }
    },
  };
}

function volumeOf(size: Vec3): number {
  return size[0] * size[1] * size[2];
}
