import type { Readable } from 'node:stream';
import { GetObjectCommand } from '@aws-sdk/client-s3';
import type { GetObjectCommandInput, S3Client } from '@aws-sdk/client-s3';
import type { ByteRange } from '../objectStore.ts';
import { resolveRange } from '../range.ts';
import { changedError, ChangedObject, TruncatedBody } from '../bodyFaults.ts';
import { s3Fault } from './s3Errors.ts';

/** What is read, and how. */
export interface ReadTarget {
  readonly bucket: string;
  readonly key: string;
  /** Full URI, for errors. */
  readonly where: string;
  readonly requesterPays: boolean;
}

/**
 * The reading of one object or range over as many attempts as it takes: what has arrived is kept, and the next attempt
 * asks only for the rest, provided the object is still the same (by its ETag).
 */
export class S3Read {
  readonly #target: ReadTarget;
  readonly #range: ByteRange | undefined;
  readonly #ifVersion: string | undefined;
  readonly #object: Pick<GetObjectCommandInput, 'Bucket' | 'Key' | 'RequestPayer'>;
  #part: Part | undefined;

  /** `ifVersion`: the ETag that the object must have, without quotes; left out: whichever is there when reading begins. */
  constructor(target: ReadTarget, range: ByteRange | undefined, ifVersion: string | undefined) {
    this.#target = target;
    this.#range = range;
    this.#ifVersion = ifVersion;
    this.#object = { Bucket: target.bucket, Key: target.key, ...(target.requesterPays ? { RequestPayer: 'requester' } : {}) };
  }

  /** One attempt. Throws what the SDK or the stream throws; `416` (nothing there to read) gives no bytes. */
  async attempt(client: S3Client, signal: AbortSignal | undefined): Promise<Uint8Array> {
    const begun = this.#part;
    if (begun?.bytes !== undefined && begun.etag !== undefined) {
      await this.#goOn(client, begun, begun.bytes.length, signal);
      return finish(begun, this.#range);
    }
    const started = await this.#start(client, signal);
    if (started === undefined) return new Uint8Array(0);
    this.#part = started.part;
    await fill(started.part, started.body, signal);
    return finish(started.part, this.#range);
  }

  async #start(client: S3Client, signal: AbortSignal | undefined): Promise<{ readonly part: Part; readonly body: Readable } | undefined> {
    const range = rangeHeader(this.#range);
    const wanted = this.#ifVersion;
    try {
      const answer = await client.send(new GetObjectCommand({ ...this.#object, ...range, ...(wanted === undefined ? {} : { IfMatch: `"${wanted}"` }) }), { abortSignal: signal });
      // Some services do not know the condition.
      if (wanted !== undefined && tagOf(answer.ETag) !== wanted) {
        (answer.Body as Readable | undefined)?.destroy();
        throw changedError(this.#target.where);
      }
      const partial = /^bytes (\d+)-(\d+)\//.exec(answer.ContentRange ?? '');
      const whole = this.#range === undefined || partial === null;
      const begin = partial === null ? 0 : Number(partial[1]);
      const length = answer.ContentLength ?? (partial === null ? undefined : Number(partial[2]) - begin + 1);
      const part: Part = { begin, bytes: length === undefined ? undefined : new Uint8Array(length), received: 0, etag: answer.ETag, whole };
      return { part, body: answer.Body as Readable };
    } catch (error) {
      const { status } = s3Fault(error);
      if (status === 412 && wanted !== undefined) throw changedError(this.#target.where);
      if (status === 416) return undefined;
      throw error;
    }
  }

  /** Asks for what of `length` bytes is still missing. */
  async #goOn(client: S3Client, part: Part, length: number, signal: AbortSignal | undefined): Promise<void> {
    if (part.received === length) return;
    const range = `bytes=${part.begin + part.received}-${part.begin + length - 1}`;
    try {
      const answer = await client.send(
        new GetObjectCommand({ ...this.#object, Range: range, IfMatch: part.etag }),
        { abortSignal: signal },
      );
      if (answer.ContentRange === undefined) part.received = 0;
      await fill(part, answer.Body as Readable, signal);
    } catch (error) {
      const status = s3Fault(error).status;
      if (status !== 412 && status !== 416) throw error;
      this.#part = undefined;
      throw this.#ifVersion === undefined ? new ChangedObject() : changedError(this.#target.where);
    }
  }
}

function tagOf(etag: string | undefined): string {
  return (etag ?? '').replace(/^W\//, '').replaceAll('"', '');
}

/** Bytes `begin` to `begin + bytes.length` of the object, of which the first `received` are there. */
interface Part {
  readonly begin: number;
  /** Undefined until the end when the service does not say how many there will be. */
  bytes: Uint8Array | undefined;
  received: number;
  readonly etag: string | undefined;
  /** The service sent the object from its beginning, whatever range was asked for. */
  readonly whole: boolean;
}

function rangeHeader(range: ByteRange | undefined): { readonly Range?: string } {
  if (range === undefined) return {};
  if ('suffix' in range) return { Range: `bytes=-${range.suffix}` };
  return { Range: range.length === undefined ? `bytes=${range.offset}-` : `bytes=${range.offset}-${range.offset + range.length - 1}` };
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
    for await (const chunk of body) {
      const piece = (chunk as Uint8Array).subarray(0, bytes.length - part.received);
      bytes.set(piece, part.received);
      part.received += piece.length;
    }
    if (part.received < bytes.length) throw new TruncatedBody(part.received, bytes.length);
  } finally {
    signal?.removeEventListener('abort', stop);
  }
}

/** What was asked for: all that came, or a cut of it when the service ignored the range. */
function finish(part: Part, range: ByteRange | undefined): Uint8Array {
  const bytes = part.bytes ?? new Uint8Array(0);
  if (!part.whole || range === undefined) return bytes;
  const { begin, end } = resolveRange(range, bytes.length);
  return bytes.subarray(begin, end);
}
