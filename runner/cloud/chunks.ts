import { createHash } from 'node:crypto';

/** Participants of one job. */
export interface Chunk {
  /** 0, 1, 2 … */
  readonly index: number;
  readonly participants: readonly string[];
  /** Of its cluster: unique, and the same whenever the same chunk of the same attempt is asked for. */
  readonly name: string;
}

/** Tasks of one job: Coiled's own client has no more machines in one cluster, and a request's size is limited. */
export const mostTasks = 1000;

/**
 * Cuts participants into jobs of one attempt, in their order, in sizes that differ by one at most. Jobs of one attempt share the machines
 * that are allowed. Pure.
 *
 * @param run id of the run: names are unique by it
 * @param attempt 1, 2, 3 …: what failed without a word is tried again under another name
 */
export function chunksOf(run: string, attempt: number, participants: readonly string[], most: number = mostTasks): readonly Chunk[] {
  const number = Math.ceil(participants.length / most);
  const chunks: Chunk[] = [];
  for (let index = 0, from = 0; index < number; index++) {
    const size = Math.ceil((participants.length - from) / (number - index));
    chunks.push({ index, participants: participants.slice(from, from + size), name: clusterName(run, attempt, index) });
    from += size;
  }
  return chunks;
}

/** A cluster's name: letters, digits and dashes, by which it is found when an answer was lost. */
export function clusterName(run: string, attempt: number, chunk: number): string {
  return `spimquant-${run}-${attempt}-${chunk}`;
}

/** Machines of each of so many jobs at the same time, of those allowed together: at least one each. */
export function workersOf(chunks: readonly Chunk[], allowed: number): readonly number[] {
  const all = chunks.reduce((sum, { participants }) => sum + participants.length, 0);
  return chunks.map(({ participants }) => Math.max(1, Math.min(participants.length, Math.floor((allowed * participants.length) / Math.max(1, all)))));
}

/** Short digest by which equal work is recognised. */
export function digestOf(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 16);
}
