import { createHash, randomUUID } from 'node:crypto';
import { crc32c } from '../../../runner/kernels/crc32c.ts';
import { json, objectResource } from './answer.ts';
import type { Answer } from './answer.ts';
import { GcsFailure } from './failure.ts';
import { checkConditions } from './objects.ts';
import { nameOf } from './request.ts';
import type { ParsedRequest } from './request.ts';
import { base64 } from './state.ts';
import type { Bucket, ObjectInfo, Session, StoredObject } from './state.ts';

const storageClasses = new Set(['STANDARD', 'NEARLINE', 'COLDLINE', 'ARCHIVE', 'MULTI_REGIONAL', 'REGIONAL', 'DURABLE_REDUCED_AVAILABILITY']);
const kmsKey = /^projects\/[^/]+\/locations\/([^/]+)\/keyRings\/[^/]+\/cryptoKeys\/[^/]+$/;
/** Resumable uploads are kept in pieces of this many bytes. */
const quantum = 256 * 1024;

/** Metadata of an object as clients send it. */
interface Resource {
  readonly name?: string;
  readonly contentType?: string;
  readonly contentEncoding?: string;
  readonly storageClass?: string;
  readonly metadata?: Readonly<Record<string, string>>;
  readonly crc32c?: string;
  readonly md5Hash?: string;
}

/** Requests that bring content: all at once, with metadata, or the steps of a resumable upload. `endpoint`: for the addresses of sessions. */
export async function uploadOperation(bucket: Bucket, request: ParsedRequest, sent: Buffer, endpoint: string): Promise<Answer> {
  const body = arrived(bucket, sent);
  const { method, query, headers } = request;
  const sessionId = query.get('upload_id');
  if (sessionId !== undefined) return sessionOperation(bucket, request, sessionId, body);
  if (method !== 'POST') throw new GcsFailure(405, 'methodNotAllowed', 'The requested method is not allowed for this resource.');
  switch (query.get('uploadType')) {
    case 'media': {
      const info = infoOf(bucket, request, { contentType: headers['content-type'] });
      return json(objectResource(bucket, await insert(bucket, nameOf(request), body, info, query)), query.get('fields'));
    }
    case 'multipart': {
      const { resource, content, contentType } = openMultipart(body, headers['content-type'] ?? '');
      const info = infoOf(bucket, request, { contentType, ...resource });
      if (bucket.options.ignoresChecksums !== true) checkPromise(content, resource);
      return json(objectResource(bucket, await insert(bucket, requiredName(query.get('name') ?? resource.name), content, info, query)), query.get('fields'));
    }
    case 'resumable': {
      const resource = body.length === 0 ? {} : parseResource(body.toString());
      const name = requiredName(query.get('name') ?? resource.name);
      const info = infoOf(bucket, request, { contentType: headers['x-upload-content-type'], ...resource });
      await checkConditions(await peek(bucket, name), query);
      const session: Session = { id: randomUUID(), name, info, conditions: query, promised: resource, received: [], size: 0 };
      bucket.sessions.set(session.id, session);
      const location = `${endpoint}/upload/storage/v1/b/${encodeURIComponent(bucket.name)}/o?uploadType=resumable&name=${encodeURIComponent(name)}&upload_id=${session.id}`;
      return { status: 200, headers: { location, 'x-guploader-uploadid': session.id } };
    }
    default:
      throw new GcsFailure(400, 'badRequest', 'Upload requests must include an uploadType URL parameter and a URL path beginning with /upload/');
  }
}

/** What is left of a body on the way. */
function arrived(bucket: Bucket, body: Buffer): Buffer {
  const { options } = bucket;
  // The descriptions before the content are shorter than this.
  if (options.mangles === undefined || options.mangles <= 0 || body.length < 2000) return body;
  options.mangles -= 1;
  const mangled = Buffer.from(body);
  mangled[1500] ^= 1;
  return mangled;
}

/** Adds an object under the conditions of a request. */
export async function insert(bucket: Bucket, name: string, content: Buffer, info: ObjectInfo, conditions: ReadonlyMap<string, string>): Promise<StoredObject> {
  return bucket.alone(async () => {
    await checkConditions(await peek(bucket, name), conditions);
    return bucket.put(requiredName(name), content, info);
  });
}

async function peek(bucket: Bucket, name: string): Promise<Pick<StoredObject, 'generation'> | undefined> {
  const object = await bucket.get(name);
  await object?.close();
  return object;
}

function requiredName(name: string | undefined): string {
  if (name === undefined || name === '') throw new GcsFailure(400, 'required', 'Required', { location: 'name' });
  if (Buffer.byteLength(name) > 1024) throw new GcsFailure(400, 'invalid', 'The maximum object length is 1024 characters, but got a name with more.');
  return name;
}

/** What goes with the object; refused when the service would not take it. */
export function infoOf(bucket: Bucket, request: ParsedRequest, resource: Resource): ObjectInfo {
  const kmsKeyName = request.query.get('kmsKeyName') ?? request.headers['x-goog-encryption-kms-key-name'];
  if (resource.storageClass !== undefined && !storageClasses.has(resource.storageClass)) throw new GcsFailure(400, 'invalid', 'The storage class you specified is not valid.', { location: 'storageClass' });
  if (kmsKeyName !== undefined) {
    const location = kmsKey.exec(kmsKeyName)?.[1];
    if (location === undefined) throw new GcsFailure(400, 'invalid', 'Malformed Cloud KMS crypto key.', { location: 'kmsKeyName' });
    if (location !== 'global' && location !== bucket.location.toLowerCase()) throw new GcsFailure(400, 'invalid', `The Cloud KMS key location ${location} is not the bucket's ${bucket.location.toLowerCase()}.`, { location: 'kmsKeyName' });
  }
  const { contentType = 'application/octet-stream', contentEncoding, storageClass, metadata } = resource;
  return {
    contentType,
    ...(contentEncoding === undefined ? {} : { contentEncoding }),
    ...(storageClass === undefined ? {} : { storageClass }),
    ...(metadata === undefined ? {} : { metadata }),
    ...(kmsKeyName === undefined ? {} : { kmsKeyName }),
  };
}

function checkPromise(content: Uint8Array, promised: Pick<Resource, 'crc32c' | 'md5Hash'>): void {
  const crc = base64(crc32c(content));
  if (promised.crc32c !== undefined && promised.crc32c !== crc) throw new GcsFailure(400, 'invalid', `Provided CRC32C "${promised.crc32c}" doesn't match calculated CRC32C "${crc}".`);
  const md5 = createHash('md5').update(content).digest('base64');
  if (promised.md5Hash !== undefined && promised.md5Hash !== md5) throw new GcsFailure(400, 'invalid', `Provided MD5 hash "${promised.md5Hash}" doesn't match calculated MD5 hash "${md5}".`);
}

/** The two parts of a multipart/related body: metadata, then content. */
function openMultipart(body: Buffer, contentType: string): { readonly resource: Resource; readonly content: Buffer; readonly contentType: string | undefined } {
  const [, quoted, plain] = /boundary=(?:"([^"]+)"|([^;]+))/.exec(contentType) ?? [];
  const mark = Buffer.from(`--${quoted ?? plain}`);
  const parts: { readonly head: string; readonly content: Buffer }[] = [];
  for (let at = body.indexOf(mark); at >= 0;) {
    const next = body.indexOf(Buffer.concat([Buffer.from('\r\n'), mark]), at);
    if (next < 0) break;
    const headEnd = body.indexOf('\r\n\r\n', at);
    parts.push({ head: body.toString('latin1', at, headEnd), content: body.subarray(headEnd + 4, next) });
    at = next + 2;
  }
  if (parts.length !== 2) throw new GcsFailure(400, 'badRequest', `Malformed multipart body: ${parts.length} parts.`);
  const [metadata, content] = parts;
  return { resource: parseResource(metadata.content.toString()), content: content.content, contentType: /content-type:\s*([^\r\n]+)/i.exec(content.head)?.[1] };
}

function parseResource(text: string): Resource {
  try {
    return JSON.parse(text) as Resource;
  } catch {
    throw new GcsFailure(400, 'parseError', 'Parse Error');
  }
}

/** The steps of a resumable upload after its beginning: content, questions about what has arrived, and its withdrawal. */
async function sessionOperation(bucket: Bucket, request: ParsedRequest, id: string, body: Buffer): Promise<Answer> {
  const session = bucket.sessions.get(id);
  if (session === undefined) throw new GcsFailure(404, 'notFound', 'Not Found');
  if (request.method === 'DELETE') {
    bucket.sessions.delete(id);
    return { status: 499 };
  }
  if (request.method !== 'PUT') throw new GcsFailure(405, 'methodNotAllowed', 'The requested method is not allowed for this resource.');
  if (session.done !== undefined) return json(objectResource(bucket, session.done), session.conditions.get('fields'));
  const range = /^bytes (?:(\d+)-(\d+|\*)|\*)\/(\d+|\*)$/.exec(request.headers['content-range'] ?? `bytes 0-${body.length - 1}/${body.length}`);
  if (range === null) throw new GcsFailure(400, 'badRequest', 'Failed to parse Content-Range header.');
  const [, firstText, lastText, totalText] = range;
  // An end that is left open is where the body ends; with an open total it is the end of all.
  const last = lastText === '*' ? Number(firstText) + body.length - 1 : Number(lastText);
  const total = totalText !== '*' ? Number(totalText) : lastText === '*' ? last + 1 : undefined;
  if (firstText !== undefined) take(bucket, session, body, Number(firstText), last, total);
  if (total === undefined || session.size < total) return { status: 308, headers: session.size === 0 ? {} : { range: `bytes=0-${session.size - 1}` } };
  return finish(bucket, request, session);
}

function take(bucket: Bucket, session: Session, body: Buffer, first: number, last: number, total: number | undefined): void {
  if (last - first + 1 !== body.length) throw new GcsFailure(400, 'badRequest', 'The body is not of the announced length.');
  if (first > session.size) throw new GcsFailure(400, 'invalid', `Invalid request. The number of bytes uploaded is required to be ${session.size}, but it begins at ${first}.`);
  const isLast = total !== undefined && last + 1 === total;
  if (!isLast && body.length % quantum !== 0) throw new GcsFailure(400, 'invalid', 'Invalid request. Chunks must be multiples of 262144 bytes.');
  const fresh = body.subarray(session.size - first, bucket.options.takesAtMost === undefined ? undefined : session.size - first + Math.max(quantum, bucket.options.takesAtMost - (bucket.options.takesAtMost % quantum)));
  session.received.push(fresh);
  session.size += fresh.length;
}

async function finish(bucket: Bucket, request: ParsedRequest, session: Session): Promise<Answer> {
  const content = Buffer.concat(session.received);
  const hashes = Object.fromEntries((request.headers['x-goog-hash'] ?? '').split(',').flatMap((pair) => {
    const [, kind, value] = /^(crc32c|md5)=(.+)$/.exec(pair.trim()) ?? [];
    return kind === undefined ? [] : [[kind === 'md5' ? 'md5Hash' : kind, value]];
  })) as Pick<Resource, 'crc32c' | 'md5Hash'>;
  try {
    if (bucket.options.ignoresChecksums !== true) checkPromise(content, { ...session.promised, ...hashes });
  } catch (error) {
    bucket.sessions.delete(session.id);
    throw error;
  }
  session.done = await insert(bucket, session.name, content, session.info, session.conditions);
  session.received = [];
  return json(objectResource(bucket, session.done), session.conditions.get('fields'));
}
