import type { DatasetRef } from '../../runner/protocol/datasets.ts';
import { isTransferable, uriOf } from '../explorer/datasets/datasetNodes.ts';
import { baseName, below } from '../explorer/datasets/datasetNodes.ts';
import type { DatasetNode, TransferableRow } from '../explorer/datasets/datasetNodes.ts';

/** What is copied elsewhere. */
export interface TransferSource extends DatasetRef {
  /** `file`: one file. `part`: some of a dataset's folders, below which the copy keeps their places. */
  readonly kind: 'dataset' | 'part' | 'folder' | 'file';
  /** Below the address, with slashes; empty: all of it. */
  readonly paths: readonly string[];
  /** For people: `bids`, `sub-01`, `sub-01 and 2 more`. */
  readonly title: string;
  /** What the copy is called unless the user says otherwise. */
  readonly name: string;
}

/** Files of a dataset by which other programs know a part of it for a dataset. */
export const descriptionFiles: readonly string[] = ['dataset_description.json', 'participants.tsv', 'participants.json', 'samples.tsv', 'samples.json'];

/** Each dataset's selected rows as one source. A row whose parent is selected too adds nothing. */
export function sourcesOfRows(rows: readonly DatasetNode[]): readonly TransferSource[] {
  const chosen = rows.filter(isTransferable);
  const datasets = new Map(chosen.map(({ dataset }) => [dataset.uri, dataset]));
  return [...datasets.values()].map((dataset) => sourceOf(dataset, chosen.filter((row) => row.dataset.uri === dataset.uri)));
}

function sourceOf(dataset: DatasetRef, rows: readonly TransferableRow[]): TransferSource {
  const [first] = rows;
  const whole = rows.some(({ kind }) => kind === 'dataset');
  if (whole) return { ...dataset, kind: 'dataset', paths: [], title: baseName(dataset.uri), name: baseName(dataset.uri) };
  // Results are wanted as a folder of their own, wherever they lie.
  if (rows.length === 1 && (first.kind === 'derivative' || first.kind === 'derivatives')) return folderSource({ uri: uriOf(first) ?? dataset.uri, storage: dataset.storage });
  const named = rows.map((row) => ({ paths: pathsOf(row), title: titleOf(row) }));
  const paths = [...new Set(named.flatMap((each) => each.paths))];
  const top = paths.filter((path) => !paths.some((other) => path.startsWith(`${other}/`)));
  const titles = named.filter(({ paths: own }) => own.some((path) => top.includes(path))).map(({ title }) => title);
  return { ...dataset, kind: 'part', paths: top, title: titles.length > 1 ? `${titles[0]} and ${titles.length - 1} more` : titles[0], name: baseName(dataset.uri) };
}

/** What a row stands for, below its dataset. */
function pathsOf(row: TransferableRow): readonly string[] {
  switch (row.kind) {
    case 'dataset': return [];
    case 'derivatives': return ['derivatives'];
    case 'derivative': return [relative(row.derivative.uri, row.dataset.uri) ?? `derivatives/${row.derivative.name}`];
    case 'report': return [relative(row.uri, row.dataset.uri)].filter((path) => path !== undefined);
    case 'participant': return [`sub-${row.label}`];
    case 'session': return [`sub-${row.participant}/ses-${row.label}`];
    case 'image': return [row.image.path, `${row.image.path.replace(/\.(?:ome\.)?(?:zarr(?:\.zip)?|ozx)$/i, '')}.json`];
  }
}

function titleOf(row: TransferableRow): string {
  switch (row.kind) {
    case 'dataset': return baseName(row.dataset.uri);
    case 'derivatives': return 'derivatives';
    case 'derivative': return row.derivative.name;
    case 'report': return row.title;
    case 'participant': return `sub-${row.label}`;
    case 'session': return `sub-${row.participant} ses-${row.label}`;
    case 'image': return row.image.title;
  }
}

/** The path of an address below another, with slashes; undefined: it does not lie there. */
export function relative(uri: string, folder: string): string | undefined {
  const above = below(folder, '');
  return uri.startsWith(above) ? uri.slice(above.length).replaceAll('\\', '/') : undefined;
}

/** A folder, all of it. */
export function folderSource({ uri, storage }: DatasetRef): TransferSource {
  return { uri, storage, kind: 'folder', paths: [], title: baseName(uri), name: baseName(uri) };
}

/** One file, which keeps its name. */
export function fileSource({ uri, storage }: DatasetRef): TransferSource {
  return { uri, storage, kind: 'file', paths: [], title: baseName(uri), name: '' };
}
