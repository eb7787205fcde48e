import { SpimquantError } from '../protocol/errors.ts';
import type { PathFilter } from '../protocol/options.ts';
import { compareKeys } from '../storage/keyOrder.ts';

/** Whether an object takes part, by its key relative to the source. */
export type Chooses = (key: string) => boolean;

/**
 * Patterns as `.gitignore` writes them, of which the last that fits a key decides. What none fits takes part, unless the
 * first of all is an `include`: then only what is included does. Throws `bad-option` for patterns that are none.
 *
 * `*` stands for any part of a name, `**` for any folders, `?` for one character, `[a-z]` for one of several. A pattern
 * without a slash (but at its end) fits names at any depth; others begin at the source. What fits a folder fits all below it.
 */
export function chooser(filters: readonly PathFilter[]): Chooses {
  const rules = filters.map(({ include, pattern }) => ({ include, fits: patternToRegExp(pattern) }));
  const otherwise = rules.length === 0 || !rules[0].include;
  return (key) => rules.findLast(({ fits }) => fits.test(key))?.include ?? otherwise;
}

/**
 * Beginnings of the keys that can take part, none of which begins with another, in the order of keys; undefined: any key
 * may. Only what begins so has to be listed: one participant of a large dataset is found without its neighbours. Pure.
 */
export function listedPrefixes(filters: readonly PathFilter[]): readonly string[] | undefined {
  if (filters.length === 0 || !filters[0].include) return undefined;
  const prefixes = filters.filter(({ include }) => include).map(({ pattern }) => literalBeginning(pattern));
  if (prefixes.includes('')) return undefined;
  const sorted = [...new Set(prefixes)].sort(compareKeys);
  return sorted.filter((prefix) => !sorted.some((other) => other !== prefix && prefix.startsWith(other)));
}

/** What every key that fits a pattern begins with; empty for patterns that fit at any depth. */
function literalBeginning(pattern: string): string {
  const trimmed = pattern.replace(/^(\.?\/)+/, '').replace(/\/+$/, '');
  const anchored = trimmed.includes('/') || /^\.?\//.test(pattern);
  const literal = anchored ? trimmed.replace(/[*?[].*$/s, '') : '';
  // No key has such parts, and no store lists them.
  return literal.split('/').slice(0, -1).some((part) => part === '' || part === '.' || part === '..') ? '' : literal;
}

function patternToRegExp(pattern: string): RegExp {
  const refuse = (why: string): never => {
    throw new SpimquantError('bad-option', `Not a usable pattern: ${JSON.stringify(pattern)}, because ${why}.`, { hint: 'Write one like *.tsv, sub-01 or sub-*/micr/**.' });
  };
  const trimmed = pattern.replace(/^(\.?\/)+/, '').replace(/\/+$/, '');
  if (trimmed === '') refuse('it names nothing');
  const folderOnly = pattern.endsWith('/');
  const anchored = trimmed.includes('/') || /^\.?\//.test(pattern);
  let expression: RegExp | undefined;
  try {
    expression = new RegExp(`${anchored ? '^' : '(?:^|/)'}${translate(trimmed)}${folderOnly ? '/' : '(?:/|$)'}`, 'su');
  } catch {
    // Said below.
  }
  return expression ?? refuse('its brackets are not a set of characters');
}

function translate(glob: string): string {
  let out = '';
  for (let at = 0; at < glob.length;) {
    const rest = glob.slice(at);
    const set = /^\[(!|\^)?(\]?[^\]]*)\]/.exec(rest);
    if (rest.startsWith('**/')) {
      out += '(?:.*/)?';
      at += 3;
    } else if (rest.startsWith('**')) {
      out += '.*';
      at += 2;
    } else if (rest.startsWith('*')) {
      out += '[^/]*';
      at += 1;
    } else if (rest.startsWith('?')) {
      out += '[^/]';
      at += 1;
    } else if (set !== null) {
      out += `(?!/)[${set[1] === undefined ? '' : '^'}${set[2].replace(/[\\[\]^]/g, '\\$&')}]`;
      at += set[0].length;
    } else {
      const letter = String.fromCodePoint(glob.codePointAt(at) ?? 0);
      out += letter.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&');
      at += letter.length;
    }
  }
  return out;
}
