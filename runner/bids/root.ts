import { SpimquantError } from '../protocol/errors.ts';
import { compareLabels } from '../protocol/participantOrder.ts';
import type { ListEntry, ObjectStore } from '../storage/objectStore.ts';
import type { Skipped } from './bids.types.ts';
import { FoundEntries } from './folder.ts';
import type { Folder } from './folder.ts';

/** What lies in a dataset's root beside the participants. */
export type RootHead = Folder;

/** What the listing of a dataset's root tells. */
export interface DatasetRoot extends RootHead {
  readonly uri: string;
  /** Participants: folders called `sub-…`, without the `sub-`, in the order of {@link compareLabels}. */
  readonly labels: readonly string[];
  /** Folders that look like a participant's, but whose names are no BIDS names; no more than a thousand. */
  readonly skipped: readonly Skipped[];
}

/** Something that a walk through a dataset's root has come upon. */
export type RootEvent =
  /** Once it is known, which is before the first participant where the place lists in order; at the end once more. */
  | { readonly kind: 'head'; readonly head: RootHead }
  | { readonly kind: 'participant'; readonly label: string }
  | { readonly kind: 'skipped'; readonly skipped: Skipped };

const participantPrefix = 'sub-';
/** Comes after all names of participants. */
const afterParticipants = 'sub-~';
/** Files and folders beside the participants that are looked at; beyond that, only those that datasets have by name. */
const besideAtMost = 2000;
/** Rows of a listing after which a look at what lies beside the participants leaves the rest of these out: a page of a bucket. */
const firstPage = 1000;
/** Of what looks like a participant and is none, so many are kept. */
const skippedAtMost = 1000;

/**
 * How the names of what belongs to a dataset begin: its files, results, and sidecars that hold for all participants. Those
 * are named by the entities that an image may have, but for the participant.
 */
const datasetNames = ['dataset_description.json', 'participants.tsv', 'derivatives', 'SPIM.json', 'acq-', 'chunk-', 'sample-', 'ses-', 'stain-', 'zarr.json', '.zattrs', '.zgroup'];

/**
 * Walks through a dataset's root, without holding more of it than what belongs to a dataset. Participants come in the order
 * of {@link compareLabels}, from the first page of a bucket's listing on; where a service lists out of order, one may come
 * out of order, or twice. Hundreds of thousands of other files cost a few requests more.
 */
export async function* walkRoot(store: ObjectStore, signal?: AbortSignal): AsyncGenerator<RootEvent> {
  const beside = new FoundEntries();
  const inOrder = listsInOrder(store.uri);
  let told = false;
  let passed = false;
  let crowded = false;
  for await (const entry of store.list('', { signal })) {
    if (entry.key.startsWith(participantPrefix)) {
      if (!told && inOrder) yield { kind: 'head', head: beside.folder(false) };
      told = true;
      yield* participantEvents(entry, beside);
      continue;
    }
    passed ||= entry.key > participantPrefix;
    beside.add(entry);
    if (beside.size >= besideAtMost) {
      crowded = true;
      break;
    }
  }
  if (!crowded) {
    yield { kind: 'head', head: beside.folder(false) };
    return;
  }
  await addDatasetNames(store, beside, signal);
  yield { kind: 'head', head: beside.folder(true) };
  if (passed && inOrder) return;
  for await (const entry of store.list('', { namePrefix: participantPrefix, signal })) {
    yield* participantEvents(entry, beside);
  }
  yield { kind: 'head', head: beside.folder(true) };
}

async function addDatasetNames(store: ObjectStore, beside: FoundEntries, signal: AbortSignal | undefined): Promise<void> {
  await Promise.all(datasetNames.map(async (namePrefix) => {
    let seen = 0;
    for await (const entry of store.list('', { namePrefix, signal })) {
      const wanted = entry.kind === 'folder' ? entry.key === 'derivatives/' : entry.key === namePrefix || isJson(entry.key);
      if (wanted) beside.add(entry);
      seen += 1;
      // A whole page of such names is no dataset's.
      if (seen >= firstPage) break;
    }
  }));
}

function* participantEvents(entry: ListEntry, beside: FoundEntries): Generator<RootEvent> {
  if (entry.kind === 'object') {
    // A sidecar of one participant may lie here; other files called so are nothing.
    if (isJson(entry.key) && beside.size < besideAtMost) beside.add(entry);
    return;
  }
  const folder = entry.key.slice(0, -1);
  if (/^sub-[A-Za-z0-9+]+$/.test(folder)) yield { kind: 'participant', label: folder.slice(participantPrefix.length) };
  else yield { kind: 'skipped', skipped: { path: folder, reason: 'its name is not sub- and a label of letters and digits' } };
}

/** Amazon's directory buckets are the one place that lists in no order. */
function listsInOrder(uri: string): boolean {
  return !/^s3:\/\/[^/]+--x-s3(?:\/|$)/.test(uri);
}

/** Collects what a walk through a root comes upon. */
export class RootCollector {
  #labels: string[] = [];
  #inOrder = true;
  readonly #skipped: Skipped[] = [];

  /** In order once the walk is over; until then as they were found. */
  get labels(): readonly string[] {
    return this.#labels;
  }

  get skipped(): readonly Skipped[] {
    return this.#skipped;
  }

  /** True when it was new. */
  add(event: Exclude<RootEvent, { kind: 'head' }>): boolean {
    if (event.kind === 'skipped') {
      if (this.#skipped.length >= skippedAtMost || this.#skipped.at(-1)?.path === event.skipped.path) return false;
      this.#skipped.push(event.skipped);
      return true;
    }
    const last = this.#labels.at(-1);
    if (last !== undefined && compareLabels(last, event.label) >= 0) this.#inOrder = false;
    this.#labels.push(event.label);
    return true;
  }

  /** To be called when the walk is over. */
  finish(): void {
    if (!this.#inOrder) this.#labels = [...new Set(this.#labels)].sort(compareLabels);
    this.#inOrder = true;
  }
}

/** Lists a dataset's root whole, and nothing else. `onCount` hears of every participant. Throws `not-found` when there is nothing there. */
export async function readRoot(store: ObjectStore, signal?: AbortSignal, onCount?: (participants: number) => void): Promise<DatasetRoot> {
  const found = new RootCollector();
  let head: RootHead | undefined;
  for await (const event of walkRoot(store, signal)) {
    if (event.kind === 'head') head = event.head;
    else if (found.add(event) && event.kind === 'participant') onCount?.(found.labels.length);
  }
  found.finish();
  const root: DatasetRoot = { uri: store.uri, ...(head ?? new FoundEntries().folder(false)), labels: found.labels, skipped: found.skipped };
  if (isNothing(root)) throw nothingThere(store.uri);
  return root;
}

/** Whether a listing found nothing at all. */
export function isNothing(root: Pick<DatasetRoot, 'files' | 'folders' | 'labels' | 'skipped'>): boolean {
  return root.files.length === 0 && root.folders.length === 0 && root.labels.length === 0 && root.skipped.length === 0;
}

/** The error about a dataset that is not there. */
export function nothingThere(uri: string): SpimquantError {
  return new SpimquantError('not-found', `There is no dataset at ${uri}.`, { where: uri, hint: 'Check the spelling of the folder or of the bucket and prefix.' });
}

/** A dataset's root, of whose participants only the first may be there. */
export interface RootGlance extends DatasetRoot {
  /** True: these are all. */
  readonly whole: boolean;
}

/**
 * What lies in a dataset's root beside the participants, and the first thousand or so of these: in a bucket one page of its
 * listing, and where there are more a second for what comes after them. Throws `not-found` when there is nothing there.
 */
export async function glanceAtRoot(store: ObjectStore, signal?: AbortSignal): Promise<RootGlance> {
  const found = new RootCollector();
  let head: RootHead | undefined;
  let whole = true;
  for await (const event of walkRoot(store, signal)) {
    if (event.kind === 'head') head = event.head;
    else found.add(event);
    whole = !listsInOrder(store.uri) || head === undefined || found.labels.length + found.skipped.length < firstPage - head.files.length - head.folders.length;
    if (!whole) break;
  }
  found.finish();
  head ??= new FoundEntries().folder(false);
  if (!whole && !head.crowded) head = await withRest(store, head, signal);
  const glance: RootGlance = { uri: store.uri, ...head, labels: found.labels, skipped: found.skipped, whole };
  if (isNothing(glance)) throw nothingThere(store.uri);
  return glance;
}

/** Adds what comes after the participants. */
async function withRest(store: ObjectStore, head: RootHead, signal: AbortSignal | undefined): Promise<RootHead> {
  const all = new FoundEntries();
  for (const folder of head.folders) all.add({ key: `${folder}/` });
  for (const [key, version] of head.versions) all.add({ key, version });
  for await (const entry of store.list('', { startAfter: afterParticipants, signal })) {
    if (entry.key <= afterParticipants) continue;
    if (all.size >= besideAtMost) return all.folder(true);
    all.add(entry);
  }
  return all.folder(false);
}

/** Labels of a dataset's participants, in order, after a label; one request for each thousand that are taken from a bucket. */
export async function* listLabels(store: ObjectStore, after: string | undefined, signal?: AbortSignal): AsyncGenerator<string> {
  for await (const entry of store.list('', { namePrefix: participantPrefix, ...(after === undefined ? {} : { startAfter: `${participantPrefix}${after}/` }), signal })) {
    for (const event of participantEvents(entry, new FoundEntries())) if (event.kind === 'participant') yield event.label;
  }
}

/** Whether a folder has participants, judged by the first names that begin like theirs. */
export async function hasParticipants(store: ObjectStore, signal?: AbortSignal): Promise<boolean> {
  let seen = 0;
  for await (const entry of store.list('', { namePrefix: participantPrefix, signal })) {
    for (const event of participantEvents(entry, new FoundEntries())) if (event.kind === 'participant') return true;
    seen += 1;
    if (seen >= firstPage) return false;
  }
  return false;
}

/** Whether a dataset has a participant, by a listing of the names that begin like its folder's. */
export async function hasParticipant(store: ObjectStore, label: string, signal?: AbortSignal): Promise<boolean> {
  const wanted = `${participantPrefix}${label}/`;
  for await (const { key } of store.list('', { namePrefix: `${participantPrefix}${label}`, signal })) {
    if (key === wanted) return true;
    if (key > wanted && listsInOrder(store.uri)) return false;
  }
  return false;
}

/** Sidecars of one participant that lie in the root, where what lies there was not looked at whole. */
export async function rootSidecarsOf(store: ObjectStore, label: string, signal?: AbortSignal): Promise<readonly string[]> {
  const files: string[] = [];
  for await (const { kind, key } of store.list('', { namePrefix: `${participantPrefix}${label}_`, signal })) {
    if (kind === 'object' && isJson(key)) files.push(key);
    if (files.length >= firstPage) break;
  }
  return files;
}

export function isJson(path: string): boolean {
  return path.endsWith('.json');
}
