import { make } from '../kit/dom.ts';
import type { RegionSummary } from './regionStats.ts';
import { niceTicks, shortNumber } from './scale.ts';

/** What a chart shows. */
export interface ChartData {
  /** `Field fraction of Abeta`. */
  readonly title: string;
  readonly unit: string;
  readonly regions: readonly RegionSummary[];
  readonly groups: readonly string[];
  /** Names of the rows of the tables: participants. */
  readonly names: readonly string[];
  /** What bars and marks are, where no region is pointed at. */
  readonly note: string;
}

/** Pixels. */
const barHeight = 12;
const barGap = 2;
const rowRoom = 9;
const axisHeight = 30;
const narrowestPlot = 120;
const rightRoom = 26;
const fontSize = 12;

/** Colours and marks of groups: told apart by colour-blind readers, and by shape where there are no colours. */
const colours = ['--vscode-charts-blue', '--vscode-charts-yellow', '--vscode-charts-purple', '--vscode-charts-green', '--vscode-charts-red'];
const otherwise = ['#3794ff', '#cca700', '#b180d7', '#89d185', '#f14c4c'];
const shapes = ['circle', 'square', 'triangle', 'diamond'] as const;

/** Colours of the theme as they are now, so that a picture that is saved has them too. */
export interface ChartColours {
  readonly text: string;
  readonly dim: string;
  readonly grid: string;
  readonly back: string;
  readonly groups: readonly string[];
}

export function themeColours(): ChartColours {
  const style = getComputedStyle(document.body);
  const colour = (name: string, other: string): string => style.getPropertyValue(name).trim() || other;
  return {
    text: colour('--vscode-foreground', '#888'), dim: colour('--vscode-descriptionForeground', '#888'), back: colour('--vscode-editor-background', '#fff'),
    grid: colour('--vscode-contrastBorder', colour('--vscode-widget-border', 'rgba(128,128,128,.35)')),
    groups: colours.map((name, at) => colour(name, otherwise[at])),
  };
}

type SvgAttributes = Readonly<Record<string, string | number>>;

function svg(tag: string, attributes: SvgAttributes = {}, ...children: readonly (Node | string)[]): SVGElement {
  const element = document.createElementNS('http://www.w3.org/2000/svg', tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, String(value));
  element.append(...children);
  return element;
}

/** The mark of a participant in a group. */
function mark(shape: (typeof shapes)[number], x: number, y: number, attributes: SvgAttributes): SVGElement {
  const r = 3.1;
  switch (shape) {
    case 'circle': return svg('circle', { cx: x, cy: y, r, ...attributes });
    case 'square': return svg('rect', { x: x - r, y: y - r, width: 2 * r, height: 2 * r, ...attributes });
    case 'triangle': return svg('path', { d: `M${x} ${y - r - 0.6}L${x + r + 0.4} ${y + r}L${x - r - 0.4} ${y + r}Z`, ...attributes });
    case 'diamond': return svg('path', { d: `M${x} ${y - r - 1}L${x + r + 1} ${y}L${x} ${y + r + 1}L${x - r - 1} ${y}Z`, ...attributes });
  }
}

/** Lowest and highest value that a chart has to hold, 0 among them. */
export function chartRange(regions: readonly RegionSummary[]): readonly [number, number] {
  let [low, high] = [0, 0];
  for (const { groups } of regions) {
    for (const { points, mean, sd } of groups) {
      const reach = Number.isFinite(sd) ? sd : 0;
      // A deviation that reaches below 0 where no value does is cut off there.
      for (const value of [...points.map((point) => point.value), mean, mean + reach]) {
        if (value < low) low = value;
        if (value > high) high = value;
      }
    }
  }
  return [low, high];
}

/** Where everything of a chart is, in pixels. */
export interface ChartLayout {
  readonly labelWidth: number;
  readonly width: number;
  readonly height: number;
  readonly rowHeight: number;
  readonly ticks: readonly number[];
  readonly x: (value: number) => number;
}

export function layOut(data: ChartData, width: number): ChartLayout {
  const longest = Math.max(8, ...data.regions.map(({ name }) => name.length));
  const labelWidth = Math.round(Math.min(longest * 6.6 + 14, Math.max(90, width * 0.34)));
  const plot = Math.max(narrowestPlot, width - labelWidth - rightRoom);
  const [low, high] = chartRange(data.regions);
  const axis = niceTicks(low, high, Math.max(2, Math.floor(plot / 90)));
  const rowHeight = data.groups.length * (barHeight + barGap) + rowRoom;
  return {
    labelWidth, width: labelWidth + plot + rightRoom, height: data.regions.length * rowHeight + 4, rowHeight, ticks: axis.ticks,
    x: (value) => labelWidth + ((value - axis.low) / (axis.high - axis.low)) * plot,
  };
}

/** The mean of a group in words: `control 1.2 ± 0.3 (4)`. */
export function groupWords({ group, mean, sd, points }: RegionSummary['groups'][number], unit: string): string {
  const spread = Number.isFinite(sd) ? ` ± ${shortNumber(sd)}` : '';
  return `${group === '' ? '' : `${group} `}${Number.isFinite(mean) ? `${shortNumber(mean)}${spread}${unit === '' ? '' : ` ${unit}`}` : 'no value'} (n = ${points.length})`;
}

function cut(name: string, width: number): string {
  const most = Math.max(4, Math.floor((width - 14) / 6.4));
  return name.length <= most ? name : `${name.slice(0, most - 1)}…`;
}

/** Text of the chart's axis and regions, bars of means with standard deviations, and a mark for every participant. */
export class RegionChart {
  readonly element: HTMLElement;
  readonly #axis = make('div', { class: 'chart-axis', 'aria-hidden': 'true' });
  readonly #body = make('div', { class: 'chart-body', tabindex: 0, role: 'listbox', 'aria-label': 'Regions' });
  readonly #says = make('p', { class: 'dim chart-says', role: 'status' });
  readonly #legend = make('div', { class: 'legend' });
  #data: ChartData | undefined;
  #points = true;
  #selected = -1;
  #width = 0;

  constructor() {
    this.element = make('div', { class: 'region-chart' }, this.#legend, this.#says, make('div', { class: 'chart-scroll' }, this.#axis, this.#body));
    new ResizeObserver(([{ contentRect }]) => {
      if (Math.abs(contentRect.width - this.#width) < 1) return;
      this.#width = contentRect.width;
      this.#draw();
    }).observe(this.element);
    // Colours are written into the picture: they do not follow the theme by themselves.
    new MutationObserver(() => { this.#draw(); }).observe(document.body, { attributes: true, attributeFilter: ['class'] });
    this.#body.addEventListener('keydown', (event) => { this.#onKey(event); });
    this.#body.addEventListener('pointermove', (event) => { this.#select(this.#rowAt(event), false); });
    this.#body.addEventListener('pointerleave', () => { this.#select(-1, false); });
    this.#body.addEventListener('click', (event) => { this.#select(this.#rowAt(event), false); });
  }

  update(data: ChartData, points: boolean): void {
    this.#data = data;
    this.#points = points;
    this.#selected = -1;
    this.#draw();
  }

  /** The whole chart as a picture of its own. */
  toSvg(): string {
    const data = this.#data;
    if (data === undefined) return '';
    const layout = layOut(data, Math.max(480, this.#width));
    const theme = themeColours();
    const head = 34 + 18 * data.groups.length;
    const axis = drawAxis(data, layout, theme);
    const rows = drawRows(data, layout, theme, this.#points);
    const entries = data.groups.map((group, at) => svg('g', { transform: `translate(14 ${36 + at * 18})` }, mark(shapes[at % shapes.length], 0, -4, { fill: groupColour(theme, at) }), svg('text', { x: 10, fill: theme.text }, group === '' ? 'mean ± SD' : group)));
    axis.setAttribute('transform', `translate(0 ${head})`);
    rows.setAttribute('transform', `translate(0 ${head + axisHeight})`);
    const all = svg('svg', { xmlns: 'http://www.w3.org/2000/svg', width: layout.width, height: head + axisHeight + layout.height, 'font-family': 'sans-serif', 'font-size': fontSize },
      svg('title', {}, data.title), svg('rect', { width: '100%', height: '100%', fill: theme.back }), svg('text', { x: 8, y: 18, fill: theme.text, 'font-weight': 600 }, `${data.title}${data.unit === '' ? '' : `, ${data.unit}`}`), ...entries, axis, rows);
    return new XMLSerializer().serializeToString(all);
  }

  #draw(): void {
    const data = this.#data;
    if (data === undefined || this.#width === 0) return;
    const layout = layOut(data, this.#width - 2);
    const theme = themeColours();
    const frame = (height: number, content: SVGElement): SVGElement => svg('svg', { width: layout.width, height, viewBox: `0 0 ${layout.width} ${height}`, 'font-size': fontSize, 'aria-hidden': 'true' }, content);
    this.#axis.replaceChildren(frame(axisHeight, drawAxis(data, layout, theme)));
    const options = data.regions.map((region, at) => {
      const element = make('div', { class: 'chart-row', role: 'option', id: `region-${at}`, 'aria-selected': 'false', 'aria-label': `${region.name}: ${region.groups.map((group) => groupWords(group, data.unit)).join(', ')}` });
      element.style.top = `${at * layout.rowHeight}px`;
      element.style.height = `${layout.rowHeight}px`;
      return element;
    });
    this.#body.replaceChildren(...options, frame(layout.height, drawRows(data, layout, theme, this.#points)));
    this.#body.style.height = `${layout.height}px`;
    this.#body.style.width = `${layout.width}px`;
    this.#legend.replaceChildren(...data.groups.map((group, at) => {
      const icon = svg('svg', { width: 14, height: 12, 'aria-hidden': 'true' }, mark(shapes[at % shapes.length], 7, 6, { fill: groupColour(theme, at), stroke: theme.text, 'stroke-width': 0.6 }));
      const people = new Set(data.regions.flatMap(({ groups }) => groups[at].points.map(({ row }) => row))).size;
      return make('span', { class: 'group' }, icon, `${group === '' ? 'all participants' : group} (${people})`);
    }));
    this.#tell();
  }

  #rowAt(event: MouseEvent): number {
    const rowHeight = this.#rowHeight();
    return rowHeight === 0 ? -1 : Math.floor((event.clientY - this.#body.getBoundingClientRect().top) / rowHeight);
  }

  #rowHeight(): number {
    return this.#data === undefined ? 0 : layOut(this.#data, this.#width - 2).rowHeight;
  }

  #select(at: number, show: boolean): void {
    const { regions } = this.#data ?? { regions: [] };
    const next = at >= 0 && at < regions.length ? at : -1;
    if (next === this.#selected) return;
    this.#body.querySelector('[aria-selected="true"]')?.setAttribute('aria-selected', 'false');
    this.#selected = next;
    const row = this.#body.children[next];
    if (next >= 0 && row !== undefined) {
      row.setAttribute('aria-selected', 'true');
      this.#body.setAttribute('aria-activedescendant', row.id);
      if (show) row.scrollIntoView({ block: 'nearest' });
    }
    this.#tell();
  }

  #tell(): void {
    const data = this.#data;
    const region = data?.regions[this.#selected];
    if (data === undefined) return;
    this.#says.textContent = region === undefined
      ? `${data.title}${data.unit === '' ? '' : `, ${data.unit}`}. ${data.note}`
      : `${region.name}: ${region.groups.map((group) => groupWords(group, data.unit)).join('; ')}. ${pointWords(region, data.names)}`;
  }

  #onKey(event: KeyboardEvent): void {
    const last = (this.#data?.regions.length ?? 0) - 1;
    const moves: Readonly<Record<string, number>> = { ArrowDown: Math.min(last, this.#selected + 1), ArrowUp: Math.max(0, this.#selected - 1), Home: 0, End: last };
    const to = moves[event.key];
    if (to === undefined) return;
    event.preventDefault();
    this.#select(to, true);
  }
}

/** Participants of a region, as long as they are few. */
function pointWords({ groups }: RegionSummary, names: readonly string[]): string {
  const points = groups.flatMap((group) => group.points);
  return points.length > 8 ? '' : points.map(({ row, value }) => `${names[row] ?? ''} ${shortNumber(value)}`).join(', ');
}

function groupColour(theme: ChartColours, at: number): string {
  return theme.groups[at % theme.groups.length];
}

function drawAxis({ unit }: ChartData, { ticks, x, width, labelWidth }: ChartLayout, theme: ChartColours): SVGElement {
  const labels = ticks.map((tick) => svg('g', {},
    svg('text', { x: x(tick), y: 18, 'text-anchor': 'middle', fill: theme.dim }, shortNumber(tick)),
    svg('line', { x1: x(tick), x2: x(tick), y1: 23, y2: axisHeight, stroke: theme.grid })));
  const name = unit === '' ? [] : [svg('text', { x: labelWidth - 10, y: 18, 'text-anchor': 'end', fill: theme.dim }, cut(unit, labelWidth))];
  return svg('g', {}, ...labels, ...name, svg('line', { x1: labelWidth, x2: width - rightRoom, y1: axisHeight - 0.5, y2: axisHeight - 0.5, stroke: theme.grid }));
}

function drawRows(data: ChartData, layout: ChartLayout, theme: ChartColours, points: boolean): SVGElement {
  const { x, rowHeight, labelWidth, ticks, height } = layout;
  const grid = ticks.map((tick) => svg('line', { x1: x(tick), x2: x(tick), y1: 0, y2: height, stroke: theme.grid, 'stroke-opacity': tick === 0 ? 1 : 0.5 }));
  const rows = data.regions.map((region, at) => {
    const top = at * rowHeight + rowRoom / 2;
    const parts: SVGElement[] = [svg('text', { class: 'name', x: labelWidth - 8, y: at * rowHeight + rowHeight / 2 + 4, 'text-anchor': 'end', fill: theme.text }, cut(region.name, labelWidth), svg('title', {}, region.name))];
    region.groups.forEach((group, g) => {
      const y = top + g * (barHeight + barGap);
      const middle = y + barHeight / 2;
      if (!Number.isFinite(group.mean)) return;
      const [from, to] = [x(Math.min(0, group.mean)), x(Math.max(0, group.mean))];
      parts.push(svg('rect', { class: 'bar', 'data-group': group.group, x: from, y, width: Math.max(0.5, to - from), height: barHeight, fill: groupColour(theme, g), 'fill-opacity': 0.6, stroke: groupColour(theme, g) }));
      if (Number.isFinite(group.sd) && group.sd > 0) {
        const [a, b] = [Math.max(x(ticks[0]), x(group.mean - group.sd)), x(group.mean + group.sd)];
        parts.push(svg('path', { class: 'spread', d: `M${a} ${middle}H${b}M${a} ${middle - 3}V${middle + 3}M${b} ${middle - 3}V${middle + 3}`, stroke: theme.text, fill: 'none' }));
      }
      if (!points) return;
      for (const { row, value } of group.points) {
        const shown = mark(shapes[g % shapes.length], x(value), middle, { class: 'point', fill: groupColour(theme, g), stroke: theme.text, 'stroke-width': 0.8 });
        shown.append(svg('title', {}, `${data.names[row] ?? ''}: ${shortNumber(value)}`));
        parts.push(shown);
      }
    });
    return svg('g', {}, ...parts);
  });
  return svg('g', {}, ...grid, ...rows);
}
