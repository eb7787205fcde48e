import { indexDataset, requireImages } from '../../bids/dataset.ts';
import { imageIdentity } from '../../bids/names.ts';
import type { DatasetIndex, SpimFile } from '../../bids/bids.types.ts';
import { readNiftiGrid } from '../../image/nifti.ts';
import { openOmeZarr } from '../../image/omeZarr.ts';
import { reportError, SpimquantError } from '../../protocol/errors.ts';
import type { ParticipantOptions } from '../../protocol/options.ts';
import { voxelCount } from '../../kernels/volume.ts';
import type { ObjectStore, StorageOptions } from '../../storage/objectStore.ts';
import { openStore } from '../../storage/open.ts';
import { expandHome, normaliseUri } from '../../storage/uri.ts';
import type { ResolvedTemplate } from '../../templates/template.types.ts';
import { resolveTemplate, templateCacheFolder } from '../../templates/resolve.ts';
import type { ImagePlan } from './imagePlan.ts';
import { importTemplateTasks } from '../import/importTemplate.ts';
import { imagePaths, templatePaths } from '../paths.ts';
import type { Plan } from './plan.types.ts';
import { provenanceOf } from './provenance.ts';
import { channelStains, chooseStains } from './stains.ts';
import type { Task } from '../task.ts';

/** What planning a run over participants needs. */
export interface ParticipantPlanRequest {
  readonly dataset: ObjectStore;
  readonly options: ParticipantOptions;
  /** How to reach a template folder that is in a bucket. */
  readonly storage?: StorageOptions;
  readonly signal: AbortSignal;
}

/** What is known of a dataset before tasks are made of it. */
export interface DescribedImages {
  readonly plans: readonly ImagePlan[];
  /** Bring the template into the output. Empty when no image can be used. */
  readonly templateTasks: readonly Task[];
  /** Folder or URI of the place `templates`. */
  readonly templates: string;
  /** About the template and files left out. */
  readonly notices: readonly string[];
  readonly failures: Plan['failures'];
}

/** Images whose metadata are read at a time. */
const concurrentImages = 8;

/**
 * Finds the images to work on and everything that tasks are made from. Reads listings and metadata only, no pixel. A
 * participant whose images cannot be used becomes a failure, and the others are described.
 */
export async function describeImages(request: ParticipantPlanRequest): Promise<DescribedImages> {
  const { dataset, options, signal } = request;
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
  const templates = templateDir ?? templateCacheFolder();
  const voxels = await templateVoxels(template, openStore(templates, request.storage), signal);
  const { plans, failures } = await planEach(index.images, (image) => describeImage(dataset, image, { template, segs, voxels }, options, signal), signal);
  const fixed = [...new Set(plans.map((plan) => plan.template.fixed))];
  return {
    plans,
    templateTasks: plans.length === 0 ? [] : importTemplateTasks({ template, segs, options, fixed }),
    templates,
    notices: [...(template.notices ?? []), ...noticesOf(index)],
    failures,
  };
}

/** A template, and what of it is used. */
interface ChosenTemplate {
  readonly template: ResolvedTemplate;
  readonly segs: readonly string[];
  readonly voxels: number;
}

/** Voxels of a mouse brain at 25 µm, the finest of the registered templates. */
const mostTemplateVoxels = 8e7;

/** Voxels of a template, from its header where the file is at hand. */
async function templateVoxels(template: ResolvedTemplate, store: ObjectStore, signal: AbortSignal): Promise<number> {
  // The generated template is small.
  if (template.anat === undefined) return 1e6;
  const start = await store.read(template.anat.key, { range: { offset: 0, length: 1 << 16 }, signal });
  return start === undefined ? mostTemplateVoxels : voxelCount(readNiftiGrid(start, template.anat.key).size);
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
  dataset: ObjectStore, image: SpimFile, chosen: ChosenTemplate, options: ParticipantOptions, signal: AbortSignal,
): Promise<ImagePlan> {
  const { template, segs, voxels } = chosen;
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
      voxels,
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
