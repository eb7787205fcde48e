import { setImmediate } from 'node:timers/promises';
import { participantOptions } from '../command/build.ts';
import { parseMethod } from '../command/values.ts';
import { joinWords } from '../command/shell.ts';
import type { Rgb } from '../figures/colormaps.ts';
import { overlayLabels, overlayOutlines, percentileWindow } from '../figures/panels.ts';
import { cutSlice, fitSlice, type Slice } from '../figures/slices.ts';
import { thresholdsSvg } from '../figures/thresholds.ts';
import { labelRuns } from '../kernels/components.ts';
import { measureComponents } from '../kernels/componentStats.ts';
import { percentiles } from '../kernels/percentile.ts';
import { RunCollector, type Runs } from '../kernels/runs.ts';
import { minObjectVoxels } from '../pipeline/segmentation/objects.ts';
import { levelGrid } from '../pipeline/segmentation/segmentation.ts';
import type { ExploreCommand, SegmentOptions } from '../protocol/options.ts';
import type { Block, Figure, Result, TableBlock } from '../protocol/results.ts';
import { count } from '../wording/words.ts';
import { facts, notices, percent, rounded } from './blocks.ts';
import { ExploreCache } from './cache.ts';
import { chooseLevel, levelWords, openChannel, quickIterations, readingNotices, type Channel } from './channel.ts';
import { storageFlags } from '../protocol/storageChoice.ts';
import { imageFlags, sameLook } from './commands.ts';
import type { ExploreContext } from './explore.types.ts';
import { cutAt, figureBudget, grayPicture, panelGrid, type Cut, type Panel } from './pictures.ts';
import { openTarget, type Target } from './openImage.ts';
import { soughtOn, thresholdOf, type SoughtOn, type Threshold } from './thresholds.ts';

type SegmentCommand = Extract<ExploreCommand, { verb: 'segment' }>;

/** The methods that `--compare` shows when none is named. */
const comparedMethods = ['gmm+n3k1', 'gmm+n3k2', 'otsu+k2i1', 'otsu+k3i2'].map((name) => parseMethod(name));
const defaultMethods = [parseMethod('gmm+n3k1')];
const mask: Rgb = [255, 149, 0];

/** What a method found. */
interface Trial {
  readonly threshold: Threshold;
  readonly voxels: number;
  /** Share of the tissue that is foreground. */
  readonly share: number;
  /** Of at least the smallest size. */
  readonly objects: number;
  /** Components of any size. */
  readonly components: number;
}

/** Tries a segmentation at a coarse level. Throws errors for the user. */
export async function segment(command: SegmentCommand, text: string, context: ExploreContext): Promise<Result> {
  const { look, options } = command;
  const { clock = Date.now, cache = new ExploreCache() } = context;
  const started = clock();
  const target = await openTarget(command, context, cache);
  const { stain, why } = stainToSegment(target, look.stains.at(0));
  const level = chooseLevel(target, look.level);
  const channel = await openChannel(target, stain, level, options.correctionMethod, context, cache);
  const methods = options.segMethod.length > 0 ? options.segMethod : options.compare ? comparedMethods : defaultMethods;
  const sought = await soughtOn(target, channel, options, context, cache);
  const smallest = smallestHere(target, options, stain, level);
  const trials: Trial[] = [];
  for (const method of methods) {
    context.progress(`Segmenting ${stain} (${method.name})`);
    await setImmediate();
    context.signal.throwIfAborted();
    trials.push(tryThreshold(channel, thresholdOf(method, sought), smallest.here));
  }
  const cut = look.position === undefined ? await brightestCut(target, channel, look.plane ?? 'coronal', options, cache) : cutAt(channel.view, look.plane ?? 'coronal', look.position);
  await setImmediate();
  context.signal.throwIfAborted();
  const figures = [await slicesFigure(channel, trials, cut), ...histogramFigures(stain, trials, sought)];
  context.signal.throwIfAborted();
  const seconds = (clock() - started) / 1000;
  const full = level === 0 && options.minObjectVoxels === undefined;
  return {
    title: trials.length > 1 ? `Segmentations of ${stain} compared` : `Segmentation of ${stain} by ${methods[0].name}`,
    command: text,
    blocks: [
      ...notices('info', [...target.notices, ...(why === undefined ? [] : [why])]),
      ...notices('warn', readingNotices(target, level)),
      facts({
        Participant: target.dataset === undefined ? undefined : `sub-${target.dataset.participant}`,
        Image: target.uri, Stain: stain, Level: levelWords(target, level), Illumination: correctionWords(options),
        ...(trials.length === 1 ? oneTrial(trials[0], smallest) : { 'Smallest object': smallest.words }),
        Time: `${seconds.toFixed(1)} s`,
      }),
      ...(trials.length > 1 ? [comparison(trials)] : []),
      { kind: 'figures', figures },
      ...notices('info', [
        ...(level > 0 ? ['This is a coarse level: small objects melt into their surroundings, so there are fewer than at full resolution, and thresholds lie somewhat lower. The participant run decides.'] : []),
        ...(full ? ['This is the full resolution: the run differs only in how illumination is evened out, within the brain mask of the registration.'] : []),
      ]),
      ...notices('warn', options.correctionMethod === 'none' ? ['Illumination is left as it is; the participant run evens it out, and its thresholds are in those units.'] : []),
      ...nextCommands(command, target, stain, trials),
    ],
  };
}

/** The stain asked for, or the first that a run would segment. */
export function stainToSegment(target: Target, asked: string | undefined): { readonly stain: string; readonly why?: string } {
  if (asked !== undefined) return { stain: asked };
  if (target.stains.length === 1) return { stain: target.stains[0] };
  const { stainsForSeg, stainsForReg } = participantOptions(new Map());
  const stain = [...stainsForSeg].sort().find((each) => target.stains.includes(each)) ?? target.stains.find((each) => !stainsForReg.includes(each)) ?? target.stains[0];
  return { stain, why: `No stain is named: ${stain} is shown. There ${target.stains.length === 2 ? 'is also' : 'are also'} ${target.stains.filter((each) => each !== stain).join(', ')}.` };
}

interface Smallest {
  /** Voxels of this level. */
  readonly here: number;
  readonly words: string;
}

/** The pipeline's limit is in voxels of the full resolution; at a coarse level it is the same volume. */
function smallestHere(target: Target, options: SegmentOptions, stain: string, level: number): Smallest {
  const full = options.minObjectVoxels ?? minObjectVoxels(participantOptions(new Map()), stain);
  const volume = (at: number): number => levelGrid(target.image.info, at).scale.reduce((product, edge) => product * edge, 1);
  const here = Math.max(1, Math.round((full * volume(0)) / volume(level)));
  return { here, words: level === 0 ? count(full, 'voxel') : `${count(full, 'voxel')} at full resolution, ${here} here` };
}

function tryThreshold(channel: Channel, threshold: Threshold, smallest: number): Trial {
  const { values, tissue, view } = channel;
  const runs = foreground(values, threshold.threshold, view.size);
  const labels = labelRuns(runs);
  const { voxels: sizes } = measureComponents(labels, [0, 0, 0], view.size);
  let inside = 0;
  let voxels = 0;
  for (let row = 0; row < runs.rows.length - 1; row++) {
    for (let run = runs.rows[row]; run < runs.rows[row + 1]; run++) {
      voxels += runs.to[run] - runs.from[run];
      for (let i = row * view.size[0] + runs.from[run]; i < row * view.size[0] + runs.to[run]; i++) inside += tissue[i];
    }
  }
  return {
    threshold, voxels, share: channel.tissueVoxels === 0 ? NaN : inside / channel.tissueVoxels,
    objects: sizes.reduce((sum, size) => sum + (size >= smallest ? 1 : 0), 0), components: labels.count,
  };
}

/** Voxels at or above a threshold, as runs. */
function foreground(values: Float32Array, threshold: number, size: Channel['view']['size']): Runs {
  const collector = new RunCollector(size);
  const nx = size[0];
  for (let start = 0; start < values.length; start += nx) {
    for (let x = 0; x < nx;) {
      if (!(values[start + x] >= threshold)) {
        x++;
        continue;
      }
      const first = x;
      while (x < nx && values[start + x] >= threshold) x++;
      collector.add(first, x);
    }
    collector.endRow();
  }
  return collector.finish();
}

/** The plane with the most bright voxels, whatever the threshold: it stays where it is while a threshold is tuned. */
async function brightestCut(target: Target, channel: Channel, plane: 'axial' | 'coronal' | 'sagittal', options: SegmentOptions, cache: ExploreCache): Promise<Cut> {
  const middle = cutAt(channel.view, plane);
  const { level, size } = channel.view;
  const index = await cache.remember(['brightest', ...target.key, target.orientation, channel.stain, level, options.correctionMethod, plane], async () => {
    const { values, tissue } = channel;
    const [bright] = percentiles(values, [99.5]);
    const { through } = middle.view;
    const counts = new Float64Array(size[through]);
    const step = through === 0 ? 1 : through === 1 ? size[0] : size[0] * size[1];
    for (let i = 0; i < values.length; i++) if (values[i] > bright && tissue[i] === 1) counts[Math.floor(i / step) % size[through]]++;
    const most = counts.reduce((best, value, at) => (value > counts[best] ? at : best), middle.index);
    return most;
  }, () => 64);
  const last = Math.max(1, size[middle.view.through] - 1);
  return cutAt(channel.view, plane, { kind: 'fraction', value: middle.view.flipThrough ? 1 - index / last : index / last });
}

async function slicesFigure(channel: Channel, trials: readonly Trial[], { view, index, mm }: Cut): Promise<Figure> {
  const slice = cutSlice({ data: channel.values, size: channel.view.size, affine: channel.view.affine }, view, index);
  const window = percentileWindow(slice.values, 1, 99.7);
  const plain: Panel = {
    caption: `${channel.stain}, ${view.plane} at ${mm.toFixed(2)} mm`, letters: view.letters, scaleBar: true,
    draw: (side) => {
      const { picture, fitted } = grayPicture(slice, window, side);
      return { picture, mm: fitted.pixel[0] };
    },
  };
  const overlays = trials.map(({ threshold }): Panel => {
    const foregroundSlice: Slice = { ...slice, values: slice.values.map((value) => (value >= threshold.threshold ? 1 : 0)) };
    return {
      caption: `${threshold.method.name}: at least ${rounded(threshold.threshold)}`,
      draw: (side) => {
        const { picture, fitted } = grayPicture(slice, window, side);
        const fittedMask = fitSlice(foregroundSlice, side, side, 'nearest');
        overlayLabels(picture, fittedMask, new Map([[1, '#ff9500']]), 0.25);
        overlayOutlines(picture, fittedMask, mask, 1);
        return { picture, mm: fitted.pixel[0] };
      },
    };
  });
  const shares = trials.map(({ threshold }) => {
    const above = slice.values.reduce((sum, value) => sum + (value >= threshold.threshold ? 1 : 0), 0);
    return `${threshold.method.name} ${percent(above / slice.values.length)}`;
  });
  return panelGrid([plain, ...overlays], {
    alt: `${view.plane} slice of ${channel.stain} at ${mm.toFixed(2)} mm, plain and with the segmented area outlined in orange. Share of this slice: ${shares.join(', ')}.`,
    columns: trials.length === 1 ? 2 : 3, side: trials.length === 1 ? 460 : 320, budget: figureBudget - 60_000 * Math.min(2, trials.length),
  });
}

/** One histogram with the threshold of each method, or of one with all it was chosen by. */
function histogramFigures(stain: string, trials: readonly Trial[], { range, histogram }: SoughtOn): readonly Figure[] {
  const [{ threshold }] = trials;
  const one = trials.length === 1;
  const candidates = threshold.method.kind === 'otsu' ? (threshold.details.thresholds as readonly number[]).slice(1, -1) : [];
  const svg = thresholdsSvg({
    stain, method: one ? threshold.method.name : trials.map((trial) => trial.threshold.method.name).join(', '),
    counts: histogram.counts, range: [range.lo, range.hi],
    thresholds: one ? candidates : trials.slice(1).map((trial) => trial.threshold.threshold),
    chosen: threshold.threshold,
    ...(one && threshold.components !== undefined ? { components: threshold.components } : {}),
  });
  const marked = trials.map((trial) => `${trial.threshold.method.name} ${rounded(trial.threshold.threshold)}`).join(', ');
  return [{ alt: `Histogram of ${stain} from ${rounded(range.lo)} to ${rounded(range.hi)} on a logarithmic scale. Thresholds: ${marked}.`, mediaType: 'image/svg+xml', data: svg, width: 1000, height: 600 }];
}

function correctionWords({ correctionMethod }: SegmentOptions): string {
  if (correctionMethod === 'none') return 'as it is';
  return correctionMethod === 'n4' ? `evened out by N4 (${quickIterations} iterations on each of four levels, within the tissue)` : 'evened out by the gaussian method';
}

function oneTrial(trial: Trial, smallest: Smallest): Readonly<Record<string, string>> {
  return {
    Method: trial.threshold.method.name,
    Threshold: rounded(trial.threshold.threshold),
    Foreground: `${percent(trial.share)} of the tissue`,
    Objects: `${trial.objects} of at least ${smallest.words}${trial.components > trial.objects ? `; ${trial.components - trial.objects} smaller ones are left out` : ''}`,
  };
}

function comparison(trials: readonly Trial[]): TableBlock {
  return {
    kind: 'table',
    columns: [
      { label: 'method' }, { label: 'threshold', numeric: true }, { label: 'foreground of the tissue', unit: '%', numeric: true },
      { label: 'objects', numeric: true }, { label: 'smaller, left out', numeric: true },
    ],
    rows: trials.map(({ threshold, share, objects, components }) => [
      threshold.method.name, Number(threshold.threshold.toPrecision(5)), Number.isFinite(share) ? Number((100 * share).toPrecision(3)) : null, objects, components - objects,
    ]),
  };
}

/** A run with this method, and trials around it. */
function nextCommands({ look, options, uri, storage }: SegmentCommand, target: Target, stain: string, trials: readonly Trial[]): readonly Block[] {
  const flags = storageFlags(storage);
  const [{ threshold }] = trials;
  const other = Number((threshold.threshold * (threshold.threshold > 0 ? 1.5 : 0.5)).toPrecision(2));
  const same = ['spimquant', 'segment', uri, ...sameLook(look), '--stain', stain];
  const commands = [{ title: 'Another threshold', text: joinWords([...same, '--seg_method', `th${Math.max(1, Math.round(other))}`, ...flags]) }];
  if (!options.compare) commands.push({ title: 'Compare methods', text: joinWords([...same, '--compare', ...flags]) });
  if (target.dataset !== undefined) {
    commands.push({
      title: 'Quantify with this method',
      text: joinWords(['spimquant', target.dataset.uri, 'OUTPUT', 'participant', '--participant-label', target.dataset.participant, '--stains_for_seg', stain, '--seg_method', threshold.method.name, ...imageFlags(look), ...flags]),
    });
  }
  return [{ kind: 'commands', title: 'From here', commands }];
}
