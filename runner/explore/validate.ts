import { compareParticipants, named, readFacts, readParticipant } from '../bids/browse.ts';
import type { DatasetFacts } from '../bids/browse.ts';
import type { SpimFile } from '../bids/bids.types.ts';
import { mapBounded } from '../bids/folder.ts';
import { imageProblems, setProblems, skippedProblem } from '../bids/problems.ts';
import type { CheckedImage, Problem, Severity } from '../bids/problems.ts';
import type { Found } from '../bids/participantImages.ts';
import { readRoot } from '../bids/root.ts';
import type { DatasetRoot } from '../bids/root.ts';
import { participantOptions } from '../command/build.ts';
import { openOmeZarr } from '../image/omeZarr.ts';
import { reportError } from '../protocol/errors.ts';
import type { Block, Result } from '../protocol/results.ts';
import type { ObjectStore } from '../storage/objectStore.ts';
import { openStore } from '../storage/open.ts';
import { joinUri } from '../storage/uri.ts';
import { count } from '../wording/words.ts';
import type { ExploreContext } from './explore.types.ts';
import { commandText, placeOf } from './target.ts';
import type { PlaceOptions } from './target.ts';

/** Participants looked through at once. */
const participantsAtOnce = 8;
/** Rows of the table; places of the same problem share one. */
const rowsShown = 200;
const placesShown = 3;
/** Milliseconds between two words about how far it is. */
const progressEvery = 250;

/**
 * Checks that a dataset can be quantified: BIDS files and names, sidecars, and the metadata of every image. Reads small
 * files only, no pixel. What is wrong becomes a row of a table with what to do about it.
 *
 * @throws SpimquantError `not-found` when nothing is there, and what the storage throws while the root is read
 */
export async function validate(options: PlaceOptions, text: string, context: ExploreContext): Promise<Result> {
  const uri = placeOf(options, context);
  const store = openStore(uri, options.storage);
  context.progress(`Listing ${uri}`);
  const root = await readRoot(store, context.signal);
  const facts = await readFacts(store, root, context.signal);
  const found = await lookThrough(store, root, context);
  const forRegistration = participantOptions(new Map()).stainsForReg;
  const problems = [...rootProblems(root, facts), ...found.problems, ...setProblems(found.checked, forRegistration)];
  const rows = problemRows(problems);
  const errors = problems.some(({ severity }) => severity === 'error');
  const blocks: Block[] = [
    { kind: 'facts', facts: [
      { label: 'Participants', value: root.labels.length.toLocaleString('en-US') },
      { label: 'Images', value: `${found.checked.length.toLocaleString('en-US')} can be read${found.unreadable === 0 ? '' : `, ${found.unreadable} cannot`}` },
      { label: 'Problems', value: problems.length === 0 ? 'none' : tally(problems) },
    ] },
    { kind: 'notice', ...verdict(problems, found.checked.length) },
    ...(rows.length === 0 ? [] : [{
      kind: 'table', title: 'What was found',
      columns: [{ label: 'Severity' }, { label: 'Where', wrap: true }, { label: 'What', wrap: true }, { label: 'What to do', wrap: true }],
      rows: rows.slice(0, rowsShown), ...(rows.length > rowsShown ? { total: rows.length } : {}),
    } as const]),
    ...(errors || found.checked.length === 0 ? [] : [{
      kind: 'commands', title: 'Go on', commands: [{ title: 'See what a run would do', text: commandText(options.storage, 'plan', uri, joinUri(uri, 'derivatives', 'spimquant'), 'participant') }],
    } as const]),
  ];
  return { title: `Check of ${facts.name ?? uri}`, command: text, blocks };
}

interface Looked {
  readonly checked: readonly CheckedImage[];
  readonly unreadable: number;
  readonly problems: readonly Problem[];
}

/** Looks through all participants, and opens their images. */
async function lookThrough(store: ObjectStore, root: DatasetRoot, context: ExploreContext): Promise<Looked> {
  const { signal } = context;
  let done = 0;
  let told = 0;
  const parts = await mapBounded(root.labels, participantsAtOnce, async (label): Promise<Looked> => {
    const { images, skipped, denied } = await lookInto(store, root, label, signal);
    const opened = await mapBounded(images, 2, (image) => openImage(store, image, signal));
    done += 1;
    if (done === root.labels.length || performance.now() - told > progressEvery) {
      told = performance.now();
      context.progress(`Checked ${done} of ${count(root.labels.length, 'participant')}`);
    }
    const checked = opened.flatMap((result) => ('info' in result ? [result] : []));
    const failed = opened.flatMap((result) => ('what' in result ? [result] : []));
    return { checked, unreadable: failed.length, problems: [...denied, ...skipped.map(({ path, reason }) => skippedProblem(path, reason)), ...failed, ...checked.flatMap(imageProblems)] };
  });
  return {
    checked: parts.flatMap(({ checked }) => checked),
    unreadable: parts.reduce((sum, part) => sum + part.unreadable, 0),
    problems: parts.flatMap(({ problems }) => problems),
  };
}

/** A participant's images. That one folder is closed is a finding; that all are shows at the root already. */
async function lookInto(store: ObjectStore, root: DatasetRoot, label: string, signal: AbortSignal): Promise<Found & { readonly denied: readonly Problem[] }> {
  try {
    return { ...(await readParticipant(store, label, { rootFiles: root.files, known: root.labels, signal })), denied: [] };
  } catch (error) {
    const { code, message, hint } = reportError(error);
    if (code !== 'access-denied') throw error;
    return { images: [], skipped: [], denied: [{ severity: 'error', where: `sub-${label}`, what: message, mend: hint ?? 'Ask its owner for the right to read it.' }] };
  }
}

async function openImage(store: ObjectStore, image: SpimFile, signal: AbortSignal): Promise<CheckedImage | Problem> {
  try {
    const { info } = await openOmeZarr(store, image.path, { signal, cacheBytes: 0 });
    return { image, info };
  } catch (error) {
    const { code, message, hint } = reportError(error);
    // Of the image it is a finding; of the network or a sign-in it is the end of this check.
    if (!['bad-zarr', 'not-found', 'access-denied', 'bad-dataset'].includes(code)) throw error;
    return { severity: 'error', where: image.path, what: plainly(message, store.uri, image.path), mend: hint ?? 'Copy or convert the image anew.' };
  }
}

/** What an error says, without the place, which stands beside it. */
function plainly(message: string, uri: string, path: string): string {
  const text = message.replaceAll(`${uri}/`, '').replace(`${path}: `, '');
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}`;
}

/** What the root, the description and participants.tsv tell. */
function rootProblems(root: DatasetRoot, facts: DatasetFacts): readonly Problem[] {
  const problems: Problem[] = [];
  const description = 'dataset_description.json';
  if (!root.files.includes(description)) {
    problems.push({ severity: 'error', where: description, what: 'It is not there, so the pipeline does not take the folder for a dataset.', mend: 'Add the file, with at least {"Name": "…", "BIDSVersion": "1.10.0"} in it.' });
  } else if (!facts.fileProblems.some(({ file }) => file === description)) {
    const missing = [...(facts.name === undefined ? ['Name'] : []), ...(facts.bidsVersion === undefined ? ['BIDSVersion'] : [])];
    if (missing.length > 0) problems.push({ severity: 'warning', where: description, what: `It does not say ${missing.join(' and ')}.`, mend: 'BIDS asks for both: add them.' });
  }
  for (const { file, missing, text } of facts.fileProblems) {
    if (!missing) problems.push({ severity: 'error', where: file, what: text, mend: 'Correct the file.' });
  }
  if (root.labels.length === 0) problems.push({ severity: 'error', where: root.uri, what: 'There are no participants: no folders called sub-….', mend: 'Give the folder that holds them.' });
  problems.push(...root.skipped.map(({ path, reason }): Problem => ({ severity: 'warning', where: path, what: `Left out: ${reason}.`, mend: 'Rename the folder, and the files in it alike.' })));
  return [...problems, ...tableProblems(root, facts)];
}

function tableProblems(root: DatasetRoot, { table }: DatasetFacts): readonly Problem[] {
  const where = 'participants.tsv';
  if (!root.files.includes(where)) {
    return root.labels.length === 0 ? [] : [{ severity: 'warning', where, what: 'It is not there, so groups cannot be compared.', mend: 'Add it: a column participant_id, and one for every property to compare, separated by tabs.' }];
  }
  if (table === undefined) return [];
  const { withoutFolder, withoutRow } = compareParticipants(root.labels, table);
  return [
    ...withoutFolder.map((label): Problem => ({ severity: 'note', where: `sub-${label}`, what: 'It is in participants.tsv, but has no folder.', mend: 'Nothing, if it was left out on purpose; otherwise check the label.' })),
    ...withoutRow.map((label): Problem => ({ severity: 'warning', where: `sub-${label}`, what: 'It has no row in participants.tsv, so it is in no group.', mend: 'Add the row.' })),
    ...(table.columns.length === 0 ? [{ severity: 'note', where, what: 'It has no column but participant_id: there is nothing to compare groups by.', mend: 'Add a column, for example treatment.' } as const] : []),
  ];
}

const order: readonly Severity[] = ['error', 'warning', 'note'];

/** Problems as rows, the gravest first; the same problem of several places is one row. */
function problemRows(problems: readonly Problem[]): readonly (readonly string[])[] {
  const same = Map.groupBy(problems, ({ severity, what, mend }) => `${order.indexOf(severity)}\n${what}\n${mend}`);
  return [...same.values()]
    .sort(([a], [b]) => order.indexOf(a.severity) - order.indexOf(b.severity))
    .map((group) => [group[0].severity, named(group.map(({ where }) => where), placesShown), group[0].what, group[0].mend]);
}

function tally(problems: readonly Problem[]): string {
  return order.flatMap((severity) => {
    const n = problems.filter((problem) => problem.severity === severity).length;
    return n === 0 ? [] : [count(n, severity)];
  }).join(', ');
}

function verdict(problems: readonly Problem[], images: number): { readonly level: 'info' | 'warn' | 'error'; readonly text: string } {
  if (problems.some(({ severity }) => severity === 'error')) return { level: 'error', text: 'Parts of it cannot be quantified as they are: see the errors.' };
  if (images === 0) return { level: 'error', text: 'There is no image to quantify.' };
  if (problems.some(({ severity }) => severity === 'warning')) return { level: 'warn', text: 'It can be quantified. Look at the warnings first: results may not mean what they seem to.' };
  return { level: 'info', text: problems.length === 0 ? 'No problems were found: it can be quantified.' : 'It can be quantified.' };
}
