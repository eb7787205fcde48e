import { imageTitle, named, readFacts, readParticipant } from '../bids/browse.ts';
import type { Skipped, SpimFile } from '../bids/bids.types.ts';
import { readRootFor } from '../bids/dataset.ts';
import { mapBounded } from '../bids/folder.ts';
import { summariseImage } from '../bids/imageSummary.ts';
import { chooseParticipants } from '../bids/participants.ts';
import type { ParticipantsTable } from '../bids/participants.ts';
import { glanceAtRoot, hasParticipants, listLabels } from '../bids/root.ts';
import type { DatasetRoot } from '../bids/root.ts';
import { openOmeZarr } from '../image/omeZarr.ts';
import { reportError, SpimquantError } from '../protocol/errors.ts';
import type { ImagesData, ListedEntry, ListedImage } from '../protocol/exploreData.ts';
import type { Block, Result } from '../protocol/results.ts';
import { compareLabels } from '../protocol/participantOrder.ts';
import type { ListEntry, ObjectStore } from '../storage/objectStore.ts';
import { openStore } from '../storage/open.ts';
import { joinUri } from '../storage/uri.ts';
import { count, formatBytes } from '../wording/words.ts';
import type { ExploreContext } from './explore.types.ts';
import { commandText, isImageName, placeOf } from './target.ts';
import type { PlaceOptions } from './target.ts';

/** What is listed. */
export interface LsOptions extends PlaceOptions {
  /** Without `sub-`. Left out or empty: all. */
  readonly participantLabel?: readonly string[];
  /** Participants, or files and folders. */
  readonly limit?: number;
  /** Only what comes after this participant, or this name. */
  readonly after?: string;
}

/** Participants that are looked into unless more are asked for. */
const participantsShown = 100;
/** Images without stains in their sidecar that are opened to ask for them. */
const imagesOpened = 24;
const columnsShown = 3;
const entriesShown = 500;
/** Beyond that, participants, and files and folders, are not even counted: twenty, and ten, pages of a bucket's listing. */
const participantsCounted = 20_000;
const entriesCounted = 10_000;
const requestsAtOnce = 8;

/**
 * Lists what is there: of a dataset with images these, by participant, of any other folder its entries with their sizes. Never
 * recursively, and a page at a time: of a million there are the first, how many there are as far as that is cheap to know, and
 * the command for the next.
 *
 * @throws SpimquantError `not-found` when there is nothing, or a participant that is named, and what the storage throws
 */
export async function ls(options: LsOptions, text: string, context: ExploreContext): Promise<Result> {
  const uri = placeOf(options, context);
  const store = openStore(uri, options.storage);
  context.progress(`Listing ${uri}`);
  if (!isImageName(uri) && await hasParticipants(store, context.signal)) return listDataset(store, options, text, context);
  if ((options.participantLabel ?? []).length > 0) {
    throw new SpimquantError('not-found', `There are no participants (folders called sub-…) in ${uri}.`, { where: uri, hint: 'Leave --participant-label out to see what is there.' });
  }
  return listEntries(store, options, text, context);
}

interface Row {
  readonly label: string;
  readonly image: SpimFile;
  readonly stains: readonly string[] | undefined;
}

/** Participants of a dataset that are shown, and how many there are. */
interface Part {
  readonly root: DatasetRoot;
  readonly labels: readonly string[];
  /** How many come after them, as far as they are counted. */
  readonly left: Promise<{ readonly count: number; readonly more: boolean }>;
}

async function choosePart(store: ObjectStore, options: LsOptions, signal: AbortSignal): Promise<Part> {
  const { participantLabel = [], limit = participantsShown } = options;
  const after = options.after?.replace(/^sub-/, '').replace(/[/\\]$/, '');
  if (participantLabel.length > 0) {
    const root = await readRootFor(store, participantLabel, signal);
    const labels = chooseParticipants(root.labels, participantLabel, [], store.uri).filter((label) => after === undefined || compareLabels(label, after) > 0);
    return { root, labels: labels.slice(0, limit), left: Promise.resolve({ count: Math.max(0, labels.length - limit), more: false }) };
  }
  const root = await glanceAtRoot(store, signal);
  if (root.whole) {
    const labels = root.labels.filter((label) => after === undefined || compareLabels(label, after) > 0);
    return { root, labels: labels.slice(0, limit), left: Promise.resolve({ count: Math.max(0, labels.length - limit), more: false }) };
  }
  const listing = listLabels(store, after, signal);
  const labels: string[] = [];
  while (labels.length < limit) {
    const next = await listing.next();
    if (next.done === true) break;
    labels.push(next.value);
  }
  // Counted while participants are looked into.
  const left = countRest(listing);
  left.catch(() => undefined);
  return { root, labels, left };
}

async function countRest(listing: AsyncIterator<string>): Promise<{ readonly count: number; readonly more: boolean }> {
  let counted = 0;
  while ((await listing.next()).done !== true) {
    counted += 1;
    if (counted >= participantsCounted) return { count: counted, more: true };
  }
  return { count: counted, more: false };
}

async function listDataset(store: ObjectStore, options: LsOptions, text: string, context: ExploreContext): Promise<Result> {
  const { signal } = context;
  const { storage } = options;
  const { root, labels, left } = await choosePart(store, options, signal);
  let done = 0;
  const [facts, found] = await Promise.all([
    readFacts(store, root, signal),
    mapBounded(labels, requestsAtOnce, async (label) => {
      const contents = await readParticipant(store, label, { rootFiles: root.files, signal });
      context.progress(`Looked into ${++done} of ${count(labels.length, 'participant')}`);
      return { label, ...contents };
    }),
  ]);
  const images = found.flatMap(({ label, images: own }) => own.map((image) => ({ label, image })));
  const notices = skippedNotices([...root.skipped, ...found.flatMap(({ skipped }) => skipped)]);
  if (images.length === 0 && (options.participantLabel ?? []).length === 0) {
    const entries = await listEntries(store, options, text, context);
    // Results have participants, but no images to quantify: nothing is amiss there.
    return facts.datasetType === 'derivative' ? entries : { ...entries, blocks: [...entries.blocks, ...notices] };
  }
  const rows = await addStains(store, images, signal);
  const sessions = rows.some(({ image }) => image.entities.ses !== undefined);
  const columns = facts.table?.columns.slice(0, columnsShown) ?? [];
  const rest = await left;
  const blocks: Block[] = [
    {
      kind: 'table', title: `${count(rows.length, 'image')} of ${count(labels.length, 'participant')}`,
      columns: [{ label: 'Participant' }, ...(sessions ? [{ label: 'Session' }] : []), { label: 'Image' }, { label: 'Stains' }, ...columns.map((label) => ({ label }))],
      rows: rows.map(({ label, image, stains }) => [
        `sub-${label}`,
        ...(sessions ? [image.entities.ses === undefined ? null : `ses-${image.entities.ses}`] : []),
        imageTitle(image),
        stains?.join(', ') ?? null,
        ...columns.map((column) => facts.table?.rows.get(label)?.[column] ?? null),
      ]),
    },
    ...(rest.count === 0 ? [] : [{ kind: 'notice', level: 'info', text: `${rest.more ? 'More than ' : ''}${rest.count.toLocaleString('en-US')} ${rest.count === 1 ? 'participant follows' : 'participants follow'} after sub-${labels.at(-1) ?? ''}.` } as const]),
    ...notices,
    { kind: 'commands', commands: [
      ...(rest.count === 0 ? [] : [{ title: 'The next participants', text: commandText(storage, 'ls', root.uri, '--after', `sub-${labels.at(-1) ?? ''}`, ...(options.limit === undefined ? [] : ['--limit', String(options.limit)])) }]),
      ...(rows.length === 0 ? [] : [{ title: 'About the first image', text: commandText(storage, 'info', joinUri(root.uri, rows[0].image.path)) }]),
      { title: 'Check the dataset', text: commandText(storage, 'validate', root.uri) },
    ] },
  ];
  const next = rest.count === 0 ? null : `sub-${labels.at(-1) ?? ''}`;
  const data: ImagesData = {
    kind: 'images', uri: root.uri, name: facts.name ?? null,
    images: rows.map(({ label, image, stains }) => listedImage(root.uri, label, image, stains, facts.table)),
    participants: { listed: labels.length, after: rest.count, more: rest.more }, next,
    skipped: [...root.skipped, ...found.flatMap(({ skipped }) => skipped)],
  };
  return { title: facts.name ?? root.uri, command: text, blocks, data };
}

function listedImage(uri: string, label: string, { path, entities }: SpimFile, stains: readonly string[] | undefined, table: ParticipantsTable | undefined): ListedImage {
  const named = Object.entries(entities).filter((entry): entry is [string, string] => !['sub', 'ses'].includes(entry[0]) && entry[1] !== undefined);
  return {
    participant: label, session: entities.ses ?? null, path, uri: joinUri(uri, path), entities: Object.fromEntries(named), stains: stains ?? null,
    columns: Object.fromEntries((table?.columns ?? []).map((column) => [column, table?.rows.get(label)?.[column] ?? null])),
  };
}

/** Stains by sidecar, and of the first images without one by the image itself. */
async function addStains(store: ObjectStore, images: readonly Pick<Row, 'label' | 'image'>[], signal: AbortSignal): Promise<readonly Row[]> {
  const silent = new Set(images.filter(({ image }) => image.sampleStaining === undefined).slice(0, imagesOpened));
  return mapBounded(images, requestsAtOnce, async (row) => {
    if (!silent.has(row)) return { ...row, stains: row.image.sampleStaining };
    try {
      return { ...row, stains: summariseImage((await openOmeZarr(store, row.image.path, { signal })).info, row.image).stains };
    } catch (error) {
      // A listing is not the place to fail for one image: validate and info say what is wrong with it.
      if (['cancelled', 'internal'].includes(reportError(error).code)) throw error;
      return { ...row, stains: undefined };
    }
  });
}

/** What was left out, by reason. */
function skippedNotices(skipped: readonly Skipped[]): readonly Block[] {
  return [...Map.groupBy(skipped, ({ reason }) => reason)].map(([reason, same]): Block => ({
    kind: 'notice', level: 'warn', text: `Left out ${named(same.map(({ path }) => path), 3)}: ${reason}.`,
  }));
}

async function listEntries(store: ObjectStore, options: LsOptions, text: string, context: ExploreContext): Promise<Result> {
  const { storage, limit = entriesShown, after } = options;
  const shown: ListEntry[] = [];
  let [folders, files, bytes, more] = [0, 0, 0, false];
  for await (const entry of store.list('', { ...(after === undefined ? {} : { startAfter: after }), signal: context.signal })) {
    if (folders + files >= Math.max(limit, entriesCounted)) {
      more = true;
      break;
    }
    if (shown.length < limit) shown.push(entry);
    if (entry.kind === 'folder') folders += 1;
    else [files, bytes] = [files + 1, bytes + entry.size];
  }
  const total = folders + files;
  if (total === 0) {
    const what = after === undefined ? `There is nothing at ${store.uri}.` : `Nothing comes after ${after} in ${store.uri}.`;
    throw new SpimquantError('not-found', what, { where: store.uri, hint: after === undefined ? 'Check the spelling; a file cannot be listed.' : 'Names come in the order of their letters; the name of a folder ends in a slash.' });
  }
  const last = shown.at(-1)?.key ?? '';
  const all = shown.length === total && !more;
  // Of a part the order says where it ends.
  const rows = all ? [...shown.filter(({ kind }) => kind === 'folder'), ...shown.filter(({ kind }) => kind === 'object')] : shown;
  const commands = [
    ...(all ? [] : [{ title: 'What follows', text: commandText(storage, 'ls', store.uri, '--after', last, ...(options.limit === undefined ? [] : ['--limit', String(options.limit)])) }]),
    ...(isImageName(store.uri) ? [{ title: 'About this image', text: commandText(storage, 'info', store.uri) }] : []),
  ];
  return {
    title: store.uri,
    command: text,
    data: { kind: 'entries', uri: store.uri, entries: rows.map(listedEntry), folders, files, bytes, more, next: all ? null : last },
    blocks: [
      {
        kind: 'table', title: `${more ? 'More than ' : ''}${count(folders, 'folder')}, ${count(files, 'file')}${files === 0 ? '' : ` of ${formatBytes(bytes)}`}`,
        columns: [{ label: 'Name' }, { label: 'Size' }, { label: 'Modified (UTC)' }],
        rows: rows.map((entry) => (entry.kind === 'folder' ? [entry.key, null, null] : [entry.key, formatBytes(entry.size), entry.modified === undefined ? null : formatTime(entry.modified)])),
        ...(all ? {} : { total }),
      },
      ...(commands.length === 0 ? [] : [{ kind: 'commands', commands } as const]),
    ],
  };
}

function listedEntry(entry: ListEntry): ListedEntry {
  if (entry.kind === 'folder') return { name: entry.key, kind: 'folder', bytes: null, modified: null };
  return { name: entry.key, kind: 'file', bytes: entry.size, modified: entry.modified === undefined ? null : new Date(entry.modified).toISOString() };
}

/** `2026-01-31 14:05`. */
function formatTime(time: number): string {
  return new Date(time).toISOString().slice(0, 16).replace('T', ' ');
}
