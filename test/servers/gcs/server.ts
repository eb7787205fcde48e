import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { FaultList } from '../faults.ts';
import type { Fault, FaultRule } from '../faults.ts';
import { serviceAccount } from './accounts.ts';
import type { GcsAccount } from './accounts.ts';
import { json } from './answer.ts';
import type { Answer } from './answer.ts';
import { bucketOperation, bucketResource, permissionName } from './buckets.ts';
import { failureBody, GcsFailure } from './failure.ts';
import type { LoggedRequest } from './loggedRequest.ts';
import { objectOperation } from './objects.ts';
import { bucketOf, logged, nameOf, parseRequest, payerOf } from './request.ts';
import type { ParsedRequest } from './request.ts';
import { Bucket } from './state.ts';
import type { BucketOptions, Permission } from './state.ts';
import { tokenOperation } from './tokenService.ts';
import { TokenAuthority } from './tokens.ts';
import { uploadOperation } from './uploads.ts';
import { xmlOperation } from './xmlParts.ts';

export interface GcsServerOptions {
  /** 0 (the default) takes any free port. */
  readonly port?: number;
  /** Whom the server knows. Default: {@link defaultAccount} alone. */
  readonly accounts?: readonly GcsAccount[];
  readonly buckets?: Readonly<Record<string, BucketOptions>>;
  /** Projects that may pay. Default: any. */
  readonly projects?: readonly string[];
  /** The account of the machine, for its metadata server. Default: this is no machine at Google. */
  readonly machine?: GcsAccount;
  /** Seconds that a token lasts. Default 3600. */
  readonly tokenLifetime?: number;
  /** Milliseconds since the epoch, for the age of tokens. */
  readonly now?: () => number;
}

/** The account of a server that was given none. */
export const defaultAccount: GcsAccount = serviceAccount('tester');

/** A Google Cloud Storage service on the loopback interface, for tests and the demo, with the services that give tokens. */
export class GcsServer {
  readonly endpoint: string;
  readonly tokens: TokenAuthority;
  /** Every request that reached the server, oldest first, faults and refusals included. */
  readonly requests: LoggedRequest[] = [];
  readonly #server: Server;
  readonly #options: GcsServerOptions;
  readonly #buckets: Map<string, Bucket>;
  readonly #faults = new FaultList<LoggedRequest>();

  /** Use {@link startGcsServer}. */
  constructor(server: Server, options: GcsServerOptions) {
    this.#server = server;
    this.#options = options;
    this.endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    this.tokens = new TokenAuthority(options.accounts ?? [defaultAccount], this.endpoint, options.tokenLifetime ?? 3600, options.now ?? Date.now);
    this.#buckets = new Map(Object.entries(options.buckets ?? {}).map(([name, bucket]) => [name, new Bucket(name, bucket)]));
    server.on('request', (message: IncomingMessage, response: ServerResponse) => void this.#serve(message, response));
  }

  /** Puts an object into a bucket without a request. */
  async put(bucket: string, name: string, bytes: Uint8Array | string, info: { readonly contentEncoding?: string } = {}): Promise<void> {
    await this.bucket(bucket).put(name, typeof bytes === 'string' ? Buffer.from(bytes) : bytes, { contentType: 'application/octet-stream', ...info });
  }

  /** All names in a bucket, sorted. */
  async names(bucket: string): Promise<string[]> {
    return (await this.bucket(bucket).list('')).map(({ name }) => name).sort();
  }

  /** Uploads that were begun and neither finished nor withdrawn. */
  openUploads(bucket: string): number {
    const { sessions, partsUploads } = this.bucket(bucket);
    return [...sessions.values()].filter(({ done }) => done === undefined).length + partsUploads.size;
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
      const fault = this.#faults.take(entry);
      if (fault?.kind === 'reset' && fault.afterBytes === undefined) {
        message.socket.resetAndDestroy();
        return;
      }
      const chunks: Buffer[] = [];
      for await (const chunk of message) chunks.push(chunk as Buffer);
      if (fault?.kind === 'hang' && fault.afterBytes === undefined) return;
      if (fault?.kind === 'wait') await fault.until;
      const answer = fault?.kind === 'status'
        ? failureAnswer(new GcsFailure(fault.status, fault.code, fault.message ?? fault.code, { headers: fault.headers }), request)
        : await this.#answer(request, entry, Buffer.concat(chunks));
      send(message, response, answer, fault);
    } catch {
      // The client went away in mid-request.
      message.socket.destroy();
    }
  }

  async #answer(request: ParsedRequest, entry: LoggedRequest, body: Buffer): Promise<Answer> {
    try {
      if (request.api === 'token') return tokenOperation(this.tokens, request, body, this.#options.machine);
      const account = this.#identify(request);
      if (bucketOf(request) === '') return this.#serviceOperation(request, account, body);
      const bucket = this.#buckets.get(bucketOf(request));
      if (bucket === undefined) throw new GcsFailure(404, 'notFound', 'The specified bucket does not exist.', { code: 'NoSuchBucket' });
      this.#checkPayer(bucket, request, account);
      const isQuestion = request.parts[2] === 'iam';
      // The address of a session was given to somebody who may upload, and is permission enough.
      if (!isQuestion && !request.query.has('upload_id')) await authorise(bucket, request, entry, account);
      switch (request.api) {
        case 'xml': return await xmlOperation(bucket, request, body);
        case 'upload': return await uploadOperation(bucket, request, body, this.endpoint);
        case 'json': return await (request.parts[2] === 'o' && nameOf(request) !== '' ? objectOperation(bucket, request) : bucketOperation(bucket, request, (permission) => may(bucket, account, permission)));
      }
    } catch (error) {
      return failureAnswer(error instanceof GcsFailure ? error : new GcsFailure(500, 'backendError', error instanceof Error ? error.message : String(error)), request);
    }
  }

  /** Whose token a request has; undefined: it has none. */
  #identify(request: ParsedRequest): GcsAccount | undefined {
    const { authorization } = request.headers;
    if (authorization === undefined) return undefined;
    const account = this.tokens.accountOf(/^Bearer (.+)$/.exec(authorization)?.[1] ?? '');
    if (account === undefined) throw new GcsFailure(401, 'authError', 'Invalid Credentials', { location: 'Authorization', headers: { 'www-authenticate': 'Bearer realm="https://accounts.google.com/"' } });
    return account;
  }

  /** Requests to the service itself: the buckets of a project. */
  #serviceOperation(request: ParsedRequest, account: GcsAccount | undefined, body: Buffer): Answer {
    if (account === undefined) throw anonymous('storage.buckets.list', 'Google Cloud project');
    if (request.query.get('project') === undefined) throw new GcsFailure(400, 'required', 'Required parameter: project', { location: 'project' });
    if (request.method === 'POST') {
      const { name = '', location } = JSON.parse(body.toString()) as { readonly name?: string; readonly location?: string };
      if (this.#buckets.has(name)) throw new GcsFailure(409, 'conflict', 'Your previous request to create the named bucket succeeded and you already own it.');
      this.createBucket(name, location === undefined ? {} : { location });
      return json(bucketResource(this.bucket(name)));
    }
    const prefix = request.query.get('prefix') ?? '';
    const names = [...this.#buckets.keys()].filter((name) => name.startsWith(prefix) && name > (request.query.get('pageToken') ?? '')).sort();
    const limit = Number(request.query.get('maxResults') ?? 1000);
    const page = names.slice(0, limit);
    return json({ kind: 'storage#buckets', ...(names.length > limit ? { nextPageToken: page[page.length - 1] } : {}), items: page.map((name) => bucketResource(this.bucket(name))) }, request.query.get('fields'));
  }

  #checkPayer(bucket: Bucket, request: ParsedRequest, account: GcsAccount | undefined): void {
    const payer = payerOf(request);
    if (payer !== undefined && this.#options.projects?.includes(payer) === false) {
      throw new GcsFailure(403, 'forbidden', `${account?.email ?? 'Anonymous caller'} does not have serviceusage.services.use access to the Google Cloud project.`);
    }
    if (bucket.options.requesterPays === true && payer === undefined) throw new GcsFailure(400, 'required', 'Bucket is a requester pays bucket but no user project provided.');
  }
}

function may(bucket: Bucket, account: GcsAccount | undefined, permission: Permission): boolean {
  if (bucket.options.public === true && (permission === 'get' || permission === 'list')) return true;
  if (account === undefined) return false;
  return bucket.options.grants === undefined || bucket.options.grants[account.email]?.includes(permission) === true;
}

function anonymous(permission: string, on: string): GcsFailure {
  return new GcsFailure(401, 'required', `Anonymous caller does not have ${permission} access to the ${on}. Permission '${permission}' denied on resource (or it may not exist).`, { location: 'Authorization', headers: { 'www-authenticate': 'Bearer realm="https://accounts.google.com/"' } });
}

/** Throws GcsFailure for requests that the bucket's options forbid. */
async function authorise(bucket: Bucket, request: ParsedRequest, entry: LoggedRequest, account: GcsAccount | undefined): Promise<void> {
  const needed = await neededPermission(bucket, request);
  const denied = needed.find((permission) => !may(bucket, account, permission)) ?? (bucket.options.deny?.(entry) === true ? needed[0] : undefined);
  if (denied === undefined) return;
  const permission = permissionName(denied);
  const on = denied === 'list' || denied === 'look' ? 'Google Cloud Storage bucket' : 'Google Cloud Storage object';
  if (account === undefined) throw anonymous(permission, on);
  throw new GcsFailure(403, 'forbidden', `${account.email} does not have ${permission} access to the ${on}. Permission '${permission}' denied on resource (or it may not exist).`);
}

/** Replacing an object takes the right to delete it; looking at an absent one the right to list. */
async function neededPermission(bucket: Bucket, request: ParsedRequest): Promise<readonly Permission[]> {
  const name = nameOf(request);
  if (request.api === 'json' && request.parts[2] === undefined) return ['look'];
  if (request.api === 'json' && name === '') return ['list'];
  const object = await bucket.get(name);
  await object?.close();
  if (request.api !== 'json') return object === undefined ? ['create'] : ['create', 'delete'];
  if (request.method === 'DELETE') return ['delete'];
  return object === undefined ? ['get', 'list'] : ['get'];
}

function failureAnswer(failure: GcsFailure, request: ParsedRequest): Answer {
  if (failure.status === 304) return { status: 304 };
  const { type, body } = failureBody(failure, request.api === 'xml' ? 'xml' : request.query.get('alt') === 'media' ? 'text' : 'json');
  return { status: failure.status, headers: { 'content-type': type, ...failure.details.headers }, body };
}

/** Sends an answer, or as much of it as the fault lets through. */
function send(message: IncomingMessage, response: ServerResponse, answer: Answer, fault: Fault | undefined): void {
  const { socket } = message;
  if (fault?.kind === 'lose-answer') {
    socket.resetAndDestroy();
    return;
  }
  const body = Buffer.from(answer.body ?? '');
  response.writeHead(answer.status, { ...(answer.status === 204 || answer.status === 304 ? {} : { 'content-length': String(body.length) }), ...answer.headers });
  if (fault?.kind === 'corrupt') {
    response.end(body.map((byte, at) => (at === fault.atByte ? byte ^ 1 : byte)));
    return;
  }
  if (fault === undefined || fault.kind === 'status' || fault.kind === 'wait' || fault.afterBytes === undefined) {
    response.end(message.method === 'HEAD' ? undefined : body);
    return;
  }
  // The flush makes sure that the client has the part before the line goes.
  response.write(body.subarray(0, fault.afterBytes), () => {
    if (fault.kind === 'reset') socket.resetAndDestroy();
    else if (fault.kind === 'truncate') socket.end();
  });
}

/** Starts a server on the loopback interface. Close it with `close()`, or declare it with `await using`. */
export async function startGcsServer(options: GcsServerOptions = {}): Promise<GcsServer> {
  const server = createServer({ keepAliveTimeout: 30_000 });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port ?? 0, '127.0.0.1', resolve);
  });
  return new GcsServer(server, options);
}
