import type { ColumnSummary } from '../../../runner/protocol/datasets.ts';

/** A comparison that a search could go on with. */
export interface SuggestedTerm {
  readonly term: string;
  /** How many participants have it, or from where to where the values go. */
  readonly detail: string;
}

const mostTerms = 12;

/** Comparisons with columns of participants.tsv that the last word of a search could mean. */
export function suggestTerms(search: string, columns: readonly ColumnSummary[]): readonly SuggestedTerm[] {
  const word = lastWord(search).toLowerCase();
  const [name, value] = word.includes('=') ? [word.slice(0, word.indexOf('=')), word.slice(word.indexOf('=') + 1).replaceAll(/["']/g, '')] : [word, ''];
  const fitting = columns.filter((column) => (word.includes('=') ? column.name.toLowerCase() === name : column.name.toLowerCase().startsWith(name)));
  const terms = fitting.flatMap((column) => {
    if (column.range !== undefined && column.different > 8) {
      return word.includes('=') ? [] : [{ term: `${quoted(column.name)}>`, detail: `${column.range[0]} to ${column.range[1]}` }];
    }
    return column.values.filter((each) => each.value.toLowerCase().startsWith(value) && each.value.toLowerCase() !== value)
      .map((each) => ({ term: `${quoted(column.name)}=${quoted(each.value)}`, detail: `${each.participants.toLocaleString('en')} ${each.participants === 1 ? 'participant' : 'participants'}` }));
  });
  // What every participant has of its own is no help.
  return terms.length > mostTerms && word === '' ? terms.filter(({ detail }) => !detail.startsWith('1 ')).slice(0, mostTerms) : terms.slice(0, mostTerms);
}

/** A search whose last word has become a term. */
export function withTerm(search: string, term: string): string {
  return `${search.slice(0, search.length - lastWord(search).length)}${term}${/[<>]$/.test(term) ? '' : ' '}`;
}

function lastWord(search: string): string {
  return /(?:[^\s"']|"[^"]*"?|'[^']*'?)*$/.exec(search)?.[0] ?? '';
}

function quoted(text: string): string {
  return /[\s=<>!"']/.test(text) ? (text.includes('"') ? `'${text}'` : `"${text}"`) : text;
}
