import { SpimquantError } from '../protocol/errors.ts';
import type { Flag, Value } from './flag.types.ts';
import { arityOf, findFlag, flags, offeredFlags, written } from './flags.ts';
import { didYouMean } from '../protocol/nearest.ts';
import { BadValue, parseCores, parseFilter, parseInteger, parseLabel, parseMethod, parseNumber, parseOrientation, parsePosition, parseSize } from './values.ts';

/** What stands on a command line, before it is known what it amounts to. */
export interface Reading {
  readonly positionals: readonly string[];
  /** Values by the flag's name. Switches: `[true]`, or `[false]` when a configuration file turns them off. */
  readonly values: ReadonlyMap<string, readonly Value[]>;
  readonly notices: readonly string[];
}

function bad(message: string, hint?: string): SpimquantError {
  return new SpimquantError('bad-option', message, hint === undefined ? {} : { hint });
}

/** Spellings that an unknown flag may have been meant as. */
function spellings(): string[] {
  return flags.flatMap((flag) => [flag.name, ...(flag.aliases ?? [])]).filter((name) => name.length > 1).map(written);
}

/** The flag of that name, or `bad-option` with the nearest match. `shown` is the spelling the user chose. */
export function requireFlag(name: string, shown: string): Flag {
  const flag = findFlag(name);
  if (flag === undefined) {
    throw bad(`There is no flag ${shown}.${didYouMean(shown.startsWith('-') ? shown : written(name), spellings())}`, 'spimquant --help lists them all.');
  }
  if (flag.support?.kind === 'renamed') throw bad(`There is no flag ${shown}: it is called ${written(flag.support.to)}.`);
  if (flag.support?.kind === 'refused') throw bad(`${shown} is known, but not offered here: ${flag.support.why}.`);
  return flag;
}

/** Turns one word into the flag's value. Throws `bad-option` naming the flag as the user spelled it. */
export function convert(flag: Flag, word: string, shown: string): Value {
  const kind = flag.value;
  try {
    switch (kind.kind) {
      case 'switch': return true;
      case 'integer': return parseInteger(word, kind.min, kind.max);
      case 'number': return parseNumber(word, kind.min, kind.max);
      case 'size': return parseSize(word);
      case 'cores': return parseCores(word);
      case 'orientation': return parseOrientation(word);
      case 'label': return parseLabel(word);
      case 'filter': return parseFilter(word);
      case 'method': return parseMethod(word);
      case 'position': return parsePosition(word);
      case 'text': return word;
    }
  } catch (error) {
    if (error instanceof BadValue) throw bad(`${shown} ${error.message}; ${JSON.stringify(word)} is not.`);
    throw error;
  }
}

/** Checks the number of words and turns them into values. Throws `bad-option`. */
export function convertAll(flag: Flag, words: readonly string[], shown: string): readonly Value[] {
  const arity = arityOf(flag);
  if (typeof arity === 'number' && words.length !== arity) {
    const what = arity === 1 ? 'a value' : `${arity} values`;
    throw bad(`${shown} needs ${what}${flag.metavar ? ` (${flag.metavar})` : ''}, and ${words.length === 0 ? 'has none' : `has ${words.length}`}.`);
  }
  if (arity === 'many' && words.length === 0) throw bad(`${shown} needs at least one value${flag.metavar ? ` (${flag.metavar})` : ''}.`);
  if (words.length === 0 && flag.value.kind === 'cores') return ['all'];
  return words.map((word) => convert(flag, word, shown));
}

/** Whether a word begins a flag. Negative numbers do not, nor does a lone dash. */
function isFlagWord(word: string): boolean {
  return word.length > 1 && word.startsWith('-') && !/^-\.?\d/.test(word);
}

/**
 * Reads the words of a command line. Lists take all words up to the next flag; when a flag is given twice the last
 * wins, as upstream. `--` ends the flags. Throws `bad-option` for whatever cannot be understood.
 */
export function readWords(words: readonly string[]): Reading {
  const positionals: string[] = [];
  const values = new Map<string, readonly Value[]>();
  const notices: string[] = [];
  let i = 0;

  const take = (flag: Flag, shown: string, attached: string | undefined): void => {
    const arity = arityOf(flag);
    const given: string[] = [];
    if (arity === 0) {
      if (attached !== undefined) throw bad(`${shown} takes no value, and was given ${JSON.stringify(attached)}.`);
    } else {
      if (attached !== undefined) given.push(attached);
      const limit = arity === 'many' ? Infinity : arity === 'maybe' ? 1 : arity;
      const open = (): boolean => i < words.length && given.length < limit && !isFlagWord(words[i]);
      // What follows `--cores` may also be a folder or the level: while those are missing, only words that can be its value are taken.
      if (arity === 'maybe') {
        if (open() && (positionals.length >= 3 || /^(\d+|all)$/i.test(words[i]))) given.push(words[i++]);
      } else {
        while (open()) given.push(words[i++]);
      }
    }
    if (flag.support?.kind === 'accepted') {
      notices.push(`${shown} has no effect: ${flag.support.notice}.`);
      return;
    }
    values.set(flag.name, arity === 0 ? [true] : convertAll(flag, given, shown));
  };

  while (i < words.length) {
    const word = words[i++];
    if (word === '--') {
      positionals.push(...words.slice(i));
      break;
    }
    if (!isFlagWord(word)) {
      positionals.push(word);
    } else if (word.startsWith('--')) {
      const equals = word.indexOf('=');
      const shown = equals < 0 ? word : word.slice(0, equals);
      take(requireFlag(shown.slice(2), shown), shown, equals < 0 ? undefined : word.slice(equals + 1));
    } else {
      readShort(word, take);
    }
  }
  return { positionals, values, notices };
}

/** `-n`, `-np`, `-c4`, `-c=4`, `-call`; and `-seg_method`, a long name after one dash, as a slip with a hint. */
function readShort(word: string, take: (flag: Flag, shown: string, attached: string | undefined) => void): void {
  if (word.length > 3 && findFlag(word.slice(1).split('=')[0]) !== undefined) {
    throw bad(`Long flags have two dashes: -${word}.`);
  }
  for (let at = 1; at < word.length; at++) {
    const shown = `-${word[at]}`;
    const flag = findFlag(word[at]);
    if (flag === undefined) {
      throw bad(`There is no flag ${at === 1 && word.length === 2 ? shown : `${shown} (in ${word})`}.${word.length > 3 ? didYouMean(`-${word}`, spellings()) : ''}`, 'spimquant --help lists them all.');
    }
    requireFlag(word[at], shown);
    if (arityOf(flag) === 0) {
      take(flag, shown, undefined);
      continue;
    }
    const rest = word.slice(at + 1).replace(/^=/, '');
    take(flag, shown, rest === '' ? undefined : rest);
    return;
  }
}

/** The names a configuration file may hold: those of flags that work. */
export function configurableFlags(): readonly Flag[] {
  return offeredFlags.filter((flag) => !['help', 'version', 'config', 'save'].includes(flag.name));
}
