import { errorFromReport, reportError } from '../../runner/protocol/errors.ts';
import type { ErrorReport } from '../../runner/protocol/errors.ts';
import type { DatasetChange, DatasetRef, DatasetSummary, ImageEntry, ImageSummary, ParticipantContents } from '../../runner/protocol/datasets.ts';
import type { RunnerClient } from '../runner-client/client.types.ts';
import { mendsOf, shortNames } from './datasetNodes.ts';
import { serviceOf } from './reach.ts';
import type { DatasetNode, DatasetRow, DerivativeRow, ImageRow, ParticipantRow, SessionRow } from './datasetNodes.ts';

/** Participants that one page shows. */
export const pageSize = 200;
/** Images of one folder that are opened unasked, to show their sizes. */
const openedUnasked = 12;

/** What is known of a dataset's participants so far. */
interface Shown {
  readonly labels: readonly string[];
  readonly total: number;
  /** Found by a search, beyond the pages that are loaded. */
  readonly found: readonly string[];
}

/** What rows show beyond their names. */
export interface Known {
  /** How a dataset is called. */
  name(uri: string): string;
  summary(uri: string): DatasetSummary | undefined;
  failure(uri: string): ErrorReport | undefined;
  contents(participant: ParticipantRow): ParticipantContents | undefined;
  image(row: ImageRow): ImageSummary | undefined;
}

type Ask = RunnerClient['request'];
type Listener = (changed: DatasetNode | undefined) => void;

/**
 * The rows of the Datasets view, asked from the runner one level at a time. Knows nothing of the editor. A failure never
 * escapes: it becomes rows that say what happened and what can be done.
 */
export class DatasetTree implements Known {
  readonly #ask: Ask;
  readonly #listeners = new Set<Listener>();
  #rows: readonly DatasetRow[] = [];
  #names: ReadonlyMap<string, string> = new Map();
  readonly #summaries = new Map<string, DatasetSummary>();
  readonly #failures = new Map<string, ErrorReport>();
  readonly #describing = new Map<string, Promise<DatasetSummary>>();
  /** Datasets whose next page is on its way: a second click asks nothing. */
  readonly #paging = new Set<string>();
  readonly #shown = new Map<string, Shown>();
  readonly #contents = new Map<string, ParticipantContents>();
  readonly #images = new Map<string, ImageSummary>();

  constructor(ask: Ask) {
    this.#ask = ask;
  }

  /** Hears which row has changed; undefined: all. */
  onChange(listener: Listener): { dispose(): void } {
    this.#listeners.add(listener);
    return { dispose: () => { this.#listeners.delete(listener); } };
  }

  get datasets(): readonly DatasetRef[] {
    return this.#rows.map((row) => row.dataset);
  }

  name(uri: string): string {
    return this.#names.get(uri) ?? uri;
  }

  summary(uri: string): DatasetSummary | undefined {
    return this.#summaries.get(uri);
  }

  failure(uri: string): ErrorReport | undefined {
    return this.#failures.get(uri);
  }

  contents(participant: ParticipantRow): ParticipantContents | undefined {
    return this.#contents.get(participant.id);
  }

  image(row: ImageRow): ImageSummary | undefined {
    return this.#images.get(row.id);
  }

  /** Rows at the top: the datasets of the list. What is known of each follows by itself. */
  async roots(): Promise<readonly DatasetNode[]> {
    try {
      const { datasets } = await this.#ask('datasets.list', {});
      this.#setList(datasets);
      for (const row of this.#rows) {
        if (!this.#summaries.has(row.dataset.uri) && !this.#failures.has(row.dataset.uri)) void this.#describe(row).catch(() => undefined);
      }
      return this.#rows;
    } catch (error) {
      return problem(undefined, 'datasets:list', reportError(error));
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
      switch (node.kind) {
        case 'dataset': return await this.#ofDataset(node);
        case 'derivatives': return await this.#ofDerivatives(node);
        case 'derivative': return reportRows(node);
        case 'participant': return await this.#ofParticipant(node);
        case 'session': return this.#imageRows(node, node.participant, node.images, node.label);
        case 'image': return await this.#ofImage(node);
        default: return [];
      }
    } catch (error) {
      return problem(node, node.id, reportError(error));
    }
  }

  /** What is known of a dataset; asks when nothing is. A failure stays until it is asked to try again. */
  async #described(row: DatasetRow): Promise<DatasetSummary> {
    const { uri } = row.dataset;
    const failure = this.#failures.get(uri);
    if (failure !== undefined) throw errorFromReport(failure);
    return this.#summaries.get(uri) ?? await this.#describe(row);
  }

  /** Asks for a dataset's summary, once at a time. */
  #describe(row: DatasetRow, refresh = false): Promise<DatasetSummary> {
    const { uri } = row.dataset;
    const running = this.#describing.get(uri);
    if (running !== undefined && !refresh) return running;
    const asked = this.#ask('datasets.describe', { dataset: row.dataset, ...(refresh ? { refresh } : {}) }).then(
      (summary) => {
        this.#summaries.set(uri, summary);
        this.#failures.delete(uri);
        return summary;
      },
      (error: unknown) => {
        const report = reportError(error);
        if (report.code !== 'cancelled') {
          this.#summaries.delete(uri);
          this.#failures.set(uri, report);
        }
        throw error;
      },
    ).finally(() => {
      if (this.#describing.get(uri) === asked) this.#describing.delete(uri);
      this.#tell(row);
    });
    this.#describing.set(uri, asked);
    return asked;
  }

  async #ofDataset(row: DatasetRow): Promise<readonly DatasetNode[]> {
    const { dataset } = row;
    const summary = await this.#described(row);
    const shown = this.#shown.get(dataset.uri) ?? await this.#page(dataset, { labels: [], total: 0, found: [] });
    const rows: DatasetNode[] = [];
    if (summary.derivatives > 0) {
      rows.push({ kind: 'derivatives', id: idOf('derivatives', dataset, ''), parent: row, dataset, count: summary.derivatives });
    }
    const loaded = new Set(shown.labels);
    for (const label of shown.found) if (!loaded.has(label)) rows.push(participantRow(row, label));
    for (const label of shown.labels) rows.push(participantRow(row, label));
    if (shown.labels.length < shown.total) {
      rows.push({ kind: 'more', id: idOf('more', dataset, ''), parent: row, dataset, shown: shown.labels.length, total: shown.total });
    } else if (shown.total === 0) {
      rows.push({ kind: 'empty', id: idOf('empty', dataset, ''), parent: row, text: 'No participants (folders called sub-…)' });
    }
    return rows;
  }

  async #page(dataset: DatasetRef, before: Shown): Promise<Shown> {
    const page = await this.#ask('datasets.participants', { dataset, offset: before.labels.length, limit: pageSize });
    const shown: Shown = { ...before, labels: [...before.labels, ...page.labels], total: page.total };
    this.#shown.set(dataset.uri, shown);
    return shown;
  }

  /** Loads the next page of participants. */
  async showMore(dataset: DatasetRef): Promise<void> {
    const before = this.#shown.get(dataset.uri);
    const row = this.rowOf(dataset);
    if (before === undefined || row === undefined || this.#paging.has(dataset.uri)) return;
    this.#paging.add(dataset.uri);
    try {
      await this.#page(dataset, before);
    } finally {
      this.#paging.delete(dataset.uri);
    }
    this.#tell(row);
  }

  /** The row of a participant, shown even when it lies beyond the pages that are loaded; undefined: the dataset is not in the list. */
  async participantRow(dataset: DatasetRef, label: string): Promise<ParticipantRow | undefined> {
    const row = this.rowOf(dataset);
    if (row === undefined) return undefined;
    await this.#described(row);
    const shown = this.#shown.get(dataset.uri) ?? await this.#page(dataset, { labels: [], total: 0, found: [] });
    if (!shown.labels.includes(label) && !shown.found.includes(label)) {
      this.#shown.set(dataset.uri, { ...shown, found: [label, ...shown.found] });
      this.#tell(row);
    }
    return participantRow(row, label);
  }

  async #ofDerivatives(row: Extract<DatasetNode, { kind: 'derivatives' }>): Promise<readonly DatasetNode[]> {
    const { derivatives } = await this.#ask('datasets.derivatives', { dataset: row.dataset });
    return derivatives.map((derivative) => ({ kind: 'derivative', id: idOf('derivative', row.dataset, derivative.uri), parent: row, dataset: row.dataset, derivative }));
  }

  async #ofParticipant(row: ParticipantRow): Promise<readonly DatasetNode[]> {
    const contents = await this.#readParticipant(row);
    const rows: DatasetNode[] = [];
    for (const session of contents.sessions) {
      if (session.label === undefined) rows.push(...this.#imageRows(row, row.label, session.images, undefined));
      else rows.push({ kind: 'session', id: idOf('session', row.dataset, `${row.label}/${session.label}`), parent: row, dataset: row.dataset, participant: row.label, label: session.label, images: session.images });
    }
    return rows.length > 0 ? rows : [{ kind: 'empty', id: idOf('empty', row.dataset, row.label), parent: row, text: 'No images (…_SPIM.ome.zarr or .ozx)' }];
  }

  async #readParticipant(row: ParticipantRow): Promise<ParticipantContents> {
    const known = this.#contents.get(row.id);
    if (known !== undefined) return known;
    const contents = await this.#ask('datasets.participant', { dataset: row.dataset, label: row.label });
    this.#contents.set(row.id, contents);
    if (contents.skipped.length > 0) this.#tell(row);
    return contents;
  }

  #imageRows(parent: ParticipantRow | SessionRow, participant: string, images: readonly ImageEntry[], session: string | undefined): readonly DatasetNode[] {
    const rows = images.map((image): ImageRow => ({
      kind: 'image', id: idOf('image', parent.dataset, image.path), parent, dataset: parent.dataset, participant, ...(session === undefined ? {} : { session }), image,
    }));
    if (rows.length === 0) return [{ kind: 'empty', id: idOf('empty', parent.dataset, `${participant}/${session ?? ''}`), parent, text: 'No images' }];
    void this.#openAll(rows.filter((row) => !this.#images.has(row.id)).slice(0, openedUnasked));
    return rows;
  }

  /** Opens images one after another, so that their rows show sizes. What fails is told when the image is unfolded. */
  async #openAll(rows: readonly ImageRow[]): Promise<void> {
    for (const row of rows) {
      try {
        await this.#readImage(row);
      } catch {
        continue;
      }
      this.#tell(row);
    }
  }

  async #readImage(row: ImageRow): Promise<ImageSummary> {
    const known = this.#images.get(row.id);
    if (known !== undefined) return known;
    const image = await this.#ask('datasets.image', { dataset: row.dataset, path: row.image.path });
    this.#images.set(row.id, image);
    return image;
  }

  async #ofImage(row: ImageRow): Promise<readonly DatasetNode[]> {
    const image = await this.#readImage(row);
    return image.levels.map((level) => ({ kind: 'level', id: idOf('level', row.dataset, `${row.image.path} ${level.level}`), parent: row, dataset: row.dataset, image: row.image, level }));
  }

  /** Reads what a row's tooltip shows, if it is not known yet. A failure leaves the tooltip as it is. */
  async learn(node: DatasetNode): Promise<void> {
    try {
      if (node.kind === 'participant') await this.#readParticipant(node);
      else if (node.kind === 'image') await this.#readImage(node);
      else if (node.kind === 'dataset') await this.#described(node);
    } catch {
      // Unfolding the row shows what is wrong.
    }
  }

  /** Asks anew for all that lies below a row; undefined: for the list and every dataset. */
  async refresh(node?: DatasetNode): Promise<void> {
    if (node === undefined) {
      this.#failures.clear();
      const known = [...this.#summaries.keys()];
      for (const row of this.#rows) this.#forgetBelow(row.dataset);
      this.#tell(undefined);
      await Promise.allSettled(this.#rows.filter((row) => known.includes(row.dataset.uri)).map((row) => this.#describe(row, true)));
      return;
    }
    const dataset = 'dataset' in node ? node.dataset : undefined;
    const row = dataset === undefined ? undefined : this.rowOf(dataset);
    if (dataset === undefined || row === undefined) {
      this.#tell(node.parent);
      return;
    }
    this.#failures.delete(dataset.uri);
    if (node.kind === 'dataset') this.#forgetBelow(dataset);
    else if (node.kind === 'participant') this.#forgetParticipant(node);
    else if (node.kind === 'image') this.#images.delete(node.id);
    // What the runner remembers is dropped by dataset: there is no smaller unit.
    await this.#describe(row, true).catch(() => undefined);
    if (node.kind !== 'dataset') this.#tell(node);
  }

  /** Takes over that a dataset is not as it was told before. */
  changed(dataset: DatasetRef, change: DatasetChange): void {
    const row = this.rowOf(dataset);
    if (row === undefined || JSON.stringify(row.dataset.storage) !== JSON.stringify(dataset.storage)) return;
    for (const label of change.labels ?? []) this.#forgetParticipant(participantRow(row, label));
    for (const path of change.images ?? []) this.#images.delete(idOf('image', dataset, path));
    if (change.everything === true) this.#forgetBelow(dataset);
    else if (change.participants !== undefined || change.summary === true) this.#shown.delete(dataset.uri);
    void this.#describe(row).catch(() => undefined);
  }

  /** Asks for the list anew, and keeps what is known of its datasets. */
  reload(): void {
    this.#tell(undefined);
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

  /** Forgets what lies below a dataset; how many participants are shown stays. */
  #forgetBelow(dataset: DatasetRef): void {
    for (const map of [this.#contents, this.#images]) {
      for (const id of map.keys()) if (id.includes(` ${dataset.uri}|`)) map.delete(id);
    }
    this.#shown.delete(dataset.uri);
  }

  #forgetParticipant(row: ParticipantRow): void {
    for (const image of this.#contents.get(row.id)?.sessions.flatMap((session) => session.images) ?? []) this.#images.delete(idOf('image', row.dataset, image.path));
    this.#contents.delete(row.id);
  }

  #forget(dataset: DatasetRef): void {
    this.#summaries.delete(dataset.uri);
    this.#failures.delete(dataset.uri);
    this.#describing.delete(dataset.uri);
    this.#forgetBelow(dataset);
  }

  #tell(node: DatasetNode | undefined): void {
    for (const listener of this.#listeners) listener(node);
  }
}

function idOf(kind: DatasetNode['kind'], dataset: DatasetRef, rest: string): string {
  return `datasets:${kind} ${dataset.uri}|${rest}`;
}

function participantRow(parent: DatasetRow, label: string): ParticipantRow {
  return { kind: 'participant', id: idOf('participant', parent.dataset, label), parent, dataset: parent.dataset, label };
}

function reportRows(row: DerivativeRow): readonly DatasetNode[] {
  const rows = row.derivative.reports.map((report): DatasetNode => ({ kind: 'report', id: idOf('report', row.dataset, report.uri), parent: row, dataset: row.dataset, title: report.title, uri: report.uri }));
  return rows.length > 0 ? rows : [{ kind: 'empty', id: idOf('empty', row.dataset, row.derivative.uri), parent: row, text: 'No reports' }];
}

/** An error and what can be done about it, as rows. */
function problem(parent: DatasetNode | undefined, key: string, error: ErrorReport): readonly DatasetNode[] {
  const at = key.replace(/^datasets:/, '');
  const dataset = parent === undefined || !('dataset' in parent) ? undefined : parent.dataset;
  // Only at the dataset itself do its address and credentials matter.
  const mends = mendsOf(error).filter((mend) => (mend === 'check' ? dataset !== undefined && serviceOf(dataset.uri) !== undefined : parent?.kind === 'dataset' || mend === 'retry' || mend === 'log'));
  return [
    { kind: 'problem', id: `datasets:problem ${at}`, ...(parent === undefined ? {} : { parent }), error },
    ...mends.map((mend): DatasetNode => ({ kind: 'mend', id: `datasets:mend ${mend} ${at}`, ...(parent === undefined ? {} : { parent }), mend, ...(dataset === undefined ? {} : { dataset }) })),
  ];
}
