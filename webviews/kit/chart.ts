import type { ChartBlock } from '../../runner/protocol/results.ts';
import { chartAlt, chartNumber, chartRange } from '../../runner/wording/chartSvg.ts';
import { make } from './dom.ts';

/** Colours of the editor's theme for series; further ones begin again. */
const colors = ['blue', 'orange', 'green', 'purple', 'yellow', 'red'] as const;

/** Bars in the colours of the theme. For those who listen it is a table of its numbers. */
export function renderChart(block: ChartBlock): HTMLElement {
  const { low, high } = chartRange(block);
  const share = (value: number): number => ((value - low) / (high - low)) * 100;
  const legend = block.series.length < 2 ? [] : [make('ul', { class: 'legend', 'aria-hidden': 'true' }, ...block.series.map((name, i) => make('li', {}, swatch(i), name)))];
  const rows = block.rows.map(({ label, values }) => make('tr', {},
    make('th', { scope: 'row', title: label }, label),
    make('td', {}, ...block.series.map((name, i) => {
      const value = values.at(i) ?? null;
      const known = value === null || !Number.isFinite(value) ? 0 : value;
      const bar = make('span', { class: `fill series-${i % colors.length}`, 'data-value': value ?? undefined, hidden: known === 0 });
      bar.style.insetInlineStart = `${share(Math.min(0, known))}%`;
      bar.style.width = value === null ? '0' : `${Math.abs(share(known) - share(0))}%`;
      const track = make('span', { class: 'track', 'aria-hidden': 'true' }, bar);
      const words = block.series.length > 1 ? [make('span', { class: 'hidden-text' }, `${name} `)] : [];
      return make('span', { class: 'line', title: `${label}${block.series.length > 1 ? `, ${name}` : ''}: ${chartNumber(value)}` }, track, make('span', { class: 'number' }, ...words, chartNumber(value)));
    }))));
  return make('figure', { class: 'chart', 'aria-label': chartAlt(block) },
    make('figcaption', {}, make('strong', {}, block.title), ` ${block.valueLabel}`), ...legend,
    make('table', { 'aria-label': `${block.title}, ${block.valueLabel}` }, make('tbody', {}, ...rows)));
}

function swatch(i: number): HTMLElement {
  return make('span', { class: `swatch series-${i % colors.length}` });
}
