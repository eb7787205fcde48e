import { finished } from 'node:stream';
import type { Readable } from 'node:stream';
import { changedError, ChangedObject, TruncatedBody } from './bodyFaults.ts';
import type { ByteRange, ReadOptions } from './objectStore.ts';
import { resolveRange } from './range.ts';

/** What to ask a service for. */
export interface BodyRequest {
  /** Value of a Range header; undefined: all of the object. */
  readonly range: string | undefined;
  /** The answer must be of this version, and of no other. */
  readonly version: string | undefined;
}

/** An answer whose body is still to come. */
export interface BodyAnswer {
  /** Of a partial answer, its Content-Range header. */
  readonly contentRange: string | undefined;
  /** Bytes of the body, where the service tells. */
  readonly contentLength: number | undefined;
  /** What a later request can be bound to; undefined: nothing, so that an interrupted read begins anew. */
  readonly version: string | undefined;
  readonly body: Readable;
}

/**
 * Asks a service for bytes. `beyond`: the range lies behind the end (416). `changed`: the object has another version than
 * was asked for (412). Throws what its client throws.
 */
export type FetchBody<Session> = (session: Session, request: BodyRequest, signal: AbortSignal | undefined) => Promise<BodyAnswer | 'beyond' | 'changed'>;

/**
 * The reading of one object or range over as many attempts as it takes: what has arrived is kept, and the next attempt
 * asks only for the rest, provided the object is still the same.
 */
export class ObjectRead<Session> {
  readonly #range: ByteRange | undefined;
  readonly #ifVersion: string | undefined;
  readonly #where: string;
  readonly #fetch: FetchBody<Session>;
  #part: Part | undefined;

  /** `where`: full URI, for errors. Without `ifVersion` the version is whichever is there when reading begins. */
  constructor({ range, ifVersion }: Pick<ReadOptions, 'range' | 'ifVersion'>, where: string, fetch: FetchBody<Session>) {
    this.#range = range;
    this.#ifVersion = ifVersion;
    this.#where = where;
    this.#fetch = fetch;
  }

  /**
   * One attempt. A range behind the end gives no bytes. Throws what the service's client or the stream throws,
   * {@link TruncatedBody}, {@link ChangedObject}, and `changed` when there is another version than the one that is wanted.
   */
  async attempt(session: Session, signal: AbortSignal | undefined): Promise<Uint8Array> {
    const begun = this.#part;
    if (begun?.bytes !== undefined && begun.version !== undefined) {
      await this.#goOn(session, begun, begun.bytes.length, signal);
      return finish(begun, this.#range);
    }
    const answer = await this.#fetch(session, { range: rangeHeader(this.#range), version: this.#ifVersion }, signal);
    if (answer === 'beyond') return new Uint8Array(0);
    if (answer === 'changed') throw this.#changed();
    // Some services do not know the condition.
    if (this.#ifVersion !== undefined && answer.version !== this.#ifVersion) {
      answer.body.destroy();
      throw this.#changed();
    }
    this.#part = partOf(answer, this.#range);
    await fill(this.#part, answer.body, signal);
    return finish(this.#part, this.#range);
  }

  /** Asks for what of `length` bytes is still missing. */
  async #goOn(session: Session, part: Part, length: number, signal: AbortSignal | undefined): Promise<void> {
    if (part.received === length) return;
    const range = `bytes=${part.begin + part.received}-${part.begin + length - 1}`;
    const answer = await this.#fetch(session, { range, version: part.version }, signal);
    if (answer === 'beyond' || answer === 'changed') {
      this.#part = undefined;
      throw this.#changed();
    }
    if (answer.contentRange === undefined) part.received = 0;
    await fill(part, answer.body, signal);
  }

  /** Whoever did not ask for a version gets the new one by another attempt. */
  #changed(): Error {
    return this.#ifVersion === undefined ? new ChangedObject() : changedError(this.#where);
  }
}

/** Bytes `begin` to `begin + bytes.length` of the object, of which the first `received` are there. */
interface Part {
  readonly begin: number;
  /** Undefined until the end when the service does not say how many there will be. */
  bytes: Uint8Array | undefined;
  received: number;
  readonly version: string | undefined;
  /** The service sent the object from its beginning, whatever range was asked for. */
  readonly whole: boolean;
}

function partOf(answer: BodyAnswer, range: ByteRange | undefined): Part {
  const partial = /^bytes (\d+)-(\d+)\//.exec(answer.contentRange ?? '');
  const begin = partial === null ? 0 : Number(partial[1]);
  const length = answer.contentLength ?? (partial === null ? undefined : Number(partial[2]) - begin + 1);
  return { begin, bytes: length === undefined ? undefined : unfilled(length), received: 0, version: answer.version, whole: range === undefined || partial === null };
}

/** Bytes that are not set to zero first: a part that does not get all of them is never given out. */
function unfilled(length: number): Uint8Array {
  const { buffer, byteOffset } = Buffer.allocUnsafeSlow(length);
  return new Uint8Array(buffer, byteOffset, length);
}

function rangeHeader(range: ByteRange | undefined): string | undefined {
  if (range === undefined) return undefined;
  if ('suffix' in range) return `bytes=-${range.suffix}`;
  return range.length === undefined ? `bytes=${range.offset}-` : `bytes=${range.offset}-${range.offset + range.length - 1}`;
}

async function fill(part: Part, body: Readable, signal: AbortSignal | undefined): Promise<void> {
  const stop = (): void => void body.destroy();
  signal?.addEventListener('abort', stop, { once: true });
  try {
    const { bytes } = part;
    if (bytes === undefined) {
      const chunks: Uint8Array[] = [];
      for await (const chunk of body) chunks.push(chunk as Uint8Array);
      part.bytes = new Uint8Array(Buffer.concat(chunks));
      part.received = part.bytes.length;
      return;
    }
    await eachPiece(body, (chunk) => {
      const piece = chunk.length > bytes.length - part.received ? chunk.subarray(0, bytes.length - part.received) : chunk;
      bytes.set(piece, part.received);
      part.received += piece.length;
    });
    if (part.received < bytes.length) throw new TruncatedBody(part.received, bytes.length);
  } finally {
    signal?.removeEventListener('abort', stop);
  }
}

/** Takes the pieces of a body as they come, without the promise for each that iterating makes. Rejects with the body's error, and when it breaks off. */
function eachPiece(body: Readable, take: (piece: Uint8Array) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    body.on('data', take);
    finished(body, (error) => {
      body.off('data', take);
      if (error) reject(error);
      else resolve();
    });
  });
}

/** What was asked for: all that came, or a cut of it when the service ignored the range. */
function finish(part: Part, range: ByteRange | undefined): Uint8Array {
  const bytes = part.bytes ?? new Uint8Array(0);
  if (!part.whole || range === undefined) return bytes;
  const { begin, end } = resolveRange(range, bytes.length);
  return bytes.subarray(begin, end);
}
