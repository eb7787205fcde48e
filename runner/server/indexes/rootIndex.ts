import { createHash } from 'node:crypto';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { readFacts, summariseDataset } from '../../bids/browse.ts';
import type { DatasetFacts } from '../../bids/browse.ts';
import { listDerivatives } from '../../bids/derivatives.ts';
import { isJson, isNothing, nothingThere, RootCollector, walkRoot } from '../../bids/root.ts';
import type { DatasetRoot, RootHead } from '../../bids/root.ts';
import type { CountingState, DatasetChange, DatasetSummary } from '../../protocol/datasets.ts';
import { errorFromReport, reportError } from '../../protocol/errors.ts';
import type { ErrorCode, ErrorReport } from '../../protocol/errors.ts';
import type { Clock } from '../../protocol/log.ts';
import { compareLabels } from '../../protocol/participantOrder.ts';
import type { ObjectStore } from '../../storage/objectStore.ts';
import type { Semaphore } from '../../storage/semaphore.ts';
import { Waiters } from './waiters.ts';

/** What is known of a dataset's root once all of it was seen: what is kept between runners. */
export interface RootSnapshot {
  readonly root: Pick<DatasetRoot, 'labels' | 'skipped' | 'files' | 'folders' | 'versions' | 'crowded'>;
  readonly facts: DatasetFacts;
  /** When, in milliseconds since the epoch. */
  readonly checked: number;
}

export interface RootIndexOptions {
  readonly uri: string;
  /** Asked for before every look: credentials may have been mended meanwhile. */
  readonly store: () => ObjectStore;
  readonly clock: Clock;
  /** Looks that nobody waits for queue here. */
  readonly lane: Semaphore;
  /** What an earlier runner knew. */
  readonly kept?: RootSnapshot;
  /** A few times a second while participants are counted, and at the end. */
  readonly progress: (counted: number, done: boolean, error?: ErrorReport) => void;
  readonly changed: (change: DatasetChange) => void;
  /** All is known, or known anew, or gone: what is kept of it should be {@link RootIndex.snapshot}. */
  readonly settled: () => void;
}

/** Milliseconds after which what is known is compared with the storage when somebody asks; what is known is answered meanwhile. */
export const freshMs = 600_000;
/** Milliseconds before a comparison that failed is tried again. */
export const tryAgainMs = 60_000;
/** Milliseconds between two words about how many are counted. */
const progressMs = 250;

/** Failures that pass, or that a sign-in mends: what is remembered is shown on. Any other means that it is not so any more. */
const passing: ReadonlySet<ErrorCode> = new Set(['network', 'throttled', 'auth-expired', 'auth-missing', 'cancelled', 'internal']);

const emptyHead: RootHead = { files: [], folders: [], versions: new Map(), crowded: false };

/**
 * The root of a dataset: its participants, and what its small files say. Participants are listed from the first question
 * on, in the background: the first page of the listing answers the first questions, and the rest goes on until all are
 * there, one request at a time, unless it is stopped. What was whole once is answered at once ever after, and compared with
 * the storage in the background when it is not fresh. Holds labels and the table of participants, nothing else.
 */
export class RootIndex {
  readonly #options: RootIndexOptions;
  readonly #waiters = new Waiters();
  #found = new RootCollector();
  /** Those counted before counting began anew: shown until there are more. */
  #before: readonly string[] = [];
  #head: RootHead = emptyHead;
  #facts: DatasetFacts | undefined;
  #state: 'none' | 'counting' | 'incomplete' | 'whole' = 'none';
  #walk: AbortController | undefined;
  /** Reading of the small files while participants are counted; goes on when counting is stopped. */
  #reading: AbortController | undefined;
  #checked: number | undefined;
  /** Compared since this runner began. */
  #comparedHere = false;
  #trouble: { readonly report: ErrorReport; readonly since: number } | undefined;
  #told = 0;

  constructor(options: RootIndexOptions) {
    this.#options = options;
    if (options.kept === undefined) return;
    const { root, facts, checked } = options.kept;
    for (const label of root.labels) this.#found.add({ kind: 'participant', label });
    for (const skipped of root.skipped) this.#found.add({ kind: 'skipped', skipped });
    this.#head = root;
    this.#facts = facts;
    this.#checked = checked;
    this.#state = 'whole';
  }

  /** Labels without `sub-`, as far as they are known, in order. Not to be changed; grows. */
  get labels(): readonly string[] {
    return this.#found.labels.length >= this.#before.length ? this.#found.labels : this.#before;
  }

  get counting(): CountingState {
    return { ...(this.#state === 'counting' ? { counting: true } : {}), ...(this.#state === 'incomplete' ? { incomplete: true } : {}) };
  }

  /** Whether somebody waits for it, or it looks at the storage. */
  get busy(): boolean {
    return this.#waiters.size > 0 || this.#walk !== undefined;
  }

  /** What there is to keep; undefined: not all is known. */
  get snapshot(): RootSnapshot | undefined {
    if (this.#state !== 'whole' || this.#facts === undefined || this.#checked === undefined) return undefined;
    return { root: this.#root, facts: this.#facts, checked: this.#checked };
  }

  /** Waits until so many participants are known, or all there are. Throws what the storage throws. */
  async reach(participants: number, signal: AbortSignal | undefined): Promise<void> {
    await this.#until(() => this.#state === 'whole' || this.#state === 'incomplete' || (this.#state === 'counting' && this.labels.length >= participants), signal);
    // What came with the same page of the listing counts as well.
    if (this.#state === 'counting') await nextTurn();
  }

  /** What the small files say. Throws what the storage throws. */
  async facts(signal: AbortSignal | undefined): Promise<DatasetFacts> {
    await this.#until(() => this.#facts !== undefined, signal);
    return this.#facts as DatasetFacts;
  }

  /** What lies in the root beside the participants. Throws what the storage throws. */
  async head(signal: AbortSignal | undefined): Promise<RootHead> {
    await this.#until(() => this.#head !== emptyHead || this.#state === 'whole', signal);
    return this.#head;
  }

  async summary(signal: AbortSignal | undefined): Promise<DatasetSummary> {
    await this.#until(() => this.#facts !== undefined && (this.labels.length > 0 || this.#state === 'whole' || this.#state === 'incomplete'), signal);
    const remembered = this.#state === 'whole' && !this.#comparedHere;
    return {
      ...summariseDataset(this.#root, this.#facts as DatasetFacts, this.#state !== 'whole'),
      ...this.counting,
      ...(this.#checked === undefined ? {} : { checked: this.#checked }),
      ...(remembered ? { remembered } : {}),
      ...(this.#trouble === undefined ? {} : { trouble: this.#trouble.report }),
    };
  }

  /** Ends counting; what is counted stays. */
  stop(): void {
    if (this.#state !== 'counting') return;
    this.#walk?.abort();
    this.#endCounting('incomplete');
  }

  /** Goes on counting after a stop or a failure. */
  resume(): void {
    if (this.#state === 'incomplete') this.#count();
  }

  /** Compares with the storage now, if that failed before. */
  retry(): void {
    if (this.#trouble === undefined) return;
    this.#trouble = { ...this.#trouble, since: -Infinity };
    if (this.#state === 'incomplete') this.#count();
    else this.#begin();
  }

  /** Compares with the storage now, or goes on counting, and waits for the end of it. Throws what the storage throws. */
  async check(signal: AbortSignal | undefined): Promise<void> {
    if (this.#state === 'incomplete') this.#count();
    else if (this.#state === 'whole' && this.#walk === undefined) void this.#compare();
    await this.#until(() => this.#state !== 'none' && this.#walk === undefined, signal);
    if (this.#trouble !== undefined) throw errorFromReport(this.#trouble.report);
  }

  /** Forgets everything and begins anew. Who waits, waits for what is found then. */
  renew(): void {
    this.#abandon();
    this.#count();
  }

  dispose(): void {
    this.#abandon();
    this.#waiters.fail(errorFromReport({ code: 'cancelled', message: 'Cancelled.' }));
  }

  get #root(): DatasetRoot {
    return { uri: this.#options.uri, ...this.#head, labels: this.labels, skipped: this.#found.skipped };
  }

  async #until(ready: () => boolean, signal: AbortSignal | undefined): Promise<void> {
    this.#begin();
    await this.#waiters.until(ready, signal, () => {
      // Whoever asked for it has gone before anything was seen: nobody wants it.
      if (this.#waiters.size > 0 || this.#state !== 'counting' || this.labels.length > 0) return;
      this.#abandon();
    });
  }

  #abandon(): void {
    this.#walk?.abort();
    this.#reading?.abort();
    this.#walk = undefined;
    this.#found = new RootCollector();
    this.#before = [];
    this.#head = emptyHead;
    this.#facts = undefined;
    this.#state = 'none';
    this.#checked = undefined;
    this.#trouble = undefined;
  }

  /** Begins the look that is due, if any. */
  #begin(): void {
    if (this.#state === 'none') this.#count();
    if (this.#state !== 'whole' || this.#walk !== undefined) return;
    const now = this.#options.clock();
    if (this.#trouble !== undefined && now - this.#trouble.since < tryAgainMs) return;
    if (!this.#comparedHere || now - (this.#checked ?? -Infinity) >= freshMs || this.#trouble !== undefined) void this.#compare();
  }

  #count(): void {
    const walk = new AbortController();
    const reading = new AbortController();
    this.#walk = walk;
    this.#reading = reading;
    this.#before = this.labels;
    this.#found = new RootCollector();
    this.#state = 'counting';
    this.#trouble = undefined;
    this.#told = this.#options.clock();
    this.#countAll(walk, reading).then(
      () => { if (this.#walk === walk) this.#endCounting('whole'); },
      (error: unknown) => { if (this.#walk === walk) this.#countingFailed(error); },
    );
  }

  async #countAll(walk: AbortController, reading: AbortController): Promise<void> {
    const found = this.#found;
    const store = this.#options.store();
    let mark: string | undefined;
    let facts: Promise<void> = Promise.resolve();
    let failure: { readonly error: unknown } | undefined;
    try {
      for await (const event of walkRoot(store, walk.signal)) {
        if (this.#walk !== walk) return;
        if (event.kind !== 'head') {
          if (found.add(event)) this.#grown();
          continue;
        }
        this.#head = event.head;
        this.#waiters.look();
        if (mark === markOf(event.head)) continue;
        mark = markOf(event.head);
        facts = this.#readFacts(store, event.head, reading);
        // Whoever waits for the files need not wait for the end of the listing to hear that they cannot be read.
        facts.catch((error: unknown) => {
          failure ??= { error };
          walk.abort();
        });
      }
    } catch (error) {
      throw failure === undefined ? error : failure.error;
    }
    if (this.#walk !== walk) return;
    found.finish();
    if (isNothing({ ...this.#head, labels: found.labels, skipped: found.skipped })) throw nothingThere(store.uri);
    // Small datasets are whole before their files are read: nobody has to hear that they are being counted.
    this.#settle('whole');
    await facts;
  }

  async #readFacts(store: ObjectStore, head: RootHead, reading: AbortController): Promise<void> {
    const facts = await readFacts(store, head, reading.signal);
    if (this.#reading !== reading || this.#head === emptyHead) return;
    this.#facts = facts;
    this.#waiters.look();
  }

  #grown(): void {
    this.#waiters.look();
    const now = this.#options.clock();
    if (now - this.#told < progressMs) return;
    this.#told = now;
    this.#options.progress(this.labels.length, false);
  }

  #settle(state: 'whole' | 'incomplete'): void {
    this.#state = state;
    this.#before = state === 'whole' ? [] : this.#before;
    if (state === 'whole') {
      this.#checked = this.#options.clock();
      this.#comparedHere = true;
    }
    this.#waiters.look();
  }

  #endCounting(state: 'whole' | 'incomplete'): void {
    this.#walk = undefined;
    this.#settle(state);
    this.#options.progress(this.labels.length, true);
    if (state === 'whole') this.#options.settled();
  }

  #countingFailed(error: unknown): void {
    const report = reportError(error);
    this.#walk = undefined;
    if (this.labels.length === 0 || this.#facts === undefined) {
      this.#abandon();
    } else {
      this.#trouble = { report, since: this.#options.clock() };
      this.#settle('incomplete');
    }
    this.#waiters.fail(error);
    this.#options.progress(this.labels.length, true, report);
  }

  /** Lists the root anew and takes over what has changed. */
  async #compare(): Promise<void> {
    const abort = new AbortController();
    this.#walk = abort;
    try {
      await this.#options.lane.use(async () => {
        const change = await this.#lookAgain(abort);
        if (this.#walk !== abort) return;
        this.#walk = undefined;
        this.#waiters.look();
        this.#options.settled();
        this.#options.changed(change);
      }, abort.signal, this.#options.uri);
    } catch (error) {
      if (this.#walk !== abort) return;
      this.#walk = undefined;
      const report = reportError(error);
      if (passing.has(report.code)) {
        this.#trouble = { report, since: this.#options.clock() };
        this.#waiters.look();
        this.#options.changed({ summary: true });
      } else {
        // It is not there any more, or not for this user: whoever asks next hears why.
        this.#abandon();
        this.#waiters.fail(error);
        this.#options.settled();
        this.#options.changed({ everything: true });
      }
    }
  }

  async #lookAgain(abort: AbortController): Promise<DatasetChange> {
    const { signal } = abort;
    const store = this.#options.store();
    const found = new RootCollector();
    let head = emptyHead;
    for await (const event of walkRoot(store, signal)) {
      if (event.kind === 'head') head = event.head;
      else found.add(event);
    }
    found.finish();
    if (isNothing({ ...head, labels: found.labels, skipped: found.skipped })) throw nothingThere(store.uri);
    const known = this.#facts as DatasetFacts;
    const sameFiles = markOf(head) === markOf(this.#head);
    const facts = sameFiles ? { ...known, derivatives: head.folders.includes('derivatives') ? await listDerivatives(store, signal) : [] } : await readFacts(store, head, signal);
    if (this.#walk !== abort) return {};
    const participants = differences(this.labels, found.labels);
    const everything = sidecarMark(head) !== sidecarMark(this.#head) || !sameFiles;
    this.#found = found;
    this.#before = [];
    this.#head = head;
    this.#facts = facts;
    this.#trouble = undefined;
    this.#settle('whole');
    return { summary: true, ...(participants.added + participants.removed > 0 ? { participants } : {}), ...(everything ? { everything } : {}) };
  }
}

/** Changes when {@link readFacts} may find something else. */
function markOf(head: RootHead): string {
  return JSON.stringify(['dataset_description.json', 'participants.tsv'].map((name) => head.versions.get(name) ?? null).concat(String(head.folders.includes('derivatives'))));
}

/** Changes when a JSON file of the root does: participants' images may be told otherwise by it. */
export function sidecarMark(head: RootHead): string {
  return createHash('sha256').update(JSON.stringify(head.files.filter(isJson).map((path) => [path, head.versions.get(path)]))).digest('base64url');
}

/** How many labels of two lists, each in order, are in one only. */
function differences(before: readonly string[], after: readonly string[]): { readonly added: number; readonly removed: number } {
  let [added, removed] = [0, 0];
  for (let i = 0, j = 0; i < before.length || j < after.length;) {
    const order = i >= before.length ? 1 : j >= after.length ? -1 : compareLabels(before[i], after[j]);
    if (order < 0) removed += 1;
    else if (order > 0) added += 1;
    if (order <= 0) i += 1;
    if (order >= 0) j += 1;
  }
  return { added, removed };
}
