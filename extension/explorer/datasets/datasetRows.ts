import type { DatasetRef, DerivativeSummary, ImageEntry, LevelSummary, ParticipantRange } from '../../../runner/protocol/datasets.ts';
import type { ErrorReport } from '../../../runner/protocol/errors.ts';
import { mendsOf } from './datasetNodes.ts';
import { serviceOf } from './reach.ts';
import type { CountingRow, DatasetNode, DatasetRow, DerivativeRow, DerivativesRow, ImageRow, LevelRow, Mend, MendRow, ParticipantRow, RangeRow, SessionRow } from './datasetNodes.ts';

/**
 * The rows that were shown: whoever shows the same again gets the same row, by which the editor knows it. A row that says
 * something else takes the place of the one before.
 */
export class RowBook {
  readonly #rows = new Map<string, { readonly row: DatasetNode; readonly says: string }>();

  keep<R extends DatasetNode>(row: R): R {
    const { parent, ...own } = row;
    const says = JSON.stringify(own);
    const known = this.#rows.get(row.id);
    if (known !== undefined && known.says === says && known.row.parent === parent) return known.row as R;
    this.#rows.set(row.id, { row, says });
    return row;
  }

  get(id: string): DatasetNode | undefined {
    return this.#rows.get(id)?.row;
  }

  forget(dataset: DatasetRef): void {
    for (const id of this.#rows.keys()) if (id.includes(` ${dataset.uri}|`)) this.#rows.delete(id);
  }
}

/** The id of a row: the same for the same thing, wherever it is shown. */
export function idOf(kind: DatasetNode['kind'], dataset: DatasetRef, rest: string): string {
  return `datasets:${kind} ${dataset.uri}|${rest}`;
}

export function participantRow(parent: DatasetRow | RangeRow, label: string): ParticipantRow {
  return { kind: 'participant', id: idOf('participant', parent.dataset, label), parent, dataset: parent.dataset, label };
}

/** `at`: its place among the pieces of that filter, by which it stays the same when participants come or go. */
export function rangeRow(parent: DatasetRow, filter: string, at: number, offset: number, { first, last, count }: ParticipantRange): RangeRow {
  return { kind: 'range', id: idOf('range', parent.dataset, `${at} ${filter}`), parent, dataset: parent.dataset, first, last, count, offset };
}

export function countingRow(parent: DatasetRow, counted: number, stopped: boolean): CountingRow {
  return { kind: 'counting', id: idOf('counting', parent.dataset, ''), parent, dataset: parent.dataset, counted, stopped };
}

export function derivativesRow(parent: DatasetRow, count: number): DerivativesRow {
  return { kind: 'derivatives', id: idOf('derivatives', parent.dataset, ''), parent, dataset: parent.dataset, count };
}

export function derivativeRow(parent: DerivativesRow, derivative: DerivativeSummary): DerivativeRow {
  return { kind: 'derivative', id: idOf('derivative', parent.dataset, derivative.uri), parent, dataset: parent.dataset, derivative };
}

export function sessionRow(parent: ParticipantRow, label: string, images: readonly ImageEntry[]): SessionRow {
  return { kind: 'session', id: idOf('session', parent.dataset, `${parent.label}/${label}`), parent, dataset: parent.dataset, participant: parent.label, label, images };
}

export function imageRow(parent: ParticipantRow | SessionRow, participant: string, session: string | undefined, image: ImageEntry): ImageRow {
  return { kind: 'image', id: idOf('image', parent.dataset, image.path), parent, dataset: parent.dataset, participant, ...(session === undefined ? {} : { session }), image };
}

export function levelRow(parent: ImageRow, level: LevelSummary): LevelRow {
  return { kind: 'level', id: idOf('level', parent.dataset, `${parent.image.path} ${level.level}`), parent, dataset: parent.dataset, image: parent.image, level };
}

export function emptyRow(parent: Exclude<DatasetNode, { dataset?: undefined }> & { readonly dataset: DatasetRef }, key: string, text: string): DatasetNode {
  return { kind: 'empty', id: idOf('empty', parent.dataset, key), parent, text };
}

export function reportRows(row: DerivativeRow): readonly DatasetNode[] {
  const rows = row.derivative.reports.map((report): DatasetNode => ({ kind: 'report', id: idOf('report', row.dataset, report.uri), parent: row, dataset: row.dataset, title: report.title, uri: report.uri }));
  return rows.length > 0 ? rows : [emptyRow(row, row.derivative.uri, 'No reports')];
}

/** An error and what can be done about it, as rows. */
export function problemRows(parent: DatasetNode | undefined, key: string, error: ErrorReport): readonly DatasetNode[] {
  // Only at the dataset itself do its address and credentials matter.
  return problem(parent, key, error, mendsOf(error).filter((mend) => (mend === 'check' ? isInBucket(parent) : parent?.kind === 'dataset' || mend === 'retry' || mend === 'log')));
}

/** Why what is shown could not be compared with the storage, above what is shown. */
export function troubleRows(parent: DatasetRow, error: ErrorReport): readonly DatasetNode[] {
  return problem(parent, parent.id, error, mendsOf(error).filter((mend) => mend !== 'remove' && mend !== 'address' && (mend !== 'check' || isInBucket(parent))).map((mend) => (mend === 'retry' ? 'compare' : mend)), true);
}

/** Local folders ask for no credentials. */
function isInBucket(row: DatasetNode | undefined): boolean {
  return row !== undefined && 'dataset' in row && row.dataset !== undefined && serviceOf(row.dataset.uri) !== undefined;
}

/** Says that nobody fits the filter, and leads out of that. */
export function unfilterRows(parent: DatasetRow, text: string): readonly DatasetNode[] {
  return [emptyRow(parent, '', text), mendRow(parent, parent.id.replace(/^datasets:/, ''), 'unfilter', parent.dataset)];
}

function problem(parent: DatasetNode | undefined, key: string, error: ErrorReport, mends: readonly Mend[], mild = false): readonly DatasetNode[] {
  const at = key.replace(/^datasets:/, '');
  const dataset = parent === undefined || !('dataset' in parent) ? undefined : parent.dataset;
  return [
    { kind: 'problem', id: `datasets:problem ${at}`, ...(parent === undefined ? {} : { parent }), error, ...(mild ? { mild } : {}) },
    ...mends.map((mend) => mendRow(parent, at, mend, dataset)),
  ];
}

function mendRow(parent: DatasetNode | undefined, at: string, mend: Mend, dataset: DatasetRef | undefined): MendRow {
  return { kind: 'mend', id: `datasets:mend ${mend} ${at}`, ...(parent === undefined ? {} : { parent }), mend, ...(dataset === undefined ? {} : { dataset }) };
}
