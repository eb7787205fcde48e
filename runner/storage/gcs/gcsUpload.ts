import { randomUUID } from 'node:crypto';
import { SpimquantError } from '../../protocol/errors.ts';
import { crc32c } from '../../kernels/crc32c.ts';
import { TruncatedBody, uploadLost } from '../bodyFaults.ts';
import type { UploadSource } from '../uploadSource.ts';
import { textOf } from '../serviceHttp.ts';
import type { HttpAnswer } from '../serviceHttp.ts';
import { GcsRefusal } from './gcsClient.ts';
import type { GcsClient } from './gcsClient.ts';
import type { GcsConnection } from './gcsConnection.ts';
import { objectFields, objectPath } from './gcsObjects.ts';
import type { ObjectResource } from './gcsObjects.ts';

/** Bytes sent by one request of a resumable upload; the service wants multiples of 256 KiB. */
export const chunkBytes = 64 * 1024 * 1024;
/** Bytes read from the source at once. */
const pieceBytes = 1024 * 1024;
/** Sessions begun for one upload, should the service lose them. */
const sessionsAtMost = 3;
/** How long a failed upload may take to be withdrawn before the failure is reported. */
const withdrawMs = 1000;

/** What goes with an object that is written. */
export interface WriteTarget {
  /** Of the object, the store's prefix included. */
  readonly name: string;
  /** Full URI, for errors. */
  readonly where: string;
  readonly resource: { readonly contentType: string; readonly storageClass?: string; readonly metadata?: Readonly<Record<string, string>> };
  readonly kmsKeyName: string | undefined;
  readonly ifAbsent: boolean;
  /** The generation that is replaced; undefined: any. */
  readonly ifVersion?: string;
  readonly signal: AbortSignal | undefined;
}

/** A CRC-32C as the service writes it. */
export function crcText(crc: number): string {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(crc);
  return bytes.toString('base64');
}

function uploadQuery(target: WriteTarget, uploadType: 'multipart' | 'resumable'): Readonly<Record<string, string | undefined>> {
  return { uploadType, name: target.name, ifGenerationMatch: target.ifAbsent ? '0' : target.ifVersion, kmsKeyName: target.kmsKeyName, fields: objectFields };
}

function uploadPath(bucket: string): string {
  return `/upload/storage/v1/b/${encodeURIComponent(bucket)}/o`;
}

/** Uploads by one request, in which the service compares the content with its CRC-32C. Throws as the connection does. */
export async function uploadAtOnce(connection: GcsConnection, target: WriteTarget, bytes: Uint8Array): Promise<ObjectResource> {
  const boundary = randomUUID();
  const resource = JSON.stringify({ ...target.resource, crc32c: crcText(crc32c(bytes)) });
  const pieces = [
    Buffer.from(`--${boundary}\r\nContent-Type: application/json; charset=UTF-8\r\n\r\n${resource}\r\n--${boundary}\r\nContent-Type: ${target.resource.contentType}\r\n\r\n`),
    bytes,
    Buffer.from(`\r\n--${boundary}--\r\n`),
  ];
  return connection.run('write', target.where, target.signal, ({ client }, signal) =>
    client.json<ObjectResource>({
      method: 'POST', path: uploadPath(connection.bucket), query: uploadQuery(target, 'multipart'),
      headers: { 'content-type': `multipart/related; boundary=${boundary}` },
      body: { length: pieces.reduce((sum, { length }) => sum + length, 0), pieces },
    }, signal));
}

/**
 * Uploads in a session of many requests: after a fault the service is asked what has arrived, and only the rest is sent
 * again. The object appears whole or not at all; when anything fails the session is withdrawn. `chunk`: bytes per request,
 * a multiple of 256 KiB. Throws as the connection does, and `checksum-mismatch`.
 */
export async function uploadInSession(connection: GcsConnection, target: WriteTarget, source: UploadSource, chunk: number = chunkBytes): Promise<ObjectResource> {
  for (let begun = 1; ; begun++) {
    const session = await beginSession(connection, target, source.size);
    try {
      return await sendAll(connection, target, source, session, chunk);
    } catch (error) {
      // What could not be withdrawn stays invisible and is gone after a week.
      await connection
        .run('write', target.where, AbortSignal.timeout(withdrawMs), ({ client }, signal) => client.text({ method: 'DELETE', path: session, accepted: [499, 404, 410] }, signal))
        .catch(() => undefined);
      if (begun === sessionsAtMost || !(error instanceof SpimquantError && error.code === 'upload-lost')) throw error;
    }
  }
}

/** The address of a new session. It lets everybody upload who has it: it is in no error and no log. */
async function beginSession(connection: GcsConnection, target: WriteTarget, size: number): Promise<string> {
  const resource = Buffer.from(JSON.stringify(target.resource));
  return connection.run('write', target.where, target.signal, async ({ client }, signal) => {
    const answer = await client.send({
      method: 'POST', path: uploadPath(connection.bucket), query: uploadQuery(target, 'resumable'),
      headers: { 'content-type': 'application/json; charset=UTF-8', 'x-upload-content-length': String(size) },
      body: { length: resource.length, pieces: [resource] },
    }, signal);
    answer.body.resume();
    if (answer.headers.location === undefined) throw new TruncatedBody(0, 1);
    return answer.headers.location;
  });
}

async function sendAll(connection: GcsConnection, target: WriteTarget, source: UploadSource, session: string, chunk: number): Promise<ObjectResource> {
  const sending = new SessionUpload(session, source, chunk);
  let done: ObjectResource | undefined;
  while (done === undefined) {
    done = await connection.run('write', target.where, target.signal, async ({ client }, signal) => {
      try {
        return await sending.attempt(client, signal);
      } catch (error) {
        // The service has lost the session: nothing of it will ever be an object.
        throw error instanceof GcsRefusal && (error.status === 404 || error.status === 410) ? uploadLost(target.where) : error;
      }
    });
  }
  await checkWritten(connection, target, done, sending.crc);
  return done;
}

/** The state of one session. */
class SessionUpload {
  readonly #session: string;
  readonly #source: UploadSource;
  readonly #chunk: number;
  /** What the service is known to have. */
  #offset = 0;
  /** Whether the last request failed, so that it is not known what has arrived. */
  #unsure = false;
  /** How far the checksum goes, and the checksum. Bytes that are sent again are not counted again. */
  #checked = 0;
  #crc = 0;

  constructor(session: string, source: UploadSource, chunk: number) {
    this.#session = session;
    this.#source = source;
    this.#chunk = chunk;
  }

  /** Of all that was sent. */
  get crc(): number {
    return this.#crc;
  }

  /** Sends one chunk. The object, once the service has all of it. */
  async attempt(client: GcsClient, signal: AbortSignal | undefined): Promise<ObjectResource | undefined> {
    if (this.#unsure) {
      const known = await this.#take(await client.send({ method: 'PUT', path: this.#session, headers: { 'content-range': `bytes */${this.#source.size}` }, body: { length: 0, pieces: [] }, accepted: [308] }, signal));
      this.#unsure = false;
      if (known !== undefined) return known;
    }
    const { size } = this.#source;
    const begin = this.#offset;
    const end = Math.min(size, begin + this.#chunk);
    // The checksum goes with the last request only; what is sent again by it is checked already, or it is sent whole here.
    const last = end === size ? await this.#crcOf(end) : undefined;
    this.#unsure = true;
    const answer = await client.send({
      method: 'PUT', path: this.#session,
      headers: { 'content-range': `bytes ${begin}-${end - 1}/${size}`, ...(last === undefined ? {} : { 'x-goog-hash': `crc32c=${crcText(last)}` }) },
      body: { length: end - begin, pieces: this.#pieces(begin, end) },
      accepted: [308],
    }, signal);
    const done = await this.#take(answer);
    this.#unsure = false;
    return done;
  }

  /** What an answer says: the object, or how far the service has got. */
  async #take(answer: HttpAnswer): Promise<ObjectResource | undefined> {
    const body = await textOf(answer.body);
    if (answer.status !== 308) return JSON.parse(body) as ObjectResource;
    const { range } = answer.headers;
    this.#offset = range === undefined ? 0 : Number(/-(\d+)$/.exec(range)?.[1] ?? -1) + 1;
    return undefined;
  }

  async *#pieces(begin: number, end: number): AsyncGenerator<Uint8Array> {
    for (let at = begin; at < end; at += pieceBytes) {
      const piece = await this.#source.read(at, Math.min(pieceBytes, end - at));
      this.#check(at, piece);
      yield piece;
    }
  }

  #check(at: number, piece: Uint8Array): void {
    if (at > this.#checked || at + piece.length <= this.#checked) return;
    this.#crc = crc32c(piece.subarray(this.#checked - at), this.#crc);
    this.#checked = at + piece.length;
  }

  /** The checksum up to `end`, reading what was not read yet. */
  async #crcOf(end: number): Promise<number> {
    for (let at = this.#checked; at < end; at = this.#checked) this.#check(at, await this.#source.read(at, Math.min(pieceBytes, end - at)));
    return this.#crc;
  }
}

/** Removes an object whose content is not what was sent, before anybody takes it for that. Services that tell no checksum are believed. */
async function checkWritten(connection: GcsConnection, { name, where }: WriteTarget, { crc32c: told, generation }: ObjectResource, sent: number): Promise<void> {
  if (told === undefined || told === crcText(sent)) return;
  await connection.run('delete', where, undefined, ({ client }, signal) =>
    client.text({ method: 'DELETE', path: objectPath(connection.bucket, name), query: { ifGenerationMatch: generation }, accepted: [404, 412] }, signal));
  throw new SpimquantError('checksum-mismatch', `What the service has is not what was sent: ${where}`, { where, hint: 'It was removed. Run the same command again; if it happens again, check the network and the memory of this machine.' });
}
