import { heat } from '../image/paint.ts';
import type { Rgb } from '../image/windowing.ts';
import { niceTicks, shortNumber } from './scale.ts';

/** How the values of a map become colours: from 0 upwards, away from 0 to both sides, or probabilities, the smallest brightest. */
export type MapScale = 'upwards' | 'bothSides' | 'probability';

/** The values that are shown: smaller ones (for both sides: nearer to 0) are clear, larger ones have the last colour. As {@link scaled}. */
export interface MapRange {
  readonly low: number;
  readonly high: number;
}

/** A value as it is compared with a range: of a probability minus its logarithm to base 10. */
export function scaled(scale: MapScale, value: number): number {
  return scale === 'probability' ? -Math.log10(Math.max(value, 1e-12)) : value;
}

/** The other way round. */
export function unscaled(scale: MapScale, value: number): number {
  return scale === 'probability' ? 10 ** -value : value;
}

/** The colour of a scaled value; undefined: it is not shown. */
export function mapColour(scale: MapScale, value: number, { low, high }: MapRange): Rgb | undefined {
  if (Number.isNaN(value)) return undefined;
  const size = scale === 'bothSides' ? Math.abs(value) : value;
  if (size < low || (size === 0 && low <= 0)) return undefined;
  const share = Math.min(1, Math.max(0, (size - low) / (high - low || 1)));
  const warm = heat(share);
  // Negative values in the same steps of brightness, from blue over cyan to white.
  return scale === 'bothSides' && value < 0 ? [warm[2], warm[1], warm[0]] : warm;
}

/** The scale of a column of statistics of groups. */
export function scaleOf(column: string): MapScale {
  if (/_(pval|qval)$/.test(column)) return 'probability';
  return /_(tstat|cohensd)$/.test(column) ? 'bothSides' : 'upwards';
}

/** The range that a map begins with. `values`: all that may be shown, as they are. */
export function firstRange(scale: MapScale, values: readonly number[]): MapRange {
  const sizes = values.filter(Number.isFinite).map((value) => Math.abs(scaled(scale, value))).sort((a, b) => a - b);
  const most = sizes.at(-1) ?? 1;
  if (scale === 'probability') return { low: -Math.log10(0.05), high: Math.max(3, Math.ceil(most)) };
  return { low: 0, high: most > 0 ? niceTicks(0, most, 4).high : 1 };
}

/** Marks along the colour bar: a place from 0 (lowest) to 1, and its words. */
export function barTicks(scale: MapScale, { low, high }: MapRange): readonly { readonly place: number; readonly words: string }[] {
  if (scale === 'probability') {
    const all = [1, 0.05, 0.01, 0.001, 0.0001, 0.00001, 0.000001].map((p) => ({ p, value: -Math.log10(p) }));
    const shown = all.filter(({ value }) => value >= low - 1e-9 && value <= high + 1e-9);
    return shown.map(({ p, value }) => ({ place: (value - low) / (high - low || 1), words: shortNumber(p) }));
  }
  if (scale === 'bothSides') {
    return [-high, -high / 2, 0, high / 2, high].map((value) => ({ place: (value + high) / (2 * high || 1), words: shortNumber(value) }));
  }
  const { ticks } = niceTicks(low, high, 4);
  return ticks.filter((tick) => tick >= low && tick <= high).map((tick) => ({ place: (tick - low) / (high - low || 1), words: shortNumber(tick) }));
}

/** The value at a place of the colour bar, from 0 to 1. */
export function barValue(scale: MapScale, { low, high }: MapRange, place: number): number {
  return scale === 'bothSides' ? -high + place * 2 * high : low + place * (high - low);
}
