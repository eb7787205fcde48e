import type { EntityFilter, ExploreVerb, Position, RunVerb, SegmentationMethod } from '../protocol/options.ts';

/** What a flag's words are, for the parser, the help and completion alike. */
export type ValueKind =
  | { readonly kind: 'switch' }
  | { readonly kind: 'text'; readonly choices?: readonly string[] }
  | { readonly kind: 'integer'; readonly min?: number; readonly max?: number }
  | { readonly kind: 'number'; readonly min?: number; readonly max?: number }
  | { readonly kind: 'size' }
  | { readonly kind: 'cores' }
  /** A time such as `30m`, in milliseconds; `none` is Infinity. */
  | { readonly kind: 'duration' }
  | { readonly kind: 'orientation' }
  | { readonly kind: 'label' }
  | { readonly kind: 'filter' }
  | { readonly kind: 'method' }
  /** A fraction from 0 to 1, or millimetres: `0.5`, `3.2mm`. */
  | { readonly kind: 'position' };

/** How many words follow a flag: exactly so many, `many` (one or more, to the next flag), or `maybe` (none or one). */
export type Arity = number | 'many' | 'maybe';

/** A verb that flags can belong to. */
export type FlagVerb = RunVerb | ExploreVerb;

/** One parsed word. */
export type Value = string | number | boolean | EntityFilter | SegmentationMethod | Position;

/** One flag of the command language. */
export interface Flag {
  /** As upstream spells it, without the leading dashes; `-` and `_` are alike everywhere. */
  readonly name: string;
  /** Other spellings, without dashes. One letter: a short flag. */
  readonly aliases?: readonly string[];
  readonly group: FlagGroup;
  readonly value: ValueKind;
  /** 0 for switches, otherwise 1, unless said. */
  readonly arity?: Arity;
  /** What help shows for the value, e.g. `STAIN`. */
  readonly metavar?: string;
  /** In words, for the help. */
  readonly default?: string;
  readonly help: string;
  /** May be given several times: all count, in their order. Otherwise the last does. */
  readonly repeats?: true;
  /** The verbs it has an effect with. Left out: all. */
  readonly verbs?: readonly FlagVerb[];
  readonly origin: 'upstream' | 'ours';
  /** Left out: it works. */
  readonly support?: Support;
}

/**
 * What happens to flags that are known but do nothing here: `accepted` are harmless and answered with a notice,
 * `refused` would change results or the run and are an error that says why, `renamed` are names found in upstream's
 * documentation for another flag.
 */
export type Support =
  | { readonly kind: 'accepted'; readonly notice: string }
  /** `external`: the installed SPIMquant takes it (`--engine snakemake`). So it does all that are accepted. */
  | { readonly kind: 'refused'; readonly why: string; readonly external?: true }
  | { readonly kind: 'renamed'; readonly to: string };

export type FlagGroup = 'Participants and images' | 'Looking' | 'Template and registration' | 'Intensity correction' | 'Segmentation' | 'Group statistics' | 'Transfer' | 'Output' | 'Running' | 'Cloud' | 'Storage' | 'Help' | 'Known from upstream';

/** The groups in the order of the help. The last is not shown. */
export const flagGroups: readonly FlagGroup[] = [
  'Participants and images', 'Looking', 'Template and registration', 'Intensity correction', 'Segmentation', 'Group statistics', 'Transfer', 'Output', 'Running', 'Cloud', 'Storage', 'Help',
];
