import { parseColor } from '../../image/windowing.ts';
import type { Rgb, Window } from '../../image/windowing.ts';

/** A channel of a slice as it is to be shown. */
export interface ShownChannel {
  /** A byte a pixel: low at 0, high at 255. */
  readonly values: Uint8Array;
  readonly low: number;
  readonly high: number;
  readonly window: Window;
  /** `#rrggbb` */
  readonly color: string;
}

/** An overlay as it is to be shown. */
export interface ShownOverlay {
  /** A byte a pixel: the number of a part, 0 where there is nothing. */
  readonly values: Uint8Array;
  /** `#rrggbb` of the parts 1, 2, … */
  readonly colors: readonly string[];
  /** 0 to 1. */
  readonly opacity: number;
  /** The borders of the parts alone, not their insides. */
  readonly outline: boolean;
}

/** How much of the opacity the inside of a part gets: what lies below stays visible, and its border stands out. */
const insideShare = 0.45;

/** What a byte of a channel is shown as, 0 to 255. */
export function windowTable({ low, high, window }: Pick<ShownChannel, 'low' | 'high' | 'window'>): Uint8Array {
  const range = window.high - window.low || Number.MIN_VALUE;
  return Uint8Array.from({ length: 256 }, (_, byte) => {
    const value = low + (byte / 255) * (high - low);
    return Math.round(255 * Math.min(1, Math.max(0, (value - window.low) / range)));
  });
}

/** Whether a pixel is at the border of its part: one of its four neighbours is of another, or it is at the edge of the picture. */
export function isBorder(values: Uint8Array, width: number, height: number, x: number, y: number): boolean {
  const at = y * width + x;
  const part = values[at];
  return x === 0 || y === 0 || x === width - 1 || y === height - 1
    || values[at - 1] !== part || values[at + 1] !== part || values[at - width] !== part || values[at + width] !== part;
}

/** Paints a slice: channels add up in their colours, overlays lie over them. `target`: RGBA, width × height × 4 bytes. */
export function paintSlice(target: Uint8ClampedArray, width: number, height: number, channels: readonly ShownChannel[], overlays: readonly ShownOverlay[]): void {
  const shown = channels.map((channel) => ({ values: channel.values, table: windowTable(channel), color: parseColor(channel.color) ?? ([255, 255, 255] as Rgb) }));
  for (let pixel = 0; pixel < width * height; pixel++) {
    let [red, green, blue] = [0, 0, 0];
    for (const { values, table, color } of shown) {
      const share = table[values[pixel]] / 255;
      red += share * color[0];
      green += share * color[1];
      blue += share * color[2];
    }
    const at = 4 * pixel;
    target[at] = red;
    target[at + 1] = green;
    target[at + 2] = blue;
    target[at + 3] = 255;
  }
  for (const overlay of overlays) if (overlay.opacity > 0) paintOverlay(target, width, height, overlay);
}

function paintOverlay(target: Uint8ClampedArray, width: number, height: number, { values, colors, opacity, outline }: ShownOverlay): void {
  const rgb = colors.map((color) => parseColor(color) ?? ([255, 149, 0] as Rgb));
  if (rgb.length === 0) return;
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const part = values[y * width + x];
      if (part === 0) continue;
      const alpha = isBorder(values, width, height, x, y) ? opacity : outline ? 0 : opacity * insideShare;
      const color = rgb[(part - 1) % rgb.length];
      const at = 4 * (y * width + x);
      for (let c = 0; c < 3; c++) target[at + c] = target[at + c] * (1 - alpha) + color[c] * alpha;
    }
  }
}
