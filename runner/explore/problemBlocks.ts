import type { Places, ProblemBook } from '../bids/problemBook.ts';
import type { Severity } from '../bids/problems.ts';
import type { CheckData } from '../protocol/exploreData.ts';
import type { Block } from '../protocol/results.ts';
import { count } from '../wording/words.ts';

/** Rows of the table; places of the same problem share one. */
const rowsShown = 200;
/** Rows from which a summary by kind goes before them. */
const summaryFrom = 8;

const severities: readonly Severity[] = ['error', 'warning', 'note'];

/** What is in a book, as tables: where there is much, first how much there is of each kind. */
export function problemBlocks(book: ProblemBook): readonly Block[] {
  const { problems, kinds, left } = book;
  if (problems.length === 0) return [];
  const rows = problems.map(({ severity, places, what, mend }) => [severity, placesText(places), what, mend]);
  const total = rows.length + left;
  return [
    ...(rows.length < summaryFrom ? [] : [{
      kind: 'table', title: 'By kind',
      columns: [{ label: 'Kind' }, ...severities.map((severity) => ({ label: `${severity.charAt(0).toUpperCase()}${severity.slice(1)}s`, numeric: true })), { label: 'Participants', numeric: true }],
      rows: kinds.map(({ kind, counts, participants }) => [kind, ...severities.map((severity) => counts[severity]), participants === 0 ? null : participants]),
    } as const]),
    {
      kind: 'table', title: 'What was found',
      columns: [{ label: 'Severity' }, { label: 'Where', wrap: true }, { label: 'What', wrap: true }, { label: 'What to do', wrap: true }],
      rows: rows.slice(0, rowsShown), ...(total > rowsShown ? { total } : {}),
    },
  ];
}

function placesText({ first, count: places }: Places): string {
  const more = places - first.length;
  return more === 0 ? first.join(', ') : `${first.join(', ')} and ${more.toLocaleString('en-US')} more`;
}

/** `4 errors, 1 warning`. */
export function tally(book: ProblemBook): string {
  return severities.flatMap((severity) => {
    const n = book.count(severity);
    return n === 0 ? [] : [n < 1000 ? count(n, severity) : `${n.toLocaleString('en-US')} ${severity}s`];
  }).join(', ');
}

/** Whether a dataset can be quantified, in a sentence. */
export function verdict(book: ProblemBook, images: number): { readonly level: 'info' | 'warn' | 'error'; readonly text: string } {
  if (book.count('error') > 0) return { level: 'error', text: 'Parts of it cannot be quantified as they are: see the errors.' };
  if (images === 0) return { level: 'error', text: 'There is no image to quantify.' };
  if (book.count('warning') > 0) return { level: 'warn', text: 'It can be quantified. Look at the warnings first: results may not mean what they seem to.' };
  return { level: 'info', text: book.count() === 0 ? 'No problems were found: it can be quantified.' : 'It can be quantified.' };
}

/** What was found, for programs. */
export function checkData(uri: string, participants: number, images: { readonly readable: number; readonly unreadable: number }, book: ProblemBook): CheckData {
  return {
    kind: 'check', uri, quantifiable: verdict(book, images.readable).level !== 'error', participants,
    imagesReadable: images.readable, imagesUnreadable: images.unreadable,
    errors: book.count('error'), warnings: book.count('warning'), notes: book.count('note'),
    problems: book.problems.map(({ severity, kind, what, mend, places }) => ({ severity, kind, what, mend, places: places.count, first: places.first })), untold: book.left,
    kinds: book.kinds.map(({ kind, counts: { error, warning, note }, participants: affected }) => ({ kind, errors: error, warnings: warning, notes: note, participants: affected })),
  };
}
