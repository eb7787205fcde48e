import type { DatasetRef } from '../../runner/protocol/datasets.ts';
import { destinationPrefix, storageFlags } from '../../runner/protocol/storageChoice.ts';
import type { StorageChoice } from '../../runner/protocol/storageChoice.ts';
import { serviceOf } from '../explorer/datasets/reach.ts';
import type { Service } from '../explorer/datasets/reach.ts';
import type { CommandPart } from '../forms/buildCommand.ts';
import { descriptionFiles } from './sources.ts';
import type { TransferSource } from './sources.ts';

/** What can be chosen of a transfer. `description`: the dataset's own files with a part of it. */
export type TransferOption = 'description' | 'derivatives' | 'checksum' | 'delete';

/** A transfer as the questions have it. */
export interface Transfer {
  readonly source: TransferSource;
  readonly target: DatasetRef;
  readonly options: readonly TransferOption[];
  /** Patterns of what stays behind. */
  readonly leftOut: readonly string[];
}

/** Options that there are for a source. */
export function optionsFor(kind: TransferSource['kind'], deletes: boolean): readonly TransferOption[] {
  return [
    ...(kind === 'part' ? ['description'] as const : []), ...(kind === 'dataset' ? ['derivatives'] as const : []),
    'checksum', ...(deletes && kind !== 'file' ? ['delete'] as const : []),
  ];
}

/** Options that hold unless the user says otherwise. */
export const usualOptions: readonly TransferOption[] = ['description', 'derivatives'];

/**
 * The command of a transfer, in parts. `confirmed`: how many files the user has agreed to have deleted, so that the run
 * does not ask, and deletes no more than that.
 */
export function syncParts({ source, target, options, leftOut }: Transfer, confirmed?: number): readonly CommandPart[] {
  const included = source.paths.length === 0 ? [] : [...source.paths, ...(options.includes('description') ? descriptionFiles : [])];
  const excluded = [...(source.kind === 'dataset' && !options.includes('derivatives') ? ['/derivatives'] : []), ...leftOut];
  const deletes = source.kind !== 'file' && options.includes('delete');
  const reach = [...sourceFlags(source), ...targetFlags(source, target)];
  return [
    { step: 'source', words: ['spimquant', 'sync', source.uri] },
    // A slash says that it is a folder, also where none is yet.
    { step: 'target', words: [source.kind === 'file' && !target.uri.endsWith('/') ? `${target.uri}/` : target.uri] },
    ...(included.length === 0 ? [] : [{ step: 'options', words: ['--include', ...included.map(literalPattern)] }]),
    ...(excluded.length === 0 ? [] : [{ step: 'leftOut', words: ['--exclude', ...excluded] }]),
    ...(options.includes('checksum') ? [{ step: 'options', words: ['--checksum'] }] : []),
    ...(deletes ? [{ step: 'options', words: ['--delete', ...(confirmed === undefined ? [] : ['--yes', '--max_delete', String(confirmed)])] }] : []),
    ...(reach.length === 0 ? [] : [{ step: 'reach', words: reach }]),
  ];
}

/** A pattern that fits one path of the source and what is below it. */
export function literalPattern(path: string): string {
  return `/${path.replaceAll(/[[*?]/g, (sign) => `[${sign}]`)}`;
}

/** How it is reached, without how objects are kept that are written there. */
function reachOnly(storage: StorageChoice): StorageChoice {
  return { ...storage, storageClass: undefined, encryption: undefined, encryptionKey: undefined };
}

function sourceFlags({ uri, storage }: DatasetRef): readonly string[] {
  return serviceOf(uri) === undefined ? [] : storageFlags(reachOnly(storage));
}

/** Of each service, a flag that says nothing when it is empty, but that the destination is not reached as the source. */
const plainFlag: Readonly<Record<Service, string>> = { s3: 'aws-profile', gs: 'gcs-credentials', az: 'azure-endpoint' };

function targetFlags(source: DatasetRef, { uri, storage }: DatasetRef): readonly string[] {
  const service = serviceOf(uri);
  if (service === undefined) return [];
  const { storageClass, encryption, encryptionKey } = storage;
  const kept = storageFlags({ storageClass, encryption, encryptionKey });
  const own = storageFlags(reachOnly(storage), destinationPrefix);
  if (own.length > 0) return [...own, ...kept];
  return sourceFlags(source).length > 0 && serviceOf(source.uri) === service ? [`--${destinationPrefix}${plainFlag[service]}`, '', ...kept] : kept;
}
