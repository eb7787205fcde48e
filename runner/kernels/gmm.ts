import { lastBins } from './otsu.ts';

/** A mixture of normal distributions, in ascending order of the means. */
export interface GaussianMixture {
  readonly means: readonly number[];
  readonly sigmas: readonly number[];
  readonly weights: readonly number[];
  readonly iterations: number;
  readonly converged: boolean;
}

/** Choices of {@link fitGaussianMixture}; the defaults are scikit-learn's and upstream's. */
export interface MixtureOptions {
  /** Stop when the mean log likelihood changes by less. Default 1e-3. */
  readonly tolerance?: number;
  /** Default 200. */
  readonly maxIterations?: number;
  /** Added to every variance. Default 1e-6. */
  readonly regularisation?: number;
}

/**
 * Fits a one-dimensional mixture of normal distributions to a histogram by expectation maximisation (Dempster, Laird, Rubin
 * 1977), starting from the optimal k-means partition. Deterministic: where upstream draws 500 000 samples from the
 * histogram, the bins themselves are the data.
 *
 * With fewer occupied bins than components, as many components as occupied bins are fitted.
 *
 * @param counts of each bin. Throws a RangeError when all are 0.
 * @param centres of each bin, ascending
 */
export function fitGaussianMixture(
  counts: ArrayLike<number>, centres: ArrayLike<number>, components: number, options: MixtureOptions = {},
): GaussianMixture {
  const { tolerance = 1e-3, maxIterations = 200, regularisation = 1e-6 } = options;
  const bins: number[] = [];
  let total = 0;
  for (let i = 0; i < counts.length; i++) {
    if (counts[i] > 0) bins.push(i);
    total += counts[i];
  }
  if (total === 0) throw new RangeError('A mixture cannot be fitted to an empty histogram.');
  const values = Float64Array.from(bins, (bin) => centres[bin]);
  const weights = Float64Array.from(bins, (bin) => counts[bin] / total);
  const k = Math.min(components, values.length);
  const shares = initialShares(counts, bins, k);
  const state: MixtureState = { means: new Float64Array(k), variances: new Float64Array(k), weights: new Float64Array(k) };
  maximise(state, values, weights, shares, regularisation);
  let previous = -Infinity;
  let iterations = 0;
  let converged = false;
  while (iterations < maxIterations && !converged) {
    iterations++;
    const likelihood = expect(state, values, weights, shares);
    maximise(state, values, weights, shares, regularisation);
    converged = Math.abs(likelihood - previous) < tolerance;
    previous = likelihood;
  }
  const order = Array.from(state.means.keys()).sort((a, b) => state.means[a] - state.means[b] || a - b);
  return {
    means: order.map((i) => state.means[i]),
    sigmas: order.map((i) => Math.sqrt(state.variances[i])),
    weights: order.map((i) => state.weights[i]),
    iterations,
    converged,
  };
}

/** μ + k·σ of the component with the highest mean: the threshold of methods `gmm+n<n>k<k>` (pipeline-spec §3.5). */
export function mixtureThreshold(mixture: GaussianMixture, sigmas: number): number {
  const last = mixture.means.length - 1;
  return mixture.means[last] + sigmas * mixture.sigmas[last];
}

interface MixtureState {
  readonly means: Float64Array;
  readonly variances: Float64Array;
  readonly weights: Float64Array;
}

/** Each value belongs wholly to its class of the optimal k-means partition. Laid out component by component. */
function initialShares(counts: ArrayLike<number>, bins: readonly number[], k: number): Float64Array {
  const cuts = k > 1 ? lastBins(counts, k) : [];
  const shares = new Float64Array(k * bins.length);
  bins.forEach((bin, i) => {
    const component = cuts.filter((cut) => bin > cut).length;
    shares[component * bins.length + i] = 1;
  });
  return shares;
}

/** Mean log likelihood; replaces each component's share in each value. */
function expect(state: MixtureState, values: Float64Array, weights: Float64Array, shares: Float64Array): number {
  const n = values.length;
  const k = state.means.length;
  const logs = Float64Array.from(state.weights, (weight, q) => Math.log(weight) - 0.5 * Math.log(2 * Math.PI * state.variances[q]));
  let likelihood = 0;
  for (let i = 0; i < n; i++) {
    let largest = -Infinity;
    for (let q = 0; q < k; q++) {
      const distance = values[i] - state.means[q];
      const log = logs[q] - (0.5 * distance * distance) / state.variances[q];
      shares[q * n + i] = log;
      if (log > largest) largest = log;
    }
    let sum = 0;
    for (let q = 0; q < k; q++) sum += Math.exp(shares[q * n + i] - largest);
    const norm = largest + Math.log(sum);
    for (let q = 0; q < k; q++) shares[q * n + i] = Math.exp(shares[q * n + i] - norm);
    likelihood += weights[i] * norm;
  }
  return likelihood;
}

function maximise(state: MixtureState, values: Float64Array, weights: Float64Array, shares: Float64Array, regularisation: number): void {
  const n = values.length;
  for (let q = 0; q < state.means.length; q++) {
    // A component that lost all its values keeps a trace of mass, so that nothing divides by zero (as scikit-learn).
    let mass = 10 * Number.EPSILON;
    let sum = 0;
    for (let i = 0; i < n; i++) {
      const share = weights[i] * shares[q * n + i];
      mass += share;
      sum += share * values[i];
    }
    const mean = sum / mass;
    let spread = 0;
    for (let i = 0; i < n; i++) {
      const distance = values[i] - mean;
      spread += weights[i] * shares[q * n + i] * distance * distance;
    }
    state.means[q] = mean;
    state.variances[q] = spread / mass + regularisation;
    state.weights[q] = mass;
  }
}
