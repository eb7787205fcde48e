import type { DerivativeSummary } from '../protocol/datasets.ts';
import { SpimquantError } from '../protocol/errors.ts';
import { childStore } from '../storage/wrappers.ts';
import type { ObjectStore } from '../storage/objectStore.ts';
import { joinUri } from '../storage/uri.ts';
import { listFolder, mapBounded } from './folder.ts';
import { parseBidsName } from './names.ts';
import { glanceAtRoot } from './root.ts';
import type { RootGlance } from './root.ts';
import { readJsonObject } from './sidecars.ts';

/** Participants of a derivative whose reports are looked for; beyond that, the results themselves are the place to look. */
const participantsLookedAt = 24;
const groupsLookedAt = 10;
/** Derivatives of a dataset that are looked into. */
const derivativesLookedAt = 30;
/** Files and folders of `derivatives` that are listed. */
const entriesAtMost = 5000;
const requestsAtOnce = 8;

/** Names of the folders below `derivatives`; empty when there is no such folder. */
export async function listDerivatives(store: ObjectStore, signal?: AbortSignal): Promise<readonly string[]> {
  return (await listFolder(store, 'derivatives', signal, { most: entriesAtMost, wanted: [] })).folders.map((path) => path.slice('derivatives/'.length));
}

/** Looks into the folders of that name below `derivatives`, at most thirty. */
export async function readDerivatives(store: ObjectStore, names: readonly string[], signal?: AbortSignal): Promise<readonly DerivativeSummary[]> {
  return mapBounded(names.slice(0, derivativesLookedAt), 4, (name) => readDerivative(childStore(store, `derivatives/${name}`), name, signal));
}

/**
 * What made a folder of results, and its reports: those of groups, then those of the first participants. Lists the folder,
 * `group` and its folders, and the `qc` folder of each participant; never recursively.
 */
export async function readDerivative(store: ObjectStore, name: string, signal?: AbortSignal): Promise<DerivativeSummary> {
  const root = await glanceAtRoot(store, signal).catch(nothingOf);
  const generatedBy = root.files.includes('dataset_description.json') ? await readMaker(store, signal) : undefined;
  const groups = root.folders.includes('group') ? (await listFolder(store, 'group', signal)).folders.slice(0, groupsLookedAt) : [];
  const participants = root.labels.map((label) => `sub-${label}`);
  const pages = [
    ...root.files.filter(isPage),
    ...(await mapBounded(groups, requestsAtOnce, async (group) => (await listFolder(store, group, signal)).files.filter(isPage))).flat(),
    ...(await mapBounded(participants.slice(0, participantsLookedAt), requestsAtOnce, (folder) => participantPages(store, folder, signal))).flat(),
  ];
  return {
    uri: store.uri,
    name,
    ...(generatedBy === undefined ? {} : { generatedBy }),
    reports: pages.map((path) => ({ title: reportTitle(path), uri: joinUri(store.uri, path) })),
    ...(participants.length > participantsLookedAt ? { more: true } : {}),
  };
}

/** A folder may be empty; everything else that goes wrong is thrown. */
function nothingOf(error: unknown): Pick<RootGlance, 'files' | 'folders' | 'labels'> {
  if (!(error instanceof SpimquantError) || error.code !== 'not-found') throw error;
  return { files: [], folders: [], labels: [] };
}

async function readMaker(store: ObjectStore, signal: AbortSignal | undefined): Promise<string | undefined> {
  try {
    return generatedByOf(await readJsonObject(store, 'dataset_description.json', signal) ?? {});
  } catch (error) {
    if (error instanceof SpimquantError && error.code === 'bad-dataset') return undefined;
    throw error;
  }
}

/** Name and version of the program that a dataset_description.json names first. Undefined when it names none. */
export function generatedByOf(description: Readonly<Record<string, unknown>>): string | undefined {
  const list: unknown = description.GeneratedBy;
  const first = (Array.isArray(list) ? list[0] : list) as { Name?: unknown; Version?: unknown } | null | undefined;
  if (typeof first !== 'object' || first === null || typeof first.Name !== 'string') return undefined;
  return typeof first.Version === 'string' ? `${first.Name} ${first.Version}` : first.Name;
}

/** Pages in a participant's `qc` folder, or, where there is none, in those of its sessions. */
async function participantPages(store: ObjectStore, folder: string, signal: AbortSignal | undefined): Promise<readonly string[]> {
  const qc = (await listFolder(store, `${folder}/qc`, signal)).files;
  if (qc.length > 0) return qc.filter(isPage);
  const sessions = (await listFolder(store, folder, signal)).folders.filter((path) => path.startsWith(`${folder}/ses-`));
  return (await mapBounded(sessions, 2, async (session) => (await listFolder(store, `${session}/qc`, signal)).files.filter(isPage))).flat();
}

function isPage(path: string): boolean {
  return path.endsWith('.html');
}

/** How a report is called in lists: `sub-01 sample-brain`, `sub-01 stain-Abeta, N4 settings`, `Group 1`; else its file's name. */
export function reportTitle(path: string): string {
  const group = /^group\/([^/]+)\/report\.html$/.exec(path);
  if (group !== null) return `Group ${group[1]}`;
  const file = path.slice(path.lastIndexOf('/') + 1);
  const name = parseBidsName(file);
  if (name?.entities.sub === undefined) return file;
  const who = Object.entries(name.entities).map(([key, value]) => `${key}-${value}`).join(' ');
  if (name.suffix === 'report') return who;
  return name.suffix === 'n4tunereport' ? `${who}, N4 settings` : `${who}, ${name.suffix}`;
}
