import type { EntityFilter, ExploreCommand, ExploreVerb, LookOptions, Position, SegmentationMethod, ShowOptions, ThresholdOptions } from '../protocol/options.ts';
import { didYouMean, nearest } from '../protocol/nearest.ts';
import { cloudOptions } from './buildCloud.ts';
import type { FlagVerb } from './flag.types.ts';
import { findFlag, offeredFlags, written } from './flags.ts';
import { checkChoices, Given, storageChoice, unique } from './given.ts';
import type { Values } from './given.ts';
import { bad, changeTo, telling, wordAt } from './problem.ts';
import type { Place, Tell } from './problem.ts';
import { wordsOf } from './read.ts';
import type { Positional } from './read.ts';
import { verbs } from './verbs.ts';

/** The exploring verb of that name, or undefined. */
export function exploreVerb(name: string | undefined): ExploreVerb | undefined {
  const verb = verbs.find((each) => each.name === name && each.offered && each.words !== undefined && each.starts !== true);
  return verb?.name as ExploreVerb | undefined;
}

/** The verb of that name, if it stands first and takes words: one that explores, or a transfer. */
export function wordsVerb(name: string | undefined): FlagVerb | undefined {
  return verbs.find((each) => each.name === name && each.offered && each.words !== undefined)?.name as FlagVerb | undefined;
}

/** An exploring command from its parts, or undefined when `tell` was told why there is none. `words` follow the verb. */
export function buildExplore(verb: ExploreVerb, words: readonly Positional[], values: Values, tell: Tell): ExploreCommand | undefined {
  telling(tell, () => { checkWords(verb, words); });
  checkFlags(verb, values, tell);
  return telling(tell, () => assemble(verb, wordsOf(words), values));
}

function assemble(verb: ExploreVerb, words: readonly string[], values: Values): ExploreCommand {
  const given = new Given(values);
  const show: ShowOptions = { json: given.on('json'), quiet: given.on('quiet'), ...optional('save', given.one<string>('save')) };
  const [word] = words;
  const opened = { uri: word, storage: storageChoice(given), show };
  switch (verb) {
    case 'info': return { verb, ...opened };
    case 'ls': return {
      verb, ...opened,
      options: { participantLabel: given.list('participant-label'), ...optional('limit', given.one<number>('limit')), ...optional('after', given.one<string>('after')) },
    };
    case 'validate': return { verb, ...opened, options: { participantLabel: given.list('participant-label') } };
    case 'slice': return { verb, ...opened, look: lookOptions(given, verb) };
    case 'histogram': return { verb, ...opened, look: lookOptions(given, verb), options: thresholdOptions(given) };
    case 'segment': return {
      verb, ...opened, look: lookOptions(given, verb),
      options: { ...thresholdOptions(given), compare: given.on('compare'), ...optional('minObjectVoxels', given.one<number>('min_object_voxels')) },
    };
    case 'results': return {
      verb, ...opened,
      options: {
        participantLabel: given.list('participant-label'), stains: given.list('stain'), atlasSegs: given.list('atlas_segs'),
        segMethod: unique(given.list<SegmentationMethod>('seg_method')),
      },
    };
    case 'doctor': return { verb, ...optional('uri', words.at(0)), storage: opened.storage, show };
    case 'runs': return { verb, ...optional('uri', words.at(0)), storage: opened.storage, show };
    case 'logs': case 'cancel': return { verb, run: word, storage: opened.storage, show };
    case 'cost': return {
      verb, ...opened, ...optional('output', words.at(1)), cloud: cloudOptions(given),
      options: { participantLabel: given.list('participant-label'), excludeParticipantLabel: given.list('exclude-participant-label'), filterSpim: given.list<EntityFilter>('filter-spim') },
    };
    case 'demo': return { verb, folder: word, show };
  }
}

function optional<K extends string, V>(key: K, value: V | undefined): { readonly [key in K]?: V } {
  return (value === undefined ? {} : { [key]: value }) as { readonly [key in K]?: V };
}

/** Throws `bad-option` unless just the words are there that the verb takes. */
export function checkWords(name: FlagVerb, words: readonly Positional[]): void {
  const verb = verbs.find((each) => each.name === name);
  const wanted = verb?.words ?? [];
  const usage = `The form is: ${verb?.usage ?? name}`;
  if (words.length > wanted.length) {
    const rest = words.slice(wanted.length);
    throw bad(`${rest.length === 1 ? 'There is a word' : 'There are words'} too many: ${wordsOf(rest).join(' ')}.`, usage, { place: { kind: 'words', first: rest[0].at, last: rest[rest.length - 1].at } });
  }
  const missing = wanted.slice(words.length).filter((word) => word.optional !== true);
  if (missing.length > 0) {
    throw bad(`Missing after ${name}: ${missing.map((word) => word.label).join(', ')}.`, `${usage}. Flags that take a list take all words up to the next flag, so put it first.`);
  }
  const empty = words.findIndex((word) => word.text === '');
  if (empty >= 0) throw bad(`An empty word stands where ${wanted[empty].label} should be.`, usage, { place: wordAt(words[empty].at) });
}

/** What has no effect is refused: a flag that is silently left out would make its writer draw wrong conclusions. */
export function checkFlags(verb: FlagVerb, values: Values, tell: Tell): void {
  const used = [...values.keys()].map((name) => findFlag(name)).filter((flag) => flag !== undefined);
  checkChoices(values, used, tell);
  for (const flag of used) {
    if (flag.verbs === undefined || flag.verbs.includes(verb)) continue;
    const own = offeredFlags.filter((each) => each.verbs?.includes(verb)).map((each) => written(each.name));
    tell(bad(`${written(flag.name)} has no effect with ${verb}.${didYouMean(written(flag.name), own)}`, own.length === 0 ? undefined : `spimquant help ${verb} lists the flags it has.`, {
      place: flagPlace(flag.name), fix: changeTo(nearest(written(flag.name), own)),
    }));
  }
}

function flagPlace(name: string): Place {
  return { kind: 'flag', name };
}

function lookOptions(given: Given, verb: ExploreVerb): LookOptions {
  const labels = given.list<string>('participant-label');
  if (labels.length > 1) throw bad(`${verb} looks at one participant; ${labels.length} are given: ${labels.join(', ')}.`, undefined, { place: flagPlace('participant-label') });
  const stains = [...new Set(given.list<string>('stain'))];
  if (verb === 'segment' && stains.length > 1) throw bad(`segment tries one stain at a time; ${stains.length} are given: ${stains.join(', ')}.`, undefined, { place: flagPlace('stain') });
  return {
    ...optional('participant', labels.at(0)),
    filterSpim: given.list<EntityFilter>('filter-spim'),
    sampleStaining: given.list('sample_staining'),
    stains,
    ...optional('level', given.one<number>('level')),
    ...optional('plane', given.one<'axial' | 'coronal' | 'sagittal'>('plane')),
    ...optional('position', given.one<Position>('position')),
    ...optional('orientation', given.one<string>('orientation')),
  };
}

function thresholdOptions(given: Given): ThresholdOptions {
  if (given.on('no_correction') && given.has('correction_method')) throw bad('--no_correction and --correction_method exclude each other.', undefined, { place: flagPlace('no_correction') });
  return {
    segMethod: unique(given.list<SegmentationMethod>('seg_method')),
    segHistPercentileRange: given.percentileRange(),
    segHistBinWidth: given.one('seg_hist_bin_width') ?? 1,
    correctionMethod: given.on('no_correction') ? 'none' : given.one<'n4' | 'gaussian'>('correction_method') ?? 'n4',
  };
}
