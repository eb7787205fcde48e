import type { ColumnSummary } from '../protocol/datasets.ts';
import { SpimquantError } from '../protocol/errors.ts';
import { didYouMean } from '../protocol/nearest.ts';
import { columnNames, rowCount, textValues } from '../tables/table.ts';
import { readTsv } from '../tables/tsv.ts';
import type { ParticipantRow } from './bids.types.ts';

/** participants.tsv as the pipeline uses it. */
export interface ParticipantsTable {
  /** By label without `sub-`. */
  readonly rows: ReadonlyMap<string, ParticipantRow>;
  /** Without participant_id. */
  readonly columns: readonly string[];
}

/**
 * Reads participants.tsv. Labels and values stay text (`0001` is not 1).
 *
 * @throws SpimquantError `bad-dataset` when participant_id is missing or a participant has two rows
 */
export function parseParticipants(content: Uint8Array | string, where: string): ParticipantsTable {
  const table = readTsv(content, { name: where, text: 'all' });
  const names = columnNames(table);
  if (!names.includes('participant_id')) {
    throw new SpimquantError('bad-dataset', `${where} has no column participant_id.`, { where, hint: `Its columns are: ${names.join(', ')}. Cells must be separated by tabs.` });
  }
  const columns = names.filter((name) => name !== 'participant_id');
  const ids = textValues(table, 'participant_id');
  const values = columns.map((name) => textValues(table, name));
  const rows = new Map<string, ParticipantRow>();
  // Most values occur many times: each is held once.
  const held = new Map<string, string>();
  const once = (value: string): string => {
    const known = held.get(value);
    if (known !== undefined) return known;
    held.set(value, value);
    return value;
  };
  for (let row = 0; row < rowCount(table); row++) {
    const label = ids[row].replace(/^sub-/, '');
    if (label === '') continue;
    if (rows.has(label)) throw new SpimquantError('bad-dataset', `${where} has two rows for participant sub-${label}.`, { where });
    rows.set(label, Object.fromEntries(columns.map((name, index) => [name, values[index][row] === '' ? undefined : once(values[index][row])])));
  }
  return { rows, columns };
}

/** Values of a column that are told. */
const valuesTold = 30;

/** What stands in the columns of a table, the most frequent values first. Empty cells do not count. */
export function summariseColumns({ columns, rows }: ParticipantsTable): readonly ColumnSummary[] {
  return columns.map((name) => {
    const counts = new Map<string, number>();
    for (const row of rows.values()) {
      const value = row[name];
      if (value !== undefined) counts.set(value, (counts.get(value) ?? 0) + 1);
    }
    const values = [...counts].map(([value, participants]) => ({ value, participants })).sort((a, b) => b.participants - a.participants || (a.value < b.value ? -1 : 1));
    const numbers = values.map(({ value }) => Number(value));
    const numeric = numbers.length > 0 && numbers.every((value) => Number.isFinite(value));
    const range = numeric ? [numbers.reduce((a, b) => Math.min(a, b)), numbers.reduce((a, b) => Math.max(a, b))] as const : undefined;
    return { name, values: values.slice(0, valuesTold), different: values.length, ...(range === undefined ? {} : { range }) };
  });
}

/**
 * The labels to work on, sorted: those asked for (all when none are named) without the excluded ones.
 *
 * @throws SpimquantError `not-found` for a label that the dataset does not have
 */
export function chooseParticipants(present: readonly string[], wanted: readonly string[], excluded: readonly string[], where: string): readonly string[] {
  const strip = (label: string): string => label.replace(/^sub-/, '');
  const unknown = wanted.map(strip).find((label) => !present.includes(label));
  if (unknown !== undefined) {
    const shown = present.slice(0, 10).map((label) => `sub-${label}`).join(', ');
    throw new SpimquantError('not-found', `There is no participant ${unknown} in ${where}.${didYouMean(unknown, present)}`, {
      where,
      hint: `The dataset has ${present.length}: ${shown}${present.length > 10 ? ', …' : ''}.`,
    });
  }
  const left = new Set(excluded.map(strip));
  const chosen = wanted.length === 0 ? present : [...new Set(wanted.map(strip))];
  return chosen.filter((label) => !left.has(label)).sort();
}
