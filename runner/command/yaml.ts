import { getScalarValue, parseEvents, YAMLException } from 'js-yaml';
import type { Event, ScalarEvent } from 'js-yaml';
import { bad, CommandError } from './problem.ts';
import type { Span } from './problem.ts';

/** One word of a YAML text, as it is written there: `007` stays `007`. */
export interface YamlWord {
  readonly text: string;
  /** Without quotes: it may be `true`, `null`. */
  readonly plain: boolean;
  readonly span: Span;
}

/** One `name: value` of a YAML text. */
export interface YamlEntry {
  readonly key: YamlWord;
  /** A list in brackets or lines. */
  readonly list: boolean;
  readonly words: readonly YamlWord[];
  /** What can be no option: a mapping, a list in a list, a reference. */
  readonly strange: boolean;
}

// As the events of js-yaml number them; its constants are no literal types.
const kinds = { document: 1, sequence: 2, mapping: 3, scalar: 4, alias: 5, pop: 6 };

/** Reads a text of `name: value` lines. Throws `bad-option` with the place when it is no such thing. */
export function readEntries(text: string): readonly YamlEntry[] {
  if (text.replace(/^\s*(#.*)?$/gm, '').trim() === '') return [];
  let events: readonly Event[];
  try {
    events = parseEvents(text, {});
  } catch (cause) {
    if (!(cause instanceof YAMLException)) throw cause;
    const start = Math.min(cause.mark?.position ?? 0, text.length);
    throw new CommandError(`this is not valid YAML: ${cause.reason}${cause.mark === undefined ? '' : ` (line ${cause.mark.line + 1})`}`, {
      hint: 'Write one option a line, as in "seg_method: [th500, otsu+k3i2]".', cause, place: { kind: 'text', start, end: lineEnd(text, start) },
    });
  }
  return new Entries(text, events).read();
}

function lineEnd(text: string, from: number): number {
  const end = text.indexOf('\n', from);
  return end < 0 ? text.length : end;
}

/** Walks the events of one document. */
class Entries {
  readonly #text: string;
  readonly #events: readonly Event[];
  #at = 0;

  constructor(text: string, events: readonly Event[]) {
    this.#text = text;
    this.#events = events;
  }

  read(): readonly YamlEntry[] {
    this.#at = 1;
    const root = this.#events[this.#at++];
    if (root.type === kinds.scalar && this.#word(root as ScalarEvent).text === '') return [];
    if (root.type !== kinds.mapping) throw bad('a configuration is a list of "name: value" lines.', undefined, { place: { kind: 'text', start: 0, end: lineEnd(this.#text, 0) } });
    const entries: YamlEntry[] = [];
    while (this.#events[this.#at].type !== kinds.pop) {
      const key = this.#events[this.#at++];
      if (key.type !== kinds.scalar) throw bad('a configuration is a list of "name: value" lines.', undefined, { place: { kind: 'text', start: 0, end: lineEnd(this.#text, 0) } });
      entries.push(this.#entry(this.#word(key as ScalarEvent)));
    }
    return entries;
  }

  #entry(key: YamlWord): YamlEntry {
    const value = this.#events[this.#at++];
    if (value.type === kinds.scalar) return { key, list: false, words: [this.#word(value as ScalarEvent)], strange: false };
    if (value.type !== kinds.sequence) {
      this.#skip(value);
      return { key, list: false, words: [], strange: true };
    }
    const words: YamlWord[] = [];
    let strange = false;
    for (let item = this.#events[this.#at++]; item.type !== kinds.pop; item = this.#events[this.#at++]) {
      if (item.type === kinds.scalar) words.push(this.#word(item as ScalarEvent));
      else {
        strange = true;
        this.#skip(item);
      }
    }
    return { key, list: true, words, strange };
  }

  /** Passes over what the event begins. */
  #skip(event: Event): void {
    if (event.type !== kinds.mapping && event.type !== kinds.sequence) return;
    for (let depth = 1; depth > 0;) {
      const { type } = this.#events[this.#at++];
      if (type === kinds.mapping || type === kinds.sequence) depth++;
      else if (type === kinds.pop) depth--;
    }
  }

  #word(event: ScalarEvent): YamlWord {
    const none = event.valueStart < 0;
    const plain = event.style === 1;
    const quote = plain ? 0 : 1;
    return {
      text: none ? '' : getScalarValue(this.#text, event), plain,
      span: none ? { start: 0, end: 0 } : { start: event.valueStart - quote, end: Math.min(this.#text.length, event.valueEnd + quote) },
    };
  }
}
