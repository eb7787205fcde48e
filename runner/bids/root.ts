import { SpimquantError } from '../protocol/errors.ts';
import type { ObjectStore } from '../storage/objectStore.ts';
import type { Skipped } from './bids.types.ts';
import { listFolder } from './folder.ts';
import type { Folder } from './folder.ts';

/** What the listing of a dataset's root tells. */
export interface DatasetRoot extends Folder {
  readonly uri: string;
  /** Participants: folders called `sub-…`, without the `sub-`, sorted. */
  readonly labels: readonly string[];
  /** Folders that look like a participant's, but whose names are no BIDS names. */
  readonly skipped: readonly Skipped[];
}

/** Lists a dataset's root, and nothing else. Throws `not-found` when there is nothing there. */
export async function readRoot(store: ObjectStore, signal?: AbortSignal): Promise<DatasetRoot> {
  const root = await listFolder(store, '', signal);
  if (root.files.length === 0 && root.folders.length === 0) {
    throw new SpimquantError('not-found', `There is no dataset at ${store.uri}.`, { where: store.uri, hint: 'Check the spelling of the folder or of the bucket and prefix.' });
  }
  const labels: string[] = [];
  const skipped: Skipped[] = [];
  for (const folder of root.folders.filter((path) => path.startsWith('sub-'))) {
    if (/^sub-[A-Za-z0-9+]+$/.test(folder)) labels.push(folder.slice('sub-'.length));
    else skipped.push({ path: folder, reason: 'its name is not sub- and a label of letters and digits' });
  }
  return { uri: store.uri, ...root, labels: labels.sort(), skipped };
}

export function isJson(path: string): boolean {
  return path.endsWith('.json');
}
