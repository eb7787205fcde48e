import { gunzipSync } from 'node:zlib';
import { etagOf, json, objectResource } from './answer.ts';
import type { Answer } from './answer.ts';
import { GcsFailure, preconditionFailed } from './failure.ts';
import { nameOf } from './request.ts';
import type { ParsedRequest } from './request.ts';
import type { Bucket, StoredObject } from './state.ts';

/** Requests to an object: what is known of it, its content, its end. */
export async function objectOperation(bucket: Bucket, request: ParsedRequest): Promise<Answer> {
  const name = nameOf(request);
  switch (request.method) {
    case 'GET': {
      const object = await existing(bucket, name, request.query);
      try {
        await checkConditions(object, request.query);
        return request.query.get('alt') === 'media' ? await media(object, request) : json(objectResource(bucket, object), request.query.get('fields'));
      } finally {
        await object.close();
      }
    }
    case 'DELETE':
      return bucket.alone(async () => {
        const object = await existing(bucket, name, request.query);
        await object.close();
        await checkConditions(object, request.query);
        await bucket.delete(name);
        return { status: 204 };
      });
    default:
      throw new GcsFailure(405, 'methodNotAllowed', 'The requested method is not allowed for this resource.');
  }
}

async function existing(bucket: Bucket, name: string, query: ReadonlyMap<string, string>): Promise<StoredObject> {
  const object = await bucket.get(name);
  if (object === undefined) throw new GcsFailure(404, 'notFound', `No such object: ${bucket.name}/${name}`);
  const generation = query.get('generation');
  if (generation !== undefined && generation !== object.generation) {
    await object.close();
    throw new GcsFailure(404, 'notFound', `No such object: ${bucket.name}/${name}`);
  }
  return object;
}

/** Throws 412 unless the object is as the request wants it; `undefined` is no object, whose generation counts as 0. */
export async function checkConditions(object: Pick<StoredObject, 'generation'> | undefined, query: ReadonlyMap<string, string>): Promise<void> {
  const generation = object?.generation ?? '0';
  const [match, noMatch, metaMatch] = ['ifGenerationMatch', 'ifGenerationNotMatch', 'ifMetagenerationMatch'].map((name) => query.get(name));
  if (match !== undefined && match !== generation) throw preconditionFailed();
  if (noMatch === generation) throw object === undefined ? preconditionFailed() : new GcsFailure(304, 'notModified', 'Not modified');
  if (metaMatch !== undefined && metaMatch !== (object === undefined ? '0' : '1')) throw preconditionFailed();
}

async function media(object: StoredObject, request: ParsedRequest): Promise<Answer> {
  const { range, 'accept-encoding': accepted = '' } = request.headers;
  const headers = {
    'content-type': object.contentType,
    etag: etagOf(object),
    'last-modified': object.created.toUTCString(),
    'x-goog-generation': object.generation,
    'x-goog-metageneration': '1',
    'x-goog-hash': [`crc32c=${object.crc32c}`, ...(object.md5Hash === undefined ? [] : [`md5=${object.md5Hash}`])].join(','),
    'x-goog-storage-class': object.storageClass ?? 'STANDARD',
    'x-goog-stored-content-encoding': object.contentEncoding ?? 'identity',
    'x-goog-stored-content-length': String(object.size),
  };
  // What is stored compressed is unpacked for clients that do not ask for it as it is; ranges are not heeded then.
  if (object.contentEncoding === 'gzip' && !accepted.includes('gzip')) return { status: 200, headers: { ...headers, warning: '214 UploadServer gunzipped' }, body: gunzipSync(await object.read(0, object.size)) };
  const encoding: Record<string, string> = object.contentEncoding === undefined ? {} : { 'content-encoding': object.contentEncoding };
  const part = range === undefined ? undefined : parseRange(range, object.size);
  if (part === 'unsatisfiable') throw new GcsFailure(416, 'requestedRangeNotSatisfiable', 'The requested range cannot be satisfied.', { headers: { 'content-range': `bytes */${object.size}` } });
  const { begin, end } = part ?? { begin: 0, end: object.size };
  const contentRange: Record<string, string> = part === undefined ? {} : { 'content-range': `bytes ${begin}-${end - 1}/${object.size}` };
  return { status: part === undefined ? 200 : 206, headers: { ...headers, ...encoding, 'accept-ranges': 'bytes', ...contentRange }, body: await object.read(begin, end) };
}

/** RFC 9110: one byte range; what is no byte range is ignored. */
function parseRange(header: string, size: number): { readonly begin: number; readonly end: number } | 'unsatisfiable' | undefined {
  const [, first, last] = /^bytes=(\d*)-(\d*)$/.exec(header) ?? [];
  if (first === undefined || (first === '' && last === '')) return undefined;
  if (first === '') return Number(last) === 0 || size === 0 ? 'unsatisfiable' : { begin: Math.max(0, size - Number(last)), end: size };
  if (last !== '' && Number(last) < Number(first)) return undefined;
  if (Number(first) >= size) return 'unsatisfiable';
  return { begin: Number(first), end: last === '' ? size : Math.min(size, Number(last) + 1) };
}
