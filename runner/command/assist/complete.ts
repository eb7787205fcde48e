import type { Flag } from '../flag.types.ts';
import { flagGroups } from '../flag.types.ts';
import { externalEngine, externalFlags } from '../external.ts';
import { arityOf, findFlag, offeredFlags, written } from '../flags.ts';
import { prefixLength } from '../parse.ts';
import { isFlagWord, readWords } from '../read.ts';
import type { Positional, Reading } from '../read.ts';
import type { Span } from '../problem.ts';
import { quoteWord, scanText } from '../shell.ts';
import { verbs } from '../verbs.ts';
import type { Verb } from '../verbs.ts';
import { analyse, takesFlag } from './analyse.ts';
import type { Analysis } from './analyse.ts';
import { mergeOptions } from './effective.ts';
import type { Options } from './effective.ts';
import { valueUsage } from './usage.ts';
import { offersFor } from './values.ts';
import type { DataRequest, ValueOffer } from './values.ts';

/** Something that may stand at the cursor. */
export interface Completion {
  readonly label: string;
  /** What replaces the range. */
  readonly insert: string;
  /** What the typed text is compared with, quotes included. */
  readonly filter: string;
  readonly kind: 'program' | 'verb' | 'level' | 'flag' | 'switch' | 'value' | 'method' | 'dataset' | 'folder' | 'file' | 'participant' | 'stain' | 'column' | 'run';
  /** What follows it, e.g. `METHOD ...`. */
  readonly usage?: string;
  /** One line beside it. */
  readonly detail?: string;
  /** Sentences below it. */
  readonly documentation?: string;
  /** Sorts as text. */
  readonly sort: string;
  /** The list opens again behind it. */
  readonly more: boolean;
}

/** What may stand at the cursor, and which part of the text it replaces. */
export interface Completions extends Span {
  readonly items: readonly Completion[];
  readonly requests: readonly DataRequest[];
  /** How the word is quoted so far. */
  readonly quote: '"' | "'" | '';
  /** A blank follows already, or none should. */
  readonly closed: boolean;
}

export interface CompleteContext {
  /** Of the notebook's options cells. */
  readonly options?: Options;
}

/** What may stand at `offset`; undefined in comments and where the word goes over several lines. */
export function complete(text: string, offset: number, context: CompleteContext = {}): Completions | undefined {
  // A character at the cursor makes a word of what is typed, even when that is nothing.
  const until = scanText(`${text.slice(0, offset)}x`).words.at(-1);
  if (until === undefined || until.end !== offset + 1) return undefined;
  const prefix = until.text.slice(0, -1);
  const scan = scanText(text);
  const whole = prefix === '' ? undefined : scan.words.find((word) => word.start === until.start);
  const end = whole === undefined || whole.open !== undefined ? offset : Math.max(offset, whole.end);
  if (text.slice(until.start, end).includes('\n')) return undefined;
  const before = scanText(text.slice(0, until.start)).words.filter((word) => word.command === until.command).map((word) => word.text);
  const after = scan.words.filter((word) => word.command === until.command && word.start >= end).map((word) => word.text);
  const opened = text[until.start];
  const place: Place = {
    prefix, before, after, options: context.options ?? [], analysis: analyse(withoutWord(text, { start: until.start, end }), context.options),
    start: until.start, end, quote: prefix === '' && end === until.start ? '' : opened === '"' || opened === "'" ? opened : '', closed: /\s/.test(text[end] ?? ''),
  };
  return at(place, text);
}

interface Place extends Span {
  readonly prefix: string;
  readonly before: readonly string[];
  readonly after: readonly string[];
  readonly options: Options;
  readonly analysis: Analysis;
  readonly quote: '"' | "'" | '';
  readonly closed: boolean;
}

function withoutWord(text: string, { start, end }: Span): string {
  return text.slice(0, start) + text.slice(end);
}

function at(place: Place, text: string): Completions {
  const { before, prefix } = place;
  const length = prefixLength(before);
  const reading = readWords(before.slice(length), () => undefined, length);
  const builder = new Builder(place);
  if (before.includes('--')) {
    builder.positional(reading.positionals);
  } else if (place.quote === '' && prefix.startsWith('--') && prefix.includes('=')) {
    const equals = text.indexOf('=', place.start) + 1;
    const flag = findFlag(prefix.slice(2, prefix.indexOf('=')));
    const value = new Builder({ ...place, start: Math.min(equals, place.end), prefix: prefix.slice(prefix.indexOf('=') + 1), quote: '' });
    if (flag !== undefined) value.values(flag, 0, []);
    return value.done();
  } else if (place.quote === '' && (prefix === '-' || prefix.startsWith('--') || isFlagWord(prefix))) {
    builder.flags(reading);
  } else if (reading.open !== undefined && !(reading.open.use.flag?.arity === 'maybe' && reading.positionals.length < 3 && prefix !== '' && !/^\d|^a/i.test(prefix))) {
    const { use, needed } = reading.open;
    if (use.flag !== undefined) builder.values(use.flag, use.words.length, use.words);
    if (!needed && use.flag?.arity === 'maybe') builder.positional(reading.positionals);
    if (!needed && prefix === '') builder.flags(reading);
  } else {
    if (length === 0 || before[length - 1] !== 'spimquant') builder.program(before.slice(0, length), before.length === length);
    builder.positional(reading.positionals);
    if (prefix === '' && (reading.positionals.length > 0 || before.length > length)) builder.flags(reading);
  }
  return builder.done();
}

/** A value as it is written at the cursor, with the quote that was begun. */
export function writeValue(value: string, completions: Pick<Completions, 'quote'>): string {
  if (completions.quote === '"' && !/["\\$`]/.test(value)) return `"${value}"`;
  return completions.quote === "'" ? `'${value.replaceAll("'", `'\\''`)}'` : quoteWord(value);
}

/** An item for a value that the runner told of. */
export function dataItem(value: string, kind: Completion['kind'], completions: Completions, more: { readonly detail?: string; readonly sort?: string; readonly unfinished?: boolean } = {}): Completion {
  const insert = writeValue(value, completions);
  // A folder goes on: its quote stays open, so that the next part can be typed.
  const open = more.unfinished === true && /['"]$/.test(insert) ? insert.slice(0, -1) : insert;
  return {
    label: value, insert: more.unfinished === true || completions.closed ? open : `${insert} `, filter: `${completions.quote}${value}`, kind, sort: more.sort ?? `0${value}`, more: true,
    ...(more.detail === undefined ? {} : { detail: more.detail }),
  };
}

const passedOn = 'Passed on to the installed SPIMquant, or by it to Snakemake.';

class Builder {
  readonly #place: Place;
  readonly #items: Completion[] = [];
  readonly #requests: DataRequest[] = [];

  constructor(place: Place) {
    this.#place = place;
  }

  done(): Completions {
    const { start, end, quote, closed } = this.#place;
    return { start, end, quote, closed, items: this.#items, requests: this.#requests };
  }

  program(given: readonly string[], first: boolean): void {
    if (!first || given.includes('spimquant')) return;
    this.#add({ label: 'spimquant', insert: this.#spaced('spimquant'), filter: 'spimquant', kind: 'program', detail: 'Quantify, or look at data', sort: '00', more: true });
  }

  positional(given: readonly Positional[]): void {
    const { options } = this.#place;
    const { bids, output } = mergeOptions(options, () => undefined);
    const words = given.map((word) => word.text);
    const [first, ...rest] = words;
    const verb = verbs.find((each) => each.position === 'first' && each.name === first);
    if (first === undefined) {
      for (const each of verbs.filter((known) => known.position === 'first' && known.offered)) this.#verb(each, '1');
      if (bids !== undefined && output !== undefined) this.#levels();
      this.#ask('dataset');
    } else if (verb === undefined || verb.name === 'plan') {
      const folders = verb === undefined ? words : rest;
      if (folders.some((word) => verbs.some((each) => each.position === 'level' && each.name === word))) return;
      if (folders.length === 0) this.#ask('dataset');
      if (folders.length === 1) this.#ask('output');
      if (folders.length === 2 || (output !== undefined && (folders.length === 1 || bids !== undefined))) this.#levels();
    } else if (verb.name === 'help') {
      if (rest.length === 0) for (const each of verbs.filter((known) => known.offered)) this.#verb(each, '1');
    } else {
      const kind = verb.words?.at(rest.length)?.kind;
      if (kind === 'folder') this.#ask('path', { folders: true });
      else if (kind === 'image') {
        this.#ask('dataset');
        this.#ask('image');
      } else if (kind !== undefined) this.#ask(kind);
    }
  }

  /** Flags that are not given yet and that the verb takes; without a verb, all. */
  flags(reading: Reading): void {
    const { before, after, prefix, analysis } = this.#place;
    const later = readWords(after, () => undefined);
    const given = new Set([...reading.uses, ...later.uses].map((use) => use.flag?.name));
    const verb = analysis.level ?? analysis.verb;
    if (verb === 'help' || verb === 'version') return;
    const external = [...reading.uses, ...later.uses].some((use) => use.flag?.name === 'engine' && use.words[0] === externalEngine);
    for (const [index, flag] of (external ? externalFlags : offeredFlags).entries()) {
      if (given.has(flag.name) || !takesFlag(verb, flag.name) || (flag.group === 'Help' && before.length > 2)) continue;
      const name = written(flag.name);
      const spelled = /\w_/.test(prefix) ? name.replace(/(?<=\w)-/g, '_') : /\w-/.test(prefix) ? name.replaceAll('_', '-') : name;
      const takes = arityOf(flag) !== 0;
      this.#add({
        label: name, insert: takes ? this.#spaced(name) : name, filter: spelled, kind: takes ? 'flag' : 'switch', ...(takes ? { usage: valueUsage(flag) } : {}), detail: flag.support === undefined ? flag.help : passedOn,
        documentation: `${flag.support === undefined ? flag.help : passedOn}${flag.default === undefined ? '' : `\n\nDefault: ${flag.default}.`}`,
        sort: `5${String(flag.support === undefined ? flagGroups.indexOf(flag.group) : flagGroups.length).padStart(2, '0')}${String(index).padStart(3, '0')}`, more: takes,
      });
    }
  }

  values(flag: Flag, index: number, taken: readonly string[]): void {
    const { values, requests } = offersFor(flag, index, this.#place.prefix, taken, this.#place.analysis);
    for (const [order, offer] of values.entries()) this.#value(flag, offer, order);
    this.#requests.push(...requests);
  }

  #value(flag: Flag, { value, detail, isDefault, unfinished }: ValueOffer, order: number): void {
    const { quote } = this.#place;
    const insert = writeValue(value, { quote });
    const kind = flag.value.kind === 'method' ? 'method' : flag.name.includes('stain') ? 'stain' : 'value';
    this.#add({
      label: value, insert: unfinished === true || flag.arity === undefined ? insert : this.#spaced(insert), filter: `${quote}${value}`, kind,
      ...(isDefault === true ? { detail: 'default' } : {}), ...(detail === undefined ? {} : { documentation: detail, ...(isDefault === true ? {} : { detail }) }),
      sort: `2${String(order).padStart(3, '0')}`, more: unfinished === true,
    });
  }

  #levels(): void {
    for (const each of verbs.filter((known) => known.position === 'level')) this.#verb(each, '0');
  }

  #verb(verb: Verb, group: string): void {
    this.#add({
      label: verb.name, insert: this.#spaced(verb.name), filter: verb.name, kind: verb.position === 'level' ? 'level' : 'verb', detail: verb.help,
      documentation: `${verb.help}\n\n${verb.usage}`, sort: `${group}${String(verbs.indexOf(verb)).padStart(3, '0')}`, more: true,
    });
  }

  #ask(kind: DataRequest['kind'], more: Partial<DataRequest> = {}): void {
    const { prefix, analysis } = this.#place;
    this.#requests.push({ kind, prefix, taken: [], storage: analysis.storage, ...(analysis.bids === undefined ? {} : { dataset: analysis.bids }), ...more });
  }

  #add(item: Completion): void {
    this.#items.push(item);
  }

  #spaced(text: string): string {
    return this.#place.closed ? text : `${text} `;
  }
}
