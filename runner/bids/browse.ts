import type { DatasetSummary, ImageEntry, ParticipantContents, SessionContents } from '../protocol/datasets.ts';
import { SpimquantError } from '../protocol/errors.ts';
import { didYouMean } from '../protocol/nearest.ts';
import type { ObjectStore } from '../storage/objectStore.ts';
import { joinUri } from '../storage/uri.ts';
import type { Skipped, SpimFile } from './bids.types.ts';
import { generatedByOf, listDerivatives } from './derivatives.ts';
import { componentFilters } from './filters.ts';
import type { NameFilter } from './filters.ts';
import { interpretParticipant, listParticipant } from './participantImages.ts';
import type { Found, ParticipantListing } from './participantImages.ts';
import { parseParticipants } from './participants.ts';
import type { ParticipantsTable } from './participants.ts';
import { glanceAtRoot, hasParticipant, isJson, rootSidecarsOf } from './root.ts';
import type { DatasetRoot, RootHead } from './root.ts';
import { readJsonObject } from './sidecars.ts';

/** What is known of a dataset beside its listing, from a few small reads. */
export interface DatasetFacts {
  readonly name?: string;
  readonly bidsVersion?: string;
  /** `raw`, `derivative`, or undefined: not said. */
  readonly datasetType?: string;
  readonly generatedBy?: string;
  /** Undefined when there is no participants.tsv, or it cannot be read. */
  readonly table?: ParticipantsTable;
  /** Folders below `derivatives`, by name. */
  readonly derivatives: readonly string[];
  readonly fileProblems: readonly FileProblem[];
}

/** A file of the root that is missing or cannot be understood. */
export interface FileProblem {
  readonly file: string;
  readonly missing: boolean;
  /** One sentence that names the file. */
  readonly text: string;
}

/** Labels that a warning names; of the rest it says how many there are. */
const namedInWarnings = 5;

/**
 * Reads a dataset's description and participants.tsv and lists its derivatives: at most three requests beyond the root.
 * What is missing or cannot be understood becomes a problem. Throws only what the storage throws.
 */
export async function readFacts(store: ObjectStore, root: RootHead, signal?: AbortSignal): Promise<DatasetFacts> {
  const problems: FileProblem[] = [];
  const [description, table, derivatives] = await Promise.all([
    readDescriptionFacts(store, root, problems, signal),
    readTable(store, root, problems, signal),
    root.folders.includes('derivatives') ? listDerivatives(store, signal) : [],
  ]);
  return {
    ...description,
    ...(table === undefined ? {} : { table }),
    derivatives,
    fileProblems: problems,
  };
}

async function readDescriptionFacts(store: ObjectStore, root: RootHead, problems: FileProblem[], signal: AbortSignal | undefined): Promise<Omit<DatasetFacts, 'table' | 'derivatives' | 'fileProblems'>> {
  if (!root.files.includes('dataset_description.json')) {
    problems.push({ file: 'dataset_description.json', missing: true, text: 'There is no dataset_description.json, so the pipeline does not take it for a BIDS dataset.' });
    return {};
  }
  const description = await orProblem(readJsonObject(store, 'dataset_description.json', signal), 'dataset_description.json', problems) ?? {};
  const text = (key: string): string | undefined => (typeof description[key] === 'string' && description[key] !== '' ? description[key] : undefined);
  const [name, bidsVersion, datasetType, generatedBy] = [text('Name'), text('BIDSVersion'), text('DatasetType'), generatedByOf(description)];
  return {
    ...(name === undefined ? {} : { name }),
    ...(bidsVersion === undefined ? {} : { bidsVersion }),
    ...(datasetType === undefined ? {} : { datasetType }),
    ...(generatedBy === undefined ? {} : { generatedBy }),
  };
}

async function readTable(store: ObjectStore, root: RootHead, problems: FileProblem[], signal: AbortSignal | undefined): Promise<ParticipantsTable | undefined> {
  if (!root.files.includes('participants.tsv')) {
    problems.push({ file: 'participants.tsv', missing: true, text: 'There is no participants.tsv, so groups cannot be compared.' });
    return undefined;
  }
  return orProblem(store.read('participants.tsv', { signal }).then((bytes) => bytes && parseParticipants(bytes, 'participants.tsv')), 'participants.tsv', problems);
}

/** What the work comes to; a file that cannot be understood becomes a problem, other failures are thrown. */
async function orProblem<T>(work: Promise<T>, file: string, problems: FileProblem[]): Promise<T | undefined> {
  try {
    return await work;
  } catch (error) {
    if (!(error instanceof SpimquantError) || (error.code !== 'bad-dataset' && error.code !== 'bad-table')) throw error;
    problems.push({ file, missing: false, text: error.message });
    return undefined;
  }
}

/** Rows of participants.tsv without a folder, and folders without a row. */
export function compareParticipants(labels: readonly string[], table: ParticipantsTable): { readonly withoutFolder: readonly string[]; readonly withoutRow: readonly string[] } {
  const present = new Set(labels);
  return { withoutFolder: [...table.rows.keys()].filter((label) => !present.has(label)), withoutRow: labels.filter((label) => !table.rows.has(label)) };
}

/** What a dataset's root listing and small files come to. While participants are still being counted nothing is said of those that are missing. */
export function summariseDataset(root: DatasetRoot, facts: DatasetFacts, counting = false): DatasetSummary {
  const noOne = root.labels.length === 0 && !counting;
  const warnings = facts.fileProblems.filter(({ file, missing }) => !(noOne && missing && file === 'participants.tsv')).map(({ text }) => text);
  if (noOne) warnings.push('There are no participants: no folders called sub-….');
  if (root.crowded) warnings.push('The folder holds thousands of other files: of those beside the participants only what a dataset has by name was looked at.');
  if (root.skipped.length > 0) warnings.push(`${named(root.skipped.map(({ path }) => path))}: ${root.skipped[0].reason}.`);
  if (facts.table !== undefined && !counting) {
    const { withoutFolder, withoutRow } = compareParticipants(root.labels, facts.table);
    if (withoutFolder.length > 0) warnings.push(`In participants.tsv, but without a folder: ${named(withoutFolder.map(subject))}.`);
    if (withoutRow.length > 0) warnings.push(`Without a row in participants.tsv: ${named(withoutRow.map(subject))}.`);
  }
  return {
    uri: root.uri,
    ...(facts.name === undefined ? {} : { name: facts.name }),
    ...(facts.bidsVersion === undefined ? {} : { bidsVersion: facts.bidsVersion }),
    participants: root.labels.length,
    derivatives: facts.derivatives.length,
    warnings,
  };
}

function subject(label: string): string {
  return `sub-${label}`;
}

/** `a, b, c and 12 more`. */
export function named(names: readonly string[], limit: number = namedInWarnings): string {
  const left = names.length - limit;
  return left > 0 ? `${names.slice(0, limit).join(', ')} and ${left} more` : names.join(', ');
}

/** Which participant of which dataset is looked into. */
export interface LookInto {
  /** JSON files of the dataset's root that may hold for its images. */
  readonly rootFiles: readonly string[];
  /** Labels that are known to be there, for the error about one that is not. */
  readonly known?: readonly string[];
  readonly signal?: AbortSignal;
  /** Default: those of a run that filters nothing. */
  readonly filters?: readonly NameFilter[];
}

/**
 * Looks through one participant's folders for images that a run would take, or those that pass other filters. Sidecars that cannot be read are among what is skipped.
 *
 * @throws SpimquantError `not-found` when the dataset has no such participant
 */
export async function readParticipant(store: ObjectStore, label: string, look: LookInto): Promise<Found> {
  return interpretTolerantly(store, await listOrRefuse(store, label, look.known ?? [], look.signal), look);
}

/** As {@link readParticipant}, of a dataset of which nothing is known yet: its other participants are not listed when there are thousands. */
export async function findParticipant(store: ObjectStore, label: string, look: Omit<LookInto, 'rootFiles' | 'known'>): Promise<Found> {
  const { files, labels, whole } = await glanceAtRoot(store, look.signal);
  const own = whole ? [] : await rootSidecarsOf(store, label, look.signal);
  return readParticipant(store, label, { ...look, rootFiles: [...files, ...own], known: labels });
}

/** As {@link listParticipant}, but throws `not-found` when the dataset has no such participant. */
export async function listOrRefuse(store: ObjectStore, label: string, known: readonly string[], signal?: AbortSignal): Promise<ParticipantListing> {
  const listing = await listParticipant(store, label, signal);
  // A local folder may be there and empty.
  if (!listing.empty || await hasParticipant(store, label, signal)) return listing;
  const others = known.filter((other) => other !== label);
  throw new SpimquantError('not-found', `There is no participant ${label} in ${store.uri}.${didYouMean(label, others)}`, { where: store.uri, hint: 'It may have been added or removed meanwhile: refresh the dataset.' });
}

/** Finds the images of a participant that was listed; what is wrong with its sidecars is among what is skipped. */
export async function interpretTolerantly(store: ObjectStore, listing: ParticipantListing, { rootFiles, signal, filters = componentFilters([]) }: LookInto): Promise<Found> {
  const bad = new Map<string, Skipped>();
  const found = await interpretParticipant(store, listing, {
    filters, rootSidecars: rootFiles.filter(isJson), signal,
    onBadSidecar: (sidecar) => bad.set(sidecar.path, sidecar),
  });
  return { images: found.images, skipped: [...found.skipped, ...bad.values()] };
}

/** What was found of a participant, by sessions, with its row in participants.tsv. */
export function describeParticipant(uri: string, label: string, found: Found, table: ParticipantsTable | undefined): ParticipantContents {
  const sessions = new Map<string | undefined, ImageEntry[]>();
  for (const image of found.images) {
    const session = sessions.get(image.entities.ses) ?? [];
    session.push({ path: image.path, uri: joinUri(uri, image.path), title: imageTitle(image), stains: image.sampleStaining ?? [] });
    sessions.set(image.entities.ses, session);
  }
  const row = table?.rows.get(label) ?? {};
  return {
    label,
    sessions: [...sessions].map(([session, images]): SessionContents => (session === undefined ? { images } : { label: session, images })),
    skipped: found.skipped,
    columns: (table?.columns ?? []).flatMap((name) => (row[name] === undefined ? [] : [{ name, value: row[name] }])),
  };
}

/** What tells an image from others of its participant and session: `sample-brain acq-4x`; `SPIM` when its name says no more. */
export function imageTitle(image: SpimFile): string {
  const parts = Object.entries(image.entities).filter(([key]) => key !== 'sub' && key !== 'ses').map(([key, value]) => `${key}-${value}`);
  return parts.length === 0 ? image.suffix : parts.join(' ');
}
