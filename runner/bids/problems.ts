import type { ImageInfo } from '../image/omeZarr.types.ts';
import { formatBytes } from '../wording/words.ts';
import type { SpimFile } from './bids.types.ts';
import { imageIdentity } from './names.ts';

/** `error`: a run fails or goes wrong by it. `warning`: a run may not mean what it seems to. `note`: good to know. */
export type Severity = 'error' | 'warning' | 'note';

/** Something about a dataset that a user should know. */
export interface Problem {
  readonly severity: Severity;
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
    problems.push({ severity: 'error', where, what: `The sidecar names ${labels.length} stains, but the image has ${info.channels.length} channels.`, mend: 'Correct SampleStaining in the JSON sidecar, or name the channels with --sample_staining.' });
  }
  const twice = labels.find((label, i) => labels.indexOf(label) !== i);
  if (twice !== undefined) problems.push({ severity: 'error', where, what: `Two channels are called ${twice}.`, mend: 'Name each channel once: SampleStaining in the JSON sidecar, or --sample_staining.' });
  if (image.sampleStaining === undefined && labels.every((label) => /^(channel[ _-]?)?\d+$/i.test(label))) {
    problems.push({ severity: 'warning', where, what: 'Nothing says which stains the channels are.', mend: 'Write SampleStaining into the JSON sidecar, or name the channels with --sample_staining.' });
  }
  if (image.orientationXYZ === undefined && info.storedOrientation === undefined) {
    problems.push({ severity: 'warning', where, what: 'Nothing says how the brain lies in the image; RAS is assumed.', mend: 'Write OrientationStringXYZ into the JSON sidecar, or give --orientation. A wrong one makes registration fail.' });
  }
  if (info.timepoints > 1) problems.push({ severity: 'note', where, what: `It has ${info.timepoints} time points, of which the first is used.`, mend: 'Nothing, if that is meant.' });
  return problems;
}

function voxelProblems(image: SpimFile, info: ImageInfo): readonly Problem[] {
  const [{ scale, size }] = info.levels;
  const where = image.path;
  const shown = scale.map((edge) => Number((edge * 1000).toPrecision(4))).join(' × ');
  const unit = { where, mend: 'Check scale and unit in the metadata of the image: maps, volumes and densities depend on them.' };
  if (Math.min(...scale) < finestVoxel || Math.max(...scale) > coarsestVoxel) return [{ ...unit, severity: 'warning', what: `Voxels of ${shown} µm are unusual; the unit may be wrong.` }];
  const extent = Math.max(...size.map((voxels, axis) => voxels * scale[axis]));
  if (extent > largestExtent) return [{ ...unit, severity: 'warning', what: `The image is ${Math.round(extent)} mm long; the unit of its voxels (${shown} µm) may be wrong.` }];
  if (Math.max(...scale) / Math.min(...scale) > anisotropyLimit) {
    return [{ severity: 'note', where, what: `Voxels are far from cubes: ${shown} µm.`, mend: 'Nothing, if that is how it was taken; otherwise check the scale in the metadata of the image.' }];
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
      problems.push({ severity: 'warning', where, what: `Level ${i} is as large as level ${i - 1}.`, mend: 'Make the pyramid anew, each level about half as large as the one before.' });
    } else if (above !== undefined && level.size.some((voxels, axis) => voxels > above.size[axis])) {
      problems.push({ severity: 'error', where, what: `Level ${i} is larger than level ${i - 1}: the levels are not in order.`, mend: 'List the levels in the metadata from the finest to the coarsest.' });
    } else if (!coversSame(finest, level)) {
      problems.push({ severity: 'error', where, what: `Level ${i} does not cover what level 0 covers: size times scale differ.`, mend: 'Correct the scale of the levels in the metadata, or make the pyramid anew.' });
    }
  }
  if (levels.length === 1 && Math.max(...finest.size) >= needsPyramid) {
    problems.push({ severity: 'warning', where, what: 'It has full resolution only: looking at it and registering it have to read all of it.', mend: 'Convert it with a pyramid of five levels or more.' });
  }
  const chunk = finest.chunk.reduce((product, edge) => product * edge, Number(/\d+$/.exec(info.voxelType)?.[0] ?? 8) / 8);
  if (chunk > largeChunk) problems.push({ severity: 'warning', where, what: `Its chunks are ${formatBytes(chunk)} each, which every read has to take whole.`, mend: 'Convert it with smaller chunks, for example 128 × 128 × 128.' });
  return problems;
}

/** Whether two levels are equally long along every axis, give or take two coarse voxels and two percent. */
function coversSame(a: ImageInfo['levels'][number], b: ImageInfo['levels'][number]): boolean {
  return a.size.every((voxels, axis) => {
    const [one, other] = [voxels * a.scale[axis], b.size[axis] * b.scale[axis]];
    return Math.abs(one - other) <= 2 * Math.max(a.scale[axis], b.scale[axis]) + 0.02 * one;
  });
}

/** What does not fit together across the images of a dataset. `forRegistration`: stains that are registered unless told otherwise. */
export function setProblems(checked: readonly CheckedImage[], forRegistration: readonly string[]): readonly Problem[] {
  return [...duplicateProblems(checked), ...differingStains(checked), ...differingVoxels(checked), ...registrationProblems(checked, forRegistration)];
}

function duplicateProblems(checked: readonly CheckedImage[]): readonly Problem[] {
  const same = Map.groupBy(checked, ({ image }) => Object.entries(imageIdentity(image.entities)).map(([key, value]) => `${key}-${value}`).join('_'));
  return [...same].filter(([, images]) => images.length > 1).map(([id, images]) => ({
    severity: 'error', where: id, what: `Several images have this name: ${images.map(({ image }) => image.path.slice(image.path.lastIndexOf('/') + 1)).join(', ')}.`,
    mend: 'Tell them apart by sample- or acq- in their names, or choose one with --filter-spim.',
  }));
}

function stainsOf({ image, info }: CheckedImage): readonly string[] {
  return image.sampleStaining ?? info.channels.map(({ label }) => label);
}

/** Everything that differs from what most images have. */
function oddOnes<K>(checked: readonly CheckedImage[], keyOf: (image: CheckedImage) => K): { readonly usual: K; readonly odd: readonly (readonly [K, readonly CheckedImage[]])[] } | undefined {
  const groups = [...Map.groupBy(checked, keyOf)].sort(([, a], [, b]) => b.length - a.length);
  return groups.length < 2 ? undefined : { usual: groups[0][0], odd: groups.slice(1) };
}

function differingStains(checked: readonly CheckedImage[]): readonly Problem[] {
  const found = oddOnes(checked, (image) => [...stainsOf(image)].sort().join(', '));
  return (found?.odd ?? []).flatMap(([stains, images]) => images.map(({ image }) => ({
    severity: 'warning', where: image.path, what: `Its stains are ${stains}; most images have ${found?.usual}.`, mend: 'Check the spelling in the sidecars: only stains of the same name are compared.',
  })));
}

function differingVoxels(checked: readonly CheckedImage[]): readonly Problem[] {
  const found = oddOnes(checked, ({ info }) => info.levels[0].scale.map((edge) => Number((edge * 1000).toPrecision(3))).join(' × '));
  return (found?.odd ?? []).flatMap(([voxel, images]) => images.map(({ image }) => ({
    severity: 'note', where: image.path, what: `Its voxels are ${voxel} µm; most images have ${found?.usual}.`, mend: 'Nothing, if that is meant; --min_object_voxels and levels mean other sizes there.',
  })));
}

function registrationProblems(checked: readonly CheckedImage[], forRegistration: readonly string[]): readonly Problem[] {
  return checked.filter((image) => !stainsOf(image).some((stain) => forRegistration.includes(stain))).map((image) => ({
    severity: 'warning', where: image.image.path, what: `None of its stains (${stainsOf(image).join(', ')}) is registered unless asked for.`,
    mend: `Name the one that shows the anatomy, for example --stains_for_reg ${stainsOf(image)[0]}.`,
  }));
}

/** What to do about a file that was left out, by the reason why. */
export function skippedProblem(path: string, reason: string): Problem {
  const what = `${reason.charAt(0).toUpperCase()}${reason.slice(1)}.`.replace(/\.\.$/, '.');
  if (path.endsWith('.json')) return { severity: 'error', where: path, what: what.replace(/^.* is not valid JSON/, 'It is not valid JSON'), mend: 'Correct the JSON sidecar: runs stop at it.' };
  if (reason.startsWith('it holds the same image')) return { severity: 'note', where: path, what, mend: 'Nothing: one of the two is used.' };
  if (reason.startsWith('it has no lightsheet images')) return { severity: 'warning', where: path, what, mend: 'Put its image into micr as sub-…_SPIM.ome.zarr, or leave it out with --exclude-participant-label.' };
  if (reason.includes('Imaris') || reason.includes('is not an OME-Zarr image')) return { severity: 'warning', where: path, what, mend: 'Convert it to OME-Zarr.' };
  if (reason.includes('--filter-spim') || reason.startsWith('its suffix')) return { severity: 'note', where: path, what, mend: 'Nothing, if it is not meant to be quantified.' };
  return { severity: 'warning', where: path, what, mend: 'Rename it as sub-LABEL[_ses-LABEL][_sample-LABEL][_acq-LABEL]_SPIM.ome.zarr.' };
}
