// Writes the table of stores and cases into docs/storage.md: what every test run tries, and what was recorded of services
// that not every machine has.
import { readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { caseGroups } from '../test/integration/storage/conformance/cases.ts';
import type { CaseGroup } from '../test/integration/storage/conformance/case.ts';
import { columns } from '../test/integration/storage/conformance/columns.ts';
import { peers } from '../test/integration/storage/conformance/peers.ts';
import { readRecording } from '../test/integration/storage/conformance/recording.ts';
import type { Recording } from '../test/integration/storage/conformance/recording.ts';
import type { CaseResult } from '../test/integration/storage/conformance/suite.ts';

const begin = '<!-- The rest of this page is written by scripts/storageTable.ts. -->';

/** The page with its table written anew. Throws when it has no place for it. */
export function withTable(page: string): string {
  const at = page.indexOf(begin);
  if (at < 0) throw new Error('docs/storage.md has lost the line that its table begins with.');
  return `${page.slice(0, at)}${begin}\n\n${recordedRuns()}\n\n${table()}`;
}

/** A column of the table. */
interface Shown {
  readonly title: string;
  /** Undefined: not tried. */
  readonly result: (id: string) => CaseResult | undefined;
}

const recorded = peers.flatMap((peer) => {
  const recording = readRecording(peer);
  return recording === undefined ? [] : [{ peer, recording }];
});

function shown(): readonly Shown[] {
  return [
    // Whatever a store does not declare to be not applicable passes, or the tests are red.
    ...columns.map(({ title, notApplicable }) => ({ title, result: (id: string): CaseResult => (id in notApplicable ? { notApplicable: notApplicable[id] } : 'passed') })),
    ...recorded.map(({ peer, recording }) => ({ title: peer.title, result: (id: string): CaseResult | undefined => recording.cases[id] })),
  ];
}

function recordedRuns(): string {
  const count = ({ cases }: Recording, is: (result: CaseResult) => boolean): number => Object.values(cases).filter(is).length;
  const rows = recorded.map(({ peer, recording }) => [
    peer.title, `${peer.program} ${recording.version}`, recording.date,
    String(count(recording, (result) => result === 'passed')), String(count(recording, (result) => result === 'failed')), String(count(recording, (result) => typeof result !== 'string')),
  ]);
  return lines([['Recorded', 'Program', 'On', 'Passed', 'Failed', 'Not applicable'], ...rows]);
}

function table(): string {
  const all = shown();
  const notes: string[] = [];
  const note = (reason: string): number => {
    if (!notes.includes(reason)) notes.push(reason);
    return notes.indexOf(reason) + 1;
  };
  const cell = (result: CaseResult | undefined): string =>
    (result === undefined ? 'not run' : result === 'passed' ? 'yes' : result === 'failed' ? '**no**' : `– (${note(result.notApplicable)})`);
  const group = ({ title, cases }: CaseGroup): string =>
    `### ${title}\n\n${lines([['Case', ...all.map((column) => column.title)], ...cases.map((one) => [text(one.title), ...all.map(({ result }) => cell(result(one.id)))])])}`;
  const groups = caseGroups.map(group);
  const reasons = notes.map((reason, index) => `${index + 1}. ${text(sentence(reason))}`);
  return `${groups.join('\n\n')}\n\n### Why not\n\n${reasons.join('\n')}\n`;
}

/** Rows of a table, the first of which is its head. */
function lines([head, ...rows]: readonly (readonly string[])[]): string {
  return [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}

function sentence(reason: string): string {
  return `${reason[0].toUpperCase()}${reason.slice(1)}.`;
}

function text(words: string): string {
  return words.replace(/[|*_]/g, '\\$&').replaceAll('<', '&lt;');
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const page = new URL('../docs/storage.md', import.meta.url);
  await writeFile(page, withTable(await readFile(page, 'utf8')));
}
