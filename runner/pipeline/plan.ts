import { indexDataset, requireImages } from '../bids/dataset.ts';
import { imageIdentity } from '../bids/names.ts';
import type { DatasetIndex, SpimFile } from '../bids/bids.types.ts';
import { openOmeZarr } from '../image/omeZarr.ts';
import { reportError, SpimquantError } from '../protocol/errors.ts';
import type { ParticipantOptions } from '../protocol/options.ts';
import type { ObjectStore, StorageOptions } from '../storage/objectStore.ts';
import { expandHome, normaliseUri } from '../storage/uri.ts';
import type { ResolvedTemplate } from '../templates/template.types.ts';
import { resolveTemplate, templateCacheFolder } from '../templates/resolve.ts';
import type { ImagePlan } from './imagePlan.ts';
import { importTemplateTasks } from './importTemplate.ts';
import { imagePaths, templatePaths } from './paths.ts';
import { planImage } from './planImage.ts';
import type { Plan } from './plan.types.ts';
import { provenanceOf } from './provenance.ts';
import { channelStains, chooseStains } from './stains.ts';
import type { Task } from './task.ts';

/** What planning a participant run needs. */
export interface ParticipantPlanRequest {
  readonly dataset: ObjectStore;
  readonly options: ParticipantOptions;
  /** How to reach a template folder that is in a bucket. */
  readonly storage?: StorageOptions;
  readonly signal: AbortSignal;
}

/** Images whose metadata are read at a time. */
const concurrentImages = 8;

/**
 * Turns a dataset and options into tasks. Reads listings and metadata only, no pixel. A participant whose images cannot be
 * used becomes a failure of the plan, and the others are planned.
 */
export async function planParticipants(request: ParticipantPlanRequest): Promise<Plan> {
  const { dataset, options, signal } = request;
  checkOptions(options);
  const templateDir = options.templateDir === undefined ? undefined : normaliseUri(expandHome(options.templateDir));
  const template = await resolveTemplate(options.template, { templateDir, storage: request.storage, signal });
  const index = await indexDataset(dataset, {
    filters: options.filterSpim,
    participantLabel: options.participantLabel,
    excludeParticipantLabel: options.excludeParticipantLabel,
    signal,
  });
  requireImages(index);
  const segs = chooseAtlases(template, options);
  const planned = await planEach(index.images, (image) => describeImage(dataset, image, template, segs, options, signal), signal);
  const fixed = [...new Set(planned.plans.map((plan) => plan.template.fixed))];
  const templateTasks = planned.plans.length === 0 ? [] : importTemplateTasks({ template, segs, options, fixed });
  const tasks: Task[] = [...templateTasks, ...planned.plans.flatMap(planImage)];
  return {
    tasks,
    templates: templateDir ?? templateCacheFolder(),
    notices: [...(template.notices ?? []), ...noticesOf(index), ...stainNotices(planned.plans), ...vesselNotices(planned.plans)],
    failures: planned.failures,
  };
}

/** Options that cannot go together. */
function checkOptions(options: ParticipantOptions): void {
  if (options.correctionMethod === 'gaussian' && !options.noSegmentation && options.segHistBinWidth >= 1 && options.segMethod.some(({ kind }) => kind !== 'threshold')) {
    throw new SpimquantError('bad-option', `With --correction_method gaussian intensities lie around 1: a histogram with bins of ${options.segHistBinWidth} cannot tell them apart.`, {
      hint: 'Give a smaller --seg_hist_bin_width, for example 0.005, or use --correction_method n4.',
    });
  }
  if (options.registrationLevel < options.segmentationLevel) {
    throw new SpimquantError('bad-option', `--registration_level ${options.registrationLevel} is finer than --segmentation_level ${options.segmentationLevel}.`, {
      hint: 'Maps and atlas are made at the registration level, which must be as coarse as the segmentation level or coarser.',
    });
  }
}

/** The atlases asked for, or the template's default ones. */
function chooseAtlases(template: ResolvedTemplate, options: ParticipantOptions): readonly string[] {
  const available = template.atlases.map(({ seg }) => seg);
  if (options.atlasSegs.length === 0) return template.defaultSegs;
  const missing = options.atlasSegs.filter((seg) => !available.includes(seg));
  if (missing.length > 0) {
    throw new SpimquantError('bad-option', `The template ${template.name} has no atlas ${missing.join(', ')}.`, {
      hint: available.length > 0 ? `It has: ${available.join(', ')}.` : 'It has none.',
    });
  }
  return [...new Set(options.atlasSegs)];
}

/** Everything the tasks of an image are made from. Reads the image's metadata. */
async function describeImage(
  dataset: ObjectStore, image: SpimFile, template: ResolvedTemplate, segs: readonly string[], options: ParticipantOptions, signal: AbortSignal,
): Promise<ImagePlan> {
  const { info } = await openOmeZarr(dataset, image.path, { signal });
  const stains = channelStains(image, info, options);
  const choice = chooseStains(stains, template.spim.map(({ stain }) => stain), options, info.uri);
  const identity = imageIdentity(image.entities);
  const paths = templatePaths(template.name, options.templateCrop);
  return {
    participant: image.entities.sub,
    identity,
    image,
    info,
    orientation: options.orientation ?? image.orientationXYZ ?? info.storedOrientation ?? 'RAS',
    stains,
    stainForReg: choice.forRegistration,
    stainsForSeg: choice.forSegmentation,
    template: {
      name: template.name,
      paths,
      segs,
      fixed: choice.templateStain === undefined ? paths.anat() : paths.spim(choice.templateStain),
    },
    paths: imagePaths(identity, template.name),
    options,
    provenance: provenanceOf(options),
  };
}

/** Describes images a few at a time, in order; a failure is kept with its participant. */
async function planEach(
  images: readonly SpimFile[], describe: (image: SpimFile) => Promise<ImagePlan>, signal: AbortSignal,
): Promise<{ readonly plans: readonly ImagePlan[]; readonly failures: Plan['failures'] }> {
  const results = new Array<{ plan?: ImagePlan; failure?: Plan['failures'][number] }>(images.length);
  let next = 0;
  const work = async (): Promise<void> => {
    for (let i = next++; i < images.length; i = next++) {
      try {
        results[i] = { plan: await describe(images[i]) };
      } catch (error) {
        signal.throwIfAborted();
        results[i] = { failure: { participant: images[i].entities.sub, error: reportError(error) } };
      }
    }
  };
  await Promise.all(Array.from({ length: concurrentImages }, work));
  const plans = results.flatMap(({ plan }) => plan ?? []);
  const failures = results.flatMap(({ failure }) => failure ?? []);
  return { plans: withoutClashes(plans, failures), failures };
}

/** Two images with the same identity would write the same files: neither is run, and both are named. */
function withoutClashes(plans: readonly ImagePlan[], failures: { participant: string; error: ReturnType<typeof reportError> }[]): readonly ImagePlan[] {
  const byId = new Map<string, ImagePlan[]>();
  for (const plan of plans) byId.set(plan.paths.id, [...(byId.get(plan.paths.id) ?? []), plan]);
  for (const [id, same] of byId) {
    if (same.length < 2) continue;
    failures.push({
      participant: same[0].participant,
      error: reportError(new SpimquantError('bad-dataset', `Several images are ${id}: ${same.map(({ image }) => image.path).join(', ')}.`, {
        where: id, hint: 'Choose one with --filter-spim, for example --filter-spim extension=ome.zarr.',
      })),
    });
  }
  return plans.filter((plan) => byId.get(plan.paths.id)?.length === 1);
}

function noticesOf(index: DatasetIndex): readonly string[] {
  return index.skipped.map(({ path, reason }) => `Left out ${path}: ${reason}`);
}

/** Differences between participants that a group comparison will feel. */
function stainNotices(plans: readonly ImagePlan[]): readonly string[] {
  const sets = new Map<string, string[]>();
  for (const plan of plans) {
    const key = plan.stainsForSeg.join(', ');
    sets.set(key, [...(sets.get(key) ?? []), plan.participant]);
  }
  const notices = sets.size < 2 ? [] : [`Participants differ in the stains to segment: ${[...sets].map(([stains, who]) => `${stains || 'none'} (${who.join(', ')})`).join('; ')}.`];
  return sets.has('') && plans.some((plan) => !plan.options.noSegmentation) ? [...notices, 'Nothing is segmented where no stain of --stains_for_seg is present.'] : notices;
}

/** Vessels are found by a neural network, which the embedded engine does not run (pipeline-spec §3.10). */
function vesselNotices(plans: readonly ImagePlan[]): readonly string[] {
  const present = new Set(plans.flatMap(({ stains, options }) => (options.noVessels ? [] : options.stainsForVessels.filter((stain) => stains.includes(stain)).slice(0, 1))));
  return [...present].map((stain) => `Vessels (${stain}) are not segmented: that needs the vesselFM network of the Python SPIMquant. Everything else is done; --no_vessels leaves this note out.`);
}
