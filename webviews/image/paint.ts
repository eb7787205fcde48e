import type { OverlayKind, PieceValues } from '../../runner/protocol/imageView.ts';
import { tablePlace, type ColorTable, type Rgb, type Window } from './windowing.ts';

/** A rectangle of the picture that is painted: first column and row, and how many. */
export interface PictureRect {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** A piece as it is laid into a picture: the value of the pixel (x, y) of `rect` is at `base` + x·`across` + y·`down`. */
export interface PlacedPiece {
  readonly rect: PictureRect;
  readonly base: number;
  readonly across: number;
  readonly down: number;
}

/** One channel of a piece. */
export interface ChannelValues {
  readonly values: PieceValues;
  readonly table: ColorTable;
}

/** Values at or above it are marked. */
export interface Mark {
  readonly values: PieceValues;
  readonly threshold: number;
  readonly color: Rgb;
  /** 0 to 1. */
  readonly opacity: number;
}

/** What lies over a piece. */
export interface OverlayValues {
  readonly kind: OverlayKind;
  readonly values: PieceValues;
  readonly opacity: number;
  /** Of labels: filled, or only outlined, which is drawn elsewhere. */
  readonly fill: boolean;
  readonly color: Rgb;
  /** The colour of a label. */
  readonly labelColor: (label: number) => Rgb;
  /** Of maps and masks: values that are clear and those in the full colour. */
  readonly window: Window;
}

/** Channels that are added up before the sum is cut off at the brightest: more would run over. */
const addedAtOnce = 4;

/**
 * Paints a piece into a picture of RGBA pixels (least byte first): channels in their colours added up, what lies over them,
 * and the mark on top. `width` is that of the picture.
 */
export function paintPiece(picture: Uint32Array, width: number, piece: PlacedPiece, channels: readonly ChannelValues[], overlays: readonly OverlayValues[], mark: Mark | undefined): void {
  const { rect } = piece;
  for (let y = 0; y < rect.height; y++) {
    const from = piece.base + y * piece.down;
    const to = (rect.y + y) * width + rect.x;
    picture.fill(0, to, to + rect.width);
    for (let first = 0; first < channels.length; first += addedAtOnce) {
      for (const channel of channels.slice(first, first + addedAtOnce)) addRow(picture, to, rect.width, channel, from, piece.across);
      if (first + addedAtOnce < channels.length) cutRow(picture, to, rect.width);
    }
    finishRow(picture, to, rect.width);
    for (const overlay of overlays) overlayRow(picture, to, rect.width, overlay, from, piece.across);
    if (mark !== undefined) markRow(picture, to, rect.width, mark, from, piece.across);
  }
}

function addRow(picture: Uint32Array, to: number, count: number, { values, table }: ChannelValues, from: number, step: number): void {
  const { entries, offset } = table;
  if (offset === undefined) {
    for (let i = 0, at = from; i < count; i++, at += step) picture[to + i] += entries[tablePlace(table, values[at])];
  } else {
    for (let i = 0, at = from; i < count; i++, at += step) picture[to + i] += entries[values[at] - offset];
  }
}

function cutRow(picture: Uint32Array, to: number, count: number): void {
  for (let i = to; i < to + count; i++) {
    const sum = picture[i];
    picture[i] = Math.min(255, sum & 1023) | (Math.min(255, (sum >>> 10) & 1023) << 10) | (Math.min(255, sum >>> 20) << 20);
  }
}

/** From sums side by side to opaque pixels. */
function finishRow(picture: Uint32Array, to: number, count: number): void {
  for (let i = to; i < to + count; i++) {
    const sum = picture[i];
    const red = sum & 1023, green = (sum >>> 10) & 1023, blue = sum >>> 20;
    picture[i] = ((255 << 24) | ((blue > 255 ? 255 : blue) << 16) | ((green > 255 ? 255 : green) << 8) | (red > 255 ? 255 : red)) >>> 0;
  }
}

function blend(pixel: number, [red, green, blue]: Rgb, share: number): number {
  const rest = 1 - share;
  const r = Math.round((pixel & 255) * rest + red * share);
  const g = Math.round(((pixel >>> 8) & 255) * rest + green * share);
  const b = Math.round(((pixel >>> 16) & 255) * rest + blue * share);
  return ((255 << 24) | (b << 16) | (g << 8) | r) >>> 0;
}

function markRow(picture: Uint32Array, to: number, count: number, { values, threshold, color, opacity }: Mark, from: number, step: number): void {
  for (let i = 0, at = from; i < count; i++, at += step) if (values[at] >= threshold) picture[to + i] = blend(picture[to + i], color, opacity);
}

function overlayRow(picture: Uint32Array, to: number, count: number, overlay: OverlayValues, from: number, step: number): void {
  const { kind, values, opacity, color, window } = overlay;
  if (kind === 'labels' && !overlay.fill) return;
  const range = window.high - window.low || 1;
  for (let i = 0, at = from; i < count; i++, at += step) {
    const value = values[at];
    if (value === 0 || Number.isNaN(value)) continue;
    if (kind === 'labels') {
      picture[to + i] = blend(picture[to + i], overlay.labelColor(value), opacity);
      continue;
    }
    const share = Math.min(1, (value - window.low) / range);
    if (share <= 0) continue;
    // A mask at a coarse level holds shares of its voxels: what is marked only in part is shown so. Maps have their own colours.
    picture[to + i] = kind === 'mask' ? blend(picture[to + i], color, opacity * (0.25 + 0.75 * share)) : blend(picture[to + i], heat(share), opacity);
  }
}

/** Colours of a map, from dark red over yellow to white, each step as bright as it is high. */
export function heat(share: number): Rgb {
  const t = 0.3 + 0.65 * Math.min(1, Math.max(0, share));
  const rise = (from: number, to: number): number => Math.round(255 * Math.min(1, Math.max(0, (t - from) / (to - from))));
  return [rise(-0.016, 0.365), rise(0.365, 0.746), rise(0.746, 1)];
}

const twenty = '1f77b4 aec7e8 ff7f0e ffbb78 2ca02c 98df8a d62728 ff9896 9467bd c5b0d5 8c564b c49c94 e377c2 f7b6d2 7f7f7f c7c7c7 bcbd22 dbdb8d 17becf 9edae5'
  .split(' ').map((hex): Rgb => [parseInt(hex.slice(0, 2), 16), parseInt(hex.slice(2, 4), 16), parseInt(hex.slice(4), 16)]);

/** Colour of a region that has none of its own. */
export function regionColor(index: number): Rgb {
  return twenty[((Math.trunc(index) % twenty.length) + twenty.length) % twenty.length];
}

/** A straight part of the border of a label, between pixels: from one corner of pixels to another. */
export interface BorderLine {
  readonly label: number;
  readonly x0: number;
  readonly y0: number;
  readonly x1: number;
  readonly y1: number;
}

/**
 * The borders between labels of a picture, as lines between its pixels; of two neighbours the line is the higher label's,
 * and 0 has none. Lines that go on straight are one. `labels`: rows from the top.
 */
export function borderLines(labels: ArrayLike<number>, width: number, height: number): readonly BorderLine[] {
  const lines: BorderLine[] = [];
  const owner = (a: number, b: number): number => (a === b ? 0 : Math.max(a, b));
  for (let y = 0; y <= height; y++) {
    let start = 0, current = 0;
    for (let x = 0; x <= width; x++) {
      const above = y === 0 || x === width ? 0 : labels[(y - 1) * width + x];
      const below = y === height || x === width ? 0 : labels[y * width + x];
      // The frame of the picture is no border.
      const label = x === width || y === 0 || y === height ? 0 : owner(above, below);
      if (label === current) continue;
      if (current !== 0) lines.push({ label: current, x0: start, y0: y, x1: x, y1: y });
      [start, current] = [x, label];
    }
  }
  for (let x = 1; x < width; x++) {
    let start = 0, current = 0;
    for (let y = 0; y <= height; y++) {
      const label = y === height ? 0 : owner(labels[y * width + x - 1], labels[y * width + x]);
      if (label === current) continue;
      if (current !== 0) lines.push({ label: current, x0: x, y0: start, x1: x, y1: y });
      [start, current] = [y, label];
    }
  }
  return lines;
}

