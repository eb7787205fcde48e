import type { ChartBlock, Figure } from '../protocol/results.ts';
import { escapeHtml } from './escape.ts';

/** Colours of the series, told apart by colour-blind readers (Okabe and Ito, 2008) on white. */
export const seriesColors: readonly string[] = ['#0072b2', '#d55e00', '#009e73', '#cc79a7', '#e69f00', '#56b4e9', '#6b4c9a', '#8c564b'];

/** The ends of a chart's scale: zero is always on it. */
export function chartRange({ rows }: Pick<ChartBlock, 'rows'>): { readonly low: number; readonly high: number } {
  let [low, high] = [0, 0];
  for (const { values } of rows) {
    for (const value of values) {
      if (value === null || !Number.isFinite(value)) continue;
      low = Math.min(low, value);
      high = Math.max(high, value);
    }
  }
  return high > low ? { low, high } : { low, high: low + 1 };
}

/** A chart's number as it stands beside its bar: four digits, a dash for what is not known. */
export function chartNumber(value: number | null | undefined): string {
  if (value === null || value === undefined || !Number.isFinite(value)) return '–';
  const size = Math.abs(value);
  return size !== 0 && (size >= 1e7 || size < 1e-3) ? value.toExponential(2) : Number(value.toPrecision(4)).toLocaleString('en-US', { maximumSignificantDigits: 4 });
}

/** What a chart shows, in a sentence for those who cannot see it. */
export function chartAlt({ title, rows, series, valueLabel }: ChartBlock): string {
  const most = rows.slice(0, 3).map(({ label, values }) => `${label} ${values.map((value, i) => `${series.length > 1 ? `${series[i]} ` : ''}${chartNumber(value)}`).join(', ')}`);
  return `Bar chart. ${title}, ${valueLabel}: ${most.join('; ')}${rows.length > 3 ? `; and ${rows.length - 3} more` : ''}.`;
}

const barHeight = 15;
const rowGap = 9;
const labelWidth = 250;
const plotWidth = 380;
const valueWidth = 80;
const top = 34;

/** A chart as an SVG picture that stands on its own, on white. */
export function chartFigure(block: ChartBlock): Figure {
  const { title, rows, series, valueLabel } = block;
  const { low, high } = chartRange(block);
  const at = (value: number): number => labelWidth + ((value - low) / (high - low)) * plotWidth;
  const legend = series.length > 1;
  const width = labelWidth + plotWidth + valueWidth;
  const pitch = series.length * barHeight + rowGap;
  const start = top + (legend ? 22 : 0);
  const height = start + rows.length * pitch + 30;
  const round = (value: number): number => Math.round(value * 100) / 100;
  const text = (x: number, y: number, content: string, more = ''): string => `<text x="${round(x)}" y="${round(y)}" font-size="12" fill="#1f2430" ${more}>${escapeHtml(content)}</text>`;
  const parts = [text(8, 20, title, 'font-size="15" font-weight="bold"').replace(' font-size="12"', '')];
  if (legend) {
    let x = labelWidth;
    series.forEach((name, i) => {
      parts.push(`<rect x="${round(x)}" y="${top - 2}" width="11" height="11" fill="${color(i)}"/>`, text(x + 16, top + 8, name));
      x += 32 + name.length * 7.5;
    });
  }
  rows.forEach(({ label, values }, row) => {
    const y = start + row * pitch;
    parts.push(text(labelWidth - 8, y + (series.length * barHeight) / 2 + 4, fitted(label), 'text-anchor="end"'));
    values.slice(0, series.length).forEach((value, i) => {
      const known = value !== null && Number.isFinite(value) ? value : 0;
      const [left, right] = [Math.min(at(0), at(known)), Math.max(at(0), at(known))];
      if (value !== null) parts.push(`<rect x="${round(left)}" y="${round(y + i * barHeight + 1)}" width="${round(Math.max(1, right - left))}" height="${barHeight - 2}" rx="1.5" fill="${color(i)}"/>`);
      parts.push(text(right + 6, y + i * barHeight + 12, chartNumber(value)));
    });
  });
  parts.push(
    `<line x1="${round(at(0))}" x2="${round(at(0))}" y1="${start - 3}" y2="${start + rows.length * pitch - rowGap + 4}" stroke="#8a919c"/>`,
    text(labelWidth + plotWidth / 2, height - 10, valueLabel, 'text-anchor="middle"'));
  const alt = chartAlt(block);
  const data = `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img" font-family="DejaVu Sans, Helvetica, Arial, sans-serif"><title>${escapeHtml(alt)}</title><rect width="${width}" height="${height}" fill="#ffffff"/>${parts.join('')}</svg>`;
  return { alt, mediaType: 'image/svg+xml', data, width, height };
}

function color(series: number): string {
  return seriesColors[series % seriesColors.length];
}

/** A name cut to the room there is, its end marked. */
function fitted(label: string): string {
  const most = Math.floor(labelWidth / 7);
  return label.length <= most ? label : `${label.slice(0, most - 1)}…`;
}
