// Writes what spimquant doctor advises into docs/troubleshooting.md, from the table that it advises by.
import { readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { fillIn, remedySections } from '../runner/storage/health/remedies.ts';

const begin = '<!-- The rest of this page is written by scripts/troubleshootingReference.ts. -->';

/** The page with its advice written anew. Throws when it has no place for it. */
export function withAdvice(page: string): string {
  const at = page.indexOf(begin);
  if (at < 0) throw new Error('docs/troubleshooting.md has lost the line that its advice begins with.');
  return `${page.slice(0, at)}${begin}\n\n${advice()}`;
}

function advice(): string {
  const parts = remedySections.flatMap(({ title, entries }) => [`### ${title}`, table(entries.map(({ when, step, code }) => [when, shown(step), `\`${code}\``]))]);
  return `${parts.join('\n\n')}\n`;
}

/** A step as the page has it: what doctor fills in stands in capitals, optional parts are there. */
function shown(step: string): string {
  return fillIn(step.replaceAll('[[', '').replaceAll(']]', ''), {});
}

function table(rows: readonly (readonly string[])[]): string {
  return [['What is wrong', 'What to do', 'Code'], ['---', '---', '---'], ...rows].map((cells) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`).join('\n');
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const page = new URL('../docs/troubleshooting.md', import.meta.url);
  await writeFile(page, withAdvice(await readFile(page, 'utf8')));
}
