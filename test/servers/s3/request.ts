import type { IncomingMessage } from 'node:http';
import type { LoggedRequest } from './loggedRequest.ts';
import { parseQuery } from './signature.ts';
import type { SignedRequest } from './signature.ts';

/** A request taken apart. */
export interface ParsedRequest extends SignedRequest {
  /** Empty for requests to the service itself. */
  readonly bucket: string;
  /** Empty for requests to the bucket itself. */
  readonly key: string;
  readonly pathStyle: boolean;
  readonly parameters: ReadonlyMap<string, string>;
}

/** The bucket stands in the path, or (for hosts like `bucket.localhost`) in the host's name. */
export function parseRequest(message: IncomingMessage): ParsedRequest {
  const url = message.url ?? '/';
  const mark = url.indexOf('?');
  const path = mark < 0 ? url : url.slice(0, mark);
  const query = parseQuery(mark < 0 ? '' : url.slice(mark + 1));
  const headers = Object.fromEntries(Object.entries(message.headers).map(([name, value]) => [name, Array.isArray(value) ? value.join(',') : value]));
  const virtual = /^(.+)\.localhost(:\d+)?$/.exec(headers.host ?? '')?.[1];
  const [first, ...rest] = path.slice(1).split('/').map(decodeURIComponent);
  return {
    method: message.method ?? 'GET',
    path,
    query,
    headers,
    bucket: virtual ?? first,
    key: virtual === undefined ? rest.join('/') : [first, ...rest].join('/'),
    pathStyle: virtual === undefined,
    parameters: new Map(query),
  };
}

/** What the log keeps of a request, whether its signature is right or not. */
export function logged(request: ParsedRequest): LoggedRequest {
  const secret = /^X-Amz-(Signature|Security-Token|Credential)$/;
  const credential = /Credential=([^,]+)/.exec(request.headers.authorization ?? '')?.[1] ?? request.parameters.get('X-Amz-Credential');
  const [accessKeyId, , region] = credential?.split('/') ?? [];
  return {
    method: request.method,
    bucket: request.bucket,
    key: request.key,
    query: Object.fromEntries(request.query.filter(([name]) => !secret.test(name))),
    range: request.headers.range,
    accessKeyId,
    region,
    storageClass: request.headers['x-amz-storage-class'],
    encryption: request.headers['x-amz-server-side-encryption'],
    encryptionKey: request.headers['x-amz-server-side-encryption-aws-kms-key-id'],
    requesterPays: request.headers['x-amz-request-payer'] === 'requester',
    pathStyle: request.pathStyle,
  };
}
