import type { LevelVerb } from '../../protocol/options.ts';
import { storageChoiceFrom, storageFields } from '../../protocol/storageChoice.ts';
import type { StorageChoice } from '../../protocol/storageChoice.ts';
import { findFlag } from '../flags.ts';
import { firstVerb, prefixLength } from '../parse.ts';
import { readWords } from '../read.ts';
import type { Reading } from '../read.ts';
import { scanText } from '../shell.ts';
import { verbs } from '../verbs.ts';
import { effectiveWords, mergeOptions } from './effective.ts';
import type { Options } from './effective.ts';

/** What a command is about, as far as it is written. */
export interface Analysis {
  /** The word that says what is done: a level, `plan`, `segment`…; undefined: not there yet. */
  readonly verb?: string;
  /** Of a run or its plan. */
  readonly level?: LevelVerb;
  /** Whether carrying it out starts a run. */
  readonly starts: boolean;
  readonly dryRun: boolean;
  /** The dataset, the image or the folder that it reads. */
  readonly bids?: string;
  readonly output?: string;
  /** Labels without `sub-`. */
  readonly participants: readonly string[];
  readonly template?: string;
  readonly contrastColumn?: string;
  readonly storage: StorageChoice;
  /** The word of `logs` and `cancel`. */
  readonly run?: string;
}

/** Reads what a command is about from a text that may be unfinished or wrong, with the options of its notebook. */
export function analyse(text: string, options: Options = []): Analysis {
  const words = scanText(text).words.filter((word) => word.command === 0).map((word) => word.text);
  const effective = effectiveWords(words, mergeOptions(options, () => undefined)).map((word) => word.text);
  return analyseReading(readWords(effective.slice(prefixLength(effective)), () => undefined));
}

/** {@link analyse} on what was read. */
export function analyseReading(reading: Reading): Analysis {
  const words = reading.positionals.map((word) => word.text);
  const value = (name: string): readonly string[] => reading.uses.findLast((use) => use.flag?.name === name)?.words ?? [];
  const has = (name: string): boolean => reading.uses.some((use) => use.flag?.name === name);
  const first = firstVerb(reading.positionals);
  const common = {
    participants: value('participant-label').map((label) => label.replace(/^sub-/, '')),
    ...optional('template', value('template').at(0)),
    ...optional('contrastColumn', value('contrast_column').at(0)),
    storage: storageChoiceFrom((field, flag) => (storageFields[field].kind === 'switch' ? has(flag) : value(flag).at(0))),
  };
  if (has('help') || has('version') || first?.name === 'help' || first?.name === 'version') return { verb: has('version') || first?.name === 'version' ? 'version' : 'help', starts: false, dryRun: false, ...common };
  if (first?.starts === true) {
    const [, source, destination] = words;
    return { verb: first.name, starts: destination !== undefined && !has('dry-run') && !has('unlock'), dryRun: has('dry-run'), ...optional('bids', source), ...optional('output', destination), ...common };
  }
  if (first !== undefined && first.name !== 'plan') {
    const kind = first.words?.at(0)?.kind;
    const word = words.at(1);
    const about = word === undefined ? {} : kind === 'dataset' || kind === 'image' ? { bids: word } : kind === 'output' ? { output: word } : kind === 'run' ? { run: word } : {};
    return { verb: first.name, starts: false, dryRun: false, ...about, ...common };
  }
  const rest = words.slice(first === undefined ? 0 : 1);
  const level = verbs.find((verb) => verb.position === 'level' && verb.name === rest.at(-1))?.name as LevelVerb | undefined;
  const [bids, output] = level === undefined ? rest : rest.slice(0, -1);
  const dryRun = first !== undefined || has('dry-run');
  return {
    ...optional('verb', first?.name ?? level), ...optional('level', level), ...optional('bids', bids), ...optional('output', output),
    starts: level !== undefined && !dryRun && !has('unlock'), dryRun, ...common,
  };
}

function optional<K extends string, V>(key: K, value: V | undefined): { readonly [key in K]?: V } {
  return (value === undefined ? {} : { [key]: value }) as { readonly [key in K]?: V };
}

/** Whether a verb or level takes a flag. Unknown verbs take all. */
export function takesFlag(verb: string | undefined, name: string): boolean {
  const { verbs: of } = findFlag(name) ?? {};
  return of === undefined || verb === undefined || of.some((each) => each === verb);
}
