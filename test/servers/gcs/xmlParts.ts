import { createHash, randomUUID } from 'node:crypto';
import { crc32c } from '../../../runner/kernels/crc32c.ts';
import { document, element, elementTexts } from '../s3/xml.ts';
import type { Answer } from './answer.ts';
import { GcsFailure } from './failure.ts';
import { insert, infoOf } from './uploads.ts';
import { nameOf } from './request.ts';
import type { ParsedRequest } from './request.ts';
import { base64 } from './state.ts';
import type { Bucket, PartsUpload } from './state.ts';

const xmlHeaders = { 'content-type': 'application/xml; charset=UTF-8' };
const minimalPart = 5 * 1024 * 1024;
/** Parts told at once. */
const partsPerPage = 1000;

/** Multipart uploads of the XML API. Its other requests this server does not know. */
export async function xmlOperation(bucket: Bucket, request: ParsedRequest, body: Buffer): Promise<Answer> {
  const { method, query } = request;
  if (method === 'POST' && query.has('uploads')) return begin(bucket, request);
  if (method === 'GET' && query.has('uploads') && nameOf(request) === '') return listUploads(bucket);
  const id = query.get('uploadId');
  if (id === undefined) throw new GcsFailure(501, 'notImplemented', 'This server knows only multipart uploads of the XML API.', { code: 'NotImplemented' });
  const upload = bucket.partsUploads.get(id);
  if (upload === undefined || upload.name !== nameOf(request)) throw new GcsFailure(404, 'notFound', 'The requested upload was not found.', { code: 'NoSuchUpload' });
  switch (method) {
    case 'PUT':
      return takePart(upload, request, body);
    case 'GET':
      return listParts(bucket, upload, query);
    case 'POST':
      return complete(bucket, upload, body.toString());
    case 'DELETE':
      bucket.partsUploads.delete(upload.id);
      return { status: 204 };
    default:
      throw new GcsFailure(405, 'methodNotAllowed', 'The requested method is not allowed for this resource.', { code: 'MethodNotAllowed' });
  }
}

function begin(bucket: Bucket, request: ParsedRequest): Answer {
  const { headers } = request;
  const metadata = Object.entries(headers).flatMap(([name, value]) => (name.startsWith('x-goog-meta-') && value !== undefined ? [[name.slice('x-goog-meta-'.length), value]] : []));
  const info = infoOf(bucket, request, {
    contentType: headers['content-type'], contentEncoding: headers['content-encoding'], storageClass: headers['x-goog-storage-class'],
    ...(metadata.length === 0 ? {} : { metadata: Object.fromEntries(metadata) as Record<string, string> }),
  });
  const upload: PartsUpload = { id: randomUUID(), name: nameOf(request), info, parts: new Map() };
  bucket.partsUploads.set(upload.id, upload);
  return { status: 200, headers: xmlHeaders, body: document('InitiateMultipartUploadResult', [element('Bucket', bucket.name), element('Key', upload.name), element('UploadId', upload.id)]) };
}

function listUploads(bucket: Bucket): Answer {
  const rows = [...bucket.partsUploads.values()].map(({ id, name }) => element('Upload', [element('Key', name), element('UploadId', id)]));
  return { status: 200, headers: xmlHeaders, body: document('ListMultipartUploadsResult', [element('Bucket', bucket.name), element('IsTruncated', false), rows]) };
}

function takePart(upload: PartsUpload, request: ParsedRequest, body: Buffer): Answer {
  const number = Number(request.query.get('partNumber'));
  if (!Number.isInteger(number) || number < 1 || number > 10_000) throw new GcsFailure(400, 'invalid', 'Part number must be an integer between 1 and 10000.', { code: 'InvalidArgument' });
  const hash = createHash('md5').update(body);
  const digest = hash.copy().digest('base64');
  const declared = request.headers['content-md5'];
  if (declared !== undefined && declared !== digest) throw new GcsFailure(400, 'invalid', 'The MD5 you specified in Content-MD5 or x-goog-hash did not match what was received.', { code: 'BadDigest' });
  const etag = `"${hash.digest('hex')}"`;
  upload.parts.set(number, { bytes: body, etag, modified: new Date() });
  return { status: 200, headers: { etag, 'x-goog-hash': `crc32c=${base64(crc32c(body))},md5=${digest}` } };
}

function listParts(bucket: Bucket, upload: PartsUpload, query: ReadonlyMap<string, string>): Answer {
  const after = Number(query.get('part-number-marker') ?? 0);
  const numbers = [...upload.parts.keys()].filter((number) => number > after).sort((a, b) => a - b);
  const page = numbers.slice(0, partsPerPage);
  const rows = page.map((number) => {
    const part = upload.parts.get(number);
    return element('Part', [element('PartNumber', number), element('LastModified', part?.modified.toISOString()), element('ETag', part?.etag), element('Size', part?.bytes.length)]);
  });
  const isTruncated = numbers.length > page.length;
  return {
    status: 200, headers: xmlHeaders,
    body: document('ListPartsResult', [
      element('Bucket', bucket.name), element('Key', upload.name), element('UploadId', upload.id), element('StorageClass', upload.info.storageClass ?? 'STANDARD'),
      element('PartNumberMarker', after), element('NextPartNumberMarker', isTruncated ? page[page.length - 1] : undefined), element('MaxParts', partsPerPage), element('IsTruncated', isTruncated), rows,
    ]),
  };
}

async function complete(bucket: Bucket, upload: PartsUpload, xml: string): Promise<Answer> {
  const numbers = elementTexts(xml, 'PartNumber').map(Number);
  const tags = elementTexts(xml, 'ETag');
  if (numbers.length === 0) throw new GcsFailure(400, 'invalid', 'The XML you provided was not well-formed or did not validate against our published schema.', { code: 'MalformedCompleteMultipartUploadRequest' });
  if (numbers.some((number, index) => index > 0 && number <= numbers[index - 1])) throw new GcsFailure(400, 'invalid', 'The list of parts was not in ascending order.', { code: 'InvalidPartOrder' });
  const parts = numbers.map((number, index) => {
    const part = upload.parts.get(number);
    if (part === undefined || part.etag.replaceAll('"', '') !== tags[index]?.replaceAll('"', '')) throw new GcsFailure(400, 'invalid', 'One or more of the specified parts could not be found.', { code: 'InvalidPart' });
    if (index < numbers.length - 1 && part.bytes.length < minimalPart) throw new GcsFailure(400, 'invalid', 'Your proposed upload is smaller than the minimum object size specified by the service.', { code: 'EntityTooSmall' });
    return part.bytes;
  });
  const object = await insert(bucket, upload.name, Buffer.concat(parts), { ...upload.info, inParts: true }, new Map());
  bucket.partsUploads.delete(upload.id);
  return {
    status: 200, headers: { ...xmlHeaders, 'x-goog-generation': object.generation, 'x-goog-hash': `crc32c=${object.crc32c}` },
    body: document('CompleteMultipartUploadResult', [element('Bucket', bucket.name), element('Key', upload.name), element('ETag', `"${object.generation}"`)]),
  };
}
