import { generatedByOf } from '../bids/derivatives.ts';
import { listFolder, mapBounded } from '../bids/folder.ts';
import { parseParticipants } from '../bids/participants.ts';
import { readJsonObject } from '../bids/sidecars.ts';
import { reportError } from '../protocol/errors.ts';
import type { GroupColumn, OutputEntry, OutputsListing } from '../protocol/outputs.ts';
import { compareLabels } from '../protocol/participantOrder.ts';
import type { ObjectStore } from '../storage/objectStore.ts';
import { classify, compareEntries } from './classify.ts';

/** Folders of a bucket that are listed at once. */
const requestsAtOnce = 16;
/** Folders of a participant, group or template that are listed at most: each is a request. */
const foldersAtMost = 200;
/** How deep folders of a participant are looked into: session, datatype, and one that somebody made. */
const depthAtMost = 3;
/** Values of a column that makes groups. */
const groupsAtMost = 24;

/** Whether a folder is an image store, whose inside is nobody's business. */
function isStore(path: string): boolean {
  return /\.zarr$/i.test(path);
}

/** Files below some folders, level by level. */
async function filesBelow(store: ObjectStore, folders: readonly string[], signal: AbortSignal): Promise<{ readonly files: readonly OutputEntry[]; readonly more: boolean }> {
  const files: OutputEntry[] = [];
  let level = folders;
  let listed = 0;
  let more = false;
  for (let depth = 0; depth <= depthAtMost && level.length > 0; depth++) {
    const room = Math.max(0, foldersAtMost * folders.length - listed);
    more ||= level.length > room;
    listed += level.length;
    const found = await mapBounded(level.slice(0, room), requestsAtOnce, (folder) => entriesOf(store, folder, signal));
    files.push(...found.flatMap((each) => each.files));
    level = found.flatMap((each) => each.folders);
  }
  return { files: files.sort(compareEntries), more: more || level.length > 0 };
}

async function entriesOf(store: ObjectStore, folder: string, signal: AbortSignal): Promise<{ readonly files: readonly OutputEntry[]; readonly folders: readonly string[] }> {
  const files: OutputEntry[] = [];
  const folders: string[] = [];
  for await (const entry of store.list(folder, { signal })) {
    const key = entry.key.replace(/\/$/, '');
    const isFolder = entry.kind === 'folder';
    if (isFolder && !isStore(key)) {
      if (!key.slice(key.lastIndexOf('/') + 1).startsWith('.')) folders.push(key);
      continue;
    }
    const file = classify(key, isFolder ? 0 : entry.size, isFolder ? '' : entry.version);
    if (file !== undefined) files.push(file);
  }
  return { files, folders };
}

/**
 * What a folder of results holds besides its participants, whose labels alone are told: a cohort may have thousands.
 * `above`: stores where participants.tsv may be, the most likely first. An absent folder is empty. Throws as stores do.
 */
export async function listOutputs(store: ObjectStore, above: readonly ObjectStore[], signal: AbortSignal): Promise<OutputsListing> {
  const root = await listFolder(store, '', signal);
  const [own, more, generatedBy, groupColumns] = await Promise.all([
    entriesOf(store, '', signal),
    filesBelow(store, root.folders.filter((folder) => folder === 'group' || folder.startsWith('tpl-')), signal),
    root.files.includes('dataset_description.json') ? makerOf(store, signal) : undefined,
    root.folders.length === 0 && root.files.length === 0 ? [] : groupColumnsOf(above, signal),
  ]);
  return {
    uri: store.uri,
    ...(generatedBy === undefined ? {} : { generatedBy }),
    participants: root.folders.filter((folder) => folder.startsWith('sub-')).map((folder) => folder.slice('sub-'.length)).sort(compareLabels),
    files: [...own.files, ...more.files].sort(compareEntries),
    groupColumns,
    more: more.more,
  };
}

/** Files of some participants. */
export async function listParticipants(store: ObjectStore, labels: readonly string[], signal: AbortSignal): Promise<{ readonly files: readonly OutputEntry[]; readonly more: boolean }> {
  return filesBelow(store, labels.map((label) => `sub-${label}`), signal);
}

async function makerOf(store: ObjectStore, signal: AbortSignal): Promise<string | undefined> {
  try {
    return generatedByOf(await readJsonObject(store, 'dataset_description.json', signal) ?? {});
  } catch (error) {
    if (reportError(error).code !== 'bad-dataset') throw error;
    return undefined;
  }
}

/** Columns of the first participants.tsv that is there and makes groups. Whoever may read results need not be allowed to read the dataset. */
async function groupColumnsOf(stores: readonly ObjectStore[], signal: AbortSignal): Promise<readonly GroupColumn[]> {
  for (const store of stores) {
    try {
      const content = await store.read('participants.tsv', { signal });
      if (content === undefined) continue;
      const { rows, columns } = parseParticipants(content, `${store.uri}/participants.tsv`);
      return columns.flatMap((name): readonly GroupColumn[] => {
        const values = [...rows].flatMap(([label, row]): readonly (readonly [string, string])[] => (row[name] === undefined ? [] : [[label, row[name]]]));
        const different = new Set(values.map(([, value]) => value)).size;
        return different < 2 || different > groupsAtMost ? [] : [{ name, values: Object.fromEntries(values) }];
      });
    } catch (error) {
      if (reportError(error).code === 'cancelled') throw error;
    }
  }
  return [];
}
