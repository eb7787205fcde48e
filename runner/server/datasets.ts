import { describeParticipant, pageParticipants, readFacts, readParticipant, summariseDataset } from '../bids/browse.ts';
import type { DatasetFacts } from '../bids/browse.ts';
import { listDerivatives, readDerivative, readDerivatives } from '../bids/derivatives.ts';
import { summariseImage } from '../bids/imageSummary.ts';
import type { Found } from '../bids/participantImages.ts';
import { readRoot } from '../bids/root.ts';
import type { DatasetRoot } from '../bids/root.ts';
import { openOmeZarr } from '../image/omeZarr.ts';
import type { DatasetRef, DatasetSummary, DerivativeSummary, ImageSummary } from '../protocol/datasets.ts';
import { reportError, SpimquantError } from '../protocol/errors.ts';
import type { Clock, Logger } from '../protocol/log.ts';
import type { Requests } from '../protocol/rpc.ts';
import type { ObjectStore } from '../storage/objectStore.ts';
import { expandHome, normaliseUri } from '../storage/uri.ts';
import { askersKey } from './askersEnvironment.ts';
import { DatasetList } from './datasetList.ts';
import { Memo } from './memo.ts';
import { checkedStorage, OpenStores } from './openStores.ts';

export interface DatasetServiceOptions {
  /** Folder of `datasets.json`. */
  readonly stateFolder: string;
  readonly clock: Clock;
  readonly log: Logger;
  /** Told the whole list whenever it has changed. */
  readonly changed: (datasets: readonly DatasetRef[]) => void;
}

type DatasetRequest = Extract<keyof Requests, `datasets.${string}`>;

/** Answers of the requests `datasets.*`, each under its own name. */
export type DatasetHandlers = {
  readonly [N in DatasetRequest]: (params: Requests[N]['params'], signal: AbortSignal) => Promise<Requests[N]['result']>;
};

/** Listings change rarely, and views can ask for them anew. Results of runs come and go. */
const listingsMs = 600_000;
const derivativesMs = 10_000;
/** Participants of a page at most. */
const pageLimit = 1000;

/**
 * What views ask about datasets: a list that is kept, and looks into datasets that are remembered for a while. However
 * many windows ask at once, a folder is listed once. A dataset's root is listed whole (a request for each thousand
 * participants in a bucket), everything below only as it is asked for, and never the inside of an image.
 */
export class DatasetService {
  readonly #list: DatasetList;
  readonly #changed: DatasetServiceOptions['changed'];
  readonly #stores: OpenStores;
  readonly #roots: Memo<DatasetRoot>;
  readonly #facts: Memo<DatasetFacts>;
  readonly #participants: Memo<Found>;
  readonly #images: Memo<ImageSummary>;
  readonly #derivatives: Memo<readonly DerivativeSummary[]>;

  constructor(options: DatasetServiceOptions) {
    const { clock } = options;
    this.#list = new DatasetList(options.stateFolder, clock, options.log);
    this.#changed = options.changed;
    this.#stores = new OpenStores(clock);
    this.#roots = new Memo({ limit: 50, maxAgeMs: listingsMs, clock });
    this.#facts = new Memo({ limit: 50, maxAgeMs: listingsMs, clock });
    this.#participants = new Memo({ limit: 2000, maxAgeMs: listingsMs, clock });
    this.#images = new Memo({ limit: 1000, maxAgeMs: listingsMs, clock });
    this.#derivatives = new Memo({ limit: 50, maxAgeMs: derivativesMs, clock });
  }

  readonly handlers: DatasetHandlers = {
    'datasets.list': () => this.#list.read(),
    'datasets.add': async ({ dataset, force }, signal) => this.#add(normalise(dataset), force === true, signal),
    'datasets.remove': async ({ uri }) => {
      const before = await this.#list.read();
      const { datasets } = await this.#list.remove(before.datasets.some((dataset) => dataset.uri === uri) ? uri : normaliseUri(expandHome(uri)));
      this.#changed(datasets);
      return null;
    },
    'datasets.describe': async ({ dataset, refresh }, signal) => this.#describe(normalise(dataset), refresh === true, signal),
    'datasets.participants': async ({ dataset, offset, limit, search }, signal) => {
      const { labels } = await this.#root(normalise(dataset), signal);
      return pageParticipants(labels, { offset, limit: Math.min(limit, pageLimit), search });
    },
    'datasets.participant': async ({ dataset, label }, signal) => {
      const ref = normalise(dataset);
      const plain = label.replace(/^sub-/, '');
      const [found, facts] = await Promise.all([this.#participant(ref, plain, signal), this.#factsOf(ref, signal)]);
      return describeParticipant(ref.uri, plain, found, facts.table);
    },
    'datasets.image': async ({ dataset, path }, signal) => this.#image(normalise(dataset), path, signal),
    'datasets.derivatives': async ({ dataset }, signal) => ({ derivatives: await this.#derivativesOf(normalise(dataset), signal) }),
  };

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
      const root = await this.#root(dataset, signal);
      if (summary.participants === 0 && !root.files.includes('dataset_description.json')) {
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
    if (refresh) this.#forget(dataset);
    const [root, facts] = await Promise.all([this.#root(dataset, signal), this.#factsOf(dataset, signal)]);
    return summariseDataset(root, facts);
  }

  #forget(dataset: DatasetRef): void {
    const key = keyOf(dataset);
    // The store as well: it may hold on to credentials or an endpoint that were mended meanwhile.
    this.#stores.forget(dataset.uri, dataset.storage);
    for (const memo of [this.#roots, this.#facts, this.#participants, this.#images, this.#derivatives]) memo.forget(key);
  }

  #root(dataset: DatasetRef, signal: AbortSignal): Promise<DatasetRoot> {
    return this.#roots.get(keyOf(dataset), '', (shared) => readRoot(this.#store(dataset), shared), signal);
  }

  #factsOf(dataset: DatasetRef, signal: AbortSignal): Promise<DatasetFacts> {
    return this.#facts.get(keyOf(dataset), '', async (shared) => readFacts(this.#store(dataset), await this.#root(dataset, shared), shared), signal);
  }

  #participant(dataset: DatasetRef, label: string, signal: AbortSignal): Promise<Found> {
    return this.#participants.get(keyOf(dataset), label, async (shared) => readParticipant(this.#store(dataset), await this.#root(dataset, shared), label, shared), signal);
  }

  #image(dataset: DatasetRef, path: string, signal: AbortSignal): Promise<ImageSummary> {
    return this.#images.get(keyOf(dataset), path, async (shared) => {
      const label = /^sub-([A-Za-z0-9+]+)\//.exec(path)?.[1];
      const root = await this.#root(dataset, shared);
      // What lies elsewhere, or is no image of the pipeline, can be opened all the same; only its sidecar is not known.
      const found = label === undefined || !root.labels.includes(label) ? undefined : await this.#participant(dataset, label, shared);
      const { info } = await openOmeZarr(this.#store(dataset), path, { signal: shared });
      return summariseImage(info, found?.images.find((image) => image.path === path) ?? {});
    }, signal);
  }

  #derivativesOf(dataset: DatasetRef, signal: AbortSignal): Promise<readonly DerivativeSummary[]> {
    return this.#derivatives.get(keyOf(dataset), '', async (shared) => {
      const store = this.#store(dataset);
      // Listed anew, unlike what the dataset is described by: a run may have made one a moment ago.
      const [names, facts] = await Promise.all([listDerivatives(store, shared), this.#factsOf(dataset, shared)]);
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
