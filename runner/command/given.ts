import type { Json } from '../protocol/json.ts';
import { didYouMean, nearest } from '../protocol/nearest.ts';
import type { EntityFilter, SegmentationMethod } from '../protocol/options.ts';
import { badAddress, storageChoiceFrom, storageFields } from '../protocol/storageChoice.ts';
import type { StorageChoice } from '../protocol/storageChoice.ts';
import type { Flag, Value } from './flag.types.ts';
import { written } from './flags.ts';
import { bad, changeTo } from './problem.ts';
import type { Tell } from './problem.ts';

/** Parsed values by the name of their flag. */
export type Values = ReadonlyMap<string, readonly Value[]>;

/** Typed access to parsed values by flag name; the table guarantees the types. */
export class Given {
  readonly #values: Values;

  constructor(values: Values) {
    this.#values = values;
  }

  has(name: string): boolean {
    return (this.#values.get(name)?.length ?? 0) > 0;
  }

  list<T extends Value>(name: string, otherwise: readonly T[] = []): readonly T[] {
    return this.has(name) ? (this.#values.get(name) as readonly T[]) : otherwise;
  }

  one<T extends Value>(name: string): T | undefined {
    return this.list<T>(name)[0];
  }

  on(name: string): boolean {
    return this.one<boolean>(name) === true;
  }

  /** Percentiles between which thresholds are sought. Throws `bad-option` when they do not rise. */
  percentileRange(): readonly [number, number] {
    const [low, high] = this.list('seg_hist_percentile_range', [1, 99.5]);
    if (low >= high) throw bad(`--seg_hist_percentile_range must rise: ${low} is not below ${high}.`, undefined, { place: { kind: 'flag', name: 'seg_hist_percentile_range' } });
    return [low, high];
  }
}

/** Tells of values outside a flag's choices. A template that comes from a folder may have any name. */
export function checkChoices(values: Values, flags: readonly Flag[], tell: Tell): void {
  for (const flag of flags) {
    if (flag.value.kind !== 'text' || flag.value.choices === undefined) continue;
    if (flag.name === 'template' && (values.get('template_dir')?.length ?? 0) > 0) continue;
    for (const value of values.get(flag.name) ?? []) {
      const word = typeof value === 'string' ? value : '';
      if (flag.value.choices.includes(word)) continue;
      tell(bad(`${written(flag.name)} cannot be ${JSON.stringify(word)}.${didYouMean(word, flag.value.choices)}`, `It is one of ${flag.value.choices.join(', ')}.`, {
        place: { kind: 'flag', name: flag.name, value: word }, fix: changeTo(nearest(word, flag.value.choices)),
      }));
    }
  }
}

/** A parsed value as a command or a configuration has it. */
export function asWritten(value: unknown): Json {
  if (typeof value !== 'object' || value === null) return value as Json;
  if ('name' in value) return value.name as string;
  const filter = value as EntityFilter;
  if (filter.method === 'equals') return `${filter.entity}=${filter.value ?? ''}`;
  return `${filter.entity}:${filter.method}${filter.value === undefined ? '' : `=${filter.value}`}`;
}

/** Methods, each once. */
export function unique(methods: readonly SegmentationMethod[]): readonly SegmentationMethod[] {
  return methods.filter((method, at) => methods.findIndex((other) => other.name === method.name) === at);
}

/** How buckets are reached and written. `prefix`: that of flags for a transfer's destination. Throws `bad-option`. */
export function storageChoice(given: Given, prefix = ''): StorageChoice {
  const choice = storageChoiceFrom((_field, flag) => given.one(prefix + flag));
  const wrong = badAddress(choice);
  if (wrong !== undefined) {
    const flag = prefix + storageFields[wrong].flag;
    throw bad(`--${flag} must be the address of a service, without user name or password, as in http://127.0.0.1:9000.`, undefined, { place: { kind: 'flag', name: flag } });
  }
  for (const [field, name] of [['awsProfile', 'aws-profile'], ['gcsCredentials', 'gcs-credentials']] as const) {
    if (choice.anonymous && choice[field] !== undefined) throw bad(`--anonymous and --${name} exclude each other: one reads without credentials, the other with.`, undefined, { place: { kind: 'flag', name: 'anonymous' } });
  }
  if (choice.encryptionKey !== undefined && choice.encryption !== 'kms') throw bad('--encryption-key needs --encryption kms.', undefined, { place: { kind: 'flag', name: 'encryption-key' } });
  return choice;
}
