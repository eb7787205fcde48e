import { participantMatcher } from '../../bids/participantSearch.ts';
import type { ParticipantMatcher } from '../../bids/participantSearch.ts';
import type { ParticipantsTable } from '../../bids/participants.ts';
import type { ParticipantPage, ParticipantRange, ParticipantRanges } from '../../protocol/datasets.ts';
import type { RootIndex } from './rootIndex.ts';

/** Which participants are asked for. */
export interface Wanted {
  /** Left out or empty: all. */
  readonly search?: string;
  /** The search is part of a label. */
  readonly labelsOnly?: boolean;
}

/** A search and what it has found, for the next page of it. */
interface Searched {
  readonly key: string;
  readonly labels: readonly string[];
  readonly table: ParticipantsTable | undefined;
  readonly found: readonly string[];
}

const lastSearches = new WeakMap<RootIndex, Searched>();

/** Some of the participants that are known, as soon as there are so many, or all are known. With a search: of those known now. */
export async function pageOf(root: RootIndex, { offset, limit, ...wanted }: Wanted & { readonly offset: number; readonly limit: number }, signal: AbortSignal | undefined): Promise<ParticipantPage> {
  const { labels, matcher } = await choose(root, wanted, offset + limit, signal);
  const page = labels.slice(offset, offset + limit);
  return {
    labels: page, total: labels.length, ...root.counting,
    ...(matcher === undefined ? {} : { matched: page.map((label) => matcher.match(label) ?? []) }),
    ...(matcher?.problem === undefined ? {} : { problem: matcher.problem }),
  };
}

/** The participants that are known in pieces of equal length; what is beyond the limit is in the last. */
export async function rangesOf(root: RootIndex, { size, limit, ...wanted }: Wanted & { readonly size: number; readonly limit: number }, signal: AbortSignal | undefined): Promise<ParticipantRanges> {
  const { labels, matcher } = await choose(root, wanted, size, signal);
  const ranges: ParticipantRange[] = [];
  for (let at = 0; at < labels.length && ranges.length < limit; at += size) {
    const end = ranges.length + 1 === limit ? labels.length : Math.min(at + size, labels.length);
    ranges.push({ first: labels[at], last: labels[end - 1], count: end - at });
  }
  return { ranges, total: labels.length, ...root.counting, ...(matcher?.problem === undefined ? {} : { problem: matcher.problem }) };
}

async function choose(root: RootIndex, { search = '', labelsOnly = false }: Wanted, enough: number, signal: AbortSignal | undefined): Promise<{ readonly labels: readonly string[]; readonly matcher?: ParticipantMatcher }> {
  const text = search.trim();
  if (text === '') {
    await root.reach(enough, signal);
    return { labels: root.labels };
  }
  await root.reach(1, signal);
  const table = labelsOnly ? undefined : (await root.facts(signal)).table;
  const matcher = labelsOnly ? labelMatcher(text) : participantMatcher(text, table);
  const { labels } = root;
  const key = JSON.stringify([text, labelsOnly, labels.length]);
  const last = lastSearches.get(root);
  if (last?.key === key && last.labels === labels && last.table === table) return { labels: last.found, matcher };
  const found = matcher.problem === undefined ? labels.filter((label) => matcher.match(label) !== undefined) : [];
  lastSearches.set(root, { key, labels, table, found });
  return { labels: found, matcher };
}

function labelMatcher(text: string): ParticipantMatcher {
  const wanted = text.toLowerCase();
  return { match: (label) => (`sub-${label}`.toLowerCase().includes(wanted) ? [] : undefined) };
}
