import { randomUUID } from 'node:crypto';
import { SpimquantError } from '../protocol/errors.ts';
import type { Clock } from '../protocol/log.ts';

/** Listings kept open at most, and for how long nobody needs to go on, in milliseconds. They hold no connection. */
const openAtMost = 64;
const patienceMs = 300_000;

interface OpenListing<T> {
  readonly rows: AsyncIterator<T>;
  readonly abort: AbortController;
  /** Looked at to know whether there is more. */
  readonly ahead: T;
  readonly since: number;
}

/** Some of a listing. */
export interface ListingPage<T> {
  readonly rows: readonly T[];
  /** Passed to {@link Listings.goOn}, once; undefined: that was all. */
  readonly continuation?: string;
}

/** Listings that are read page by page, each from where the page before ended: nothing is listed twice. */
export class Listings<T> {
  readonly #clock: Clock;
  readonly #open = new Map<string, OpenListing<T>>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** The first page. Throws what `list` throws, and `cancelled` when the signal is aborted. */
  async begin(list: (signal: AbortSignal) => AsyncIterable<T>, limit: number, signal: AbortSignal): Promise<ListingPage<T>> {
    const abort = new AbortController();
    const rows = list(abort.signal)[Symbol.asyncIterator]();
    return this.#page(rows, abort, [], limit, signal);
  }

  /** The next page. Throws `not-found` when the listing is too old, or has been read on from there before. */
  async goOn(continuation: string, limit: number, signal: AbortSignal): Promise<ListingPage<T>> {
    this.#dropOld();
    const listing = this.#open.get(continuation);
    if (listing === undefined) throw new SpimquantError('not-found', 'This listing is no longer open.', { hint: 'List the folder again.' });
    this.#open.delete(continuation);
    return this.#page(listing.rows, listing.abort, [listing.ahead], limit, signal);
  }

  async #page(rows: AsyncIterator<T>, abort: AbortController, first: readonly T[], limit: number, signal: AbortSignal): Promise<ListingPage<T>> {
    const stop = (): void => { abort.abort(); };
    if (signal.aborted) stop();
    signal.addEventListener('abort', stop, { once: true });
    try {
      const page = [...first];
      while (page.length <= limit) {
        const next = await rows.next();
        if (next.done === true) return { rows: page };
        page.push(next.value);
      }
      return { rows: page.slice(0, limit), continuation: this.#keep({ rows, abort, ahead: page[limit], since: this.#clock() }) };
    } finally {
      signal.removeEventListener('abort', stop);
    }
  }

  #keep(listing: OpenListing<T>): string {
    const continuation = randomUUID();
    this.#open.set(continuation, listing);
    this.#dropOld();
    return continuation;
  }

  #dropOld(): void {
    const now = this.#clock();
    for (const [continuation, listing] of this.#open) {
      if (this.#open.size <= openAtMost && now - listing.since < patienceMs) break;
      this.#open.delete(continuation);
      listing.abort.abort();
    }
  }
}
