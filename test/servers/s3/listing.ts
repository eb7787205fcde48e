import type { Row } from './bucket.ts';
import { S3Failure } from './failure.ts';
import type { ParsedRequest } from './request.ts';
import { encodeRfc3986 } from './signature.ts';
import type { Bucket } from './state.ts';
import { document, element } from './xml.ts';
import type { Xml } from './xml.ts';

type Entry = { readonly name: string; readonly bytes: Buffer; readonly row?: Row };

/** ListObjectsV2: pages in the byte order of UTF-8, delimiter, start-after, continuation, encoding-type. */
export async function listObjects(bucket: Bucket, request: ParsedRequest): Promise<string> {
  const get = (name: string): string => request.parameters.get(name) ?? '';
  if (get('list-type') !== '2') throw new S3Failure(501, 'NotImplemented', 'This server lists by ListObjectsV2 only.');
  const prefix = get('prefix');
  const delimiter = get('delimiter');
  const limit = Math.min(1000, get('max-keys') === '' ? 1000 : Number(get('max-keys')));
  const after = get('continuation-token') === '' ? get('start-after') : readToken(get('continuation-token'));
  const { rows, folders } = await bucket.backend.list(prefix, delimiter, { after, limit: limit + 1 });
  const entry = (name: string, row?: Row): Entry => ({ name, bytes: Buffer.from(name), row });
  const from = Buffer.from(after);
  const entries = [...rows.map((row) => entry(row.key, row)), ...[...folders].map((name) => entry(name))]
    .filter(({ bytes }) => Buffer.compare(bytes, from) > 0)
    .sort((a, b) => Buffer.compare(a.bytes, b.bytes));
  const page = entries.slice(0, limit);
  const isTruncated = entries.length > limit && limit > 0;
  const encoded = get('encoding-type') === 'url' && bucket.options.encodesKeys !== false;
  // Like S3, the encoding leaves slashes and writes spaces as plus signs.
  const name = (text: string): string => (encoded ? encodeRfc3986(text).replaceAll('%2F', '/').replaceAll('%20', '+') : text);
  return document('ListBucketResult', [
    element('Name', bucket.name),
    element('Prefix', name(prefix)),
    element('Delimiter', delimiter === '' ? undefined : name(delimiter)),
    element('EncodingType', encoded ? 'url' : undefined),
    element('MaxKeys', limit),
    element('KeyCount', page.length),
    element('IsTruncated', isTruncated),
    element('NextContinuationToken', isTruncated ? Buffer.from(page[page.length - 1].name).toString('base64url') : undefined),
    page.map((each) => entryXml(each, name)),
  ]);
}

function entryXml({ name, row }: Entry, encode: (text: string) => string): Xml {
  if (row === undefined) return element('CommonPrefixes', element('Prefix', encode(name)));
  return element('Contents', [
    element('Key', encode(row.key)),
    element('LastModified', row.modified.toISOString()),
    element('ETag', `"${row.etag}"`),
    element('Size', row.size),
    element('StorageClass', row.storageClass ?? 'STANDARD'),
  ]);
}

function readToken(token: string): string {
  return Buffer.from(token, 'base64url').toString();
}
