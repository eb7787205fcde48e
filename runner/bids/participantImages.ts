import { SpimquantError } from '../protocol/errors.ts';
import type { ObjectStore } from '../storage/objectStore.ts';
import type { BidsName, Skipped, SpimFile } from './bids.types.ts';
import { defaultExtensions } from './filters.ts';
import type { NameFilter } from './filters.ts';
import { listFolder } from './folder.ts';
import { parseBidsName } from './names.ts';
import { isJson } from './root.ts';
import { applicableSidecars, interpretSidecar, readJsonObject } from './sidecars.ts';
import type { ImageSidecar } from './sidecars.ts';

/** Which participant to look through, and how. */
export interface ParticipantTask {
  readonly store: ObjectStore;
  readonly label: string;
  readonly filters: readonly NameFilter[];
  /** Paths of the JSON files in the dataset's root. */
  readonly rootSidecars: readonly string[];
  readonly signal: AbortSignal | undefined;
  /** Told of sidecars that cannot be read; the image is then kept without what they say. Left out: that is thrown. */
  readonly onBadSidecar?: (sidecar: Skipped) => void;
}

/** What a participant's folders hold. */
export interface Found {
  readonly images: readonly SpimFile[];
  readonly skipped: readonly Skipped[];
}

/**
 * Finds a participant's images by listing its folder, its sessions and their `micr` folders: never inside an image. Reads
 * the JSON sidecars of the images that are kept. Throws `bad-dataset` for a sidecar that cannot be read.
 */
export async function indexParticipant(task: ParticipantTask): Promise<Found> {
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

async function readSidecars(task: ParticipantTask, path: string, name: BidsName, levels: readonly (readonly string[])[]): Promise<ImageSidecar> {
  const sidecars = applicableSidecars(name, levels);
  const merged: Record<string, unknown> = {};
  let current = path;
  try {
    for (const sidecar of sidecars) {
      current = sidecar;
      Object.assign(merged, await readJsonObject(task.store, sidecar, task.signal));
    }
    current = sidecars.at(-1) ?? path;
    return interpretSidecar(merged, `${task.store.uri}/${path}`);
  } catch (error) {
    if (task.onBadSidecar === undefined || !(error instanceof SpimquantError) || error.code !== 'bad-dataset') throw error;
    task.onBadSidecar({ path: current, reason: error.message });
    return {};
  }
}

/** Everything that could be meant as an image; sidecars, tables and hidden files are not worth a word. */
function looksLikeImage(path: string): boolean {
  const name = path.slice(path.lastIndexOf('/') + 1);
  return !name.startsWith('.') && (/\.(zarr|zarr\.zip|ozx|ims)$/i.test(name) || /_SPIM\.(?!json$|tsv$|tsv\.gz$)/.test(name));
}
