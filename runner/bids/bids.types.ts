/** Values by BIDS key as written in file names (`sub`, `ses`, `sample`, `acq`, `stain` …), without the key itself. */
export type Entities = Readonly<Record<string, string>>;

/** A file name taken apart: `sub-01_sample-brain_SPIM.ome.zarr`. */
export interface BidsName {
  readonly entities: Entities;
  readonly suffix: string;
  /** Without the leading dot: `ome.zarr`, `nii.gz`, `json`. */
  readonly extension: string;
}

/** One lightsheet image of a dataset. */
export interface SpimFile extends BidsName {
  /** Relative to the dataset. For `.ome.zarr` the folder. */
  readonly path: string;
  /** Channel names of the JSON sidecar's `SampleStaining`, when there is one. */
  readonly sampleStaining?: readonly string[];
  /** Of the JSON sidecar's `OrientationStringXYZ`. */
  readonly orientationXYZ?: string;
}

/** Something in the dataset that was left out, and why, in words for the user. */
export interface Skipped {
  readonly path: string;
  readonly reason: string;
}

/** A row of participants.tsv; empty and `n/a` cells are undefined. */
export type ParticipantRow = Readonly<Record<string, string | undefined>>;

/** What the pipeline needs to know of a dataset, found with few listings and without opening an image. */
export interface DatasetIndex {
  readonly uri: string;
  readonly name?: string;
  readonly bidsVersion?: string;
  /** Labels without `sub-`, sorted. */
  readonly participants: readonly string[];
  readonly images: readonly SpimFile[];
  readonly skipped: readonly Skipped[];
  /** By label without `sub-`. Empty when there is no participants.tsv. */
  readonly participantRows: ReadonlyMap<string, ParticipantRow>;
  /** Column names of participants.tsv in their order, without participant_id. */
  readonly participantColumns: readonly string[];
}
