import { compareParticipants, readFacts, readParticipant } from '../bids/browse.ts';
import type { DatasetFacts } from '../bids/browse.ts';
import type { SpimFile } from '../bids/bids.types.ts';
import { readRootFor } from '../bids/dataset.ts';
import { mapBounded } from '../bids/folder.ts';
import { chooseParticipants } from '../bids/participants.ts';
import { Places, ProblemBook } from '../bids/problemBook.ts';
import { duplicateProblems, imageProblems, registrationProblems, skippedProblem, UnusualImages } from '../bids/problems.ts';
import type { CheckedImage, Problem } from '../bids/problems.ts';
import type { Found } from '../bids/participantImages.ts';
import type { DatasetRoot } from '../bids/root.ts';
import { participantOptions } from '../command/build.ts';
import { openOmeZarr } from '../image/omeZarr.ts';
import { reportError } from '../protocol/errors.ts';
import type { Block, Result } from '../protocol/results.ts';
import type { ObjectStore } from '../storage/objectStore.ts';
import { openStore } from '../storage/open.ts';
import { joinUri } from '../storage/uri.ts';
import { count } from '../wording/words.ts';
import { checkData, problemBlocks, tally, verdict } from './problemBlocks.ts';
import type { ExploreContext } from './explore.types.ts';
import { commandText, placeOf } from './target.ts';
import type { PlaceOptions } from './target.ts';

/** What is checked. */
export interface ValidateOptions extends PlaceOptions {
  /** Without `sub-`. Left out or empty: all. */
  readonly participantLabel?: readonly string[];
}

/** Participants looked through at once, and images of each. */
const participantsAtOnce = 8;
const imagesAtOnce = 2;
/** Milliseconds between two words about how far it is. */
const progressEvery = 250;

/**
 * Checks that a dataset can be quantified: BIDS files and names, sidecars, and the metadata of every image. Reads small
 * files only, no pixel. What is wrong becomes a row of a table with what to do about it. Holds what is wrong, not what was
 * read: ten thousand participants take no more memory than ten.
 *
 * @throws SpimquantError `not-found` when nothing is there, or a participant that is named, and what the storage throws
 *   while the root is read
 */
export async function validate(options: ValidateOptions, text: string, context: ExploreContext): Promise<Result> {
  const uri = placeOf(options, context);
  const store = openStore(uri, options.storage);
  const wanted = options.participantLabel ?? [];
  context.progress(`Listing ${uri}`);
  const root = await readRootFor(store, wanted, context.signal, saysNow(context, (participants) => `Listing ${uri}: ${count(participants, 'participant')} so far`));
  const labels = wanted.length === 0 ? root.labels : chooseParticipants(root.labels, wanted, [], uri);
  const facts = await readFacts(store, root, context.signal);
  const book = new ProblemBook();
  addRootProblems(book, root, facts, labels, wanted.length > 0);
  const images = await lookThrough(store, { root, labels }, book, context);
  const blocks: Block[] = [
    { kind: 'facts', facts: [
      { label: 'Participants', value: wanted.length === 0 ? labels.length.toLocaleString('en-US') : `${labels.length.toLocaleString('en-US')}, as asked` },
      { label: 'Images', value: `${images.readable.toLocaleString('en-US')} can be read${images.unreadable === 0 ? '' : `, ${images.unreadable.toLocaleString('en-US')} cannot`}` },
      { label: 'Problems', value: book.count() === 0 ? 'none' : tally(book) },
    ] },
    { kind: 'notice', ...verdict(book, images.readable) },
    ...problemBlocks(book),
    ...(book.count('error') > 0 || images.readable === 0 ? [] : [{
      kind: 'commands', title: 'Go on', commands: [{
        title: 'See what a run would do',
        text: commandText(options.storage, 'plan', uri, joinUri(uri, 'derivatives', 'spimquant'), 'participant', ...(wanted.length === 0 ? [] : ['--participant-label', ...labels])),
      }],
    } as const]),
  ];
  return { title: `Check of ${facts.name ?? uri}`, command: text, blocks, data: checkData(uri, labels.length, images, book) };
}

/** Says something about a growing number, a few times a second; the first time after `told`, a time of `performance.now`. */
function saysNow({ progress }: ExploreContext, words: (number: number) => string, told: number = performance.now()): (number: number) => void {
  return (number) => {
    if (performance.now() - told < progressEvery) return;
    told = performance.now();
    progress(words(number));
  };
}

/** Looks through participants, and opens their images. What is wrong goes into the book. */
async function lookThrough(store: ObjectStore, { root, labels }: { readonly root: DatasetRoot; readonly labels: readonly string[] }, book: ProblemBook, context: ExploreContext): Promise<{ readonly readable: number; readonly unreadable: number }> {
  const { signal } = context;
  const forRegistration = participantOptions(new Map()).stainsForReg;
  const unusual = new UnusualImages();
  let [done, readable, unreadable] = [0, 0, 0];
  const words = (): string => `Checked ${done.toLocaleString('en-US')} of ${count(labels.length, 'participant')}${book.count() === 0 ? '' : `, ${count(book.count(), 'problem')} so far`}`;
  const say = saysNow(context, words, -Infinity);
  await mapBounded(labels, participantsAtOnce, async (label) => {
    const { images, skipped, denied } = await lookInto(store, root, label, signal);
    const opened = await mapBounded(images, imagesAtOnce, (image) => openImage(store, image, signal));
    const checked = opened.flatMap((result) => ('info' in result ? [result] : []));
    const failed = opened.flatMap((result) => ('what' in result ? [result] : []));
    for (const image of checked) unusual.add(image);
    book.add([
      ...denied, ...skipped.map(({ path, reason }) => skippedProblem(path, reason)), ...failed,
      ...checked.flatMap((image) => [...imageProblems(image), ...registrationProblems(image, forRegistration)]), ...duplicateProblems(checked),
    ]);
    done += 1;
    readable += checked.length;
    unreadable += failed.length;
    if (done === labels.length) context.progress(words());
    else say(done);
  });
  for (const { problem, places } of unusual.problems()) book.addShared(problem, places);
  return { readable, unreadable };
}

/** A participant's images. That one folder is closed is a finding; that all are shows at the root already. */
async function lookInto(store: ObjectStore, root: DatasetRoot, label: string, signal: AbortSignal): Promise<Found & { readonly denied: readonly Problem[] }> {
  try {
    return { ...(await readParticipant(store, label, { rootFiles: root.files, signal })), denied: [] };
  } catch (error) {
    const { code, message, hint } = reportError(error);
    if (code !== 'access-denied') throw error;
    return { images: [], skipped: [], denied: [{ severity: 'error', kind: 'access', where: `sub-${label}`, what: message, mend: hint ?? 'Ask its owner for the right to read it.' }] };
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
    return { severity: 'error', kind: code === 'access-denied' ? 'access' : 'image metadata', where: image.path, what: plainly(message, store.uri, image.path), mend: hint ?? 'Copy or convert the image anew.' };
  }
}

/** What an error says, without the place, which stands beside it. */
function plainly(message: string, uri: string, path: string): string {
  const text = message.replaceAll(`${uri}/`, '').replace(`${path}: `, '');
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}`;
}

/** What the root, the description and participants.tsv tell; with `some` of the participants named only. */
function addRootProblems(book: ProblemBook, root: DatasetRoot, facts: DatasetFacts, labels: readonly string[], some: boolean): void {
  const problems: Problem[] = [];
  const description = 'dataset_description.json';
  if (!root.files.includes(description)) {
    problems.push({ severity: 'error', kind: 'description', where: description, what: 'It is not there, so the pipeline does not take the folder for a dataset.', mend: 'Add the file, with at least {"Name": "…", "BIDSVersion": "1.10.0"} in it.' });
  } else if (!facts.fileProblems.some(({ file }) => file === description)) {
    const missing = [...(facts.name === undefined ? ['Name'] : []), ...(facts.bidsVersion === undefined ? ['BIDSVersion'] : [])];
    if (missing.length > 0) problems.push({ severity: 'warning', kind: 'description', where: description, what: `It does not say ${missing.join(' and ')}.`, mend: 'BIDS asks for both: add them.' });
  }
  for (const { file, missing, text } of facts.fileProblems) {
    if (!missing) problems.push({ severity: 'error', kind: file === description ? 'description' : 'participants.tsv', where: file, what: text, mend: 'Correct the file.' });
  }
  if (labels.length === 0) problems.push({ severity: 'error', kind: 'participants', where: root.uri, what: 'There are no participants: no folders called sub-….', mend: 'Give the folder that holds them.' });
  if (root.crowded) problems.push({ severity: 'warning', kind: 'names', where: root.uri, what: 'It holds thousands of files that belong to no participant; of those only what a dataset has by name was looked at.', mend: 'Keep other files elsewhere, or below sourcedata: every look has to pass over them.' });
  problems.push(...root.skipped.map(({ path, reason }): Problem => ({ severity: 'warning', kind: 'names', where: path, what: `Left out: ${reason}.`, mend: 'Rename the folder, and the files in it alike.' })));
  book.add(problems, true);
  addTableProblems(book, root, facts, labels, some);
}

function addTableProblems(book: ProblemBook, root: DatasetRoot, { table }: DatasetFacts, labels: readonly string[], some: boolean): void {
  const where = 'participants.tsv';
  if (!root.files.includes(where)) {
    if (labels.length > 0) book.add([{ severity: 'warning', kind: where, where, what: 'It is not there, so groups cannot be compared.', mend: 'Add it: a column participant_id, and one for every property to compare, separated by tabs.' }], true);
    return;
  }
  if (table === undefined) return;
  const { withoutFolder, withoutRow } = compareParticipants(labels, table);
  const share = (found: readonly string[], problem: Omit<Problem, 'where'>): void => {
    const places = new Places();
    for (const label of found) places.add(`sub-${label}`);
    if (places.count > 0) book.addShared(problem, places);
  };
  // Where only some participants are looked at, the folders of the others are not known.
  if (!some) share(withoutFolder, { severity: 'note', kind: where, what: 'It is in participants.tsv, but has no folder.', mend: 'Nothing, if it was left out on purpose; otherwise check the label.' });
  share(withoutRow, { severity: 'warning', kind: where, what: 'It has no row in participants.tsv, so it is in no group.', mend: 'Add the row.' });
  if (table.columns.length === 0) book.add([{ severity: 'note', kind: where, where, what: 'It has no column but participant_id: there is nothing to compare groups by.', mend: 'Add a column, for example treatment.' }], true);
}
