import { SpimquantError } from '../protocol/errors.ts';

/** An answer, or a part of one, that is read by names: what is not asked for is left alone, what lacks is told. */
export class Fields {
  readonly #raw: Readonly<Record<string, unknown>>;
  readonly #of: string;

  /** @param of what the answer is to, as it is told: `GET /api/v2/user/me` */
  constructor(raw: unknown, of: string) {
    if (typeof raw !== 'object' || raw === null || Array.isArray(raw)) throw strange(of, 'an object', raw);
    this.#raw = raw as Readonly<Record<string, unknown>>;
    this.#of = of;
  }

  has(name: string): boolean {
    return this.#raw[name] !== undefined && this.#raw[name] !== null;
  }

  text(name: string): string {
    return this.maybeText(name) ?? this.#lacks(name, 'text');
  }

  /** Also a number, as text. */
  maybeText(name: string): string | undefined {
    const value = this.#raw[name];
    if (value === undefined || value === null) return undefined;
    if (typeof value === 'string') return value;
    return typeof value === 'number' ? String(value) : this.#lacks(name, 'text');
  }

  number(name: string): number {
    return this.maybeNumber(name) ?? this.#lacks(name, 'a number');
  }

  /** Also a text that is a number, as sums of money are written. */
  maybeNumber(name: string): number | undefined {
    const value = this.#raw[name];
    if (value === undefined || value === null) return undefined;
    const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
    return typeof number === 'number' && Number.isFinite(number) ? number : this.#lacks(name, 'a number');
  }

  flag(name: string): boolean {
    return this.maybeFlag(name) ?? this.#lacks(name, 'true or false');
  }

  maybeFlag(name: string): boolean | undefined {
    const value = this.#raw[name];
    if (value === undefined || value === null) return undefined;
    return typeof value === 'boolean' ? value : this.#lacks(name, 'true or false');
  }

  /** A time as ISO 8601 in UTC. One without a zone is taken to be in UTC. One that cannot be read is left out: times are told, never reckoned with. */
  maybeTime(name: string): string | undefined {
    const value = this.#raw[name];
    return typeof value === 'string' ? utc(value) : undefined;
  }

  part(name: string): Fields {
    return this.maybePart(name) ?? this.#lacks(name, 'an object');
  }

  maybePart(name: string): Fields | undefined {
    const value = this.#raw[name];
    return value === undefined || value === null ? undefined : new Fields(value, `${this.#of}, ${name}`);
  }

  parts(name: string): readonly Fields[] {
    if (!this.has(name)) this.#lacks(name, 'a list');
    return partsOf(this.#raw[name], `${this.#of}, ${name}`);
  }

  maybeParts(name: string): readonly Fields[] {
    return this.has(name) ? this.parts(name) : [];
  }

  #lacks(name: string, wanted: string): never {
    throw strange(this.#of, `${name} (${wanted})`, this.#raw[name]);
  }
}

/** A list of objects. */
export function partsOf(raw: unknown, of: string): readonly Fields[] {
  if (!Array.isArray(raw)) throw strange(of, 'a list', raw);
  return raw.map((entry, index) => new Fields(entry, `${of} [${index}]`));
}

/** A time as ISO 8601 in UTC; undefined when it is none. */
export function utc(text: string): string | undefined {
  const zoned = /(?:z|[+-]\d\d:?\d\d)$/i.test(text.trim()) ? text.trim() : `${text.trim()}Z`;
  const time = Date.parse(zoned.replace(' ', 'T'));
  return Number.isNaN(time) ? undefined : new Date(time).toISOString();
}

function strange(of: string, wanted: string, found: unknown): SpimquantError {
  const there = found === undefined ? 'is not there' : found === null ? 'is null' : `is ${Array.isArray(found) ? 'a list' : `of type ${typeof found}`}`;
  return new SpimquantError('internal', `Coiled's answer to ${of} is not understood: ${wanted} ${there}.`, {
    hint: 'Coiled may have changed: look for a newer version of SPIMquant, and report it with this message when there is none.',
  });
}
