import type { ErrorReport } from '../../../runner/protocol/errors.ts';
import type { DatasetRef, DerivativeSummary, ImageEntry, LevelSummary } from '../../../runner/protocol/datasets.ts';

interface RowBase {
  /** Same for the same thing after every refresh, so that expansion and selection survive. */
  readonly id: string;
  /** Undefined: at the top. */
  readonly parent?: DatasetNode;
}

export interface DatasetRow extends RowBase {
  readonly kind: 'dataset';
  readonly dataset: DatasetRef;
}

/** The folder of all results below a dataset. */
export interface DerivativesRow extends RowBase {
  readonly kind: 'derivatives';
  readonly dataset: DatasetRef;
  readonly count: number;
}

export interface DerivativeRow extends RowBase {
  readonly kind: 'derivative';
  readonly dataset: DatasetRef;
  readonly derivative: DerivativeSummary;
}

export interface ReportRow extends RowBase {
  readonly kind: 'report';
  readonly dataset: DatasetRef;
  readonly title: string;
  readonly uri: string;
}

export interface ParticipantRow extends RowBase {
  readonly kind: 'participant';
  readonly dataset: DatasetRef;
  /** Without `sub-`. */
  readonly label: string;
}

export interface SessionRow extends RowBase {
  readonly kind: 'session';
  readonly dataset: DatasetRef;
  readonly participant: string;
  /** Without `ses-`. */
  readonly label: string;
  readonly images: readonly ImageEntry[];
}

export interface ImageRow extends RowBase {
  readonly kind: 'image';
  readonly dataset: DatasetRef;
  readonly participant: string;
  readonly session?: string;
  readonly image: ImageEntry;
}

export interface LevelRow extends RowBase {
  readonly kind: 'level';
  readonly dataset: DatasetRef;
  readonly image: ImageEntry;
  readonly level: LevelSummary;
}

/** Some neighbours of a dataset with many participants. */
export interface RangeRow extends RowBase {
  readonly kind: 'range';
  readonly dataset: DatasetRef;
  /** Labels without `sub-`. */
  readonly first: string;
  readonly last: string;
  readonly count: number;
  /** How many come before it. */
  readonly offset: number;
}

/** Says that participants are being counted, or that this was stopped: then a click goes on. */
export interface CountingRow extends RowBase {
  readonly kind: 'counting';
  readonly dataset: DatasetRef;
  readonly counted: number;
  readonly stopped: boolean;
}

/** Why the rows that belong here are missing, or may be out of date. */
export interface ProblemRow extends RowBase {
  readonly kind: 'problem';
  readonly error: ErrorReport;
  /** True: what is shown below it is of an earlier time. */
  readonly mild?: boolean;
}

/** What can be done about the problem above it. */
export interface MendRow extends RowBase {
  readonly kind: 'mend';
  readonly mend: Mend;
  readonly dataset?: DatasetRef;
}

/** Says that there is nothing where something could be. */
export interface EmptyRow extends RowBase {
  readonly kind: 'empty';
  readonly text: string;
}

/** A row of the Datasets view. */
export type DatasetNode =
  | DatasetRow | DerivativesRow | DerivativeRow | ReportRow | ParticipantRow | SessionRow | ImageRow | LevelRow
  | RangeRow | CountingRow | ProblemRow | MendRow | EmptyRow;

/**
 * `signIn`: by the provider's own command. `retry`: ask again. `compare`: compare what is shown with the storage again. `reach`: add it again with other credentials.
 * `check`: look at credentials. `address`: correct where it is. `unfilter`: show all participants.
 */
export type Mend = 'signIn' | 'retry' | 'compare' | 'reach' | 'check' | 'address' | 'remove' | 'log' | 'unfilter';

/** What helps against an error of a dataset, the likeliest first. */
export function mendsOf(error: ErrorReport): readonly Mend[] {
  switch (error.code) {
    case 'auth-expired':
      return ['signIn', 'retry', 'check', 'reach', 'remove'];
    case 'auth-missing':
    case 'access-denied':
    case 'region-mismatch':
    case 'requester-pays':
      return ['reach', 'check', 'retry', 'remove'];
    case 'not-found':
    case 'bad-dataset':
    case 'bad-option':
      return ['retry', 'address', 'remove'];
    case 'network':
      return ['retry', 'check', 'remove'];
    case 'throttled':
      return ['retry', 'remove'];
    default:
      return ['retry', 'log'];
  }
}

/** Whether a command argument is a row of the Datasets view. */
export function isDatasetNode(value: unknown): value is DatasetNode {
  return typeof value === 'object' && value !== null && 'kind' in value && 'id' in value && typeof value.id === 'string' && value.id.startsWith('datasets:');
}

/** Address of what a row stands for; undefined where it stands for nothing of its own. */
export function uriOf(node: DatasetNode): string | undefined {
  switch (node.kind) {
    case 'dataset': return node.dataset.uri;
    case 'derivatives': return below(node.dataset.uri, 'derivatives');
    case 'derivative': return node.derivative.uri;
    case 'report': return node.uri;
    case 'participant': return below(node.dataset.uri, `sub-${node.label}`);
    case 'session': return below(node.dataset.uri, `sub-${node.participant}`, `ses-${node.label}`);
    case 'image':
    case 'level': return node.image.uri;
    default: return undefined;
  }
}

/** Rows whose files can be copied to another folder or bucket. */
export type TransferableRow = DatasetRow | DerivativesRow | DerivativeRow | ReportRow | ParticipantRow | SessionRow | ImageRow;

/** Whether what a row stands for can be copied elsewhere. */
export function isTransferable(node: DatasetNode): node is TransferableRow {
  return ['dataset', 'derivatives', 'derivative', 'report', 'participant', 'session', 'image'].includes(node.kind);
}

/** The dataset that a row belongs to. */
export function datasetOf(node: DatasetNode | undefined): DatasetRef | undefined {
  if (node === undefined) return undefined;
  return 'dataset' in node && node.dataset !== undefined ? node.dataset : datasetOf(node.parent);
}

/** An address below another; keeps the separator of the system that wrote it. */
export function below(uri: string, ...parts: readonly string[]): string {
  const separator = !uri.includes('://') && uri.includes('\\') ? '\\' : '/';
  return [uri.replace(/[/\\]+$/, ''), ...parts].join(separator);
}

/** Last part of an address. */
export function baseName(uri: string): string {
  return uri.replace(/[/\\]+$/, '').split(/[/\\]/).pop() ?? uri;
}

/**
 * How each of some datasets is called: by the last part of its address, and as many of those before it as tell it from
 * the others.
 */
export function shortNames(uris: readonly string[]): ReadonlyMap<string, string> {
  const parts = new Map(uris.map((uri) => [uri, uri.replace(/^[a-z0-9]+:\/\//i, '').split(/[/\\]/).filter((part) => part !== '')]));
  const tail = (uri: string, length: number): string => (parts.get(uri) ?? []).slice(-length).join('/');
  return new Map(uris.map((uri) => {
    const all = parts.get(uri)?.length ?? 0;
    let length = 1;
    while (length < all && uris.some((other) => other !== uri && tail(other, length) === tail(uri, length))) length += 1;
    return [uri, all === 0 ? uri : tail(uri, length)];
  }));
}
