import { setImmediate } from 'node:timers/promises';
import type { LevelView } from '../image/omeZarr.types.ts';
import { divideByBias } from '../kernels/biasUpsampler.ts';
import { voxelSize, type Vec3 } from '../kernels/geometry.ts';
import { binCentres, histogramOf } from '../kernels/histogram.ts';
import { meshOfSpacing } from '../kernels/n4.ts';
import { multiOtsu } from '../kernels/otsu.ts';
import { voxelCount, type Volume } from '../kernels/volume.ts';
import { gaussianSigma, smoothedBias } from '../pipeline/correction/biasGaussian.ts';
import { removeBias } from '../pipeline/correction/biasN4.ts';
import { stretchedLog } from '../pipeline/correction/brainMask.ts';
import { levelGrid } from '../pipeline/segmentation/segmentation.ts';
import { SpimquantError } from '../protocol/errors.ts';
import type { ThresholdOptions } from '../protocol/options.ts';
import { count, formatBytes } from '../wording/words.ts';
import type { ExploreCache } from './cache.ts';
import type { ExploreContext } from './explore.types.ts';
import { channelOfStain, type Target } from './openImage.ts';

/** Voxels that are read, corrected, segmented and labelled in about a second, on a machine that has other things to do. */
export const quickVoxels = 1.5e6;
/** Voxels of a level that is asked for by its number, at most. */
const mostVoxels = 6.4e7;
/** Voxels on which the bias field is estimated. */
const biasVoxels = 6.5e4;
/** Iterations of N4 on each of its four levels; the pipeline does 200. */
export const quickIterations = 20;
/** Millimetres between the knots of N4's spline: the pipeline's default. */
const splineSpacing = 2;

/** The method by which illumination is evened out, or none. */
export type Correction = ThresholdOptions['correctionMethod'];

/** One stain at one level, whole, in the orientation of its target. */
export interface Channel {
  readonly stain: string;
  readonly view: LevelView;
  /** Intensities, divided by the bias field unless the correction is `none`. x fastest. */
  readonly values: Float32Array;
  /** 1 where there is tissue. */
  readonly tissue: Uint8Array;
  readonly tissueVoxels: number;
}

/** The finest level with at most so many voxels. */
export function levelWithin(target: Target, voxels: number): number {
  const { info } = target.image;
  let level = 0;
  while (voxelCount(levelGrid(info, level).size) > voxels) level++;
  return level;
}

/** The level asked for, or the finest that is quick. Throws `bad-option` for one that would take too much memory. */
export function chooseLevel(target: Target, asked: number | undefined): number {
  if (asked === undefined) return levelWithin(target, quickVoxels);
  const voxels = voxelCount(levelGrid(target.image.info, asked).size);
  if (voxels <= mostVoxels) return asked;
  throw new SpimquantError('bad-option', `Level ${asked} has ${Math.round(voxels / 1e6)} million voxels: too many to look at.`, {
    where: target.uri, hint: `Level ${levelWithin(target, mostVoxels)} is the finest that can be tried, level ${levelWithin(target, quickVoxels)} is quick. The participant run works at any level.`,
  });
}

/** The values of a stain at a level as they are stored. */
export async function readLevel(target: Target, stain: string, level: number, context: ExploreContext, cache: ExploreCache): Promise<Volume> {
  const view = target.image.level(level, target.orientation);
  const data = await cache.remember(['values', ...target.key, target.orientation, channelOfStain(target, stain), level], async () => {
    context.progress(`Reading ${stain} at level ${level} (${formatBytes(voxelCount(view.size) * 2)})`);
    return target.image.read(view, channelOfStain(target, stain), { start: [0, 0, 0], size: view.size }, context.signal);
  }, (values) => values.byteLength);
  return { data, size: view.size, affine: view.affine };
}

/** A stain at a level with its illumination evened out, and where its tissue is. */
export async function openChannel(
  target: Target, stain: string, level: number, correction: Correction, context: ExploreContext, cache: ExploreCache,
): Promise<Channel> {
  const raw = await readLevel(target, stain, level, context, cache);
  return cache.remember(['channel', ...target.key, target.orientation, channelOfStain(target, stain), level, correction], async () => {
    const view = target.image.level(level, target.orientation);
    const { field, mask, size } = await illumination(target, stain, Math.max(level, levelWithin(target, biasVoxels)), correction, context, cache);
    const values = field === undefined ? Float32Array.from(raw.data) : new Float32Array(raw.data.length);
    await setImmediate();
    context.signal.throwIfAborted();
    if (field !== undefined) divideByBias(values, raw.data, field, raw.size, { start: [0, 0, 0], size: raw.size }, correction === 'gaussian' ? 'gaussian' : 'n4');
    const tissue = onGrid(mask, size, view.size);
    return { stain, view, values, tissue, tissueVoxels: tissue.reduce((sum, value) => sum + value, 0) };
  }, (channel) => channel.values.byteLength + channel.tissue.byteLength);
}

/** How a stain is lit, and where its tissue is, on a coarse grid. */
interface Illumination {
  /** Undefined: nothing is to be evened out. */
  readonly field: Volume<Float32Array> | undefined;
  readonly mask: Uint8Array;
  readonly size: Vec3;
}

async function illumination(target: Target, stain: string, level: number, correction: Correction, context: ExploreContext, cache: ExploreCache): Promise<Illumination> {
  const volume = await readLevel(target, stain, level, context, cache);
  return cache.remember(['illumination', ...target.key, target.orientation, channelOfStain(target, stain), level, correction], async () => {
    const coarse = { ...volume, data: Float32Array.from(volume.data) };
    const mask = tissueMask(coarse);
    if (correction !== 'none') context.progress(`Evening out the illumination of ${stain}`);
    return { field: await biasField(coarse, mask, correction, context.signal), mask, size: volume.size };
  }, ({ mask }) => 5 * mask.byteLength);
}

async function biasField(coarse: Volume<Float32Array>, mask: Uint8Array, correction: Correction, signal: AbortSignal): Promise<Volume<Float32Array> | undefined> {
  if (correction === 'none') return undefined;
  if (correction === 'gaussian') return smoothedBias(coarse, gaussianSigma);
  const { mesh, padding } = meshOfSpacing(coarse.size, voxelSize(coarse.affine), splineSpacing);
  const iterations = new Array<number>(4).fill(quickIterations);
  return (await removeBias({ signal, progress: () => undefined }, coarse, { ...coarse, data: mask }, { mesh, padding, iterations })).bias;
}

/** Where a coarse image is brighter than its background: the upper of two classes of the logarithms. */
function tissueMask(image: Volume<Float32Array>): Uint8Array {
  const logs = stretchedLog(image.data);
  const histogram = histogramOf(logs, 256, 0, 100);
  const [cut] = multiOtsu(histogram.counts, binCentres(histogram), 2).thresholds;
  return Uint8Array.from(logs, (value) => (value > cut ? 1 : 0));
}

/** A coarse mask on a finer grid over the same field of view, by the nearest voxel. */
function onGrid(mask: Uint8Array, from: Vec3, to: Vec3): Uint8Array {
  const out = new Uint8Array(voxelCount(to));
  const places = to.map((n, axis) => Int32Array.from({ length: n }, (_, i) => Math.min(from[axis] - 1, Math.floor(((i + 0.5) * from[axis]) / n))));
  let i = 0;
  for (let z = 0; z < to[2]; z++) {
    for (let y = 0; y < to[1]; y++) {
      const row = from[0] * (places[1][y] + from[1] * places[2][z]);
      for (let x = 0; x < to[0]; x++) out[i++] = mask[row + places[0][x]];
    }
  }
  return out;
}

/** How far a level is from the full resolution, in words. */
export function levelWords(target: Target, level: number): string {
  const { size, scale } = levelGrid(target.image.info, level);
  const edges = scale.map((mm) => Number((mm * 1000).toPrecision(3)));
  const same = edges.every((edge) => edge === edges[0]);
  return `${level} of ${target.image.info.levels.length} (${size.join(' × ')} voxels of ${same ? edges[0] : edges.join(' × ')} µm)`;
}

/** Sentences about reading much. */
export function readingNotices(target: Target, level: number): readonly string[] {
  const stored = target.image.info.levels.length - 1;
  if (level <= stored) return [];
  const voxels = voxelCount(target.image.info.levels[stored].size);
  return voxels <= mostVoxels ? [] : [`The image has only ${count(stored + 1, 'level')}: its coarsest one, ${Math.round(voxels / 1e6)} million voxels, is read whole. A deeper pyramid would make this quick.`];
}

