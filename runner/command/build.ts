import { SpimquantError } from '../protocol/errors.ts';
import type { Json, JsonObject } from '../protocol/json.ts';
import type { Command, EntityFilter, ExecutionOptions, GroupOptions, ParticipantOptions, RunVerb, SegmentationMethod, StorageChoice } from '../protocol/options.ts';
import type { Flag, Value } from './flag.types.ts';
import { findFlag, written } from './flags.ts';
import { didYouMean } from '../protocol/nearest.ts';

type Values = ReadonlyMap<string, readonly Value[]>;

function bad(message: string, hint?: string): SpimquantError {
  return new SpimquantError('bad-option', message, hint === undefined ? {} : { hint });
}

/** Typed access to parsed values by flag name; the table guarantees the types. */
class Given {
  readonly #values: Values;

  constructor(values: Values) {
    this.#values = values;
  }

  has(name: string): boolean {
    return (this.#values.get(name)?.length ?? 0) > 0;
  }

  list<T extends Value>(name: string, otherwise: readonly T[] = []): readonly T[] {
    return this.has(name) ? (this.#values.get(name) as readonly T[]) : otherwise;
  }

  one<T extends Value>(name: string): T | undefined {
    return this.list<T>(name)[0];
  }

  on(name: string): boolean {
    return this.one<boolean>(name) === true;
  }
}

/** Values outside a flag's choices. A template that comes from a folder may have any name. */
function checkChoices(values: Values, flags: readonly Flag[]): void {
  for (const flag of flags) {
    if (flag.value.kind !== 'text' || flag.value.choices === undefined) continue;
    if (flag.name === 'template' && (values.get('template_dir')?.length ?? 0) > 0) continue;
    for (const value of values.get(flag.name) ?? []) {
      const word = typeof value === 'string' ? value : '';
      if (flag.value.choices.includes(word)) continue;
      throw bad(`${written(flag.name)} cannot be ${JSON.stringify(word)}.${didYouMean(word, flag.value.choices)}`, `It is one of ${flag.value.choices.join(', ')}.`);
    }
  }
}

const defaultStainsForReg = ['PI', 'YOPRO', 'YoPro', 'YoPro1', 'AutoF', 'autof'];
const defaultStainsForSeg = ['abeta', 'Abeta', 'BetaAmyloid', 'AlphaSynuclein', 'Iba1', 'NeuN', 'Olig2', 'ChAT', 'VAChT'];
const defaultStainsForVessels = ['CD31', 'Lectin'];
const defaultMethod: SegmentationMethod = { kind: 'gmm', name: 'gmm+n3k1', components: 3, sigmas: 1 };

/** Options of a run over participants with upstream's defaults (pipeline-spec §1) for what is not given. Throws `bad-option`. */
export function participantOptions(values: Values): ParticipantOptions {
  const given = new Given(values);
  const [low, high] = given.list('seg_hist_percentile_range', [1, 99.5]);
  if (low >= high) throw bad(`--seg_hist_percentile_range must rise: ${low} is not below ${high}.`);
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
    segHistPercentileRange: [low, high],
    segHistBinWidth: given.one('seg_hist_bin_width') ?? 1,
    orientation: given.one('orientation'),
    zarrStoreExt: given.one<'ome.zarr' | 'ozx'>('zarr-store-ext') ?? 'ozx',
    zarrStoreChunks: [c, x, y, z],
    minObjectVoxels: given.one('min_object_voxels'),
    sloppy: given.on('sloppy'),
  };
}

function unique(methods: readonly SegmentationMethod[]): readonly SegmentationMethod[] {
  return methods.filter((method, at) => methods.findIndex((other) => other.name === method.name) === at);
}

/** Group options with defaults. Throws `bad-option`. */
export function groupOptions(values: Values): GroupOptions {
  const given = new Given(values);
  const contrast = given.list<string>('contrast_values');
  if (contrast.length > 0 && !given.has('contrast_column')) {
    throw bad('--contrast_values needs --contrast_column.', 'Say which column of participants.tsv holds these values, as in --contrast_column genotype --contrast_values WT KO.');
  }
  if (contrast.length > 0 && contrast[0] === contrast[1]) throw bad(`--contrast_values must be two different groups, not ${contrast[0]} twice.`);
  const label = given.one<string>('group-stats-label') ?? '1';
  if (!/^[A-Za-z0-9+_-]+$/.test(label)) throw bad(`--group-stats-label must be letters, digits, +, - and _; ${JSON.stringify(label)} is not.`);
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

function executionOptions(given: Given): ExecutionOptions {
  return {
    cores: given.one<number | 'all'>('cores') ?? 'all',
    memoryBytes: given.one('mem'),
    dryRun: given.on('dry-run'),
    forceAll: given.on('forceall'),
    workDir: given.one('work_dir'),
    keepWork: given.on('notemp'),
    cloud: given.on('cloud'),
    json: given.on('json'),
    quiet: given.on('quiet'),
    forceOutput: given.on('force-output'),
    unlock: given.on('unlock'),
  };
}

function storageChoice(given: Given): StorageChoice {
  const endpoint = given.one<string>('s3-endpoint');
  if (endpoint !== undefined && !/^https?:\/\/[^@\s]+$/i.test(endpoint)) {
    throw bad('--s3-endpoint must be the address of a service, without user name or password, as in http://127.0.0.1:9000.');
  }
  if (given.on('anonymous') && given.has('aws-profile')) throw bad('--anonymous and --aws-profile exclude each other: one reads without credentials, the other with.');
  return {
    awsProfile: given.one('aws-profile'),
    s3Endpoint: endpoint,
    s3Region: given.one('s3-region'),
    anonymous: given.on('anonymous'),
    requesterPays: given.on('requester-pays'),
  };
}

/** A run from its parts. `notices` gets a line for every flag that has no effect at this level. Throws `bad-option`. */
export function buildRun(level: RunVerb, bids: string, output: string, values: Values, notices: string[]): Command {
  const used = [...values.keys()].map((name) => findFlag(name)).filter((flag) => flag !== undefined);
  checkChoices(values, used);
  for (const flag of used) {
    if (flag.levels !== undefined && !flag.levels.includes(level)) notices.push(`${written(flag.name)} has no effect at the ${level} level.`);
  }
  const given = new Given(values);
  const execution = executionOptions(given);
  const storage = storageChoice(given);
  return level === 'group'
    ? { verb: level, bids, output, options: groupOptions(values), execution, storage }
    : { verb: level, bids, output, options: participantOptions(values), execution, storage };
}

/**
 * The options of a run that decide its results, by their names on the command line, defaults filled in: what
 * `config/spimquant.yml` holds. `--config` reads it back.
 */
export function mergedConfiguration(command: Extract<Command, { verb: RunVerb }>): JsonObject {
  const merged: Record<string, Json> = { bids_dir: command.bids, output_dir: command.output, analysis_level: command.verb };
  for (const [key, value] of Object.entries(command.options) as [string, unknown][]) {
    if (value === undefined) continue;
    const name = key === 'label' ? 'group_stats_label' : key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
    merged[name] = Array.isArray(value) ? value.map(toJson) : toJson(value);
  }
  return merged;
}

function toJson(value: unknown): Json {
  if (typeof value !== 'object' || value === null) return value as Json;
  if ('name' in value) return value.name as string;
  const filter = value as EntityFilter;
  if (filter.method === 'equals') return `${filter.entity}=${filter.value ?? ''}`;
  return `${filter.entity}:${filter.method}${filter.value === undefined ? '' : `=${filter.value}`}`;
}
