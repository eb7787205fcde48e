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
}

/** Every verb, in the order of the help. */
export const verbs: readonly Verb[] = [
  { name: 'participant', position: 'level', usage: 'spimquant <bids> <out> participant [flags]', help: 'Quantify every participant: registration, segmentation, region tables, reports.', offered: true },
  { name: 'group', position: 'level', usage: 'spimquant <bids> <out> group [flags]', help: 'Compare two groups of participants, region by region.', offered: true },
  { name: 'tune_n4', position: 'level', usage: 'spimquant <bids> <out> tune_n4 [flags]', help: 'Try settings of the N4 intensity correction on every stain, and show them side by side.', offered: true },
  { name: 'plan', position: 'first', usage: 'spimquant plan <bids> <out> participant|group|tune_n4 [flags]', help: 'Show what would be done, and why (the same as -n).', offered: true },
  { name: 'help', position: 'first', usage: 'spimquant help [participant|group|tune_n4]', help: 'Explain the flags.', offered: true },
  { name: 'version', position: 'first', usage: 'spimquant version', help: 'Show the version.', offered: true },
  ...(['ls', 'info', 'validate', 'slice', 'histogram', 'segment', 'register', 'results', 'cost', 'sync', 'runs', 'logs', 'cancel', 'doctor'] as const).map((name): Verb => ({
    name, position: 'first', usage: `spimquant ${name} ...`, help: 'Comes with a later version.', offered: false,
  })),
  { name: 'demo', position: 'first', usage: 'npm run demo', help: 'In a checkout: npm run demo.', offered: false },
];
