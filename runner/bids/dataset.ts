import { SpimquantError } from '../protocol/errors.ts';
import type { EntityFilter } from '../protocol/options.ts';
import type { ObjectStore } from '../storage/objectStore.ts';
import type { DatasetIndex } from './bids.types.ts';
import { componentFilters } from './filters.ts';
import { mapBounded } from './folder.ts';
import { interpretParticipant, listParticipant } from './participantImages.ts';
import { chooseParticipants, parseParticipants } from './participants.ts';
import { glanceAtRoot, hasParticipant, isJson, readRoot, rootSidecarsOf } from './root.ts';
import type { DatasetRoot } from './root.ts';
import { readJsonObject } from './sidecars.ts';

/** Which part of a dataset to index. */
export interface IndexOptions {
  /** Filters of `--filter-spim`. */
  readonly filters?: readonly EntityFilter[];
  /** With or without `sub-`. Empty: all. */
  readonly participantLabel?: readonly string[];
  readonly excludeParticipantLabel?: readonly string[];
  readonly signal?: AbortSignal;
  /** Participants listed at once. Default 8. */
  readonly concurrency?: number;
}

/**
 * Finds the lightsheet images of a BIDS dataset by listing its root, each participant, each session and each `micr`
 * folder, one level at a time: never inside an image. Where participants are named, thousands of others are not listed.
 * Reads the description, participants.tsv and the JSON sidecars of the images that are kept. What is left out is in
 * `skipped`, with the reason.
 *
 * @throws SpimquantError `not-found` when there is nothing there or a participant asked for does not exist; `bad-dataset`
 *   when it is not a BIDS dataset or has no participants
 */
export async function indexDataset(store: ObjectStore, options: IndexOptions = {}): Promise<DatasetIndex> {
  const { signal } = options;
  const { files, labels: present, skipped } = await readRootFor(store, options.participantLabel ?? [], signal);
  const description = await readDescription(store, files, present.length > 0, signal);
  if (present.length === 0) {
    throw new SpimquantError('bad-dataset', `There are no participants (folders called sub-…) in ${store.uri}.`, { where: store.uri });
  }
  const participants = chooseParticipants(present, options.participantLabel ?? [], options.excludeParticipantLabel ?? [], store.uri);
  const filters = componentFilters(options.filters ?? []);
  const rootSidecars = files.filter(isJson);
  const found = await mapBounded(participants, options.concurrency ?? 8, async (label) => interpretParticipant(store, await listParticipant(store, label, signal), { filters, rootSidecars, signal }));
  const images = found.flatMap((part) => part.images).sort((a, b) => (a.path < b.path ? -1 : 1));
  const participantsFile = files.includes('participants.tsv') ? await store.read('participants.tsv', { signal }) : undefined;
  const table = participantsFile && parseParticipants(participantsFile, `${store.uri}/participants.tsv`);
  return {
    uri: store.uri,
    ...(typeof description.Name === 'string' ? { name: description.Name } : {}),
    ...(typeof description.BIDSVersion === 'string' ? { bidsVersion: description.BIDSVersion } : {}),
    participants,
    images,
    skipped: [...skipped, ...found.flatMap((part) => part.skipped)],
    participantRows: table?.rows ?? new Map(),
    participantColumns: table?.columns ?? [],
  };
}

/**
 * A dataset's root. Where participants are named, thousands of others are not listed, unless one of those that are named is
 * missing: then the labels are all there are, for the error that says so. `onCount` hears of every participant.
 */
export async function readRootFor(store: ObjectStore, participantLabel: readonly string[], signal?: AbortSignal, onCount?: (participants: number) => void): Promise<DatasetRoot> {
  if (participantLabel.length === 0) return readRoot(store, signal, onCount);
  const glance = await glanceAtRoot(store, signal);
  if (glance.whole) return glance;
  const wanted = [...new Set(participantLabel.map((label) => label.replace(/^sub-/, '')))];
  const found = await mapBounded(wanted, 8, async (label) => ({ there: await hasParticipant(store, label, signal), sidecars: await rootSidecarsOf(store, label, signal) }));
  if (found.some(({ there }) => !there)) return readRoot(store, signal, onCount);
  return { ...glance, files: [...new Set([...glance.files, ...found.flatMap(({ sidecars }) => sidecars)])].sort(), labels: wanted, skipped: [] };
}

/** Throws `bad-dataset` when the index has no image to work on, saying why the first ones were left out. */
export function requireImages(index: DatasetIndex): void {
  if (index.images.length > 0) return;
  const reasons = index.skipped.slice(0, 2).map(({ path, reason }) => `${path}: ${reason}`);
  const more = index.skipped.length > 2 ? ` (and ${index.skipped.length - 2} more)` : '';
  throw new SpimquantError('bad-dataset', `There is no lightsheet image to work on in ${index.uri}.`, {
    where: index.uri,
    hint: reasons.length === 0
      ? 'Images are looked for as sub-…/[ses-…/]micr/sub-…_SPIM.ome.zarr.'
      : `Left out: ${reasons.join('; ')}${more}.`,
  });
}

async function readDescription(store: ObjectStore, files: readonly string[], hasParticipants: boolean, signal: AbortSignal | undefined): Promise<Readonly<Record<string, unknown>>> {
  const description = files.includes('dataset_description.json') ? await readJsonObject(store, 'dataset_description.json', signal) : undefined;
  if (description === undefined) {
    throw new SpimquantError('bad-dataset', `${store.uri} is not a BIDS dataset: it has no dataset_description.json.`, {
      where: store.uri,
      hint: hasParticipants
        ? 'Add the file, with at least {"Name": "…", "BIDSVersion": "1.9.0"} in it.'
        : 'Give the folder that holds dataset_description.json and the sub-… folders.',
    });
  }
  return description;
}
