import { joinWords, quoteWord, splitWords } from '../shell.ts';
import { prefixLength } from '../parse.ts';
import { withDefaults } from './effective.ts';

/** A cell of a notebook, as far as a script is concerned. */
export type ScriptCell =
  | { readonly kind: 'markdown'; readonly text: string }
  | { readonly kind: 'options'; readonly text: string }
  | { readonly kind: 'command'; readonly text: string };

const width = 100;

/**
 * A notebook as a POSIX shell script: texts become comments, commands are written out with the options of the
 * cells above them, and the script stops at the first command that fails. A command that cannot be written stands there
 * as a comment and stops the script. Ends with a newline.
 */
export function shellScript(cells: readonly ScriptCell[], title: string): string {
  const parts = cells.flatMap((cell, index): readonly string[] => {
    const options = cells.slice(0, index).filter((each) => each.kind === 'options').map((each) => each.text);
    if (cell.kind === 'markdown') return cell.text.trim() === '' ? [] : [comment(cell.text)];
    return cell.kind === 'command' && !isEmpty(cell.text) ? [commandOf(cell.text, options)] : [];
  });
  return `${[`#!/bin/sh\n${comment(title)}\nset -eu`, ...parts].join('\n\n')}\n`;
}

function isEmpty(text: string): boolean {
  try {
    return splitWords(text).length === 0;
  } catch {
    return false;
  }
}

function comment(text: string): string {
  return text.trim().split(/\r\n|[\n\r]/).map((line) => `# ${line}`.trimEnd()).join('\n');
}

function commandOf(text: string, options: readonly string[]): string {
  try {
    const words = splitWords(withDefaults(text, options).text).map((word) => word.text);
    return fold(words.slice(prefixLength(words)));
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return `${comment(text)}\n${joinWords(['echo', `This command of the notebook cannot be carried out: ${reason}`])} >&2\nexit 2`;
  }
}

/** A command over several lines where it is long, each flag with its values in one piece. */
function fold(words: readonly string[]): string {
  const groups: string[] = [];
  for (const word of words) {
    const text = quoteWord(word);
    if (groups.length > 0 && !word.startsWith('-')) groups[groups.length - 1] += ` ${text}`;
    else groups.push(groups.length === 0 ? `spimquant ${text}` : text);
  }
  const line = groups.length === 0 ? 'spimquant' : groups.join(' ');
  return line.length <= width ? line : groups.join(' \\\n  ');
}
