import type { ParticipantsTable } from '../../bids/participants.ts';
import { didYouMean } from '../../protocol/nearest.ts';
import { SpimquantError } from '../../protocol/errors.ts';

/** A comparison of two groups of participants, A minus B. */
export interface Contrast {
  /** Column of participants.tsv. */
  readonly column: string;
  readonly values: readonly [string, string];
  /** Participants of each group, `sub-…`, sorted. */
  readonly participants: readonly [readonly string[], readonly string[]];
}

/** What was asked for, what came of it, and what the user should know. */
export interface ChosenContrast {
  readonly contrast: Contrast;
  readonly notices: readonly string[];
}

function bad(message: string, hint: string, where: string): SpimquantError {
  return new SpimquantError('bad-option', message, { hint, where });
}

function listed(values: readonly string[]): string {
  const shown = values.slice(0, 20).map((value) => JSON.stringify(value)).join(', ');
  return values.length > 20 ? `${shown} and ${values.length - 20} more` : shown;
}

/**
 * Sorts participants into the two groups of a contrast. Without given values the column must hold exactly two.
 *
 * @param analysed participants with region tables, `sub-…`
 * @param where the URI of participants.tsv, for errors
 * @throws SpimquantError `bad-option` for an unknown column or value and for groups of fewer than two participants
 */
export function chooseContrast(
  column: string, values: readonly [string, string] | undefined, table: ParticipantsTable, analysed: readonly string[], where: string,
): ChosenContrast {
  if (!table.columns.includes(column)) {
    throw bad(`participants.tsv has no column ${JSON.stringify(column)}.${didYouMean(column, table.columns)}`,
      table.columns.length === 0 ? 'It holds participant_id only: add the column that tells the groups apart.' : `Its columns are: ${table.columns.join(', ')}.`, where);
  }
  const label = (participant: string): string => participant.replace(/^sub-/, '');
  const valueOf = (participant: string): string => table.rows.get(label(participant))?.[column] ?? '';
  const present = [...new Set(analysed.map(valueOf).filter((value) => value !== ''))].sort();
  const inFile = [...new Set([...table.rows.values()].map((row) => row[column]).filter((value) => value !== undefined))].sort();
  if (values === undefined && present.length !== 2) {
    throw bad(`Column ${JSON.stringify(column)} has ${present.length} different values among the participants with results; a contrast needs two.`,
      `Choose two with --contrast_values: ${listed(present)}.`, where);
  }
  const chosen = values ?? [present[0], present[1]] as const;
  for (const value of chosen) {
    if (inFile.includes(value)) continue;
    throw bad(`Column ${JSON.stringify(column)} of participants.tsv holds no ${JSON.stringify(value)}.${didYouMean(value, inFile)}`, `Its values are: ${listed(inFile)}.`, where);
  }
  const members = (value: string): readonly string[] => analysed.filter((participant) => valueOf(participant) === value).sort();
  const participants = [members(chosen[0]), members(chosen[1])] as const;
  if (participants.some((group) => group.length < 2)) {
    throw bad(`A contrast needs at least two participants with results in each group; there are ${participants[0].length} with ${column} = ${chosen[0]} and ${participants[1].length} with ${column} = ${chosen[1]}.`,
      `${inFile.length > 2 ? `Other values of ${column}: ${listed(inFile.filter((value) => !chosen.includes(value)))}. ` : ''}Run the participant level for more participants of these groups, or choose other groups.`, where);
  }
  const without = analysed.filter((participant) => !table.rows.has(label(participant)));
  const empty = analysed.filter((participant) => table.rows.has(label(participant)) && valueOf(participant) === '');
  const others = analysed.filter((participant) => valueOf(participant) !== '' && !chosen.includes(valueOf(participant)));
  const notices = [
    ...(without.length > 0 ? [`Left out of the contrast, because participants.tsv has no row for them: ${without.join(', ')}.`] : []),
    ...(empty.length > 0 ? [`Left out of the contrast, because their ${column} is not given: ${empty.join(', ')}.`] : []),
    ...(others.length > 0 ? [`Left out of the contrast, because their ${column} is another: ${others.join(', ')}.`] : []),
  ];
  return { contrast: { column, values: [chosen[0], chosen[1]], participants }, notices };
}
