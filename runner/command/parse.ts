import { SpimquantError } from '../protocol/errors.ts';
import type { Command, LevelVerb } from '../protocol/options.ts';
import { buildRun } from './build.ts';
import { buildExplore, exploreVerb, wordsVerb } from './buildExplore.ts';
import { buildSync } from './buildSync.ts';
import { withCloudDefaults } from './cloudSettings.ts';
import type { CloudDefaults } from './cloudSettings.ts';
import { readConfiguration } from './config.ts';
import { externalEngine, judgeKnown } from './external.ts';
import type { Configuration } from './config.ts';
import { didYouMean, nearest } from '../protocol/nearest.ts';
import { findFlag } from './flags.ts';
import { bad, changeTo, CommandError, refuse, telling, wordAt } from './problem.ts';
import type { Notice, Place, Tell } from './problem.ts';
import { readWords, wordsOf } from './read.ts';
import type { Positional, Reading } from './read.ts';
import { joinWords, splitWords } from './shell.ts';
import { verbs } from './verbs.ts';

/** A command and what its reader should know. */
export interface Parsed {
  readonly command: Command;
  /** The command as one line that parses to the same. */
  readonly text: string;
  /** Flags that were accepted but have no effect, one sentence each. */
  readonly notices: readonly string[];
}

/** Used by runs whose command and configuration file say nothing of them. */
export interface RunDefaults {
  readonly cores?: number | 'all';
  /** Bytes. */
  readonly memoryBytes?: number;
  /** Of runs on cloud machines. */
  readonly cloud?: CloudDefaults;
}

/** What parsing needs from outside. */
export interface ParseContext {
  /** The text of a `--config` file. Throws when it cannot be read. */
  readFile(path: string): string;
  readonly defaults?: RunDefaults;
}

const usageHint = 'The form is: spimquant <bids folder or s3://> <output folder or s3://> participant|group|tune_n4 [flags]. spimquant --help explains.';
const levels = verbs.filter((verb) => verb.position === 'level').map((verb) => verb.name);

/** How many leading words people copy along: a prompt, `pixi run`, the program itself. */
export function prefixLength(words: readonly string[]): number {
  let at = 0;
  if (words[at] === '$') at++;
  if (words[at] === 'pixi' && words[at + 1] === 'run') at += 2;
  if (words[at] === 'spimquant') at++;
  return at;
}

/**
 * Parses a command in text form: a notebook cell, a line of documentation. See {@link splitWords} for quoting.
 * Throws `bad-option` with one clear message.
 */
export function parseCommandText(text: string, context: ParseContext): Parsed {
  const words = splitWords(text).map((word) => word.text);
  if (words.length === 0) throw noCommand();
  return parseArgv(words, context);
}

/** Parses a command in argv form (without node and script). Throws `bad-option` with one clear message. */
export function parseArgv(argv: readonly string[], context: ParseContext): Parsed {
  const { command, notices } = interpret(argv, context, refuse);
  if (command === undefined) throw bad('The command cannot be understood.', usageHint);
  return { command, text: joinWords(['spimquant', ...argv.slice(prefixLength(argv))]), notices: notices.map((notice) => notice.text) };
}

/** The error of an empty text. */
export function noCommand(): CommandError {
  return bad('There is no command.', usageHint);
}

/** What interpreting needs from outside. */
export interface InterpretContext {
  /** Left out: configuration files are not looked at, and what only they could tell is taken for granted. */
  readonly readFile?: (path: string) => string;
  readonly defaults?: RunDefaults;
}

/** A command line understood as far as possible. */
export interface Interpretation {
  /** Undefined: `tell` was told why, or it depends on a file that was not looked at. */
  readonly command: Command | undefined;
  readonly reading: Reading;
  readonly notices: readonly Notice[];
}

/** Interprets a command in argv form and tells every problem; with a `tell` that throws, only the first. */
export function interpret(argv: readonly string[], context: InterpretContext, tell: Tell): Interpretation {
  const prefix = prefixLength(argv);
  let lost = false;
  const told: Tell = (problem) => { lost = true; tell(problem); };
  const reading = readWords(argv.slice(prefix), told, prefix);
  const notices: Notice[] = [];
  const done = (command: Command | undefined): Interpretation => ({ command: lost ? undefined : command, reading, notices });
  let positionals = reading.positionals;

  if (reading.values.has('help') || positionals[0]?.text === 'help') {
    const topic = positionals.find((word) => word.text !== 'help' && verbs.some((verb) => verb.name === word.text))?.text;
    return done(topic === undefined ? { verb: 'help' } : { verb: 'help', topic });
  }
  if (reading.values.has('version') || positionals[0]?.text === 'version') return done({ verb: 'version' });
  if (argv.length === prefix) return done({ verb: 'help' });

  let values = reading.values;
  const file = values.get('config')?.[0] as string | undefined;
  if (file !== undefined) {
    const { readFile } = context;
    const configuration = readFile === undefined ? undefined : telling(told, () => configurationOf(file, readFile));
    values = new Map([...(configuration?.values ?? []), ...[...values].filter(([name]) => name !== 'config')]);
    if (positionals.length === 0 && configuration === undefined) return done(undefined);
    if (positionals.length === 0) positionals = configuration?.positionals.map((text) => ({ text, at: -1 })) ?? [];
  }
  const external = values.get('engine')?.[0] === externalEngine;
  const judged = judgeKnown(reading.uses, external, told, notices);
  const first = firstVerb(positionals);
  if (file !== undefined) values = withoutForeign(values, reading.values, first?.name);
  const exploring = first === undefined ? undefined : exploreVerb(first.name);
  // Words after a flag that is none may be its own: what they amount to is not judged.
  if (!judged || reading.uses.some((use) => use.flag === undefined)) return done(undefined);
  if (first?.name === 'sync') return done(buildSync(positionals.slice(1), { ...reading, values }, told));
  if (exploring !== undefined) return done(buildExplore(exploring, positionals.slice(1), values, told));
  if (first !== undefined) {
    if (!first.offered) {
      told(bad(`spimquant ${first.name} is not offered yet.`, first.help, { place: wordAt(positionals[0].at) }));
      return done(undefined);
    }
    positionals = positionals.slice(1);
    values = new Map([...values, ['dry-run', [true]]]);
  }
  const { cores, memoryBytes, cloud } = context.defaults ?? {};
  if (cores !== undefined && !values.has('cores')) values = new Map([...values, ['cores', [cores]]]);
  if (memoryBytes !== undefined && !values.has('mem')) values = new Map([...values, ['mem', [memoryBytes]]]);
  values = telling(told, () => withCloudDefaults(values, cloud)) ?? values;
  const run = telling(told, () => checkPositionals(positionals, external));
  if (run === undefined) return done(undefined);
  return done(buildRun(run.level, run.bids, run.output, values, notices, told, { targets: wordsOf(positionals).slice(3), uses: reading.uses }));
}

/** The verb in first position. A folder may be called like one: three words that end in a level are a run, unless they can be a transfer. */
export function firstVerb(positionals: readonly Positional[]): (typeof verbs)[number] | undefined {
  const verb = verbs.find((each) => each.position === 'first' && each.name === positionals[0]?.text);
  return verb?.name !== 'plan' && verb?.name !== 'sync' && positionals.length === 3 && levels.includes(positionals[2].text) ? undefined : verb;
}

/** Leaves out values of a configuration file, which many verbs may share, that are not for this verb. */
function withoutForeign(values: Reading['values'], ofLine: Reading['values'], verb: string | undefined): Reading['values'] {
  const own = wordsVerb(verb);
  return new Map([...values].filter(([name]) => {
    const { verbs: of } = findFlag(name) ?? {};
    if (of === undefined || ofLine.has(name)) return true;
    return own === undefined ? of.some((each) => levels.includes(each)) : of.includes(own);
  }));
}

function configurationOf(file: string, readFile: ParseContext['readFile']): Configuration {
  const place = { kind: 'flag', name: 'config' } as const;
  let text: string;
  try {
    text = readFile(file);
  } catch (cause) {
    throw new CommandError(`The configuration file cannot be read: ${file}`, { where: file, hint: 'Check the path after --config.', cause, place });
  }
  try {
    return readConfiguration(text, file);
  } catch (error) {
    if (!(error instanceof SpimquantError)) throw error;
    throw new CommandError(error.message, { where: file, hint: error.hint, cause: error.cause, place });
  }
}

/** `external`: what follows the level are rules of Snakemake. */
function checkPositionals(positionals: readonly Positional[], external: boolean): { bids: string; output: string; level: LevelVerb } {
  const words = wordsOf(positionals);
  const [bids, output, level] = words;
  const at = (index: number): Place => wordAt(positionals[index].at);
  if (words.length > 3 && !external) {
    const rest = words.slice(3);
    throw bad(`${rest.length === 1 ? 'There is a word' : 'There are words'} too many: ${joinWords(rest)}.`, `${usageHint} Rule names of Snakemake are for --engine snakemake.`, { place: { kind: 'words', first: positionals[3].at, last: positionals[positionals.length - 1].at } });
  }
  if (level === undefined) {
    if (words.length > 0 && levels.includes(words[words.length - 1])) {
      throw bad(`Missing before ${words[words.length - 1]}: ${words.length === 1 ? 'the dataset and the output' : 'the output (only one folder is given)'}.`, usageHint, { place: at(words.length - 1) });
    }
    if (words.length === 1 && !/[/\\.:]/.test(bids)) {
      const offered = verbs.filter((verb) => verb.offered).map((verb) => verb.name);
      throw bad(`There is no verb ${JSON.stringify(bids)}.${didYouMean(bids, offered)}`, usageHint, { place: at(0), fix: changeTo(nearest(bids, offered)) });
    }
    const missing = ['the dataset', 'the output', 'the level (participant, group or tune_n4)'].slice(words.length);
    throw bad(`Missing: ${missing.join(', ')}.`, `${usageHint} Flags that take a list take all words up to the next flag, so put folders and level first.`);
  }
  const verb = verbs.find((each) => each.position === 'level' && each.name === level);
  if (verb === undefined) throw bad(`The third word must be participant, group or tune_n4; ${JSON.stringify(level)} is none of them.${didYouMean(level, levels)}`, usageHint, { place: at(2), fix: changeTo(nearest(level, levels)) });
  if (bids === '' || output === '') throw bad(`The ${bids === '' ? 'dataset' : 'output'} is an empty word.`, usageHint, { place: at(bids === '' ? 0 : 1) });
  return { bids, output, level: verb.name as LevelVerb };
}
