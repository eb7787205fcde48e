import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { compareGroups, describeGroup, groupValues } from '../../../runner/pipeline/group/groupStatistics.ts';
import { columnNames, findColumn, numberValues, numbers, tableOf, texts } from '../../../runner/tables/table.ts';
import type { Table } from '../../../runner/tables/table.ts';

interface Expected {
  readonly n: readonly [number, number];
  readonly mean: readonly (number | null)[];
  readonly std: readonly (number | null)[];
  readonly t: number | null;
  readonly p: number | null;
  readonly q: number | null;
  readonly d: number | null;
}
interface Reference {
  readonly participants: readonly (readonly [string, string])[];
  readonly metrics: readonly string[];
  readonly rows: readonly Readonly<Record<string, number | string | null>>[];
  readonly groups: readonly [string, string];
  readonly expected: Readonly<Record<'student' | 'welch', Readonly<Record<string, readonly Expected[]>>>>;
}

// Made by test/fixtures/statistics/makeGroup.py with scipy.
const reference = JSON.parse(readFileSync(new URL('../../fixtures/statistics/group.json', import.meta.url), 'utf8')) as Reference;

function referenceTable(): Table {
  const { rows, metrics } = reference;
  return tableOf([
    numbers('index', rows.map((row) => Number(row.index))), texts('name', rows.map((row) => String(row.name))),
    ...metrics.map((metric) => numbers(metric, rows.map((row) => (row[metric] === null ? NaN : Number(row[metric]))))),
    texts('participant_id', rows.map((row) => String(row.participant_id))),
  ]);
}

function close(actual: number, expected: number | null, what: string): void {
  if (expected === null) assert.ok(Number.isNaN(actual), `${what}: ${actual} instead of nothing`);
  else assert.ok(actual === expected || Math.abs(actual - expected) <= 1e-9 * Math.abs(expected), `${what}: ${actual} instead of ${expected}`);
}

describe('statistics of two groups by region', () => {
  const { groups, metrics } = reference;
  const members = (group: string): string[] => reference.participants.filter(([, own]) => own === group).map(([participant]) => participant);
  const participants = [members(groups[0]), members(groups[1])] as const;

  for (const test of ['student', 'welch'] as const) {
    it(`agrees with scipy on every region and metric (${test})`, () => {
      const table = compareGroups(groupValues(referenceTable()), { names: groups, participants, test });
      for (const metric of metrics) {
        const column = (suffix: string): Float64Array => numberValues(table, `${metric}_${suffix}`);
        reference.expected[test][metric].forEach((expected, row) => {
          const what = `${metric}, region ${row}`;
          groups.forEach((group, g) => {
            close(column(`mean_${group}`)[row], expected.mean[g], `${what}, mean of ${group}`);
            close(column(`std_${group}`)[row], expected.std[g], `${what}, SD of ${group}`);
          });
          close(column('tstat')[row], expected.t, `${what}, t`);
          close(column('pval')[row], expected.p, `${what}, p`);
          close(column('qval')[row], expected.q, `${what}, q`);
          close(column('cohensd')[row], expected.d, `${what}, d`);
        });
      }
    });
  }

  it('counts the participants that have a region, and says where a metric has fewer values', () => {
    const table = compareGroups(groupValues(referenceTable()), { names: groups, participants, test: 'student' });
    assert.deepEqual(Array.from(numberValues(table, 'n_5xFAD, old')), [4, 4, 4, 4, 4, 4, 4, 4]);
    assert.deepEqual(Array.from(numberValues(table, 'n_WT')), [4, 4, 4, 3, 4, 4, 4, 4], 'one participant lacks region 3');
    assert.deepEqual(Array.from(numberValues(table, 'Abeta+density_n_5xFAD, old')), [0, 4, 4, 4, 3, 4, 4, 4]);
    assert.equal(findColumn(table, 'Abeta+count_n_WT'), undefined, 'no extra columns where nothing is missing');
  });

  it('writes the columns in the order of the specification', () => {
    const table = compareGroups(groupValues(referenceTable()), { names: groups, participants, test: 'student' });
    assert.deepEqual(columnNames(table).slice(0, 12), [
      'index', 'name', 'n_5xFAD, old', 'n_WT', 'Abeta+fieldfrac_mean_5xFAD, old', 'Abeta+fieldfrac_mean_WT', 'Abeta+fieldfrac_std_5xFAD, old',
      'Abeta+fieldfrac_std_WT', 'Abeta+fieldfrac_tstat', 'Abeta+fieldfrac_pval', 'Abeta+fieldfrac_qval', 'Abeta+fieldfrac_cohensd',
    ]);
  });

  it('gives a participant with several images one vote', () => {
    const table = tableOf([
      numbers('index', [1, 1, 1]), texts('name', ['a', 'a', 'a']), numbers('Iba1+count', [2, 4, 9]), texts('participant_id', ['sub-1', 'sub-1', 'sub-2']),
    ]);
    const described = describeGroup(groupValues(table), ['sub-1', 'sub-2']);
    assert.equal(numberValues(described, 'n_subjects')[0], 2);
    assert.equal(numberValues(described, 'Iba1+count_mean')[0], 6);
    assert.equal(numberValues(described, 'Iba1+count_min')[0], 3);
    assert.equal(numberValues(described, 'Iba1+count_max')[0], 9);
  });
});
