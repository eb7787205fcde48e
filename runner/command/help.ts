import type { Flag, Level } from './flag.types.ts';
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

/** The help text: of everything, or of one level. Ends without a newline. */
export function formatHelp(topic: string | undefined, style: HelpStyle): string {
  const width = Math.max(40, Math.min(style.width, 110));
  const bold = (text: string): string => (style.color ? `\u001b[1m${text}\u001b[22m` : text);
  const out: string[] = [];
  const verb = verbs.find((each) => each.name === topic);
  const level: Level | undefined = topic === 'participant' || topic === 'group' || topic === 'tune_n4' ? topic : undefined;

  if (verb !== undefined && topic !== 'help' && topic !== 'version') {
    out.push(bold(verb.usage), '', fold(verb.help, width));
    if (!verb.offered) return out.join('\n');
  } else {
    out.push(fold('spimquant quantifies cleared-brain lightsheet microscopy.', width), '', bold('Usage'));
    for (const each of verbs.filter((known) => known.offered)) out.push(`  ${fold(each.usage, width - 4, 6)}`, `      ${fold(each.help, width - 6, 6)}`);
    out.push('', fold('<bids> and <out> are folders or s3://bucket/prefix. Flags may be spelled with - or _. Lists take all words up to the next flag.', width));
  }
  for (const name of flagGroups) {
    const rows = offeredFlags.filter((flag) => flag.group === name && (level === undefined || flag.levels === undefined || flag.levels.includes(level)));
    if (rows.length === 0) continue;
    out.push('', bold(name));
    const column = width >= 76 ? 34 : 6;
    for (const flag of rows) {
      const left = `  ${spelling(flag)}`;
      const only = level === undefined && flag.levels?.length === 1 && name !== 'Group statistics' && flag.levels[0] === 'group' ? ' (group)' : '';
      const text = fold(`${flag.help}${only}${flag.default === undefined ? '' : ` [${flag.default}]`}`, width - column, column);
      if (left.length + 2 <= column) out.push(`${bold(left)}${' '.repeat(column - left.length)}${text}`);
      else out.push(bold(left), `${' '.repeat(column)}${text}`);
    }
  }
  out.push('', bold('Examples'));
  const examples = level === 'group' ? ['spimquant bids out group --contrast_column genotype --contrast_values WT KO']
    : level === 'tune_n4' ? ['spimquant bids out tune_n4 --participant-label 01 --correction_level 6', 'spimquant bids out tune_n4 --sloppy']
    : ['spimquant bids out participant --stains_for_seg Abeta --cores all', 'spimquant s3://lab/bids s3://lab/out participant -n', ...(level === undefined ? ['spimquant bids out group --contrast_column genotype --contrast_values WT KO'] : [])];
  out.push(...examples.map((example) => `  ${example}`));
  return out.join('\n');
}
