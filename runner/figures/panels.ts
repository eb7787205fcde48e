import { colormapTable, labelColor } from './colormaps.ts';
import type { ColormapName, Rgb } from './colormaps.ts';
import type { Frame } from './plot.ts';
import { encodePng, pngDataUri } from './png.ts';
import type { Raster } from './png.ts';
import { niceStep } from './scale.ts';
import type { PlaneView, Slice } from './slices.ts';
import { element, fitText, ink, text } from './svg.ts';

/** The intensities that are shown as black and white. */
export interface Window {
  readonly low: number;
  readonly high: number;
}

/**
 * Window between two percentiles (0 to 100) of the finite values. Images of more than a million voxels are sampled at
 * regular steps. `above` leaves out values at or below it, e.g. 0 for an image that was masked.
 */
export function percentileWindow(data: ArrayLike<number>, lowPercent = 1, highPercent = 99, above = -Infinity): Window {
  // A step that is not a multiple of usual row lengths: samples wander over the rows.
  let step = Math.max(1, Math.floor(data.length / 1_000_000));
  if (step > 1 && step % 2 === 0) step++;
  const kept = new Float64Array(Math.ceil(data.length / step));
  let n = 0;
  for (let i = 0; i < data.length; i += step) if (Number.isFinite(data[i]) && data[i] > above) kept[n++] = data[i];
  if (n === 0) return { low: 0, high: 1 };
  const sorted = kept.subarray(0, n).sort();
  const at = (percent: number): number => {
    const place = (percent / 100) * (n - 1);
    const left = Math.floor(place);
    return sorted[left] + (sorted[Math.min(n - 1, left + 1)] - sorted[left]) * (place - left);
  };
  const low = at(lowPercent);
  const high = at(highPercent);
  if (high > low) return { low, high };
  return sorted[n - 1] > low ? { low, high: sorted[n - 1] } : { low, high: low + 1 };
}

/** An RGB picture of a slice through a colour map. NaN is shown as the lowest value. */
export function paint(slice: Slice, window: Window, colormap: ColormapName = 'gray'): Raster {
  const table = colormapTable(colormap);
  const data = new Uint8Array(slice.values.length * 3);
  const range = window.high - window.low;
  for (let i = 0; i < slice.values.length; i++) {
    const t = (slice.values[i] - window.low) / range;
    const color = 3 * Math.round(255 * (t > 0 ? Math.min(1, t) : 0));
    data[3 * i] = table[color];
    data[3 * i + 1] = table[color + 1];
    data[3 * i + 2] = table[color + 2];
  }
  return { width: slice.width, height: slice.height, channels: 3, data };
}

function blend(picture: Raster, pixel: number, color: Rgb, alpha: number): void {
  for (let c = 0; c < 3; c++) picture.data[3 * pixel + c] = Math.round(picture.data[3 * pixel + c] * (1 - alpha) + color[c] * alpha);
}

/** The part of the "hot" colours that {@link overlayFraction} uses: from dark red, so that the smallest fractions are seen. */
export const fractionColors = [0.3, 0.95] as const;

/**
 * Lays a field fraction (0 to 100 %) over a picture of the same size, in "hot" colours, where it is at least `from` %.
 */
export function overlayFraction(picture: Raster, fraction: Slice, from = 1, alpha = 0.6): void {
  const table = colormapTable('hot');
  for (let i = 0; i < fraction.values.length; i++) {
    const value = fraction.values[i];
    if (!(value >= from)) continue;
    const color = 3 * Math.round(255 * (fractionColors[0] + (fractionColors[1] - fractionColors[0]) * Math.min(1, value / 100)));
    blend(picture, i, [table[color], table[color + 1], table[color + 2]], alpha);
  }
}

/** Fills labels with their colours; 0 is left clear. */
export function overlayLabels(picture: Raster, labels: Slice, colors: ReadonlyMap<number, string>, alpha = 0.35): void {
  for (let i = 0; i < labels.values.length; i++) {
    const label = labels.values[i];
    if (label !== 0) blend(picture, i, labelColor(label, colors.get(label)), alpha);
  }
}

/** Draws the borders between labels (and of labels to the background), one pixel wide, inside the label. */
export function overlayOutlines(picture: Raster, labels: Slice, color: Rgb | ReadonlyMap<number, string>, alpha = 0.9): void {
  const { width, height, values } = labels;
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const i = y * width + x;
      const label = values[i];
      if (label === 0) continue;
      const edge = (x > 0 && values[i - 1] !== label) || (x + 1 < width && values[i + 1] < label)
        || (y > 0 && values[i - width] !== label) || (y + 1 < height && values[i + width] < label);
      if (edge) blend(picture, i, color instanceof Map ? labelColor(label, (color as ReadonlyMap<number, string>).get(label)) : (color as Rgb), alpha);
    }
  }
}

/** Draws the contour of an image at a level, one pixel wide. */
export function overlayContour(picture: Raster, slice: Slice, level: number, color: Rgb, alpha = 0.9): void {
  const { width, height, values } = slice;
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const i = y * width + x;
      if (values[i] < level) continue;
      const edge = x === 0 || y === 0 || x === width - 1 || y === height - 1
        || values[i - 1] < level || values[i + 1] < level || values[i - width] < level || values[i + width] < level;
      if (edge) blend(picture, i, color, alpha);
    }
  }
}

/** The picture of two images in green and magenta: where they agree it is gray to white. */
export function paintPair(green: Slice, greenWindow: Window, magenta: Slice, magentaWindow: Window): Raster {
  const data = new Uint8Array(green.values.length * 3);
  const level = (value: number, window: Window): number => Math.round(255 * Math.min(1, Math.max(0, (value - window.low) / (window.high - window.low) || 0)));
  for (let i = 0; i < green.values.length; i++) {
    const m = level(magenta.values[i], magentaWindow);
    data[3 * i] = m;
    data[3 * i + 1] = level(green.values[i], greenWindow);
    data[3 * i + 2] = m;
  }
  return { width: green.width, height: green.height, channels: 3, data };
}

/** What is written about a picture. */
export interface PanelOptions {
  readonly caption?: string;
  /** Letters at the edges, e.g. of {@link PlaneView}. */
  readonly letters?: PlaneView['letters'];
  /** Millimetres per pixel: draws a scale bar. */
  readonly scaleBarMm?: number;
}

/** Puts a picture into the middle of a frame, one pixel a user unit, on black; a caption goes above the frame's picture. For SVG that is drawn, not kept. */
export function drawPanel(frame: Frame, picture: Raster, options: PanelOptions = {}): string {
  const caption = options.caption === undefined ? 0 : 22;
  const x = frame.x + Math.floor((frame.width - picture.width) / 2);
  const y = frame.y + caption + Math.floor((frame.height - caption - picture.height) / 2);
  const parts = [
    element('rect', { x: frame.x, y: frame.y + caption, width: frame.width, height: frame.height - caption, fill: '#000000' }),
    element('image', { x, y, width: picture.width, height: picture.height, href: pngDataUri(encodePng(picture, { compressed: false })), 'image-rendering': 'optimizeSpeed' }),
  ];
  if (options.caption !== undefined) parts.push(text(frame.x, frame.y + 15, fitText(options.caption, frame.width, 12), { size: 12, color: ink.faint }));
  if (options.letters !== undefined) {
    const style = { size: 12, weight: 'bold', color: '#ffffff', halo: '#000000' } as const;
    const middle = frame.y + caption + (frame.height - caption) / 2;
    parts.push(
      text(frame.x + 5, middle + 4, options.letters.left, style),
      text(frame.x + frame.width - 5, middle + 4, options.letters.right, { ...style, anchor: 'end' }),
      text(frame.x + frame.width / 2, frame.y + caption + 14, options.letters.top, { ...style, anchor: 'middle' }),
      text(frame.x + frame.width / 2, frame.y + frame.height - 5, options.letters.bottom, { ...style, anchor: 'middle' }),
    );
  }
  if (options.scaleBarMm !== undefined) parts.push(drawScaleBar(frame, options.scaleBarMm));
  return parts.join('');
}

function drawScaleBar(frame: Frame, mmPerPixel: number): string {
  const mm = niceStep(frame.width * mmPerPixel * 0.25, 1);
  const length = mm / mmPerPixel;
  if (length > frame.width * 0.8) return '';
  const label = mm >= 1 ? `${mm} mm` : `${Number((mm * 1000).toPrecision(3))} µm`;
  const right = frame.x + frame.width - 8;
  const bottom = frame.y + frame.height - 8;
  return element('rect', { x: right - length - 1, y: bottom - 4, width: length + 2, height: 5, fill: '#000000' })
    + element('rect', { x: right - length, y: bottom - 3, width: length, height: 3, fill: '#ffffff' })
    + text(right - length / 2, bottom - 8, label, { size: 11, color: '#ffffff', anchor: 'middle', halo: '#000000' });
}
