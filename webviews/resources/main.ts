import type { ResourceSample } from '../../runner/protocol/resources.ts';
import { make, useStyles } from '../kit/dom.ts';
import { connectHost, pageElement } from '../kit/host.ts';
import { machineRows, machinesTitle } from './machines.ts';
import { readToResourcesPage } from './messages.ts';
import type { ToResourcesPage } from './messages.ts';
import css from './resources.css';
import { charts, linePath, sampleLimit, spokenWords, valueWords } from './series.ts';
import type { ChartSpec } from './series.ts';

/** Milliseconds between two readings aloud. */
const speechInterval = 15_000;

useStyles(css);
const drawn = charts.map(drawChart);
const empty = make('p', { class: 'empty' }, 'Waiting for the runner.');
const board = make('div', { class: 'board', hidden: true }, ...drawn.map(({ element }) => element));
const speech = make('p', { class: 'speech', role: 'status', 'aria-live': 'polite' });
const machines = make('section', { class: 'machines', hidden: true, 'aria-label': 'Cloud machines' });
pageElement().append(empty, board, machines, speech);

let samples: readonly ResourceSample[] = [];
let interval = 1000;
let spoken = -Infinity;

connectHost<ToResourcesPage, never>(readToResourcesPage, (message) => {
  switch (message.type) {
    case 'empty':
      samples = [];
      machines.hidden = true;
      empty.textContent = message.text;
      break;
    case 'history':
      samples = message.samples.slice(-sampleLimit);
      // Those that there are come with the next samples.
      machines.hidden = true;
      interval = message.intervalMs;
      if (samples.length === 0) empty.textContent = 'Waiting for the first sample.';
      break;
    case 'sample':
      samples = [...samples, message.sample].slice(-sampleLimit);
      break;
    case 'machines':
      machines.hidden = message.machines.length === 0;
      machines.replaceChildren(make('h2', {}, machinesTitle(message.machines)), make('ul', {}, ...machineRows(message.machines).map(({ title, words }) => make('li', {}, make('span', { class: 'machine' }, title), ' ', make('span', { class: 'values' }, words)))));
      return;
  }
  show();
});

function show(): void {
  const last = samples.at(-1);
  empty.hidden = last !== undefined;
  board.hidden = last === undefined;
  if (last === undefined) return;
  for (const { update } of drawn) update(last);
  if (last.time - spoken < speechInterval) return;
  spoken = last.time;
  speech.textContent = spokenWords(last);
}

/** A title with the present values, and the lines below. */
function drawChart(chart: ChartSpec): { readonly element: HTMLElement; readonly update: (last: ResourceSample) => void } {
  const svg = document.createElementNS('http://www.w3.org/2000/svg', 'svg');
  svg.setAttribute('viewBox', '0 0 100 100');
  svg.setAttribute('preserveAspectRatio', 'none');
  svg.setAttribute('aria-hidden', 'true');
  const paths = chart.lines.map((_line, i) => {
    const path = document.createElementNS('http://www.w3.org/2000/svg', 'path');
    path.setAttribute('class', i === 0 ? 'first' : 'second');
    svg.append(path);
    return path;
  });
  const area = document.createElementNS('http://www.w3.org/2000/svg', 'path');
  area.setAttribute('class', 'area');
  svg.prepend(area);

  const values = chart.lines.map(() => make('span', { class: 'value' }));
  const limit = make('span', { class: 'limit' });
  const legend = chart.lines.map(({ name }, i) => make('span', { class: 'entry' },
    ...(name === '' ? [] : [make('span', { class: `key ${i === 0 ? 'first' : 'second'}`, 'aria-hidden': 'true' }), `${name} `]), values[i], ...(chart.limit === undefined ? [] : [' ', limit])));
  const top = make('span', { class: 'top', 'aria-hidden': 'true' });
  const element = make('section', { 'aria-label': chart.title }, make('header', {}, make('h2', {}, chart.title), make('p', { class: 'values' }, ...legend)),
    make('div', { class: 'plot' }, svg, top));

  const update = (last: ResourceSample): void => {
    const high = chart.top(samples);
    chart.lines.forEach((line, i) => {
      const path = linePath(samples, line, high, interval);
      paths[i].setAttribute('d', path);
      if (i === 0) area.setAttribute('d', path === '' || path.lastIndexOf('M') > 0 ? '' : `${path}L100 100L${path.slice(1, path.indexOf(' '))} 100Z`);
      values[i].textContent = chart.format(line.value(last));
    });
    limit.textContent = chart.limit?.(last) ?? '';
    top.textContent = chart.limit === undefined ? chart.format(high) : '';
    element.title = valueWords(chart, last);
  };
  return { element, update };
}
