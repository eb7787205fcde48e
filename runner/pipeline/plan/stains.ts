import { SpimquantError } from '../../protocol/errors.ts';
import type { SpimFile } from '../../bids/bids.types.ts';
import type { ImageInfo } from '../../image/omeZarr.types.ts';
import { didYouMean } from '../../protocol/nearest.ts';
import type { ParticipantOptions } from '../../protocol/options.ts';

/** Channel labels in channel order: command line, else sidecar, else the store's OMERO labels (pipeline-spec §2). */
export function channelStains(image: Pick<SpimFile, 'sampleStaining'>, info: ImageInfo, options: Pick<ParticipantOptions, 'sampleStaining'>): readonly string[] {
  const count = info.channels.length;
  const [labels, source] =
    options.sampleStaining.length > 0 ? [options.sampleStaining, '--sample_staining']
    : image.sampleStaining !== undefined ? [image.sampleStaining, 'SampleStaining in the JSON sidecar']
    : [info.channels.map(({ label }) => label), 'the store'];
  if (labels.length !== count) {
    throw new SpimquantError('bad-option', `${info.uri} has ${count} channels, but ${source} names ${labels.length}: ${labels.join(', ')}.`, {
      where: info.uri,
      hint: 'Name every channel once, in their order.',
    });
  }
  const twice = labels.find((label, i) => labels.indexOf(label) !== i);
  if (twice !== undefined) {
    throw new SpimquantError('bad-dataset', `Two channels of ${info.uri} are called ${twice}.`, { where: info.uri, hint: 'Name the channels with --sample_staining.' });
  }
  return labels;
}

/** The stain that is registered, and those that are segmented. */
export interface StainChoice {
  readonly forRegistration: string;
  /** The stain's own template, when it is registered to one; otherwise the anatomy is used. */
  readonly templateStain?: string;
  /** Sorted. */
  readonly forSegmentation: readonly string[];
}

/**
 * Chooses stains among the channels (pipeline-spec §2 "Derived choices").
 * @param templateStains stains that the template has an image of, in order of preference
 */
export function chooseStains(stains: readonly string[], templateStains: readonly string[], options: ParticipantOptions, where: string): StainChoice {
  const present = stains.filter((stain) => !options.ignoreStains.includes(stain));
  const templateStain = templateStains.find((stain) => present.includes(stain));
  const forRegistration = templateStain ?? options.stainsForReg.find((stain) => present.includes(stain));
  if (forRegistration === undefined) {
    throw new SpimquantError('bad-option', `None of the stains for registration (${options.stainsForReg.join(', ')}) is in ${where}, which has ${stains.join(', ')}.`, {
      where,
      hint: `Name one with --stains_for_reg${present.length > 0 ? `, for example --stains_for_reg ${present[0]}` : ''}.`,
    });
  }
  const forSegmentation = options.noSegmentation ? [] : [...new Set(options.stainsForSeg)].filter((stain) => present.includes(stain)).sort();
  return { forRegistration, ...(templateStain === undefined ? {} : { templateStain }), forSegmentation };
}

/**
 * What to say of stains that the options name and no image has, which is mostly a slip in spelling. Throws `bad-option`
 * when none of the stains that were asked for can be segmented anywhere.
 * @param images stains of each image
 * @param defaults the options when nothing is given: their lists are candidates, not wishes
 */
export function checkStains(images: readonly (readonly string[])[], options: ParticipantOptions, defaults: Pick<ParticipantOptions, 'stainsForSeg' | 'stainsForReg'>): readonly string[] {
  if (images.length === 0) return [];
  const present = [...new Set(images.flat())].sort();
  const missingOf = (asked: readonly string[], usual: readonly string[]): readonly string[] =>
    asked.join(' ') === usual.join(' ') ? [] : asked.filter((stain) => !present.includes(stain));
  const hint = `The images have ${present.join(', ')}.`;
  const seg = options.noSegmentation ? [] : missingOf(options.stainsForSeg, defaults.stainsForSeg);
  if (seg.length > 0 && seg.length === options.stainsForSeg.length) {
    throw new SpimquantError('bad-option', `No image has the stain ${seg.join(' or ')} of --stains_for_seg.${didYouMean(seg[0], present)}`, {
      hint: `${hint} To register only, add --no_segmentation.`,
    });
  }
  const reg = missingOf(options.stainsForReg, defaults.stainsForReg);
  return [
    ...seg.map((stain) => `No image has the stain ${stain} of --stains_for_seg.${didYouMean(stain, present)} ${hint}`),
    ...(reg.length > 0 && reg.length === options.stainsForReg.length
      ? [`No image has the stain ${reg.join(' or ')} of --stains_for_reg: registration uses the stain that the template has an image of.${didYouMean(reg[0], present)} ${hint}`]
      : []),
  ];
}
