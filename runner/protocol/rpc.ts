import type { AgreedCost } from './cloud.ts';
import type { CoiledAccess } from './coiledAccess.ts';
import type { CredentialChoices } from './credentials.ts';
import type { ColumnSummary, DatasetChange, DatasetRef, DatasetSummary, DerivativeSummary, ImageSummary, ParticipantContents, ParticipantPage, ParticipantRanges } from './datasets.ts';
import type { ErrorReport } from './errors.ts';
import type { RunEvent } from './events.ts';
import type { ImageRef, IntensityHistogram, Piece, PieceAddress, PieceType, RelatedOverlay, Triple, ViewedImage, ViewedRegion } from './imageView.ts';
import type { OutputEntry, OutputsListing, OutputsRef, RegionValues, TablePage, TableQuery } from './outputs.ts';
import type { MachineUse, ResourceSample } from './resources.ts';
import type { Result } from './results.ts';
import type { OutputFile, RunOrigin, RunRecord } from './runs.ts';
import type { HostResources, LogPage, LogQuery, TaskChanges } from './runView.ts';
import type { Provider } from './signIn.ts';
import type { StorageEntry, StorageFile } from './storageEntry.ts';

/** Raised whenever a message changes its meaning. A runner speaks one. */
export const protocolVersion = 2;

/** First request on a connection; anything else before it ends the connection. */
export interface Hello {
  readonly token: string;
  readonly protocol: number;
  /** Version of the program that calls. */
  readonly version: string;
  /** Mark of the caller's build, so that a rebuilt program replaces a runner of the same version. */
  readonly build: string;
  /** Credentials and proxies of the caller's environment (`callerEnvironment`): all its requests are answered with them. Kept in memory only. */
  readonly env?: Readonly<Record<string, string>>;
}

export interface Welcome {
  readonly protocol: number;
  readonly version: string;
  readonly build: string;
  /** Different for every start of a runner. */
  readonly serverId: string;
  readonly pid: number;
}

export interface StartRun {
  /** Made by the caller (`newRunId`): starting twice with the same id starts once. */
  readonly id: string;
  /** A command line as {@link parseCommandText} reads it; it must be a run. */
  readonly text: string;
  /** Folder that relative paths are relative to. */
  readonly cwd: string;
  readonly origin?: RunOrigin;
  /** Used where the command says nothing. */
  readonly cores?: number | 'all';
  /** Bytes. */
  readonly memoryBytes?: number;
  /** Words of flags of cloud machines, by the name of the flag; used by runs with `--cloud` where the command says nothing. */
  readonly cloud?: Readonly<Record<string, readonly string[]>>;
  /** What somebody has agreed to spend: an estimate within that needs no further confirmation. */
  readonly agreedCost?: AgreedCost;
  /** Goes into the environment of the run's process, and nowhere else. */
  readonly coiled?: CoiledAccess;
  /** Id of an earlier run, whose machines this one follows on. */
  readonly takesUp?: string;
}

/** A piece of a run's log as text. */
export interface LogChunk {
  readonly text: string;
  /** Where to go on: pass as `from` next time. */
  readonly next: number;
  readonly over: boolean;
}

/** Requests to the runner: parameters and answers. Failures travel as {@link ErrorReport}. All can be cancelled. */
export interface Requests {
  'hello': { readonly params: Hello; readonly result: Welcome };
  /** Answered at once by a runner that does not hang. */
  'runner.ping': { readonly params: Record<string, never>; readonly result: null };
  /** Ends the runner at once. Runs are processes of their own and go on; the next runner takes them up. */
  'runner.stop': { readonly params: Record<string, never>; readonly result: null };

  'runs.start': { readonly params: StartRun; readonly result: RunRecord };
  /** Newest first. `before`: the last id of the page before. */
  'runs.list': { readonly params: { readonly limit: number; readonly before?: string }; readonly result: { readonly runs: readonly RunRecord[]; readonly more: boolean } };
  /** Sends all events after number `after` as `runs.events`, then every one that comes. */
  'runs.follow': { readonly params: { readonly id: string; readonly after: number }; readonly result: RunRecord };
  'runs.unfollow': { readonly params: { readonly id: string }; readonly result: null };
  /** Answers when the run has ended. */
  'runs.cancel': { readonly params: { readonly id: string }; readonly result: RunRecord };
  /**
   * Lets a paused run try to go on now. Answers when it does, or is over; rejects with the run's error when what it waits
   * for has not come yet, and with `bad-option` for a run that is not paused.
   */
  'runs.resume': { readonly params: { readonly id: string }; readonly result: RunRecord };
  /**
   * Ends machines of a cloud that a run which is over may have left, and verifies that they are gone; the record says what is
   * left then. Takes minutes where Coiled does not answer.
   */
  'runs.endMachines': { readonly params: { readonly id: string; readonly coiled?: CoiledAccess }; readonly result: RunRecord };
  /**
   * Follows on, by a run of its own, the machines of an interrupted cloud run (`cloud.left` is not empty). The runner does so by itself where
   * it finds a token; a window that has one asks for it. Rejects with `bad-option` when there is nothing to take up.
   */
  'runs.takeUp': { readonly params: { readonly id: string; readonly coiled?: CoiledAccess }; readonly result: RunRecord };
  /** Removes the record of a run that is over; its outputs stay. */
  'runs.delete': { readonly params: { readonly id: string }; readonly result: null };
  'runs.log': { readonly params: { readonly id: string; readonly from: number; readonly limit: number }; readonly result: LogChunk };
  /** Lines of the log that fit, from number `from` on (below 0: from the end). Answers soon, also while a long log is still looked through. */
  'runs.lines': { readonly params: { readonly id: string; readonly query: LogQuery; readonly from: number; readonly count: number }; readonly result: LogPage };
  /** Number, among the lines that fit, of the next error after (or before) line `from`; null: there is none. */
  'runs.nextError': { readonly params: { readonly id: string; readonly query: LogQuery; readonly from: number; readonly backwards: boolean }; readonly result: number | null };
  /** Tasks that changed after event `since`; 0: all. */
  'runs.tasks': { readonly params: { readonly id: string; readonly since: number }; readonly result: TaskChanges };
  /** What the run took of its machines, those of a cloud first. Samples, at most `points` each, come of the hosts that are named; left out: of the first few. */
  'runs.resources': { readonly params: { readonly id: string; readonly points: number; readonly hosts?: readonly string[] }; readonly result: { readonly hosts: readonly HostResources[] } };
  'runs.outputs': { readonly params: { readonly id: string }; readonly result: { readonly files: readonly OutputFile[]; readonly more: boolean } };

  /** Any command that is not a run. Progress comes as `explore.progress` with the caller's `token`. */
  'explore': {
    readonly params: { readonly text: string; readonly cwd: string; readonly token: string; readonly coiled?: CoiledAccess };
    readonly result: Result;
  };

  'datasets.list': { readonly params: Record<string, never>; readonly result: { readonly datasets: readonly DatasetRef[]; readonly recent: readonly DatasetRef[] } };
  /** Checks that it is there and readable; `force` keeps it in the list even so. */
  'datasets.add': { readonly params: { readonly dataset: DatasetRef; readonly force?: boolean }; readonly result: DatasetSummary };
  'datasets.remove': { readonly params: { readonly uri: string }; readonly result: null };
  /** `refresh` bypasses what is remembered, for all that lies below as well. */
  'datasets.describe': { readonly params: { readonly dataset: DatasetRef; readonly refresh?: boolean }; readonly result: DatasetSummary };
  /**
   * Answers as soon as the first page is known, while the rest is being counted. `search`: part of a label, or of a value of
   * participants.tsv, or comparisons such as `treatment=drug age>30`; with `labelsOnly` it is part of a label.
   */
  'datasets.participants': { readonly params: { readonly dataset: DatasetRef; readonly offset: number; readonly limit: number; readonly search?: string; readonly labelsOnly?: boolean }; readonly result: ParticipantPage };
  /** The participants, or those that fit a search, in pieces of `size`. */
  'datasets.ranges': { readonly params: { readonly dataset: DatasetRef; readonly size: number; readonly search?: string }; readonly result: ParticipantRanges };
  /** Stops counting a dataset's participants, or goes on with it. */
  'datasets.counting': { readonly params: { readonly dataset: DatasetRef; readonly on: boolean }; readonly result: null };
  /** Compares a dataset with the storage now, or goes on counting, and answers when that is done. */
  'datasets.check': { readonly params: { readonly dataset: DatasetRef }; readonly result: DatasetSummary };
  /** Columns of participants.tsv; none without one. */
  'datasets.columns': { readonly params: { readonly dataset: DatasetRef }; readonly result: { readonly columns: readonly ColumnSummary[] } };
  /** `refresh` bypasses what is remembered of this participant. */
  'datasets.participant': { readonly params: { readonly dataset: DatasetRef; readonly label: string; readonly refresh?: boolean }; readonly result: ParticipantContents };
  'datasets.image': { readonly params: { readonly dataset: DatasetRef; readonly path: string; readonly refresh?: boolean }; readonly result: ImageSummary };
  'datasets.derivatives': { readonly params: { readonly dataset: DatasetRef }; readonly result: { readonly derivatives: readonly DerivativeSummary[] } };

  /** Folders (ending in `/`) and files that a half-written path or URI could mean; at most `limit`. */
  'storage.complete': {
    readonly params: { readonly prefix: string; readonly cwd: string; readonly limit: number; readonly storage?: DatasetRef['storage'] };
    readonly result: { readonly items: readonly { readonly uri: string; readonly folder: boolean }[]; readonly more: boolean };
  };
  /** What is there. Fails with `not-found` when nothing is. */
  'storage.stat': { readonly params: { readonly uri: string; readonly storage?: DatasetRef['storage'] }; readonly result: StorageEntry };
  /**
   * What is in a folder itself, at most `limit` at once, in the order of the store. `continuation`: of the answer before,
   * to go on from there, once; given up after some minutes (`not-found`).
   */
  'storage.list': {
    readonly params: { readonly uri: string; readonly limit: number; readonly storage?: DatasetRef['storage']; readonly continuation?: string };
    readonly result: { readonly entries: readonly StorageEntry[]; readonly continuation?: string };
  };
  /**
   * A small file, e.g. a report, or a part of a file of any size (`ifVersion`: of that version alone, else `changed`);
   * `version` is told of whole files only. Fails with `bad-option` above `maxBytes`; the runner's own bound is 64 MiB.
   */
  'storage.read': {
    readonly params: {
      readonly uri: string; readonly maxBytes: number; readonly range?: { readonly offset: number; readonly length: number }; readonly ifVersion?: string; readonly storage?: DatasetRef['storage'];
    };
    readonly result: { readonly base64: string; readonly version?: string };
  };
  /**
   * Writes a small file in place of the version that is named (`changed`: there is another by now); without one only where
   * there is none (`already-exists`).
   */
  'storage.write': {
    readonly params: { readonly uri: string; readonly base64: string; readonly ifVersion?: string; readonly storage?: DatasetRef['storage'] };
    readonly result: StorageFile;
  };

  /** What this machine offers for signing in to storage services, from files and variables alone: no service is asked. */
  'credentials.choices': { readonly params: Record<string, never>; readonly result: CredentialChoices };
  /** What `spimquant doctor` answers about a place, or, left out, about every service. */
  'credentials.check': { readonly params: { readonly dataset?: DatasetRef; readonly coiled?: CoiledAccess }; readonly result: Result };

  /** Reads the metadata of an image that is likely to be opened next; then it costs one round trip less. */
  'image.prepare': { readonly params: { readonly image: ImageRef }; readonly result: Record<string, never> };
  /**
   * What an image is like, with planes through its middle so that there is something to see at once: their pieces, one
   * after another in `bytes`, of at most `channels` channels, coarse enough to come quickly and, where that can be had,
   * with at least `pixels` voxels along the longer edge. `table` names the regions of a parcellation.
   */
  'image.open': {
    readonly params: { readonly image: ImageRef; readonly pixels: number; readonly channels: number; readonly table?: string };
    readonly result: { readonly image: ViewedImage; readonly pieces: readonly Piece[]; readonly regions?: readonly ViewedRegion[]; readonly bytes: Uint8Array };
  };
  /** A piece of a plane. With `over`, of the plane of that image, at the nearest voxels of this one (`smooth`: interpolated in the plane). */
  'image.piece': {
    readonly params: { readonly image: ImageRef; readonly piece: PieceAddress; readonly channels: readonly number[]; readonly over?: ImageRef; readonly smooth?: boolean };
    readonly result: { readonly type: PieceType; readonly width: number; readonly height: number; readonly bytes: Uint8Array };
  };
  /** Values of channels at one voxel of level 0. */
  'image.voxel': { readonly params: { readonly image: ImageRef; readonly voxel: Triple; readonly channels: readonly number[] }; readonly result: { readonly values: readonly number[] } };
  'image.histogram': { readonly params: { readonly image: ImageRef; readonly channel: number }; readonly result: IntensityHistogram };
  /** Results of the same participant that can be laid over an image. */
  'image.related': { readonly params: { readonly image: ImageRef }; readonly result: { readonly overlays: readonly RelatedOverlay[] } };
  /** Channels whole, at the finest level of at most `voxels` voxels, as uncompressed NIfTI files one after another. */
  'image.volume': {
    readonly params: { readonly image: ImageRef; readonly channels: readonly number[]; readonly voxels: number };
    readonly result: { readonly level: number; readonly lengths: readonly number[]; readonly bytes: Uint8Array };
  };

  /** What a folder of results holds besides its participants, and who they are. `dataset`: where participants.tsv may be. */
  'outputs.list': { readonly params: { readonly folder: OutputsRef; readonly dataset?: OutputsRef }; readonly result: OutputsListing };
  /** Files of some participants (labels without `sub-`), of at most 64 at once. */
  'outputs.participants': {
    readonly params: { readonly folder: OutputsRef; readonly labels: readonly string[] };
    readonly result: { readonly files: readonly OutputEntry[]; readonly more: boolean };
  };
  /** Rows of a table that fit, from number `from` on, at most 2000. `version`: of the table as it was seen last; when it is kept, nothing is read. */
  'outputs.rows': {
    readonly params: { readonly folder: OutputsRef; readonly path: string; readonly version?: string; readonly query: TableQuery; readonly from: number; readonly count: number };
    readonly result: TablePage;
  };
  /** All rows that fit as text, with a header. */
  'outputs.export': {
    readonly params: { readonly folder: OutputsRef; readonly path: string; readonly version?: string; readonly query: TableQuery; readonly delimiter: ',' | '\t' };
    readonly result: { readonly rows: number; readonly bytes: Uint8Array };
  };
  /** One column of tables of regions, side by side. */
  'outputs.regions': {
    readonly params: { readonly folder: OutputsRef; readonly paths: readonly { readonly path: string; readonly version?: string }[]; readonly column?: string };
    readonly result: RegionValues;
  };

  /** Samples come as `resources.sample`, and machines of cloud runs as `resources.machines`, while it is on. 0: off. */
  'resources.watch': { readonly params: { readonly intervalMs: number }; readonly result: { readonly history: readonly ResourceSample[] } };
}

/** What the runner tells without being asked. */
export interface Notifications {
  'runs.events': { readonly id: string; readonly events: readonly RunEvent[] };
  /** To every connection: a run is new or stands otherwise; at most four times a second per run, and always at its end. */
  'runs.changed': { readonly run: RunRecord };
  'runs.removed': { readonly id: string };
  /** Files of credentials have changed: what was refused before may be granted now. */
  'credentials.changed': { readonly providers: readonly Provider[] };
  'datasets.changed': { readonly datasets: readonly DatasetRef[] };
  /** A few times a second while participants are counted, and at the end: of that, of a stop, or of a failure. */
  'datasets.progress': { readonly dataset: DatasetRef; readonly counted: number; readonly done: boolean; readonly error?: ErrorReport };
  /** What was answered before is otherwise now. */
  'datasets.updated': { readonly dataset: DatasetRef; readonly change: DatasetChange };
  'resources.sample': ResourceSample;
  /** Machines that are at work for cloud runs of this computer: at the beginning of a watch, and when they have told something new. */
  'resources.machines': { readonly machines: readonly MachineUse[] };
  'explore.progress': { readonly token: string; readonly message: string };
}

export type RequestName = keyof Requests;
export type NotificationName = keyof Notifications;

/** How a runner says where it listens: the file `runner.json` in its private folder. */
export interface RunnerAddress {
  readonly pid: number;
  /** Tells the process from a later one with the same id. */
  readonly process: string;
  readonly socket: string;
  readonly token: string;
  readonly version: string;
  readonly build: string;
  readonly serverId: string;
}
