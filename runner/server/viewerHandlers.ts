import { setTimeout as wait } from 'node:timers/promises';
import { placeInDataset } from '../explore/target.ts';
import type { ImageRef } from '../protocol/imageView.ts';
import { reportError } from '../protocol/errors.ts';
import type { RunRecord } from '../protocol/runs.ts';
import { ownStorage } from '../protocol/storageChoice.ts';
import { expandHome, normaliseUri } from '../storage/uri.ts';
import { findRelated, type ResultsFolder } from '../viewer/related.ts';
import type { HandlerContext, HandlerGroup } from './handlers.ts';
import { checkedStorage, OpenStores } from './openStores.ts';
import { outputStorage } from './runs/runOutputs.ts';
import { saidOf } from './viewer/imageContext.ts';
import { ViewerThread } from './viewer/viewerThread.ts';

/** Time after a window has come at which its first image is prepared for, in milliseconds. */
const warmAfterMs = 1500;
/** What is known of a dataset already is there by then, in milliseconds; otherwise it has to be read. */
const knownWithinMs = 4;
/** Of the runs of this machine, how many are looked at for results of an image. */
const runsLookedAt = 200;

/** Requests `image.*`. All windows share one thread and what it keeps. */
export const viewerHandlers: HandlerGroup = (context) => {
  const { datasets, log } = context;
  const thread = new ViewerThread(log);
  context.onEnd(() => { thread.dispose(); });
  const stores = new OpenStores(context.clock);
  let warming: NodeJS.Timeout | undefined;
  context.onEnd(() => { clearTimeout(warming); });

  return (caller) => {
    warming ??= setTimeout(() => { thread.warm(); }, warmAfterMs);
    const lost = new AbortController();
    caller.onClose(() => { lost.abort(); });
    const either = (signal: AbortSignal): AbortSignal => AbortSignal.any([signal, lost.signal]);

    caller.handle('image.open', async (params, asked) => {
      const signal = either(asked);
      const ask = { ...params, image: checked(params.image) };
      const said = saidOf(ask.image, datasets, signal);
      const early = await Promise.race([said, wait(knownWithinMs)]);
      if (early !== undefined) return thread.ask('image.open', ask, { said: early, saidOver: {} }, signal);
      // What the dataset says is not needed for reading, which goes on meanwhile; then all is there.
      const [late] = await Promise.all([said, thread.ask('image.open', ask, { said: {}, saidOver: {} }, signal)]);
      return thread.ask('image.open', ask, { said: late, saidOver: {}, again: true }, signal);
    });
    caller.handle('image.prepare', ({ image }, signal) => thread.ask('image.prepare', { image: checked(image) }, { said: {}, saidOver: {} }, either(signal)));
    caller.handle('image.piece', async ({ image, over, ...params }, asked) => {
      const signal = either(asked);
      const ask = { ...params, image: checked(image), ...(over === undefined ? {} : { over: checked(over) }) };
      if (ask.over === undefined) return thread.ask('image.piece', ask, { said: {}, saidOver: {} }, signal);
      const [said, saidOver] = await Promise.all([saidOf(ask.image, datasets, signal), saidOf(ask.over, datasets, signal)]);
      return thread.ask('image.piece', ask, { said, saidOver }, signal);
    });
    caller.handle('image.voxel', ({ image, ...params }, signal) => thread.ask('image.voxel', { ...params, image: checked(image) }, { said: {}, saidOver: {} }, either(signal)));
    caller.handle('image.histogram', ({ image, ...params }, signal) => thread.ask('image.histogram', { ...params, image: checked(image) }, { said: {}, saidOver: {} }, either(signal)));
    caller.handle('image.volume', async ({ image, ...params }, asked) => {
      const signal = either(asked);
      const ask = { ...params, image: checked(image) };
      return thread.ask('image.volume', ask, { said: await saidOf(ask.image, datasets, signal), saidOver: {} }, signal);
    });
    caller.handle('image.related', async ({ image }, asked) => {
      const ref = checked(image);
      const signal = either(asked);
      return { overlays: await findRelated(ref.uri, await resultsFolders(ref, context, stores, signal), signal) };
    });
  };
};

/** The image with its address in its one written form, and nothing but known storage choices. Throws `bad-option`. */
function checked({ uri, storage }: ImageRef): ImageRef {
  return { uri: normaliseUri(expandHome(uri)), storage: checkedStorage(storage) };
}

/** Where results of an image may be: in the folder of results that it lies in itself, in its dataset's derivatives, and where runs have written. */
async function resultsFolders({ uri, storage }: ImageRef, { datasets, book, log }: HandlerContext, stores: OpenStores, signal: AbortSignal): Promise<readonly ResultsFolder[]> {
  const place = placeInDataset(uri) ?? placeOfTemplate(uri);
  if (place === undefined) return [];
  const folders = new Map<string, ResultsFolder>();
  const add = (address: string, choice: ImageRef['storage']): void => {
    if (!folders.has(address)) folders.set(address, { name: address.split(/[/\\]/).pop() ?? address, storage: choice, store: stores.get(address, choice) });
  };
  add(place.dataset, storage);
  try {
    for (const address of await datasets.derivativesOf({ uri: place.dataset, storage }, signal)) add(address, storage);
  } catch (error) {
    if (reportError(error).code === 'cancelled') throw error;
    log('info', `Derivatives of ${place.dataset} cannot be listed: ${reportError(error).message}`);
  }
  const { runs } = await book.list(runsLookedAt);
  for (const run of runs) if (isOf(run, place.dataset)) add(run.output, ownStorage(outputStorage(run)));
  return [...folders.values()];
}

function isOf({ verb, bids }: RunRecord, dataset: string): boolean {
  return verb === 'participant' && bids === dataset;
}

function placeOfTemplate(uri: string): { readonly dataset: string } | undefined {
  const match = /^(.*?)[/\\]tpl-[A-Za-z0-9+]+[/\\]/.exec(uri);
  return match === null ? undefined : { dataset: match[1] };
}
