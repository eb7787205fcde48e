import type { Frame } from './plot.ts';
import { formatNumber, linearScale } from './scale.ts';
import { element, fitText, ink, text, textWidth } from './svg.ts';

/** Bars that run to the right, the first row on top. */
export interface BarChart {
  readonly title: string;
  readonly valueLabel: string;
  readonly rows: readonly { readonly label: string; readonly value: number; readonly color?: string }[];
  readonly color: string;
  /** Said in the middle when there are no rows. */
  readonly empty?: string;
}

/** Draws a bar chart into a frame; rows share the height. Negative values run to the left of zero. */
export function drawBars(frame: Frame, chart: BarChart): string {
  const title = text(frame.x, frame.y + 22, fitText(chart.title, frame.width, 15), { size: 15, weight: 'bold' });
  if (chart.rows.length === 0) {
    return title + element('rect', { x: frame.x, y: frame.y + 36, width: frame.width, height: frame.height - 36, fill: ink.panel })
      + text(frame.x + frame.width / 2, frame.y + frame.height / 2, chart.empty ?? 'nothing to show', { anchor: 'middle', color: ink.faint });
  }
  const labelRoom = Math.min(frame.width * 0.45, Math.max(...chart.rows.map((row) => textWidth(row.label, 12))) + 10);
  const valueRoom = 66;
  const left = frame.x + labelRoom;
  const width = frame.width - labelRoom - valueRoom;
  const top = frame.y + 36;
  // Few rows stay bars instead of becoming blocks: the chart is then lower than its frame.
  const height = Math.min(frame.height - 36 - 46, chart.rows.length * 34);
  const values = chart.rows.map((row) => row.value);
  const low = Math.min(0, ...values);
  const high = Math.max(0, ...values);
  const scale = linearScale([low, high > low ? high : 1], left, left + width, Math.max(2, Math.floor(width / 80)));
  const zero = scale.at(0);
  const pitch = height / chart.rows.length;
  const thickness = Math.min(26, pitch * 0.72);
  const parts = [title, element('rect', { x: left, y: top, width, height, fill: ink.panel })];
  for (const tick of scale.ticks) {
    const at = scale.at(tick.value);
    parts.push(
      element('line', { x1: at, x2: at, y1: top, y2: top + height, stroke: ink.grid }),
      text(at, top + height + 17, tick.label, { size: 11, anchor: 'middle', color: ink.faint }),
    );
  }
  chart.rows.forEach((row, i) => {
    const middle = top + (i + 0.5) * pitch;
    const at = scale.at(row.value);
    parts.push(
      element('rect', { x: Math.min(zero, at), y: middle - thickness / 2, width: Math.max(1, Math.abs(at - zero)), height: thickness, rx: 2, fill: row.color ?? chart.color }),
      text(left - 7, middle + 4, fitText(row.label, labelRoom - 8, 12), { size: 12, anchor: 'end' }),
      row.value >= 0
        ? text(at + 5, middle + 4, formatNumber(row.value, 3), { size: 11, color: ink.faint })
        : text(zero + 5, middle + 4, formatNumber(row.value, 3), { size: 11, color: ink.faint }),
    );
  });
  parts.push(
    element('line', { x1: zero, x2: zero, y1: top, y2: top + height, stroke: ink.rule }),
    text(left + width / 2, top + height + 38, chart.valueLabel, { anchor: 'middle', size: 12 }),
  );
  return parts.join('');
}
