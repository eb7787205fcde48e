/** Where a lab is. */
export interface LabAddress {
  /** Port that tells how it stands. */
  readonly control: number;
  readonly coiled: string;
  readonly token: string;
  readonly s3: string;
}

/** How a lab stands. */
export interface LabStanding {
  /** Machines that are not gone. */
  readonly machines: number;
  /** Of them, those that carry something out. */
  readonly processes: number;
  /** Names of clusters that were asked for. */
  readonly submitted: readonly string[];
  /** Keys of the bucket with results. */
  readonly results: readonly string[];
}
