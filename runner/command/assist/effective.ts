import type { Configuration } from '../config.ts';
import { readOptions } from '../config.ts';
import { wordsVerb } from '../buildExplore.ts';
import { findFlag, written } from '../flags.ts';
import { firstVerb, noCommand, prefixLength } from '../parse.ts';
import { CommandError, refuse } from '../problem.ts';
import type { Tell } from '../problem.ts';
import { isFlagWord, readWords } from '../read.ts';
import type { Positional, Reading } from '../read.ts';
import { joinWords, splitWords } from '../shell.ts';
import { verbs } from '../verbs.ts';

/** A word of the command that a cell amounts to. */
export interface EffectiveWord {
  readonly text: string;
  /** Which word of the cell it is; -1: it comes from the options. */
  readonly from: number;
}

/** The options cells of a notebook: one text, or several of which the later win. */
export type Options = string | readonly string[];

/** A cell's command with the notebook's options. */
export interface Effective {
  /** One line that parses to the same. */
  readonly text: string;
  /** What the options added, in the same form; empty: nothing. */
  readonly added: string;
}

/** Flags that exclude each other: where a cell gives one, the options' other is left out. */
const exclusive: readonly (readonly [string, string])[] = [['anonymous', 'aws-profile'], ['no_correction', 'correction_method']];

/** Flags that some verbs take with one value only: several of the options cannot be meant for them. */
const single: readonly { readonly flag: string; readonly verbs: readonly string[] }[] = [
  { flag: 'participant-label', verbs: ['slice', 'histogram', 'segment'] },
  { flag: 'stain', verbs: ['segment'] },
];

const levelNames = verbs.filter((verb) => verb.position === 'level').map((verb) => verb.name);

/** Reads options; later texts win by name. `tell` hears what is wrong, with the number of the text. */
export function mergeOptions(options: Options, tell: (problem: CommandError, index: number) => void): Configuration {
  const all = (typeof options === 'string' ? [options] : options).map((text, index) => readOptions(text, (problem) => { tell(problem, index); }));
  const last = (pick: (configuration: Configuration) => string | undefined): string | undefined => all.map(pick).findLast((word) => word !== undefined);
  const [bids, output, level] = [last((each) => each.bids), last((each) => each.output), last((each) => each.level)];
  return {
    bids, output, level,
    positionals: [bids, output, level].filter((word) => word !== undefined),
    values: new Map(all.flatMap((each) => [...each.values])),
    words: new Map(all.flatMap((each) => [...each.words])),
  };
}

/**
 * The command that a cell amounts to in a notebook with options: `bids_dir`, `output_dir` and `analysis_level` stand for
 * missing words, and options that the cell does not give and that its verb knows become flags. A cell with its own
 * `--config` is left as it is. Throws `bad-option` when the cell cannot be split into words, or when the options are wrong.
 */
export function withDefaults(text: string, options: Options): Effective {
  const words = splitWords(text).map((word) => word.text);
  if (words.length === 0) throw noCommand();
  const texts = typeof options === 'string' ? [options] : options;
  const configuration = mergeOptions(options, (problem, index) => { refuse(inOptions(problem, texts[index])); });
  const effective = effectiveWords(words, configuration);
  const line = effective.slice(prefixLength(words)).map((word) => word.text);
  return {
    text: joinWords(['spimquant', ...line]),
    added: joinWords(effective.filter((word) => word.from < 0).map((word) => word.text)),
  };
}

/** A problem of an options cell as it is told elsewhere: with its line. */
function inOptions(problem: CommandError, text: string): CommandError {
  const line = problem.place?.kind === 'text' ? text.slice(0, problem.place.start).split('\n').length : undefined;
  return new CommandError(`Options of the notebook${line === undefined ? '' : `, line ${line}`}: ${problem.message}`, { hint: problem.hint });
}

/** {@link withDefaults} on words: argv form in, argv form out, what stands before the command kept. */
export function effectiveWords(argv: readonly string[], configuration: Configuration): readonly EffectiveWord[] {
  const prefix = prefixLength(argv);
  const unchanged = argv.map((text, from) => ({ text, from }));
  if (argv.length === prefix) return unchanged;
  const silent: Tell = () => undefined;
  const reading = readWords(argv.slice(prefix), silent, prefix);
  if (['config', 'help', 'version'].some((name) => reading.uses.some((use) => use.flag?.name === name))) return unchanged;
  const positionals = fill(reading.positionals, configuration);
  const added = addedFlags(reading, verbOf(positionals), configuration);
  if (added.length === 0 && positionals.length === reading.positionals.length) return unchanged;
  const flagWords = new Set(reading.uses.flatMap((use) => Array.from({ length: use.last - use.first + 1 }, (_, index) => use.first + index)));
  const ofFlags = [...flagWords].map((from) => ({ text: argv[from], from }));
  const others = positionals.map((word) => ({ text: word.text, from: word.at }));
  const extra = added.map((text) => ({ text, from: -1 }));
  return positionals.some((word) => isFlagWord(word.text))
    ? [...unchanged.slice(0, prefix), ...ofFlags, ...extra, { text: '--', from: -1 }, ...others]
    : [...unchanged.slice(0, prefix), ...others, ...ofFlags, ...extra];
}

/** The verb that decides which flags apply: a level, or an exploring verb. */
function verbOf(positionals: readonly Positional[]): string | undefined {
  const first = firstVerb(positionals);
  if (first !== undefined && first.name !== 'plan') return wordsVerb(first.name);
  return levelNames.find((name) => name === positionals.at(-1)?.text);
}

function fill(positionals: readonly Positional[], { bids, output, level }: Configuration): readonly Positional[] {
  const given = (text: string | undefined): readonly Positional[] => (text === undefined ? [] : [{ text, at: -1 }]);
  const first = firstVerb(positionals);
  // From where to where is never taken for granted.
  if (first?.starts === true) return positionals;
  if (first !== undefined && first.name !== 'plan') {
    const word = first.words?.at(0);
    const wanted = word?.kind;
    if (positionals.length > 1 || word?.optional === true) return positionals;
    if (wanted === 'dataset' || wanted === 'image') return [...positionals, ...given(bids)];
    return wanted === 'output' ? [...positionals, ...given(output)] : positionals;
  }
  const plan = first === undefined ? [] : positionals.slice(0, 1);
  const rest = positionals.slice(plan.length);
  const last = rest.at(-1);
  const named = last !== undefined && levelNames.includes(last.text);
  const folders = named ? rest.slice(0, -1) : rest;
  // A lone word that is no path is a verb with a slip in it, and is told as that.
  if (!named && (folders.length > 2 || (folders.length === 1 && !/[/\\.:]/.test(folders[0].text)))) return positionals;
  const filled = folders.length === 0 ? [...given(bids), ...given(output)] : folders.length === 1 ? [...folders, ...given(output)] : folders;
  return [...plan, ...filled, ...(named ? [last] : given(level))];
}

function addedFlags(reading: Reading, verb: string | undefined, configuration: Configuration): readonly string[] {
  if (verb === undefined) return [];
  const given = new Set(reading.uses.map((use) => use.flag?.name));
  return [...configuration.words].flatMap(([name, words]) => {
    const flag = findFlag(name);
    if (words === undefined || flag === undefined || given.has(name)) return [];
    if (flag.verbs !== undefined && !flag.verbs.some((each) => each === verb)) return [];
    if (exclusive.some(([a, b]) => (a === name && given.has(b)) || (b === name && given.has(a)))) return [];
    if (words.length > 1 && single.some((each) => each.flag === name && each.verbs.includes(verb))) return [];
    const [head, ...rest] = words;
    if (head === undefined) return [written(name)];
    return isFlagWord(head) ? [`${written(name)}=${head}`, ...rest] : [written(name), ...words];
  });
}
