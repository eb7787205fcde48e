import type { StoreUnderTest } from './underTest.ts';

/** A kind of store at a service: a column of the table in docs/storage.md. */
export interface StoreColumn {
  /** Never changes, so that results of different days can be compared. */
  readonly id: string;
  /** Above the column, and in the names of the tests. */
  readonly title: string;
  /** By id of the case: why this store cannot have it, as a sentence without a full stop. Every other case has to pass. */
  readonly notApplicable: Readonly<Record<string, string>>;
  readonly open: () => Promise<StoreUnderTest>;
}
