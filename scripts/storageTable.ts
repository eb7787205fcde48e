// Writes the table of stores and cases into docs/storage.md: what every test run tries.
import { readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { caseGroups } from '../test/integration/storage/conformance/cases.ts';
import type { CaseGroup } from '../test/integration/storage/conformance/case.ts';
import { columns } from '../test/integration/storage/conformance/columns.ts';

const begin = '<!-- The rest of this page is written by scripts/storageTable.ts. -->';

/** The page with its table written anew. Throws when it has no place for it. */
export function withTable(page: string): string {
  const at = page.indexOf(begin);
  if (at < 0) throw new Error('docs/storage.md has lost the line that its table begins with.');
  return `${page.slice(0, at)}${begin}\n\n${table()}`;
}

function table(): string {
  const notes: string[] = [];
  const note = (reason: string): number => {
    if (!notes.includes(reason)) notes.push(reason);
    return notes.indexOf(reason) + 1;
  };
  // Whatever a store does not declare to be not applicable passes, or the tests are red.
  const cell = ({ notApplicable }: (typeof columns)[number], id: string): string => (id in notApplicable ? `– (${note(notApplicable[id])})` : 'yes');
  const group = ({ title, cases }: CaseGroup): string => {
    const head = ['Case', ...columns.map((column) => column.title)];
    const rows = cases.map((one) => [text(one.title), ...columns.map((column) => cell(column, one.id))]);
    return `### ${title}\n\n${[head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n')}`;
  };
  const groups = caseGroups.map(group);
  const reasons = notes.map((reason, index) => `${index + 1}. ${text(sentence(reason))}`);
  return `${groups.join('\n\n')}\n\n### Why not\n\n${reasons.join('\n')}\n`;
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
