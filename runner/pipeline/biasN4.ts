import { setImmediate } from 'node:timers/promises';
import { n4BiasField, type N4Options } from '../kernels/n4.ts';
import type { Volume } from '../kernels/volume.ts';
import type { TaskContext } from './task.ts';

/** An image without its bias, and the bias: 32-bit floats on the image's grid, corrected = image / bias. */
export interface Unbiased {
  readonly corrected: Volume<Float32Array>;
  readonly bias: Volume<Float32Array>;
}

/** Estimates the bias of an image by N4 within a mask (non-zero) of the same grid, and divides by it. */
export async function removeBias(context: TaskContext, image: Volume<Float32Array>, mask: Volume, options: N4Options): Promise<Unbiased> {
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
  const bias = logBias.map(Math.exp);
  const corrected = image.data.map((value, i) => value / bias[i]);
  return { corrected: { ...image, data: corrected }, bias: { ...image, data: bias } };
}
