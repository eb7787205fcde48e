import { didYouMean } from '../protocol/nearest.ts';
import type { ParticipantsTable } from './participants.ts';

/** How a value of participants.tsv is compared. */
export type Comparison = '=' | '!=' | '<' | '<=' | '>' | '>=';

/** One word of a search; a participant has to fit all of them. */
export type SearchTerm =
  /** In the label, with or without `sub-`, or in any value. */
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'column'; readonly column: string; readonly comparison: Comparison; readonly value: string };

/** A value by which a participant was found. */
export interface MatchedValue {
  readonly name: string;
  readonly value: string;
}

/** A search, ready to be applied to participants. */
export interface ParticipantMatcher {
  /** What of participants.tsv makes the participant fit: nothing where the label does. Undefined: it does not fit. */
  match(label: string): readonly MatchedValue[] | undefined;
  /** Why nothing can fit, one sentence. */
  readonly problem?: string;
}

/**
 * Takes a search apart: words, each either text, or a column of participants.tsv compared with a value as in `treatment=drug`,
 * `age>=30`, `sex!=F`, `dose="0.5 mg"`, `batch=2024*`. Quotes keep spaces together; `*` stands for any letters.
 */
export function parseSearch(text: string): readonly SearchTerm[] {
  const words = text.match(/(?:[^\s"']|"[^"]*"?|'[^']*'?)+/g) ?? [];
  return words.map((word): SearchTerm => {
    const [, column, comparison, value] = /^([^=<>!"']+|"[^"]+"|'[^']+')(!=|<=|>=|=|<|>)(.*)$/s.exec(word) ?? [];
    if (column === undefined) return { kind: 'text', text: unquoted(word) };
    return { kind: 'column', column: unquoted(column), comparison: comparison as Comparison, value: unquoted(value) };
  }).filter((term) => term.kind === 'column' || term.text !== '');
}

function unquoted(word: string): string {
  return word.replaceAll(/"([^"]*)"?|'([^']*)'?/g, (_, double: string | undefined, single: string | undefined) => double ?? single ?? '');
}

/** Makes a search ready. Whatever the case. Without a table, columns fit nobody. */
export function participantMatcher(search: string, table: ParticipantsTable | undefined): ParticipantMatcher {
  const terms = parseSearch(search);
  const columns = table?.columns ?? [];
  const tests: ((label: string) => readonly MatchedValue[] | undefined)[] = [];
  for (const term of terms) {
    if (term.kind === 'text') {
      tests.push(textTest(term.text.toLowerCase(), columns, table));
      continue;
    }
    const fits = valueTest(term.comparison, term.value);
    const column = columns.find((name) => name === term.column) ?? columns.find((name) => name.toLowerCase() === term.column.toLowerCase());
    if (column !== undefined) {
      tests.push((label) => {
        const value = table?.rows.get(label)?.[column];
        return fits(value) ? [{ name: column, value: value ?? '' }] : undefined;
      });
    } else if (['participant_id', 'participant', 'sub', 'label'].includes(term.column.toLowerCase())) {
      const plain = valueTest(term.comparison, term.value.replace(/^sub-/i, ''));
      tests.push((label) => (plain(label) ? [] : undefined));
    } else {
      return { match: () => undefined, problem: table === undefined ? 'There is no participants.tsv whose columns could be searched.' : `participants.tsv has no column ${term.column}.${didYouMean(term.column, columns)}` };
    }
  }
  return {
    match(label) {
      const found: MatchedValue[] = [];
      for (const test of tests) {
        const values = test(label);
        if (values === undefined) return undefined;
        found.push(...values);
      }
      return found;
    },
  };
}

function textTest(text: string, columns: readonly string[], table: ParticipantsTable | undefined): (label: string) => readonly MatchedValue[] | undefined {
  return (label) => {
    if (`sub-${label}`.toLowerCase().includes(text)) return [];
    const row = table?.rows.get(label);
    const name = row && columns.find((column) => row[column]?.toLowerCase().includes(text) === true);
    return name === undefined ? undefined : [{ name, value: row?.[name] ?? '' }];
  };
}

/** A cell that is empty is undefined: it equals the empty value, differs from every other, and is neither less nor more. */
function valueTest(comparison: Comparison, wanted: string): (value: string | undefined) => boolean {
  if (comparison === '=' || comparison === '!=') {
    const pattern = new RegExp(`^${wanted.split('*').map((part) => part.replaceAll(/[.+?^${}()|[\]\\]/g, '\\$&')).join('.*')}$`, 'is');
    return comparison === '=' ? (value) => pattern.test(value ?? '') : (value) => !pattern.test(value ?? '');
  }
  const limit = Number(wanted);
  if (wanted.trim() === '' || Number.isNaN(limit)) return () => false;
  return (value) => {
    const number = Number(value);
    if (value === undefined || value.trim() === '' || Number.isNaN(number)) return false;
    switch (comparison) {
      case '<': return number < limit;
      case '<=': return number <= limit;
      case '>': return number > limit;
      case '>=': return number >= limit;
    }
  };
}
