import { findParticipant } from '../bids/browse.ts';
import { componentFilters } from '../bids/filters.ts';
import type { ImageSidecar } from '../bids/sidecars.ts';
import { joinWords } from '../command/shell.ts';
import { reportError } from '../protocol/errors.ts';
import type { StorageChoice } from '../protocol/storageChoice.ts';
import { openStore } from '../storage/open.ts';
import { expandHome, normaliseUri } from '../storage/uri.ts';
import { storageFlags } from '../protocol/storageChoice.ts';
import type { ExploreContext } from './explore.types.ts';

/** What info, ls and validate are asked about. */
export interface PlaceOptions {
  /** As the user writes it: path or URI of a dataset, a folder, or (info) an image. */
  readonly uri: string;
  readonly storage: StorageChoice;
}

/** A place in its one written form. Throws `bad-option`. */
export function placeOf(options: PlaceOptions, context: Pick<ExploreContext, 'cwd'>): string {
  return normaliseUri(expandHome(options.uri), context.cwd);
}

/** A command as one line, with the flags by which the place is reached. */
export function commandText(storage: StorageChoice, ...words: readonly string[]): string {
  return joinWords(['spimquant', ...words, ...storageFlags(storage)]);
}

/** An image's path taken apart at the first folder called `sub-…`. */
export interface PlaceInDataset {
  readonly dataset: string;
  readonly label: string;
  /** Relative to the dataset, `/` between parts. */
  readonly path: string;
}

/** Where in which dataset a place is, judged by its path alone. Undefined when no folder above it is a participant's. */
export function placeInDataset(uri: string): PlaceInDataset | undefined {
  const match = /^(.*?)[/\\](sub-([A-Za-z0-9+]+)[/\\].+)$/.exec(uri);
  return match === null ? undefined : { dataset: match[1] === '' ? '/' : match[1], label: match[3], path: match[2].replaceAll('\\', '/') };
}

/** Whether a name is that of an image store. */
export function isImageName(uri: string): boolean {
  return /\.(zarr|zip|ozx)$/i.test(uri);
}

/** Images that a run would leave out have sidecars too. */
const anyImage = componentFilters(['sample', 'suffix', 'extension'].map((entity) => ({ entity, method: 'optional' })));

/** What the sidecars say of an image; nothing when it lies in no dataset, or that cannot be read. */
export async function sidecarOf(uri: string, storage: StorageChoice, signal: AbortSignal): Promise<ImageSidecar> {
  const place = placeInDataset(uri);
  if (place === undefined) return {};
  try {
    const store = openStore(place.dataset, storage);
    const found = await findParticipant(store, place.label, { signal, filters: anyImage });
    return found.images.find(({ path }) => path === place.path) ?? {};
  } catch (error) {
    // Whoever may read an image need not be allowed to list what is above it.
    if (reportError(error).code === 'cancelled' || reportError(error).code === 'internal') throw error;
    return {};
  }
}
