import type { ColumnSummary } from './datasets.ts';

/**
 * What `ls`, `info` and `validate` answer, for programs (`--json`, key `data`). Its form stays: keys may be added. Every key is
 * always there; what is not known is null. Numbers are numbers, bytes are bytes, times ISO 8601 (UTC), lengths millimetres, and
 * axes in the order x, y, z. docs/exploring.md describes each key, and a test holds the page to it.
 */
export type ExploreData = ImagesData | EntriesData | ImageData | DatasetData | CheckData;

/** Of `ls` of a dataset. */
export interface ImagesData {
  readonly kind: 'images';
  readonly uri: string;
  readonly name: string | null;
  readonly images: readonly ListedImage[];
  /** Participants whose images are listed; how many come after them, and whether that number is only the least. */
  readonly participants: { readonly listed: number; readonly after: number; readonly more: boolean };
  /** What `--after` takes for the next page; null: this was the last. */
  readonly next: string | null;
  /** What looks like an image or a participant but is left out. */
  readonly skipped: readonly { readonly path: string; readonly reason: string }[];
}

export interface ListedImage {
  /** Labels without `sub-` and `ses-`. */
  readonly participant: string;
  readonly session: string | null;
  /** Relative to the dataset. */
  readonly path: string;
  readonly uri: string;
  /** BIDS entities of the name by their short keys, `sub` and `ses` left out. */
  readonly entities: Readonly<Record<string, string>>;
  readonly stains: readonly string[] | null;
  /** The participant's row in participants.tsv. */
  readonly columns: Readonly<Record<string, string | null>>;
}

/** Of `ls` of anything else. */
export interface EntriesData {
  readonly kind: 'entries';
  readonly uri: string;
  readonly entries: readonly ListedEntry[];
  /** What there is in all, as far as it was counted. */
  readonly folders: number;
  readonly files: number;
  readonly bytes: number;
  /** There is more than was counted. */
  readonly more: boolean;
  readonly next: string | null;
}

export interface ListedEntry {
  /** Folders end in a slash. */
  readonly name: string;
  readonly kind: 'folder' | 'file';
  /** Null for folders. */
  readonly bytes: number | null;
  readonly modified: string | null;
}

type Triple = readonly [number, number, number];

/** Of `info` of an image. */
export interface ImageData {
  readonly kind: 'image';
  readonly uri: string;
  readonly ngffVersion: string;
  readonly zarrFormat: number;
  readonly voxelType: string;
  readonly timepoints: number;
  /** As the image calls them. */
  readonly channels: readonly string[];
  /** As a run calls them. */
  readonly stains: readonly string[];
  /** Three letters: directions in which x, y and z increase. */
  readonly orientation: string | null;
  readonly orientationFrom: 'sidecar' | 'image' | null;
  readonly extentMm: Triple;
  /** Uncompressed, all levels and channels. */
  readonly bytes: number;
  readonly levels: readonly { readonly level: number; readonly size: Triple; readonly voxelSizeMm: Triple; readonly chunk: Triple; readonly bytes: number }[];
  readonly warnings: readonly string[];
}

/** Of `info` of a dataset. */
export interface DatasetData {
  readonly kind: 'dataset';
  readonly uri: string;
  readonly name: string | null;
  readonly bidsVersion: string | null;
  readonly generatedBy: string | null;
  readonly participants: number;
  /** Of the first image that can be opened. */
  readonly stains: readonly string[] | null;
  readonly columns: readonly { readonly name: string; readonly values: ColumnSummary['values']; readonly different: number; readonly range: readonly [number, number] | null }[];
  readonly derivatives: readonly { readonly name: string; readonly uri: string; readonly generatedBy: string | null; readonly reports: readonly { readonly title: string; readonly uri: string }[] }[];
  readonly warnings: readonly string[];
}

/** How much of it there is by severity. */
interface Severities {
  readonly errors: number;
  readonly warnings: number;
  readonly notes: number;
}

/** Of `validate`. */
export interface CheckData extends Severities {
  readonly kind: 'check';
  readonly uri: string;
  readonly quantifiable: boolean;
  readonly participants: number;
  readonly imagesReadable: number;
  readonly imagesUnreadable: number;
  /** The same problem of several places is one; the gravest first. */
  readonly problems: readonly {
    readonly severity: 'error' | 'warning' | 'note';
    readonly kind: string;
    readonly what: string;
    /** What to do about it. */
    readonly mend: string;
    /** How many, and the first three. */
    readonly places: number;
    readonly first: readonly string[];
  }[];
  /** Problems that are counted, but too many to be told. */
  readonly untold: number;
  readonly kinds: readonly (Severities & { readonly kind: string; readonly participants: number })[];
}
