import { benjaminiHochberg, cohensD, studentTTest, summarize, welchTTest } from '../../kernels/statistics.ts';
import { columnNames, findColumn, numberValues, numbers, tableOf, textValues, texts } from '../../tables/table.ts';
import type { Column, Table } from '../../tables/table.ts';

const stainMetrics = ['fieldfrac', 'density', 'count', 'volume', 'nvoxels'] as const;
const colocMetrics = ['overlapratio', 'distance', 'density', 'count'] as const;

/** Columns that are compared: per stain in order of appearance its five metrics, then the four of colocalisation. */
export function metricColumns(table: Table): readonly string[] {
  const names = columnNames(table);
  const prefixes = [...new Set(names.filter((name) => name.includes('+')).map((name) => name.slice(0, name.lastIndexOf('+'))))];
  const ordered = [...prefixes.filter((prefix) => prefix !== 'coloc'), ...prefixes.filter((prefix) => prefix === 'coloc')];
  return ordered
    .flatMap((prefix) => (prefix === 'coloc' ? colocMetrics : stainMetrics).map((metric) => `${prefix}+${metric}`))
    .filter((name) => findColumn(table, name)?.kind === 'number');
}

/** A region of an atlas. */
export interface GroupRegion {
  readonly index: number;
  readonly name: string;
}

/** Region tables of all participants, taken apart: one value per region, participant and metric. */
export interface GroupValues {
  /** By ascending index. */
  readonly regions: readonly GroupRegion[];
  readonly metrics: readonly string[];
  /** Participants that have the region. */
  participantsOf(region: GroupRegion): ReadonlySet<string>;
  /** NaN where the participant has no such value. Several images of one participant count once, with their mean. */
  value(region: GroupRegion, metric: string, participant: string): number;
}

/** Takes an `allsubjects` table apart. */
export function groupValues(table: Table): GroupValues {
  const metrics = metricColumns(table);
  const index = numberValues(table, 'index');
  const names = textValues(table, 'name');
  const participants = textValues(table, 'participant_id');
  const values = metrics.map((metric) => numberValues(table, metric));
  const regionNames = new Map<number, string>();
  const rows = new Map<number, Map<string, number[]>>();
  index.forEach((region, row) => {
    if (!regionNames.has(region)) regionNames.set(region, names[row]);
    const byParticipant = rows.get(region) ?? new Map<string, number[]>();
    rows.set(region, byParticipant);
    byParticipant.set(participants[row], [...(byParticipant.get(participants[row]) ?? []), row]);
  });
  const regions = [...regionNames].sort(([a], [b]) => a - b).map(([region, name]) => ({ index: region, name }));
  return {
    regions,
    metrics,
    participantsOf: (region) => new Set(rows.get(region.index)?.keys()),
    value: (region, metric, participant) => {
      const own = rows.get(region.index)?.get(participant) ?? [];
      const column = values[metrics.indexOf(metric)];
      return summarize(own.map((row) => column[row])).mean;
    },
  };
}

/** Two groups of participants and the test that compares them. */
export interface GroupComparison {
  /** Names of the groups, used in column names. */
  readonly names: readonly [string, string];
  readonly participants: readonly [readonly string[], readonly string[]];
  readonly test: 'student' | 'welch';
}

/**
 * The `groupstats` table of a contrast: index, name, `n_{group}` (participants that have the region), and per metric
 * means, sample standard deviations, t, two-sided p, q (Benjamini and Hochberg over the regions, index 0 left out: it is
 * not a region) and Cohen's d with the pooled SD. Groups of fewer than two values, or without any spread, have no t, p, q
 * and d. Where a metric is missing in some participants that have the region, `{metric}_n_{group}` says how many it has.
 */
export function compareGroups(data: GroupValues, comparison: GroupComparison): Table {
  const { names, participants, test } = comparison;
  const sizes = participants.map((group) => data.regions.map((region) => {
    const there = data.participantsOf(region);
    return group.filter((participant) => there.has(participant)).length;
  }));
  const columns: Column[] = [
    numbers('index', data.regions.map((region) => region.index)), texts('name', data.regions.map((region) => region.name)),
    ...sizes.map((size, g) => numbers(`n_${names[g]}`, size)),
  ];
  for (const metric of data.metrics) {
    const summaries = participants.map((group) => data.regions.map((region) => summarize(group.map((participant) => data.value(region, metric, participant)))));
    const [a, b] = summaries;
    const tests = a.map((summary, i) => (test === 'welch' ? welchTTest : studentTTest)(summary, b[i]));
    const p = tests.map((result) => result.p);
    const q = benjaminiHochberg(p.map((value, i) => (data.regions[i].index === 0 ? NaN : value)));
    if (summaries.some((group, g) => group.some((summary, i) => summary.n !== sizes[g][i]))) {
      summaries.forEach((group, g) => columns.push(numbers(`${metric}_n_${names[g]}`, group.map((summary) => summary.n))));
    }
    columns.push(
      ...summaries.map((group, g) => numbers(`${metric}_mean_${names[g]}`, group.map((summary) => summary.mean))),
      ...summaries.map((group, g) => numbers(`${metric}_std_${names[g]}`, group.map((summary) => summary.sd))),
      numbers(`${metric}_tstat`, tests.map((result) => result.t)), numbers(`${metric}_pval`, p), numbers(`${metric}_qval`, q),
      numbers(`${metric}_cohensd`, a.map((summary, i) => cohensD(summary, b[i]))),
    );
  }
  return tableOf(columns);
}

/** Without a contrast: per region the number of participants, and mean, sample SD, minimum and maximum of every metric. */
export function describeGroup(data: GroupValues, participants: readonly string[]): Table {
  const columns: Column[] = [
    numbers('index', data.regions.map((region) => region.index)), texts('name', data.regions.map((region) => region.name)),
    numbers('n_subjects', data.regions.map((region) => data.participantsOf(region).size)),
  ];
  for (const metric of data.metrics) {
    const values = data.regions.map((region) => participants.map((participant) => data.value(region, metric, participant)).filter(Number.isFinite));
    const summaries = values.map(summarize);
    columns.push(
      numbers(`${metric}_mean`, summaries.map((summary) => summary.mean)), numbers(`${metric}_std`, summaries.map((summary) => summary.sd)),
      numbers(`${metric}_min`, values.map((own) => (own.length === 0 ? NaN : Math.min(...own)))),
      numbers(`${metric}_max`, values.map((own) => (own.length === 0 ? NaN : Math.max(...own)))),
    );
  }
  return tableOf(columns);
}
