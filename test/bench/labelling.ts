import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { labelRuns, type Labels } from '../../runner/kernels/components.ts';
import { measureComponents } from '../../runner/kernels/componentStats.ts';
import type { Vec3 } from '../../runner/kernels/geometry.ts';
import { runsOfMask } from '../../runner/kernels/runs.ts';
import type { BenchRow } from './benchRow.ts';
import { bestOf, runPython } from './benchRow.ts';

const edge = 256;
const size: Vec3 = [edge, edge, edge];

/** A mask of separate blobs, about 7 % of the volume, like plaques at full resolution. */
function blobs(): Uint8Array {
  const mask = new Uint8Array(edge ** 3);
  let state = 12345;
  const next = (): number => (state = (Math.imul(state, 1664525) + 1013904223) >>> 0) / 4294967296;
  for (let blob = 0; blob < 9000; blob++) {
    const centre = [next(), next(), next()].map((v) => Math.floor(v * edge));
    const radius = 1 + next() * 4.2;
    const reach = Math.ceil(radius);
    for (let z = Math.max(0, centre[2] - reach); z <= Math.min(edge - 1, centre[2] + reach); z++) {
      for (let y = Math.max(0, centre[1] - reach); y <= Math.min(edge - 1, centre[1] + reach); y++) {
        for (let x = Math.max(0, centre[0] - reach); x <= Math.min(edge - 1, centre[0] + reach); x++) {
          if (Math.hypot(x - centre[0], y - centre[1], z - centre[2]) <= radius) mask[x + edge * (y + edge * z)] = 100;
        }
      }
    }
  }
  return mask;
}

const script = `
import json, sys, time
import numpy as np
from skimage.measure import label, regionprops_table
mask = np.fromfile(sys.argv[1], dtype=np.uint8).reshape((${edge},) * 3)
def best(run):
    times = []
    for _ in range(3):
        start = time.perf_counter(); result = run(); times.append(time.perf_counter() - start)
    return min(times), result
seconds, labels = best(lambda: label(mask > 0, connectivity=3))
props, table = best(lambda: regionprops_table(labels, properties=('label', 'area', 'centroid')))
print(json.dumps({'label': seconds, 'props': props, 'count': int(labels.max()), 'area': float(table['area'].sum())}))
`;

/** Labelling of a mask and measuring its objects, against scikit-image. Throws when the two disagree on what there is. */
export async function benchLabelling(python: string): Promise<readonly BenchRow[]> {
  const folder = await mkdtemp(join(tmpdir(), 'spimquant-bench-'));
  try {
    const mask = blobs();
    await writeFile(join(folder, 'mask.raw'), mask);
    const peer = await runPython<{ label: number; props: number; count: number; area: number }>(python, script, [join(folder, 'mask.raw')]);
    let labels: Labels = labelRuns(runsOfMask(mask, size));
    const labelSeconds = bestOf(3, () => (labels = labelRuns(runsOfMask(mask, size))));
    let area = 0;
    const propsSeconds = bestOf(3, () => (area = measureComponents(labels, [0, 0, 0], size).voxels.reduce((a, b) => a + b, 0)));
    if (labels.count !== peer.count || area !== peer.area) throw new Error(`Objects differ: ${labels.count} and ${area} here, ${peer.count} and ${peer.area} there.`);
    return [
      { name: `label ${edge}³, 26-connected, ${labels.count} objects`, peer: 'scikit-image label', oursSeconds: labelSeconds, peerSeconds: peer.label },
      { name: 'area and centroid of all objects', peer: 'scikit-image regionprops_table', oursSeconds: propsSeconds, peerSeconds: peer.props },
    ];
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
