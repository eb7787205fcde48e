import type { DatasetRef } from '../../runner/protocol/datasets.ts';
import { cleanStorage } from '../../runner/protocol/storageChoice.ts';
import type { StorageChoice } from '../../runner/protocol/storageChoice.ts';
import { isWithin } from './bucketUri.ts';

/** Where the editor keeps values for a workspace. */
export interface Memory {
  get(key: string): unknown;
  update(key: string, value: unknown): Thenable<void>;
}

/** Addresses whose way of reach is remembered beside the list of datasets, at most. */
const remembered = 50;
const memoryKey = 'filesystem.reaches';

/** The entry with the longest address that an address lies within. */
export function nearest(address: string, entries: readonly DatasetRef[]): DatasetRef | undefined {
  return entries.filter(({ uri }) => isWithin(address, uri)).reduce<DatasetRef | undefined>((best, entry) => (best === undefined || entry.uri.length > best.uri.length ? entry : best), undefined);
}

/**
 * How files of buckets are reached: as the nearest dataset of the list is, or as the command was that a file was opened
 * from, whichever is nearer; else by the usual credentials.
 */
export class Reaches {
  readonly #list: () => Promise<readonly DatasetRef[]>;
  readonly #memory: Memory;
  #datasets: Promise<readonly DatasetRef[]> | undefined;

  /** `list` asks for the list of datasets. `memory` outlives the window, whose editors are opened again. */
  constructor(list: () => Promise<readonly DatasetRef[]>, memory: Memory) {
    this.#list = list;
    this.#memory = memory;
  }

  async of(address: string): Promise<StorageChoice> {
    // Without a list there is no runner either, and whatever is asked next says so.
    const datasets = await this.#known().catch((): readonly DatasetRef[] => []);
    const dataset = nearest(address, datasets);
    const noted = nearest(address, this.#noted());
    if (noted === undefined || (dataset !== undefined && dataset.uri.length >= noted.uri.length)) return dataset?.storage ?? {};
    return noted.storage;
  }

  /** Remembers how a file or folder is reached that no dataset, or another way, would be found for. */
  async note(address: string, storage: StorageChoice): Promise<void> {
    const choice = cleanStorage(storage);
    const same = JSON.stringify(choice) === JSON.stringify(cleanStorage(await this.of(address)));
    if (same) return;
    const others = this.#noted().filter(({ uri }) => uri !== address);
    await this.#memory.update(memoryKey, [{ uri: address, storage: choice }, ...others].slice(0, remembered));
  }

  /** Takes over a list that the runner told; undefined: it is asked for again when it is needed. */
  setList(datasets: readonly DatasetRef[] | undefined): void {
    this.#datasets = datasets === undefined ? undefined : Promise.resolve(datasets);
  }

  #known(): Promise<readonly DatasetRef[]> {
    if (this.#datasets === undefined) {
      const asked = this.#list();
      this.#datasets = asked;
      asked.catch(() => { if (this.#datasets === asked) this.#datasets = undefined; });
    }
    return this.#datasets;
  }

  #noted(): readonly DatasetRef[] {
    const kept = this.#memory.get(memoryKey);
    if (!Array.isArray(kept)) return [];
    return kept.flatMap((entry: unknown) => (typeof entry === 'object' && entry !== null && 'uri' in entry && typeof entry.uri === 'string' && 'storage' in entry
      ? [{ uri: entry.uri, storage: cleanStorage(entry.storage) }]
      : []));
  }
}
