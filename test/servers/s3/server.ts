import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { openBody } from './body.ts';
import { S3Failure } from './failure.ts';
import { FaultList } from '../faults.ts';
import type { Fault, FaultRule } from '../faults.ts';
import type { LoggedRequest } from './loggedRequest.ts';
import { bucketOperation, objectOperation } from './operations.ts';
import type { Answer } from './operations.ts';
import { logged, parseRequest } from './request.ts';
import type { ParsedRequest } from './request.ts';
import { verifySignature } from './signature.ts';
import type { Credential, Signer } from './signature.ts';
import { Bucket } from './state.ts';
import type { BucketOptions } from './state.ts';
import { document, element, errorDocument } from './xml.ts';

export interface S3ServerOptions {
  /** 0 (the default) takes any free port. */
  readonly port?: number;
  /** Who may do everything. Default: {@link defaultCredential} alone. */
  readonly credentials?: readonly Credential[];
  readonly buckets?: Readonly<Record<string, BucketOptions>>;
  /** Milliseconds since the epoch, for the age of signatures. */
  readonly now?: () => number;
  /** Milliseconds that every request waits, as one does on the way to a distant region. */
  readonly latencyMs?: number;
}

/** The key pair of a server that was given none. */
export const defaultCredential: Credential = { accessKeyId: 'AKIDLOOPBACK', secretAccessKey: 'loopback/secret+key' };

/** An S3 service on the loopback interface, for tests and the demo. */
export class S3Server {
  readonly endpoint: string;
  /** Every request that reached the server, oldest first, faults and refusals included. */
  readonly requests: LoggedRequest[] = [];
  readonly #server: Server;
  readonly #buckets: Map<string, Bucket>;
  readonly #credentials: readonly Credential[];
  readonly #now: () => number;
  readonly #latencyMs: number;
  readonly #faults = new FaultList<LoggedRequest>();

  /** Use {@link startS3Server}. */
  constructor(server: Server, options: S3ServerOptions) {
    this.#server = server;
    this.endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    this.#buckets = new Map(Object.entries(options.buckets ?? {}).map(([name, bucket]) => [name, new Bucket(name, bucket)]));
    this.#credentials = options.credentials ?? [defaultCredential];
    this.#now = options.now ?? Date.now;
    this.#latencyMs = options.latencyMs ?? 0;
    server.on('request', (message: IncomingMessage, response: ServerResponse) => void this.#serve(message, response));
  }

  /** Puts an object into a bucket without a request. */
  async put(bucket: string, key: string, bytes: Uint8Array | string): Promise<void> {
    await this.bucket(bucket).backend.put(key, typeof bytes === 'string' ? Buffer.from(bytes) : bytes, { contentType: 'binary/octet-stream', metadata: {} });
  }

  /** All keys of a bucket, sorted. */
  async keys(bucket: string): Promise<string[]> {
    return (await this.bucket(bucket).backend.list('', '')).rows.map((row) => row.key).sort();
  }

  /** How an object is kept. Throws when there is none. */
  async attributes(bucket: string, key: string): Promise<{ readonly storageClass: string; readonly encryption?: 'provider' | 'kms'; readonly encryptionKey?: string }> {
    const object = await this.bucket(bucket).backend.get(key);
    if (object === undefined) throw new Error(`The bucket ${bucket} has no object ${key}`);
    await object.close();
    const { storageClass = 'STANDARD', encryption, encryptionKey } = object;
    return {
      storageClass,
      ...(encryption === undefined ? {} : { encryption: encryption === 'AES256' ? 'provider' : 'kms' }),
      ...(encryptionKey === undefined ? {} : { encryptionKey }),
    };
  }

  /** Multipart uploads that were begun and neither completed nor aborted. */
  openUploads(bucket: string): number {
    return this.bucket(bucket).uploads.size;
  }

  bucket(name: string): Bucket {
    const bucket = this.#buckets.get(name);
    if (bucket === undefined) throw new Error(`The server has no bucket ${name}`);
    return bucket;
  }

  createBucket(name: string, options: BucketOptions = {}): void {
    this.#buckets.set(name, new Bucket(name, options));
  }

  /** Lets something go wrong with a coming request. Earlier rules come first. */
  inject(rule: FaultRule<LoggedRequest>): void {
    this.#faults.add(rule);
  }

  /** Forgets faults that have not struck. */
  clearFaults(): void {
    this.#faults.clear();
  }

  async close(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#server.close(() => resolve());
      this.#server.closeAllConnections();
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #serve(message: IncomingMessage, response: ServerResponse): Promise<void> {
    response.on('error', () => undefined);
    try {
      const request = parseRequest(message);
      const entry = logged(request);
      this.requests.push(entry);
      if (this.#latencyMs > 0) await delay(this.#latencyMs);
      const fault = this.#faults.take(entry);
      if (fault?.kind === 'reset' && fault.afterBytes === undefined) {
        message.socket.resetAndDestroy();
        return;
      }
      const chunks: Buffer[] = [];
      for await (const chunk of message) chunks.push(chunk as Buffer);
      if (fault?.kind === 'hang' && fault.afterBytes === undefined) return;
      if (fault?.kind === 'wait') await fault.until;
      const answer = fault?.kind === 'status' ? failureAnswer(new S3Failure(fault.status, fault.code, fault.message ?? fault.code, { headers: fault.headers })) : await this.#answer(request, entry, Buffer.concat(chunks));
      send(message, response, answer, fault);
    } catch {
      // The client went away in mid-request.
      message.socket.destroy();
    }
  }

  async #answer(request: ParsedRequest, entry: LoggedRequest, raw: Buffer): Promise<Answer> {
    try {
      const signer = verifySignature(request, this.#credentials, this.#now());
      if (request.bucket === '') return this.#listBuckets(signer);
      const bucket = this.#buckets.get(request.bucket);
      if (bucket === undefined) throw new S3Failure(404, 'NoSuchBucket', 'The specified bucket does not exist', { extra: { BucketName: request.bucket } });
      authorise(bucket, request, entry, signer);
      const body = openBody(raw, request.headers, signer);
      return await (request.key === '' ? bucketOperation(bucket, request, body) : objectOperation(bucket, request, body));
    } catch (error) {
      return failureAnswer(error instanceof S3Failure ? error : new S3Failure(500, 'InternalError', error instanceof Error ? error.message : String(error)));
    }
  }

  #listBuckets(signer: Signer | undefined): Answer {
    if (signer === undefined) throw new S3Failure(403, 'AccessDenied', 'Access Denied');
    const rows = [...this.#buckets.keys()].map((name) => element('Bucket', [element('Name', name), element('CreationDate', '2026-01-01T00:00:00.000Z')]));
    return { status: 200, headers: { 'content-type': 'application/xml' }, body: document('ListAllMyBucketsResult', element('Buckets', rows)) };
  }
}

/** Throws S3Failure for requests that the bucket's options forbid, or that were signed for another region. */
function authorise(bucket: Bucket, request: ParsedRequest, entry: LoggedRequest, signer: Signer | undefined): void {
  const { options, region } = bucket;
  if (signer && signer.region !== region) {
    if (options.wrongRegion === 'malformed') {
      throw new S3Failure(400, 'AuthorizationHeaderMalformed', `The authorization header is malformed; the region '${signer.region}' is wrong; expecting '${region}'`, { extra: { Region: region } });
    }
    const headers: Readonly<Record<string, string>> = options.wrongRegion === 'mute' ? {} : { 'x-amz-bucket-region': region };
    throw new S3Failure(301, 'PermanentRedirect', 'The bucket you are attempting to access must be addressed using the specified endpoint. Please send all future requests to this endpoint.', { headers, extra: { Bucket: bucket.name } });
  }
  const reads = request.method === 'GET' || request.method === 'HEAD';
  const denied =
    (signer === undefined && !(options.public === true && reads)) ||
    (options.requesterPays === true && !entry.requesterPays) ||
    (options.listable === false && request.key === '') ||
    options.deny?.(entry) === true;
  if (denied) throw new S3Failure(403, 'AccessDenied', 'Access Denied');
}

function failureAnswer(failure: S3Failure): Answer {
  const extra = Object.entries(failure.extra).map(([name, value]) => element(name, value));
  return {
    status: failure.status,
    headers: { 'content-type': 'application/xml', ...failure.headers },
    body: errorDocument([element('Code', failure.code), element('Message', failure.message), extra, element('RequestId', randomUUID())]),
  };
}

/** Sends an answer, or as much of it as the fault lets through. */
function send(message: IncomingMessage, response: ServerResponse, answer: Answer, fault: Fault | undefined): void {
  const { socket } = message;
  if (fault?.kind === 'lose-answer') {
    socket.resetAndDestroy();
    return;
  }
  const body = Buffer.from(answer.body ?? '');
  response.writeHead(answer.status, { 'x-amz-request-id': randomUUID(), ...(answer.status === 204 || answer.status === 304 ? {} : { 'content-length': String(answer.length ?? body.length) }), ...answer.headers });
  if (message.method === 'HEAD') {
    response.end();
    return;
  }
  if (fault?.kind === 'corrupt') {
    response.end(body.map((byte, at) => (at === fault.atByte ? byte ^ 1 : byte)));
    return;
  }
  if (fault === undefined || fault.kind === 'status' || fault.kind === 'wait' || fault.afterBytes === undefined) {
    response.end(body);
    return;
  }
  // The flush makes sure that the client has the part before the line goes.
  response.write(body.subarray(0, fault.afterBytes), () => {
    if (fault.kind === 'reset') socket.resetAndDestroy();
    else if (fault.kind === 'truncate') socket.end();
  });
}

/** Starts a server on the loopback interface. Close it with `close()`, or declare it with `await using`. */
export async function startS3Server(options: S3ServerOptions = {}): Promise<S3Server> {
  const server = createServer({ keepAliveTimeout: 30_000 });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port ?? 0, '127.0.0.1', resolve);
  });
  return new S3Server(server, options);
}
