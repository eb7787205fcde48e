import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { compareKeys } from '../storage/keyOrder.ts';
import { LineWriter, readLines } from './lineFile.ts';

/** Rows held in memory at once. */
const heldRows = 50_000;

/**
 * Rows in the order of their keys, however many there are: what does not fit into memory is sorted in pieces, in files
 * of the scratch folder. Of rows with equal keys, those that came first come first.
 */
export async function* sortByKey<T extends { readonly key: string }>(rows: AsyncIterable<T>, scratch: string, held: number = heldRows): AsyncGenerator<T> {
  const pieces: string[] = [];
  let memory: T[] = [];
  try {
    for await (const row of rows) {
      memory.push(row);
      if (memory.length < held) continue;
      pieces.push(await spill(memory, join(scratch, `sort-${crypto.randomUUID()}.ndjson`)));
      memory = [];
    }
    memory.sort((a, b) => compareKeys(a.key, b.key));
    if (pieces.length === 0) yield* memory;
    else yield* merge([...pieces.map((piece) => readLines(piece) as AsyncIterator<T>), fromArray(memory)]);
  } finally {
    for (const piece of pieces) await rm(piece, { force: true });
  }
}

async function spill<T extends { readonly key: string }>(rows: T[], path: string): Promise<string> {
  rows.sort((a, b) => compareKeys(a.key, b.key));
  await using writer = await LineWriter.create(path);
  for (const row of rows) await writer.add(row);
  await writer.close();
  return path;
}

async function* fromArray<T>(rows: readonly T[]): AsyncGenerator<T> {
  yield* rows;
}

/** Joins rows that are in order; of equal keys the earlier source's first. */
async function* merge<T extends { readonly key: string }>(sources: readonly AsyncIterator<T>[]): AsyncGenerator<T> {
  const heads: (T | undefined)[] = [];
  for (const source of sources) heads.push(await take(source));
  for (;;) {
    let least: T | undefined;
    let from = -1;
    for (const [at, head] of heads.entries()) {
      if (head === undefined || (least !== undefined && compareKeys(head.key, least.key) >= 0)) continue;
      least = head;
      from = at;
    }
    if (least === undefined) return;
    yield least;
    heads[from] = await take(sources[from]);
  }
}

async function take<T>(source: AsyncIterator<T>): Promise<T | undefined> {
  const next = await source.next();
  return next.done === true ? undefined : next.value;
}
