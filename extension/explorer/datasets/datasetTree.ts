import { reportError } from '../../../runner/protocol/errors.ts';
import type { ErrorReport } from '../../../runner/protocol/errors.ts';
import type { DatasetChange, DatasetRef, DatasetSummary, ImageEntry, ImageSummary, ParticipantContents, ParticipantRange } from '../../../runner/protocol/datasets.ts';
import { providerOf } from '../../../runner/protocol/signIn.ts';
import type { Provider } from '../../../runner/protocol/signIn.ts';
import type { RunnerClient } from '../../runner-client/client.types.ts';
import { DatasetContents } from './datasetContents.ts';
import { listParticipants, listPiece, pieceOf } from './datasetListing.ts';
import type { ParticipantListing } from './datasetListing.ts';
import { shortNames } from './datasetNodes.ts';
import type { DatasetNode, DatasetRow, ImageRow, ParticipantRow, RangeRow, SessionRow } from './datasetNodes.ts';
import { countingRow, derivativeRow, derivativesRow, emptyRow, idOf, imageRow, levelRow, participantRow, problemRows, rangeRow, reportRows, RowBook, sessionRow, troubleRows, unfilterRows } from './datasetRows.ts';
import { DatasetSummaries } from './datasetSummaries.ts';

/** Images of one folder that are opened unasked, to show their sizes. */
const openedUnasked = 12;
/** Milliseconds between two looks at the rows of a dataset whose participants are being counted. */
const growthMs = 1000;

/** What rows show beyond their names. */
export interface Known {
  /** How a dataset is called. */
  name(uri: string): string;
  summary(uri: string): DatasetSummary | undefined;
  failure(uri: string): ErrorReport | undefined;
  contents(participant: ParticipantRow): ParticipantContents | undefined;
  image(row: ImageRow): ImageSummary | undefined;
  /** How many participants fit the filter; undefined: there is none, or it is not known yet. */
  fitting(uri: string): number | undefined;
}

type Ask = RunnerClient['request'];
type Listener = (changed: DatasetNode | undefined) => void;

/**
 * The rows of the Datasets view, asked from the runner one level at a time. Knows nothing of the editor. A failure never
 * escapes: it becomes rows that say what happened and what can be done. A row stands for the same thing as long as it lives,
 * so that rows can change one by one.
 */
export class DatasetTree implements Known {
  readonly #ask: Ask;
  readonly #now: () => number;
  readonly #listeners = new Set<Listener>();
  readonly #countListeners = new Set<() => void>();
  readonly #book = new RowBook();
  #rows: readonly DatasetRow[] = [];
  #names: ReadonlyMap<string, string> = new Map();
  #filter = '';
  readonly #summaries: DatasetSummaries;
  readonly #contents: DatasetContents;
  readonly #listings = new Map<string, ParticipantListing>();
  /** Participants shown at the top of their dataset because they are in none of its pieces: the filter hides them, say. */
  readonly #found = new Map<string, readonly string[]>();
  /** Participants counted so far, and when the rows last showed it, of datasets that are being counted. */
  readonly #counted = new Map<string, { readonly counted: number; readonly shown: number }>();
  /** Rows below datasets whose own rows could not be listed for want of a good sign-in. */
  readonly #refused = new Set<DatasetNode>();

  /** `now`: milliseconds of any clock. */
  constructor(ask: Ask, now: () => number = () => performance.now()) {
    this.#ask = ask;
    this.#now = now;
    this.#contents = new DatasetContents(ask);
    this.#summaries = new DatasetSummaries(ask, (row) => {
      this.#listings.delete(row.dataset.uri);
      this.#tell(row);
    }, (uri, { counting, participants }) => { this.#count(uri, counting === true ? participants : undefined); });
  }

  /** Hears which row has changed; undefined: all. */
  onChange(listener: Listener): { dispose(): void } {
    this.#listeners.add(listener);
    return { dispose: () => { this.#listeners.delete(listener); } };
  }

  /** Hears when {@link counted} has changed. */
  onCount(listener: () => void): { dispose(): void } {
    this.#countListeners.add(listener);
    return { dispose: () => { this.#countListeners.delete(listener); } };
  }

  get datasets(): readonly DatasetRef[] {
    return this.#rows.map((row) => row.dataset);
  }

  /** Datasets whose participants are being counted, with how many there are so far. */
  get counted(): readonly { readonly dataset: DatasetRef; readonly counted: number }[] {
    return this.#rows.flatMap(({ dataset }) => {
      const counted = this.#counted.get(dataset.uri)?.counted;
      return counted === undefined ? [] : [{ dataset, counted }];
    });
  }

  /** Only participants that fit this search are shown; empty: all. */
  get filter(): string {
    return this.#filter;
  }

  setFilter(filter: string): void {
    const text = filter.trim();
    if (text === this.#filter) return;
    this.#filter = text;
    this.#listings.clear();
    this.#found.clear();
    this.#tell(undefined);
  }

  name(uri: string): string {
    return this.#names.get(uri) ?? uri;
  }

  summary(uri: string): DatasetSummary | undefined {
    return this.#summaries.get(uri);
  }

  failure(uri: string): ErrorReport | undefined {
    return this.#summaries.failure(uri);
  }

  contents(participant: ParticipantRow): ParticipantContents | undefined {
    return this.#contents.participant(participant);
  }

  image(row: ImageRow): ImageSummary | undefined {
    return this.#contents.image(row);
  }

  fitting(uri: string): number | undefined {
    return this.#filter === '' ? undefined : this.#listings.get(uri)?.total;
  }

  /** Rows at the top: the datasets of the list. What is known of each follows by itself. */
  async roots(): Promise<readonly DatasetNode[]> {
    try {
      const { datasets } = await this.#ask('datasets.list', {});
      this.#setList(datasets);
      for (const row of this.#rows) {
        if (this.#summaries.isUnknown(row.dataset.uri)) void this.#summaries.askQuietly(row);
      }
      return this.#rows;
    } catch (error) {
      return problemRows(undefined, 'datasets:list', reportError(error));
    }
  }

  /** Takes over a list that the runner told; true when it differs. */
  setList(datasets: readonly DatasetRef[]): boolean {
    const same = datasets.length === this.#rows.length && datasets.every((dataset, at) => JSON.stringify(dataset) === JSON.stringify(this.#rows[at].dataset));
    if (same) return false;
    this.#setList(datasets);
    this.#tell(undefined);
    return true;
  }

  #setList(datasets: readonly DatasetRef[]): void {
    const before = new Map(this.#rows.map((row) => [row.dataset.uri, row]));
    this.#names = shortNames(datasets.map((dataset) => dataset.uri));
    this.#rows = datasets.map((dataset) => {
      const old = before.get(dataset.uri);
      if (old !== undefined && JSON.stringify(old.dataset.storage) === JSON.stringify(dataset.storage)) return old;
      this.#forget(dataset);
      return { kind: 'dataset', id: `datasets:dataset ${dataset.uri}`, dataset };
    });
    for (const [uri, row] of before) if (!datasets.some((dataset) => dataset.uri === uri)) this.#forget(row.dataset);
  }

  /** Rows below a row. */
  async children(node: DatasetNode): Promise<readonly DatasetNode[]> {
    try {
      return (await this.#childrenOf(node)).map((row) => this.#book.keep(row));
    } catch (error) {
      const report = reportError(error);
      if (node.kind !== 'dataset' && isRefusal(report)) this.#refused.add(node);
      return problemRows(node, node.id, report);
    }
  }

  async #childrenOf(node: DatasetNode): Promise<readonly DatasetNode[]> {
    switch (node.kind) {
      case 'dataset': return this.#ofDataset(node);
      case 'range': return (await listPiece(this.#ask, node.dataset, this.#filter, node)).map((label) => participantRow(node, label));
      case 'derivatives': return (await this.#ask('datasets.derivatives', { dataset: node.dataset })).derivatives.map((derivative) => derivativeRow(node, derivative));
      case 'derivative': return reportRows(node);
      case 'participant': return this.#ofParticipant(node);
      case 'session': return this.#imageRows(node, node.participant, node.images, node.label);
      case 'image': return (await this.#contents.readImage(node)).levels.map((level) => levelRow(node, level));
      default: return [];
    }
  }

  async #ofDataset(row: DatasetRow): Promise<readonly DatasetNode[]> {
    const { dataset } = row;
    const summary = await this.#summaries.known(row);
    const listing = await this.#listing(dataset);
    const rows: DatasetNode[] = [...(summary.trouble === undefined ? [] : troubleRows(row, summary.trouble))];
    if (summary.derivatives > 0) rows.push(derivativesRow(row, summary.derivatives));
    const shown = new Set(listing.kind === 'each' ? listing.labels : []);
    for (const label of this.#found.get(dataset.uri) ?? []) if (!shown.has(label)) rows.push(participantRow(row, label));
    if (listing.kind === 'each') rows.push(...listing.labels.map((label) => participantRow(row, label)));
    else rows.push(...rangeRows(row, this.#filter, listing.pieces));
    if (listing.counting === true || listing.incomplete === true) {
      rows.push(countingRow(row, this.#counted.get(dataset.uri)?.counted ?? summary.participants, listing.incomplete === true));
    } else if (listing.total === 0) {
      rows.push(...(this.#filter === '' ? [emptyRow(row, '', 'No participants (folders called sub-…)')] : unfilterRows(row, listing.problem ?? `No participant fits ${this.#filter}`)));
    }
    return rows;
  }

  async #listing(dataset: DatasetRef): Promise<ParticipantListing> {
    const known = this.#listings.get(dataset.uri);
    if (known !== undefined) return known;
    const filter = this.#filter;
    const listing = await listParticipants(this.#ask, dataset, filter);
    if (filter !== this.#filter) return this.#listing(dataset);
    this.#listings.set(dataset.uri, listing);
    // The dataset's own row tells how many fit.
    const row = this.rowOf(dataset);
    if (filter !== '' && row !== undefined) this.#tell(row);
    return listing;
  }

  /**
   * The row of a participant, shown even when the filter hides it or it is not counted yet; undefined: the dataset is not in
   * the list.
   */
  async participantRow(dataset: DatasetRef, label: string): Promise<ParticipantRow | undefined> {
    const row = this.rowOf(dataset);
    if (row === undefined) return undefined;
    await this.#summaries.known(row);
    const listing = await this.#listing(dataset);
    if (listing.kind === 'each' && listing.labels.includes(label)) return this.#book.keep(participantRow(row, label));
    const piece = listing.kind === 'pieces' && await this.#fits(dataset, label) ? pieceOf(listing.pieces, label) : -1;
    if (listing.kind === 'pieces' && piece >= 0) {
      return this.#book.keep(participantRow(this.#book.keep(rangeRows(row, this.#filter, listing.pieces)[piece]), label));
    }
    const found = this.#found.get(dataset.uri) ?? [];
    if (!found.includes(label)) {
      this.#found.set(dataset.uri, [label, ...found]);
      this.#tell(row);
    }
    return this.#book.keep(participantRow(row, label));
  }

  async #fits(dataset: DatasetRef, label: string): Promise<boolean> {
    if (this.#filter === '') return true;
    return (await this.#ask('datasets.participants', { dataset, offset: 0, limit: 1, search: `${this.#filter} participant_id=${label}` })).total > 0;
  }

  async #ofParticipant(row: ParticipantRow): Promise<readonly DatasetNode[]> {
    const contents = await this.#readParticipant(row);
    const rows = contents.sessions.flatMap((session): readonly DatasetNode[] => (session.label === undefined
      ? this.#imageRows(row, row.label, session.images, undefined)
      : [sessionRow(row, session.label, session.images)]));
    return rows.length > 0 ? rows : [emptyRow(row, row.label, 'No images (…_SPIM.ome.zarr or .ozx)')];
  }

  async #readParticipant(row: ParticipantRow): Promise<ParticipantContents> {
    const known = this.#contents.participant(row);
    if (known !== undefined) return known;
    const contents = await this.#contents.readParticipant(row);
    if (contents.skipped.length > 0) this.#tell(row);
    return contents;
  }

  #imageRows(parent: ParticipantRow | SessionRow, participant: string, images: readonly ImageEntry[], session: string | undefined): readonly DatasetNode[] {
    const rows = images.map((image) => this.#book.keep(imageRow(parent, participant, session, image)));
    if (rows.length === 0) return [emptyRow(parent, `${participant}/${session ?? ''}`, 'No images')];
    void this.#openAll(rows.filter((row) => this.#contents.image(row) === undefined).slice(0, openedUnasked));
    return rows;
  }

  /** Opens images one after another, so that their rows show sizes. What fails is told when the image is unfolded. */
  async #openAll(rows: readonly ImageRow[]): Promise<void> {
    for (const row of rows) {
      try {
        await this.#contents.readImage(row);
      } catch {
        continue;
      }
      this.#tell(row);
    }
  }

  /** Reads what a row's tooltip shows, if it is not known yet. A failure leaves the tooltip as it is. */
  async learn(node: DatasetNode): Promise<void> {
    try {
      if (node.kind === 'participant') await this.#readParticipant(node);
      else if (node.kind === 'image') await this.#contents.readImage(node);
      else if (node.kind === 'dataset') await this.#summaries.known(node);
    } catch {
      // Unfolding the row shows what is wrong.
    }
  }

  /** Takes over how many participants of a dataset are counted. */
  progress(dataset: DatasetRef, counted: number, done: boolean): void {
    const row = this.#ownRow(dataset);
    if (row === undefined) return;
    const summary = this.#summaries.get(dataset.uri);
    // What was never told to be counted needs no word that it is.
    if (done && summary !== undefined && summary.counting !== true && summary.incomplete !== true && summary.participants === counted) return;
    const shown = this.#counted.get(dataset.uri)?.shown ?? this.#now();
    this.#count(dataset.uri, done ? undefined : counted);
    if (done) {
      this.#listings.delete(dataset.uri);
      void this.#summaries.askQuietly(row);
    } else if (this.#now() - shown >= growthMs) {
      this.#counted.set(dataset.uri, { counted, shown: this.#now() });
      this.#listings.delete(dataset.uri);
      this.#tell(row);
    }
  }

  #count(uri: string, counted: number | undefined): void {
    if (counted === undefined ? !this.#counted.delete(uri) : this.#counted.get(uri)?.counted === counted) return;
    if (counted !== undefined) this.#counted.set(uri, { counted, shown: this.#counted.get(uri)?.shown ?? this.#now() });
    for (const listener of this.#countListeners) listener();
  }

  /** Takes over that something is not as it was told before, and shows anew what that concerns. */
  changed(dataset: DatasetRef, change: DatasetChange): void {
    const row = this.#ownRow(dataset);
    if (row === undefined) return;
    for (const label of change.labels ?? []) {
      this.#contents.forgetParticipant(dataset, label);
      this.#tellIfShown(idOf('participant', dataset, label));
    }
    for (const path of change.images ?? []) {
      this.#contents.forgetImage(dataset, path);
      this.#tellIfShown(idOf('image', dataset, path));
    }
    if (change.participants !== undefined) this.#listings.delete(dataset.uri);
    if (change.everything === true) this.#forgetBelow(dataset);
    if (change.everything === true || change.participants !== undefined) this.#tell(row);
    if (change.everything === true || change.participants !== undefined || change.summary === true) void this.#summaries.askQuietly(row);
  }

  /** Asks anew for all that lies below a row; undefined: for the list and every dataset. */
  async refresh(node?: DatasetNode): Promise<void> {
    if (node === undefined) {
      const known = this.#rows.filter(({ dataset }) => this.#summaries.get(dataset.uri) !== undefined);
      this.#summaries.forgetFailure();
      for (const row of this.#rows) this.#forgetBelow(row.dataset);
      this.#tell(undefined);
      await Promise.all(known.map((row) => this.#renew(row)));
      return;
    }
    const dataset = 'dataset' in node ? node.dataset : undefined;
    const row = dataset === undefined ? undefined : this.rowOf(dataset);
    if (dataset === undefined || row === undefined) {
      this.#tell(node.parent);
    } else if (node.kind === 'participant' || node.kind === 'session') {
      const label = node.kind === 'participant' ? node.label : node.participant;
      this.#contents.forgetParticipant(dataset, label);
      await this.#contents.readParticipant({ dataset, label }, true).catch(() => undefined);
      this.#tell(node.kind === 'participant' ? node : node.parent);
    } else if (node.kind === 'image') {
      this.#contents.forgetImage(dataset, node.image.path);
      await this.#contents.readImage(node, true).catch(() => undefined);
      this.#tell(node);
    } else {
      this.#summaries.forgetFailure(dataset.uri);
      this.#forgetBelow(dataset);
      await this.#renew(row);
      if (node.kind !== 'dataset') this.#tell(node);
    }
  }

  async #renew(row: DatasetRow): Promise<void> {
    await this.#summaries.askQuietly(row, 'refresh');
    this.#tell(row);
  }

  /** Compares what is shown of a dataset with the storage again. */
  async check(dataset: DatasetRef): Promise<void> {
    const row = this.rowOf(dataset);
    if (row === undefined) return;
    await this.#summaries.ask(row, 'check').catch(() => this.#summaries.askQuietly(row));
    this.#tell(row);
  }

  /** Stops counting a dataset's participants, or goes on with it. */
  async count(dataset: DatasetRef, on: boolean): Promise<void> {
    await this.#ask('datasets.counting', { dataset, on });
    const row = this.rowOf(dataset);
    if (row === undefined) return;
    await this.#summaries.askQuietly(row);
  }

  /** Asks for the list anew, and keeps what is known of its datasets. */
  reload(): void {
    this.#tell(undefined);
  }

  /** Asks again for what was refused for want of a good sign-in to these providers. */
  signedIn(providers: readonly Provider[]): void {
    const concerns = (uri: string): boolean => providers.some((provider) => provider === providerOf(uri));
    for (const row of this.#rows) {
      if (concerns(row.dataset.uri) && isRefusal(this.#summaries.failure(row.dataset.uri))) void this.#summaries.askQuietly(row, 'refresh');
    }
    for (const node of this.#refused) {
      if (!('dataset' in node) || node.dataset === undefined || !concerns(node.dataset.uri)) continue;
      this.#refused.delete(node);
      this.#tell(node);
    }
  }

  /** Tries again what has failed above a row. */
  async retry(node: DatasetNode): Promise<void> {
    if (node.parent === undefined) this.#tell(undefined);
    else await this.refresh(node.parent);
  }

  /** The row of a dataset; undefined: it is not in the list. */
  rowOf(dataset: DatasetRef): DatasetRow | undefined {
    return this.#rows.find((row) => row.dataset.uri === dataset.uri);
  }

  /** The row of a dataset that is reached in this way. */
  #ownRow(dataset: DatasetRef): DatasetRow | undefined {
    const row = this.rowOf(dataset);
    return row !== undefined && JSON.stringify(row.dataset.storage) === JSON.stringify(dataset.storage) ? row : undefined;
  }

  #forgetBelow(dataset: DatasetRef): void {
    this.#contents.forget(dataset);
    this.#listings.delete(dataset.uri);
    this.#found.delete(dataset.uri);
  }

  #forget(dataset: DatasetRef): void {
    this.#summaries.forget(dataset.uri);
    this.#count(dataset.uri, undefined);
    this.#forgetBelow(dataset);
    this.#book.forget(dataset);
  }

  #tellIfShown(id: string): void {
    const row = this.#book.get(id);
    if (row !== undefined) this.#tell(row);
  }

  #tell(node: DatasetNode | undefined): void {
    for (const listener of this.#listeners) listener(node);
  }
}

/** Whether an error may be another one, or none, after a sign-in. */
function isRefusal(error: ErrorReport | undefined): boolean {
  return error?.code === 'auth-expired' || error?.code === 'auth-missing' || error?.code === 'access-denied';
}

function rangeRows(row: DatasetRow, filter: string, pieces: readonly ParticipantRange[]): readonly RangeRow[] {
  let offset = 0;
  return pieces.map((piece, at) => {
    const range = rangeRow(row, filter, at, offset, piece);
    offset += piece.count;
    return range;
  });
}
