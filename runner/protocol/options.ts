import type { CloudOptions } from './cloud.ts';
import type { Json } from './json.ts';
import { ownStorage } from './storageChoice.ts';
import type { StorageChoice } from './storageChoice.ts';

/** A segmentation method as named on the command line, taken apart. `name` is used in file names. */
export type SegmentationMethod =
  | { readonly kind: 'threshold'; readonly name: string; readonly value: number }
  | { readonly kind: 'otsu'; readonly name: string; readonly classes: number; readonly index: number }
  | { readonly kind: 'gmm'; readonly name: string; readonly components: number; readonly sigmas: number };

/** One `ENTITY[:METHOD][=VALUE]` of `--filter-spim`. */
export interface EntityFilter {
  readonly entity: string;
  readonly method: 'equals' | 'match' | 'search' | 'required' | 'none' | 'optional';
  readonly value?: string;
}

/** What decides the results of a run over participants: upstream's options under upstream's names, in camel case. Defaults: pipeline-spec §1. */
export interface ParticipantOptions {
  /** Labels without `sub-`. Empty: all. */
  readonly participantLabel: readonly string[];
  readonly excludeParticipantLabel: readonly string[];
  readonly filterSpim: readonly EntityFilter[];
  readonly template: string;
  /** A local folder or URI that holds `tpl-<template>_…` files; overrides the registry. */
  readonly templateDir?: string;
  /** Empty: the template's default. */
  readonly atlasSegs: readonly string[];
  readonly templateCrop?: 'left' | 'right';
  /** Channel names, overriding sidecars and OMERO. Empty: not given. */
  readonly sampleStaining: readonly string[];
  readonly ignoreStains: readonly string[];
  readonly stainsForReg: readonly string[];
  readonly stainsForSeg: readonly string[];
  readonly stainsForVessels: readonly string[];
  readonly registrationLevel: number;
  readonly segmentationLevel: number;
  readonly noSegmentation: boolean;
  readonly noVessels: boolean;
  readonly correctionMethod: 'n4' | 'gaussian';
  readonly correctionLevel: number;
  /** Per each of four levels. */
  readonly correctionN4Iters: number;
  /** Millimetres. */
  readonly correctionN4SplineSpacing: number;
  readonly segMethod: readonly SegmentationMethod[];
  /** Percentiles, 0 to 100. */
  readonly segHistPercentileRange: readonly [number, number];
  readonly segHistBinWidth: number;
  /** Three letters, or undefined: as the dataset says. */
  readonly orientation?: string;
  readonly zarrStoreExt: 'ome.zarr' | 'ozx';
  /** C, X, Y, Z. */
  readonly zarrStoreChunks: readonly [number, number, number, number];
  /** Smallest object kept, in voxels; undefined: the stain's default (200; YoPro 100). */
  readonly minObjectVoxels?: number;
  readonly sloppy: boolean;
}

/** What decides the results of a group run. */
export interface GroupOptions {
  readonly participantLabel: readonly string[];
  readonly excludeParticipantLabel: readonly string[];
  readonly contrastColumn?: string;
  readonly contrastValues?: readonly [string, string];
  /** Student assumes equal variances; Welch does not. */
  readonly test: 'student' | 'welch';
  /** Sub-folder of `group/`. */
  readonly label: string;
  /** Empty: those found in the participants' tables. */
  readonly atlasSegs: readonly string[];
  readonly segMethod: readonly SegmentationMethod[];
  readonly template: string;
}

/** One `--include` or `--exclude` of a transfer, in the order in which they were given. */
export interface PathFilter {
  readonly include: boolean;
  readonly pattern: string;
}

/** How the SPIMquant that is installed is called, in place of the embedded engine. */
export interface ExternalOptions {
  /** The program and what stands before its own words. */
  readonly program: readonly string[];
  /** Rules of Snakemake that are wanted beside those of the level. */
  readonly targets: readonly string[];
  /** Its flags and Snakemake's, but for those that `ParticipantOptions` and `ExecutionOptions` stand for. */
  readonly flags: readonly string[];
  /** They ask for something (`--list-rules`): there is no run. */
  readonly asks: boolean;
}

/** How a run is carried out; does not change results, but for the engine. */
export interface ExecutionOptions {
  /** Left out: the embedded engine. */
  readonly external?: ExternalOptions;
  readonly cores: number | 'all';
  /** Bytes; undefined: three quarters of what the machine (or its container) has. */
  readonly memoryBytes?: number;
  /** How long the run may be paused, in milliseconds; 0: never, Infinity: without limit; undefined: as is usual. */
  readonly pauseLimitMs?: number;
  readonly dryRun: boolean;
  readonly forceAll: boolean;
  readonly workDir?: string;
  readonly keepWork: boolean;
  /** Run on machines of a cloud; undefined: here. */
  readonly cloud?: CloudOptions;
  readonly json: boolean;
  readonly quiet: boolean;
  readonly forceOutput: boolean;
  readonly unlock: boolean;
}

/** What a transfer copies, and how. */
export interface SyncOptions {
  readonly filters: readonly PathFilter[];
  /** Delete what the source does not have. */
  readonly deletes: boolean;
  /** Delete without being asked. */
  readonly yes: boolean;
  /** Files that may be deleted; undefined: as many as nobody deletes by a slip. */
  readonly maxDelete?: number;
  /** Compare contents instead of times. */
  readonly byContent: boolean;
  /** Hold what arrives against the checksums that services tell. */
  readonly verify: boolean;
  /** Files and parts of large ones that are copied at the same time. */
  readonly transfers: number;
}

/** Levels of analysis: verbs that run the pipeline. */
export type LevelVerb = 'participant' | 'group' | 'tune_n4';

/** Verbs that turn into a run. */
export type RunVerb = LevelVerb | 'sync';

/** Verbs that look and answer at once; they start no run. */
export type ExploreVerb = 'info' | 'ls' | 'validate' | 'slice' | 'histogram' | 'segment' | 'results' | 'doctor' | 'runs' | 'logs' | 'cancel' | 'demo' | 'cost';

/** Every verb that is offered. */
export type VerbName = RunVerb | ExploreVerb | 'plan' | 'help' | 'version';

/** How the terminal shows an answer. */
export interface ShowOptions {
  readonly json: boolean;
  readonly quiet: boolean;
  /** Folder that figures are written to. */
  readonly save?: string;
}

/** A place along the normal of a plane. */
export type Position =
  /** 0 (left, posterior, inferior end) to 1 (right, anterior, superior end). */
  | { readonly kind: 'fraction'; readonly value: number }
  /** RAS millimetres. */
  | { readonly kind: 'mm'; readonly value: number };

/** Which part of which image is looked at. */
export interface LookOptions {
  /** Without `sub-`; undefined: the first of the dataset. */
  readonly participant?: string;
  readonly filterSpim: readonly EntityFilter[];
  /** Channel names, overriding sidecars and OMERO. Empty: not given. */
  readonly sampleStaining: readonly string[];
  /** Empty: as the verb chooses. */
  readonly stains: readonly string[];
  /** Of the pyramid; undefined: the finest that is read in a second or two. */
  readonly level?: number;
  /** Undefined: as the verb chooses. */
  readonly plane?: 'axial' | 'coronal' | 'sagittal';
  /** Undefined: the middle. */
  readonly position?: Position;
  /** Three letters, or undefined: as the dataset says. */
  readonly orientation?: string;
}

/** How thresholds are sought, by the pipeline's rules. */
export interface ThresholdOptions {
  /** Empty: as the verb chooses. */
  readonly segMethod: readonly SegmentationMethod[];
  /** Percentiles, 0 to 100. */
  readonly segHistPercentileRange: readonly [number, number];
  readonly segHistBinWidth: number;
  readonly correctionMethod: 'n4' | 'gaussian' | 'none';
}

/** What decides a trial segmentation. */
export interface SegmentOptions extends ThresholdOptions {
  /** Several methods side by side. */
  readonly compare: boolean;
  /** Smallest object kept, in voxels of the full resolution; undefined: the stain's default (200; YoPro 100). */
  readonly minObjectVoxels?: number;
}

/** Which results of an output folder are shown. */
export interface ResultsOptions {
  /** Labels without `sub-`. Empty: all. */
  readonly participantLabel: readonly string[];
  /** Empty: all. */
  readonly stains: readonly string[];
  /** Empty: all. */
  readonly atlasSegs: readonly string[];
  /** Empty: all. */
  readonly segMethod: readonly SegmentationMethod[];
}

/** Which part of a dataset or folder is listed. */
export interface ListingOptions {
  /** Labels without `sub-`. Empty: all. */
  readonly participantLabel: readonly string[];
  /** Participants looked into, or files and folders; undefined: as the verb chooses. */
  readonly limit?: number;
  /** Only what comes after this name, or after this participant. */
  readonly after?: string;
}

/** A parsed command that looks and answers at once. */
export type ExploreCommand =
  | { readonly verb: 'info'; readonly uri: string; readonly storage: StorageChoice; readonly show: ShowOptions }
  | { readonly verb: 'ls'; readonly uri: string; readonly options: ListingOptions; readonly storage: StorageChoice; readonly show: ShowOptions }
  | { readonly verb: 'validate'; readonly uri: string; readonly options: Pick<ListingOptions, 'participantLabel'>; readonly storage: StorageChoice; readonly show: ShowOptions }
  | { readonly verb: 'slice'; readonly uri: string; readonly look: LookOptions; readonly storage: StorageChoice; readonly show: ShowOptions }
  | { readonly verb: 'histogram'; readonly uri: string; readonly look: LookOptions; readonly options: ThresholdOptions; readonly storage: StorageChoice; readonly show: ShowOptions }
  | { readonly verb: 'segment'; readonly uri: string; readonly look: LookOptions; readonly options: SegmentOptions; readonly storage: StorageChoice; readonly show: ShowOptions }
  | { readonly verb: 'results'; readonly uri: string; readonly options: ResultsOptions; readonly storage: StorageChoice; readonly show: ShowOptions }
  /** Without a URI: every service. */
  | { readonly verb: 'doctor'; readonly uri?: string; readonly storage: StorageChoice; readonly show: ShowOptions }
  /** Without a URI: the runs of this machine; with one: the cloud runs of that output. */
  | { readonly verb: 'runs'; readonly uri?: string; readonly storage: StorageChoice; readonly show: ShowOptions }
  /** What a cloud run over a dataset would cost, and what those of an output have cost. */
  | { readonly verb: 'cost'; readonly uri: string; readonly output?: string; readonly options: Pick<ParticipantOptions, 'participantLabel' | 'excludeParticipantLabel' | 'filterSpim'>; readonly cloud: CloudOptions; readonly storage: StorageChoice; readonly show: ShowOptions }
  /** `run`: an id, a part of one that no other has, or `last`; or the address of an output in a bucket, whose newest cloud run is meant. */
  | { readonly verb: 'logs' | 'cancel'; readonly run: string; readonly storage: StorageChoice; readonly show: ShowOptions }
  | { readonly verb: 'demo'; readonly folder: string; readonly show: ShowOptions };

/** A parsed command line. The text that made it is kept beside it for journals and re-runs. */
export type Command =
  | ExploreCommand
  | { readonly verb: 'participant'; readonly bids: string; readonly output: string; readonly options: ParticipantOptions; readonly execution: ExecutionOptions; readonly storage: StorageChoice }
  | { readonly verb: 'group'; readonly bids: string; readonly output: string; readonly options: GroupOptions; readonly execution: ExecutionOptions; readonly storage: StorageChoice }
  | { readonly verb: 'tune_n4'; readonly bids: string; readonly output: string; readonly options: ParticipantOptions; readonly execution: ExecutionOptions; readonly storage: StorageChoice }
  /** `bids` is the source, `storage` how it is reached; `output` is the destination, `toStorage` how that is. */
  | { readonly verb: 'sync'; readonly bids: string; readonly output: string; readonly options: SyncOptions; readonly execution: ExecutionOptions; readonly storage: StorageChoice; readonly toStorage: StorageChoice }
  | { readonly verb: 'help'; readonly topic?: string }
  | { readonly verb: 'version' };

/** A command that turns into a run. */
export type RunCommand = Extract<Command, { verb: RunVerb }>;
/** A run of the pipeline. */
export type LevelCommand = Extract<Command, { verb: LevelVerb }>;
/** A transfer. */
export type SyncCommand = Extract<Command, { verb: 'sync' }>;

/** Whether a command is a run (`-n` makes it one that is only planned). */
export function isRunCommand(command: Command): command is RunCommand {
  return 'execution' in command;
}

/** How a run reaches what it writes: what is said of reading somebody's bucket does not hold for one's own. */
export function outputStorageOf(command: RunCommand): StorageChoice {
  return command.verb === 'sync' ? command.toStorage : ownStorage(command.storage);
}

/** The stable description of software and parameters that every JSON sidecar carries as `GeneratedBy`. */
export interface Provenance {
  readonly Name: 'SPIMquant';
  readonly Version: string;
  readonly Engine: 'embedded';
  readonly Parameters: { readonly [name: string]: Json };
  /** Where the engine differs from upstream on purpose, one sentence each. */
  readonly Differences: readonly string[];
}
