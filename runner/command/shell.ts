import { SpimquantError } from '../protocol/errors.ts';

/** A word of a command in text form, unquoted, with where it stands in the text (end exclusive). */
export interface Word {
  readonly text: string;
  readonly start: number;
  readonly end: number;
}

/**
 * Splits a command in text form into words the way a POSIX shell does: single and double quotes, `\` escapes, `\` at the
 * end of a line continues it, `#` at the start of a word comments out the rest of the line. Variables and globs are
 * left as they stand. Throws `bad-option` when a quote is not closed or when there is a second command.
 */
export function splitWords(text: string): Word[] {
  const words: Word[] = [];
  let current: string | undefined;
  let start = 0;
  let ended = false;
  let i = 0;
  const finish = (): void => {
    if (current === undefined) return;
    words.push({ text: current, start, end: i });
    current = undefined;
  };
  const begin = (): void => {
    if (current !== undefined) return;
    if (ended) {
      throw new SpimquantError('bad-option', `One command at a time: line ${lineAt(text, i)} starts a second one.`, {
        hint: 'End a line with \\ when the command goes on in the next, or put each command in its own cell.',
      });
    }
    current = '';
    start = i;
  };
  while (i < text.length) {
    const c = text[i];
    const next = text[i + 1];
    if (c === '\\' && (next === '\n' || (next === '\r' && text[i + 2] === '\n'))) {
      i += next === '\r' ? 3 : 2;
    } else if (c === '\n') {
      finish();
      if (words.length > 0) ended = true;
      i++;
    } else if (/\s/.test(c)) {
      finish();
      i++;
    } else if (c === '#' && current === undefined) {
      while (i < text.length && text[i] !== '\n') i++;
    } else if (c === "'" || c === '"') {
      begin();
      const opened = i;
      i++;
      while (i < text.length && text[i] !== c) {
        if (c === '"' && text[i] === '\\' && /["\\$`\n]/.test(text[i + 1] ?? '')) {
          i++;
          if (text[i] !== '\n') current += text[i];
        } else {
          current += text[i];
        }
        i++;
      }
      if (i >= text.length) {
        throw new SpimquantError('bad-option', `A quote ${c} opened in line ${lineAt(text, opened)} is never closed.`, { hint: `Add the closing ${c}.` });
      }
      i++;
    } else if (c === '\\' && next !== undefined) {
      begin();
      current += next;
      i += 2;
    } else {
      begin();
      current += c;
      i++;
    }
  }
  finish();
  return words;
}

function lineAt(text: string, offset: number): number {
  return text.slice(0, offset).split('\n').length;
}

/** Writes words so that {@link splitWords}, and a POSIX shell, read them back unchanged. */
export function joinWords(words: readonly string[]): string {
  return words.map((word) => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`)).join(' ');
}
