import { AsyncLocalStorage } from 'node:async_hooks';
import type { DatasetChange, DatasetRef } from '../../protocol/datasets.ts';
import type { ErrorReport } from '../../protocol/errors.ts';
import type { Clock, Logger } from '../../protocol/log.ts';
import type { ObjectStore } from '../../storage/objectStore.ts';
import { Semaphore } from '../../storage/semaphore.ts';
import { askersKey } from '../askersEnvironment.ts';
import { IndexCache, placeOfEnvironment } from './indexCache.ts';
import type { IndexSnapshot, KeptPlace } from './indexCache.ts';
import { LookedInto } from './lookedInto.ts';
import { RootIndex } from './rootIndex.ts';

export interface DatasetIndexesOptions {
  /** Folder for what is kept between runners. */
  readonly folder: string;
  readonly clock: Clock;
  readonly log: Logger;
  readonly store: (dataset: DatasetRef) => ObjectStore;
  readonly progress: (dataset: DatasetRef, counted: number, done: boolean, error?: ErrorReport) => void;
  readonly updated: (dataset: DatasetRef, change: DatasetChange) => void;
  /** Bytes of all that is kept; left out: as {@link IndexCache} has it. */
  readonly limit?: number;
}

/** All that is known of one dataset. */
export interface DatasetIndex {
  readonly dataset: DatasetRef;
  readonly root: RootIndex;
  readonly inside: LookedInto;
}

interface OpenIndex extends DatasetIndex {
  readonly place: KeptPlace;
  /** Does something in the environment of whoever opened it. */
  readonly inItsEnvironment: (work: () => void) => void;
  /** There is something new to keep. */
  dirty: boolean;
  timer: NodeJS.Timeout | undefined;
}

/** Datasets whose index is held in memory; what is known of others is on disk. */
const openAtMost = 24;
/** Participants that these may have in all, but for the dataset used last. */
const labelsAtMost = 200_000;
/** Looks in the background, over all datasets. */
const rootsAtOnce = 2;
const foldersAtOnce = 4;
/** Milliseconds after a change until it is written. */
const saveAfterMs = 1500;

/** The indexes of datasets, each made from what an earlier runner has kept, and kept for later ones. */
export class DatasetIndexes {
  readonly #options: DatasetIndexesOptions;
  readonly #cache: IndexCache;
  readonly #open = new Map<string, Promise<OpenIndex>>();
  /** Those that are made, in the order of their last use. */
  readonly #made = new Map<string, OpenIndex>();
  readonly #roots = new Semaphore(rootsAtOnce);
  readonly #folders = new Semaphore(foldersAtOnce);

  constructor(options: DatasetIndexesOptions) {
    this.#options = options;
    this.#cache = new IndexCache(options);
  }

  /** The index of a dataset; `dataset` is in its one written form. */
  async get(dataset: DatasetRef): Promise<DatasetIndex> {
    return this.#get(dataset);
  }

  async #get(dataset: DatasetRef): Promise<OpenIndex> {
    const key = keyOf(dataset);
    let opening = this.#open.get(key);
    if (opening === undefined) {
      const place: KeptPlace = { ...dataset, seenFrom: placeOfEnvironment(process.env) };
      const inItsEnvironment = AsyncLocalStorage.snapshot();
      opening = this.#cache.load(place).then((kept) => this.#make(place, inItsEnvironment, kept));
      this.#open.set(key, opening);
    }
    const index = await opening;
    if (this.#open.get(key) === opening) {
      this.#made.delete(key);
      this.#made.set(key, index);
      this.#closeOldest();
    }
    return index;
  }

  /** Forgets all that is known of a dataset, on disk as well, and begins anew. */
  async renew(dataset: DatasetRef): Promise<DatasetIndex> {
    const index = await this.#get(dataset);
    index.inside.forget();
    index.root.renew();
    this.#keepNothing(index);
    return index;
  }

  /** Drops a dataset that nobody wants any more, for everybody. */
  async remove(dataset: DatasetRef): Promise<void> {
    for (const [key, index] of [...this.#made]) {
      if (!isSame(index.dataset, dataset)) continue;
      this.#open.delete(key);
      this.#made.delete(key);
      close(index);
      await this.#cache.remove(index.place);
    }
    await this.#cache.remove({ ...dataset, seenFrom: placeOfEnvironment(process.env) });
  }

  /** Compares datasets that could not be compared before with their storage: a sign-in may have mended it. */
  retry(): void {
    for (const { root, inItsEnvironment } of this.#made.values()) inItsEnvironment(() => { root.retry(); });
  }

  /** Ends all looks and writes what is not written yet. */
  dispose(): void {
    for (const index of this.#made.values()) this.#close(index);
    this.#made.clear();
    this.#open.clear();
  }

  #make(place: KeptPlace, inItsEnvironment: OpenIndex['inItsEnvironment'], kept: IndexSnapshot | undefined): OpenIndex {
    const dataset: DatasetRef = { uri: place.uri, storage: place.storage };
    const { clock, log, progress, updated } = this.#options;
    const store = (): ObjectStore => this.#options.store(dataset);
    const changed = (change: DatasetChange): void => {
      if (change.everything === true) inside.forget();
      updated(dataset, change);
    };
    const root = new RootIndex({
      uri: dataset.uri, store, clock, lane: this.#roots, kept: kept?.root, changed,
      progress: (counted, done, error) => { progress(dataset, counted, done, error); },
      settled: () => { this.#saveSoon(index); },
    });
    const inside: LookedInto = new LookedInto({
      store, clock, log, lane: this.#folders, changed,
      head: (signal) => root.head(signal),
      labels: () => root.labels,
      grown: () => { this.#saveSoon(index); },
    }, kept);
    const index: OpenIndex = { dataset, place, inItsEnvironment, root, inside, dirty: false, timer: undefined };
    return index;
  }

  #saveSoon(index: OpenIndex): void {
    index.dirty = true;
    index.timer ??= setTimeout(() => {
      index.timer = undefined;
      void this.#save(index);
    }, saveAfterMs).unref();
  }

  async #save(index: OpenIndex): Promise<void> {
    if (!index.dirty) return;
    index.dirty = false;
    const snapshot = snapshotOf(index);
    if (snapshot === undefined) await this.#cache.remove(index.place);
    else await this.#cache.save(index.place, snapshot);
  }

  #keepNothing(index: OpenIndex): void {
    clearTimeout(index.timer);
    index.timer = undefined;
    index.dirty = false;
    void this.#cache.remove(index.place);
  }

  #closeOldest(): void {
    let labels = [...this.#made.values()].reduce((sum, { root }) => sum + root.labels.length, 0);
    for (const [key, index] of this.#made) {
      if (this.#made.size === 1 || (this.#made.size <= openAtMost && labels <= labelsAtMost)) return;
      if (index.root.busy) continue;
      labels -= index.root.labels.length;
      this.#made.delete(key);
      this.#open.delete(key);
      this.#close(index);
    }
  }

  #close(index: OpenIndex): void {
    if (index.dirty) {
      const snapshot = snapshotOf(index);
      if (snapshot !== undefined) this.#cache.saveNow(index.place, snapshot);
    }
    close(index);
  }
}

function close(index: OpenIndex): void {
  clearTimeout(index.timer);
  index.timer = undefined;
  index.dirty = false;
  index.root.dispose();
  index.inside.dispose();
}

function snapshotOf({ root, inside }: DatasetIndex): IndexSnapshot | undefined {
  return root.snapshot && { root: root.snapshot, ...inside.snapshot };
}

/** What one has listed must not be told to another, who may have other rights. */
function keyOf(dataset: DatasetRef): string {
  return `${askersKey()}\n${dataset.uri}\n${JSON.stringify(dataset.storage)}`;
}

function isSame(a: DatasetRef, b: DatasetRef): boolean {
  return a.uri === b.uri && JSON.stringify(a.storage) === JSON.stringify(b.storage);
}
