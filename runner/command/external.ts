import type { Json } from '../protocol/json.ts';
import type { ExternalOptions } from '../protocol/options.ts';
import { cloudFlags } from './cloudFlags.ts';
import type { Flag } from './flag.types.ts';
import { findFlag, flags, written } from './flags.ts';
import { asWritten } from './given.ts';
import type { Given, Values } from './given.ts';
import { bad, telling, wordAt } from './problem.ts';
import type { CommandError, Notice, Place, Tell } from './problem.ts';
import { isFlagWord, requireFlag } from './read.ts';
import type { FlagUse } from './read.ts';
import { splitWords } from './shell.ts';
import { entityKeys } from './values.ts';

/** The value of `--engine` by which the SPIMquant that is installed does the work. */
export const externalEngine = 'snakemake';

/** What a command line has for that engine alone. */
export interface ExternalWords {
  /** Words behind the level. */
  readonly targets: readonly string[];
  readonly uses: readonly FlagUse[];
}

/** What becomes of a flag of ours. `kept`: it is not passed on as it stands, because this program sees to it. `refused`: nothing there means the same. */
type Rule = { readonly kind: 'kept' } | { readonly kind: 'refused'; readonly why: string; readonly hint?: string };

const kept: Rule = { kind: 'kept' };
const refused = (why: string, hint?: string): Rule => ({ kind: 'refused', why, ...(hint === undefined ? {} : { hint }) });
const formula = "Say it as upstream does: --group-stats-model 'metric ~ COLUMN' --group-stats-pairwise COLUMN --group-stats-where \"COLUMN in ['A', 'B']\".";

/**
 * Flags that are not passed on as they stand, and why; all others are the installed program's own, under the same names. Cloud and storage flags
 * say how this program copies and rents, and are kept like these.
 */
export const externalRules: Readonly<Record<string, Rule>> = {
  // Said anew for every call: a machine of a cloud has a participant, all cores and folders of its own.
  'participant-label': kept, 'exclude-participant-label': kept, cores: kept, mem: kept, 'dry-run': kept, forceall: kept, unlock: kept, notemp: kept, 'force-output': kept, work_dir: kept,
  // What is shown and where it runs is this program's affair.
  'pause-limit': kept, json: kept, quiet: kept, config: kept, engine: kept, engine_command: kept, cloud: kept, help: kept, version: kept,
  template_dir: refused('it knows only templates of its own'),
  min_object_voxels: refused('it takes the sizes of objects from its own configuration'),
  contrast_column: refused('it compares groups by model formulas', formula),
  contrast_values: refused('it compares groups by model formulas', formula),
  test: refused('it compares groups by model formulas', formula),
};

/** The flags that can be given with it, in the order of the help, those of upstream and Snakemake alone at the end. */
export const externalFlags: readonly Flag[] = flags.filter((flag) => externalRules[flag.name]?.kind !== 'refused' && (flag.support === undefined || flag.support.kind === 'accepted' || (flag.support.kind === 'refused' && flag.support.external === true)));

/** Groups of flags that this program sees to itself. */
const keptGroups: readonly string[] = ['Cloud', 'Storage', 'Help'];

/** Flags of Snakemake that answer something and run nothing. */
const asking: readonly string[] = ['list', 'list-rules', 'list-changes', 'summary', 'detailed-summary', 'dag', 'rulegraph', 'filegraph', 'lint'];

/** Flags of Snakemake whose value may be left out. */
const optional: readonly string[] = ['dag', 'rulegraph', 'filegraph', 'report'];

/** Tells what is wrong with flags that only upstream knows, and notes those without effect. False: something is. */
export function judgeKnown(uses: readonly FlagUse[], external: boolean, tell: Tell, notices: Notice[]): boolean {
  const problems: CommandError[] = [];
  for (const { flag, shown, first, words } of uses) {
    if (flag?.support === undefined) continue;
    const place = wordAt(first, 'name');
    telling((problem) => { problems.push(problem); }, () => {
      requireFlag(flag.name, shown, place, external);
      if (external && words.length === 0 && !optional.includes(flag.name) && flag.value.kind !== 'switch') throw bad(`${shown} needs a value.`, undefined, { place });
    });
    if (flag.support.kind === 'accepted' && !external) notices.push({ text: `${shown} has no effect: ${flag.support.notice}.`, place: wordAt(first) });
  }
  for (const problem of problems) tell(problem);
  return problems.length === 0;
}

/** How the installed SPIMquant is called for a run; undefined: it is not. Throws `bad-option` for what it could not be told. */
export function externalOptions(given: Given, values: Values, { targets, uses }: ExternalWords): ExternalOptions | undefined {
  if (given.one<string>('engine') !== externalEngine) {
    if (given.has('engine_command')) throw bad('--engine_command needs --engine snakemake.', undefined, { place: at('engine_command') });
    return undefined;
  }
  if (given.one<string>('template') === 'phantom') throw bad('--template phantom is of the embedded engine: the installed SPIMquant does not know it.', 'Leave out --engine, or choose another template.', { place: at('template', 'phantom') });
  if (given.on('cloud') && !given.has('cloud_container')) {
    throw bad('--engine snakemake with --cloud needs --cloud_container: the usual image of the machines holds no SPIMquant.', 'Name an image that holds SPIMquant with all that it needs, and Node.js 22.15 or newer: docs/coiled.md says how one is made.', { place: at('engine') });
  }
  const words = new Map<string, readonly string[] | undefined>();
  for (const [name, list] of values) {
    const flag = findFlag(name);
    if (flag === undefined) continue;
    const rule = externalRules[name];
    if (rule?.kind === 'refused') throw bad(`${written(name)} does not go together with --engine snakemake: ${rule.why}.`, rule.hint ?? `Leave out ${written(name)}, or --engine.`, { place: at(name) });
    if (rule !== undefined || keptGroups.includes(flag.group)) continue;
    if (flag.value.kind === 'switch') words.set(name, list[0] === true ? [] : undefined);
    else if (list.length > 0) words.set(name, list.map((value) => wordOf(flag, asWritten(value))));
  }
  for (const { flag, words: own } of uses) if (flag?.support !== undefined) words.set(flag.name, own);
  return { program: programOf(given.one<string>('engine_command')), targets, flags: [...words].flatMap(([name, own]) => spelled(name, own)), asks: asking.some((name) => words.get(name) !== undefined) };
}

function wordOf({ value: { kind } }: Flag, value: Json): string {
  const word = typeof value === 'string' ? value : JSON.stringify(value);
  return kind === 'filter' ? longFilter(word) : word;
}

/** A filter by the name that pybids has for its entity: `acquisition=4x`, and not `acq=4x`. */
function longFilter(filter: string): string {
  const [, tag, rest] = /^(\w+)(.*)$/s.exec(filter) ?? ['', filter, ''];
  return `${Object.entries(entityKeys).find(([, short]) => short === tag)?.[0] ?? tag}${rest}`;
}

function at(name: string, value?: string): Place {
  return { kind: 'flag', name, ...(value === undefined ? {} : { value }) };
}

function spelled(name: string, words: readonly string[] | undefined): readonly string[] {
  if (words === undefined) return [];
  const [head, ...rest] = words;
  return head !== undefined && isFlagWord(head) && name.length > 1 ? [`${written(name)}=${head}`, ...rest] : [written(name), ...words];
}

function programOf(text: string | undefined): readonly string[] {
  const words = splitWords(text ?? 'spimquant').map((word) => word.text);
  if (words.length === 0 || words[0] === '') throw bad('--engine_command is empty.', 'Give the words that call the installed SPIMquant, or leave the flag out.', { place: at('engine_command') });
  return words;
}

/** Names of flags of ours that the table above says nothing of although it should: none. Checked by a test. */
export function withoutRule(names: readonly string[]): readonly string[] {
  return names.filter((name) => {
    const flag = findFlag(name);
    return flag?.origin === 'ours' && externalRules[name] === undefined && !keptGroups.includes(flag.group) && !cloudFlags.includes(flag);
  });
}
