import tCdf from '@stdlib/stats-base-dists-t-cdf';

/** Size, mean and sample standard deviation (n − 1) of a group. The SD of fewer than two values is NaN, the mean of none. */
export interface GroupSummary {
  readonly n: number;
  readonly mean: number;
  readonly sd: number;
}

/** Summarises the finite values of a group; others (missing measurements) are not counted. Two passes, so no cancellation. */
export function summarize(values: ArrayLike<number>): GroupSummary {
  let n = 0;
  let sum = 0;
  let low = Infinity;
  let high = -Infinity;
  for (let i = 0; i < values.length; i++) {
    if (!Number.isFinite(values[i])) continue;
    n++;
    sum += values[i];
    low = Math.min(low, values[i]);
    high = Math.max(high, values[i]);
  }
  if (n === 0) return { n, mean: NaN, sd: NaN };
  // Equal values have no spread at all, whatever rounding makes of their mean.
  if (low === high) return { n, mean: low, sd: n < 2 ? NaN : 0 };
  const mean = sum / n;
  let squares = 0;
  for (let i = 0; i < values.length; i++) if (Number.isFinite(values[i])) squares += (values[i] - mean) ** 2;
  return { n, mean, sd: Math.sqrt(squares / (n - 1)) };
}

/** Result of a two-sample t test. */
export interface TTest {
  readonly t: number;
  /** Degrees of freedom. */
  readonly df: number;
  /** Two-sided. */
  readonly p: number;
}

const undecided: TTest = { t: NaN, df: NaN, p: NaN };

/** Two-sided p value of t with `df` degrees of freedom; from the lower tail, so small values keep their digits. */
export function twoSidedP(t: number, df: number): number {
  if (Number.isNaN(t) || !(df > 0)) return NaN;
  return Math.min(1, 2 * tCdf(-Math.abs(t), df));
}

/**
 * Student's t test of two independent groups with equal variances, df = n1 + n2 − 2 (as scipy.stats.ttest_ind). NaN
 * when a group has fewer than two values, or when no value differs from its group's mean (the test says nothing then).
 */
export function studentTTest(a: GroupSummary, b: GroupSummary): TTest {
  if (a.n < 2 || b.n < 2) return undecided;
  const df = a.n + b.n - 2;
  const variance = ((a.n - 1) * a.sd ** 2 + (b.n - 1) * b.sd ** 2) / df;
  return decide(a.mean - b.mean, Math.sqrt(variance * (1 / a.n + 1 / b.n)), df);
}

/** Welch's t test of two independent groups with unequal variances, df after Satterthwaite. NaN as {@link studentTTest}. */
export function welchTTest(a: GroupSummary, b: GroupSummary): TTest {
  if (a.n < 2 || b.n < 2) return undecided;
  const va = a.sd ** 2 / a.n;
  const vb = b.sd ** 2 / b.n;
  const df = (va + vb) ** 2 / (va ** 2 / (a.n - 1) + vb ** 2 / (b.n - 1));
  return decide(a.mean - b.mean, Math.sqrt(va + vb), df);
}

function decide(difference: number, standardError: number, df: number): TTest {
  if (!(standardError > 0)) return undecided;
  const t = difference / standardError;
  return { t, df, p: twoSidedP(t, df) };
}

/** Cohen's d: difference of the means in units of the pooled sample SD. NaN for fewer than two values or no spread. */
export function cohensD(a: GroupSummary, b: GroupSummary): number {
  if (a.n < 2 || b.n < 2) return NaN;
  const pooled = Math.sqrt(((a.n - 1) * a.sd ** 2 + (b.n - 1) * b.sd ** 2) / (a.n + b.n - 2));
  return pooled > 0 ? (a.mean - b.mean) / pooled : NaN;
}

/**
 * q values that control the false discovery rate (Benjamini and Hochberg, 1995): p·m/rank, made monotone from the
 * largest p down, at most 1. NaN p values stay NaN and are not counted among the m tests.
 */
export function benjaminiHochberg(p: ArrayLike<number>): Float64Array {
  const q = new Float64Array(p.length).fill(NaN);
  const order: number[] = [];
  for (let i = 0; i < p.length; i++) if (!Number.isNaN(p[i])) order.push(i);
  order.sort((i, j) => p[i] - p[j] || i - j);
  let smallest = 1;
  for (let rank = order.length; rank >= 1; rank--) {
    const i = order[rank - 1];
    smallest = Math.min(smallest, (p[i] * order.length) / rank);
    q[i] = smallest;
  }
  return q;
}
