import { createHash, createHmac } from 'node:crypto';
import { S3Failure } from './failure.ts';

// AWS Signature Version 4, as the S3 API reference describes it ("Authenticating Requests").

export interface Credential {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  /** When set, requests must carry it. */
  readonly sessionToken?: string;
  /** Requests are answered with ExpiredToken. */
  readonly expired?: boolean;
}

/** The parts of a request that a signature covers, all as they came over the wire. */
export interface SignedRequest {
  readonly method: string;
  /** Path as sent, percent-encoded. */
  readonly path: string;
  /** Query as sent, decoded name and value. */
  readonly query: readonly (readonly [string, string])[];
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  /** Hash of the body, of services that do not have it in a header. */
  readonly bodyHash?: string;
}

/** Who sent a request, and what is needed to check the parts of its body. */
export interface Signer {
  readonly credential: Credential;
  readonly region: string;
  /** Value of x-amz-content-sha256. */
  readonly payloadHash: string;
  readonly signature: string;
  readonly date: string;
  readonly scope: string;
  readonly key: Buffer;
}

export function sha256(data: string | Uint8Array): string {
  return createHash('sha256').update(data).digest('hex');
}

function hmac(key: string | Buffer, data: string): Buffer {
  return createHmac('sha256', key).update(data).digest();
}

/** Percent-encodes everything but unreserved characters. */
export function encodeRfc3986(text: string): string {
  return encodeURIComponent(text).replace(/[!'()*]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`);
}

/** The name and value pairs of a query; a plus is a plus. */
export function parseQuery(query: string): (readonly [string, string])[] {
  return query
    .split('&')
    .filter((pair) => pair !== '')
    .map((pair) => {
      const [name, ...rest] = pair.split('=');
      return [decodeURIComponent(name), decodeURIComponent(rest.join('='))] as const;
    });
}

export function canonicalRequest(request: SignedRequest, signedHeaders: string, payloadHash: string): string {
  const path = request.path.split('/').map((part) => encodeRfc3986(decodeURIComponent(part))).join('/');
  const query = request.query
    .filter(([name]) => name !== 'X-Amz-Signature')
    .map(([name, value]) => `${encodeRfc3986(name)}=${encodeRfc3986(value)}`)
    .sort()
    .join('&');
  const headers = signedHeaders.split(';').map((name) => `${name}:${(request.headers[name] ?? '').trim().replace(/ +/g, ' ')}\n`).join('');
  return [request.method, path, query, headers, signedHeaders, payloadHash].join('\n');
}

export function signingKey(secret: string, day: string, region: string, service: string): Buffer {
  return hmac(hmac(hmac(hmac(`AWS4${secret}`, day), region), service), 'aws4_request');
}

export function sign(key: Buffer, date: string, scope: string, canonical: string): string {
  return hmac(key, ['AWS4-HMAC-SHA256', date, scope, sha256(canonical)].join('\n')).toString('hex');
}

/** Signature of one chunk of a body sent as STREAMING-AWS4-HMAC-SHA256-PAYLOAD; each covers the one before. */
export function signChunk(key: Buffer, date: string, scope: string, previous: string, chunk: Uint8Array): string {
  return hmac(key, ['AWS4-HMAC-SHA256-PAYLOAD', date, scope, previous, sha256(''), sha256(chunk)].join('\n')).toString('hex');
}

interface Claim {
  readonly credential: string;
  readonly signedHeaders: string;
  readonly signature: string;
  readonly date: string;
  readonly payloadHash: string;
  /** Of presigned URLs, in seconds. */
  readonly expires: number | undefined;
  readonly token: string | undefined;
}

function claimOf(request: SignedRequest): Claim | undefined {
  const query = new Map(request.query);
  const authorization = request.headers.authorization;
  if (authorization !== undefined) {
    if (!authorization.startsWith('AWS4-HMAC-SHA256 ')) throw new S3Failure(400, 'InvalidRequest', 'The authorization mechanism you have provided is not supported.');
    const fields = new Map(authorization.slice('AWS4-HMAC-SHA256 '.length).split(/,\s*/).map((field) => {
      const at = field.indexOf('=');
      return [field.slice(0, at), field.slice(at + 1)];
    }));
    return {
      credential: fields.get('Credential') ?? '',
      signedHeaders: fields.get('SignedHeaders') ?? '',
      signature: fields.get('Signature') ?? '',
      date: request.headers['x-amz-date'] ?? '',
      payloadHash: request.headers['x-amz-content-sha256'] ?? request.bodyHash ?? 'UNSIGNED-PAYLOAD',
      expires: undefined,
      token: request.headers['x-amz-security-token'],
    };
  }
  const signature = query.get('X-Amz-Signature');
  if (signature === undefined) return undefined;
  return {
    credential: query.get('X-Amz-Credential') ?? '',
    signedHeaders: query.get('X-Amz-SignedHeaders') ?? '',
    signature,
    date: query.get('X-Amz-Date') ?? '',
    payloadHash: 'UNSIGNED-PAYLOAD',
    expires: Number(query.get('X-Amz-Expires') ?? 0),
    token: query.get('X-Amz-Security-Token'),
  };
}

/** Checks a request's signature for S3 or another service. Undefined for an unsigned one; throws S3Failure for a wrong one. `now` in milliseconds. */
export function verifySignature(request: SignedRequest, credentials: readonly Credential[], now: number, wanted = 's3'): Signer | undefined {
  const claim = claimOf(request);
  if (claim === undefined) return undefined;
  const [accessKeyId, day, region, service, terminator] = claim.credential.split('/');
  const credential = credentials.find((candidate) => candidate.accessKeyId === accessKeyId);
  if (credential === undefined) throw new S3Failure(403, 'InvalidAccessKeyId', 'The AWS Access Key Id you provided does not exist in our records.', { extra: { AWSAccessKeyId: accessKeyId } });
  const time = parseDate(claim.date);
  if (terminator !== 'aws4_request' || service !== wanted || Number.isNaN(time) || !claim.date.startsWith(day)) throw new S3Failure(400, 'AuthorizationHeaderMalformed', 'The authorization header is malformed.');
  for (const name of Object.keys(request.headers)) {
    const mustBeSigned = name === 'host' || (name.startsWith('x-amz-') && claim.expires === undefined);
    if (mustBeSigned && !claim.signedHeaders.split(';').includes(name)) throw new S3Failure(403, 'AccessDenied', `There were headers present in the request which were not signed: ${name}`);
  }
  if (claim.expires === undefined ? Math.abs(now - time) > 15 * 60_000 : now > time + claim.expires * 1000) {
    if (claim.expires !== undefined) throw new S3Failure(403, 'AccessDenied', 'Request has expired');
    throw new S3Failure(403, 'RequestTimeTooSkewed', 'The difference between the request time and the current time is too large.', { extra: { ServerTime: new Date(now).toISOString() } });
  }
  const scope = [day, region, service, 'aws4_request'].join('/');
  const key = signingKey(credential.secretAccessKey, day, region, service);
  const canonical = canonicalRequest(request, claim.signedHeaders, claim.payloadHash);
  if (sign(key, claim.date, scope, canonical) !== claim.signature) {
    // As S3 does, the answer repeats the request: clients must not pass it on unread.
    throw new S3Failure(403, 'SignatureDoesNotMatch', 'The request signature we calculated does not match the signature you provided. Check your key and signing method.', {
      extra: { AWSAccessKeyId: accessKeyId, SignatureProvided: claim.signature, CanonicalRequest: canonical },
    });
  }
  if (credential.expired === true) throw new S3Failure(400, 'ExpiredToken', 'The provided token has expired.', { extra: { 'Token-0': claim.token ?? '' } });
  if (credential.sessionToken !== claim.token) throw new S3Failure(403, 'InvalidToken', 'The provided token is malformed or otherwise invalid.', { extra: { 'Token-0': claim.token ?? '' } });
  return { credential, region, payloadHash: claim.payloadHash, signature: claim.signature, date: claim.date, scope, key };
}

function parseDate(date: string): number {
  return Date.parse(date.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, '$1-$2-$3T$4:$5:$6Z'));
}
