import type { Json, JsonObject } from '../protocol/json.ts';
import { didYouMean, nearest } from '../protocol/nearest.ts';
import type { EntityFilter, ExecutionOptions, GroupOptions, LevelCommand, LevelVerb, ParticipantOptions, RunCommand, SegmentationMethod } from '../protocol/options.ts';
import { cloudOptions } from './buildCloud.ts';
import { syncConfiguration } from './buildSync.ts';
import { externalEngine, externalOptions } from './external.ts';
import type { ExternalWords } from './external.ts';
import { findFlag, offeredFlags, written } from './flags.ts';
import { asWritten, checkChoices, Given, storageChoice, unique } from './given.ts';
import type { Values } from './given.ts';
import { bad, changeTo, telling } from './problem.ts';
import type { Notice, Tell } from './problem.ts';

const defaultStainsForReg = ['PI', 'YOPRO', 'YoPro', 'YoPro1', 'AutoF', 'autof'];
const defaultStainsForSeg = ['abeta', 'Abeta', 'BetaAmyloid', 'AlphaSynuclein', 'Iba1', 'NeuN', 'Olig2', 'ChAT', 'VAChT'];
const defaultStainsForVessels = ['CD31', 'Lectin'];
const defaultMethod: SegmentationMethod = { kind: 'gmm', name: 'gmm+n3k1', components: 3, sigmas: 1 };

/** Options of a run over participants with upstream's defaults (pipeline-spec §1) for what is not given. Throws `bad-option`. */
export function participantOptions(values: Values): ParticipantOptions {
  const given = new Given(values);
  const [c, x, y, z] = given.list('zarr-store-chunks', [1, 256, 256, 256]);
  return {
    participantLabel: given.list('participant-label'),
    excludeParticipantLabel: given.list('exclude-participant-label'),
    filterSpim: given.list<EntityFilter>('filter-spim'),
    template: given.one('template') ?? 'ABAv3',
    templateDir: given.one('template_dir'),
    atlasSegs: given.list('atlas_segs'),
    templateCrop: given.one<'left' | 'right'>('template_crop'),
    sampleStaining: given.list('sample_staining'),
    ignoreStains: given.list('ignore_stains'),
    stainsForReg: given.list('stains_for_reg', defaultStainsForReg),
    stainsForSeg: given.list('stains_for_seg', defaultStainsForSeg),
    stainsForVessels: given.list('stains_for_vessels', defaultStainsForVessels),
    registrationLevel: given.one('registration_level') ?? 5,
    segmentationLevel: given.one('segmentation_level') ?? 0,
    noSegmentation: given.on('no_segmentation'),
    noVessels: given.on('no_vessels'),
    correctionMethod: given.one<'n4' | 'gaussian'>('correction_method') ?? 'n4',
    correctionLevel: given.one('correction_level') ?? 6,
    correctionN4Iters: given.one('correction_n4_iters') ?? 200,
    correctionN4SplineSpacing: given.one('correction_n4_spline_spacing') ?? 2,
    segMethod: unique(given.list<SegmentationMethod>('seg_method', [defaultMethod])),
    segHistPercentileRange: given.percentileRange(),
    segHistBinWidth: given.one('seg_hist_bin_width') ?? 1,
    orientation: given.one('orientation'),
    zarrStoreExt: given.one<'ome.zarr' | 'ozx'>('zarr-store-ext') ?? 'ozx',
    zarrStoreChunks: [c, x, y, z],
    minObjectVoxels: given.one('min_object_voxels'),
    sloppy: given.on('sloppy'),
  };
}

/** Group options with defaults. Throws `bad-option`. */
export function groupOptions(values: Values): GroupOptions {
  const given = new Given(values);
  const contrast = given.list<string>('contrast_values');
  if (contrast.length > 0 && !given.has('contrast_column')) {
    throw bad('--contrast_values needs --contrast_column.', 'Say which column of participants.tsv holds these values, as in --contrast_column genotype --contrast_values WT KO.', { place: { kind: 'flag', name: 'contrast_values' } });
  }
  if (contrast.length > 0 && contrast[0] === contrast[1]) throw bad(`--contrast_values must be two different groups, not ${contrast[0]} twice.`, undefined, { place: { kind: 'flag', name: 'contrast_values' } });
  const label = given.one<string>('group-stats-label') ?? '1';
  if (!/^[A-Za-z0-9+_-]+$/.test(label)) throw bad(`--group-stats-label must be letters, digits, +, - and _; ${JSON.stringify(label)} is not.`, undefined, { place: { kind: 'flag', name: 'group-stats-label', value: label } });
  return {
    participantLabel: given.list('participant-label'),
    excludeParticipantLabel: given.list('exclude-participant-label'),
    contrastColumn: given.one('contrast_column'),
    contrastValues: contrast.length > 0 ? [contrast[0], contrast[1]] : undefined,
    test: given.one<'student' | 'welch'>('test') ?? 'student',
    label,
    atlasSegs: given.list('atlas_segs'),
    segMethod: unique(given.list<SegmentationMethod>('seg_method')),
    template: given.one('template') ?? 'ABAv3',
  };
}

/** How a run is carried out, with defaults. */
export function executionOptions(given: Given): Omit<ExecutionOptions, 'external'> {
  return {
    cores: given.one<number | 'all'>('cores') ?? 'all',
    memoryBytes: given.one('mem'),
    dryRun: given.on('dry-run'),
    pauseLimitMs: given.one('pause-limit'),
    forceAll: given.on('forceall'),
    workDir: given.one('work_dir'),
    keepWork: given.on('notemp'),
    ...(given.on('cloud') ? { cloud: cloudOptions(given) } : {}),
    json: given.on('json'),
    quiet: given.on('quiet'),
    forceOutput: given.on('force-output'),
    unlock: given.on('unlock'),
  };
}

const levelVerbs: readonly LevelVerb[] = ['participant', 'group', 'tune_n4'];

/**
 * A run from its parts, or undefined when `tell` was told why there is none. `notices` gets a line for every flag that
 * has no effect at this level.
 */
export function buildRun(level: LevelVerb, bids: string, output: string, values: Values, notices: Notice[], tell: Tell, words: ExternalWords = { targets: [], uses: [] }): LevelCommand | undefined {
  const external = values.get('engine')?.[0] === externalEngine;
  const used = [...values.keys()].map((name) => findFlag(name)).filter((flag) => flag !== undefined);
  checkChoices(values, used, tell);
  for (const flag of used) {
    if (flag.verbs === undefined || flag.verbs.includes(level)) continue;
    // At every level the installed SPIMquant takes all of its flags.
    if (external && flag.origin === 'upstream') continue;
    const place = { kind: 'flag', name: flag.name } as const;
    if (!flag.verbs.some((verb) => levelVerbs.includes(verb as LevelVerb))) {
      const own = offeredFlags.filter((each) => each.verbs?.includes(level)).map((each) => written(each.name));
      const message = `${written(flag.name)} has no effect at the ${level} level: it belongs to ${flag.verbs.join(', ')}.${didYouMean(written(flag.name), own)}`;
      tell(bad(message, undefined, { place, fix: changeTo(nearest(written(flag.name), own)) }));
    } else {
      notices.push({ text: `${written(flag.name)} has no effect at the ${level} level.`, place });
    }
  }
  return telling(tell, (): LevelCommand => {
    const given = new Given(values);
    const { cloud, ...here } = executionOptions(given);
    const storage = storageChoice(given);
    if (level === 'group' && cloud !== undefined) notices.push({ text: 'Group statistics run here, and not on cloud machines: they take seconds.', place: { kind: 'flag', name: 'cloud' } });
    const engine = externalOptions(given, values, words);
    const execution = { ...here, ...(level === 'group' || cloud === undefined ? {} : { cloud }), ...(engine === undefined ? {} : { external: engine, dryRun: here.dryRun || engine.asks }) };
    const command: LevelCommand = level === 'group'
      ? { verb: level, bids, output, options: groupOptions(values), execution, storage }
      : { verb: level, bids, output, options: participantOptions(values), execution, storage };
    return command;
  });
}

/**
 * The options of a run that decide its results, by their names on the command line, defaults filled in: what
 * `config/spimquant.yml` holds. `--config` reads it back.
 */
export function mergedConfiguration(command: LevelCommand): JsonObject {
  const merged: Record<string, Json> = { bids_dir: command.bids, output_dir: command.output, analysis_level: command.verb, ...(command.execution.external === undefined ? {} : { engine: externalEngine }) };
  for (const [key, value] of Object.entries(command.options) as [string, unknown][]) {
    if (value === undefined) continue;
    const name = key === 'label' ? 'group_stats_label' : key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
    merged[name] = Array.isArray(value) ? value.map(asWritten) : asWritten(value);
  }
  return merged;
}

/** The options of any run by their names, for its journal. */
export function runConfiguration(command: RunCommand): JsonObject {
  return command.verb === 'sync' ? syncConfiguration(command) : mergedConfiguration(command);
}
