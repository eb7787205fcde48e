// Writes the reference of verbs and flags into docs/commands.md, from the table of the command language.
import { readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { flagUsage } from '../runner/command/assist/usage.ts';
import { flagGroups } from '../runner/command/flag.types.ts';
import type { Flag } from '../runner/command/flag.types.ts';
import { offeredFlags, written } from '../runner/command/flags.ts';
import { verbs } from '../runner/command/verbs.ts';

const begin = '<!-- The rest of this page is written by scripts/commandReference.ts. -->';

/** The page with its reference written anew. Throws when it has no place for it. */
export function withReference(page: string): string {
  const at = page.indexOf(begin);
  if (at < 0) throw new Error('docs/commands.md has lost the line that its reference begins with.');
  return `${page.slice(0, at)}${begin}\n\n${reference()}`;
}

function reference(): string {
  const offered = verbs.filter((verb) => verb.offered);
  const parts = ['## Verbs', table(['Form', 'What it does'], offered.map((verb) => [code(verb.usage), text(verb.help)])), '## Flags'];
  for (const group of flagGroups) {
    const flags = offeredFlags.filter((flag) => flag.group === group);
    if (flags.length > 0) parts.push(`### ${group}`, table(['Flag', 'What it does', 'Default', 'With'], flags.map(row)));
  }
  return `${parts.join('\n\n')}\n`;
}

function row(flag: Flag): readonly string[] {
  const also = (flag.aliases ?? []).map((alias) => code(written(alias)));
  return [
    [code(flagUsage(flag)), ...also].join(', '),
    `${text(flag.help)}${flag.origin === 'ours' ? ' *(not in upstream)*' : ''}`,
    text(flag.default ?? ''),
    flag.verbs?.map((verb) => verb).join(', ') ?? 'all',
  ];
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  return [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}

function code(words: string): string {
  return `\`${words.replaceAll('|', '\\|')}\``;
}

function text(words: string): string {
  return words.replace(/[|*_]/g, '\\$&').replaceAll('<', '&lt;');
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const page = new URL('../docs/commands.md', import.meta.url);
  await writeFile(page, withReference(await readFile(page, 'utf8')));
}
