import type { Flag, FlagVerb } from './flag.types.ts';
import { flagGroups } from './flag.types.ts';
import { offeredFlags, written } from './flags.ts';
import { verbs } from './verbs.ts';

/** How help is drawn. */
export interface HelpStyle {
  /** Columns; lines are folded to fit, 40 at least. */
  readonly width: number;
  /** Marks headings and flags with ANSI bold. */
  readonly color: boolean;
}

/** Folds text to a width; every line after the first is indented. Words longer than a line stand alone. */
export function fold(text: string, width: number, indent = 0): string {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + 1 + word.length > width) {
      lines.push(line);
      line = word;
    } else {
      line = line === '' ? word : `${line} ${word}`;
    }
  }
  lines.push(line);
  return lines.join(`\n${' '.repeat(indent)}`);
}

function spelling(flag: Flag): string {
  const short = (flag.aliases ?? []).filter((alias) => alias.length === 1).map(written);
  const many = flag.arity === 'many' ? ' ...' : '';
  const value = flag.value.kind === 'switch' ? '' : flag.arity === 'maybe' ? ` [${flag.metavar ?? ''}]` : ` ${flag.metavar ?? 'VALUE'}${many}`;
  return `${[...short, written(flag.name)].join(', ')}${value}`;
}

/** The help text: of everything, or of one verb. Ends without a newline. */
export function formatHelp(topic: string | undefined, style: HelpStyle): string {
  const width = Math.max(40, Math.min(style.width, 110));
  const bold = (text: string): string => (style.color ? `\u001b[1m${text}\u001b[22m` : text);
  const out: string[] = [];
  const verb = verbs.find((each) => each.name === topic);
  const topics = topicVerbs(topic);

  if (verb !== undefined && topic !== 'help' && topic !== 'version') {
    out.push(bold(verb.usage), '', fold(verb.help, width));
    if (!verb.offered) return out.join('\n');
  } else {
    out.push(fold('spimquant quantifies cleared-brain lightsheet microscopy.', width), '', bold('Usage'));
    for (const each of verbs.filter((known) => known.offered)) out.push(`  ${fold(each.usage, width - 6, 6)}`, `      ${fold(each.help, width - 6, 6)}`);
    out.push('', fold('<bids> and <out> are folders or s3://bucket/prefix. Flags may be spelled with - or _. Lists take all words up to the next flag.', width));
  }
  for (const name of flagGroups) {
    const rows = offeredFlags.filter((flag) => flag.group === name && (topics === undefined || flag.verbs === undefined || flag.verbs.some((each) => topics.includes(each))));
    if (rows.length === 0) continue;
    out.push('', bold(name));
    const column = width >= 76 ? 34 : 6;
    for (const flag of rows) {
      const left = `  ${spelling(flag)}`;
      const text = fold(`${flag.help}${flag.default === undefined ? '' : ` [${flag.default}]`}`, width - column, column);
      if (left.length + 2 <= column) out.push(`${bold(left)}${' '.repeat(column - left.length)}${text}`);
      else out.push(bold(left), `${' '.repeat(column)}${text}`);
    }
  }
  out.push('', bold('Examples'), ...examplesOf(topic).map((example) => `  ${example}`));
  return out.join('\n');
}

/** The verbs whose flags a topic's help shows; undefined: all. */
function topicVerbs(topic: string | undefined): readonly FlagVerb[] | undefined {
  const verb = verbs.find((each) => each.name === topic);
  if (verb === undefined || verb.name === 'help' || verb.name === 'version') return undefined;
  return verb.name === 'plan' ? ['participant', 'group', 'tune_n4'] : [verb.name as FlagVerb];
}

const groupExample = 'spimquant bids out group --contrast_column genotype --contrast_values WT KO';
const participantExamples = ['spimquant bids out participant --stains_for_seg Abeta --cores all', 'spimquant s3://lab/bids s3://lab/out participant -n'];
const segmentExample = 'spimquant segment bids --participant-label 01 --stain Abeta --seg_method otsu+k3i2 th900 --compare';

const examples: Readonly<Record<string, readonly string[]>> = {
  cost: ['spimquant cost s3://lab/bids --cloud_vm_type m6i.4xlarge'],
  participant: participantExamples,
  group: [groupExample],
  tune_n4: ['spimquant bids out tune_n4 --participant-label 01 --correction_level 6', 'spimquant bids out tune_n4 --sloppy'],
  plan: ['spimquant plan bids out participant --stains_for_seg Abeta'],
  sync: ['spimquant sync s3://lab/bids/sub-01 bids/sub-01 -n', 'spimquant sync out s3://lab/out --exclude \'*.ome.zarr\' --delete', 'spimquant sync s3://lab/bids gs://copies/bids --include dataset_description.json participants.tsv sub-01'],
  info: ['spimquant info bids', 'spimquant info bids/sub-01/micr/sub-01_sample-brain_SPIM.ome.zarr'],
  ls: ['spimquant ls s3://lab/bids'],
  validate: ['spimquant validate bids'],
  slice: ['spimquant slice bids --participant-label 01', 'spimquant slice bids/sub-01/micr/sub-01_SPIM.ome.zarr --plane coronal --position 0.3'],
  histogram: ['spimquant histogram bids --stain Abeta --seg_method gmm+n3k1'],
  segment: [segmentExample, 'spimquant segment bids --stain Abeta --seg_method th900 --plane coronal'],
  results: ['spimquant results out --stain Abeta --atlas_segs all'],
  doctor: ['spimquant doctor', 'spimquant doctor s3://lab/bids --aws-profile lab', 'spimquant doctor coiled'],
  runs: ['spimquant runs'],
  logs: ['spimquant logs last'],
  cancel: ['spimquant cancel last'],
  demo: ['spimquant demo demo-data'],
};

function examplesOf(topic: string | undefined): readonly string[] {
  return examples[topic ?? ''] ?? [...participantExamples, groupExample, segmentExample];
}
