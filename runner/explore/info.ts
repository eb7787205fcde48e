import { readFacts, readParticipant, summariseDataset } from '../bids/browse.ts';
import type { DatasetFacts } from '../bids/browse.ts';
import { readDerivatives } from '../bids/derivatives.ts';
import { summariseImage } from '../bids/imageSummary.ts';
import { summariseColumns } from '../bids/participants.ts';
import type { ParticipantsTable } from '../bids/participants.ts';
import { glanceAtRoot, readRoot } from '../bids/root.ts';
import type { DatasetRoot, RootGlance } from '../bids/root.ts';
import { openOmeZarr } from '../image/omeZarr.ts';
import type { DerivativeSummary } from '../protocol/datasets.ts';
import { reportError, SpimquantError } from '../protocol/errors.ts';
import type { DatasetData } from '../protocol/exploreData.ts';
import type { StorageChoice } from '../protocol/storageChoice.ts';
import type { Block, Result } from '../protocol/results.ts';
import type { ObjectStore } from '../storage/objectStore.ts';
import { openStore } from '../storage/open.ts';
import { joinUri } from '../storage/uri.ts';
import { count } from '../wording/words.ts';
import type { ExploreContext } from './explore.types.ts';
import { imageBlocks, imageData } from './imageBlocks.ts';
import { commandText, isImageName, placeOf, sidecarOf } from './target.ts';
import type { PlaceOptions } from './target.ts';

/** Participants looked through for a first image, so that the dataset's stains can be told. */
const participantsTried = 3;
/** Different values of a column that are written out. */
const valuesShown = 8;

/**
 * Tells what an image or a dataset is, from a few small reads.
 *
 * @throws SpimquantError `not-found`, `bad-dataset` for a folder that is neither, `bad-zarr`, and what the storage throws
 */
export async function info(options: PlaceOptions, text: string, context: ExploreContext): Promise<Result> {
  const uri = placeOf(options, context);
  const store = openStore(uri, options.storage);
  if (isImageName(uri)) return imageInfo(uri, options.storage, text, context);
  context.progress(`Listing ${uri}`);
  const root = await glanceAtRoot(store, context.signal);
  if (['zarr.json', '.zattrs', '.zgroup'].some((name) => root.files.includes(name))) return imageInfo(uri, options.storage, text, context);
  if (root.labels.length === 0 && !root.files.includes('dataset_description.json')) {
    throw new SpimquantError('bad-dataset', `${uri} is neither an image nor a BIDS dataset.`, {
      where: uri, hint: `Give an OME-Zarr image, or the folder that holds dataset_description.json and the sub-… folders. To see what is there: ${commandText(options.storage, 'ls', options.uri)}`,
    });
  }
  return datasetInfo(store, root, options.storage, text, context);
}

async function imageInfo(uri: string, storage: StorageChoice, text: string, context: ExploreContext): Promise<Result> {
  context.progress(`Opening ${uri}`);
  const [image, sidecar] = await Promise.all([
    openOmeZarr(openStore(parentOf(uri), storage), nameOf(uri), { signal: context.signal }),
    sidecarOf(uri, storage, context.signal),
  ]);
  return {
    title: nameOf(uri),
    command: text,
    data: imageData(image.info, sidecar),
    blocks: [...imageBlocks(image.info, sidecar), {
      kind: 'commands', title: 'Look on',
      commands: [
        { title: 'Show slices', text: commandText(storage, 'slice', uri) },
        { title: 'Show the histogram of each stain', text: commandText(storage, 'histogram', uri) },
      ],
    }],
  };
}

function nameOf(uri: string): string {
  return uri.slice(Math.max(uri.lastIndexOf('/'), uri.lastIndexOf('\\')) + 1);
}

function parentOf(uri: string): string {
  return uri.slice(0, uri.length - nameOf(uri).length).replace(/(?<!\/)[/\\]$/, '') || '/';
}

async function datasetInfo(store: ObjectStore, glance: RootGlance, storage: StorageChoice, text: string, context: ExploreContext): Promise<Result> {
  const { signal } = context;
  let told = 0;
  const onCount = (participants: number): void => {
    if (participants < told + 1000) return;
    told = participants;
    context.progress(`Counted ${count(participants, 'participant')} so far`);
  };
  const [root, facts, first] = await Promise.all([
    glance.whole ? glance : readRoot(store, signal, onCount), readFacts(store, glance, signal), firstImage(store, glance, signal),
  ]);
  const derivatives = await readDerivatives(store, facts.derivatives, signal);
  const summary = summariseDataset(root, facts);
  const rows = [
    { label: 'BIDS version', value: facts.bidsVersion ?? 'not said' },
    ...(facts.generatedBy === undefined ? [] : [{ label: 'Made by', value: facts.generatedBy }]),
    { label: 'Participants', value: root.labels.length.toLocaleString('en-US') },
    ...(first === undefined ? [] : [{ label: 'Stains', value: `${first.stains.join(', ')} (in sub-${first.label})` }]),
    { label: 'Place', value: root.uri },
  ];
  const blocks: Block[] = [
    { kind: 'facts', facts: rows },
    ...summary.warnings.map((text): Block => ({ kind: 'notice', level: 'warn', text })),
    ...(facts.table === undefined ? [] : columnsTable(facts.table)),
    ...derivativeBlocks(derivatives),
    { kind: 'commands', title: 'Go on', commands: datasetCommands(root, storage, facts, derivatives) },
  ];
  const data: DatasetData = {
    kind: 'dataset', uri: root.uri, name: facts.name ?? null, bidsVersion: facts.bidsVersion ?? null, generatedBy: facts.generatedBy ?? null,
    participants: root.labels.length, stains: first?.stains ?? null,
    columns: facts.table === undefined ? [] : summariseColumns(facts.table).map(({ name, values, different, range }) => ({ name, values, different, range: range ?? null })),
    derivatives: derivatives.map(({ name, uri, generatedBy, reports }) => ({ name, uri, generatedBy: generatedBy ?? null, reports })),
    warnings: summary.warnings,
  };
  return { title: facts.name ?? nameOf(root.uri), command: text, blocks, data };
}

/** Stains of the first image that can be opened; undefined when the first participants have none. */
async function firstImage(store: ObjectStore, root: DatasetRoot, signal: AbortSignal): Promise<{ readonly label: string; readonly stains: readonly string[] } | undefined> {
  for (const label of root.labels.slice(0, participantsTried)) {
    const { images: [image] } = await readParticipant(store, label, { rootFiles: root.files, known: root.labels, signal });
    if (image === undefined) continue;
    try {
      return { label, stains: summariseImage((await openOmeZarr(store, image.path, { signal })).info, image).stains };
    } catch (error) {
      // What is wrong with an image is told when it is looked at.
      if (reportError(error).code !== 'bad-zarr') throw error;
    }
  }
  return undefined;
}

/** Columns of participants.tsv with what stands in them. */
function columnsTable(table: ParticipantsTable): readonly Block[] {
  if (table.columns.length === 0) return [];
  const rows = table.columns.map((name) => [name, describeColumn([...table.rows.values()].map((row) => row[name]))]);
  return [{ kind: 'table', title: 'Columns of participants.tsv', columns: [{ label: 'Column' }, { label: 'Values', wrap: true }], rows }];
}

/** Values with how often each occurs, or, of many numbers, from where to where they go. Undefined: an empty cell. */
export function describeColumn(values: readonly (string | undefined)[]): string {
  const filled = values.filter((value) => value !== undefined);
  const empty = values.length - filled.length;
  const counts = [...Map.groupBy(filled, (value) => value)].map(([value, same]) => ({ value, n: same.length }));
  counts.sort((a, b) => b.n - a.n || (a.value < b.value ? -1 : 1));
  const numbers = filled.map(Number);
  const numeric = numbers.length > 0 && numbers.every((value) => Number.isFinite(value));
  const written = numeric && counts.length > valuesShown
    ? `${numbers.reduce((a, b) => Math.min(a, b))} to ${numbers.reduce((a, b) => Math.max(a, b))}`
    : `${counts.slice(0, valuesShown).map(({ value, n }) => (n === 1 ? value : `${value} (${n})`)).join(', ')}${counts.length > valuesShown ? ` and ${counts.length - valuesShown} more` : ''}`;
  return [...(written === '' ? [] : [written]), ...(empty === 0 ? [] : [`${empty} empty`])].join(', ');
}

function derivativeBlocks(derivatives: readonly DerivativeSummary[]): readonly Block[] {
  if (derivatives.length === 0) return [];
  const links = derivatives.flatMap(({ name, reports }) => reports.map(({ title, uri }) => ({ title: `${name}: ${title}`, uri })));
  return [
    {
      kind: 'table', title: 'Derivatives', columns: [{ label: 'Folder' }, { label: 'Made by' }, { label: 'Reports', numeric: true }],
      rows: derivatives.map(({ name, generatedBy, reports }) => [name, generatedBy ?? null, reports.length]),
    },
    ...(links.length === 0 ? [] : [{ kind: 'links', title: 'Reports', links: links.slice(0, 12) } as const]),
  ];
}

function datasetCommands(root: DatasetRoot, storage: StorageChoice, facts: DatasetFacts, derivatives: readonly DerivativeSummary[]): readonly { readonly title: string; readonly text: string }[] {
  const ours = derivatives.find(({ generatedBy }) => generatedBy?.startsWith('SPIMquant') === true && !generatedBy.includes('phantom'));
  const output = ours?.uri ?? joinUri(root.uri, 'derivatives', 'spimquant');
  const contrast = contrastOf(facts.table);
  return [
    { title: 'List its images', text: commandText(storage, 'ls', root.uri) },
    { title: 'Check it', text: commandText(storage, 'validate', root.uri) },
    { title: 'See what a run would do', text: commandText(storage, 'plan', root.uri, output, 'participant') },
    ...(ours === undefined || contrast === undefined ? [] : [{
      title: `Compare ${contrast.values.join(' with ')} (${count(ours.reports.length, 'report')} there)`,
      text: commandText(storage, root.uri, output, 'group', '--contrast_column', contrast.column, '--contrast_values', ...contrast.values),
    }]),
  ];
}

/** The first column of participants.tsv that splits the participants into two groups of two or more. */
export function contrastOf(table: ParticipantsTable | undefined): { readonly column: string; readonly values: readonly string[] } | undefined {
  for (const column of table?.columns ?? []) {
    const groups = Map.groupBy([...(table?.rows.values() ?? [])].flatMap((row) => row[column] ?? []), (value) => value);
    if (groups.size === 2 && [...groups.values()].every((same) => same.length >= 2)) return { column, values: [...groups.keys()].sort() };
  }
  return undefined;
}
