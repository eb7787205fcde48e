import type { IncomingMessage } from 'node:http';
import type { LoggedRequest } from './loggedRequest.ts';

/** A request taken apart. */
export interface ParsedRequest {
  readonly method: string;
  readonly api: LoggedRequest['api'];
  /** Without the API's beginning, percent-decoded: `b`, bucket, `o`, name of the object. Of the XML API bucket and name. */
  readonly parts: readonly string[];
  readonly query: ReadonlyMap<string, string>;
  /** All values of a parameter that may stand there several times. */
  readonly all: (name: string) => readonly string[];
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string | undefined>>;
}

/** Services that give tokens: OAuth, the security token service, IAM credentials, a machine's metadata. */
const tokenPaths = /^\/(token|tokeninfo|v1\/token|v1\/projects\/|computeMetadata\/|$)/;

export function parseRequest(message: IncomingMessage): ParsedRequest {
  const [path, queryText] = split(message.url ?? '/', '?');
  const search = new URLSearchParams(queryText);
  const headers = Object.fromEntries(Object.entries(message.headers).map(([name, value]) => [name, Array.isArray(value) ? value.join(',') : value]));
  const common = { method: message.method ?? 'GET', query: new Map(search), all: (name: string) => search.getAll(name), headers };
  if (tokenPaths.test(path)) return { ...common, api: 'token', parts: path.slice(1).split('/').map(decodeURIComponent) };
  // Clients that were told of an emulator by STORAGE_EMULATOR_HOST leave out the API's name and version.
  const [, upload, rest] = /^\/(?:(upload|download)\/)?(?:storage\/v1\/|(?=b(?:$|\/)))(b(?:\/.*)?)$/.exec(path) ?? [];
  if (rest !== undefined) return { ...common, api: upload === 'upload' ? 'upload' : 'json', parts: rest.split('/').map(decodeURIComponent) };
  const [bucket, name] = split(path.slice(1), '/');
  return { ...common, api: 'xml', parts: [decodeURIComponent(bucket), decodeURIComponent(name)] };
}

export function bucketOf(request: ParsedRequest): string {
  return (request.api === 'xml' ? request.parts[0] : request.parts[1]) ?? '';
}

export function nameOf(request: ParsedRequest): string {
  if (request.api === 'xml') return request.parts[1];
  return request.api === 'upload' ? (request.query.get('name') ?? '') : (request.parts[3] ?? '');
}

export function payerOf(request: ParsedRequest): string | undefined {
  return request.query.get('userProject') ?? request.headers['x-goog-user-project'];
}

/** What the log keeps of a request. The id of an upload is as good as a token, and left out. */
export function logged(request: ParsedRequest): LoggedRequest {
  const isToken = request.api === 'token';
  return {
    method: request.method,
    api: request.api,
    bucket: isToken ? '' : bucketOf(request),
    name: isToken ? '' : nameOf(request),
    query: Object.fromEntries([...request.query].map(([name, value]) => [name, name === 'upload_id' || name === 'uploadId' ? '…' : value])),
    range: request.headers.range,
    contentRange: request.headers['content-range'],
    authorised: request.headers.authorization !== undefined,
    userProject: payerOf(request),
  };
}

function split(text: string, mark: string): readonly [string, string] {
  const at = text.indexOf(mark);
  return at < 0 ? [text, ''] : [text.slice(0, at), text.slice(at + 1)];
}
