import type { Flag, Level } from './flag.types.ts';
import { knownFlags } from './knownFlags.ts';

const participant: readonly Level[] = ['participant'];
const group: readonly Level[] = ['group'];
/** Whatever leads to a channel with its brain mask. */
const images: readonly Level[] = ['participant', 'tune_n4'];
const results: readonly Level[] = ['participant', 'group'];

/** The flags that work, in the order of the help. Defaults are pipeline-spec §1's; `build.ts` holds them as values. */
export const offeredFlags: readonly Flag[] = [
  // Participants and images
  { name: 'participant-label', group: 'Participants and images', value: { kind: 'label' }, arity: 'many', metavar: 'LABEL', default: 'all', help: 'Only these participants, with or without sub-.', origin: 'upstream' },
  { name: 'exclude-participant-label', group: 'Participants and images', value: { kind: 'label' }, arity: 'many', metavar: 'LABEL', help: 'Leave these participants out.', origin: 'upstream' },
  { name: 'filter-spim', group: 'Participants and images', value: { kind: 'filter' }, arity: 'many', metavar: 'ENTITY[:METHOD][=VALUE]', help: 'Only images with these entities, e.g. acquisition=4x, session:none, acquisition:match=4x.*, extension=ozx.', levels: images, origin: 'upstream' },
  { name: 'sample_staining', group: 'Participants and images', value: { kind: 'text' }, arity: 'many', metavar: 'STAIN', help: 'Names of the channels in order, instead of those in the dataset.', levels: images, origin: 'upstream' },
  { name: 'ignore_stains', group: 'Participants and images', value: { kind: 'text' }, arity: 'many', metavar: 'STAIN', help: 'Leave these stains out.', levels: images, origin: 'upstream' },
  { name: 'orientation', group: 'Participants and images', value: { kind: 'orientation' }, metavar: 'XYZ', help: 'Directions in which x, y and z increase, e.g. RAS; instead of what the dataset says.', levels: images, origin: 'upstream' },

  // Template and registration
  { name: 'template', group: 'Template and registration', value: { kind: 'text', choices: ['ABAv3', 'DSURQE', 'gubra', 'MBMv3', 'turone', 'phantom'] }, metavar: 'NAME', default: 'ABAv3', help: 'Template brain: ABAv3, DSURQE, MBMv3, turone, the generated phantom, or with --template_dir any name.', origin: 'upstream' },
  { name: 'template_dir', group: 'Template and registration', value: { kind: 'text' }, metavar: 'FOLDER', help: 'Take the template from this folder of tpl-NAME_... files.', levels: images, origin: 'ours' },
  { name: 'atlas_segs', group: 'Template and registration', value: { kind: 'text' }, arity: 'many', metavar: 'ATLAS', default: "the template's", help: 'Atlases to count by.', levels: results, origin: 'upstream' },
  { name: 'template_crop', group: 'Template and registration', value: { kind: 'text', choices: ['left', 'right'] }, metavar: 'SIDE', help: 'The sample is one hemisphere: left or right.', levels: images, origin: 'upstream' },
  { name: 'stains_for_reg', group: 'Template and registration', value: { kind: 'text' }, arity: 'many', metavar: 'STAIN', default: 'PI YOPRO YoPro YoPro1 AutoF autof', help: 'Stains to register by; the first that is present is used.', levels: images, origin: 'upstream' },
  { name: 'registration_level', group: 'Template and registration', value: { kind: 'integer', min: 0, max: 30 }, metavar: 'LEVEL', default: '5', help: 'Level of the image pyramid that is registered.', levels: images, origin: 'upstream' },
  { name: 'sloppy', group: 'Template and registration', value: { kind: 'switch' }, help: 'Fewer iterations (and with tune_n4 fewer settings), for a quick try.', levels: images, origin: 'upstream' },

  // Intensity correction
  { name: 'correction_method', group: 'Intensity correction', value: { kind: 'text', choices: ['n4', 'gaussian'] }, metavar: 'METHOD', default: 'n4', help: 'How uneven illumination is corrected: n4 or gaussian.', levels: participant, origin: 'upstream' },
  { name: 'correction_level', group: 'Intensity correction', value: { kind: 'integer', min: 0, max: 30 }, metavar: 'LEVEL', default: '6', help: 'Level at which the bias field is estimated.', levels: images, origin: 'upstream' },
  { name: 'correction_n4_iters', group: 'Intensity correction', value: { kind: 'integer', min: 1, max: 100000 }, metavar: 'N', default: '200', help: 'Iterations on each of four fitting levels.', levels: participant, origin: 'upstream' },
  { name: 'correction_n4_spline_spacing', group: 'Intensity correction', value: { kind: 'number', min: 0.01 }, metavar: 'MM', default: '2', help: 'Spacing of the spline knots, in millimetres.', levels: participant, origin: 'upstream' },

  // Segmentation
  { name: 'stains_for_seg', group: 'Segmentation', value: { kind: 'text' }, arity: 'many', metavar: 'STAIN', default: 'Abeta, BetaAmyloid, AlphaSynuclein, Iba1, NeuN, Olig2, ChAT, VAChT where present', help: 'Stains to segment.', levels: participant, origin: 'upstream' },
  { name: 'seg_method', group: 'Segmentation', value: { kind: 'method' }, arity: 'many', metavar: 'METHOD', default: 'gmm+n3k1', help: 'th<value>, otsu+k<classes>i<index>, gmm+n<components>k<sigmas> (p for the decimal point); several are done side by side.', levels: results, origin: 'upstream' },
  { name: 'segmentation_level', group: 'Segmentation', value: { kind: 'integer', min: 0, max: 30 }, metavar: 'LEVEL', default: '0', help: 'Level that is segmented.', levels: participant, origin: 'upstream' },
  { name: 'seg_hist_percentile_range', group: 'Segmentation', value: { kind: 'number', min: 0, max: 100 }, arity: 2, metavar: 'LO HI', default: '1 99.5', help: 'Percentiles between which thresholds are sought.', levels: participant, origin: 'upstream' },
  { name: 'seg_hist_bin_width', group: 'Segmentation', value: { kind: 'number', min: 1e-9 }, metavar: 'WIDTH', default: '1', help: 'Width of the histogram bins, in units of intensity.', levels: participant, origin: 'upstream' },
  { name: 'min_object_voxels', group: 'Segmentation', value: { kind: 'integer', min: 1 }, metavar: 'N', default: '200 (YoPro 100)', help: 'Smallest object that is kept, in voxels.', levels: participant, origin: 'ours' },
  { name: 'no_segmentation', group: 'Segmentation', value: { kind: 'switch' }, help: 'Register only.', levels: participant, origin: 'upstream' },
  { name: 'stains_for_vessels', group: 'Segmentation', value: { kind: 'text' }, arity: 'many', metavar: 'STAIN', default: 'CD31 Lectin', help: 'Vessel stains; the first that is present is used.', levels: participant, origin: 'upstream' },
  { name: 'no_vessels', group: 'Segmentation', value: { kind: 'switch' }, help: 'No vessel analysis.', levels: participant, origin: 'upstream' },

  // Group statistics
  { name: 'contrast_column', group: 'Group statistics', value: { kind: 'text' }, metavar: 'COLUMN', help: 'Column of participants.tsv that tells the groups apart.', levels: group, origin: 'upstream' },
  { name: 'contrast_values', group: 'Group statistics', value: { kind: 'text' }, arity: 2, metavar: 'A B', default: 'the two there are', help: 'The two groups; differences are A minus B.', levels: group, origin: 'upstream' },
  { name: 'test', group: 'Group statistics', value: { kind: 'text', choices: ['student', 'welch'] }, metavar: 'TEST', default: 'student', help: 'Student (equal variances) or Welch.', levels: group, origin: 'ours' },
  { name: 'group-stats-label', aliases: ['label'], group: 'Group statistics', value: { kind: 'text' }, metavar: 'NAME', default: '1', help: 'Folder below group/ for the results.', levels: group, origin: 'upstream' },

  // Output
  { name: 'zarr-store-ext', group: 'Output', value: { kind: 'text', choices: ['ome.zarr', 'ozx'] }, metavar: 'EXT', default: 'ozx', help: 'Image masks as zipped stores (ozx) or folders (ome.zarr).', levels: participant, origin: 'upstream' },
  { name: 'zarr-store-chunks', group: 'Output', value: { kind: 'integer', min: 1, max: 4096 }, arity: 4, metavar: 'C X Y Z', default: '1 256 256 256', help: 'Size of the chunks of those stores.', levels: participant, origin: 'upstream' },
  { name: 'force-output', group: 'Output', value: { kind: 'switch' }, help: 'Write into a folder that holds other things already.', origin: 'upstream' },
  { name: 'work_dir', group: 'Output', value: { kind: 'text' }, metavar: 'FOLDER', default: 'in the output, or the cache when that is a bucket', help: 'Local folder for temporary files.', origin: 'upstream' },
  { name: 'notemp', aliases: ['nt'], group: 'Output', value: { kind: 'switch' }, help: 'Keep temporary files.', origin: 'upstream' },
  { name: 'config', aliases: ['configfile'], group: 'Output', value: { kind: 'text' }, metavar: 'FILE.yaml', help: 'Read options from a file, by the names given here; the command line wins.', origin: 'ours' },

  // Running
  { name: 'dry-run', aliases: ['n', 'dryrun'], group: 'Running', value: { kind: 'switch' }, help: 'Show what would be done, and why, and do nothing.', origin: 'upstream' },
  { name: 'cores', aliases: ['c', 'j', 'jobs'], group: 'Running', value: { kind: 'cores' }, arity: 'maybe', metavar: 'N|all', default: 'all', help: 'CPU cores to use.', origin: 'upstream' },
  { name: 'mem', group: 'Running', value: { kind: 'size' }, metavar: 'SIZE', default: "3/4 of the machine's", help: 'Memory to use at most, e.g. 8GB.', origin: 'ours' },
  { name: 'forceall', aliases: ['F'], group: 'Running', value: { kind: 'switch' }, help: 'Do everything again.', origin: 'upstream' },
  { name: 'unlock', group: 'Running', value: { kind: 'switch' }, help: 'Remove the lock that a run on another machine left on the output, and stop.', origin: 'upstream' },
  { name: 'cloud', group: 'Running', value: { kind: 'switch' }, help: 'Run on cloud machines; comes with the Coiled backend.', origin: 'upstream' },
  { name: 'json', group: 'Running', value: { kind: 'switch' }, help: 'Write what happens to standard output, one JSON event a line.', origin: 'ours' },
  { name: 'quiet', aliases: ['q'], group: 'Running', value: { kind: 'switch' }, help: 'No progress, only the summary.', origin: 'upstream' },

  // Storage
  { name: 'aws-profile', group: 'Storage', value: { kind: 'text' }, metavar: 'NAME', help: 'AWS profile for s3:// addresses.', origin: 'ours' },
  { name: 's3-endpoint', group: 'Storage', value: { kind: 'text' }, metavar: 'URL', help: 'An S3-compatible service other than AWS.', origin: 'ours' },
  { name: 's3-region', group: 'Storage', value: { kind: 'text' }, metavar: 'REGION', help: 'Region of the buckets.', origin: 'ours' },
  { name: 'anonymous', group: 'Storage', value: { kind: 'switch' }, help: 'Read public buckets without credentials.', origin: 'ours' },
  { name: 'requester-pays', group: 'Storage', value: { kind: 'switch' }, help: 'Pay for requests to buckets that ask for it.', origin: 'ours' },

  // Help
  { name: 'help', aliases: ['h'], group: 'Help', value: { kind: 'switch' }, help: 'Show this.', origin: 'upstream' },
  { name: 'version', aliases: ['v'], group: 'Help', value: { kind: 'switch' }, help: 'Show the version.', origin: 'upstream' },
];

/** Every flag of the language: those that work and those that are only known. */
export const flags: readonly Flag[] = [...offeredFlags, ...knownFlags];

/** A flag's name or a word of a configuration file in the form that is compared: `_` and `-` are alike. */
export function normaliseName(name: string): string {
  return name.replaceAll('-', '_');
}

const byName: ReadonlyMap<string, Flag> = new Map(
  flags.flatMap((flag) => [flag.name, ...(flag.aliases ?? [])].map((name): [string, Flag] => [normaliseName(name), flag])),
);

/** The flag of that name or alias (without leading dashes), or undefined. Single letters are case sensitive. */
export function findFlag(name: string): Flag | undefined {
  return byName.get(normaliseName(name)) ?? (name.length > 1 ? byName.get(normaliseName(name).toLowerCase()) : undefined);
}

/** How many words follow the flag. */
export function arityOf(flag: Flag): NonNullable<Flag['arity']> {
  return flag.value.kind === 'switch' ? 0 : (flag.arity ?? 1);
}

/** A flag as written on a command line: `-n`, `--seg_method`. */
export function written(name: string): string {
  return name.length === 1 ? `-${name}` : `--${name}`;
}
