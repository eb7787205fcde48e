import { positionalKeys } from '../config.ts';
import type { Flag } from '../flag.types.ts';
import { arityOf, findFlag, written } from '../flags.ts';
import { wordsVerb } from '../buildExplore.ts';
import { firstVerb, prefixLength } from '../parse.ts';
import { readWords } from '../read.ts';
import type { Span } from '../problem.ts';
import { scanText } from '../shell.ts';
import { verbs } from '../verbs.ts';
import type { Verb } from '../verbs.ts';
import { readEntries } from '../yaml.ts';
import { valueMeaning } from './meanings.ts';
import { flagUsage } from './usage.ts';

/** What is said about a word. */
export interface HoverText extends Span {
  /** How it is written, in the command language. */
  readonly code: string;
  /** Sentences, each its own paragraph. */
  readonly paragraphs: readonly string[];
  readonly facts: readonly { readonly label: string; readonly value: string }[];
}

/** What there is to say about the word at `offset`, or undefined. */
export function hover(text: string, offset: number): HoverText | undefined {
  const scan = scanText(text);
  const word = scan.words.find((each) => each.start <= offset && offset < each.end);
  if (word === undefined) return undefined;
  const words = scan.words.filter((each) => each.command === word.command);
  const index = words.indexOf(word);
  const argv = words.map((each) => each.text);
  const prefix = prefixLength(argv);
  const span = { start: word.start, end: word.end };
  if (index < prefix) return word.text === 'spimquant' ? { ...span, code: 'spimquant', paragraphs: ['Quantifies cleared-brain lightsheet microscopy.', 'spimquant help lists verbs and flags.'], facts: [] } : undefined;
  const reading = readWords(argv.slice(prefix), () => undefined, prefix);

  const uses = reading.uses.filter((use) => use.first <= index && index <= use.last);
  const use = uses.find((each) => each.first < index) ?? uses.at(uses.length > 1 ? Math.max(0, Math.min(uses.length - 1, offset - word.start - 1)) : 0);
  if (use !== undefined) {
    const flag = use.flag ?? findFlag(use.shown.replace(/^-+/, ''));
    if (flag === undefined) return undefined;
    const equals = use.attached && use.first === index ? text.slice(word.start, word.end).indexOf('=') : -1;
    if (index === use.first && (equals < 0 || offset < word.start + equals)) return { ...(equals < 0 ? span : { start: span.start, end: span.start + equals }), ...flagText(flag) };
    const value = index === use.first ? use.words[0] : word.text;
    return { ...(index === use.first ? { start: span.start + equals + 1, end: span.end } : span), ...valueText(flag, value) };
  }
  return positionalText(span, reading.positionals.findIndex((each) => each.at === index), reading.positionals.map((each) => each.text));
}

const passedOn = 'With `--engine snakemake` it is passed on to the installed SPIMquant.';

function flagText(flag: Flag): Omit<HoverText, keyof Span> {
  const facts = [
    ...(flag.default === undefined ? [] : [{ label: 'Default', value: flag.default }]),
    ...(flag.value.kind === 'text' && flag.value.choices !== undefined ? [{ label: 'One of', value: flag.value.choices.join(', ') }] : []),
    ...((flag.aliases ?? []).length === 0 ? [] : [{ label: 'Also', value: (flag.aliases ?? []).map(written).join(', ') }]),
    ...(flag.verbs === undefined ? [] : [{ label: 'With', value: flag.verbs.join(', ') }]),
  ];
  switch (flag.support?.kind) {
    case 'accepted': return { code: flagUsage(flag), paragraphs: [`Known from upstream, without effect here: ${flag.support.notice}.`, passedOn], facts: [] };
    case 'refused': return { code: flagUsage(flag), paragraphs: [`Known from upstream, not offered here: ${flag.support.why}.`, ...(flag.support.external === true ? [passedOn] : [])], facts: [] };
    case 'renamed': return { code: flagUsage(flag), paragraphs: [`It is called ${written(flag.support.to)}.`], facts: [] };
    case undefined: return { code: flagUsage(flag), paragraphs: [flag.help], facts: [...facts, { label: 'From', value: flag.origin === 'upstream' ? 'SPIMquant' : 'this extension' }] };
  }
}

function valueText(flag: Flag, value: string): Omit<HoverText, keyof Span> {
  const meaning = valueMeaning(flag.name, flag.value, value);
  return { code: `${written(flag.name)} ${value}`, paragraphs: [...(meaning === undefined ? [] : [meaning]), flag.help], facts: flag.default === undefined ? [] : [{ label: 'Default', value: flag.default }] };
}

function verbText(verb: Verb): Omit<HoverText, keyof Span> {
  return { code: verb.usage, paragraphs: [verb.help], facts: [] };
}

function positionalText(span: Span, index: number, words: readonly string[]): HoverText | undefined {
  const positionals = words.map((text, at) => ({ text, at }));
  const first = firstVerb(positionals);
  const word = words[index];
  if (index < 0) return undefined;
  if (first !== undefined && index === 0) return { ...span, ...verbText(first) };
  const named = verbs.find((verb) => verb.name === word && (verb.position === 'level' || first?.name === 'help'));
  if (named !== undefined && wordsVerb(first?.name) === undefined) return { ...span, ...verbText(named) };
  if (wordsVerb(first?.name) !== undefined) {
    const label = first?.words?.at(index - 1)?.label;
    return label === undefined ? undefined : { ...span, code: word, paragraphs: [`${label.slice(0, 1).toUpperCase()}${label.slice(1)}.`], facts: [] };
  }
  const number = index - (first === undefined ? 0 : 1);
  const paragraph = ['The dataset: a folder or an s3:// address. It is only read.', 'The output: a folder or an s3:// address. What is finished there is used again.'].at(number);
  return paragraph === undefined || number > 1 ? undefined : { ...span, code: word, paragraphs: [paragraph], facts: [] };
}

/** What there is to say about an option or value of an options cell. */
export function hoverOptions(yaml: string, offset: number): HoverText | undefined {
  let entries: ReturnType<typeof readEntries>;
  try {
    entries = readEntries(yaml);
  } catch {
    return undefined;
  }
  const within = (span: Span): boolean => span.start <= offset && offset < span.end;
  for (const { key, words } of entries) {
    const positional = positionalKeys.find((name) => name === key.text);
    const flag = positional === undefined ? findFlag(key.text) : undefined;
    if (within(key.span)) {
      if (positional !== undefined) return { ...key.span, code: `${positional}: …`, paragraphs: [positionalHelp[positional]], facts: [] };
      if (flag === undefined) return undefined;
      const text = flagText(flag);
      return { ...key.span, ...text, code: `${key.text}: ${arityOf(flag) === 0 ? 'true | false' : flag.arity === 'many' ? `[${flag.metavar ?? 'VALUE'}, ...]` : flag.metavar ?? 'VALUE'}` };
    }
    const word = words.find((each) => within(each.span));
    if (word !== undefined && flag !== undefined && arityOf(flag) !== 0) return { ...word.span, ...valueText(flag, word.text) };
  }
  return undefined;
}

/** What the options that are no flags stand for. */
export const positionalHelp: Readonly<Record<(typeof positionalKeys)[number], string>> = {
  bids_dir: 'The dataset of commands that name none.',
  output_dir: 'The output of commands that name none.',
  analysis_level: 'The level of commands that name none: participant, group or tune_n4.',
};
