import type { VerbName } from '../protocol/options.ts';

/** What a word after a verb is, for errors and completion. */
export interface VerbWord {
  /** As an error names it: `the image or dataset`. */
  readonly label: string;
  readonly kind: 'dataset' | 'image' | 'output' | 'folder' | 'run';
  /** May be left out, and is then not taken from a notebook's options either. */
  readonly optional?: true;
}

/** One verb of the command language. */
export interface Verb {
  readonly name: string;
  /** `level`: `spimquant <bids> <out> VERB`. `first`: `spimquant VERB ...`. */
  readonly position: 'level' | 'first';
  /** What follows the verb, or stands before it, as help shows it. */
  readonly usage: string;
  readonly help: string;
  /** False: known, and an error says that it comes with a later version. */
  readonly offered: boolean;
  /** The words that a verb in first position takes, in order; all but optional ones must be given. */
  readonly words?: readonly VerbWord[];
  /** Carrying it out starts a run. */
  readonly starts?: true;
}

const image: VerbWord = { label: 'the image or dataset', kind: 'image' };
const dataset: VerbWord = { label: 'the dataset', kind: 'dataset' };
const run: VerbWord = { label: 'the run', kind: 'run' };

function offered(name: VerbName, position: Verb['position'], usage: string, help: string, words?: readonly VerbWord[]): Verb {
  return { name, position, usage: `spimquant ${usage}`, help, offered: true, ...(words === undefined ? {} : { words }) };
}

/** Every verb, in the order of the help. */
export const verbs: readonly Verb[] = [
  offered('participant', 'level', '<bids> <out> participant [flags]', 'Quantify every participant: registration, segmentation, region tables, reports.'),
  offered('group', 'level', '<bids> <out> group [flags]', 'Compare two groups of participants, region by region.'),
  offered('tune_n4', 'level', '<bids> <out> tune_n4 [flags]', 'Try settings of the N4 intensity correction on every stain, and show them side by side.'),
  offered('plan', 'first', 'plan <bids> <out> participant|group|tune_n4 [flags]', 'Show what would be done, and why (the same as -n).'),
  { ...offered('sync', 'first', 'sync <source> <destination> [--include P ...] [--exclude P ...] [--delete]', 'Copy what is new or changed from one folder or bucket to another.', [{ label: 'the source', kind: 'dataset' }, { label: 'the destination', kind: 'output' }]), starts: true },
  offered('info', 'first', 'info <image or dataset>', 'Tell what an image or a dataset is: stains, levels, voxel size, participants.', [image]),
  offered('ls', 'first', 'ls <dataset or folder> [--participant-label L] [--limit N] [--after NAME]', 'List participants and images, or what is in a folder.', [{ label: 'the dataset or folder', kind: 'dataset' }]),
  offered('validate', 'first', 'validate <dataset> [--participant-label L]', 'Check that a dataset can be quantified, and say what to mend.', [dataset]),
  offered('slice', 'first', 'slice <image or dataset> [--stain S] [--level N] [--plane P] [--position X]', 'Show slices of an image, all stains together and each.', [image]),
  offered('histogram', 'first', 'histogram <image or dataset> [--stain S] [--level N] [--seg_method M]', 'Show the intensities of each stain, and where thresholds lie.', [image]),
  offered('segment', 'first', 'segment <image or dataset> [--stain S] [--seg_method M ...] [--compare] [--level N]', 'Try a segmentation at a coarse level, in a second or two.', [image]),
  offered('results', 'first', 'results <out> [--participant-label L] [--stain S] [--atlas_segs A]', 'Show what an output folder holds: regions, group statistics, reports.', [{ label: 'the output', kind: 'output' }]),
  offered('doctor', 'first', 'doctor [URI | coiled]', 'Tell who you are at each storage service, what may be done at a place, or whether machines can be had at Coiled; and how to mend what does not work.', [{ label: 'the place', kind: 'dataset', optional: true }]),
  offered('runs', 'first', 'runs [OUTPUT]', 'List the runs of this machine, newest first, or the cloud runs of an output in a bucket, from any machine.', [{ label: 'the output', kind: 'output', optional: true }]),
  offered('logs', 'first', 'logs RUN', 'Show the log of a run. RUN is its id, a part of it, or last; or the output of a cloud run in a bucket, from any machine.', [run]),
  offered('cancel', 'first', 'cancel RUN', 'Stop a run. RUN is its id, a part of it, or last; or the output of a cloud run in a bucket, from any machine.', [run]),
  offered('cost', 'first', 'cost <dataset> [OUTPUT]', 'Tell what a run on cloud machines would cost, and what those of an output have cost.', [{ label: 'the dataset', kind: 'dataset' }, { label: 'the output', kind: 'output', optional: true }]),
  offered('demo', 'first', 'demo FOLDER', 'Write a small dataset of generated brains to try things on.', [{ label: 'the folder', kind: 'folder' }]),
  offered('help', 'first', 'help [VERB]', 'Explain the flags.'),
  offered('version', 'first', 'version', 'Show the version.'),
  ...(['register'] as const).map((name): Verb => ({
    name, position: 'first', usage: `spimquant ${name} ...`, help: 'Comes with a later version.', offered: false,
  })),
];
