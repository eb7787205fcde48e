import manifest from '../../../package.json' with { type: 'json' };
import type { GroupOptions, ParticipantOptions, Provenance } from '../../protocol/options.ts';
import type { Json } from '../../protocol/json.ts';

/** Version of the program, as package.json tells. */
export const programVersion: string = manifest.version;

/** Where the embedded engine does otherwise than upstream on purpose (docs/differences.md explains each). */
const differences: readonly string[] = [
  'Objects are joined across chunk borders; upstream splits or truncates objects wider than a chunk and its overlap.',
  'Field fractions are exact means; upstream truncates to whole percents at each pyramid step.',
  'The bias field is interpolated over the whole image; upstream interpolates the gaussian field block by block.',
  'Bias fields of N4 are scaled to a geometric mean of 1 in the brain mask; upstream leaves the scale to which N4 drifts.',
  'Object counts per voxel use the nearest voxel; upstream floors, which shifts them by half a voxel.',
  'Radii for colocalisation use the image\'s own voxel size; upstream assumes 2 µm cubes.',
  'Translations of pyramid levels turn with flipped axes; upstream leaves their sign.',
  'Feature maps are 0 outside the atlas; upstream writes the value of objects outside the atlas there.',
  'Regions missing from the label table have one name in all tables.',
  'Intensity ranges of small images are taken from a finer level than 5.',
  'The gaussian bias field is estimated on the pyramid level; upstream takes every n-th voxel of the segmentation level.',
  'N4 for registration shrinks by less than 4 along axes that would keep fewer than 8 voxels.',
  'Gaussian mixtures are fitted to the histogram itself; upstream draws 500 000 random samples from it.',
  'Registration uses elastix for the affine part and an own greedy-style method for the deformable part.',
];

/** Options that choose what is run, not how: they do not belong to the description of a result. */
const selecting = new Set(['participantLabel', 'excludeParticipantLabel', 'filterSpim', 'templateDir']);

/** Description of the software and its parameters for every sidecar of a run. */
export function provenanceOf(options: ParticipantOptions | GroupOptions): Provenance {
  const parameters = Object.entries(options)
    .filter(([name, value]) => !selecting.has(name) && value !== undefined)
    .map(([name, value]): [string, Json] => [toSnakeCase(name), simplify(value as Json)]);
  return { Name: 'SPIMquant', Version: programVersion, Engine: 'embedded', Parameters: Object.fromEntries(parameters), Differences: differences };
}

function toSnakeCase(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

/** Segmentation methods by the name they have on the command line. */
function simplify(value: Json): Json {
  if (Array.isArray(value)) return value.map(simplify);
  if (typeof value === 'object' && value !== null && 'name' in value && typeof value.name === 'string') return value.name;
  return value;
}
