/** Thresholds that cut a histogram into classes. */
export interface ClassThresholds {
  /** Ascending, one fewer than classes. Each is the centre of the last bin of the class below it. */
  readonly thresholds: readonly number[];
  /** The histogram had fewer occupied bins than classes, so that the thresholds are merely equally spaced. */
  readonly degenerate: boolean;
}

/**
 * Multi-level Otsu thresholds: the cuts that maximise the variance between classes, Σ_c P_c·μ_c², over all possible cuts
 * (Liao, Chen, Chung 2001), found by dynamic programming. Of equally good cuts the lowest is taken, as scikit-image does.
 *
 * The best last cut moves up with the end of the range, so that each row of the table is filled by halving: k·n·log n steps
 * rather than n^(k−1).
 *
 * @param counts of each bin
 * @param centres of each bin, ascending
 * @param classes 2 or more
 */
export function multiOtsu(counts: ArrayLike<number>, centres: ArrayLike<number>, classes: number): ClassThresholds {
  if (!(Number.isInteger(classes) && classes >= 2)) throw new RangeError(`Otsu's method needs two or more classes, not ${classes}.`);
  const n = counts.length;
  let occupied = 0;
  for (let i = 0; i < n; i++) if (counts[i] > 0) occupied++;
  if (occupied < classes) return { thresholds: equallySpaced(centres, classes), degenerate: true };
  return { thresholds: lastBins(counts, classes).map((bin) => centres[bin]), degenerate: false };
}

/**
 * Thresholds as methods `otsu+k<k>i<i>` index them: `[lo, t_1, …, t_(k−1), hi]` (pipeline-spec §3.5). So index 0 is the lower end
 * of the range and index k the upper.
 */
export function otsuThresholdList(otsu: ClassThresholds, lo: number, hi: number): readonly number[] {
  return [lo, ...otsu.thresholds, hi];
}

/** Cuts of the range of the bins into equal parts. */
function equallySpaced(centres: ArrayLike<number>, classes: number): number[] {
  const n = centres.length;
  const half = n > 1 ? (centres[1] - centres[0]) / 2 : 0.5;
  const lo = centres[0] - half;
  const hi = centres[n - 1] + half;
  return Array.from({ length: classes - 1 }, (_, i) => lo + ((hi - lo) * (i + 1)) / classes);
}

/**
 * The last bin of each class but the highest, for the partition of a histogram into contiguous classes with the least
 * variance within: at once Otsu's classes and the optimal one-dimensional k-means. At least `classes` bins must be occupied.
 */
export function lastBins(counts: ArrayLike<number>, classes: number): number[] {
  const n = counts.length;
  const mass = new Float64Array(n + 1);
  const moment = new Float64Array(n + 1);
  for (let i = 0; i < n; i++) {
    mass[i + 1] = mass[i] + counts[i];
    moment[i + 1] = moment[i] + counts[i] * i;
  }
  /** Contribution of a class made of the bins from..to − 1. */
  const gain = (from: number, to: number): number => {
    const p = mass[to] - mass[from];
    if (p <= 0) return 0;
    const s = moment[to] - moment[from];
    return (s * s) / p;
  };
  let best = Float64Array.from({ length: n + 1 }, (_, end) => gain(0, end));
  const cuts: Int32Array[] = [];
  for (let k = 2; k <= classes; k++) {
    const next = new Float64Array(n + 1).fill(-1);
    const cut = new Int32Array(n + 1);
    const previous = best;
    const fill = (first: number, last: number, lowest: number, highest: number): void => {
      if (first > last) return;
      const end = (first + last) >> 1;
      let chosen = lowest;
      for (let from = Math.max(lowest, k - 1); from <= Math.min(highest, end - 1); from++) {
        const value = previous[from] + gain(from, end);
        if (value > next[end]) {
          next[end] = value;
          chosen = from;
        }
      }
      cut[end] = chosen;
      fill(first, end - 1, lowest, chosen);
      fill(end + 1, last, chosen, highest);
    };
    fill(k, n, k - 1, n - 1);
    best = next;
    cuts.push(cut);
  }
  const bins: number[] = [];
  let end = n;
  for (let k = classes; k >= 2; k--) {
    end = cuts[k - 2][end];
    bins.unshift(end - 1);
  }
  return bins;
}
