import { tsvParseRows } from 'd3-dsv';

/** A column of participants.tsv that can tell groups apart. */
export interface GroupColumn {
  readonly name: string;
  /** Its values, the most frequent first, with how many participants have them. */
  readonly values: readonly { readonly value: string; readonly participants: number }[];
}

/** Values beyond which a column is no grouping: ages, weights, dates. */
const mostGroups = 12;

/**
 * Columns of participants.tsv by which participants can be compared: at least two values, and at least one of them
 * shared, or few enough values to choose from. Cells that are empty or `n/a` belong to no group.
 */
export function groupColumns(tsv: string): readonly GroupColumn[] {
  const [header, ...rows] = tsvParseRows(tsv.replace(/^\uFEFF/, ''));
  return (header ?? []).flatMap((heading, at): GroupColumn[] => {
    const name = heading.trim();
    if (name === 'participant_id' || name === '') return [];
    const counts = new Map<string, number>();
    for (const row of rows) {
      const value = (row[at] ?? '').trim();
      if (value !== '' && value !== 'n/a') counts.set(value, (counts.get(value) ?? 0) + 1);
    }
    const values = [...counts].map(([value, participants]) => ({ value, participants })).sort((a, b) => b.participants - a.participants || a.value.localeCompare(b.value, 'en', { numeric: true }));
    const shared = values.some((each) => each.participants > 1);
    return values.length >= 2 && values.length <= mostGroups && shared ? [{ name, values }] : [];
  });
}
