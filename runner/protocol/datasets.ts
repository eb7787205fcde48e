import type { ErrorReport } from './errors.ts';
import type { StorageChoice } from './storageChoice.ts';

/** A dataset of the explorer: where it is and how it is reached. Never holds a secret. */
export interface DatasetRef {
  /** In its one written form: an absolute path or `s3://bucket/prefix`. */
  readonly uri: string;
  readonly storage: StorageChoice;
}

/** How far the participants of a dataset are counted; all of it left out: they are. */
export interface CountingState {
  /** True while they are being counted: numbers are those so far. */
  readonly counting?: boolean;
  /** True when counting was stopped, or failed, before the end. */
  readonly incomplete?: boolean;
}

/** What is known of a dataset from its root listing alone. */
export interface DatasetSummary extends CountingState {
  readonly uri: string;
  readonly name?: string;
  readonly bidsVersion?: string;
  /** Folders called sub-…. */
  readonly participants: number;
  /** Folders below `derivatives`. */
  readonly derivatives: number;
  /** What is wrong with it, one sentence each. */
  readonly warnings: readonly string[];
  /** When this was last compared with what is there, in milliseconds since the epoch. */
  readonly checked?: number;
  /** True: all of it is of that time, kept from an earlier runner, and not compared since. */
  readonly remembered?: boolean;
  /** Why it could not be compared, or counted to the end. */
  readonly trouble?: ErrorReport;
}

/** A value of participants.tsv. */
export interface NamedValue {
  readonly name: string;
  readonly value: string;
}

/** Some of a dataset's participants. */
export interface ParticipantPage extends CountingState {
  /** Without `sub-`, in the order of their folders' names. */
  readonly labels: readonly string[];
  /** How many there are in all that fit the search. */
  readonly total: number;
  /** With a search: for each label the values of participants.tsv that made it fit; none where the label did. */
  readonly matched?: readonly (readonly NamedValue[])[];
  /** Why nothing can fit the search, one sentence. */
  readonly problem?: string;
}

/** A dataset's participants in pieces of equal length. */
export interface ParticipantRanges extends Pick<ParticipantPage, 'total' | 'problem'>, CountingState {
  readonly ranges: readonly ParticipantRange[];
}

export interface ParticipantRange {
  /** Labels without `sub-`. */
  readonly first: string;
  readonly last: string;
  readonly count: number;
}

/** A column of participants.tsv, as far as it helps to search by it. */
export interface ColumnSummary {
  readonly name: string;
  /** The most frequent values, with how many participants have each; all of them unless there are many. */
  readonly values: readonly { readonly value: string; readonly participants: number }[];
  /** How many different values there are. */
  readonly different: number;
  /** Smallest and largest, where all values are numbers. */
  readonly range?: readonly [number, number];
}

/** What a look at the storage found to be otherwise than was told before. */
export interface DatasetChange {
  /** The summary: files of the root, or when it was checked. */
  readonly summary?: boolean;
  /** Participants that were added and removed. */
  readonly participants?: { readonly added: number; readonly removed: number };
  /** Labels of participants in whose folders something changed. */
  readonly labels?: readonly string[];
  /** Paths of images whose metadata changed. */
  readonly images?: readonly string[];
  /** Anything that was told of any participant may be otherwise. */
  readonly everything?: boolean;
}

/** What is in a participant's folder. */
export interface ParticipantContents {
  readonly label: string;
  readonly sessions: readonly SessionContents[];
  /** What looks like an image but is left out, and why. */
  readonly skipped: readonly { readonly path: string; readonly reason: string }[];
  /** Its row in participants.tsv. */
  readonly columns: readonly NamedValue[];
}

export interface SessionContents {
  /** Without `ses-`; undefined: the images lie in the participant's folder itself. */
  readonly label?: string;
  readonly images: readonly ImageEntry[];
}

/** An image as its name and sidecar tell, unopened. */
export interface ImageEntry {
  /** Relative to the dataset. */
  readonly path: string;
  readonly uri: string;
  /** What tells it from its neighbours, e.g. `sample-brain acq-4x`. */
  readonly title: string;
  /** Of the sidecar; empty: not said there. */
  readonly stains: readonly string[];
}

/** An opened image. */
export interface ImageSummary {
  readonly uri: string;
  readonly stains: readonly string[];
  readonly voxelType: string;
  readonly timepoints: number;
  readonly ngffVersion: string;
  /** Three letters, directions in which x, y and z increase; undefined: not said. */
  readonly orientation?: string;
  readonly levels: readonly LevelSummary[];
  /** What is odd about it, one sentence each; left out when nothing is. */
  readonly warnings?: readonly string[];
}

/** One resolution. Everything in x, y, z order. */
export interface LevelSummary {
  readonly level: number;
  readonly size: readonly [number, number, number];
  /** Millimetres. */
  readonly voxelSize: readonly [number, number, number];
  readonly chunk: readonly [number, number, number];
  /** Of all channels, uncompressed. */
  readonly bytes: number;
}

/** A folder of results below a dataset, or of its own. */
export interface DerivativeSummary {
  readonly uri: string;
  readonly name: string;
  /** `SPIMquant 0.1.0`, where dataset_description.json says so. */
  readonly generatedBy?: string;
  readonly reports: readonly { readonly title: string; readonly uri: string }[];
  /** True when there are participants whose reports are not listed. */
  readonly more?: boolean;
}
