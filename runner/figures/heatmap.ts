import { colormapHex, colormapTable } from './colormaps.ts';
import type { ColormapName } from './colormaps.ts';
import type { Frame } from './plot.ts';
import { linearScale } from './scale.ts';
import { element, fitText, ink, text } from './svg.ts';

/** A table of numbers as colours. */
export interface HeatMap {
  readonly title: string;
  readonly rows: readonly string[];
  readonly columns: readonly string[];
  /** Row after row. NaN is drawn as "no value". */
  readonly values: readonly (readonly number[])[];
  readonly colormap: ColormapName;
  readonly domain: readonly [number, number];
  /** Of the colour bar. */
  readonly valueLabel: string;
  /** Room for row names; 0 leaves them out, e.g. in the right one of a pair. */
  readonly rowLabelWidth: number;
}

const columnLabelHeight = 150;
const barHeight = 62;

/** Height that a heat map needs for rows of a given height. */
export function heatMapHeight(rows: number, rowHeight: number): number {
  return 30 + columnLabelHeight + rows * rowHeight + barHeight;
}

/** Draws a heat map with names at the left and on top, and a colour bar below. */
export function drawHeatMap(frame: Frame, map: HeatMap): string {
  const table = colormapTable(map.colormap);
  const left = frame.x + map.rowLabelWidth;
  const top = frame.y + 30 + columnLabelHeight;
  const width = frame.width - map.rowLabelWidth - 40;
  const height = frame.height - 30 - columnLabelHeight - barHeight;
  const cellWidth = width / Math.max(1, map.columns.length);
  const cellHeight = height / Math.max(1, map.rows.length);
  const gap = cellHeight > 8 ? 1 : 0;
  const parts = [
    text(frame.x + map.rowLabelWidth, frame.y + 20, fitText(map.title, width, 15), { size: 15, weight: 'bold' }),
    element('rect', { x: left, y: top, width, height, fill: ink.grid }),
  ];
  map.columns.forEach((column, i) => {
    const x = left + (i + 0.5) * cellWidth + 4;
    parts.push(text(x, top - 8, fitText(column, columnLabelHeight * 1.15, 12), { size: 12, rotate: -50 }));
  });
  map.rows.forEach((row, j) => {
    const y = top + j * cellHeight;
    if (map.rowLabelWidth > 0) {
      parts.push(text(left - 8, y + cellHeight / 2 + 4, fitText(row, map.rowLabelWidth - 12, 12), { size: Math.min(12, cellHeight * 0.85), anchor: 'end' }));
    }
    map.columns.forEach((_, i) => {
      const value = map.values[j][i];
      const x = left + i * cellWidth;
      if (Number.isNaN(value)) {
        // A stroke through the cell: "no value" must not be told by colour alone.
        parts.push(element('line', { x1: x + 3, x2: x + cellWidth - 3, y1: y + cellHeight / 2, y2: y + cellHeight / 2, stroke: '#b4bac4' }));
        return;
      }
      const t = (value - map.domain[0]) / (map.domain[1] - map.domain[0]);
      parts.push(element('rect', { x, y, width: cellWidth - gap, height: cellHeight - gap, fill: colormapHex(table, t) }));
    });
  });
  parts.push(drawColorBar({ x: left, y: top + height + 14, width: Math.min(width, 260), height: 12 }, map.colormap, map.domain, map.valueLabel));
  return parts.join('');
}

/** Draws a colour bar with ticks and its label below. `part` is the part of the colour map that is used. */
export function drawColorBar(frame: Frame, colormap: ColormapName, domain: readonly [number, number], label: string, part: readonly [number, number] = [0, 1]): string {
  const table = colormapTable(colormap);
  const id = `bar-${colormap}-${Math.round(frame.x)}-${Math.round(frame.y)}`;
  const stops = Array.from({ length: 17 }, (_, i) => element('stop', { offset: i / 16, 'stop-color': colormapHex(table, part[0] + (i / 16) * (part[1] - part[0])) }));
  const scale = linearScale(domain, frame.x, frame.x + frame.width, 4);
  return element('linearGradient', { id }, ...stops)
    + element('rect', { x: frame.x, y: frame.y, width: frame.width, height: frame.height, fill: `url(#${id})`, stroke: ink.rule })
    + scale.ticks.map((tick) => text(scale.at(tick.value), frame.y + frame.height + 14, tick.label, { size: 11, anchor: 'middle', color: ink.faint })).join('')
    + text(frame.x + frame.width / 2, frame.y + frame.height + 31, label, { size: 12, anchor: 'middle' });
}
