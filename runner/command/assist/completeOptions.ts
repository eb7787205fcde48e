import { positionalKeys } from '../config.ts';
import type { Flag } from '../flag.types.ts';
import { arityOf, findFlag, normaliseName } from '../flags.ts';
import { configurableFlags } from '../read.ts';
import type { Completion, Completions } from './complete.ts';
import { analyse } from './analyse.ts';
import { mergeOptions } from './effective.ts';
import { positionalHelp } from './hover.ts';
import { offersFor } from './values.ts';

/** What may stand at `offset` of an options cell: names of options at the start of a line, values behind them. */
export function completeOptions(yaml: string, offset: number): Completions | undefined {
  const from = yaml.lastIndexOf('\n', offset - 1) + 1;
  const line = yaml.slice(from, offset);
  const lineEnd = yaml.indexOf('\n', offset) < 0 ? yaml.length : yaml.indexOf('\n', offset);
  if (/(^|\s)#/.test(line)) return undefined;
  const name = /^[\w-]*$/.exec(line);
  if (name !== null) {
    const rest = /^[\w-]*/.exec(yaml.slice(offset, lineEnd))?.[0].length ?? 0;
    return { start: from, end: offset + rest, quote: '', closed: /^[\w-]*\s*:/.test(yaml.slice(offset, lineEnd)), items: names(yaml, from, line, yaml.slice(offset + rest, lineEnd)), requests: [] };
  }
  const key = keyAt(yaml, from, line);
  const typed = /[^\s,[\]"':]*$/.exec(line)?.[0] ?? '';
  // Colons belong to filters and addresses; that of the key does not.
  const word = /(?<=^[\w-]+:\s*|[[,]\s*|^\s*-\s+)["']?([^\s,[\]"']*)$/.exec(line)?.[1] ?? typed;
  const start = offset - word.length;
  if (key === undefined) return undefined;
  const found = { start, end: offset, quote: '' as const, closed: true };
  const analysis = analyse('', [withoutLine(yaml, from, lineEnd)]);
  const { bids } = mergeOptions([withoutLine(yaml, from, lineEnd)], () => undefined);
  const storage = analysis.storage;
  const about = { prefix: word, taken: [], storage, ...(bids === undefined ? {} : { dataset: bids }) };
  if (key === 'bids_dir') return { ...found, items: [], requests: [{ kind: 'dataset', ...about }] };
  if (key === 'output_dir') return { ...found, items: [], requests: [{ kind: 'output', ...about }] };
  if (key === 'analysis_level') return { ...found, items: plain(['participant', 'group', 'tune_n4']), requests: [] };
  const flag = findFlag(key);
  if (flag === undefined) return undefined;
  if (arityOf(flag) === 0) return { ...found, items: plain(['true', 'false']), requests: [] };
  const { values, requests } = offersFor(flag, 0, word, [], { ...analysis, ...(bids === undefined ? {} : { bids }) });
  return {
    ...found, requests,
    items: values.map((offer, index) => ({ ...item(offer.value, String(index).padStart(3, '0')), kind: flag.value.kind === 'method' ? 'method' : 'value', ...(offer.detail === undefined ? {} : { detail: offer.detail }) })),
  };
}

/** The option that a line belongs to: its own, or that of the list it stands in. */
function keyAt(yaml: string, from: number, line: string): string | undefined {
  const own = /^["']?([\w-]+)["']?\s*:/.exec(line)?.[1];
  if (own !== undefined) return own;
  if (!/^\s*-(\s|$)/.test(line) && !/^\s/.test(line)) return undefined;
  return yaml.slice(0, from).split('\n').map((each) => /^["']?([\w-]+)["']?\s*:/.exec(each)?.[1]).findLast((each) => each !== undefined);
}

function withoutLine(yaml: string, from: number, to: number): string {
  return yaml.slice(0, from) + yaml.slice(to);
}

function names(yaml: string, from: number, typed: string, rest: string): readonly Completion[] {
  const given = new Set(yaml.split('\n').filter((_, index) => index !== yaml.slice(0, from).split('\n').length - 1).map((line) => normaliseName(/^["']?([\w-]+)["']?\s*:/.exec(line)?.[1] ?? '')));
  const colon = /^\s*:/.test(rest) ? '' : ': ';
  const words = positionalKeys.filter((key) => !given.has(key)).map((key, index): Completion => ({
    label: key, insert: `${key}${colon}`, filter: key, kind: 'flag', detail: positionalHelp[key], documentation: positionalHelp[key], sort: `0${index}`, more: true,
  }));
  const options = configurableFlags().filter((flag) => !given.has(normaliseName(flag.name))).map((flag, index): Completion => ({
    label: flag.name, insert: `${flag.name}${colon}`, filter: typed.includes('-') ? flag.name.replaceAll('_', '-') : typed.includes('_') ? flag.name.replaceAll('-', '_') : flag.name,
    kind: 'flag', detail: shape(flag), documentation: `${flag.help}${flag.default === undefined ? '' : `\n\nDefault: ${flag.default}.`}`, sort: `1${String(index).padStart(3, '0')}`, more: true,
  }));
  return [...words, ...options];
}

function shape(flag: Flag): string {
  const value = flag.metavar ?? 'VALUE';
  return arityOf(flag) === 0 ? 'true | false' : flag.arity === 'many' ? `[${value}, ...]` : typeof flag.arity === 'number' ? `[${value.split(' ').join(', ')}]` : value;
}

function plain(values: readonly string[]): readonly Completion[] {
  return values.map((value, index) => item(value, String(index)));
}

function item(value: string, sort: string): Completion {
  return { label: value, insert: /^[\w+./-]+$/.test(value) || value.includes('://') ? value : JSON.stringify(value), filter: value, kind: 'value', sort, more: false };
}
