import type { Flag, Value } from './flag.types.ts';
import { externalEngine } from './external.ts';
import { arityOf, findFlag, written } from './flags.ts';
import { didYouMean, nearest } from '../protocol/nearest.ts';
import { bad, changeTo, CommandError, refuse, telling } from './problem.ts';
import type { Place, Span, Tell } from './problem.ts';
import { configurableFlags, convertAll, requireFlag } from './read.ts';
import { verbs } from './verbs.ts';
import { readEntries } from './yaml.ts';
import type { YamlEntry, YamlWord } from './yaml.ts';

/** What a configuration file says. */
export interface Configuration {
  /** `bids_dir`, `output_dir` and `analysis_level`, used when the command line has none of them. */
  readonly positionals: readonly string[];
  readonly bids: string | undefined;
  readonly output: string | undefined;
  readonly level: string | undefined;
  readonly values: ReadonlyMap<string, readonly Value[]>;
  /** The same values as words of a command line, by the flag's name. `[]`: a switch that is on; undefined: one that is off. */
  readonly words: ReadonlyMap<string, readonly string[] | undefined>;
}

/** Options of a configuration that are no flags. */
export const positionalKeys = ['bids_dir', 'output_dir', 'analysis_level'] as const;

/**
 * Reads a YAML (or JSON) file of options by their names, `-` and `_` alike: one value, a list, or true/false for
 * switches. `null` means not given. Throws `bad-option` for unknown names (with the nearest match) and impossible values.
 */
export function readConfiguration(text: string, file: string): Configuration {
  return readOptions(text, (error) => {
    refuse(new CommandError(`${file}: ${error.message}`, { where: file, hint: error.hint, cause: error.cause }));
  });
}

/** Reads options like {@link readConfiguration}, from wherever they come, and tells what is wrong and where. */
export function readOptions(text: string, tell: Tell): Configuration {
  const values = new Map<string, readonly Value[]>();
  const words = new Map<string, readonly string[] | undefined>();
  const found = new Map<string, string>();
  const names = configurableFlags().map((each) => each.name);
  const entries = telling(tell, () => readEntries(text)) ?? [];
  const external = entries.some(({ key, words: [word] }) => findFlag(key.text)?.name === 'engine' && word?.text === externalEngine);
  for (const entry of entries) {
    const key = entry.key.text;
    const place = textPlace(entry.key.span);
    const positional = positionalKeys.find((each) => each === key);
    const flag = positional === undefined ? findFlag(key) : undefined;
    const name = positional ?? flag?.name ?? key;
    if (found.has(name)) tell(bad(`${key} is given twice.`, undefined, { place }));
    found.set(name, entry.list ? '' : (isNull(entry) ? '' : entry.words[0]?.text ?? ''));
    if (isNull(entry)) continue;
    if (positional !== undefined) {
      checkPositional(positional, entry, tell);
      continue;
    }
    if (flag === undefined) {
      const all = [...names, ...positionalKeys];
      tell(bad(`there is no option ${JSON.stringify(key)}.${didYouMean(key, all)}`, undefined, { place, fix: changeTo(nearest(key, all)) }));
      continue;
    }
    if (flag.support?.kind === 'accepted' && !external) continue;
    const offered = telling(tell, () => requireFlag(key, key, place, external)) !== undefined;
    if (offered && !names.includes(flag.name) && flag.support === undefined) tell(bad(`${key} cannot stand in a configuration file.`, undefined, { place }));
    else if (offered) takeEntry(entry, flag, tell, values, words);
  }
  const of = (key: string): string | undefined => found.get(key) || undefined;
  const [bids, output, level] = positionalKeys.map(of);
  return { positionals: [bids, output, level].filter((word) => word !== undefined), bids, output, level, values, words };
}

function checkPositional(key: (typeof positionalKeys)[number], entry: YamlEntry, tell: Tell): void {
  const word = entry.words.at(0);
  if (entry.list || entry.strange || word === undefined) {
    tell(bad(`${key} is one word.`, undefined, { place: textPlace(entry.key.span) }));
  } else if (key === 'analysis_level') {
    const levels = verbs.filter((verb) => verb.position === 'level').map((verb) => verb.name);
    if (levels.includes(word.text)) return;
    tell(bad(`analysis_level must be participant, group or tune_n4; ${JSON.stringify(word.text)} is none of them.${didYouMean(word.text, levels)}`, undefined, {
      place: textPlace(word.span), fix: changeTo(nearest(word.text, levels)),
    }));
  }
}

function takeEntry(entry: YamlEntry, flag: Flag, tell: Tell, values: Map<string, readonly Value[]>, words: Map<string, readonly string[] | undefined>): void {
  const key = entry.key.text;
  const place = textPlace(entry.words.length === 1 && !entry.list ? entry.words[0].span : entry.key.span);
  if (arityOf(flag) === 0) {
    const on = entry.list || entry.strange ? undefined : truth(entry.words[0]);
    if (on === undefined) {
      tell(bad(`${key} is true or false.`, undefined, { place }));
      return;
    }
    values.set(flag.name, [on]);
    words.set(flag.name, on ? [] : undefined);
    return;
  }
  if (entry.strange || entry.words.some((word) => truth(word) !== undefined)) {
    tell(bad(`${key} has a value that is neither text nor a number.`, `It is given as on the command line: ${written(flag.name)} ${flag.metavar ?? ''}`.trim(), { place }));
    return;
  }
  const given = entry.words.map((word) => word.text);
  // An empty list is how a merged configuration says "not given".
  const converted = given.length === 0 ? [] : convertAll(flag, given, key, tell, { flag: place, value: (index) => textPlace(entry.words[index].span) });
  if (converted === undefined) return;
  values.set(flag.name, converted);
  if (given.length > 0) words.set(flag.name, given);
}

function textPlace(span: Span): Place {
  return { kind: 'text', start: span.start, end: span.end };
}

function isNull({ list, words, strange }: YamlEntry): boolean {
  return !list && !strange && words[0].plain && /^(|~|null|Null|NULL)$/.test(words[0].text);
}

function truth(word: YamlWord): boolean | undefined {
  if (!word.plain) return undefined;
  return /^(true|True|TRUE)$/.test(word.text) ? true : /^(false|False|FALSE)$/.test(word.text) ? false : undefined;
}
