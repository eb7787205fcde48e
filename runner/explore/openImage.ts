import { indexDataset } from '../bids/dataset.ts';
import type { DatasetIndex, SpimFile } from '../bids/bids.types.ts';
import { glanceAtRoot } from '../bids/root.ts';
import { imageVersion } from '../image/imageVersion.ts';
import { openOmeZarr } from '../image/omeZarr.ts';
import type { OmeZarrImage } from '../image/omeZarr.types.ts';
import { channelStains } from '../pipeline/plan/stains.ts';
import { SpimquantError } from '../protocol/errors.ts';
import { didYouMean } from '../protocol/nearest.ts';
import type { EntityFilter, LookOptions } from '../protocol/options.ts';
import type { StorageChoice } from '../protocol/storageChoice.ts';
import type { ObjectStore } from '../storage/objectStore.ts';
import { expandHome, formatUri, joinUri, normaliseUri, parseUri } from '../storage/uri.ts';
import { count } from '../wording/words.ts';
import type { ExploreCache } from './cache.ts';
import type { ExploreContext } from './explore.types.ts';
import { isImageName } from './target.ts';

/** An image that is looked at, opened. */
export interface Target {
  readonly image: OmeZarrImage;
  /** Tells the image from others and from its own earlier contents: part of every key of the cache. */
  readonly key: readonly string[];
  readonly uri: string;
  /** Labels in channel order. */
  readonly stains: readonly string[];
  /** Three letters, XYZ. */
  readonly orientation: string;
  /** Where it belongs to a dataset. */
  readonly dataset?: { readonly uri: string; readonly participant: string };
  /** What was chosen on the user's behalf, one sentence each. */
  readonly notices: readonly string[];
}

/** What {@link openTarget} is asked for. */
export interface TargetRequest {
  readonly uri: string;
  readonly look: Pick<LookOptions, 'participant' | 'filterSpim' | 'sampleStaining' | 'orientation'>;
  readonly storage: StorageChoice;
}

/** How long an answer to "which image is it" holds, in milliseconds: sidecars may be mended between two looks. */
const choiceHolds = 10_000;
/** Participants that are looked into for a first image. */
const participantsTried = 5;
/** Decoded chunks that each opened image keeps of its own, for neighbouring slices. */
const chunkBytes = 32 * 1024 * 1024;

/** Where an image is, and what its dataset says of it. */
interface Choice {
  /** URI of the folder it is in, and its name there. */
  readonly root: string;
  readonly path: string;
  readonly file: Pick<SpimFile, 'sampleStaining' | 'orientationXYZ'>;
  readonly dataset?: { readonly uri: string; readonly participant: string };
  readonly notices: readonly string[];
}

/**
 * Opens the image that a command names, directly or by its dataset: then the participant asked for or the first, and
 * that one's first image. Throws `not-found`, `bad-dataset`, `bad-zarr`, `bad-option`, and storage errors.
 */
export async function openTarget(request: TargetRequest, context: ExploreContext, cache: ExploreCache): Promise<Target> {
  const { look, storage, uri: word } = request;
  const { signal, cwd, clock = Date.now } = context;
  const uri = normaliseUri(expandHome(word), cwd);
  context.progress('Opening the image');
  const turn = Math.floor(clock() / choiceHolds);
  const choice = await cache.remember(['choice', uri, storage, look.participant ?? '', look.filterSpim, turn], () => choose(uri, request, cache, signal), () => 4096);
  const store = cache.store(choice.root, storage);
  const version = await imageVersion(store, choice.path, signal);
  const name = joinUri(choice.root, choice.path);
  const key = [name, JSON.stringify(storage), version];
  const image = await cache.remember(['image', ...key], () => openOmeZarr(store, choice.path, { signal, cacheBytes: chunkBytes }), () => chunkBytes);
  const orientation = look.orientation ?? choice.file.orientationXYZ ?? image.info.storedOrientation ?? 'RAS';
  return {
    image, key, uri: name,
    stains: channelStains(choice.file, image.info, look),
    orientation,
    ...(choice.dataset === undefined ? {} : { dataset: choice.dataset }),
    notices: [
      ...choice.notices,
      ...(look.orientation ?? choice.file.orientationXYZ ?? image.info.storedOrientation) === undefined ? ['Neither the dataset nor the image says how it is oriented: RAS is assumed. --orientation sets it.'] : [],
    ],
  };
}

/** The channel of a stain. Throws `bad-option` with those there are. */
export function channelOfStain(target: Target, stain: string): number {
  const index = target.stains.indexOf(stain);
  if (index >= 0) return index;
  throw new SpimquantError('bad-option', `There is no stain ${stain} in ${target.uri}.${didYouMean(stain, target.stains)}`, {
    where: target.uri, hint: `It has ${target.stains.join(', ')}.`,
  });
}

async function choose(uri: string, request: TargetRequest, cache: ExploreCache, signal: AbortSignal): Promise<Choice> {
  const { storage } = request;
  if (isImageName(uri) || (await imageVersion(cache.store(uri, storage), '', signal)) !== '') {
    return (await inDataset(uri, storage, cache, signal)) ?? { ...parent(uri), file: {}, notices: [] };
  }
  return firstImage(cache.store(uri, storage), request.look, signal);
}

/** The folder that something is in, and its name there. */
function parent(uri: string): { readonly root: string; readonly path: string } {
  const at = uri.search(/[/\\][^/\\]*$/);
  const location = parseUri(uri);
  if (at < 0 || (location.scheme !== 'local' && location.prefix === '')) return { root: uri, path: '' };
  return { root: formatUri(parseUri(uri.slice(0, Math.max(1, at)))), path: uri.slice(at + 1) };
}

const anyName: readonly EntityFilter[] = ['sample', 'suffix', 'extension'].map((entity) => ({ entity, method: 'optional' }));

/** What the dataset around an image says of it; undefined when it is in none. */
async function inDataset(uri: string, storage: StorageChoice, cache: ExploreCache, signal: AbortSignal): Promise<Choice | undefined> {
  const match = /^(.+)[/\\](sub-([A-Za-z0-9+]+)[/\\](?:ses-[A-Za-z0-9+]+[/\\])?micr[/\\][^/\\]+)$/.exec(uri);
  if (match === null) return undefined;
  const [, root, below, participant] = match;
  const path = below.replaceAll('\\', '/');
  const store = cache.store(formatUri(parseUri(root)), storage);
  try {
    const index = await indexDataset(store, { participantLabel: [participant], filters: anyName, signal });
    const file = index.images.find((image) => image.path === path);
    return file === undefined ? undefined : { root: store.uri, path, file, dataset: { uri: store.uri, participant }, notices: [] };
  } catch (error) {
    // An image may lie in folders that only look like a dataset's.
    if (error instanceof SpimquantError && (error.code === 'bad-dataset' || error.code === 'not-found')) return undefined;
    throw error;
  }
}

async function firstImage(store: ObjectStore, look: TargetRequest['look'], signal: AbortSignal): Promise<Choice> {
  const index = (labels: readonly string[]): Promise<DatasetIndex> => indexDataset(store, { participantLabel: labels, filters: look.filterSpim, signal });
  const asked = look.participant;
  const labels = asked === undefined ? (await glanceAtRoot(store, signal)).labels.slice(0, participantsTried) : [asked];
  let reason = '';
  for (const label of labels.length === 0 ? [undefined] : labels) {
    const found = await index(label === undefined ? [] : [label]);
    const image = found.images.at(0);
    if (image === undefined) {
      reason ||= found.skipped.slice(0, 2).map(({ path, reason: why }) => `${path}: ${why}`).join('; ');
      continue;
    }
    const participant = image.entities.sub;
    const notices = [
      ...(asked === undefined ? [`No participant is named: the first is shown, sub-${participant}. --participant-label chooses another.`] : []),
      ...(found.images.length > 1 ? [`sub-${participant} has ${count(found.images.length, 'image')}: ${image.path} is shown. --filter-spim chooses another.`] : []),
    ];
    return { root: store.uri, path: image.path, file: image, dataset: { uri: store.uri, participant }, notices };
  }
  throw new SpimquantError('bad-dataset', `There is no lightsheet image ${asked === undefined ? `of the first participants of ${store.uri}` : `of sub-${asked} in ${store.uri}`}.`, {
    where: store.uri, ...(reason === '' ? { hint: 'Name an image, or a participant with --participant-label.' } : { hint: `Left out: ${reason}.` }),
  });
}
