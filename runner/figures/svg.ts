import { escapeHtml } from '../wording/escape.ts';

/** Attributes of an SVG element; undefined ones are left out, numbers are written with at most three decimals. */
export type Attributes = Readonly<Record<string, string | number | undefined>>;

/** A coordinate as short text: at most three decimals, never an exponent or minus zero. */
export function coordinate(value: number): string {
  const rounded = Math.round(value * 1000) / 1000;
  return Number.isFinite(rounded) ? String(rounded === 0 ? 0 : rounded) : '0';
}

/** One element. `children` are markup already; text must have gone through {@link escapeHtml}. */
export function element(name: string, attributes: Attributes, ...children: string[]): string {
  const written = Object.entries(attributes)
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => ` ${key}="${typeof value === 'number' ? coordinate(value) : escapeHtml(value ?? '')}"`)
    .join('');
  return children.length === 0 ? `<${name}${written}/>` : `<${name}${written}>${children.join('')}</${name}>`;
}

/** How a piece of text stands. */
export interface TextStyle {
  /** Default 13. */
  readonly size?: number;
  readonly weight?: 'normal' | 'bold';
  readonly color?: string;
  readonly anchor?: 'start' | 'middle' | 'end';
  /** Degrees, clockwise, about the anchor point. */
  readonly rotate?: number;
  /** Colour of a thin outline that keeps text readable on images. */
  readonly halo?: string;
}

/** A line of text whose baseline starts, centres or ends at (x, y). */
export function text(x: number, y: number, content: string, style: TextStyle = {}): string {
  return element('text', {
    x, y,
    'font-size': style.size ?? 13,
    'font-weight': style.weight === 'bold' ? 'bold' : undefined,
    fill: style.color ?? ink.text,
    'text-anchor': style.anchor === undefined || style.anchor === 'start' ? undefined : style.anchor,
    transform: style.rotate === undefined ? undefined : `rotate(${coordinate(style.rotate)} ${coordinate(x)} ${coordinate(y)})`,
    stroke: style.halo, 'stroke-width': style.halo === undefined ? undefined : 3, 'stroke-linejoin': style.halo === undefined ? undefined : 'round',
    'paint-order': style.halo === undefined ? undefined : 'stroke',
  }, escapeHtml(content));
}

/** Colours that all charts share; chosen to be told apart by colour-blind readers (Okabe and Ito, 2008) on white. */
export const ink = {
  text: '#1f2430',
  faint: '#5c6470',
  rule: '#c9ced6',
  grid: '#e8ebf0',
  paper: '#ffffff',
  panel: '#f7f8fa',
  series: ['#0072b2', '#d55e00', '#009e73', '#cc79a7', '#e69f00', '#56b4e9', '#6b4c9a', '#8c564b'],
  signal: '#c62828',
} as const;

/** Colour of the i-th series. */
export function seriesColor(i: number): string {
  return ink.series[i % ink.series.length];
}

const narrow = new Set('iIjl.,:;|!\'`()[]{}ftr-/ ');
const wide = new Set('mwMWQOGD@%&+<>=');

/** Approximate width of a line of DejaVu Sans in the unit of `size`; errs on the large side. */
export function textWidth(content: string, size = 13): number {
  let em = 0;
  for (const letter of content) em += narrow.has(letter) ? 0.4 : wide.has(letter) ? 0.87 : 0.64;
  return em * size;
}

/** The text shortened in its middle, if needed, so that it fits a width. */
export function fitText(content: string, width: number, size = 13): string {
  if (textWidth(content, size) <= width) return content;
  const letters = [...content];
  for (let kept = letters.length - 1; kept > 2; kept--) {
    const head = Math.ceil(kept * 0.6);
    const short = `${letters.slice(0, head).join('').trimEnd()}…${letters.slice(letters.length - (kept - head)).join('').trimStart()}`;
    if (textWidth(short, size) <= width) return short;
  }
  return letters.slice(0, 2).join('');
}

/** A whole picture. */
export interface SvgDocument {
  readonly width: number;
  readonly height: number;
  /** Said by screen readers. */
  readonly title: string;
  readonly description?: string;
  readonly body: string;
  /** Default white. */
  readonly background?: string;
}

/** A self-contained SVG file with an accessible name. */
export function svgDocument(document: SvgDocument): string {
  const { width, height } = document;
  return element('svg', {
    xmlns: 'http://www.w3.org/2000/svg', width, height, viewBox: `0 0 ${coordinate(width)} ${coordinate(height)}`, role: 'img',
    'font-family': "'DejaVu Sans', sans-serif",
  },
  `<title>${escapeHtml(document.title)}</title>`,
  document.description === undefined ? '' : `<desc>${escapeHtml(document.description)}</desc>`,
  element('rect', { width, height, fill: document.background ?? ink.paper }),
  document.body);
}
