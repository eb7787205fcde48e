import { readOptions } from '../config.ts';
import { findFlag } from '../flags.ts';
import { checkChoices } from '../given.ts';
import { prefixLength, interpret } from '../parse.ts';
import type { InterpretContext } from '../parse.ts';
import { CommandError, telling } from '../problem.ts';
import type { Place, Span } from '../problem.ts';
import type { FlagUse, Reading } from '../read.ts';
import { quoteWord, scanText } from '../shell.ts';
import type { ScannedWord } from '../shell.ts';
import { readEntries } from '../yaml.ts';
import { effectiveWords, mergeOptions } from './effective.ts';
import type { EffectiveWord, Options } from './effective.ts';

/** Something to tell about a stretch of a text. */
export interface Diagnosis extends Span {
  readonly message: string;
  readonly hint?: string;
  /** `error`: the parser refuses it. */
  readonly severity: 'error' | 'warning' | 'information';
  readonly fix?: TextFix;
}

/** An edit that mends it. */
export interface TextFix extends Span {
  readonly title: string;
  readonly text: string;
}

/** What judging a cell needs from outside. */
export interface DiagnoseContext extends InterpretContext {
  /** Of the notebook's options cells. */
  readonly options?: Options;
}

/**
 * Judges a command as the parser does: an error for whatever `parseCommandText` refuses, in the same words and first the
 * one it would name, and for nothing else. An empty text is left alone. Never throws.
 */
export function diagnose(text: string, context: DiagnoseContext = {}): readonly Diagnosis[] {
  const scan = scanText(text);
  const words = scan.words.filter((word) => word.command === 0);
  const found = scan.problems.map((problem) => diagnosis(problem, problem.place?.kind === 'text' ? problem.place : { start: 0, end: text.length }, text));
  if (words.length === 0) return found;
  // What follows a quote that is not closed is in it.
  if (words.some((word) => word.open !== undefined)) return found;

  const argv = words.map((word) => word.text);
  const effective = effectiveWords(argv, mergeOptions(context.options ?? [], () => undefined));
  const problems: CommandError[] = [];
  const { reading, notices } = interpret(effective.map((word) => word.text), context, (problem) => { problems.push(problem); });
  const locate = new Locator(text, words, effective, reading);
  for (const problem of problems) {
    const at = locate.span(problem.place);
    const told = diagnosis(problem, at.span, text);
    found.push(at.ours ? told : { ...told, hint: 'It comes from the options of this notebook.', fix: undefined });
  }
  for (const notice of notices) {
    const { span, ours } = locate.span(notice.place);
    if (ours) found.push({ ...pick(span), message: notice.text, severity: 'information' });
  }
  for (const use of repeated(reading.uses)) {
    found.push({ ...pick(locate.span({ kind: 'words', first: use.first, last: use.last }).span), message: `${use.shown} is given again further on: only the last counts.`, severity: 'warning' });
  }
  return found;
}

/** Judges an options cell. */
export function diagnoseOptions(yaml: string): readonly Diagnosis[] {
  const found: Diagnosis[] = [];
  const tell = (problem: CommandError): void => {
    const place = problem.place?.kind === 'text' ? problem.place : { start: 0, end: yaml.split('\n', 1)[0].length };
    // Some sentences begin with the option's name, which stays as it is.
    const message = /^(there|this|a) /.test(problem.message) ? `${problem.message.slice(0, 1).toUpperCase()}${problem.message.slice(1)}` : problem.message;
    const told = diagnosis(problem, place, yaml);
    // The parser speaks of flags; here they have no dashes.
    const fix = told.fix === undefined ? undefined : { ...told.fix, title: told.fix.title.replace(/ --/, ' '), text: told.fix.text.replace(/^--/, '') };
    found.push({ ...told, message, ...(fix === undefined ? {} : { fix }) });
  };
  const { values } = readOptions(yaml, tell);
  const entries = telling(() => undefined, () => readEntries(yaml)) ?? [];
  checkChoices(values, [...values.keys()].map((name) => findFlag(name)).filter((flag) => flag !== undefined), (problem) => {
    const { place } = problem;
    if (place?.kind !== 'flag') return;
    const word = entries.find((entry) => findFlag(entry.key.text)?.name === place.name)?.words.find((each) => each.text === place.value);
    if (word !== undefined) tell(new CommandError(problem.message.replace(/^--/, ''), { hint: problem.hint, fix: problem.fix, place: { kind: 'text', ...word.span } }));
  });
  return found;
}

function pick({ start, end }: Span): Span {
  return { start, end };
}

function diagnosis(problem: CommandError, at: Span, text: string): Diagnosis {
  const { fix } = problem;
  const where = fix?.span ?? at;
  const quoted = problem.place?.kind === 'text' ? fix?.replacement : fix === undefined ? undefined : quoteWord(fix.replacement);
  return {
    ...pick(visible(at, text)), message: problem.message, severity: 'error',
    ...(problem.hint === undefined ? {} : { hint: problem.hint }),
    ...(fix === undefined || quoted === undefined ? {} : { fix: { ...pick(where), title: fix.title, text: quoted } }),
  };
}

/** A stretch that can be seen: at least one character. */
function visible({ start, end }: Span, text: string): Span {
  if (end > start) return { start, end };
  return start > 0 && start >= text.length ? { start: start - 1, end: start } : { start, end: start + 1 };
}

function repeated(uses: readonly FlagUse[]): readonly FlagUse[] {
  return uses.filter((use, index) => use.flag !== undefined && use.flag.repeats !== true && uses.slice(index + 1).some((later) => later.flag === use.flag));
}

/** Finds places of the effective command in the text of the cell. */
class Locator {
  readonly #text: string;
  readonly #words: readonly ScannedWord[];
  readonly #effective: readonly EffectiveWord[];
  readonly #reading: Reading;

  constructor(text: string, words: readonly ScannedWord[], effective: readonly EffectiveWord[], reading: Reading) {
    this.#text = text;
    this.#words = words;
    this.#effective = effective;
    this.#reading = reading;
  }

  /** `ours`: it is in the cell, not in the options. */
  span(place: Place | undefined): { readonly span: Span; readonly ours: boolean } {
    if (place === undefined) return { span: this.#words[this.#words.length - 1], ours: true };
    if (place.kind === 'text') return { span: place, ours: true };
    if (place.kind === 'flag') return this.span(this.#flag(place.name, place.value));
    const [first, last] = [this.#word(place.first), this.#word(place.last)];
    if (first === undefined || last === undefined) {
      const argv = this.#words.map((word) => word.text);
      return { span: this.#words[Math.min(prefixLength(argv), argv.length - 1)], ours: false };
    }
    const equals = place.part === undefined || first !== last ? -1 : this.#text.slice(first.start, first.end).indexOf('=');
    if (equals < 0) return { span: { start: first.start, end: Math.max(first.end, last.end) }, ours: true };
    return { span: place.part === 'name' ? { start: first.start, end: first.start + equals } : { start: first.start + equals + 1, end: first.end }, ours: true };
  }

  #word(index: number): ScannedWord | undefined {
    const from = this.#effective.at(index)?.from ?? -1;
    return index < 0 || from < 0 ? undefined : this.#words[from];
  }

  #flag(name: string, value: string | undefined): Place {
    const use = this.#reading.uses.findLast((each) => each.flag?.name === name) ?? this.#reading.uses.findLast((each) => each.flag?.name === 'config');
    if (use === undefined) return { kind: 'words', first: -1, last: -1 };
    const at = value === undefined ? -1 : use.words.indexOf(value);
    if (at < 0) return { kind: 'words', first: use.first, last: use.first, part: 'name' };
    if (use.attached && at === 0) return { kind: 'words', first: use.first, last: use.first, part: 'value' };
    const word = use.first + at + (use.attached ? 0 : 1);
    return { kind: 'words', first: word, last: word };
  }
}
