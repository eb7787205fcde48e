import type { StoreColumn } from './column.ts';

/** A column whose service is a program of others that not every machine has: it runs by name, and its results are recorded. */
export interface PeerColumn extends StoreColumn {
  /** What the program is called. */
  readonly program: string;
  /** Looks for the program on this machine: its version, or what is missing and how to have it. */
  readonly find: () => { readonly version: string } | { readonly missing: string };
}
