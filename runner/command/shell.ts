import { CommandError } from './problem.ts';
import type { Span } from './problem.ts';

/** A word of a command in text form, unquoted, with where it stands in the text (end exclusive). */
export interface Word extends Span {
  readonly text: string;
}

/** A word of a text that may be unfinished. */
export interface ScannedWord extends Word {
  /** The quote it is left open with. */
  readonly open?: '"' | "'";
  /** 0 for words of the first command, 1 for those of the next line without continuation, and so on. */
  readonly command: number;
}

/** A text taken apart as far as that is possible. */
export interface Scan {
  readonly words: readonly ScannedWord[];
  readonly comments: readonly Span[];
  /** In the order in which they stand; their places are stretches of the text. */
  readonly problems: readonly CommandError[];
}

/**
 * Splits a command in text form into words the way a POSIX shell does: single and double quotes, `\` escapes, `\` at the
 * end of a line continues it, `#` at the start of a word comments out the rest of the line. Variables and globs are
 * left as they stand. Throws `bad-option` when a quote is not closed or when there is a second command.
 */
export function splitWords(text: string): Word[] {
  const { words, problems } = scanText(text);
  if (problems.length > 0) throw problems[0];
  return words.map(({ text: word, start, end }) => ({ text: word, start, end }));
}

/** Splits like {@link splitWords}, and goes on after what is wrong. */
export function scanText(text: string): Scan {
  const words: ScannedWord[] = [];
  const comments: Span[] = [];
  const problems: CommandError[] = [];
  let current: string | undefined;
  let start = 0;
  let command = 0;
  let ended = false;
  let i = 0;
  const finish = (open?: '"' | "'"): void => {
    if (current === undefined) return;
    words.push({ text: current, start, end: i, command, ...(open === undefined ? {} : { open }) });
    current = undefined;
  };
  const begin = (): void => {
    if (current !== undefined) return;
    if (ended) {
      command++;
      ended = false;
      problems.push(secondCommand(text, words, i));
    }
    current = '';
    start = i;
  };
  while (i < text.length) {
    const c = text[i];
    const next = text[i + 1];
    const continuation = c === '\\' ? /^\\(\r?\n|$)/.exec(text.slice(i, i + 3)) : null;
    const spoiled = c === '\\' && current === undefined && continuation === null ? /^\\[ \t]+(?:#[^\n]*)?(?=\r?\n|$)/.exec(text.slice(i)) : null;
    if (continuation !== null) {
      i += continuation[0].length;
    } else if (spoiled !== null) {
      problems.push(new CommandError(`Nothing may follow the \\ at the end of line ${lineAt(text, i)}.`, {
        hint: spoiled[0].includes('#') ? 'Put the comment on a line of its own, above the command.' : 'Remove the space after it.',
        place: { kind: 'text', start: i, end: i + spoiled[0].length }, fix: { title: 'Remove what follows the \\', replacement: '\\' },
      }));
      i += spoiled[0].length + (/^\r?\n/.exec(text.slice(i + spoiled[0].length))?.[0].length ?? 0);
    } else if (c === '\n') {
      finish();
      if (words.length > 0) ended = true;
      i++;
    } else if (/\s/.test(c)) {
      finish();
      i++;
    } else if (c === '#' && current === undefined) {
      const from = i;
      while (i < text.length && text[i] !== '\n') i++;
      comments.push({ start: from, end: i });
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
        problems.push(new CommandError(`A quote ${c} opened in line ${lineAt(text, opened)} is never closed.`, {
          hint: `Add the closing ${c}.`, place: { kind: 'text', start: opened, end: endOfLine(text, opened) },
          fix: { title: `Add the closing ${c}`, replacement: c, span: { start: endOfLine(text, opened), end: endOfLine(text, opened) } },
        }));
        finish(c);
      }
      i++;
    } else if (c === '\\') {
      begin();
      current += next;
      i += 2;
    } else {
      begin();
      current += c;
      i++;
    }
  }
  i = text.length;
  finish();
  return { words, comments, problems };
}

/** A line that goes on without a \ before it: the fix puts it there. */
function secondCommand(text: string, words: readonly Word[], at: number): CommandError {
  const before = words[words.length - 1].end;
  return new CommandError(`One command at a time: line ${lineAt(text, at)} starts a second one.`, {
    hint: 'End a line with \\ when the command goes on in the next, or put each command in its own cell.',
    place: { kind: 'text', start: at, end: endOfLine(text, at) },
    ...(/^[ \t]*\r?\n[ \t]*$/.test(text.slice(before, at)) ? { fix: { title: 'Continue the line before with \\', replacement: ' \\', span: { start: before, end: before } } } : {}),
  });
}

/** Where the line that holds a character ends, blanks left out. */
function endOfLine(text: string, at: number): number {
  return at + text.slice(at).split('\n', 1)[0].trimEnd().length;
}

function lineAt(text: string, offset: number): number {
  return text.slice(0, offset).split('\n').length;
}

/** Whether a word can stand without quotes. */
export function isPlain(word: string): boolean {
  return /^[\w@%+=:,./-]+$/.test(word);
}

/** A word as it is written in a command. */
export function quoteWord(word: string): string {
  return isPlain(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}

/** Writes words so that {@link splitWords}, and a POSIX shell, read them back unchanged. */
export function joinWords(words: readonly string[]): string {
  return words.map(quoteWord).join(' ');
}
