import type { Block, FactsBlock } from '../protocol/results.ts';

/** Names and values; undefined values are left out. */
export function facts(values: Readonly<Record<string, string | undefined>>): FactsBlock {
  return { kind: 'facts', facts: Object.entries(values).flatMap(([label, value]) => (value === undefined ? [] : [{ label, value }])) };
}

/** A notice for each sentence. */
export function notices(level: 'info' | 'warn' | 'error', sentences: readonly string[]): readonly Block[] {
  return sentences.map((text) => ({ kind: 'notice', level, text }));
}

/** `1.23 %`, with about three digits. */
export function percent(share: number): string {
  if (!Number.isFinite(share)) return '–';
  return `${Number((100 * share).toPrecision(3))} %`;
}

/** A number with about so many digits, as text. */
export function rounded(value: number, digits = 5): string {
  return String(Number(value.toPrecision(digits)));
}
