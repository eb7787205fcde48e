import type { Arity, Flag, Value } from './flag.types.ts';
import { arityOf, findFlag, flags, offeredFlags, written } from './flags.ts';
import { didYouMean, nearest } from '../protocol/nearest.ts';
import { bad, changeTo, refuse, telling, wordAt } from './problem.ts';
import type { CommandError, Place, Tell } from './problem.ts';
import { BadValue, parseCores, parseDuration, parseFilter, parseInteger, parseLabel, parseMethod, parseNumber, parseOrientation, parsePosition, parseSize } from './values.ts';

/** What stands on a command line, before it is known what it amounts to. */
export interface Reading {
  readonly positionals: readonly Positional[];
  /** Values by the flag's name. Switches: `[true]`, or `[false]` when a configuration file turns them off. */
  readonly values: ReadonlyMap<string, readonly Value[]>;
  /** Every flag as it stands there, in order. */
  readonly uses: readonly FlagUse[];
  /** What goes on at the end: the next word, unless it is a flag, is taken by it. */
  readonly open: OpenEnd | undefined;
}

/** A word that belongs to no flag. */
export interface Positional {
  readonly text: string;
  /** Which word it is; -1: of a configuration. */
  readonly at: number;
}

/** A flag on a command line. */
export interface FlagUse {
  /** Undefined: there is no such flag, or it is not offered. */
  readonly flag: Flag | undefined;
  /** As it is spelled there, without its value. */
  readonly shown: string;
  /** Its word, and the last word that it takes. */
  readonly first: number;
  readonly last: number;
  /** Its words as given, that after `=` included. */
  readonly words: readonly string[];
  readonly attached: boolean;
}

/** A flag that takes one more word, if one comes. */
export interface OpenEnd {
  readonly use: FlagUse;
  /** It is an error when none comes. */
  readonly needed: boolean;
}

/** The words alone. */
export function wordsOf(positionals: readonly Positional[]): readonly string[] {
  return positionals.map((word) => word.text);
}

/** Spellings that an unknown flag may have been meant as. */
function spellings(): string[] {
  return flags.flatMap((flag) => [flag.name, ...(flag.aliases ?? [])]).filter((name) => name.length > 1).map(written);
}

/**
 * The flag of that name, or `bad-option` with the nearest match. `shown` is the spelling the user chose. `external`: flags that
 * the installed SPIMquant alone takes are flags too.
 */
export function requireFlag(name: string, shown: string, place?: Place, external = false): Flag {
  const flag = findFlag(name);
  if (flag === undefined) {
    const word = shown.startsWith('-') ? shown : written(name);
    throw bad(`There is no flag ${shown}.${didYouMean(word, spellings())}`, 'spimquant --help lists them all.', { place, fix: changeTo(nearest(word, spellings())) });
  }
  if (flag.support?.kind === 'renamed') throw bad(`There is no flag ${shown}: it is called ${written(flag.support.to)}.`, undefined, { place, fix: changeTo(written(flag.support.to)) });
  if (flag.support?.kind === 'refused' && !(external && flag.support.external === true)) {
    throw bad(`${shown} is known, but not offered here: ${flag.support.why}.`, flag.support.external === true ? 'With --engine snakemake it is passed on to the installed SPIMquant.' : undefined, { place });
  }
  return flag;
}

/** Turns one word into the flag's value. Throws `bad-option` naming the flag as the user spelled it. */
export function convert(flag: Flag, word: string, shown: string, place?: Place): Value {
  const kind = flag.value;
  try {
    switch (kind.kind) {
      case 'switch': return true;
      case 'integer': return parseInteger(word, kind.min, kind.max);
      case 'number': return parseNumber(word, kind.min, kind.max);
      case 'size': return parseSize(word);
      case 'cores': return parseCores(word);
      case 'duration': return parseDuration(word);
      case 'orientation': return parseOrientation(word);
      case 'label': return parseLabel(word);
      case 'filter': return parseFilter(word);
      case 'method': return parseMethod(word);
      case 'position': return parsePosition(word);
      case 'text': return word;
    }
  } catch (error) {
    if (error instanceof BadValue) throw bad(`${shown} ${error.message}; ${JSON.stringify(word)} is not.`, undefined, { place });
    throw error;
  }
}

/** Where a flag's words stand; left out: unknown. */
export interface FlagPlaces {
  readonly flag: Place;
  readonly value: (index: number) => Place;
}

/** Checks the number of words and turns them into values; undefined when `tell` was told of something wrong. */
export function convertAll(flag: Flag, words: readonly string[], shown: string, tell: Tell = refuse, places?: FlagPlaces): readonly Value[] | undefined {
  const arity = arityOf(flag);
  const at = { place: places?.flag };
  if (typeof arity === 'number' && words.length !== arity) {
    const what = arity === 1 ? 'a value' : `${arity} values`;
    tell(bad(`${shown} needs ${what}${flag.metavar ? ` (${flag.metavar})` : ''}, and ${words.length === 0 ? 'has none' : `has ${words.length}`}.`, undefined, at));
    return undefined;
  }
  if (arity === 'many' && words.length === 0) {
    tell(bad(`${shown} needs at least one value${flag.metavar ? ` (${flag.metavar})` : ''}.`, undefined, at));
    return undefined;
  }
  if (words.length === 0 && flag.value.kind === 'cores') return ['all'];
  const values = words.map((word, index) => telling(tell, () => convert(flag, word, shown, places?.value(index))));
  return values.every((value) => value !== undefined) ? values : undefined;
}

/** Whether a word begins a flag. Negative numbers do not, nor does a lone dash. */
export function isFlagWord(word: string): boolean {
  return word.length > 1 && word.startsWith('-') && !/^-\.?\d/.test(word);
}

/**
 * Reads the words of a command line. Lists take all words up to the next flag; when a flag is given twice the last
 * wins, as upstream, but for those that may be repeated. `--` ends the flags. What cannot be understood is told; `from` is the number of the first word.
 */
export function readWords(words: readonly string[], tell: Tell = refuse, from = 0): Reading {
  const positionals: Positional[] = [];
  const values = new Map<string, readonly Value[]>();
  const uses: FlagUse[] = [];
  let open: OpenEnd | undefined;
  let i = 0;

  const follow = (arity: Arity, given: string[]): void => {
    const limit = arity === 'many' ? Infinity : arity === 'maybe' ? 1 : arity;
    const more = (): boolean => i < words.length && given.length < limit && !isFlagWord(words[i]);
    // What follows `--cores` may also be a folder or the level: while those are missing, only words that can be its value are taken.
    if (arity === 'maybe') {
      if (more() && (positionals.length >= 3 || /^(\d+|all)$/i.test(words[i]))) given.push(words[i++]);
    } else {
      while (more()) given.push(words[i++]);
    }
  };

  /** Takes a flag that stands in the word before `i`, with what was attached to it. */
  const take = (flag: Flag, shown: string, attached: string | undefined): void => {
    const first = i - 1;
    const arity = arityOf(flag);
    const given: string[] = attached === undefined ? [] : [attached];
    if (arity === 0) {
      if (attached !== undefined) tell(bad(`${shown} takes no value, and was given ${JSON.stringify(attached)}.`, undefined, { place: wordAt(from + first, 'value') }));
    } else {
      follow(arity, given);
    }
    const use: FlagUse = { flag, shown, first: from + first, last: from + i - 1, words: given, attached: attached !== undefined };
    uses.push(use);
    const wanted = arity === 'many' ? Infinity : arity === 'maybe' ? 1 : arity;
    open = given.length < wanted ? { use, needed: arity === 'many' ? given.length === 0 : arity !== 'maybe' } : undefined;
    // What becomes of it depends on the engine: see `judgeKnown`.
    if (flag.support !== undefined) return;
    const shift = attached === undefined ? 1 : 0;
    const converted = arity === 0 ? [true] : convertAll(flag, given, shown, tell, {
      flag: wordAt(from + first, 'name'),
      value: (index) => (attached !== undefined && index === 0 ? wordAt(from + first, 'value') : wordAt(from + first + index + shift)),
    });
    if (converted !== undefined) values.set(flag.name, flag.repeats === true ? [...(values.get(flag.name) ?? []), ...converted] : converted);
  };

  /** Goes on behind a flag that is none, over the words that were surely meant for it. */
  const skip = (problem: CommandError, shown: string, attached: string | undefined): void => {
    tell(problem);
    const first = i - 1;
    const meant = problem.fix === undefined ? findFlag(shown.slice(2)) : findFlag(problem.fix.replacement.slice(2));
    const given: string[] = attached === undefined ? [] : [attached];
    follow(meant === undefined ? (positionals.length === 0 ? 0 : 'many') : arityOf(meant), given);
    uses.push({ flag: undefined, shown, first: from + first, last: from + i - 1, words: given, attached: attached !== undefined });
    open = undefined;
  };

  const known = (name: string, shown: string, attached: string | undefined): void => {
    const problems: CommandError[] = [];
    const flag = telling((problem) => { problems.push(problem); }, () => requireFlag(name, shown, wordAt(from + i - 1, 'name'), true));
    if (flag === undefined) skip(problems[0], shown, attached);
    else take(flag, shown, attached);
  };

  while (i < words.length) {
    const word = words[i++];
    if (word === '--') {
      positionals.push(...words.slice(i).map((text, index) => ({ text, at: from + i + index })));
      open = undefined;
      break;
    }
    if (!isFlagWord(word)) {
      positionals.push({ text: word, at: from + i - 1 });
      open = undefined;
    } else if (word.startsWith('--')) {
      const equals = word.indexOf('=');
      const shown = equals < 0 ? word : word.slice(0, equals);
      known(shown.slice(2), shown, equals < 0 ? undefined : word.slice(equals + 1));
    } else {
      readShort(word, known, (problem) => { skip(problem, word, undefined); }, wordAt(from + i - 1));
    }
  }
  return { positionals, values, uses, open };
}

/** `-n`, `-np`, `-c4`, `-c=4`, `-call`; and `-seg_method`, a long name after one dash, as a slip with a hint. */
function readShort(word: string, known: (name: string, shown: string, attached: string | undefined) => void, skip: Tell, place: Place): void {
  const name = word.slice(1).split('=')[0];
  if (word.length > 3 && findFlag(name) !== undefined) {
    skip(bad(`Long flags have two dashes: -${word}.`, undefined, { place: { ...place, part: 'name' } as Place, fix: changeTo(`--${name}`) }));
    return;
  }
  for (let at = 1; at < word.length; at++) {
    const shown = `-${word[at]}`;
    const flag = findFlag(word[at]);
    if (flag === undefined) {
      const long = word.length > 3 ? `-${word}` : '';
      skip(bad(`There is no flag ${at === 1 && word.length === 2 ? shown : `${shown} (in ${word})`}.${long === '' ? '' : didYouMean(long, spellings())}`, 'spimquant --help lists them all.', {
        place, fix: long === '' ? undefined : changeTo(nearest(long, spellings())),
      }));
      return;
    }
    if (arityOf(flag) === 0) {
      known(word[at], shown, undefined);
      continue;
    }
    const rest = word.slice(at + 1).replace(/^=/, '');
    known(word[at], shown, rest === '' ? undefined : rest);
    return;
  }
}

/** The names a configuration file may hold: those of flags that work. */
export function configurableFlags(): readonly Flag[] {
  return offeredFlags.filter((flag) => !['help', 'version', 'config', 'save', 'yes', 'engine_command'].includes(flag.name));
}
