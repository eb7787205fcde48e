import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gaussianBlur } from '../../runner/kernels/blur.ts';
import type { Vec3 } from '../../runner/kernels/geometry.ts';
import { bestOf, runPython, type BenchRow } from './benchRow.ts';

const edge = 256;
const size: Vec3 = [edge, edge, edge];
const sigma = 3;

const script = `
import json, sys, time
import numpy as np
from scipy.ndimage import gaussian_filter
image = np.fromfile(sys.argv[1], dtype=np.float32).reshape((${edge},) * 3)
times = []
for _ in range(3):
    start = time.perf_counter(); smooth = gaussian_filter(image, ${sigma}, mode='reflect', truncate=4.0); times.append(time.perf_counter() - start)
smooth.tofile(sys.argv[2])
print(json.dumps(min(times)))
`;

/** Gaussian smoothing against scipy, both on one thread. Throws when the results differ by more than rounding. */
export async function benchBlur(python: string): Promise<readonly BenchRow[]> {
  const folder = await mkdtemp(join(tmpdir(), 'spimquant-bench-'));
  try {
    const image = Float32Array.from({ length: edge ** 3 }, (_, i) => (Math.imul(i, 2654435761) >>> 20) + 100);
    const [input, output] = [join(folder, 'image.raw'), join(folder, 'smooth.raw')];
    await writeFile(input, image);
    const peerSeconds = await runPython<number>(python, script, [input, output]);
    let smooth: Float32Array = new Float32Array(0);
    const oursSeconds = bestOf(3, () => { smooth = gaussianBlur(image, size, sigma); });
    const theirs = await readFile(output);
    const expected = new Float32Array(theirs.buffer, theirs.byteOffset, theirs.length / 4);
    const worst = smooth.reduce((most, value, i) => Math.max(most, Math.abs(value - expected[i]) / expected[i]), 0);
    if (worst > 2e-6) throw new Error(`The smoothed images differ by a part of ${worst}.`);
    return [{ name: `gaussian blur, sigma ${sigma}, ${edge}³ float32`, peer: 'scipy', oursSeconds, peerSeconds }];
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
