import { imageTitle, named, readFacts, readParticipant } from '../bids/browse.ts';
import type { Skipped, SpimFile } from '../bids/bids.types.ts';
import { mapBounded } from '../bids/folder.ts';
import { summariseImage } from '../bids/imageSummary.ts';
import { readRoot } from '../bids/root.ts';
import type { DatasetRoot } from '../bids/root.ts';
import { openOmeZarr } from '../image/omeZarr.ts';
import { reportError, SpimquantError } from '../protocol/errors.ts';
import type { StorageChoice } from '../protocol/storageChoice.ts';
import type { Block, Result } from '../protocol/results.ts';
import type { ListEntry, ObjectStore } from '../storage/objectStore.ts';
import { openStore } from '../storage/open.ts';
import { joinUri } from '../storage/uri.ts';
import { count, formatBytes } from '../wording/words.ts';
import type { ExploreContext } from './explore.types.ts';
import { commandText, isImageName, placeOf } from './target.ts';
import type { PlaceOptions } from './target.ts';

/** Participants that are looked into; of the rest there is a number. */
const participantsShown = 100;
/** Images without stains in their sidecar that are opened to ask for them. */
const imagesOpened = 24;
const columnsShown = 3;
const entriesShown = 500;
/** Beyond that a folder is not even counted. */
const entriesCounted = 20_000;
const requestsAtOnce = 8;

/**
 * Lists what is there: of a dataset with images these, by participant, of any other folder its entries. Never recursively.
 *
 * @throws SpimquantError `not-found` and what the storage throws
 */
export async function ls(options: PlaceOptions, text: string, context: ExploreContext): Promise<Result> {
  const uri = placeOf(options, context);
  const store = openStore(uri, options.storage);
  context.progress(`Listing ${uri}`);
  if (isImageName(uri)) return listEntries(store, options.storage, text, context);
  const root = await readRoot(store, context.signal).catch((error: unknown) => {
    if (error instanceof SpimquantError && error.code === 'not-found' && !error.message.includes('bucket named')) {
      throw new SpimquantError('not-found', `There is nothing at ${uri}.`, { where: uri, hint: 'Check the spelling; a file cannot be listed.' });
    }
    throw error;
  });
  return root.labels.length > 0 ? listDataset(store, root, options.storage, text, context) : listEntries(store, options.storage, text, context);
}

interface Row {
  readonly label: string;
  readonly image: SpimFile;
  readonly stains: readonly string[] | undefined;
}

async function listDataset(store: ObjectStore, root: DatasetRoot, storage: StorageChoice, text: string, context: ExploreContext): Promise<Result> {
  const { signal } = context;
  const labels = root.labels.slice(0, participantsShown);
  let done = 0;
  const [facts, found] = await Promise.all([
    readFacts(store, root, signal),
    mapBounded(labels, requestsAtOnce, async (label) => {
      const contents = await readParticipant(store, label, { rootFiles: root.files, known: root.labels, signal });
      context.progress(`Looked into ${++done} of ${count(labels.length, 'participant')}`);
      return { label, ...contents };
    }),
  ]);
  const images = found.flatMap(({ label, images: own }) => own.map((image) => ({ label, image })));
  const notices = skippedNotices([...root.skipped, ...found.flatMap(({ skipped }) => skipped)]);
  if (images.length === 0) {
    const entries = await listEntries(store, storage, text, context);
    // Results have participants, but no images to quantify: nothing is amiss there.
    return facts.datasetType === 'derivative' ? entries : { ...entries, blocks: [...entries.blocks, ...notices] };
  }
  const rows = await addStains(store, images, signal);
  const sessions = rows.some(({ image }) => image.entities.ses !== undefined);
  const columns = facts.table?.columns.slice(0, columnsShown) ?? [];
  const left = root.labels.length - labels.length;
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
    ...(left > 0 ? [{ kind: 'notice', level: 'info', text: `These are the first ${labels.length} of ${root.labels.length.toLocaleString('en-US')} participants.` } as const] : []),
    ...notices,
    { kind: 'commands', commands: [
      { title: 'About the first image', text: commandText(storage, 'info', joinUri(root.uri, rows[0].image.path)) },
      { title: 'Check the dataset', text: commandText(storage, 'validate', root.uri) },
    ] },
  ];
  return { title: facts.name ?? root.uri, command: text, blocks };
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

async function listEntries(store: ObjectStore, storage: StorageChoice, text: string, context: ExploreContext): Promise<Result> {
  const folders: ListEntry[] = [];
  const files: Extract<ListEntry, { kind: 'object' }>[] = [];
  for await (const entry of store.list('', { signal: context.signal })) {
    if (entry.kind === 'folder') folders.push(entry);
    else files.push(entry);
    if (folders.length + files.length >= entriesCounted) break;
  }
  const total = folders.length + files.length;
  if (total === 0) throw new SpimquantError('not-found', `There is nothing at ${store.uri}.`, { where: store.uri, hint: 'Check the spelling; a file cannot be listed.' });
  const rows = [
    ...folders.map(({ key }) => [key, null, null]),
    ...files.map(({ key, size, modified }) => [key, formatBytes(size), modified === undefined ? null : formatTime(modified)]),
  ];
  return {
    title: store.uri,
    command: text,
    blocks: [
      {
        kind: 'table', title: `${count(folders.length, 'folder')}, ${count(files.length, 'file')}${total >= entriesCounted ? ', and more' : ''}`,
        columns: [{ label: 'Name' }, { label: 'Size' }, { label: 'Modified (UTC)' }],
        rows: rows.slice(0, entriesShown), ...(rows.length > entriesShown ? { total: rows.length } : {}),
      },
      ...(isImageName(store.uri) ? [{ kind: 'commands', commands: [{ title: 'About this image', text: commandText(storage, 'info', store.uri) }] } as const] : []),
    ],
  };
}

/** `2026-01-31 14:05`. */
function formatTime(time: number): string {
  return new Date(time).toISOString().slice(0, 16).replace('T', ' ');
}
