import type { CountingState, DatasetRef, ParticipantRange } from '../../../runner/protocol/datasets.ts';
import { compareLabels } from '../../../runner/protocol/participantOrder.ts';
import type { RunnerClient } from '../../runner-client/client.types.ts';

type Ask = RunnerClient['request'];

/** Participants up to which a dataset shows each; more are shown in pieces. */
export const flatAtMost = 400;
/** Participants of such a piece. */
export const pieceSize = 200;

/** The participants of a dataset as its row unfolds to: each of them, or pieces of so many that each can be looked at whole. */
export type ParticipantListing = CountingState & {
  readonly total: number;
  /** Why nothing can fit the filter. */
  readonly problem?: string;
} & (
  | { readonly kind: 'each'; readonly labels: readonly string[] }
  | { readonly kind: 'pieces'; readonly pieces: readonly ParticipantRange[] }
);

/** Asks how a dataset's participants, or those that fit a filter, are to be shown. */
export async function listParticipants(ask: Ask, dataset: DatasetRef, filter: string): Promise<ParticipantListing> {
  const search = filter === '' ? {} : { search: filter };
  const page = await ask('datasets.participants', { dataset, offset: 0, limit: flatAtMost, ...search });
  const state = { ...countingOf(page), total: page.total, ...(page.problem === undefined ? {} : { problem: page.problem }) };
  if (page.total <= flatAtMost) return { kind: 'each', labels: page.labels, ...state };
  const { ranges, total, ...rest } = await ask('datasets.ranges', { dataset, size: pieceSize, ...search });
  return { kind: 'pieces', pieces: ranges, ...countingOf(rest), total };
}

/** Labels of one piece. */
export async function listPiece(ask: Ask, dataset: DatasetRef, filter: string, { offset, count }: { readonly offset: number; readonly count: number }): Promise<readonly string[]> {
  const labels: string[] = [];
  while (labels.length < count) {
    const page = await ask('datasets.participants', { dataset, offset: offset + labels.length, limit: count - labels.length, ...(filter === '' ? {} : { search: filter }) });
    labels.push(...page.labels);
    if (page.labels.length === 0) break;
  }
  return labels;
}

/** Which piece a participant is in; -1: none of them. */
export function pieceOf(pieces: readonly ParticipantRange[], label: string): number {
  return pieces.findIndex(({ first, last }) => compareLabels(first, label) <= 0 && compareLabels(label, last) <= 0);
}

function countingOf({ counting, incomplete }: CountingState): CountingState {
  return { ...(counting === true ? { counting } : {}), ...(incomplete === true ? { incomplete } : {}) };
}
