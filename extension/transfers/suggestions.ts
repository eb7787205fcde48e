import type { DatasetRef } from '../../runner/protocol/datasets.ts';
import { ownStorage } from '../../runner/protocol/storageChoice.ts';
import type { StorageChoice } from '../../runner/protocol/storageChoice.ts';
import { nearest } from '../filesystem/reaches.ts';
import { baseName, below } from '../explorer/datasets/datasetNodes.ts';
import { bucketOf } from '../explorer/datasets/reach.ts';
import { isBucket } from '../forms/paths.ts';
import type { TransferSource } from './sources.ts';

/** Which way: to a folder, to a bucket, or either. */
export type Direction = 'download' | 'upload' | 'sync';

/** A destination that is offered. */
export interface Suggestion extends DatasetRef {
  readonly why: string;
}

/** Where a transfer went. */
export interface PastTarget extends DatasetRef {
  /** Address of what was copied. */
  readonly source: string;
}

/** What suggestions are made from. */
export interface SuggestionGrounds {
  readonly direction: Direction;
  readonly source: TransferSource;
  readonly datasets: readonly DatasetRef[];
  /** Destinations of earlier transfers, the last one first. */
  readonly recent: readonly PastTarget[];
  /** Folder of the workspace. */
  readonly cwd: string;
}

const mostSuggestions = 6;

/** Destinations that are likely, the likeliest first. None lies in the source, or the source in it. Pure. */
export function suggestedTargets({ direction, source, datasets, recent, cwd }: SuggestionGrounds): readonly Suggestion[] {
  const named = (folder: string): string => (source.name === '' ? folder : below(folder, source.name));
  const isResult = source.kind === 'folder' || source.kind === 'file';
  const namesakes = datasets.filter(({ uri }) => uri !== source.uri && baseName(uri) === source.name).map((dataset) => ({ ...written(dataset), why: 'a dataset of the same name' }));
  // What was copied from the same place before goes on there; others go beside it.
  const again = recent.filter((each) => each.source === source.uri).map(({ uri, storage }) => ({ uri, storage, why: 'as before' }));
  const before = recent.map(({ uri, storage }) => ({ uri: baseName(uri) === source.name ? uri : named(folderOf(uri)), storage, why: 'where the last ones went' }));
  const local = { uri: named(cwd), storage: {}, why: 'in the folder of the workspace' };
  const buckets = datasets.filter(({ uri, storage }) => isBucket(uri) && storage.anonymous !== true).map((dataset) => ({
    ...written(dataset), uri: isResult ? named(below(dataset.uri, 'derivatives')) : named(folderOf(dataset.uri)), why: isResult ? `among the results of ${baseName(dataset.uri)}` : `beside ${baseName(dataset.uri)}`,
  }));
  const all: readonly Suggestion[] = [...again, ...before, ...namesakes, ...(direction === 'upload' ? buckets : [local]), ...(direction === 'sync' ? buckets : [])];
  const fits = ({ uri }: Suggestion): boolean => (direction === 'sync' || isBucket(uri) === (direction === 'upload')) && !isNested(uri, source.uri);
  return all.filter((each, at) => fits(each) && all.findIndex(({ uri }) => uri === each.uri) === at).slice(0, mostSuggestions);
}

/** As a dataset is reached to be written to. */
function written({ uri, storage }: DatasetRef): DatasetRef {
  return { uri, storage: withoutSwitches(ownStorage(storage)) };
}

function withoutSwitches({ anonymous: _anonymous, requesterPays: _requesterPays, ...storage }: StorageChoice): StorageChoice {
  return storage;
}

/** The folder that an address lies in; of a bucket, the bucket itself. */
export function folderOf(uri: string): string {
  if (!isBucket(uri)) return uri.replace(/[/\\]+$/, '').replace(/[/\\][^/\\]*$/, '') || uri.slice(0, 1);
  const folder = uri.replace(/\/+$/, '').replace(/\/[^/]*$/, '');
  // An account of Azure holds containers, not files.
  const parts = folder.replace(/^[a-z0-9]+:\/\//i, '').split('/');
  return folder.endsWith('/') || parts[0] === '' || (/^az:/i.test(uri) && parts.length < 2) ? uri.replace(/\/+$/, '') : folder;
}

function isNested(a: string, b: string): boolean {
  const [from, to] = [a, b].map((uri) => `${uri.replaceAll('\\', '/').replace(/\/+$/, '')}/`);
  return from.startsWith(to) || to.startsWith(from);
}

/**
 * How an address is reached, as far as datasets and earlier transfers tell: as the nearest above it, else as another of its
 * bucket. Undefined: nobody has said. `writes`: nobody writes as the public. Pure.
 */
export function knownReach(uri: string, known: readonly DatasetRef[], writes: boolean): StorageChoice | undefined {
  const usable = known.filter(({ storage }) => !writes || storage.anonymous !== true);
  const found = nearest(uri, usable) ?? usable.find((each) => bucketOf(each.uri) === bucketOf(uri));
  return found === undefined ? undefined : writes ? withoutSwitches(found.storage) : found.storage;
}
