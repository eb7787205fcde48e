import type { ResourceSample } from '../../runner/protocol/resources.ts';
import { formatBytes } from '../../runner/wording/words.ts';

/** Samples kept: the width of a chart. */
export const sampleLimit = 120;

/** One line of a chart. */
export interface Line {
  /** As it is called beside its value; empty where there is one line only. */
  readonly name: string;
  readonly value: (sample: ResourceSample) => number;
}

/** A chart of one or two lines. */
export interface ChartSpec {
  readonly title: string;
  readonly lines: readonly Line[];
  /** The upper end of the axis. */
  readonly top: (samples: readonly ResourceSample[]) => number;
  readonly format: (value: number) => string;
  /** What is said after the value, e.g. `of 8 cores`. */
  readonly limit?: (sample: ResourceSample) => string;
}

/** Lowest upper end of an axis of rates: below it everything is noise. Bytes a second. */
const leastRate = 1e6;

function rate(value: number): string {
  return `${formatBytes(Math.max(0, value))}/s`;
}

/** The next 1, 2 or 5 times a power of ten. */
export function niceTop(value: number): number {
  const power = 10 ** Math.floor(Math.log10(Math.max(value, Number.MIN_VALUE)));
  return ([1, 2, 5, 10].find((step) => step * power >= value) ?? 10) * power;
}

function rateTop(lines: readonly Line[]): ChartSpec['top'] {
  return (samples) => niceTop(Math.max(leastRate, ...samples.flatMap((sample) => lines.map(({ value }) => value(sample)))));
}

const disk: readonly Line[] = [{ name: 'read', value: ({ diskRead }) => diskRead }, { name: 'written', value: ({ diskWrite }) => diskWrite }];
const network: readonly Line[] = [{ name: 'in', value: ({ networkIn }) => networkIn }, { name: 'out', value: ({ networkOut }) => networkOut }];

/** The charts of the view, from the top. */
export const charts: readonly ChartSpec[] = [
  {
    title: 'CPU', lines: [{ name: '', value: ({ cpu }) => cpu }], top: (samples) => Math.max(1, samples.at(-1)?.cores ?? 1),
    format: (value) => value.toFixed(1), limit: ({ cores }) => `of ${cores} ${cores === 1 ? 'core' : 'cores'}`,
  },
  {
    title: 'Memory', lines: [{ name: '', value: ({ memory }) => memory }], top: (samples) => Math.max(1, samples.at(-1)?.memoryLimit ?? 1),
    format: formatBytes, limit: ({ memoryLimit }) => `of ${formatBytes(memoryLimit)}`,
  },
  { title: 'Disk', lines: disk, top: rateTop(disk), format: rate },
  { title: 'Network', lines: network, top: rateTop(network), format: rate },
];

/** `1.7 of 8 cores`, `read 12 MB/s, written 3.0 MB/s`. */
export function valueWords({ lines, format, limit }: ChartSpec, sample: ResourceSample): string {
  const values = lines.map(({ name, value }) => [...(name === '' ? [] : [name]), format(value(sample))].join(' ')).join(', ');
  return limit === undefined ? values : `${values} ${limit(sample)}`;
}

/** All charts as one sentence, for those who listen. */
export function spokenWords(sample: ResourceSample): string {
  return `${charts.map((chart) => `${chart.title} ${valueWords(chart, sample)}`).join('. ')}.`;
}

/**
 * Points of a line as an SVG path in a box of 100 by 100, the latest at the right, one sample of `intervalMs` being
 * 1/(sampleLimit - 1) of the width. A gap in time of more than three intervals breaks the line.
 */
export function linePath(samples: readonly ResourceSample[], { value }: Line, top: number, intervalMs: number): string {
  const last = samples.at(-1);
  if (last === undefined) return '';
  const step = 100 / (sampleLimit - 1);
  let path = '';
  let before = -Infinity;
  for (const sample of samples) {
    const x = 100 - ((last.time - sample.time) / intervalMs) * step;
    if (x < -step) continue;
    const y = 100 - 100 * Math.min(1, Math.max(0, value(sample) / top));
    path += `${sample.time - before > 3 * intervalMs ? 'M' : 'L'}${x.toFixed(2)} ${y.toFixed(2)}`;
    before = sample.time;
  }
  return path;
}
