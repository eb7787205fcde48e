import { SpimquantError } from '../protocol/errors.ts';
import type { EntityFilter } from '../protocol/options.ts';
import type { ObjectStore } from '../storage/objectStore.ts';
import type { BidsName, DatasetIndex, Skipped, SpimFile } from './bids.types.ts';
import { componentFilters, defaultExtensions } from './filters.ts';
import type { NameFilter } from './filters.ts';
import { parseBidsName } from './names.ts';
import { chooseParticipants, parseParticipants } from './participants.ts';
import { applicableSidecars, interpretSidecar, readJsonObject } from './sidecars.ts';

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

/** One level of a folder: paths of its files and (without a trailing slash) of its folders. */
interface Folder {
  readonly files: readonly string[];
  readonly folders: readonly string[];
}

/**
 * Finds the lightsheet images of a BIDS dataset by listing its root, each participant, each session and each `micr`
 * folder, one level at a time: never inside an image. Reads the description, participants.tsv and the JSON sidecars of
 * the images that are kept. What is left out is in `skipped`, with the reason.
 *
 * @throws SpimquantError `not-found` when there is nothing there or a participant asked for does not exist; `bad-dataset`
 *   when it is not a BIDS dataset or has no participants
 */
export async function indexDataset(store: ObjectStore, options: IndexOptions = {}): Promise<DatasetIndex> {
  const { signal } = options;
  const root = await listFolder(store, '', signal);
  const description = await readDescription(store, root, signal);
  const skipped: Skipped[] = [];
  const present: string[] = [];
  for (const folder of root.folders.filter((path) => path.startsWith('sub-'))) {
    if (/^sub-[A-Za-z0-9+]+$/.test(folder)) present.push(folder.slice('sub-'.length));
    else skipped.push({ path: folder, reason: 'its name is not sub- and a label of letters and digits' });
  }
  present.sort();
  if (present.length === 0) {
    throw new SpimquantError('bad-dataset', `There are no participants (folders called sub-…) in ${store.uri}.`, { where: store.uri });
  }
  const participants = chooseParticipants(present, options.participantLabel ?? [], options.excludeParticipantLabel ?? [], store.uri);
  const filters = componentFilters(options.filters ?? []);
  const rootSidecars = root.files.filter(isJson);
  const found = await mapBounded(participants, options.concurrency ?? 8, (label) => indexParticipant({ store, label, filters, rootSidecars, signal }));
  const images = found.flatMap((part) => part.images).sort((a, b) => (a.path < b.path ? -1 : 1));
  const participantsFile = root.files.includes('participants.tsv') ? await store.read('participants.tsv', { signal }) : undefined;
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

async function readDescription(store: ObjectStore, root: Folder, signal: AbortSignal | undefined): Promise<Readonly<Record<string, unknown>>> {
  if (root.files.length === 0 && root.folders.length === 0) {
    throw new SpimquantError('not-found', `There is no dataset at ${store.uri}.`, { where: store.uri, hint: 'Check the spelling of the folder or of the bucket and prefix.' });
  }
  const description = root.files.includes('dataset_description.json') ? await readJsonObject(store, 'dataset_description.json', signal) : undefined;
  if (description === undefined) {
    const hasParticipants = root.folders.some((path) => path.startsWith('sub-'));
    throw new SpimquantError('bad-dataset', `${store.uri} is not a BIDS dataset: it has no dataset_description.json.`, {
      where: store.uri,
      hint: hasParticipants
        ? 'Add the file, with at least {"Name": "…", "BIDSVersion": "1.9.0"} in it.'
        : 'Give the folder that holds dataset_description.json and the sub-… folders.',
    });
  }
  return description;
}

interface ParticipantTask {
  readonly store: ObjectStore;
  readonly label: string;
  readonly filters: readonly NameFilter[];
  readonly rootSidecars: readonly string[];
  readonly signal: AbortSignal | undefined;
}

interface Found {
  readonly images: readonly SpimFile[];
  readonly skipped: readonly Skipped[];
}

async function indexParticipant(task: ParticipantTask): Promise<Found> {
  const { store, label, signal } = task;
  const top = await listFolder(store, `sub-${label}`, signal);
  const levels = [task.rootSidecars, top.files.filter(isJson)];
  const parts: Found[] = [];
  if (top.folders.includes(`sub-${label}/micr`)) parts.push(await indexMicr(task, `sub-${label}/micr`, levels, undefined));
  for (const folder of top.folders.filter((path) => path.startsWith(`sub-${label}/ses-`))) {
    const session = await listFolder(store, folder, signal);
    if (!session.folders.includes(`${folder}/micr`)) continue;
    parts.push(await indexMicr(task, `${folder}/micr`, [...levels, session.files.filter(isJson)], folder.slice(`sub-${label}/ses-`.length)));
  }
  const images = parts.flatMap((part) => part.images);
  const skipped = parts.flatMap((part) => part.skipped);
  if (images.length === 0 && skipped.length === 0) {
    return { images, skipped: [{ path: `sub-${label}`, reason: 'it has no lightsheet images (micr/sub-…_SPIM.ome.zarr)' }] };
  }
  return { images, skipped };
}

async function indexMicr(task: ParticipantTask, folder: string, parentSidecars: readonly (readonly string[])[], session: string | undefined): Promise<Found> {
  const listing = await listFolder(task.store, folder, task.signal);
  const levels = [...parentSidecars, listing.files.filter(isJson)];
  const skipped: Skipped[] = [];
  const kept: { readonly path: string; readonly name: BidsName }[] = [];
  for (const path of [...listing.folders, ...listing.files].filter(looksLikeImage).sort()) {
    const name = parseBidsName(path.slice(folder.length + 1));
    if (name === undefined) {
      skipped.push({ path, reason: 'its name is not a BIDS name (key-value parts joined by _, then a suffix)' });
      continue;
    }
    const reason = misplaced(name, task.label, session) ?? task.filters.map((filter) => filter.reject(name)).find((text) => text !== undefined);
    if (reason === undefined) kept.push({ path, name });
    else skipped.push({ path, reason });
  }
  const images: SpimFile[] = [];
  for (const { path, name } of kept) {
    const better = kept.find((other) => isBetterCopy(other, { path, name }));
    if (better === undefined) images.push({ ...name, path, ...(await readSidecars(task, path, name, levels)) });
    else skipped.push({ path, reason: `it holds the same image as ${better.path.slice(folder.length + 1)}, which is used` });
  }
  return { images, skipped };
}

function misplaced(name: BidsName, label: string, session: string | undefined): string | undefined {
  if (name.entities.sub !== label) return `it lies in the folder of sub-${label}, but its name says ${name.entities.sub === undefined ? 'no participant' : `sub-${name.entities.sub}`}`;
  if (name.entities.ses !== session) return `its name says ${name.entities.ses === undefined ? 'no session' : `ses-${name.entities.ses}`}, but its folder ${session === undefined ? 'is of no session' : `is that of ses-${session}`}`;
  return undefined;
}

/** The same name in an extension that is preferred: a folder is cheaper to read than a zip file. */
function isBetterCopy(other: { readonly path: string; readonly name: BidsName }, self: { readonly path: string; readonly name: BidsName }): boolean {
  const stem = ({ path, name }: { readonly path: string; readonly name: BidsName }): string => path.slice(0, path.length - name.extension.length);
  const rank = ({ name }: { readonly name: BidsName }): number => (defaultExtensions as readonly string[]).indexOf(name.extension);
  return other.path !== self.path && stem(other) === stem(self) && rank(other) >= 0 && rank(self) > rank(other);
}

async function readSidecars(task: ParticipantTask, path: string, name: BidsName, levels: readonly (readonly string[])[]): Promise<Pick<SpimFile, 'sampleStaining' | 'orientationXYZ'>> {
  const merged: Record<string, unknown> = {};
  for (const sidecar of applicableSidecars(name, levels)) Object.assign(merged, await readJsonObject(task.store, sidecar, task.signal));
  return interpretSidecar(merged, `${task.store.uri}/${path}`);
}

function isJson(path: string): boolean {
  return path.endsWith('.json');
}

/** Everything that could be meant as an image; sidecars, tables and hidden files are not worth a word. */
function looksLikeImage(path: string): boolean {
  const name = path.slice(path.lastIndexOf('/') + 1);
  return !name.startsWith('.') && (/\.(zarr|zarr\.zip|ozx|ims)$/i.test(name) || /_SPIM\.(?!json$|tsv$|tsv\.gz$)/.test(name));
}

async function listFolder(store: ObjectStore, folder: string, signal: AbortSignal | undefined): Promise<Folder> {
  const files: string[] = [];
  const folders: string[] = [];
  for await (const entry of store.list(folder, { signal })) {
    if (entry.kind === 'folder') folders.push(entry.key.replace(/\/$/, ''));
    else files.push(entry.key);
  }
  return { files: files.sort(), folders: folders.sort() };
}

/** Results in the order of the items; at most `limit` at once. The first failure is thrown. */
async function mapBounded<T, R>(items: readonly T[], limit: number, work: (item: T) => Promise<R>): Promise<R[]> {
  const results = new Array<R>(items.length);
  let next = 0;
  const lane = async (): Promise<void> => {
    while (next < items.length) {
      const index = next++;
      results[index] = await work(items[index]);
    }
  };
  await Promise.all(Array.from({ length: Math.min(Math.max(1, limit), items.length) }, lane));
  return results;
}
