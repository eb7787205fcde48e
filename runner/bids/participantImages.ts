import { createHash } from 'node:crypto';
import { SpimquantError } from '../protocol/errors.ts';
import type { ObjectStore } from '../storage/objectStore.ts';
import type { BidsName, Skipped, SpimFile } from './bids.types.ts';
import { defaultExtensions } from './filters.ts';
import type { NameFilter } from './filters.ts';
import { listFolder, mapBounded } from './folder.ts';
import type { Folder } from './folder.ts';
import { parseBidsName } from './names.ts';
import { isJson } from './root.ts';
import { applicableSidecars, interpretSidecar, readJsonObject } from './sidecars.ts';
import type { ImageSidecar } from './sidecars.ts';

/** What listings tell of a participant, before any file is read. */
export interface ParticipantListing {
  /** Without `sub-`. */
  readonly label: string;
  /** True: the folder holds nothing, or there is none. */
  readonly empty: boolean;
  /** JSON files of the participant's folder. */
  readonly sidecars: readonly string[];
  /** Folders of images: the participant's own, then those of its sessions. */
  readonly places: readonly ImagePlace[];
  /** Changes whenever {@link interpretParticipant} may find something else. */
  readonly mark: string;
}

interface ImagePlace {
  readonly session?: string;
  /** The session's folder. */
  readonly above?: Folder;
  readonly path: string;
  readonly micr: Folder;
}

/** How a participant's images are chosen and read. */
export interface ParticipantView {
  readonly filters: readonly NameFilter[];
  /** Paths of the JSON files in the dataset's root. */
  readonly rootSidecars: readonly string[];
  readonly signal?: AbortSignal;
  /** Told of sidecars that cannot be read; the image is then kept without what they say. Left out: that is thrown. */
  readonly onBadSidecar?: (sidecar: Skipped) => void;
}

/** What a participant's folders hold. */
export interface Found {
  readonly images: readonly SpimFile[];
  readonly skipped: readonly Skipped[];
}

/** Files and folders of one folder that are looked at; beyond that, those that a participant has by name. */
const entriesAtMost = 5000;
const sessionsAtOnce = 4;

/** Lists a participant's folder, its sessions and their `micr` folders: never inside an image. */
export async function listParticipant(store: ObjectStore, label: string, signal?: AbortSignal): Promise<ParticipantListing> {
  const own = `sub-${label}`;
  const images = { most: entriesAtMost, wanted: [`${own}_`] };
  const top = await listFolder(store, own, signal, { most: entriesAtMost, wanted: ['micr', 'ses-', `${own}_`, 'SPIM.json'] });
  const folders = [...(top.folders.includes(`${own}/micr`) ? [own] : []), ...top.folders.filter((path) => path.startsWith(`${own}/ses-`))];
  const places = await mapBounded(folders, sessionsAtOnce, async (folder): Promise<readonly ImagePlace[]> => {
    const path = `${folder}/micr`;
    if (folder === own) return [{ path, micr: await listFolder(store, path, signal, images) }];
    const session = await listFolder(store, folder, signal, { most: entriesAtMost, wanted: ['micr', `${own}_`, 'SPIM.json'] });
    if (!session.folders.includes(path)) return [];
    return [{ path, session: folder.slice(`${own}/ses-`.length), above: session, micr: await listFolder(store, path, signal, images) }];
  });
  const listing = { label, empty: top.files.length === 0 && top.folders.length === 0, sidecars: top.files.filter(isJson), places: places.flat() };
  return { ...listing, mark: markOf(top, folders, listing.places) };
}

function markOf(top: Folder, folders: readonly string[], places: readonly ImagePlace[]): string {
  const versions = (folder?: Folder): readonly string[] => (folder?.files ?? []).filter(isJson).flatMap((path) => [path, folder?.versions.get(path) ?? '']);
  const said = [folders, versions(top), places.map(({ path, above, micr }) => [path, versions(above), versions(micr), micr.crowded, [...micr.folders, ...micr.files].filter(looksLikeImage)])];
  return createHash('sha256').update(JSON.stringify(said)).digest('base64url');
}

/**
 * Finds the images among what was listed. Reads the JSON sidecars of those that are kept. Throws `bad-dataset` for a
 * sidecar that cannot be read.
 */
export async function interpretParticipant(store: ObjectStore, listing: ParticipantListing, view: ParticipantView): Promise<Found> {
  const levels = [view.rootSidecars, listing.sidecars];
  const parts: Found[] = [];
  for (const place of listing.places) parts.push(await interpretPlace(store, listing.label, place, [...levels, (place.above?.files ?? []).filter(isJson)], view));
  const images = parts.flatMap((part) => part.images);
  const skipped = parts.flatMap((part) => part.skipped);
  if (images.length === 0 && skipped.length === 0) {
    return { images, skipped: [{ path: `sub-${listing.label}`, reason: 'it has no lightsheet images (micr/sub-…_SPIM.ome.zarr)' }] };
  }
  return { images, skipped };
}

async function interpretPlace(store: ObjectStore, label: string, { path: folder, session, micr }: ImagePlace, parentSidecars: readonly (readonly string[])[], view: ParticipantView): Promise<Found> {
  const levels = [...parentSidecars, micr.files.filter(isJson)];
  const skipped: Skipped[] = micr.crowded ? [{ path: folder, reason: `it holds more than ${entriesAtMost.toLocaleString('en-US')} files and folders, so only those called sub-${label}_… were looked at` }] : [];
  const kept: { readonly path: string; readonly name: BidsName }[] = [];
  for (const path of [...micr.folders, ...micr.files].filter(looksLikeImage).sort()) {
    const name = parseBidsName(path.slice(folder.length + 1));
    if (name === undefined) {
      skipped.push({ path, reason: 'its name is not a BIDS name (key-value parts joined by _, then a suffix)' });
      continue;
    }
    const reason = misplaced(name, label, session) ?? view.filters.map((filter) => filter.reject(name)).find((text) => text !== undefined);
    if (reason === undefined) kept.push({ path, name });
    else skipped.push({ path, reason });
  }
  const images: SpimFile[] = [];
  for (const { path, name } of kept) {
    const better = kept.find((other) => isBetterCopy(other, { path, name }));
    if (better === undefined) images.push({ ...name, path, ...(await readSidecars(store, path, name, levels, view)) });
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

async function readSidecars(store: ObjectStore, path: string, name: BidsName, levels: readonly (readonly string[])[], view: ParticipantView): Promise<ImageSidecar> {
  const sidecars = applicableSidecars(name, levels);
  const merged: Record<string, unknown> = {};
  let current = path;
  try {
    for (const sidecar of sidecars) {
      current = sidecar;
      Object.assign(merged, await readJsonObject(store, sidecar, view.signal));
    }
    current = sidecars.at(-1) ?? path;
    return interpretSidecar(merged, `${store.uri}/${path}`);
  } catch (error) {
    if (view.onBadSidecar === undefined || !(error instanceof SpimquantError) || error.code !== 'bad-dataset') throw error;
    view.onBadSidecar({ path: current, reason: error.message });
    return {};
  }
}

/** Everything that could be meant as an image; sidecars, tables and hidden files are not worth a word. */
function looksLikeImage(path: string): boolean {
  const name = path.slice(path.lastIndexOf('/') + 1);
  return !name.startsWith('.') && (/\.(zarr|zarr\.zip|ozx|ims)$/i.test(name) || /_SPIM\.(?!json$|tsv$|tsv\.gz$)/.test(name));
}
