import type { ImageInfo } from '../image/omeZarr.types.ts';
import { formatBytes } from '../wording/words.ts';
import type { SpimFile } from './bids.types.ts';
import { imageIdentity } from './names.ts';
import { Places } from './problemBook.ts';

/** `error`: a run fails or goes wrong by it. `warning`: a run may not mean what it seems to. `note`: good to know. */
export type Severity = 'error' | 'warning' | 'note';

/** What a problem is about. */
export type ProblemKind =
  | 'description' | 'participants.tsv' | 'participants' | 'access' | 'sidecars' | 'names' | 'formats' | 'missing images' | 'image metadata'
  | 'duplicates' | 'stains' | 'orientation' | 'voxel size' | 'pyramid' | 'chunks' | 'time points' | 'registration';

/** Something about a dataset that a user should know. */
export interface Problem {
  readonly severity: Severity;
  readonly kind: ProblemKind;
  /** Path, participant or file it is about. */
  readonly where: string;
  /** One sentence without the place, so that the same problem of many places can be told once. */
  readonly what: string;
  /** What to do about it, one sentence. */
  readonly mend: string;
}

/** An image with its metadata. */
export interface CheckedImage {
  readonly image: SpimFile;
  readonly info: ImageInfo;
}

/** Millimetres at level 0 beyond which the unit of the voxel size is doubted. */
const finestVoxel = 0.00005;
const coarsestVoxel = 0.5;
/** Edges of a voxel that differ by more make slices and objects look squeezed. */
const anisotropyLimit = 4;
/** Millimetres; an organ or a whole mouse is smaller. */
const largestExtent = 300;
/** Voxels along an axis from which a pyramid is wanted. */
const needsPyramid = 1024;
const largeChunk = 512e6;

/** What is wrong with an image by its metadata alone. */
export function imageProblems({ image, info }: CheckedImage): readonly Problem[] {
  return [...channelProblems(image, info), ...voxelProblems(image, info), ...pyramidProblems(image, info)];
}

function channelProblems(image: SpimFile, info: ImageInfo): readonly Problem[] {
  const problems: Problem[] = [];
  const where = image.path;
  const labels = image.sampleStaining ?? info.channels.map(({ label }) => label);
  if (labels.length !== info.channels.length) {
    problems.push({ severity: 'error', kind: 'stains', where, what: `The sidecar names ${labels.length} stains, but the image has ${info.channels.length} channels.`, mend: 'Correct SampleStaining in the JSON sidecar, or name the channels with --sample_staining.' });
  }
  const twice = labels.find((label, i) => labels.indexOf(label) !== i);
  if (twice !== undefined) problems.push({ severity: 'error', kind: 'stains', where, what: `Two channels are called ${twice}.`, mend: 'Name each channel once: SampleStaining in the JSON sidecar, or --sample_staining.' });
  if (image.sampleStaining === undefined && labels.every((label) => /^(channel[ _-]?)?\d+$/i.test(label))) {
    problems.push({ severity: 'warning', kind: 'stains', where, what: 'Nothing says which stains the channels are.', mend: 'Write SampleStaining into the JSON sidecar, or name the channels with --sample_staining.' });
  }
  if (image.orientationXYZ === undefined && info.storedOrientation === undefined) {
    problems.push({ severity: 'warning', kind: 'orientation', where, what: 'Nothing says how the brain lies in the image; RAS is assumed.', mend: 'Write OrientationStringXYZ into the JSON sidecar, or give --orientation. A wrong one makes registration fail.' });
  }
  if (info.timepoints > 1) problems.push({ severity: 'note', kind: 'time points', where, what: `It has ${info.timepoints} time points, of which the first is used.`, mend: 'Nothing, if that is meant.' });
  return problems;
}

function voxelProblems(image: SpimFile, info: ImageInfo): readonly Problem[] {
  const [{ scale, size }] = info.levels;
  const where = image.path;
  const shown = scale.map((edge) => Number((edge * 1000).toPrecision(4))).join(' × ');
  const unit = { where, kind: 'voxel size', mend: 'Check scale and unit in the metadata of the image: maps, volumes and densities depend on them.' } as const;
  if (Math.min(...scale) < finestVoxel || Math.max(...scale) > coarsestVoxel) return [{ ...unit, severity: 'warning', what: `Voxels of ${shown} µm are unusual; the unit may be wrong.` }];
  const extent = Math.max(...size.map((voxels, axis) => voxels * scale[axis]));
  if (extent > largestExtent) return [{ ...unit, severity: 'warning', what: `The image is ${Math.round(extent)} mm long; the unit of its voxels (${shown} µm) may be wrong.` }];
  if (Math.max(...scale) / Math.min(...scale) > anisotropyLimit) {
    return [{ severity: 'note', kind: 'voxel size', where, what: `Voxels are far from cubes: ${shown} µm.`, mend: 'Nothing, if that is how it was taken; otherwise check the scale in the metadata of the image.' }];
  }
  return [];
}

function pyramidProblems(image: SpimFile, info: ImageInfo): readonly Problem[] {
  const { levels } = info;
  const [finest] = levels;
  const where = image.path;
  const problems: Problem[] = [];
  for (const [i, level] of levels.entries()) {
    const above = levels[i - 1];
    if (above !== undefined && level.size.every((voxels, axis) => voxels === above.size[axis])) {
      problems.push({ severity: 'warning', kind: 'pyramid', where, what: `Level ${i} is as large as level ${i - 1}.`, mend: 'Make the pyramid anew, each level about half as large as the one before.' });
    } else if (above !== undefined && level.size.some((voxels, axis) => voxels > above.size[axis])) {
      problems.push({ severity: 'error', kind: 'pyramid', where, what: `Level ${i} is larger than level ${i - 1}: the levels are not in order.`, mend: 'List the levels in the metadata from the finest to the coarsest.' });
    } else if (!coversSame(finest, level)) {
      problems.push({ severity: 'error', kind: 'pyramid', where, what: `Level ${i} does not cover what level 0 covers: size times scale differ.`, mend: 'Correct the scale of the levels in the metadata, or make the pyramid anew.' });
    }
  }
  if (levels.length === 1 && Math.max(...finest.size) >= needsPyramid) {
    problems.push({ severity: 'warning', kind: 'pyramid', where, what: 'It has full resolution only: looking at it and registering it have to read all of it.', mend: 'Convert it with a pyramid of five levels or more.' });
  }
  const chunk = finest.chunk.reduce((product, edge) => product * edge, Number(/\d+$/.exec(info.voxelType)?.[0] ?? 8) / 8);
  if (chunk > largeChunk) problems.push({ severity: 'warning', kind: 'chunks', where, what: `Its chunks are ${formatBytes(chunk)} each, which every read has to take whole.`, mend: 'Convert it with smaller chunks, for example 128 × 128 × 128.' });
  return problems;
}

/** Whether two levels are equally long along every axis, give or take two coarse voxels and two percent. */
function coversSame(a: ImageInfo['levels'][number], b: ImageInfo['levels'][number]): boolean {
  return a.size.every((voxels, axis) => {
    const [one, other] = [voxels * a.scale[axis], b.size[axis] * b.scale[axis]];
    return Math.abs(one - other) <= 2 * Math.max(a.scale[axis], b.scale[axis]) + 0.02 * one;
  });
}

/** Images that have the same name, among those of one participant. */
export function duplicateProblems(checked: readonly CheckedImage[]): readonly Problem[] {
  const same = Map.groupBy(checked, ({ image }) => Object.entries(imageIdentity(image.entities)).map(([key, value]) => `${key}-${value}`).join('_'));
  return [...same].filter(([, images]) => images.length > 1).map(([id, images]) => ({
    severity: 'error', kind: 'duplicates', where: id, what: `Several images have this name: ${images.map(({ image }) => image.path.slice(image.path.lastIndexOf('/') + 1)).join(', ')}.`,
    mend: 'Tell them apart by sample- or acq- in their names, or choose one with --filter-spim.',
  }));
}

/** Nothing to register, unless it is asked for. `forRegistration`: stains that are registered unless told otherwise. */
export function registrationProblems(checked: CheckedImage, forRegistration: readonly string[]): readonly Problem[] {
  const stains = stainsOf(checked);
  if (stains.some((stain) => forRegistration.includes(stain))) return [];
  return [{
    severity: 'warning', kind: 'registration', where: checked.image.path, what: `None of its stains (${stains.join(', ')}) is registered unless asked for.`,
    mend: `Name the one that shows the anatomy, for example --stains_for_reg ${stains[0]}.`,
  }];
}

function stainsOf({ image, info }: CheckedImage): readonly string[] {
  return image.sampleStaining ?? info.channels.map(({ label }) => label);
}

/** Finds the images that differ from what most have, without holding the images. */
export class UnusualImages {
  readonly #stains = new Map<string, Places>();
  readonly #voxels = new Map<string, Places>();

  add(checked: CheckedImage): void {
    addTo(this.#stains, [...stainsOf(checked)].sort().join(', '), checked.image.path);
    addTo(this.#voxels, checked.info.levels[0].scale.map((edge) => Number((edge * 1000).toPrecision(3))).join(' × '), checked.image.path);
  }

  /** To be asked once all images are added. */
  problems(): readonly { readonly problem: Omit<Problem, 'where'>; readonly places: Places }[] {
    return [
      ...oddOnes(this.#stains, (stains, usual) => ({
        severity: 'warning', kind: 'stains', what: `Its stains are ${stains}; most images have ${usual}.`, mend: 'Check the spelling in the sidecars: only stains of the same name are compared.',
      })),
      ...oddOnes(this.#voxels, (voxel, usual) => ({
        severity: 'note', kind: 'voxel size', what: `Its voxels are ${voxel} µm; most images have ${usual}.`, mend: 'Nothing, if that is meant; --min_object_voxels and levels mean other sizes there.',
      })),
    ];
  }
}

function addTo(groups: Map<string, Places>, key: string, place: string): void {
  const places = groups.get(key) ?? new Places();
  groups.set(key, places);
  places.add(place);
}

/** Everything that differs from what most have. */
function oddOnes(groups: ReadonlyMap<string, Places>, tell: (odd: string, usual: string) => Omit<Problem, 'where'>): readonly { readonly problem: Omit<Problem, 'where'>; readonly places: Places }[] {
  const [usual, ...odd] = [...groups].sort(([a, { count: one }], [b, { count: other }]) => other - one || (a < b ? -1 : 1));
  return odd.map(([key, places]) => ({ problem: tell(key, usual[0]), places }));
}

/** What to do about a file that was left out, by the reason why. */
export function skippedProblem(path: string, reason: string): Problem {
  const what = `${reason.charAt(0).toUpperCase()}${reason.slice(1)}.`.replace(/\.\.$/, '.');
  if (path.endsWith('.json')) return { severity: 'error', kind: 'sidecars', where: path, what: what.replace(/^.* is not valid JSON/, 'It is not valid JSON'), mend: 'Correct the JSON sidecar: runs stop at it.' };
  if (reason.startsWith('it holds the same image')) return { severity: 'note', kind: 'duplicates', where: path, what, mend: 'Nothing: one of the two is used.' };
  if (reason.startsWith('it has no lightsheet images')) return { severity: 'warning', kind: 'missing images', where: path, what, mend: 'Put its image into micr as sub-…_SPIM.ome.zarr, or leave it out with --exclude-participant-label.' };
  if (reason.includes('Imaris') || reason.includes('is not an OME-Zarr image')) return { severity: 'warning', kind: 'formats', where: path, what, mend: 'Convert it to OME-Zarr.' };
  if (reason.startsWith('it holds more than')) return { severity: 'warning', kind: 'names', where: path, what, mend: 'Keep other files elsewhere: every look has to pass over them.' };
  if (reason.includes('--filter-spim') || reason.startsWith('its suffix')) return { severity: 'note', kind: 'names', where: path, what, mend: 'Nothing, if it is not meant to be quantified.' };
  return { severity: 'warning', kind: 'names', where: path, what, mend: 'Rename it as sub-LABEL[_ses-LABEL][_sample-LABEL][_acq-LABEL]_SPIM.ome.zarr.' };
}
