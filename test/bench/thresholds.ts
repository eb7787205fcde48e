import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fitGaussianMixture, mixtureThreshold } from '../../runner/kernels/gmm.ts';
import { binCentres, emptyHistogram, histogramOf, type Histogram } from '../../runner/kernels/histogram.ts';
import { multiOtsu } from '../../runner/kernels/otsu.ts';
import { percentiles } from '../../runner/kernels/percentile.ts';
import { bestOf, runPython, type BenchRow } from './benchRow.ts';

const voxels = 2 ** 24;
/** Enough for figures that mean something, few enough for scikit-image's search of all four classes to end soon. */
const bins = 400;

interface Peer {
  readonly percentile: number;
  readonly histogram: number;
  readonly otsu3: number;
  readonly otsu4: number;
  readonly gmm: number;
  readonly range: readonly [number, number];
  readonly counts: readonly number[];
  readonly thresholds: readonly number[];
  readonly gmmThreshold: number;
}

const script = `
import json, sys, time
import numpy as np
from skimage.filters import threshold_multiotsu
from sklearn.mixture import GaussianMixture
image = np.fromfile(sys.argv[1], dtype=np.uint16)
def best(runs, work):
    times = []
    for _ in range(runs):
        start = time.perf_counter(); result = work(); times.append(time.perf_counter() - start)
    return min(times), result
percentile, (lo, hi) = best(2, lambda: np.percentile(image, [1, 99.5]))
histogram, (counts, edges) = best(2, lambda: np.histogram(image, bins=${bins}, range=(lo, hi)))
centres = (edges[:-1] + edges[1:]) / 2
otsu3, thresholds = best(3, lambda: threshold_multiotsu(hist=(counts, centres), classes=3))
otsu4, _ = best(1, lambda: threshold_multiotsu(hist=(counts, centres), classes=4))
def mixture():
    samples = np.random.default_rng(42).choice(centres, size=500000, p=counts / counts.sum()).astype(np.float32)
    return GaussianMixture(3, covariance_type='full', random_state=42, max_iter=200).fit(samples.reshape(-1, 1))
gmm, model = best(1, mixture)
top = int(np.argmax(model.means_.ravel()))
print(json.dumps({'percentile': percentile, 'histogram': histogram, 'otsu3': otsu3, 'otsu4': otsu4, 'gmm': gmm, 'range': [float(lo), float(hi)],
                  'counts': counts.tolist(), 'thresholds': [float(t) for t in thresholds],
                  'gmmThreshold': float(model.means_.ravel()[top] + np.sqrt(model.covariances_.ravel()[top]))}))
`;

/** Three peaks, as background, tissue and plaques give them. */
function image(): Uint16Array {
  let state = 99;
  const random = (): number => (state = (Math.imul(state, 1664525) + 1013904223) >>> 0) / 2 ** 32;
  return Uint16Array.from({ length: voxels }, () => {
    const which = random();
    const spread = random() + random() + random() - 1.5;
    return which < 0.6 ? 200 + 90 * spread : which < 0.95 ? 600 + 160 * spread : 1300 + 500 * spread;
  });
}

/** Percentiles, histogram, multi-Otsu and Gaussian mixtures against numpy, scikit-image and scikit-learn. Throws when results disagree. */
export async function benchThresholds(python: string): Promise<readonly BenchRow[]> {
  const folder = await mkdtemp(join(tmpdir(), 'spimquant-bench-'));
  try {
    const values = image();
    await writeFile(join(folder, 'image.raw'), values);
    const peer = await runPython<Peer>(python, script, [join(folder, 'image.raw')]);
    let range: readonly number[] = [];
    const percentileSeconds = bestOf(3, () => { range = percentiles(values, [1, 99.5]); });
    const [lo, hi] = range;
    let histogram: Histogram = emptyHistogram(bins, lo, hi);
    const histogramSeconds = bestOf(3, () => { histogram = histogramOf(values, bins, lo, hi); });
    if (lo !== peer.range[0] || hi !== peer.range[1] || histogram.counts.some((count, i) => count !== peer.counts[i])) {
      throw new Error('Percentiles or histogram differ from numpy.');
    }
    const centres = binCentres(histogram);
    let thresholds: readonly number[] = [];
    const otsu3 = bestOf(20, () => { thresholds = multiOtsu(histogram.counts, centres, 3).thresholds; });
    const otsu4 = bestOf(20, () => multiOtsu(histogram.counts, centres, 4));
    const width = (hi - lo) / bins;
    if (thresholds.some((value, i) => Math.abs(value - peer.thresholds[i]) > 1.01 * width)) throw new Error('Otsu thresholds differ from scikit-image.');
    let mixture = 0;
    const gmm = bestOf(20, () => { mixture = mixtureThreshold(fitGaussianMixture(histogram.counts, centres, 3), 1); });
    if (Math.abs(mixture / peer.gmmThreshold - 1) > 0.02) throw new Error(`The mixture's threshold is ${mixture}, scikit-learn's ${peer.gmmThreshold}.`);
    const millions = Math.round(voxels / 1e6);
    return [
      { name: `percentiles of ${millions} million uint16`, peer: 'numpy', oursSeconds: percentileSeconds, peerSeconds: peer.percentile },
      { name: `histogram of ${millions} million uint16, ${bins} bins`, peer: 'numpy', oursSeconds: histogramSeconds, peerSeconds: peer.histogram },
      { name: `multi-Otsu, 3 classes, ${bins} bins`, peer: 'scikit-image', oursSeconds: otsu3, peerSeconds: peer.otsu3 },
      { name: `multi-Otsu, 4 classes, ${bins} bins`, peer: 'scikit-image', oursSeconds: otsu4, peerSeconds: peer.otsu4 },
      { name: `Gaussian mixture, 3 components, ${bins} bins`, peer: 'scikit-learn (500 000 samples)', oursSeconds: gmm, peerSeconds: peer.gmm },
    ];
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
