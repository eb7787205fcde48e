import { SpimquantError } from '../protocol/errors.ts';

/** A stretch of the text, end exclusive. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

/** Where in a command something is wrong. Words are counted from 0, the program's name and what stands before it included. */
export type Place =
  /** Characters of the text, end exclusive. */
  | { readonly kind: 'text'; readonly start: number; readonly end: number }
  /** One word or several; `part`: of `--flag=value` only the name or only the value. */
  | { readonly kind: 'words'; readonly first: number; readonly last: number; readonly part?: 'name' | 'value' }
  /** A flag by its name in the table, or one of its values. */
  | { readonly kind: 'flag'; readonly name: string; readonly value?: string };

/** What would mend a problem. */
export interface Fix {
  /** As a menu says it: `Change to --seg_method`. */
  readonly title: string;
  /** A word, unquoted, for a problem of words; text for a problem of the text. */
  readonly replacement: string;
  /** What is replaced, where it is not the problem's own place. */
  readonly span?: Span;
}

/** A command that cannot be carried out, and where it goes wrong; without a place, something is missing. */
export class CommandError extends SpimquantError {
  readonly place: Place | undefined;
  readonly fix: Fix | undefined;

  constructor(message: string, details: { readonly hint?: string; readonly place?: Place; readonly fix?: Fix; readonly where?: string; readonly cause?: unknown } = {}) {
    super('bad-option', message, details);
    this.place = details.place;
    this.fix = details.fix;
  }
}

/** Something that its reader should know and that stops nothing. */
export interface Notice {
  /** One sentence. */
  readonly text: string;
  readonly place?: Place;
}

/** Told about every problem. The parser's throws at the first; the editor's collects them all. */
export type Tell = (problem: CommandError) => void;

/** The parser's: the first problem is the last. */
export const refuse: Tell = (problem) => { throw problem; };

/** The error of a command that makes no sense. */
export function bad(message: string, hint?: string, at: { readonly place?: Place; readonly fix?: Fix } = {}): CommandError {
  return new CommandError(message, { ...(hint === undefined ? {} : { hint }), ...at });
}

/** A place that is one word. */
export function wordAt(index: number, part?: 'name' | 'value'): Place {
  return { kind: 'words', first: index, last: index, ...(part === undefined ? {} : { part }) };
}

/** Runs what may refuse a command, and tells what it refuses. Undefined when it did. */
export function telling<T>(tell: Tell, attempt: () => T): T | undefined {
  try {
    return attempt();
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    tell(error);
    return undefined;
  }
}

/** The fix that writes a nearest match, when there is one. */
export function changeTo(match: string | undefined): Fix | undefined {
  return match === undefined ? undefined : { title: `Change to ${match}`, replacement: match };
}
