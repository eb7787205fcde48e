import { participantOptions } from '../../runner/command/build.ts';
import { joinWords } from '../../runner/command/shell.ts';
import type { DatasetRef } from '../../runner/protocol/datasets.ts';
import { storageFlags } from '../../runner/protocol/storageChoice.ts';

/** What a run is asked for with; what is left out is as the pipeline has it. */
export interface RunAnswers {
  readonly dataset: DatasetRef;
  readonly participants: readonly string[] | 'all';
  readonly output: string;
  /** Empty: no segmentation. */
  readonly stains: readonly string[];
  /** All stains that there are, to tell whether `stains` are just those that would be segmented anyway. */
  readonly present: readonly string[];
  readonly methods: readonly string[];
  readonly template: string;
  /** Undefined: as the settings say. */
  readonly cores: number;
  readonly sloppy: boolean;
  /** On machines of a cloud, one participant on each. */
  readonly cloud: boolean;
}

export interface GroupAnswers {
  readonly dataset: DatasetRef;
  /** Where the participants' results are. */
  readonly output: string;
  readonly column: string;
  /** Differences are the first minus the second. */
  readonly values: readonly [string, string];
  readonly test: 'student' | 'welch';
  /** Folder below `group/`. */
  readonly label: string;
}

/** A part of a command line: the words, and the question of the form that they answer. */
export interface CommandPart {
  readonly step: string;
  readonly words: readonly string[];
}

const defaults = participantOptions(new Map());

/** Stains that are segmented unasked, of those that are present. */
export function usualStains(present: readonly string[]): readonly string[] {
  return present.filter((stain) => defaults.stainsForSeg.includes(stain));
}

export const usualMethod = defaults.segMethod[0].name;
export const usualTemplate = defaults.template;

function sameSet(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((each) => b.includes(each));
}

/** The command of a run over participants, or of `tune_n4`, in parts. Defaults are left out. */
export function runParts(level: 'participant' | 'tune_n4', answers: Partial<RunAnswers> & Pick<RunAnswers, 'dataset' | 'output'>): readonly CommandPart[] {
  const { dataset, output, participants = 'all', stains, present = [], methods, template = usualTemplate, cores, sloppy = false, cloud = false } = answers;
  const parts: CommandPart[] = [
    { step: 'dataset', words: ['spimquant', dataset.uri] },
    { step: 'output', words: [output, level] },
  ];
  if (participants !== 'all') parts.push({ step: 'participants', words: ['--participant-label', ...participants] });
  if (level === 'participant' && stains !== undefined) {
    if (stains.length === 0) parts.push({ step: 'stains', words: ['--no_segmentation'] });
    else {
      if (!sameSet(stains, usualStains(present))) parts.push({ step: 'stains', words: ['--stains_for_seg', ...stains] });
      if (methods !== undefined && !sameSet(methods, [usualMethod])) parts.push({ step: 'methods', words: ['--seg_method', ...methods] });
    }
  }
  if (template !== usualTemplate) parts.push({ step: 'template', words: ['--template', template] });
  if (sloppy) parts.push({ step: 'place', words: ['--sloppy'] });
  if (cloud) parts.push({ step: 'place', words: ['--cloud'] });
  else if (cores !== undefined) parts.push({ step: 'place', words: ['--cores', String(cores)] });
  const storage = storageFlags(dataset.storage);
  if (storage.length > 0) parts.push({ step: 'dataset', words: storage });
  return parts;
}

/** The command of a group comparison, in parts. */
export function groupParts(answers: Partial<GroupAnswers> & Pick<GroupAnswers, 'dataset' | 'output' | 'column' | 'values'>): readonly CommandPart[] {
  const { dataset, output, column, values, test = 'student', label = '1' } = answers;
  const storage = storageFlags(dataset.storage);
  return [
    { step: 'dataset', words: ['spimquant', dataset.uri] },
    { step: 'output', words: [output, 'group'] },
    { step: 'column', words: ['--contrast_column', column] },
    { step: 'groups', words: ['--contrast_values', ...values] },
    ...(test === 'student' ? [] : [{ step: 'test', words: ['--test', test] }]),
    ...(label === '1' || label === '' ? [] : [{ step: 'label', words: ['--group-stats-label', label] }]),
    ...(storage.length === 0 ? [] : [{ step: 'dataset', words: storage }]),
  ];
}

/** The command of some parts, as one line. */
export function lineOf(parts: readonly CommandPart[]): string {
  return joinWords(parts.flatMap((part) => part.words));
}

/** The same as a dry run. */
export function planOf(line: string): string {
  return line.replace(/^spimquant /, 'spimquant plan ');
}

/** The command for a cell: long ones with a flag on each line. */
export function cellText(parts: readonly CommandPart[]): string {
  const line = lineOf(parts);
  if (line.length <= 100) return line;
  const flagged = parts.findIndex((part) => part.words[0]?.startsWith('--'));
  const cut = flagged < 0 ? parts.length : flagged;
  return [lineOf(parts.slice(0, cut)), ...parts.slice(cut).map((part) => `  ${joinWords(part.words)}`)].join(' \\\n');
}

/** What an exploring command looks at. */
export interface LookAnswers {
  readonly uri: string;
  readonly dataset: DatasetRef;
  readonly stains?: readonly string[];
  readonly level?: number;
  readonly methods?: readonly string[];
}

/** The command of `info`, `ls`, `validate`, `slice`, `histogram`, `segment` or `results`. Several methods are compared. */
export function lookCommand(verb: 'info' | 'ls' | 'validate' | 'slice' | 'histogram' | 'segment' | 'results', answers: LookAnswers): string {
  const { uri, dataset, stains = [], level, methods = [] } = answers;
  const usual = sameSet(methods, [usualMethod]);
  return joinWords([
    'spimquant', verb, uri,
    ...(stains.length === 0 ? [] : ['--stain', ...stains]),
    ...(level === undefined ? [] : ['--level', String(level)]),
    ...(methods.length === 0 || usual ? [] : ['--seg_method', ...methods]),
    ...(verb === 'segment' && methods.length > 1 ? ['--compare'] : []),
    ...storageFlags(dataset.storage),
  ]);
}
