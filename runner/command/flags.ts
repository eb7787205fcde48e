import type { Flag, FlagVerb } from './flag.types.ts';
import { destinationPrefix, reachFlags, storageFields } from '../protocol/storageChoice.ts';
import { cloudFlags } from './cloudFlags.ts';
import { knownFlags } from './knownFlags.ts';

const participant: readonly FlagVerb[] = ['participant'];
const group: readonly FlagVerb[] = ['group'];
/** Whatever leads to a channel with its brain mask. */
const images: readonly FlagVerb[] = ['participant', 'tune_n4'];
const quantities: readonly FlagVerb[] = ['participant', 'group'];
const runs: readonly FlagVerb[] = ['participant', 'group', 'tune_n4'];
const transfers: readonly FlagVerb[] = ['sync'];
/** Whatever is carried out as a run. */
const started: readonly FlagVerb[] = [...runs, ...transfers];
/** Those that look at voxels of an image. */
const looking: readonly FlagVerb[] = ['slice', 'histogram', 'segment'];
/** Those that look for thresholds. */
const trying: readonly FlagVerb[] = ['histogram', 'segment'];
/** Those that open a dataset, an image or an output. */
const reading: readonly FlagVerb[] = [...started, 'info', 'ls', 'validate', ...looking, 'results', 'doctor', 'cost', 'runs', 'logs', 'cancel'];
/** Those that write objects, or try whether they may. */
const writing: readonly FlagVerb[] = [...started, 'doctor'];

/** The flags that work, in the order of the help. Defaults are pipeline-spec §1's; `build.ts` holds them as values. */
export const offeredFlags: readonly Flag[] = [
  // Participants and images
  { name: 'participant-label', group: 'Participants and images', value: { kind: 'label' }, arity: 'many', metavar: 'LABEL', default: 'all', help: 'Only these participants, with or without sub-.', verbs: [...runs, 'ls', 'validate', 'cost', ...looking, 'results'], origin: 'upstream' },
  { name: 'exclude-participant-label', group: 'Participants and images', value: { kind: 'label' }, arity: 'many', metavar: 'LABEL', help: 'Leave these participants out.', verbs: [...runs, 'cost'], origin: 'upstream' },
  { name: 'filter-spim', group: 'Participants and images', value: { kind: 'filter' }, arity: 'many', metavar: 'ENTITY[:METHOD][=VALUE]', help: 'Only images with these entities, e.g. acquisition=4x, session:none, acquisition:match=4x.*, extension=ozx.', verbs: [...images, ...looking, 'cost'], origin: 'upstream' },
  { name: 'sample_staining', group: 'Participants and images', value: { kind: 'text' }, arity: 'many', metavar: 'STAIN', help: 'Names of the channels in order, instead of those in the dataset.', verbs: [...images, ...looking], origin: 'upstream' },
  { name: 'ignore_stains', group: 'Participants and images', value: { kind: 'text' }, arity: 'many', metavar: 'STAIN', help: 'Leave these stains out.', verbs: images, origin: 'upstream' },
  { name: 'orientation', group: 'Participants and images', value: { kind: 'orientation' }, metavar: 'XYZ', help: 'Directions in which x, y and z increase, e.g. RAS; instead of what the dataset says.', verbs: [...images, ...looking], origin: 'upstream' },

  // Looking
  { name: 'limit', group: 'Looking', value: { kind: 'integer', min: 1, max: 1_000_000 }, metavar: 'N', default: '100 participants, or 500 files and folders', help: 'How many participants of a dataset, or files and folders, are listed.', verbs: ['ls'], origin: 'ours' },
  { name: 'after', group: 'Looking', value: { kind: 'text' }, metavar: 'NAME', help: 'List what comes after this participant, or after this name.', verbs: ['ls'], origin: 'ours' },
  { name: 'stain', group: 'Looking', value: { kind: 'text' }, arity: 'many', metavar: 'STAIN', default: 'all; with segment the first that would be segmented', help: 'Stains to look at.', verbs: [...looking, 'results'], origin: 'ours' },
  { name: 'level', group: 'Looking', value: { kind: 'integer', min: 0, max: 30 }, metavar: 'LEVEL', default: 'the finest that is quick', help: 'Level of the image pyramid that is looked at.', verbs: looking, origin: 'ours' },
  { name: 'plane', group: 'Looking', value: { kind: 'text', choices: ['axial', 'coronal', 'sagittal'] }, metavar: 'PLANE', default: 'all three; with segment coronal', help: 'Plane that is shown: axial, coronal or sagittal.', verbs: ['slice', 'segment'], origin: 'ours' },
  { name: 'position', group: 'Looking', value: { kind: 'position' }, metavar: 'P', default: '0.5; with segment where most is bright', help: 'Where the plane is: from 0 to 1 between the left, posterior or inferior end and the other, or in millimetres, e.g. 3.2mm.', verbs: ['slice', 'segment'], origin: 'ours' },
  { name: 'compare', group: 'Looking', value: { kind: 'switch' }, help: 'Show several segmentation methods side by side.', verbs: ['segment'], origin: 'ours' },
  { name: 'no_correction', group: 'Looking', value: { kind: 'switch' }, help: 'Leave uneven illumination as it is.', verbs: trying, origin: 'ours' },
  { name: 'save', group: 'Looking', value: { kind: 'text' }, metavar: 'FOLDER', help: 'Write the figures into this folder.', verbs: [...looking, 'results'], origin: 'ours' },

  // Template and registration
  { name: 'template', group: 'Template and registration', value: { kind: 'text', choices: ['ABAv3', 'DSURQE', 'gubra', 'MBMv3', 'turone', 'phantom'] }, metavar: 'NAME', default: 'ABAv3', help: 'Template brain: ABAv3, DSURQE, MBMv3, turone, the generated phantom, or with --template_dir any name.', verbs: runs, origin: 'upstream' },
  { name: 'template_dir', group: 'Template and registration', value: { kind: 'text' }, metavar: 'FOLDER', help: 'Take the template from this folder of tpl-NAME_... files.', verbs: images, origin: 'ours' },
  { name: 'atlas_segs', group: 'Template and registration', value: { kind: 'text' }, arity: 'many', metavar: 'ATLAS', default: "the template's", help: 'Atlases to count by.', verbs: [...quantities, 'results'], origin: 'upstream' },
  { name: 'template_crop', group: 'Template and registration', value: { kind: 'text', choices: ['left', 'right'] }, metavar: 'SIDE', help: 'The sample is one hemisphere: left or right.', verbs: images, origin: 'upstream' },
  { name: 'stains_for_reg', group: 'Template and registration', value: { kind: 'text' }, arity: 'many', metavar: 'STAIN', default: 'PI YOPRO YoPro YoPro1 AutoF autof', help: 'Stains to register by; the first that is present is used.', verbs: images, origin: 'upstream' },
  { name: 'registration_level', group: 'Template and registration', value: { kind: 'integer', min: 0, max: 30 }, metavar: 'LEVEL', default: '5', help: 'Level of the image pyramid that is registered.', verbs: images, origin: 'upstream' },
  { name: 'sloppy', group: 'Template and registration', value: { kind: 'switch' }, help: 'Fewer iterations (and with tune_n4 fewer settings), for a quick try.', verbs: images, origin: 'upstream' },

  // Intensity correction
  { name: 'correction_method', group: 'Intensity correction', value: { kind: 'text', choices: ['n4', 'gaussian'] }, metavar: 'METHOD', default: 'n4', help: 'How uneven illumination is corrected: n4 or gaussian.', verbs: [...participant, ...trying], origin: 'upstream' },
  { name: 'correction_level', group: 'Intensity correction', value: { kind: 'integer', min: 0, max: 30 }, metavar: 'LEVEL', default: '6', help: 'Level at which the bias field is estimated.', verbs: images, origin: 'upstream' },
  { name: 'correction_n4_iters', group: 'Intensity correction', value: { kind: 'integer', min: 1, max: 100000 }, metavar: 'N', default: '200', help: 'Iterations on each of four fitting levels.', verbs: participant, origin: 'upstream' },
  { name: 'correction_n4_spline_spacing', group: 'Intensity correction', value: { kind: 'number', min: 0.01 }, metavar: 'MM', default: '2', help: 'Spacing of the spline knots, in millimetres.', verbs: participant, origin: 'upstream' },

  // Segmentation
  { name: 'stains_for_seg', group: 'Segmentation', value: { kind: 'text' }, arity: 'many', metavar: 'STAIN', default: 'Abeta, BetaAmyloid, AlphaSynuclein, Iba1, NeuN, Olig2, ChAT, VAChT where present', help: 'Stains to segment.', verbs: participant, origin: 'upstream' },
  { name: 'seg_method', group: 'Segmentation', value: { kind: 'method' }, arity: 'many', metavar: 'METHOD', default: 'gmm+n3k1', help: 'th<value>, otsu+k<classes>i<index>, gmm+n<components>k<sigmas> (p for the decimal point); several are done side by side.', verbs: [...quantities, ...trying, 'results'], origin: 'upstream' },
  { name: 'segmentation_level', group: 'Segmentation', value: { kind: 'integer', min: 0, max: 30 }, metavar: 'LEVEL', default: '0', help: 'Level that is segmented.', verbs: participant, origin: 'upstream' },
  { name: 'seg_hist_percentile_range', group: 'Segmentation', value: { kind: 'number', min: 0, max: 100 }, arity: 2, metavar: 'LO HI', default: '1 99.5', help: 'Percentiles between which thresholds are sought.', verbs: [...participant, ...trying], origin: 'upstream' },
  { name: 'seg_hist_bin_width', group: 'Segmentation', value: { kind: 'number', min: 1e-9 }, metavar: 'WIDTH', default: '1', help: 'Width of the histogram bins, in units of intensity.', verbs: [...participant, ...trying], origin: 'upstream' },
  { name: 'min_object_voxels', group: 'Segmentation', value: { kind: 'integer', min: 1 }, metavar: 'N', default: '200 (YoPro 100)', help: 'Smallest object that is kept, in voxels.', verbs: [...participant, 'segment'], origin: 'ours' },
  { name: 'no_segmentation', group: 'Segmentation', value: { kind: 'switch' }, help: 'Register only.', verbs: participant, origin: 'upstream' },
  { name: 'stains_for_vessels', group: 'Segmentation', value: { kind: 'text' }, arity: 'many', metavar: 'STAIN', default: 'CD31 Lectin', help: 'Vessel stains; the first that is present is used.', verbs: participant, origin: 'upstream' },
  { name: 'no_vessels', group: 'Segmentation', value: { kind: 'switch' }, help: 'No vessel analysis.', verbs: participant, origin: 'upstream' },

  // Group statistics
  { name: 'contrast_column', group: 'Group statistics', value: { kind: 'text' }, metavar: 'COLUMN', help: 'Column of participants.tsv that tells the groups apart.', verbs: group, origin: 'upstream' },
  { name: 'contrast_values', group: 'Group statistics', value: { kind: 'text' }, arity: 2, metavar: 'A B', default: 'the two there are', help: 'The two groups; differences are A minus B.', verbs: group, origin: 'upstream' },
  { name: 'test', group: 'Group statistics', value: { kind: 'text', choices: ['student', 'welch'] }, metavar: 'TEST', default: 'student', help: 'Student (equal variances) or Welch.', verbs: group, origin: 'ours' },
  { name: 'group-stats-label', aliases: ['label'], group: 'Group statistics', value: { kind: 'text' }, metavar: 'NAME', default: '1', help: 'Folder below group/ for the results.', verbs: group, origin: 'upstream' },

  // Transfer
  { name: 'include', group: 'Transfer', value: { kind: 'text' }, arity: 'many', metavar: 'PATTERN', repeats: true, help: 'Copy these, e.g. sub-01 or *.tsv; of all patterns the last that fits decides. Given first, nothing else is copied.', verbs: transfers, origin: 'ours' },
  { name: 'exclude', group: 'Transfer', value: { kind: 'text' }, arity: 'many', metavar: 'PATTERN', repeats: true, help: 'Leave these out, neither copied nor deleted.', verbs: transfers, origin: 'ours' },
  { name: 'delete', group: 'Transfer', value: { kind: 'switch' }, help: 'Delete from the destination what the source does not have, after asking.', verbs: transfers, origin: 'ours' },
  { name: 'yes', aliases: ['y'], group: 'Transfer', value: { kind: 'switch' }, help: 'Delete without asking.', verbs: transfers, origin: 'ours' },
  { name: 'max_delete', group: 'Transfer', value: { kind: 'integer', min: 0 }, metavar: 'N', default: '1000, and half of what is there', help: 'Delete up to so many files; more is taken for a slip.', verbs: transfers, origin: 'ours' },
  { name: 'checksum', group: 'Transfer', value: { kind: 'switch' }, help: 'Compare contents of files of equal size, by checksums, instead of times.', verbs: transfers, origin: 'ours' },
  { name: 'no_verify', group: 'Transfer', value: { kind: 'switch' }, help: "Do not hold what arrives against the service's checksums: for services whose tags look like MD5 and are none.", verbs: transfers, origin: 'ours' },
  { name: 'transfers', group: 'Transfer', value: { kind: 'integer', min: 1, max: 256 }, metavar: 'N', default: '16', help: 'Files, and parts of large ones, that are copied at the same time.', verbs: transfers, origin: 'ours' },

  // Output
  { name: 'zarr-store-ext', group: 'Output', value: { kind: 'text', choices: ['ome.zarr', 'ozx'] }, metavar: 'EXT', default: 'ozx', help: 'Image masks as zipped stores (ozx) or folders (ome.zarr).', verbs: participant, origin: 'upstream' },
  { name: 'zarr-store-chunks', group: 'Output', value: { kind: 'integer', min: 1, max: 4096 }, arity: 4, metavar: 'C X Y Z', default: '1 256 256 256', help: 'Size of the chunks of those stores.', verbs: participant, origin: 'upstream' },
  { name: 'force-output', group: 'Output', value: { kind: 'switch' }, help: 'Write into a folder that holds other things already.', verbs: runs, origin: 'upstream' },
  { name: 'work_dir', group: 'Output', value: { kind: 'text' }, metavar: 'FOLDER', default: 'in the output, or the cache when that is a bucket', help: 'Local folder for temporary files.', verbs: runs, origin: 'upstream' },
  { name: 'notemp', aliases: ['nt'], group: 'Output', value: { kind: 'switch' }, help: 'Keep temporary files.', verbs: runs, origin: 'upstream' },
  { name: 'config', aliases: ['configfile'], group: 'Output', value: { kind: 'text' }, metavar: 'FILE.yaml', help: 'Read options from a file, by the names given here; the command line wins.', verbs: [...started, ...looking], origin: 'ours' },

  // Running
  { name: 'dry-run', aliases: ['n', 'dryrun'], group: 'Running', value: { kind: 'switch' }, help: 'Show what would be done, and why, and do nothing.', verbs: started, origin: 'upstream' },
  { name: 'cores', aliases: ['c', 'j', 'jobs'], group: 'Running', value: { kind: 'cores' }, arity: 'maybe', metavar: 'N|all', default: 'all', help: 'CPU cores to use.', verbs: runs, origin: 'upstream' },
  { name: 'mem', group: 'Running', value: { kind: 'size' }, metavar: 'SIZE', default: "3/4 of the machine's", help: 'Memory to use at most, e.g. 8GB.', verbs: runs, origin: 'ours' },
  { name: 'pause-limit', group: 'Running', value: { kind: 'duration' }, metavar: 'TIME', default: '24h; 10m where CI is set', help: 'Longest wait for a new sign-in, the network or room on the disk, e.g. 2h; 0: fail at once; none: no limit.', verbs: started, origin: 'ours' },
  { name: 'forceall', aliases: ['F'], group: 'Running', value: { kind: 'switch' }, help: 'Do everything again.', verbs: started, origin: 'upstream' },
  { name: 'unlock', group: 'Running', value: { kind: 'switch' }, help: 'Remove the lock that a run on another machine left on the output, and stop.', verbs: started, origin: 'upstream' },
  { name: 'engine', group: 'Running', value: { kind: 'text', choices: ['embedded', 'snakemake'] }, metavar: 'ENGINE', default: 'embedded', help: 'What does the work: embedded, or snakemake, the Python SPIMquant that is installed. The latter takes its own and Snakemake\'s flags too.', verbs: runs, origin: 'ours' },
  { name: 'engine_command', group: 'Running', value: { kind: 'text' }, metavar: 'WORDS', default: 'spimquant', help: "How the installed SPIMquant is called with --engine snakemake, e.g. 'pixi run spimquant'. No shell reads it, and it stands in no file of options.", verbs: runs, origin: 'ours' },
  { name: 'cloud', group: 'Running', value: { kind: 'switch' }, help: 'Run on machines of a cloud at Coiled, next to the data: one task for each participant. Group statistics run here.', verbs: runs, origin: 'upstream' },
  { name: 'json', group: 'Running', value: { kind: 'switch' }, help: 'Write JSON to standard output: what happens, one event a line, or the answer as one object.', origin: 'ours' },
  { name: 'quiet', aliases: ['q'], group: 'Running', value: { kind: 'switch' }, help: 'No progress, only the summary.', origin: 'upstream' },

  ...cloudFlags,

  // Storage
  { name: 'aws-profile', group: 'Storage', value: { kind: 'text' }, metavar: 'NAME', help: 'AWS profile for s3:// addresses.', verbs: reading, origin: 'ours' },
  { name: 's3-endpoint', group: 'Storage', value: { kind: 'text' }, metavar: 'URL', help: 'An S3-compatible service other than AWS.', verbs: reading, origin: 'ours' },
  { name: 's3-region', group: 'Storage', value: { kind: 'text' }, metavar: 'REGION', help: 'Region of the buckets.', verbs: reading, origin: 'ours' },
  { name: 'gcs-endpoint', group: 'Storage', value: { kind: 'text' }, metavar: 'URL', help: 'A service other than Google that speaks the JSON API of Google Cloud Storage.', verbs: reading, origin: 'ours' },
  { name: 'gcs-project', group: 'Storage', value: { kind: 'text' }, metavar: 'ID', help: 'Google Cloud project: whose buckets are listed, and who pays with --requester-pays.', verbs: reading, origin: 'ours' },
  { name: 'gcs-credentials', group: 'Storage', value: { kind: 'text' }, metavar: 'FILE', help: "Credentials file for gs:// addresses, such as a service account's key.", verbs: reading, origin: 'ours' },
  { name: 'azure-endpoint', group: 'Storage', value: { kind: 'text' }, metavar: 'URL', help: 'Address of the Blob service of the account in az:// addresses, when it is not at Azure.', verbs: reading, origin: 'ours' },
  { name: 'anonymous', group: 'Storage', value: { kind: 'switch' }, help: 'Read public buckets without credentials.', verbs: reading, origin: 'ours' },
  { name: 'requester-pays', group: 'Storage', value: { kind: 'switch' }, help: 'Pay for requests to buckets that ask for it.', verbs: reading, origin: 'ours' },
  { name: 'storage-class', group: 'Storage', value: { kind: 'text' }, metavar: 'CLASS', default: "the bucket's", help: 'Storage class of what is written, as the service calls it: STANDARD_IA, NEARLINE, Cool.', verbs: writing, origin: 'ours' },
  { name: 'encryption', group: 'Storage', value: { kind: 'text', choices: ['provider', 'kms'] }, metavar: 'BY', default: "the bucket's", help: "Encrypt what is written by the provider's key, or by one of its key management: provider or kms.", verbs: writing, origin: 'ours' },
  { name: 'encryption-key', group: 'Storage', value: { kind: 'text' }, metavar: 'KEY', help: 'Key for --encryption kms: id or ARN (S3), resource name (GCS), encryption scope (Azure).', verbs: writing, origin: 'ours' },
  ...destinationFlags(),

  // Help
  { name: 'help', aliases: ['h'], group: 'Help', value: { kind: 'switch' }, help: 'Show this.', origin: 'upstream' },
  { name: 'version', aliases: ['v'], group: 'Help', value: { kind: 'switch' }, help: 'Show the version.', origin: 'upstream' },
];

/** For each flag by which a bucket is reached, one that says so of a transfer's destination alone. */
function destinationFlags(): readonly Flag[] {
  return reachFlags.map((flag) => {
    const kind = Object.values(storageFields).find((field) => field.flag === flag)?.kind;
    const value = kind === 'switch' ? { value: { kind: 'switch' } } as const : { value: { kind: 'text' }, metavar: kind === 'address' ? 'URL' : 'VALUE' } as const;
    return { name: `${destinationPrefix}${flag}`, group: 'Storage', ...value, help: `As --${flag}, for the destination. Given any of these, the destination is reached by them alone.`, verbs: transfers, origin: 'ours' };
  });
}

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
