import { setImmediate } from 'node:timers/promises';
import { participantOptions } from '../command/build.ts';
import { parseMethod } from '../command/values.ts';
import { joinWords } from '../command/shell.ts';
import { labelRuns } from '../kernels/components.ts';
import { measureComponents } from '../kernels/componentStats.ts';
import { percentiles } from '../kernels/percentile.ts';
import { RunCollector, type Runs } from '../kernels/runs.ts';
import { minObjectVoxels } from '../pipeline/segmentation/objects.ts';
import { levelGrid } from '../pipeline/segmentation/segmentation.ts';
import type { ExploreCommand, SegmentOptions } from '../protocol/options.ts';
import type { Block, Result, TableBlock } from '../protocol/results.ts';
import { count } from '../wording/words.ts';
import { facts, notices, percent, rounded } from './blocks.ts';
import { ExploreCache } from './cache.ts';
import { chooseLevel, levelWords, openChannel, quickIterations, readingNotices, type Channel } from './channel.ts';
import { storageFlags } from '../protocol/storageChoice.ts';
import { imageFlags, sameLook } from './commands.ts';
import type { ExploreContext } from './explore.types.ts';
import { cutAt, type Cut } from './pictures.ts';
import { openTarget, type Target } from './openImage.ts';
import { histogramFigure, segmentSlices, type Trial } from './segmentPictures.ts';
import { soughtOn, thresholdOf, type Threshold } from './thresholds.ts';

type SegmentCommand = Extract<ExploreCommand, { verb: 'segment' }>;

/** The methods that `--compare` shows when none is named. */
const comparedMethods = ['gmm+n3k1', 'gmm+n3k2', 'otsu+k2i1', 'otsu+k3i2'].map((name) => parseMethod(name));
const defaultMethods = [parseMethod('gmm+n3k1')];

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
  const slices = await segmentSlices(channel, trials, cut);
  context.signal.throwIfAborted();
  const seconds = (clock() - started) / 1000;
  const full = level === 0 && options.minObjectVoxels === undefined;
  return {
    title: trials.length > 1 ? `Segmentations of ${stain} compared` : `Segmentation of ${stain} by ${methods[0].name}`,
    command: text,
    views: [{ kind: 'image', uri: target.uri }],
    blocks: [
      ...notices('info', [...target.notices, ...(why === undefined ? [] : [why])]),
      ...notices('warn', readingNotices(target, level)),
      facts({
        Participant: target.dataset === undefined ? undefined : `sub-${target.dataset.participant}`,
        Image: target.uri, Stain: stain, Level: levelWords(target, level), Illumination: correctionWords(options),
        ...(trials.length === 1 ? oneTrial(trials[0], smallest) : { 'Smallest object': smallest.words }),
        Time: `${seconds.toFixed(1)} s`,
      }),
      slices,
      ...(trials.length > 1 ? [comparison(trials)] : []),
      { kind: 'figures', figures: [histogramFigure(stain, trials, sought)] },
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
    objects: sizes.reduce((sum, size) => sum + (size >= smallest ? 1 : 0), 0), components: labels.count, labels, sizes, smallest,
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
