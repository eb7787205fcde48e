import type { PieceType, PieceValues } from '../../runner/protocol/imageView.ts';

/** Red, green and blue, 0 to 255. */
export type Rgb = readonly [number, number, number];

/** The values that are shown as black and in the full colour. */
export interface Window {
  readonly low: number;
  readonly high: number;
}

/** Values that percentiles are taken of; more are looked at in regular steps. */
const mostSampled = 1_000_000;

/**
 * Window between two percentiles of values, as the pipeline's pictures have it: what is finite counts, and a flat image
 * gets a window of at least one.
 */
export function percentileWindow(parts: readonly PieceValues[], lowPercent = 1, highPercent = 99.8): Window {
  const total = parts.reduce((sum, { length }) => sum + length, 0);
  let step = Math.max(1, Math.floor(total / mostSampled));
  // Odd: samples wander over the rows.
  if (step > 1 && step % 2 === 0) step++;
  const kept = new Float64Array(Math.ceil(total / step) + parts.length);
  let n = 0;
  for (const values of parts) for (let i = 0; i < values.length; i += step) if (Number.isFinite(values[i])) kept[n++] = values[i];
  if (n === 0) return { low: 0, high: 1 };
  const sorted = kept.subarray(0, n).sort();
  const at = (percent: number): number => {
    const place = (percent / 100) * (n - 1);
    const left = Math.floor(place);
    return sorted[left] + (sorted[Math.min(n - 1, left + 1)] - sorted[left]) * (place - left);
  };
  const [low, high] = [at(lowPercent), at(highPercent)];
  if (high > low) return { low, high };
  return sorted[n - 1] > low ? { low, high: sorted[n - 1] } : { low, high: low + 1 };
}

/** A window that a drag changes: to the right it gets wider, upwards its middle gets lower, as radiologists' viewers do it. */
export function draggedWindow({ low, high }: Window, right: number, down: number): Window {
  const width = Math.max(high - low, Number.MIN_VALUE);
  const wider = width * 2 ** (right / 160);
  const middle = (low + high) / 2 + (down / 400) * width;
  return { low: middle - wider / 2, high: middle + wider / 2 };
}

/** Colours that are told apart by colour-blind readers and together make white, for images that name none. */
const mixes: readonly (readonly Rgb[])[] = [
  [[255, 255, 255]],
  [[0, 255, 0], [255, 0, 255]],
  [[0, 160, 255], [255, 220, 0], [255, 0, 160]],
  [[0, 160, 255], [255, 220, 0], [255, 0, 160], [120, 120, 120]],
];
const more: readonly Rgb[] = [[255, 80, 80], [80, 220, 120], [150, 120, 255], [255, 170, 90], [90, 220, 220], [230, 230, 120]];

/** The colour of each channel: the image's own, else one of a mix. A single channel is gray. */
export function channelColors(channels: readonly { readonly color?: string }[]): readonly Rgb[] {
  if (channels.length === 1) return [[255, 255, 255]];
  const mix = mixes[Math.min(channels.length, mixes.length) - 1];
  return channels.map(({ color }, i) => parseColor(color) ?? mix[i] ?? more[(i - mix.length) % more.length]);
}

/** `#rrggbb` or `rrggbb`; undefined for anything else. */
export function parseColor(text: string | undefined): Rgb | undefined {
  const match = text === undefined ? null : /^#?([0-9a-f]{6})$/i.exec(text);
  if (match === null) return undefined;
  const value = parseInt(match[1], 16);
  return [value >> 16, (value >> 8) & 255, value & 255];
}

export function formatColor([red, green, blue]: Rgb): string {
  return `#${[red, green, blue].map((part) => part.toString(16).padStart(2, '0')).join('')}`;
}

/** Steps of a table for values that cannot be counted. */
const steps = 1024;

/** Red, green and blue side by side in one number, ten bits each: four channels add up without running over. */
export function packed([red, green, blue]: Rgb, share: number): number {
  return Math.round(red * share) | (Math.round(green * share) << 10) | (Math.round(blue * share) << 20);
}

/** What a value is shown as. */
export interface ColorTable {
  readonly entries: Uint32Array;
  /** Place of a value: value − offset for whole numbers; undefined: by {@link Window}. */
  readonly offset: number | undefined;
  readonly window: Window;
}

const counted: Readonly<Partial<Record<PieceType, { readonly levels: number; readonly offset: number }>>> = {
  uint8: { levels: 256, offset: 0 }, int8: { levels: 256, offset: -128 }, uint16: { levels: 65536, offset: 0 }, int16: { levels: 65536, offset: -32768 },
};

/** The colours of all values of a channel. */
export function colorTable(type: PieceType, window: Window, color: Rgb): ColorTable {
  const kind = counted[type];
  const range = window.high - window.low || 1;
  const share = (value: number): number => {
    const t = (value - window.low) / range;
    return t > 0 ? Math.min(1, t) : 0;
  };
  const length = kind?.levels ?? steps;
  const entries = new Uint32Array(length);
  for (let i = 0; i < length; i++) entries[i] = packed(color, kind === undefined ? i / (steps - 1) : share(i + kind.offset));
  return { entries, offset: kind?.offset, window };
}

/** Place of a value in a table that is not counted. NaN is shown as the lowest. */
export function tablePlace({ entries, window }: ColorTable, value: number): number {
  const t = (value - window.low) / (window.high - window.low || 1);
  return t > 0 ? Math.min(entries.length - 1, Math.round(t * (entries.length - 1))) : 0;
}
