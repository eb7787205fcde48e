import { setImmediate } from 'node:timers/promises';
import { n4BiasField, type N4Options } from '../../kernels/n4.ts';
import type { Volume } from '../../kernels/volume.ts';
import type { TaskContext } from '../task.ts';

/** An image without its bias, and the bias: 32-bit floats on the image's grid, corrected = image / bias. */
export interface Unbiased {
  readonly corrected: Volume<Float32Array>;
  readonly bias: Volume<Float32Array>;
}

/**
 * Estimates the bias of an image by N4 within a mask (non-zero) of the same grid, and divides by it.
 *
 * The field is scaled to a geometric mean of 1 within the mask. N4 leaves its scale open, and where a few objects are much
 * brighter than the tissue it drifts (ITK's as well: to half, in a brain with plaques), so that a threshold in units
 * of the image's intensities would lose its meaning.
 */
export async function removeBias(context: Pick<TaskContext, 'progress' | 'signal'>, image: Volume<Float32Array>, mask: Volume, options: N4Options): Promise<Unbiased> {
  const total = (options.iterations ?? []).reduce((a, b) => a + b, 0);
  let done = 0;
  const { logBias } = await n4BiasField(image.data, mask.data, image.size, {
    ...options,
    onIteration: async () => {
      context.progress({ done: ++done, total, unit: 'iterations' });
      await setImmediate();
      context.signal.throwIfAborted();
    },
  });
  const mean = meanWithin(logBias, mask);
  const bias = logBias.map((value) => Math.exp(value - mean));
  const corrected = image.data.map((value, i) => value / bias[i]);
  return { corrected: { ...image, data: corrected }, bias: { ...image, data: bias } };
}

/** Mean over the voxels of a mask that are not 0; 0 when there are none. */
function meanWithin(values: Float32Array, mask: Volume): number {
  let sum = 0;
  let count = 0;
  for (let i = 0; i < values.length; i++) {
    if (mask.data[i] === 0) continue;
    sum += values[i];
    count++;
  }
  return count === 0 ? 0 : sum / count;
}
