import { folderOf, single, textFile, VirtualBucket, zeros } from './virtualBucket.ts';
import type { VirtualGroup, VirtualNode } from './virtualBucket.ts';

export interface VirtualDatasetOptions {
  readonly participants: number;
  /** Sessions of each, with one image; 0: the image lies in the participant's own folder. */
  readonly sessions?: number;
  /** Chunks of each image's finest level. */
  readonly chunks?: number;
  /** Files beside the participants' folders that belong to nothing, before and after them in order. */
  readonly strays?: { readonly before?: number; readonly after?: number };
  /** Whether there are results of each participant. */
  readonly derivatives?: boolean;
}

/** Keys of a participant with these many sessions and chunks: sidecar, metadata, and chunks of two levels. */
export function keysOfParticipant({ sessions = 0, chunks = 8 }: Pick<VirtualDatasetOptions, 'sessions' | 'chunks'>): number {
  return Math.max(1, sessions) * (1 + 4 + chunks + coarseChunks);
}

const coarseChunks = 2;
const treatments = ['drug', 'control'];

/** A BIDS dataset of any number of participants that takes no memory. What it holds can be changed while it is served. */
export class VirtualDataset {
  /** Without `sub-`, in order. */
  labels: string[];
  /** Labels of participants whose sidecars name other stains. */
  readonly restained = new Set<string>();
  /** Labels of participants whose images have another size. */
  readonly resized = new Set<string>();
  /** Columns of participants.tsv beside the label, from the place of the participant in {@link labels}. */
  readonly columns: Record<string, (place: number) => string> = {
    treatment: (place) => treatments[place % 2],
    age: (place) => String(20 + (place % 50)),
    batch: (place) => `2026-${String(1 + (place % 12)).padStart(2, '0')}`,
  };
  name = 'Ten thousand brains';
  readonly #options: VirtualDatasetOptions;

  constructor(options: VirtualDatasetOptions) {
    this.#options = options;
    const digits = Math.max(4, String(options.participants).length);
    this.labels = Array.from({ length: options.participants }, (_, i) => String(i + 1).padStart(digits, '0'));
  }

  /** Serves it from the root of a bucket, or from a folder in it. */
  bucket(folder?: string): VirtualBucket {
    return new VirtualBucket(() => (folder === undefined ? this.#root() : folderOf([single(`${folder}/`, this.#root())])));
  }

  #root(): VirtualNode {
    const { strays = {}, derivatives = false } = this.#options;
    return folderOf([
      single('dataset_description.json', textFile(() => JSON.stringify({ Name: this.name, BIDSVersion: '1.10.0' }))),
      single('participants.tsv', textFile(() => this.#table())),
      numbered(strays.before ?? 0, 'a_tile_', '.tif'),
      numbered(strays.after ?? 0, 'tile_', '.tif'),
      { count: this.labels.length, name: (at) => `sub-${this.labels[at]}/`, node: (at) => this.#participant(this.labels[at]) },
      ...(derivatives ? [single('derivatives/', folderOf([single('spimquant/', this.#results())]))] : []),
    ]);
  }

  #table(): string {
    const names = Object.keys(this.columns);
    const rows = this.labels.map((label, place) => [`sub-${label}`, ...names.map((name) => this.columns[name](place))].join('\t'));
    return `${[['participant_id', ...names].join('\t'), ...rows].join('\n')}\n`;
  }

  #results(): VirtualNode {
    return folderOf([
      single('dataset_description.json', textFile(JSON.stringify({ Name: 'SPIMquant', BIDSVersion: '1.10.0', DatasetType: 'derivative', GeneratedBy: [{ Name: 'SPIMquant', Version: '0.1.0' }] }))),
      {
        count: this.labels.length, name: (at) => `sub-${this.labels[at]}/`,
        node: (at) => folderOf([single('qc/', folderOf([single(`sub-${this.labels[at]}_sample-brain_report.html`, textFile('<!doctype html><title>Report</title>'))]))]),
      },
    ]);
  }

  #participant(label: string): VirtualNode {
    const { sessions = 0 } = this.#options;
    if (sessions === 0) return folderOf([single('micr/', this.#micr(label, undefined))]);
    return folderOf([numbered(sessions, 'ses-', '/', (at) => folderOf([single('micr/', this.#micr(label, String(at + 1).padStart(2, '0')))]))]);
  }

  #micr(label: string, session: string | undefined): VirtualNode {
    const stem = `sub-${label}${session === undefined ? '' : `_ses-${session}`}_sample-brain_SPIM`;
    const stains = this.restained.has(label) ? ['PI', 'Iba1'] : ['PI', 'Abeta'];
    return folderOf([
      single(`${stem}.json`, textFile(JSON.stringify({ SampleStaining: stains, OrientationStringXYZ: 'RAS' }))),
      single(`${stem}.ome.zarr/`, this.#image(this.resized.has(label) ? 1024 : 2048)),
    ]);
  }

  #image(edge: number): VirtualNode {
    const { chunks = 8 } = this.#options;
    return folderOf([
      single('.zattrs', textFile(JSON.stringify({ multiscales: [{ version: '0.4', axes: [{ name: 'c', type: 'channel' }, ...['z', 'y', 'x'].map((name) => ({ name, type: 'space', unit: 'micrometer' }))], datasets: [0, 1].map((level) => ({ path: String(level), coordinateTransformations: [{ type: 'scale', scale: [1, ...[4, 4, 4].map((size) => size * 2 ** level)] }] })) }], size: edge }))),
      single('.zgroup', textFile('{"zarr_format":2}')),
      single('0/', level(edge, chunks)),
      single('1/', level(edge / 2, coarseChunks)),
    ]);
  }
}

function level(edge: number, chunks: number): VirtualNode {
  const array = { zarr_format: 2, shape: [2, edge / 2, edge, edge], chunks: [1, 64, 256, 256], dtype: '<u2', compressor: null, fill_value: 0, order: 'C', filters: null, dimension_separator: '/' };
  return folderOf([
    single('.zarray', textFile(JSON.stringify(array))),
    single('0/', folderOf([single('0/', folderOf([single('0/', folderOf([numbered(chunks, '', '', () => zeros(8 << 20))]))]))])),
  ]);
}

/** Children called by numbers of equal length, so that their names ascend. */
function numbered(count: number, before: string, after: string, node: (at: number) => VirtualNode = () => zeros(1 << 20)): VirtualGroup {
  const digits = Math.max(2, String(count).length);
  return { count, name: (at) => `${before}${String(at + (after === '/' ? 1 : 0)).padStart(digits, '0')}${after}`, node };
}
