import { join } from 'node:path';
import { describeParticipant } from '../bids/browse.ts';
import { listDerivatives, readDerivative, readDerivatives } from '../bids/derivatives.ts';
import { summariseColumns } from '../bids/participants.ts';
import type { ImageSidecar } from '../bids/sidecars.ts';
import type { DatasetChange, DatasetRef, DatasetSummary, DerivativeSummary } from '../protocol/datasets.ts';
import { reportError, SpimquantError } from '../protocol/errors.ts';
import type { ErrorReport } from '../protocol/errors.ts';
import type { Clock, Logger } from '../protocol/log.ts';
import type { Requests } from '../protocol/rpc.ts';
import type { ObjectStore } from '../storage/objectStore.ts';
import { expandHome, joinUri, normaliseUri } from '../storage/uri.ts';
import { askersKey } from './askersEnvironment.ts';
import { DatasetList } from './datasetList.ts';
import { DatasetIndexes } from './indexes/datasetIndexes.ts';
import { pageOf, rangesOf } from './indexes/pages.ts';
import { Memo } from './memo.ts';
import { checkedStorage, OpenStores } from './openStores.ts';

export interface DatasetServiceOptions {
  /** Folder of `datasets.json`. */
  readonly stateFolder: string;
  /** Folder for what is known of datasets, of this machine alone: paths of another mean something else. */
  readonly cacheFolder: string;
  readonly clock: Clock;
  readonly log: Logger;
  /** Told the whole list whenever it has changed. */
  readonly changed: (datasets: readonly DatasetRef[]) => void;
  readonly progress: (dataset: DatasetRef, counted: number, done: boolean, error?: ErrorReport) => void;
  readonly updated: (dataset: DatasetRef, change: DatasetChange) => void;
  /** Bytes of what is known of datasets on disk. */
  readonly cacheLimit?: number;
}

type DatasetRequest = Extract<keyof Requests, `datasets.${string}`>;

/** Answers of the requests `datasets.*`, each under its own name. */
export type DatasetHandlers = {
  readonly [N in DatasetRequest]: (params: Requests[N]['params'], signal: AbortSignal) => Promise<Requests[N]['result']>;
};

/** Results of runs come and go. */
const derivativesMs = 10_000;
/** Participants of a page, and pieces of a dataset, at most. */
const pageLimit = 1000;
const rangesLimit = 5000;

/**
 * What views ask about datasets: a list that is kept, and looks into datasets that are remembered, also by later runners.
 * However many windows ask at once, a folder is listed once: a dataset's root in the background (a request for each thousand
 * participants in a bucket), everything below only as it is asked for, and never the inside of an image. What is remembered
 * is answered at once and compared with the storage in the background.
 */
export class DatasetService {
  readonly #list: DatasetList;
  readonly #changed: DatasetServiceOptions['changed'];
  readonly #stores: OpenStores;
  readonly #indexes: DatasetIndexes;
  readonly #derivatives: Memo<readonly DerivativeSummary[]>;

  constructor(options: DatasetServiceOptions) {
    const { clock, log, progress, updated } = options;
    this.#list = new DatasetList(options.stateFolder, clock, log);
    this.#changed = options.changed;
    this.#stores = new OpenStores(clock);
    this.#derivatives = new Memo({ limit: 50, maxAgeMs: derivativesMs, clock });
    this.#indexes = new DatasetIndexes({
      folder: join(options.cacheFolder, 'datasets'), clock, log, progress, updated, limit: options.cacheLimit,
      store: (dataset) => this.#store(dataset),
    });
  }

  readonly handlers: DatasetHandlers = {
    'datasets.list': () => this.#list.read(),
    'datasets.add': async ({ dataset, force }, signal) => this.#add(normalise(dataset), force === true, signal),
    'datasets.remove': async ({ uri }) => {
      const before = (await this.#list.read()).datasets;
      const plain = before.some((dataset) => dataset.uri === uri) ? uri : normaliseUri(expandHome(uri));
      const { datasets } = await this.#list.remove(plain);
      this.#changed(datasets);
      for (const dataset of before) if (dataset.uri === plain) await this.#indexes.remove(dataset);
      return null;
    },
    'datasets.describe': async ({ dataset, refresh }, signal) => this.#describe(normalise(dataset), refresh === true, signal),
    'datasets.participants': async ({ dataset, offset, limit, search, labelsOnly }, signal) => {
      const { root } = await this.#indexes.get(normalise(dataset));
      return pageOf(root, { offset, limit: Math.min(limit, pageLimit), search, labelsOnly }, signal);
    },
    'datasets.ranges': async ({ dataset, size, search }, signal) => {
      const { root } = await this.#indexes.get(normalise(dataset));
      return rangesOf(root, { size, limit: rangesLimit, search }, signal);
    },
    'datasets.counting': async ({ dataset, on }) => {
      const { root } = await this.#indexes.get(normalise(dataset));
      if (on) root.resume();
      else root.stop();
      return null;
    },
    'datasets.check': async ({ dataset }, signal) => {
      const ref = normalise(dataset);
      // Credentials may have been mended meanwhile.
      this.#stores.forget(ref.uri, ref.storage);
      const { root } = await this.#indexes.get(ref);
      await root.check(signal);
      return root.summary(signal);
    },
    'datasets.columns': async ({ dataset }, signal) => {
      const { root } = await this.#indexes.get(normalise(dataset));
      const { table } = await root.facts(signal);
      return { columns: table === undefined ? [] : summariseColumns(table) };
    },
    'datasets.participant': async ({ dataset, label, refresh }, signal) => {
      const ref = normalise(dataset);
      const plain = label.replace(/^sub-/, '');
      const { root, inside } = await this.#indexes.get(ref);
      if (refresh === true) inside.forget(plain);
      const [found, facts] = await Promise.all([inside.participant(plain, signal), root.facts(signal)]);
      return describeParticipant(ref.uri, plain, found, facts.table);
    },
    'datasets.image': async ({ dataset, path, refresh }, signal) => {
      const { inside } = await this.#indexes.get(normalise(dataset));
      if (refresh === true) inside.forgetImage(path);
      return inside.image(path, signal);
    },
    'datasets.derivatives': async ({ dataset }, signal) => ({ derivatives: await this.#derivativesOf(normalise(dataset), signal) }),
  };

  /** What the sidecars say of an image of a participant; nothing where the dataset does not have it. Rejects as `datasets.participant` does. */
  async sidecarOf(dataset: DatasetRef, path: string, signal: AbortSignal): Promise<ImageSidecar> {
    const label = /^sub-([A-Za-z0-9+]+)\//.exec(path)?.[1];
    if (label === undefined) return {};
    const { inside } = await this.#indexes.get(normalise(dataset));
    return (await inside.participant(label, signal)).images.find((image) => image.path === path) ?? {};
  }

  /** Addresses of the folders of results below a dataset. */
  async derivativesOf(dataset: DatasetRef, signal: AbortSignal): Promise<readonly string[]> {
    const ref = normalise(dataset);
    return (await listDerivatives(this.#store(ref), signal)).map((name) => joinUri(ref.uri, 'derivatives', name));
  }

  /** Compares datasets that could not be compared with their storage: a sign-in may have mended it. */
  retry(): void {
    this.#indexes.retry();
  }

  /** Ends all looks in the background and writes what is not kept yet. */
  dispose(): void {
    this.#indexes.dispose();
  }

  async #add(dataset: DatasetRef, force: boolean, signal: AbortSignal): Promise<DatasetSummary> {
    const summary = await this.#check(dataset, force, signal);
    const { datasets } = await this.#list.add(dataset);
    this.#changed(datasets);
    return summary;
  }

  /** What the dataset is like. Throws when it cannot be read or is none; with `force` that becomes a warning. */
  async #check(dataset: DatasetRef, force: boolean, signal: AbortSignal): Promise<DatasetSummary> {
    try {
      const summary = await this.#describe(dataset, true, signal);
      const { root } = await this.#indexes.get(dataset);
      if (summary.participants === 0 && !(await root.head(signal)).files.includes('dataset_description.json')) {
        throw new SpimquantError('bad-dataset', `${dataset.uri} is not a BIDS dataset: it has neither dataset_description.json nor folders called sub-….`, {
          where: dataset.uri, hint: 'Give the folder that holds them.',
        });
      }
      return summary;
    } catch (error) {
      const report = reportError(error);
      if (!force || report.code === 'cancelled' || report.code === 'internal') throw error;
      return { uri: dataset.uri, participants: 0, derivatives: 0, warnings: [report.message] };
    }
  }

  async #describe(dataset: DatasetRef, refresh: boolean, signal: AbortSignal): Promise<DatasetSummary> {
    if (!refresh) return (await this.#indexes.get(dataset)).root.summary(signal);
    // The store as well: it may hold on to credentials or an endpoint that were mended meanwhile.
    this.#stores.forget(dataset.uri, dataset.storage);
    this.#derivatives.forget(keyOf(dataset));
    return (await this.#indexes.renew(dataset)).root.summary(signal);
  }

  #derivativesOf(dataset: DatasetRef, signal: AbortSignal): Promise<readonly DerivativeSummary[]> {
    return this.#derivatives.get(keyOf(dataset), '', async (shared) => {
      const store = this.#store(dataset);
      const { root } = await this.#indexes.get(dataset);
      // Listed anew, unlike what the dataset is described by: a run may have made one a moment ago.
      const [names, facts] = await Promise.all([listDerivatives(store, shared), root.facts(shared)]);
      const own = facts.datasetType === 'derivative' ? [await readDerivative(store, dataset.uri.slice(dataset.uri.lastIndexOf('/') + 1), shared)] : [];
      return [...own, ...(await readDerivatives(store, names, shared))];
    }, signal);
  }

  #store(dataset: DatasetRef): ObjectStore {
    return this.#stores.get(dataset.uri, dataset.storage);
  }
}

/** The dataset with its URI in its one written form and nothing but known storage choices. Throws `bad-option`. */
function normalise(dataset: DatasetRef): DatasetRef {
  return { storage: checkedStorage(dataset.storage), uri: normaliseUri(expandHome(dataset.uri)) };
}

function keyOf(dataset: DatasetRef): string {
  return `${askersKey()}\n${dataset.uri}\n${JSON.stringify(dataset.storage)}`;
}
