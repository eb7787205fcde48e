import { interpretTolerantly, listOrRefuse } from '../../bids/browse.ts';
import { summariseImage } from '../../bids/imageSummary.ts';
import type { Found, ParticipantListing } from '../../bids/participantImages.ts';
import type { RootHead } from '../../bids/root.ts';
import type { ImageSidecar } from '../../bids/sidecars.ts';
import { imageVersion } from '../../image/imageVersion.ts';
import { openOmeZarr } from '../../image/omeZarr.ts';
import { sharedLoads } from '../../image/sharedLoads.ts';
import type { DatasetChange, ImageSummary } from '../../protocol/datasets.ts';
import { reportError } from '../../protocol/errors.ts';
import type { Clock, Logger } from '../../protocol/log.ts';
import type { ObjectStore } from '../../storage/objectStore.ts';
import type { Semaphore } from '../../storage/semaphore.ts';
import { KeptItems } from './keptItems.ts';
import type { KeptItem } from './keptItems.ts';
import { freshMs, sidecarMark, tryAgainMs } from './rootIndex.ts';

export interface LookedIntoOptions {
  readonly store: () => ObjectStore;
  readonly clock: Clock;
  readonly log: Logger;
  /** Looks that nobody waits for queue here. */
  readonly lane: Semaphore;
  /** What lies in the dataset's root. */
  readonly head: (signal: AbortSignal | undefined) => Promise<RootHead>;
  /** Labels that are known, for the error about one that is not. */
  readonly labels: () => readonly string[];
  readonly changed: (change: DatasetChange) => void;
  /** There is more to keep than before. */
  readonly grown: () => void;
}

/** Participants and images as they are kept between runners. */
export interface LookedIntoSnapshot {
  readonly participants: readonly (readonly [string, KeptItem])[];
  readonly images: readonly (readonly [string, KeptItem])[];
}

/** Bytes of what is kept of participants and of images, each. */
const keptBytes = 4 << 20;

/** An image with what the sidecar said when it was opened. */
interface OpenedImage {
  readonly summary: ImageSummary;
  readonly sidecar: ImageSidecar;
}

/**
 * Participants of a dataset whose folders were looked into, and images that were opened. What is known is answered at once;
 * when it is not fresh, it is compared in the background: participants by the versions that listings tell, images by those of
 * their metadata. Only what has changed is read again.
 */
export class LookedInto {
  readonly #options: LookedIntoOptions;
  readonly #participants = new KeptItems(keptBytes);
  readonly #images = new KeptItems(keptBytes);
  readonly #founds = sharedLoads<Found>();
  readonly #summaries = sharedLoads<ImageSummary>();
  /** Names that are being compared. */
  readonly #comparing = new Set<string>();
  readonly #end = new AbortController();
  /** Rises when all is forgotten: what was begun before that is not kept. */
  #generation = 0;

  constructor(options: LookedIntoOptions, kept?: LookedIntoSnapshot) {
    this.#options = options;
    for (const [label, item] of kept?.participants ?? []) this.#participants.set(label, item);
    for (const [path, item] of kept?.images ?? []) this.#images.set(path, item);
  }

  get snapshot(): LookedIntoSnapshot {
    return { participants: [...this.#participants.entries()], images: [...this.#images.entries()] };
  }

  /** What is in a participant's folder. Throws `not-found`, and what the storage throws. */
  async participant(label: string, signal: AbortSignal | undefined): Promise<Found> {
    const known = this.#participants.get(label);
    if (known !== undefined) {
      if (!this.#isFresh(known)) void this.#compare(`participant ${label}`, () => this.#compareParticipant(label, known));
      return JSON.parse(known.json) as Found;
    }
    const generation = this.#generation;
    return this.#founds.get(`${generation} ${label}`, async (shared) => {
      const head = await this.#options.head(shared);
      const listing = await listOrRefuse(this.#options.store(), label, this.#options.labels(), shared);
      const found = await this.#interpret(listing, head, shared);
      if (generation === this.#generation) this.#keep(this.#participants, label, found, markOf(listing, head));
      return found;
    }, signal);
  }

  /** What an image is. Throws `not-found`, `bad-zarr`, and what the storage throws. */
  async image(path: string, signal: AbortSignal | undefined): Promise<ImageSummary> {
    const sidecar = await this.#sidecarOf(path, signal);
    const known = this.#images.get(path);
    const opened = known && JSON.parse(known.json) as OpenedImage;
    if (known !== undefined && opened !== undefined && same(opened.sidecar, sidecar)) {
      if (!this.#isFresh(known)) void this.#compare(`image ${path}`, () => this.#compareImage(path, sidecar, known));
      return opened.summary;
    }
    const generation = this.#generation;
    return this.#summaries.get(`${generation} ${path} ${JSON.stringify(sidecar)}`, async (shared) => {
      const store = this.#options.store();
      // Before it is read: what is written meanwhile is noticed next time.
      const mark = await imageVersion(store, path, shared);
      const summary = await openImage(store, path, sidecar, shared);
      if (generation === this.#generation) this.#keep(this.#images, path, { summary, sidecar }, mark);
      return summary;
    }, signal);
  }

  /** Forgets a participant with its images, or everything. */
  forget(label?: string): void {
    this.#generation += 1;
    if (label === undefined) {
      this.#participants.clear();
      this.#images.clear();
      return;
    }
    this.#participants.delete(label);
    for (const [path] of [...this.#images.entries()]) if (path.startsWith(`sub-${label}/`)) this.#images.delete(path);
  }

  forgetImage(path: string): void {
    this.#generation += 1;
    this.#images.delete(path);
  }

  dispose(): void {
    this.#end.abort();
  }

  #isFresh({ checked }: KeptItem): boolean {
    return this.#options.clock() - checked < freshMs;
  }

  #keep(items: KeptItems, name: string, value: unknown, mark: string): void {
    items.set(name, { json: JSON.stringify(value), mark, checked: this.#options.clock() });
    this.#options.grown();
  }

  async #interpret(listing: ParticipantListing, head: RootHead, signal: AbortSignal): Promise<Found> {
    return interpretTolerantly(this.#options.store(), listing, { rootFiles: head.files, signal });
  }

  /** What lies elsewhere, or is no image of the pipeline, can be opened all the same; only its sidecar is not known. */
  async #sidecarOf(path: string, signal: AbortSignal | undefined): Promise<ImageSidecar> {
    const label = /^sub-([A-Za-z0-9+]+)\//.exec(path)?.[1];
    if (label === undefined) return {};
    try {
      const { images } = await this.participant(label, signal);
      const { sampleStaining, orientationXYZ } = images.find((image) => image.path === path) ?? {};
      return { ...(sampleStaining === undefined ? {} : { sampleStaining }), ...(orientationXYZ === undefined ? {} : { orientationXYZ }) };
    } catch (error) {
      if (reportError(error).code === 'not-found') return {};
      throw error;
    }
  }

  /** Runs a comparison in the background, once at a time for each name. */
  async #compare(name: string, work: () => Promise<void>): Promise<void> {
    if (this.#comparing.has(name)) return;
    this.#comparing.add(name);
    try {
      await this.#options.lane.use(work, this.#end.signal, name);
    } catch (error) {
      const report = reportError(error);
      if (report.code !== 'cancelled') this.#options.log('warn', `${name} of ${this.#options.store().uri} could not be compared: ${report.message}`);
    } finally {
      this.#comparing.delete(name);
    }
  }

  async #compareParticipant(label: string, known: KeptItem): Promise<void> {
    const { signal } = this.#end;
    try {
      const head = await this.#options.head(signal);
      const listing = await listOrRefuse(this.#options.store(), label, [], signal);
      const mark = markOf(listing, head);
      const json = mark === known.mark ? known.json : JSON.stringify(await this.#interpret(listing, head, signal));
      this.#compared(this.#participants, label, known, { json, mark }, () => { this.#options.changed({ labels: [label] }); });
    } catch (error) {
      this.#couldNotCompare(this.#participants, label, known, error, () => { this.#options.changed({ labels: [label] }); });
      throw error;
    }
  }

  async #compareImage(path: string, sidecar: ImageSidecar, known: KeptItem): Promise<void> {
    const { signal } = this.#end;
    const store = this.#options.store();
    const tell = (): void => { this.#options.changed({ images: [path] }); };
    try {
      const mark = await imageVersion(store, path, signal);
      const json = mark === known.mark ? known.json : JSON.stringify({ summary: await openImage(store, path, sidecar, signal), sidecar } satisfies OpenedImage);
      this.#compared(this.#images, path, known, { json, mark }, tell);
    } catch (error) {
      this.#couldNotCompare(this.#images, path, known, error, tell);
      throw error;
    }
  }

  #compared(items: KeptItems, name: string, known: KeptItem, now: Pick<KeptItem, 'json' | 'mark'>, tell: () => void): void {
    // Forgotten, or loaded anew, meanwhile.
    if (items.get(name) !== known) return;
    items.set(name, { ...now, checked: this.#options.clock() });
    if (now.json === known.json && now.mark === known.mark) return;
    this.#options.grown();
    if (now.json !== known.json) tell();
  }

  /** What is gone, or cannot be understood any more, is dropped, so that whoever looks hears why; anything else is tried again later. */
  #couldNotCompare(items: KeptItems, name: string, known: KeptItem, error: unknown, tell: () => void): void {
    if (items.get(name) !== known) return;
    if (['not-found', 'bad-zarr', 'bad-dataset', 'access-denied'].includes(reportError(error).code)) {
      items.delete(name);
      this.#options.grown();
      tell();
    } else {
      items.set(name, { ...known, checked: this.#options.clock() - freshMs + tryAgainMs });
    }
  }
}

async function openImage(store: ObjectStore, path: string, sidecar: ImageSidecar, signal: AbortSignal): Promise<ImageSummary> {
  return summariseImage((await openOmeZarr(store, path, { signal, cacheBytes: 0 })).info, sidecar);
}

function markOf(listing: ParticipantListing, head: RootHead): string {
  return `${listing.mark} ${sidecarMark(head)}`;
}

function same(a: ImageSidecar, b: ImageSidecar): boolean {
  return JSON.stringify([a.sampleStaining, a.orientationXYZ]) === JSON.stringify([b.sampleStaining, b.orientationXYZ]);
}
