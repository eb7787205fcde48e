import { json, objectResource } from './answer.ts';
import type { Answer } from './answer.ts';
import { GcsFailure } from './failure.ts';
import type { ParsedRequest } from './request.ts';
import type { Bucket } from './state.ts';

/**
 * A page of objects and of prefixes, in the byte order of UTF-8. With `namesPerPage` a page ends after so many names,
 * however few it shows of them; the next may then name the same prefix again, as the service's documentation warns.
 */
export async function listObjects(bucket: Bucket, request: ParsedRequest): Promise<Answer> {
  const get = (name: string): string => request.query.get(name) ?? '';
  const [prefix, delimiter, start, end] = [get('prefix'), get('delimiter'), get('startOffset'), get('endOffset')];
  const limit = Math.min(1000, get('maxResults') === '' ? 1000 : Number(get('maxResults')));
  if (!Number.isInteger(limit) || limit < 0) throw new GcsFailure(400, 'invalid', 'Invalid unsigned integer value', { location: 'maxResults' });
  const after = readToken(get('pageToken'));
  const rows = (await bucket.list(prefix)).map((row) => ({ row, bytes: Buffer.from(row.name) })).sort((a, b) => Buffer.compare(a.bytes, b.bytes));
  const from = Buffer.from(start);
  const to = Buffer.from(end);
  const prefixes = new Set<string>();
  const items: object[] = [];
  let looked = 0;
  let last: string | undefined;
  let more = false;
  for (const { row, bytes } of rows) {
    const beyond = (after !== undefined && Buffer.compare(bytes, after) <= 0) || Buffer.compare(bytes, from) < 0 || (end !== '' && Buffer.compare(bytes, to) >= 0);
    if (beyond) continue;
    const cut = delimiter === '' ? -1 : row.name.indexOf(delimiter, prefix.length);
    const folder = cut < 0 ? undefined : row.name.slice(0, cut + delimiter.length);
    const isNew = folder === undefined || !prefixes.has(folder);
    if ((isNew && items.length + prefixes.size >= limit) || looked >= (bucket.options.namesPerPage ?? Infinity)) {
      more = true;
      break;
    }
    looked += 1;
    last = row.name;
    if (folder === undefined) items.push(objectResource(bucket, row));
    else prefixes.add(folder);
    if (folder !== undefined && row.name === folder && get('includeTrailingDelimiter') === 'true') items.push(objectResource(bucket, row));
  }
  return json({
    kind: 'storage#objects',
    ...(more && last !== undefined ? { nextPageToken: Buffer.from(last).toString('base64url') } : {}),
    ...(prefixes.size === 0 ? {} : { prefixes: [...prefixes] }),
    ...(items.length === 0 ? {} : { items }),
  }, request.query.get('fields'));
}

function readToken(token: string): Buffer | undefined {
  if (token === '') return undefined;
  const name = Buffer.from(token, 'base64url');
  if (name.toString('base64url') !== token) throw new GcsFailure(400, 'invalid', 'Invalid argument.', { location: 'pageToken' });
  return name;
}
