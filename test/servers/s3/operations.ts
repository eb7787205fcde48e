import { randomUUID } from 'node:crypto';
import { md5 } from './bucket.ts';
import type { ObjectInfo, StoredObject } from './bucket.ts';
import { S3Failure } from './failure.ts';
import { listObjects } from './listing.ts';
import type { ParsedRequest } from './request.ts';
import type { Bucket, MultipartUpload } from './state.ts';
import { document, element, elementTexts } from './xml.ts';

/** What the server is going to send. */
export interface Answer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
  /** Announced instead of the body's own length: of answers to HEAD. */
  readonly length?: number;
}

const xmlHeaders = { 'content-type': 'application/xml' };

/** Requests to a bucket: existence, listing, list of uploads, DeleteObjects. */
export async function bucketOperation(bucket: Bucket, request: ParsedRequest, body: Buffer): Promise<Answer> {
  const { method, parameters } = request;
  if (method === 'HEAD') return { status: 200, headers: { 'x-amz-bucket-region': bucket.region } };
  if (method === 'GET' && parameters.has('uploads')) return { status: 200, headers: xmlHeaders, body: listUploads(bucket) };
  if (method === 'GET') return { status: 200, headers: xmlHeaders, body: await listObjects(bucket, request) };
  if (method === 'POST' && parameters.has('delete')) {
    const keys = elementTexts(body.toString(), 'Key');
    for (const key of keys) await bucket.backend.delete(key);
    return { status: 200, headers: xmlHeaders, body: document('DeleteResult', keys.map((key) => element('Deleted', element('Key', key)))) };
  }
  throw new S3Failure(405, 'MethodNotAllowed', 'The specified method is not allowed against this resource.');
}

/** Requests to an object: read, write, delete, and the steps of a multipart upload. */
export async function objectOperation(bucket: Bucket, request: ParsedRequest, body: Buffer): Promise<Answer> {
  const { method, parameters, key } = request;
  if (method === 'POST' && parameters.has('uploads')) return createUpload(bucket, request);
  if (parameters.has('uploadId')) return uploadOperation(bucket, request, body);
  if (method === 'PUT') return putObject(bucket, request, body);
  if (method === 'GET' || method === 'HEAD') return getObject(bucket, request);
  if (method === 'DELETE') {
    await bucket.backend.delete(key);
    return { status: 204 };
  }
  throw new S3Failure(405, 'MethodNotAllowed', 'The specified method is not allowed against this resource.');
}

async function getObject(bucket: Bucket, request: ParsedRequest): Promise<Answer> {
  const object = await bucket.backend.get(request.key);
  if (object === undefined) {
    if (bucket.options.listable === false) throw new S3Failure(403, 'AccessDenied', 'Access Denied');
    throw new S3Failure(404, 'NoSuchKey', 'The specified key does not exist.', { extra: { Key: request.key } });
  }
  try {
    return await answerWith(object, request);
  } finally {
    await object.close();
  }
}

async function answerWith(object: StoredObject, request: ParsedRequest): Promise<Answer> {
  const tag = `"${object.etag}"`;
  const { 'if-match': ifMatch, 'if-none-match': ifNoneMatch, range } = request.headers;
  if (ifMatch !== undefined && ifMatch !== tag && ifMatch !== '*') throw preconditionFailed();
  const headers = objectHeaders(object, tag);
  if (ifNoneMatch !== undefined && (ifNoneMatch === tag || ifNoneMatch === '*')) return { status: 304, headers: { etag: tag } };
  const part = range === undefined ? undefined : parseRange(range, object.size);
  if (part === 'unsatisfiable') throw new S3Failure(416, 'InvalidRange', 'The requested range is not satisfiable', { headers: { 'content-range': `bytes */${object.size}` } });
  const { begin, end } = part ?? { begin: 0, end: object.size };
  const contentRange: Record<string, string> = part === undefined ? {} : { 'content-range': `bytes ${begin}-${end - 1}/${object.size}` };
  const answer = { status: part === undefined ? 200 : 206, headers: { ...headers, ...contentRange } };
  return request.method === 'HEAD' ? { ...answer, length: end - begin } : { ...answer, body: await object.read(begin, end) };
}

function objectHeaders(object: StoredObject, tag: string): Record<string, string> {
  const metadata = Object.entries(object.metadata).map(([name, value]) => [`x-amz-meta-${name}`, value]);
  return {
    etag: tag,
    'last-modified': object.modified.toUTCString(),
    'content-type': object.contentType,
    'accept-ranges': 'bytes',
    ...(object.storageClass === undefined || object.storageClass === 'STANDARD' ? {} : { 'x-amz-storage-class': object.storageClass }),
    ...encryptionHeaders(object),
    ...(Object.fromEntries(metadata) as Record<string, string>),
  };
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

function encryptionHeaders({ encryption, encryptionKey }: Pick<ObjectInfo, 'encryption' | 'encryptionKey'>): Record<string, string> {
  return {
    ...(encryption === undefined ? {} : { 'x-amz-server-side-encryption': encryption }),
    ...(encryptionKey === undefined ? {} : { 'x-amz-server-side-encryption-aws-kms-key-id': encryptionKey }),
  };
}

const storageClasses = new Set(['STANDARD', 'REDUCED_REDUNDANCY', 'STANDARD_IA', 'ONEZONE_IA', 'INTELLIGENT_TIERING', 'GLACIER', 'DEEP_ARCHIVE', 'GLACIER_IR', 'EXPRESS_ONEZONE']);
/** The account's own key, which S3 takes when none is named. */
const defaultKey = 'arn:aws:kms:us-east-1:000000000000:alias/aws/s3';

function infoOf({ options: { encrypts = true } }: Bucket, request: ParsedRequest): ObjectInfo {
  const { headers } = request;
  const metadata = Object.entries(headers).flatMap(([name, value]) => (name.startsWith('x-amz-meta-') && value !== undefined ? [[name.slice('x-amz-meta-'.length), value]] : []));
  const storageClass = headers['x-amz-storage-class'];
  if (storageClass !== undefined && !storageClasses.has(storageClass)) throw new S3Failure(400, 'InvalidStorageClass', 'The storage class you specified is not valid');
  const encryption = headers['x-amz-server-side-encryption'];
  const encryptionKey = headers['x-amz-server-side-encryption-aws-kms-key-id'];
  if (encryption !== undefined && encryption !== 'AES256' && encryption !== 'aws:kms') throw new S3Failure(400, 'InvalidEncryptionAlgorithmError', 'The encryption request you specified is not valid. Supported value: AES256.');
  if (encryptionKey !== undefined && encryption !== 'aws:kms') throw new S3Failure(400, 'InvalidArgument', 'Server Side Encryption with AWS KMS managed key requires HTTP header x-amz-server-side-encryption : aws:kms');
  return {
    contentType: headers['content-type'] ?? 'binary/octet-stream',
    metadata: Object.fromEntries(metadata) as Record<string, string>,
    ...(storageClass === undefined ? {} : { storageClass }),
    ...(encryption === undefined || !encrypts ? {} : { encryption }),
    ...(encryption === 'aws:kms' && encrypts ? { encryptionKey: encryptionKey ?? defaultKey } : {}),
  };
}

async function putObject(bucket: Bucket, request: ParsedRequest, body: Buffer): Promise<Answer> {
  const info = infoOf(bucket, request);
  const row = await bucket.alone(async () => {
    await checkCondition(bucket, request);
    return bucket.backend.put(request.key, body, info);
  });
  return { status: 200, headers: { etag: `"${row.etag}"`, ...encryptionHeaders(info) } };
}

async function checkCondition(bucket: Bucket, request: ParsedRequest): Promise<void> {
  const { 'if-match': version, 'if-none-match': condition } = request.headers;
  const behaviour = bucket.options.conditionalWrites ?? 'honour';
  if ((condition === undefined && version === undefined) || behaviour === 'ignore') return;
  if (behaviour === 'refuse' || (condition !== undefined && condition !== '*')) throw new S3Failure(501, 'NotImplemented', 'A header you provided implies functionality that is not implemented');
  const existing = await bucket.backend.get(request.key);
  await existing?.close();
  if (version !== undefined) {
    // As S3 has it: without an object there is nothing whose version could match.
    if (existing === undefined) throw new S3Failure(404, 'NoSuchKey', 'The specified key does not exist.', { extra: { Key: request.key } });
    if ((behaviour === 'bare-tags' ? existing.etag : `"${existing.etag}"`) !== version) throw preconditionFailed();
    return;
  }
  if (existing !== undefined) throw preconditionFailed();
}

function preconditionFailed(): S3Failure {
  return new S3Failure(412, 'PreconditionFailed', 'At least one of the pre-conditions you specified did not hold');
}

function createUpload(bucket: Bucket, request: ParsedRequest): Answer {
  const upload: MultipartUpload = { id: randomUUID(), key: request.key, started: new Date(), info: infoOf(bucket, request), parts: new Map() };
  bucket.uploads.set(upload.id, upload);
  const body = document('InitiateMultipartUploadResult', [element('Bucket', bucket.name), element('Key', upload.key), element('UploadId', upload.id)]);
  return { status: 200, headers: { ...xmlHeaders, ...encryptionHeaders(upload.info) }, body };
}

async function uploadOperation(bucket: Bucket, request: ParsedRequest, body: Buffer): Promise<Answer> {
  const upload = bucket.uploads.get(request.parameters.get('uploadId') ?? '');
  if (upload === undefined || upload.key !== request.key) throw new S3Failure(404, 'NoSuchUpload', 'The specified multipart upload does not exist.');
  switch (request.method) {
    case 'PUT': {
      const number = Number(request.parameters.get('partNumber'));
      if (!Number.isInteger(number) || number < 1 || number > 10_000) throw new S3Failure(400, 'InvalidArgument', 'Part number must be an integer between 1 and 10000, inclusive');
      const etag = md5(body);
      upload.parts.set(number, { bytes: body, etag });
      return { status: 200, headers: { etag: `"${etag}"` } };
    }
    case 'POST':
      return completeUpload(bucket, request, upload, body.toString());
    case 'DELETE':
      bucket.uploads.delete(upload.id);
      return { status: 204 };
    case 'GET': {
      const parts = [...upload.parts].sort(([a], [b]) => a - b);
      const rows = parts.map(([number, part]) => element('Part', [element('PartNumber', number), element('ETag', `"${part.etag}"`), element('Size', part.bytes.length)]));
      return { status: 200, headers: xmlHeaders, body: document('ListPartsResult', [element('Key', upload.key), element('UploadId', upload.id), element('IsTruncated', false), rows]) };
    }
    default:
      throw new S3Failure(405, 'MethodNotAllowed', 'The specified method is not allowed against this resource.');
  }
}

const minimalPart = 5 * 1024 * 1024;

async function completeUpload(bucket: Bucket, request: ParsedRequest, upload: MultipartUpload, xml: string): Promise<Answer> {
  const numbers = elementTexts(xml, 'PartNumber').map(Number);
  const tags = elementTexts(xml, 'ETag').map((tag) => tag.replaceAll('"', ''));
  if (numbers.some((number, index) => index > 0 && number <= numbers[index - 1])) throw new S3Failure(400, 'InvalidPartOrder', 'The list of parts was not in ascending order.');
  const parts = numbers.map((number, index) => {
    const part = upload.parts.get(number);
    if (part === undefined || part.etag !== tags[index]) throw new S3Failure(400, 'InvalidPart', 'One or more of the specified parts could not be found.');
    if (index < numbers.length - 1 && part.bytes.length < minimalPart) throw new S3Failure(400, 'EntityTooSmall', 'Your proposed upload is smaller than the minimum allowed size');
    return part;
  });
  if (parts.length === 0) throw new S3Failure(400, 'MalformedXML', 'The XML you provided was not well-formed');
  const etag = `${md5(Buffer.concat(parts.map((part) => Buffer.from(part.etag, 'hex'))))}-${parts.length}`;
  await bucket.alone(async () => {
    await checkCondition(bucket, request);
    await bucket.backend.put(upload.key, Buffer.concat(parts.map((part) => part.bytes)), { ...upload.info, etag });
  });
  bucket.uploads.delete(upload.id);
  const body = document('CompleteMultipartUploadResult', [element('Bucket', bucket.name), element('Key', upload.key), element('ETag', `"${etag}"`)]);
  return { status: 200, headers: xmlHeaders, body };
}

function listUploads(bucket: Bucket): string {
  const rows = [...bucket.uploads.values()].map((upload) => element('Upload', [element('Key', upload.key), element('UploadId', upload.id), element('Initiated', upload.started.toISOString())]));
  return document('ListMultipartUploadsResult', [element('Bucket', bucket.name), element('IsTruncated', false), rows]);
}
