import type { ErrorReport } from '../../runner/protocol/errors.ts';
import { pageBudget } from './budget.ts';
import { reportError } from '../../runner/protocol/errors.ts';
import { pieceValues, type PieceAddress, type PieceType, type PieceValues } from '../../runner/protocol/imageView.ts';

/** Pieces of a plane that are needed: of the image itself (source 0) or of what lies over it. */
export interface PieceWish {
  readonly source: number;
  readonly address: PieceAddress;
  readonly channels: readonly number[];
}

/** What came for a wish. */
export interface PieceAnswer {
  readonly type: PieceType;
  readonly width: number;
  readonly height: number;
  readonly bytes: Uint8Array;
}

export interface PieceStoreOptions {
  /** Fetches a wish. Rejects as soon as the signal is aborted. */
  readonly fetch: (wish: PieceWish, signal: AbortSignal) => Promise<PieceAnswer>;
  /** Something has come, or could not. */
  readonly onChange: () => void;
  /** Bytes of all that is kept. */
  readonly limit?: number;
}

/** Requests on their way. More would only wait in the runner, where they could not be put in another order. */
const atOnce = 6;

export function pieceKey(source: number, { level, axis, index, x, y, slab }: PieceAddress, channel: number): string {
  return `${source}:${level}/${axis}/${index}/${x},${y}/${slab}/${channel}`;
}

/** A request on its way. */
interface Running {
  readonly wish: PieceWish;
  readonly abort: AbortController;
}

/**
 * What to begin and what to give up, so that wishes come true in their order: of each the channels that are neither there
 * nor on their way. A request is given up when nothing of it is wished for any more.
 */
export function planRequests(wishes: readonly PieceWish[], present: (key: string) => boolean, running: readonly PieceWish[], limit: number): { readonly begin: readonly PieceWish[]; readonly giveUp: readonly PieceWish[] } {
  const keysOf = ({ source, address, channels }: PieceWish): readonly string[] => channels.map((channel) => pieceKey(source, address, channel));
  const wished = new Set(wishes.flatMap(keysOf));
  const giveUp = running.filter((wish) => !keysOf(wish).some((key) => wished.has(key)));
  const going = running.filter((wish) => !giveUp.includes(wish));
  const underWay = new Set(going.flatMap(keysOf));
  const begin: PieceWish[] = [];
  for (const wish of wishes) {
    if (going.length + begin.length >= limit) break;
    const channels = wish.channels.filter((channel) => {
      const key = pieceKey(wish.source, wish.address, channel);
      return !present(key) && !underWay.has(key);
    });
    if (channels.length === 0) continue;
    begin.push({ ...wish, channels });
    for (const channel of channels) underWay.add(pieceKey(wish.source, wish.address, channel));
  }
  return { begin, giveUp };
}

/** Pieces that have come, those on their way, and those that could not be had. */
export class PieceStore {
  readonly #options: PieceStoreOptions;
  readonly #limit: number;
  /** In the order of their last use. */
  readonly #pieces = new Map<string, PieceValues>();
  readonly #failures = new Map<string, ErrorReport>();
  readonly #running = new Set<Running>();
  #wishes: readonly PieceWish[] = [];
  #bytes = 0;

  constructor(options: PieceStoreOptions) {
    this.#options = options;
    this.#limit = options.limit ?? pageBudget.pieces;
  }

  /** Whether something that is wished for is still on its way. */
  get busy(): boolean {
    return this.#running.size > 0;
  }

  get bytes(): number {
    return this.#bytes;
  }

  get(source: number, address: PieceAddress, channel: number): PieceValues | undefined {
    const key = pieceKey(source, address, channel);
    const values = this.#pieces.get(key);
    if (values === undefined) return undefined;
    this.#pieces.delete(key);
    this.#pieces.set(key, values);
    return values;
  }

  /** Why a piece is not there. */
  failure(source: number, address: PieceAddress, channel: number): ErrorReport | undefined {
    return this.#failures.get(pieceKey(source, address, channel));
  }

  put(source: number, address: PieceAddress, channel: number, values: PieceValues): void {
    const key = pieceKey(source, address, channel);
    this.#bytes += values.byteLength - (this.#pieces.get(key)?.byteLength ?? 0);
    this.#pieces.delete(key);
    this.#pieces.set(key, values);
    this.#failures.delete(key);
    this.#shrink();
  }

  /** Sets what is wished for, the most urgent first. What was wished for before is forgotten. */
  want(wishes: readonly PieceWish[]): void {
    this.#wishes = wishes;
    this.#goOn();
  }

  /** Forgets failures, so that what failed is asked for again. */
  retry(): void {
    this.#failures.clear();
    this.#goOn();
  }

  /** Forgets all pieces of a source. */
  forget(source: number): void {
    for (const [key, { byteLength }] of this.#pieces) {
      if (!key.startsWith(`${source}:`)) continue;
      this.#pieces.delete(key);
      this.#bytes -= byteLength;
    }
    for (const key of this.#failures.keys()) if (key.startsWith(`${source}:`)) this.#failures.delete(key);
  }

  /** Keeps only what is wished for: the page is not seen. */
  trim(): void {
    this.#shrink(0);
  }

  #goOn(): void {
    const running = [...this.#running];
    const present = (key: string): boolean => this.#pieces.has(key) || this.#failures.has(key);
    const { begin, giveUp } = planRequests(this.#wishes, present, running.map(({ wish }) => wish), atOnce);
    for (const each of running) {
      if (!giveUp.includes(each.wish)) continue;
      this.#running.delete(each);
      each.abort.abort();
    }
    for (const wish of begin) void this.#fetch(wish);
  }

  async #fetch(wish: PieceWish): Promise<void> {
    const running: Running = { wish, abort: new AbortController() };
    this.#running.add(running);
    try {
      const { type, width, height, bytes } = await this.#options.fetch(wish, running.abort.signal);
      if (!this.#running.has(running)) return;
      wish.channels.forEach((channel, i) => { this.put(wish.source, wish.address, channel, pieceValues(type, bytes, i * width * height, width * height)); });
    } catch (error) {
      if (!this.#running.has(running)) return;
      // Also a cancellation, when it was not ours: asked again at once, it might be cancelled for ever.
      const report = reportError(error);
      for (const channel of wish.channels) this.#failures.set(pieceKey(wish.source, wish.address, channel), report);
    }
    this.#running.delete(running);
    this.#goOn();
    this.#options.onChange();
  }

  /** Drops what was not used for longest, but nothing that is wished for. */
  #shrink(limit = this.#limit): void {
    if (this.#bytes <= limit) return;
    const wished = new Set(this.#wishes.flatMap(({ source, address, channels }) => channels.map((channel) => pieceKey(source, address, channel))));
    for (const [key, { byteLength }] of this.#pieces) {
      if (this.#bytes <= limit) break;
      if (wished.has(key)) continue;
      this.#pieces.delete(key);
      this.#bytes -= byteLength;
    }
  }
}
