import uPlot from 'uplot';
import type { ResourceSample } from '../../runner/protocol/resources.ts';
import type { HostResources, TaskRow } from '../../runner/protocol/runView.ts';
import { reportError } from '../../runner/protocol/errors.ts';
import { formatBytes, formatScope, formatSeconds } from '../../runner/wording/words.ts';
import type { Asker } from '../kit/asker.ts';
import { make } from '../kit/dom.ts';
import { charts, niceTop } from '../resources/series.ts';
import type { ChartSpec } from '../resources/series.ts';
import type { RunQuestions } from './messages.ts';
import { stageWords } from './stageWords.ts';
import { intoLanes, stageBands } from './taskTable.ts';
import type { StageBand } from './taskTable.ts';

/** Points of a chart asked for. */
const points = 1500;
const chartHeight = 130;
const axisWidth = 74;
/** Pixels of a stage's line in the band above the charts. */
const bandHeight = 13;
/** Samples farther apart than this many intervals are not joined. */
const gap = 4;

/** Milliseconds between two times of the axis. */
const timeSteps = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14_400, 28_800, 86_400].map((seconds) => 1000 * seconds);

interface Drawn {
  readonly plot: uPlot;
  readonly chart: ChartSpec;
  readonly words: HTMLElement;
}

/** What the run took of its machines over time, with the stages above, while it runs and afterwards. */
export class ResourcesView {
  readonly element = make('section', { class: 'resources', 'aria-label': 'Resources' });
  readonly #runner: Asker<RunQuestions>;
  readonly #status = make('p', { class: 'dim', role: 'status' }, 'Loading.');
  readonly #hosts = make('div', { class: 'hosts' });
  #drawn = new Map<string, readonly Drawn[]>();
  #tasks: readonly TaskRow[] = [];
  #loading = false;
  #shown: readonly HostResources[] = [];
  /** Hosts whose charts are open; undefined: those that the runner sends unasked. */
  #open: ReadonlySet<string> | undefined;

  constructor(runner: Asker<RunQuestions>) {
    this.#runner = runner;
    this.element.append(this.#status, this.#hosts);
    new ResizeObserver(() => { this.#resize(); }).observe(this.element);
    // Canvas colours do not follow the theme by themselves.
    new MutationObserver(() => { this.#redraw(); }).observe(document.body, { attributes: true, attributeFilter: ['class'] });
  }

  setTasks(tasks: readonly TaskRow[]): void {
    this.#tasks = tasks;
  }

  async refresh(now: number): Promise<void> {
    if (this.#loading) return;
    this.#loading = true;
    try {
      const { hosts } = await this.#runner.ask('resources', { points, ...(this.#open === undefined ? {} : { hosts: [...this.#open] }) });
      if (hosts.length > 1 !== this.#shown.length > 1) this.#clear();
      this.#shown = hosts;
      this.#show(now);
    } catch (error) {
      this.#status.textContent = reportError(error).message;
    } finally {
      this.#loading = false;
    }
  }

  #show(now: number): void {
    this.#status.hidden = this.#shown.some(({ samples }) => samples.length > 1) || this.#shown.length > 1;
    if (!this.#status.hidden) {
      this.#status.textContent = 'Nothing was recorded yet: a sample is taken every two seconds while the run works.';
      return;
    }
    for (const host of this.#shown) {
      if (this.#section(host.host) === undefined) this.#addHost(host);
      this.#describe(host);
      if (host.samples.length === 0) continue;
      this.#drawCharts(host);
      this.#fill(host);
    }
    this.#drawBands(now);
  }

  #clear(): void {
    for (const plots of this.#drawn.values()) for (const { plot } of plots) plot.destroy();
    this.#drawn = new Map();
    this.#hosts.replaceChildren();
  }

  #redraw(): void {
    this.#clear();
    this.#show(Date.now());
  }

  /** Of several machines each can be closed: only those that are open are asked for. */
  #addHost({ host, samples }: HostResources): void {
    const heads = [make('h2', {}, host), make('p', { class: 'peaks' })];
    const body = [make('div', { class: 'bands' }), make('div', { class: 'host-charts' })];
    if (this.#shown.length < 2) {
      this.#hosts.append(make('section', { class: 'host', 'data-host': host, 'aria-label': host }, ...heads, ...body));
      return;
    }
    const details = make('details', { class: 'host', 'data-host': host }, make('summary', {}, ...heads), ...body);
    details.open = this.#open?.has(host) ?? samples.length > 0;
    details.addEventListener('toggle', () => {
      const open = [...this.#hosts.querySelectorAll<HTMLDetailsElement>('details.host[open]')].flatMap(({ dataset }) => dataset['host'] ?? []);
      if (open.length === this.#open?.size && open.every((each) => this.#open?.has(each))) return;
      this.#open = new Set(open);
      if (details.open) void this.refresh(Date.now());
    });
    this.#hosts.append(details);
  }

  #drawCharts({ host }: HostResources): void {
    const place = this.#section(host)?.querySelector('.host-charts');
    if (this.#drawn.has(host) || place === null || place === undefined) return;
    this.#drawn.set(host, charts.map((chart): Drawn => {
      const words = make('p', { class: 'values' });
      const drawing = make('div', { class: 'chart', role: 'img', 'aria-label': chart.title });
      place.append(make('div', { class: 'chart-head' }, make('h3', {}, chart.title), words), drawing);
      return { chart, words, plot: new uPlot(this.#options(chart, host), [[]], drawing) };
    }));
  }

  #options(chart: ChartSpec, host: string): uPlot.Options {
    const style = getComputedStyle(document.body);
    const colour = (name: string, otherwise: string): string => style.getPropertyValue(name).trim() || otherwise;
    const text = colour('--vscode-descriptionForeground', '#888');
    const lines = colour('--vscode-widget-border', colour('--vscode-panel-border', 'rgba(128,128,128,.3)'));
    const strokes = [colour('--vscode-charts-blue', '#3794ff'), colour('--vscode-charts-orange', '#d18616')];
    const font = `11px ${colour('--vscode-font-family', 'sans-serif')}`;
    const grid = { stroke: lines, width: 1 };
    return {
      width: Math.max(200, this.element.clientWidth - 4), height: chartHeight, legend: { show: false }, ms: 1, padding: [6, 8, 0, 0],
      cursor: { sync: { key: `run-${host}` }, drag: { x: true, y: false } },
      scales: { y: { range: (_plot, _min, max) => [0, chart.limit === undefined ? niceTop(Math.max(1e6, max)) : Math.max(1e-3, 1.25 * max)] } },
      axes: [
        { stroke: text, font, grid: { show: false }, ticks: grid, size: 26, space: 80, incrs: [...timeSteps], values: (_plot, splits) => splits.map((time) => new Date(time).toLocaleTimeString('en-GB')) },
        { stroke: text, font, grid, ticks: { show: false }, size: axisWidth, values: (_plot, splits) => splits.map((value) => chart.format(value)) },
      ],
      series: [{}, ...chart.lines.map((line, at): uPlot.Series => ({
        label: line.name, stroke: strokes[at], width: 1.5, ...(at === 0 ? { fill: `color-mix(in srgb, ${strokes[0]} 14%, transparent)` } : { dash: [5, 3] }), points: { show: false }, spanGaps: false,
      }))],
      hooks: { setCursor: [(plot) => { this.#showValues(host, plot); }], draw: [(plot) => { markPeak(plot, strokes[0], text, font, chart); }] },
    };
  }

  #fill({ host, samples, intervalMs }: HostResources): void {
    const first = samples[0].time;
    const last = samples[samples.length - 1].time;
    const step = Math.max(intervalMs, (last - first) / points);
    const rows: (ResourceSample | { readonly time: number; readonly gap: true })[] = [];
    samples.forEach((sample, at) => {
      const before = samples[at - 1];
      if (before !== undefined && sample.time - before.time > gap * step) rows.push({ time: before.time + step, gap: true });
      rows.push(sample);
    });
    for (const { plot, chart } of this.#drawn.get(host) ?? []) {
      const values = chart.lines.map((line) => rows.map((row) => ('gap' in row ? null : line.value(row))));
      plot.setData([rows.map(({ time }) => time), ...values]);
    }
    this.#showValues(host);
  }

  /** What it worked on, and its peaks. */
  #describe({ host, participants, summary: { from, to, meanCpu, peak } }: HostResources): void {
    const section = this.#section(host);
    const labels = [...new Set(participants.map(({ participant }) => formatScope(participant)))];
    const about = labels.length > 0 ? `: ${labels.slice(0, 4).join(', ')}${labels.length > 4 ? ` and ${labels.length - 4} more` : ''}` : this.#shown.length > 1 ? ', which follows the run' : '';
    section?.querySelector('h2')?.replaceChildren(`${host}${about}`);
    const rate = (value: number): string => `${formatBytes(value)}/s`;
    section?.querySelector('.peaks')?.replaceChildren(
      `Peak memory ${formatBytes(peak.memory)} of ${formatBytes(peak.memoryLimit)}; at most ${peak.cpu.toFixed(1)} of ${peak.cores} cores, ${meanCpu.toFixed(1)} on average; ${formatSeconds((meanCpu * (to - from)) / 1000)} of processor time. `
      + `Peak rates: disk ${rate(peak.diskRead)} read, ${rate(peak.diskWrite)} written; network ${rate(peak.networkIn)} in, ${rate(peak.networkOut)} out.`);
  }

  #section(host: string): HTMLElement | undefined {
    return [...this.#hosts.children].find((each): each is HTMLElement => each instanceof HTMLElement && each.dataset['host'] === host);
  }

  /** Values below the pointer, else the latest. */
  #showValues(host: string, from?: uPlot): void {
    const samples = this.#shown.find((each) => each.host === host)?.samples ?? [];
    const at = from?.cursor.idx;
    const time = typeof at === 'number' ? from?.data[0][at] : undefined;
    const sample = (time === undefined ? undefined : samples.find((each) => each.time >= time)) ?? samples.at(-1);
    if (sample === undefined) return;
    for (const { chart, words } of this.#drawn.get(host) ?? []) {
      const values = chart.lines.map(({ name, value }) => `${name === '' ? '' : `${name} `}${chart.format(value(sample))}`).join(', ');
      words.textContent = `${time === undefined ? '' : `${new Date(sample.time).toLocaleTimeString('en-GB')}: `}${values}${chart.limit === undefined ? '' : ` ${chart.limit(sample)}`}`;
    }
  }

  /** Above the charts of a cloud machine stand its participants, by its own clock; else the stages. */
  #drawBands(now: number): void {
    const stages = stageBands(this.#tasks, now);
    for (const { host, samples, participants } of this.#shown) {
      const place = this.#section(host)?.querySelector<HTMLElement>('.bands');
      if (place === null || place === undefined || samples.length < 2) continue;
      const bands = intoLanes(participants.length === 0 ? stages : participants.map(({ participant, from, to }): StageBand => ({ stage: participant, begin: from, end: to })));
      const words = participants.length === 0 ? stageWords : formatScope;
      const begin = samples[0].time;
      const span = Math.max(1, samples[samples.length - 1].time - begin);
      place.style.height = `${Math.max(0, ...bands.map(({ lane }) => lane + 1)) * bandHeight}px`;
      place.style.marginInlineStart = `${axisWidth}px`;
      place.replaceChildren(...bands.map(({ stage, begin: from, end, lane }) => {
        const element = make('span', { class: 'band', title: `${words(stage)}: ${formatSeconds((end - from) / 1000)}` }, words(stage));
        const left = Math.max(0, Math.min(1, (from - begin) / span));
        const right = Math.max(left, Math.min(1, (end - begin) / span));
        element.style.insetInlineStart = `${100 * left}%`;
        element.style.width = `max(3px, ${100 * (right - left)}%)`;
        element.style.top = `${lane * bandHeight}px`;
        element.classList.toggle('short', right - left < 0.06);
        return element;
      }));
    }
  }

  #resize(): void {
    const width = Math.max(200, this.element.clientWidth - 4);
    for (const plots of this.#drawn.values()) for (const { plot } of plots) if (plot.width !== width) plot.setSize({ width, height: chartHeight });
  }
}

/** Marks the highest point of the first line, with its value. */
function markPeak(plot: uPlot, stroke: string, text: string, font: string, chart: ChartSpec): void {
  const [times, values] = plot.data;
  let best = -1;
  values?.forEach((value, at) => { if (typeof value === 'number' && value > 0 && (best < 0 || value > (values[best] ?? 0))) best = at; });
  const value = best < 0 ? undefined : values[best];
  if (typeof value !== 'number') return;
  const { ctx } = plot;
  const [x, y] = [plot.valToPos(times[best], 'x', true), plot.valToPos(value, 'y', true)];
  const dense = window.devicePixelRatio || 1;
  const isRight = x > plot.bbox.left + plot.bbox.width / 2;
  ctx.save();
  ctx.fillStyle = stroke;
  ctx.beginPath();
  ctx.arc(x, y, 3 * dense, 0, 2 * Math.PI);
  ctx.fill();
  ctx.fillStyle = text;
  ctx.font = font.replace('11px', `${11 * dense}px`);
  ctx.textAlign = isRight ? 'right' : 'left';
  ctx.textBaseline = 'bottom';
  ctx.fillText(`peak ${chart.format(value)}`, x + (isRight ? -7 : 7) * dense, Math.max(y - 3 * dense, plot.bbox.top + 12 * dense));
  ctx.restore();
}
