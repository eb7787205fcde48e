import { setImmediate } from 'node:timers/promises';
import { drawPlot, type Mark } from '../figures/plot.ts';
import { thresholdsSvg } from '../figures/thresholds.ts';
import { formatNumber } from '../figures/scale.ts';
import { ink, seriesColor, svgDocument, text as svgText } from '../figures/svg.ts';
import { histogramOf } from '../kernels/histogram.ts';
import { percentiles } from '../kernels/percentile.ts';
import { joinWords } from '../command/shell.ts';
import type { ExploreCommand } from '../protocol/options.ts';
import type { Figure, Result } from '../protocol/results.ts';
import { facts, notices, rounded } from './blocks.ts';
import { ExploreCache } from './cache.ts';
import { chooseLevel, levelWords, openChannel, readingNotices, type Channel } from './channel.ts';
import { storageFlags } from '../protocol/storageChoice.ts';
import { sameLook } from './commands.ts';
import type { ExploreContext } from './explore.types.ts';
import { channelOfStain, openTarget } from './openImage.ts';
import { stainToSegment } from './segment.ts';
import { soughtOn, thresholdOf, type Threshold } from './thresholds.ts';

type HistogramCommand = Extract<ExploreCommand, { verb: 'histogram' }>;

/** Stains that are shown when none is named. */
const mostStains = 6;
const ranks = [0, 1, 25, 50, 75, 95, 99, 99.5, 99.9, 100];

/** Shows the intensities of stains. Throws errors for the user. */
export async function histogram(command: HistogramCommand, text: string, context: ExploreContext): Promise<Result> {
  const { look, options } = command;
  const { cache = new ExploreCache() } = context;
  const target = await openTarget(command, context, cache);
  const stains = look.stains.length > 0 ? look.stains : target.stains.slice(0, mostStains);
  for (const stain of stains) channelOfStain(target, stain);
  const level = chooseLevel(target, look.level);
  const rows: (string | number | null)[][] = [];
  const found: (string | number | null)[][] = [];
  const figures: Figure[] = [];
  for (const stain of stains) {
    const channel = await openChannel(target, stain, level, options.correctionMethod, context, cache);
    context.progress(`Counting the intensities of ${stain}`);
    await setImmediate();
    context.signal.throwIfAborted();
    const values = percentiles(channel.values, ranks);
    rows.push([stain, ...values.map((value) => Number(value.toPrecision(5)))]);
    const sought = options.segMethod.length === 0 ? undefined : await soughtOn(target, channel, options, context, cache);
    const thresholds = sought === undefined ? [] : options.segMethod.map((method) => thresholdOf(method, sought));
    for (const { method, threshold } of thresholds) found.push([stain, method.name, Number(threshold.toPrecision(5)), Number((100 * shareAbove(channel, threshold)).toPrecision(3))]);
    figures.push(sought !== undefined && thresholds.length === 1
      ? methodFigure(stain, thresholds[0], sought)
      : histogramFigure(channel, values, thresholds, options.correctionMethod !== 'none'));
  }
  const first = stains[0];
  return {
    title: stains.length === 1 ? `Intensities of ${first}` : 'Intensities of each stain',
    command: text,
    views: [{ kind: 'image', uri: target.uri }],
    blocks: [
      ...notices('info', [...target.notices, ...(stains.length < target.stains.length && look.stains.length === 0 ? [`Of ${target.stains.length} stains the first ${stains.length} are shown; --stain chooses.`] : [])]),
      ...notices('warn', readingNotices(target, level)),
      facts({
        Participant: target.dataset === undefined ? undefined : `sub-${target.dataset.participant}`,
        Image: target.uri, Level: levelWords(target, level),
        Illumination: options.correctionMethod === 'none' ? 'as it is' : 'evened out as for a segmentation; --no_correction leaves it',
      }),
      {
        kind: 'table', title: 'Percentiles',
        columns: [{ label: 'stain' }, ...ranks.map((rank) => ({ label: rank === 0 ? 'lowest' : rank === 100 ? 'highest' : rank === 50 ? 'median' : `p${rank}`, numeric: true }))],
        rows,
      },
      ...(found.length === 0 ? [] : [{
        kind: 'table' as const, title: 'Thresholds',
        columns: [{ label: 'stain' }, { label: 'method' }, { label: 'threshold', numeric: true }, { label: 'foreground of the tissue', unit: '%', numeric: true }], rows: found,
      }]),
      { kind: 'figures', figures },
      {
        kind: 'commands', title: 'From here',
        commands: [{ title: 'Try a segmentation', text: joinWords(['spimquant', 'segment', command.uri, ...sameLook(look), '--stain', stainToSegment(target, look.stains.at(0)).stain, '--compare', ...storageFlags(command.storage)]) }],
      },
    ],
  };
}

function shareAbove({ values, tissue, tissueVoxels }: Channel, threshold: number): number {
  let inside = 0;
  for (let i = 0; i < values.length; i++) if (values[i] >= threshold) inside += tissue[i];
  return tissueVoxels === 0 ? NaN : inside / tissueVoxels;
}

function methodFigure(stain: string, { method, threshold, details, components }: Threshold, { range, histogram: { counts } }: Awaited<ReturnType<typeof soughtOn>>): Figure {
  const data = thresholdsSvg({
    stain, method: method.name, counts, range: [range.lo, range.hi],
    thresholds: method.kind === 'otsu' ? (details.thresholds as readonly number[]).slice(1, -1) : [], chosen: threshold,
    ...(components === undefined ? {} : { components }),
  });
  return { alt: `Histogram of ${stain} from ${rounded(range.lo)} to ${rounded(range.hi)}, logarithmic, with the threshold ${rounded(threshold)} of ${method.name}.`, mediaType: 'image/svg+xml', data, width: 1000, height: 600 };
}

const bins = 400;

/** The whole range, voxels per bin on a logarithmic scale. */
function histogramFigure({ stain, values, tissue }: Channel, quantiles: readonly number[], thresholds: readonly Threshold[], corrected: boolean): Figure {
  const low = quantiles[0];
  // A few glaring voxels would squeeze everything else into the first bins.
  const high = Math.max(Math.min(quantiles[quantiles.length - 1], 2 * quantiles[ranks.indexOf(99.9)]), low + 1e-6, ...thresholds.map(({ threshold }) => threshold * 1.1));
  const { counts, edges } = histogramOf(values, bins, low, high);
  const inside = histogramOf(values.filter((_, i) => tissue[i] === 1), bins, low, high);
  const most = counts.reduce((a, b) => Math.max(a, b), 1);
  const marks: Mark[] = [
    { kind: 'histogram', edges, heights: counts, color: '#9aa3b2', label: 'whole image' },
    { kind: 'histogram', edges, heights: inside.counts, color: seriesColor(0), label: 'tissue' },
    ...thresholds.map(({ method, threshold }, i): Mark => ({ kind: 'vertical', x: threshold, color: seriesColor(i + 1), width: 2.5, label: `${method.name}: ${formatNumber(threshold, 5)}` })),
  ];
  const svg = svgDocument({
    width: 900, height: 400, title: `Intensities of ${stain}`,
    body: svgText(84, 30, `${stain}${corrected ? ', illumination evened out' : ''}`, { size: 17, weight: 'bold' })
      + svgText(84, 50, `median ${formatNumber(quantiles[ranks.indexOf(50)])}, p99 ${formatNumber(quantiles[ranks.indexOf(99)])}`, { color: ink.faint, size: 12 })
      + drawPlot({ x: 10, y: 54, width: 880, height: 340 }, {
        x: { label: 'intensity', domain: [low, high] }, y: { label: 'voxels per bin', domain: [0.5, most * 2], scale: 'log' }, marks,
      }),
  });
  return {
    alt: `Histogram of ${stain}, logarithmic: median ${rounded(quantiles[ranks.indexOf(50)])}, 99th percentile ${rounded(quantiles[ranks.indexOf(99)])}.${thresholds.length === 0 ? '' : ` Thresholds: ${thresholds.map(({ method, threshold }) => `${method.name} ${rounded(threshold)}`).join(', ')}.`}`,
    mediaType: 'image/svg+xml', data: svg, width: 900, height: 400,
  };
}
