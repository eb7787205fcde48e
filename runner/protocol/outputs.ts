import type { StorageChoice } from './storageChoice.ts';

/** A folder of results, and how it is reached. Never holds a secret. */
export interface OutputsRef {
  /** A path or address as a user writes it. */
  readonly uri: string;
  readonly storage: StorageChoice;
}

/** What a file of results is for. `map`: an image in the space of a template whose values mean something by themselves. */
export type OutputKind = 'report' | 'figure' | 'table' | 'map' | 'image' | 'other';

/** What a file is about: a group analysis, a template, a participant, or nothing of these. */
export type ScopeKind = 'group' | 'participant' | 'template' | 'folder';

/** A file (or image store) of a folder of results. */
export interface OutputEntry {
  /** Relative to the folder. */
  readonly path: string;
  readonly kind: OutputKind;
  /** Folder that it belongs to: `group/1`, `sub-01`, `sub-01/ses-2`, `tpl-phantom`, or `''`. */
  readonly scope: string;
  readonly scopeKind: ScopeKind;
  /** What it shows, without whom: `Segmentation, slices: Abeta, otsu+k3i2`. Equal for the same thing of another participant. */
  readonly title: string;
  /** BIDS entities of its name; empty where it has no such name. */
  readonly entities: Readonly<Record<string, string>>;
  readonly suffix: string;
  /** Bytes; 0 for stores that are folders. */
  readonly bytes: number;
  /** Changes whenever the file does. */
  readonly version: string;
}

/** A column of participants.tsv that puts participants into groups. */
export interface GroupColumn {
  readonly name: string;
  /** Value by label (without `sub-`). */
  readonly values: Readonly<Record<string, string>>;
}

/** What is in a folder of results, before participants are looked into. */
export interface OutputsListing {
  /** The folder in its one written form. */
  readonly uri: string;
  /** `SPIMquant 0.1.0`, where dataset_description.json says so. */
  readonly generatedBy?: string;
  /** Labels without `sub-`, in the order of their folders. */
  readonly participants: readonly string[];
  /** Files of groups, of templates, and of the folder itself. */
  readonly files: readonly OutputEntry[];
  readonly groupColumns: readonly GroupColumn[];
  /** True: there is more in it than was looked at. */
  readonly more: boolean;
}

/** How the cells of a column are compared: as numbers where the column has numbers, else as text, capitals or not. */
export type FilterTest = 'eq' | 'ne' | 'lt' | 'le' | 'gt' | 'ge' | 'has' | 'hasNot' | 'filled' | 'empty';

export const filterTests: readonly FilterTest[] = ['eq', 'ne', 'lt', 'le', 'gt', 'ge', 'has', 'hasNot', 'filled', 'empty'];

export interface TableFilter {
  readonly column: string;
  readonly test: FilterTest;
  readonly value: string;
}

export interface TableSort {
  readonly column: string;
  readonly descending: boolean;
}

/** Which rows of a table, in which order. Rows must fit all filters and, in some cell, the search. */
export interface TableQuery {
  readonly search: string;
  readonly filters: readonly TableFilter[];
  /** The most important first. Empty cells come last, whichever way. */
  readonly sort: readonly TableSort[];
}

export const wholeTable: TableQuery = { search: '', filters: [], sort: [] };

/** A column of a table that is looked at. */
export interface ViewedColumn {
  readonly name: string;
  readonly kind: 'number' | 'text';
  /** Smallest and largest number; left out where there is none. */
  readonly range?: readonly [number, number];
  /** All values of a text column that has few. */
  readonly values?: readonly string[];
  /** Characters of its longest cell, as far as rows were looked at. */
  readonly width: number;
  /** What the sidecar says of it. */
  readonly description?: string;
  readonly units?: string;
}

/** A cell; null: empty. Numbers that JSON does not have come as `inf` and `-inf`. */
export type ViewedCell = string | number | null;

/** Some rows of a table. */
export interface TablePage {
  /** Of the file that the rows are of. */
  readonly version: string;
  readonly columns: readonly ViewedColumn[];
  /** Rows of the table, and rows that fit. */
  readonly total: number;
  readonly matched: number;
  readonly from: number;
  readonly rows: readonly (readonly ViewedCell[])[];
}

/** A region of an atlas in tables of participants. */
export interface TableRegion {
  readonly index: number;
  readonly name: string;
}

/** Regions of several tables with one of their columns. */
export interface RegionValues {
  readonly regions: readonly TableRegion[];
  /** Columns that can be asked for: of numbers, in any of the tables. */
  readonly columns: readonly string[];
  /** The column that was asked for, or the first. */
  readonly column: string;
  /** Tables that could not be read, and why. */
  readonly failed: readonly { readonly path: string; readonly message: string }[];
  /** Doubles: a row for each table, in the order of the paths, in it the values of the regions; NaN: none. */
  readonly bytes: Uint8Array;
}

/** Doubles out of bytes that lie at a multiple of eight, or are copied there. */
export function doublesOf(bytes: Uint8Array): Float64Array {
  const aligned = bytes.byteOffset % 8 === 0 ? bytes : Uint8Array.from(bytes);
  return new Float64Array(aligned.buffer, aligned.byteOffset, aligned.byteLength >> 3);
}
