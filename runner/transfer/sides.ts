import { compareKeys } from '../storage/keyOrder.ts';
import { sortByKey } from './sorting.ts';

/** A listing that does not come in the order of its keys: some services list in another. */
export class OutOfOrder extends Error {
  readonly side: 'source' | 'destination';

  constructor(side: 'source' | 'destination') {
    super(`The ${side} is not listed in order`);
    this.side = side;
  }
}

/** Passes rows on as long as they are in order. Throws {@link OutOfOrder}. */
export async function* inOrder<T extends { readonly key: string }>(rows: AsyncIterable<T>, side: 'source' | 'destination'): AsyncGenerator<T> {
  let last: string | undefined;
  for await (const row of rows) {
    if (last !== undefined && compareKeys(row.key, last) <= 0) throw new OutOfOrder(side);
    last = row.key;
    yield row;
  }
}

/** Rows in order: sorted when it is known that they do not come so. */
export function ordered<T extends { readonly key: string }>(rows: AsyncIterable<T>, side: 'source' | 'destination', sorted: boolean, scratch: string): AsyncGenerator<T> {
  return inOrder(sorted ? sortByKey(rows, scratch) : rows, side);
}

/** What three lists say of one key. */
export interface Joined<A, B, C> {
  readonly key: string;
  readonly source: A | undefined;
  readonly destination: B | undefined;
  readonly record: C | undefined;
}

/** Walks three lists in the order of their keys side by side, holding one row of each. */
export async function* joinByKey<A extends { readonly key: string }, B extends { readonly key: string }, C extends { readonly key: string }>(
  sources: AsyncIterable<A>, destinations: AsyncIterable<B>, records: AsyncIterable<C>,
): AsyncGenerator<Joined<A, B, C>> {
  await using source = new Cursor(sources);
  await using destination = new Cursor(destinations);
  await using record = new Cursor(records);
  // Both sides may be far away: their first pages are on the way at the same time.
  await Promise.all([source.advance(), destination.advance(), record.advance()]);
  for (;;) {
    const keys = [source.row?.key, destination.row?.key, record.row?.key].filter((key) => key !== undefined);
    if (keys.length === 0) return;
    const key = keys.reduce((least, each) => (compareKeys(each, least) < 0 ? each : least));
    yield { key, source: source.at(key), destination: destination.at(key), record: record.at(key) };
    await Promise.all([source, destination, record].filter((cursor) => cursor.row?.key === key).map((cursor) => cursor.advance()));
  }
}

class Cursor<T extends { readonly key: string }> {
  readonly #rows: AsyncIterator<T>;
  row: T | undefined;

  constructor(rows: AsyncIterable<T>) {
    this.#rows = rows[Symbol.asyncIterator]();
  }

  at(key: string): T | undefined {
    return this.row?.key === key ? this.row : undefined;
  }

  async advance(): Promise<void> {
    const next = await this.#rows.next();
    this.row = next.done === true ? undefined : next.value;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#rows.return?.();
  }
}
