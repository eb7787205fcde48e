import { linearScale, logScale } from './scale.ts';
import type { Scale } from './scale.ts';
import { coordinate, element, fitText, ink, text, textWidth } from './svg.ts';

/** A rectangle in user units; y points down. */
export interface Frame {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** One axis of a plot. */
export interface Axis {
  readonly label: string;
  readonly domain: readonly [number, number];
  readonly scale?: 'linear' | 'log';
}

/** Something drawn in the coordinates of a plot. Values that are not finite are left out. */
export type Mark =
  | { readonly kind: 'line'; readonly x: ArrayLike<number>; readonly y: ArrayLike<number>; readonly color: string; readonly width?: number; readonly dash?: string; readonly label?: string }
  | { readonly kind: 'band'; readonly x: ArrayLike<number>; readonly low: ArrayLike<number>; readonly high: ArrayLike<number>; readonly color: string; readonly label?: string }
  /** Bars between consecutive edges; `edges` has one value more than `heights`. */
  | { readonly kind: 'histogram'; readonly edges: ArrayLike<number>; readonly heights: ArrayLike<number>; readonly color: string; readonly label?: string }
  | { readonly kind: 'vertical'; readonly x: number; readonly color: string; readonly dash?: string; readonly width?: number; readonly label?: string }
  | { readonly kind: 'horizontal'; readonly y: number; readonly color: string; readonly dash?: string; readonly label?: string }
  | { readonly kind: 'points'; readonly x: ArrayLike<number>; readonly y: ArrayLike<number>; readonly color: string; readonly radius?: number; readonly label?: string }
  /** Text beside a point. */
  | { readonly kind: 'note'; readonly x: number; readonly y: number; readonly content: string; readonly anchor?: 'start' | 'end' | 'middle' };

/** A plot with two axes. `right` adds a second vertical axis for the marks of `rightMarks`. */
export interface Plot {
  readonly title?: string;
  readonly x: Axis;
  readonly y: Axis;
  readonly marks: readonly Mark[];
  readonly right?: Axis & { readonly color: string };
  readonly rightMarks?: readonly Mark[];
  readonly legend?: 'top-right' | 'top-left' | 'none';
}

const margin = { left: 74, right: 20, top: 36, bottom: 52 } as const;

/** The part of a frame that is inside the axes. */
function inner(frame: Frame, plot: Plot): Frame {
  const right = plot.right === undefined ? margin.right : 70;
  return {
    x: frame.x + margin.left, y: frame.y + (plot.title === undefined ? 14 : margin.top),
    width: frame.width - margin.left - right,
    height: frame.height - (plot.title === undefined ? 14 : margin.top) - margin.bottom,
  };
}

function scaleOf(axis: Axis, start: number, end: number, spacing: number): Scale {
  const count = Math.max(2, Math.min(8, Math.floor(Math.abs(end - start) / spacing)));
  return axis.scale === 'log' ? logScale(axis.domain, start, end, count) : linearScale(axis.domain, start, end, count);
}

/** Draws a plot into a frame: markup to be put into an SVG file. */
export function drawPlot(frame: Frame, plot: Plot): string {
  const box = inner(frame, plot);
  const x = scaleOf(plot.x, box.x, box.x + box.width, 70);
  const y = scaleOf(plot.y, box.y + box.height, box.y, 40);
  const parts = [element('rect', { x: box.x, y: box.y, width: box.width, height: box.height, fill: ink.panel })];
  for (const tick of y.ticks) {
    const at = y.at(tick.value);
    parts.push(
      element('line', { x1: box.x, x2: box.x + box.width, y1: at, y2: at, stroke: ink.grid }),
      text(box.x - 8, at + 4, tick.label, { size: 12, anchor: 'end', color: ink.faint }),
    );
  }
  for (const tick of x.ticks) {
    const at = x.at(tick.value);
    parts.push(
      element('line', { x1: at, x2: at, y1: box.y + box.height, y2: box.y + box.height + 5, stroke: ink.rule }),
      text(at, box.y + box.height + 19, tick.label, { size: 12, anchor: 'middle', color: ink.faint }),
    );
  }
  const clip = `clip-${coordinate(box.x)}-${coordinate(box.y)}`.replace(/\./g, '_');
  parts.push(element('clipPath', { id: clip }, element('rect', { x: box.x, y: box.y, width: box.width, height: box.height })));
  const marks = plot.marks.map((mark) => drawMark(mark, box, x, y));
  if (plot.right !== undefined) {
    const right = scaleOf(plot.right, box.y + box.height, box.y, 40);
    for (const tick of right.ticks) {
      parts.push(text(box.x + box.width + 8, right.at(tick.value) + 4, tick.label, { size: 12, color: plot.right.color }));
    }
    parts.push(text(box.x + box.width + 58, box.y + box.height / 2, plot.right.label, { anchor: 'middle', rotate: 90, color: plot.right.color }));
    marks.push(...(plot.rightMarks ?? []).map((mark) => drawMark(mark, box, x, right)));
  }
  parts.push(element('g', { 'clip-path': `url(#${clip})` }, ...marks));
  parts.push(
    element('path', { d: `M${coordinate(box.x)} ${coordinate(box.y)}V${coordinate(box.y + box.height)}H${coordinate(box.x + box.width)}`, fill: 'none', stroke: ink.rule }),
    text(box.x + box.width / 2, box.y + box.height + 42, plot.x.label, { anchor: 'middle' }),
    text(frame.x + 16, box.y + box.height / 2, plot.y.label, { anchor: 'middle', rotate: -90 }),
  );
  if (plot.title !== undefined) parts.push(text(box.x, frame.y + 22, fitText(plot.title, box.width, 15), { size: 15, weight: 'bold' }));
  if (plot.legend !== 'none') parts.push(drawLegend(box, [...plot.marks, ...(plot.rightMarks ?? [])], plot.legend ?? 'top-right'));
  return parts.join('');
}

function pathOf(xs: ArrayLike<number>, ys: ArrayLike<number>, x: Scale, y: Scale): string {
  let path = '';
  let drawing = false;
  for (let i = 0; i < xs.length; i++) {
    if (!Number.isFinite(xs[i]) || !Number.isFinite(ys[i])) {
      drawing = false;
      continue;
    }
    path += `${drawing ? 'L' : 'M'}${coordinate(x.at(xs[i]))} ${coordinate(y.at(ys[i]))}`;
    drawing = true;
  }
  return path;
}

function drawMark(mark: Mark, box: Frame, x: Scale, y: Scale): string {
  switch (mark.kind) {
    case 'line':
      return element('path', { d: pathOf(mark.x, mark.y, x, y), fill: 'none', stroke: mark.color, 'stroke-width': mark.width ?? 2, 'stroke-dasharray': mark.dash, 'stroke-linejoin': 'round' });
    case 'band': {
      const there = pathOf(mark.x, mark.high, x, y);
      const back = pathOf(Array.from(mark.x).reverse(), Array.from(mark.low).reverse(), x, y).replace('M', 'L');
      return there === '' ? '' : element('path', { d: `${there}${back}Z`, fill: mark.color, 'fill-opacity': 0.2, stroke: 'none' });
    }
    case 'histogram': {
      const base = coordinate(y.at(y.domain[0]));
      let path = '';
      for (let i = 0; i < mark.heights.length; i++) {
        if (!(mark.heights[i] > 0)) continue;
        const left = coordinate(x.at(mark.edges[i]));
        const right = coordinate(x.at(mark.edges[i + 1]));
        path += `M${left} ${base}V${coordinate(y.at(mark.heights[i]))}H${right}V${base}Z`;
      }
      return element('path', { d: path, fill: mark.color, 'fill-opacity': 0.75 });
    }
    case 'vertical': {
      const at = x.at(mark.x);
      return element('line', { x1: at, x2: at, y1: box.y, y2: box.y + box.height, stroke: mark.color, 'stroke-width': mark.width ?? 2, 'stroke-dasharray': mark.dash });
    }
    case 'horizontal': {
      const at = y.at(mark.y);
      return element('line', { x1: box.x, x2: box.x + box.width, y1: at, y2: at, stroke: mark.color, 'stroke-width': 1.5, 'stroke-dasharray': mark.dash });
    }
    case 'points': {
      const circles: string[] = [];
      for (let i = 0; i < mark.x.length; i++) {
        if (!Number.isFinite(mark.x[i]) || !Number.isFinite(mark.y[i])) continue;
        circles.push(element('circle', { cx: x.at(mark.x[i]), cy: y.at(mark.y[i]), r: mark.radius ?? 4 }));
      }
      return element('g', { fill: mark.color, 'fill-opacity': 0.75 }, ...circles, '');
    }
    case 'note':
      return text(x.at(mark.x), y.at(mark.y), mark.content, { size: 11, anchor: mark.anchor ?? 'start', halo: ink.panel });
  }
}

function drawLegend(box: Frame, marks: readonly Mark[], place: 'top-right' | 'top-left'): string {
  const shown = marks.filter((mark) => mark.kind !== 'note' && mark.label !== undefined) as readonly Exclude<Mark, { kind: 'note' }>[];
  if (shown.length === 0) return '';
  const widest = Math.min(box.width - 60, Math.max(...shown.map((mark) => textWidth(mark.label ?? '', 12))));
  const width = widest + 48;
  const left = place === 'top-right' ? box.x + box.width - width - 8 : box.x + 8;
  const top = box.y + 8;
  const rows = shown.map((mark, i) => {
    const y = top + 17 + i * 19;
    const dash = 'dash' in mark ? mark.dash : undefined;
    const swatch = mark.kind === 'line' || mark.kind === 'vertical' || mark.kind === 'horizontal'
      ? element('line', { x1: left + 10, x2: left + 32, y1: y - 4, y2: y - 4, stroke: mark.color, 'stroke-width': 2.5, 'stroke-dasharray': dash })
      : mark.kind === 'points'
        ? element('circle', { cx: left + 21, cy: y - 4, r: 5, fill: mark.color })
        : element('rect', { x: left + 10, y: y - 10, width: 22, height: 12, fill: mark.color, 'fill-opacity': mark.kind === 'band' ? 0.25 : 0.75 });
    return swatch + text(left + 38, y, fitText(mark.label ?? '', widest, 12), { size: 12 });
  });
  return element('rect', { x: left, y: top, width, height: 10 + shown.length * 19, rx: 4, fill: ink.paper, 'fill-opacity': 0.88, stroke: ink.rule }) + rows.join('');
}
