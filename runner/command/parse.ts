import { SpimquantError } from '../protocol/errors.ts';
import type { Command, RunVerb } from '../protocol/options.ts';
import { buildRun } from './build.ts';
import { buildExplore, exploreVerb } from './buildExplore.ts';
import { readConfiguration } from './config.ts';
import { didYouMean } from '../protocol/nearest.ts';
import { findFlag } from './flags.ts';
import { readWords } from './read.ts';
import type { Reading } from './read.ts';
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

/** What parsing needs from outside. */
export interface ParseContext {
  /** The text of a `--config` file. Throws when it cannot be read. */
  readFile(path: string): string;
}

const usageHint = 'The form is: spimquant <bids folder or s3://> <output folder or s3://> participant|group|tune_n4 [flags]. spimquant --help explains.';
const levels = verbs.filter((verb) => verb.position === 'level').map((verb) => verb.name);

function bad(message: string, hint?: string): SpimquantError {
  return new SpimquantError('bad-option', message, hint === undefined ? {} : { hint });
}

/** Leading words that people copy along: a prompt, `pixi run`, the program itself. */
function withoutPrefix(words: readonly string[]): readonly string[] {
  let rest = words;
  if (rest[0] === '$') rest = rest.slice(1);
  if (rest[0] === 'pixi' && rest[1] === 'run') rest = rest.slice(2);
  if (rest[0] === 'spimquant') rest = rest.slice(1);
  return rest;
}

/**
 * Parses a command in text form: a notebook cell, a line of documentation. See {@link splitWords} for quoting.
 * Throws `bad-option` with one clear message.
 */
export function parseCommandText(text: string, context: ParseContext): Parsed {
  const words = splitWords(text).map((word) => word.text);
  if (words.length === 0) throw bad('There is no command.', usageHint);
  return parseArgv(words, context);
}

/** Parses a command in argv form (without node and script). Throws `bad-option` with one clear message. */
export function parseArgv(argv: readonly string[], context: ParseContext): Parsed {
  const words = withoutPrefix(argv);
  const line = joinWords(['spimquant', ...words]);
  const reading = readWords(words);
  const notices = [...reading.notices];
  const done = (command: Command): Parsed => ({ command, text: line, notices });
  let positionals = reading.positionals;

  if (reading.values.has('help') || positionals[0] === 'help') {
    const topic = positionals.find((word) => word !== 'help' && verbs.some((verb) => verb.name === word));
    return done(topic === undefined ? { verb: 'help' } : { verb: 'help', topic });
  }
  if (reading.values.has('version') || positionals[0] === 'version') return done({ verb: 'version' });
  if (words.length === 0) return done({ verb: 'help' });

  let values = reading.values;
  const file = values.get('config')?.[0] as string | undefined;
  if (file !== undefined) {
    const configuration = readConfiguration(readText(file, context), file);
    values = new Map([...configuration.values, ...[...values].filter(([name]) => name !== 'config')]);
    if (positionals.length === 0) positionals = configuration.positionals;
  }
  const first = firstVerb(positionals);
  if (file !== undefined) values = withoutForeign(values, reading.values, first?.name);
  const exploring = first === undefined ? undefined : exploreVerb(first.name);
  if (exploring !== undefined) return done(buildExplore(exploring, positionals.slice(1), values));
  if (first !== undefined) {
    if (!first.offered) throw bad(`spimquant ${first.name} is not offered yet.`, first.help);
    positionals = positionals.slice(1);
    values = new Map([...values, ['dry-run', [true]]]);
  }
  const { bids, output, level } = checkPositionals(positionals);
  const command = buildRun(level, bids, output, values, notices);
  if ('execution' in command && command.execution.cloud) {
    throw bad('--cloud is not offered yet: cloud runs come with the Coiled backend.', 'Leave --cloud out to run here; s3:// datasets and outputs work without it.');
  }
  return done(command);
}

/** The verb in first position. A folder may be called like one: three words that end in a level are a run. */
function firstVerb(positionals: readonly string[]): (typeof verbs)[number] | undefined {
  const verb = verbs.find((each) => each.position === 'first' && each.name === positionals[0]);
  return verb?.name !== 'plan' && positionals.length === 3 && levels.includes(positionals[2]) ? undefined : verb;
}

/** Leaves out values of a configuration file, which many verbs may share, that are not for this verb. */
function withoutForeign(values: Reading['values'], ofLine: Reading['values'], verb: string | undefined): Reading['values'] {
  const exploring = exploreVerb(verb);
  return new Map([...values].filter(([name]) => {
    const { verbs: of } = findFlag(name) ?? {};
    if (of === undefined || ofLine.has(name)) return true;
    return exploring === undefined ? of.some((each) => levels.includes(each)) : of.includes(exploring);
  }));
}

function readText(file: string, context: ParseContext): string {
  try {
    return context.readFile(file);
  } catch (cause) {
    throw new SpimquantError('bad-option', `The configuration file cannot be read: ${file}`, { where: file, hint: 'Check the path after --config.', cause });
  }
}

function checkPositionals(words: readonly string[]): { bids: string; output: string; level: RunVerb } {
  const [bids, output, level] = words;
  if (words.length > 3) {
    const rest = words.slice(3);
    throw bad(`${rest.length === 1 ? 'There is a word' : 'There are words'} too many: ${joinWords(rest)}.`, `${usageHint} Rule names of Snakemake belong to the external engine.`);
  }
  if (level === undefined) {
    if (words.length > 0 && levels.includes(words[words.length - 1])) {
      throw bad(`Missing before ${words[words.length - 1]}: ${words.length === 1 ? 'the dataset and the output' : 'the output (only one folder is given)'}.`, usageHint);
    }
    if (words.length === 1 && !/[/\\.:]/.test(bids)) {
      const offered = verbs.filter((verb) => verb.offered).map((verb) => verb.name);
      throw bad(`There is no verb ${JSON.stringify(bids)}.${didYouMean(bids, offered)}`, usageHint);
    }
    const missing = ['the dataset', 'the output', 'the level (participant, group or tune_n4)'].slice(words.length);
    throw bad(`Missing: ${missing.join(', ')}.`, `${usageHint} Flags that take a list take all words up to the next flag, so put folders and level first.`);
  }
  const verb = verbs.find((each) => each.position === 'level' && each.name === level);
  if (verb === undefined) throw bad(`The third word must be participant, group or tune_n4; ${JSON.stringify(level)} is none of them.${didYouMean(level, levels)}`, usageHint);
  if (bids === '' || output === '') throw bad(`The ${bids === '' ? 'dataset' : 'output'} is an empty word.`, usageHint);
  return { bids, output, level: verb.name as RunVerb };
}
