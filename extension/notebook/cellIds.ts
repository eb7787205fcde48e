import type * as vscode from 'vscode';
import { notebookTypes } from './ids.ts';

interface Metadata { readonly [key: string]: unknown }

function isObject(value: unknown): value is Metadata {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/**
 * The stable id of a cell from its metadata: of our own notebooks and of Jupyter's since format 4.5 it is `id`; in older
 * Jupyter notebooks it is our own entry among the metadata that the file keeps.
 */
export function idFromMetadata(metadata: Metadata): string | undefined {
  if (typeof metadata['id'] === 'string' && metadata['id'] !== '') return metadata['id'];
  const kept = metadata['metadata'];
  const own = isObject(kept) ? kept['spimquant'] : undefined;
  return isObject(own) && typeof own['id'] === 'string' && own['id'] !== '' ? own['id'] : undefined;
}

/** Metadata of a cell with an id, in the place where the notebook's own type keeps it. */
export function metadataWithId(metadata: Metadata, notebookType: string, id: string): Metadata {
  if (notebookType !== notebookTypes.jupyter) return { ...metadata, id };
  const kept = isObject(metadata['metadata']) ? metadata['metadata'] : {};
  const own = isObject(kept['spimquant']) ? kept['spimquant'] : {};
  // An id of Jupyter's own is replaced where it stands.
  if (metadata['id'] !== undefined) return { ...metadata, id };
  return { ...metadata, metadata: { ...kept, spimquant: { ...own, id } } };
}

/**
 * Which cells need a new id: those without one, and later ones whose id an earlier cell has. Of two cells with one id the
 * one that was there before keeps it.
 */
export function cellsWithoutOwnId(ids: readonly (string | undefined)[], isNew: (index: number) => boolean = () => false): number[] {
  const taken = new Set<string>();
  const claim = (index: number): boolean => {
    const id = ids[index];
    if (id === undefined || taken.has(id)) return false;
    taken.add(id);
    return true;
  };
  const order = [...ids.keys()];
  const keeping = new Set([...order.filter((index) => !isNew(index)), ...order.filter(isNew)].filter(claim));
  return order.filter((index) => !keeping.has(index));
}

/** A new id: eight characters, as Jupyter makes them. */
export function newCellId(): string {
  return crypto.randomUUID().slice(0, 8);
}

/** The id of a cell, if it has one. */
export function cellId(cell: vscode.NotebookCell): string | undefined {
  return idFromMetadata(cell.metadata);
}
