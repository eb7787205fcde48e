import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { benjaminiHochberg, cohensD, studentTTest, summarize, twoSidedP, welchTTest } from '../../../runner/kernels/statistics.ts';

interface Reference {
  readonly cases: readonly { readonly a: number[]; readonly b: number[]; readonly student: Figures; readonly welch: Figures; readonly d: number }[];
  readonly tails: readonly { readonly t: number; readonly df: number; readonly p: number }[];
  readonly families: readonly { readonly p: number[]; readonly statsmodels: number[]; readonly scipy: number[] }[];
}
interface Figures {
  readonly t: number;
  readonly df: number;
  readonly p: number;
}

// Made by test/fixtures/statistics/make.py with scipy, statsmodels and numpy.
const reference = JSON.parse(readFileSync(new URL('../../fixtures/statistics/statistics.json', import.meta.url), 'utf8')) as Reference;

function close(actual: number, expected: number, relative: number, what: string): void {
  const error = Math.abs(actual - expected) / Math.max(Math.abs(expected), Number.MIN_VALUE);
  assert.ok(actual === expected || error <= relative, `${what}: ${actual} instead of ${expected} (relative error ${error})`);
}

describe('t tests, false discovery rate and effect size', () => {
  it('agrees with scipy on Student, Welch and the pooled effect size', () => {
    for (const [i, { a, b, student, welch, d }] of reference.cases.entries()) {
      const [first, second] = [summarize(a), summarize(b)];
      for (const [name, actual, expected] of [['Student', studentTTest(first, second), student], ['Welch', welchTTest(first, second), welch]] as const) {
        close(actual.t, expected.t, 1e-9, `${name} t of case ${i}`);
        close(actual.df, expected.df, 1e-9, `${name} df of case ${i}`);
        close(actual.p, expected.p, 1e-9, `${name} p of case ${i}`);
      }
      close(cohensD(first, second), d, 1e-9, `d of case ${i}`);
    }
  });

  it('keeps the digits of p far out in the tails', () => {
    for (const { t, df, p } of reference.tails) close(twoSidedP(t, df), p, 1e-9, `p of t=${t}, df=${df}`);
    assert.equal(twoSidedP(-3, 7), twoSidedP(3, 7));
  });

  it('gives the q values of statsmodels and scipy', () => {
    for (const { p, statsmodels, scipy } of reference.families) {
      const q = benjaminiHochberg(p);
      q.forEach((value, i) => {
        close(value, statsmodels[i], 1e-12, `q ${i}`);
        close(value, scipy[i], 1e-12, `q ${i}`);
      });
    }
  });

  it('leaves undecided tests out of the family of q values', () => {
    const q = benjaminiHochberg([0.01, NaN, 0.04]);
    assert.ok(Number.isNaN(q[1]));
    assert.deepEqual([q[0], q[2]], [0.02, 0.04]);
  });

  it('does not count missing values', () => {
    assert.deepEqual(summarize([1, NaN, 3]), { n: 2, mean: 2, sd: Math.SQRT2 });
    assert.ok(Number.isNaN(summarize([]).mean));
  });

  it('says nothing of groups that are too small or do not vary', () => {
    const pair = summarize([1, 2]);
    for (const test of [studentTTest, welchTTest]) {
      assert.ok(Number.isNaN(test(summarize([1]), pair).p));
      assert.ok(Number.isNaN(test(summarize([5, 5, 5]), summarize([7, 7])).t));
    }
    assert.ok(Number.isNaN(cohensD(summarize([1]), pair)));
    assert.ok(Number.isNaN(cohensD(summarize([5, 5]), summarize([7, 7]))));
    assert.ok(Number.isNaN(studentTTest(summarize([0.1, 0.1, 0.1]), summarize([0.7, 0.7, 0.7, 0.7, 0.7, 0.7])).t), 'rounding is not spread');
    assert.ok(Number.isFinite(welchTTest(summarize([5, 5]), pair).p));
  });
});
