import { load } from 'js-yaml';
import { SpimquantError } from '../protocol/errors.ts';
import type { Value } from './flag.types.ts';
import { arityOf, findFlag, written } from './flags.ts';
import { didYouMean } from '../protocol/nearest.ts';
import { configurableFlags, convertAll, requireFlag } from './read.ts';

/** What a configuration file says. */
export interface Configuration {
  /** `bids_dir`, `output_dir` and `analysis_level`, used when the command line has none of them. */
  readonly positionals: readonly string[];
  readonly values: ReadonlyMap<string, readonly Value[]>;
}

const positionalKeys = ['bids_dir', 'output_dir', 'analysis_level'] as const;

function bad(file: string, message: string, hint?: string, cause?: unknown): SpimquantError {
  return new SpimquantError('bad-option', `${file}: ${message}`, { where: file, hint, cause });
}

function scalar(value: unknown): string | undefined {
  return typeof value === 'string' ? value : typeof value === 'number' ? String(value) : undefined;
}

/**
 * Reads a YAML (or JSON) file of options by their names, `-` and `_` alike: one value, a list, or true/false for
 * switches. `null` means not given. Throws `bad-option` for unknown names (with the nearest match) and impossible values.
 */
export function readConfiguration(text: string, file: string): Configuration {
  let content: unknown;
  try {
    content = load(text, { filename: file });
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message.split('\n')[0] : 'it cannot be read';
    throw bad(file, `this is not valid YAML: ${reason}`, 'Write one option a line, as in "seg_method: [th500, otsu+k3i2]".', cause);
  }
  if (content === null || content === undefined) return { positionals: [], values: new Map() };
  if (typeof content !== 'object' || Array.isArray(content)) throw bad(file, 'a configuration is a list of "name: value" lines.');
  const entries = Object.entries(content as Record<string, unknown>);
  const found = Object.fromEntries(entries);
  const positionals = positionalKeys.map((key) => scalar(found[key])).filter((word) => word !== undefined);
  const values = new Map<string, readonly Value[]>();
  for (const [key, value] of entries) {
    if ((positionalKeys as readonly string[]).includes(key) || value === null) continue;
    const flag = findFlag(key);
    const names = configurableFlags().map((each) => each.name);
    if (flag === undefined) throw bad(file, `there is no option ${JSON.stringify(key)}.${didYouMean(key, names)}`);
    if (flag.support?.kind === 'accepted') continue;
    requireFlag(key, key);
    if (!names.includes(flag.name)) throw bad(file, `${key} cannot stand in a configuration file.`);
    values.set(flag.name, valuesOf(file, key, value));
  }
  return { positionals, values };
}

function valuesOf(file: string, key: string, value: unknown): readonly Value[] {
  const flag = requireFlag(key, key);
  if (arityOf(flag) === 0) {
    if (typeof value !== 'boolean') throw bad(file, `${key} is true or false.`);
    return [value];
  }
  const words = (Array.isArray(value) ? value as unknown[] : [value]).map(scalar);
  if (words.includes(undefined)) throw bad(file, `${key} has a value that is neither text nor a number.`, `It is given as on the command line: ${written(flag.name)} ${flag.metavar ?? ''}`.trim());
  // An empty list is how a merged configuration says "not given".
  if (words.length === 0) return [];
  return convertAll(flag, words as string[], `${file}: ${key}`);
}
