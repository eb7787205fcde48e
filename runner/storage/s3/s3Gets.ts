import type { IncomingMessage } from 'node:http';
import { GetObjectCommand } from '@aws-sdk/client-s3';
import type { GetObjectCommandInput, S3Client } from '@aws-sdk/client-s3';
import { textOf } from '../serviceHttp.ts';
import type { HttpAnswer, ServiceHttp } from '../serviceHttp.ts';
import { elementText, encodeKey } from '../serviceText.ts';
import { S3Signer } from './s3Signature.ts';

/** What is asked for: a whole object or a range, of any version or of one. */
export type S3Get = Pick<GetObjectCommandInput, 'Bucket' | 'Key' | 'Range' | 'IfMatch' | 'RequestPayer'> & { readonly Key: string };

/** An answer whose body is still to come. */
export interface S3GetAnswer {
  readonly contentRange: string | undefined;
  readonly contentLength: number | undefined;
  readonly etag: string | undefined;
  readonly body: IncomingMessage;
}

/** Where the SDK sends requests for objects of a bucket, and how they are signed. */
interface Target {
  readonly host: string;
  /** Address to which the encoded key is added. */
  readonly base: string;
  readonly path: string;
  /** Undefined: not at all. */
  readonly signer: S3Signer | undefined;
}

/** Error answers are short; more than this is not looked at. */
const mostErrorText = 64 * 1024;

/**
 * Reads objects with requests of our own, which take less than half of the processor time of the SDK's: looking at an image
 * makes thousands of them. Where they go and with which keys is what the SDK has resolved: its first request is looked at. What it
 * signs in another way (directory buckets, access points of many regions) is left to it.
 */
export class S3Gets {
  readonly #client: S3Client;
  readonly #http: ServiceHttp;
  readonly #signs: boolean;
  /** By bucket. Null: the SDK alone can do it. */
  readonly #targets = new Map<string, Promise<Target | null>>();

  /** `signs`: false for reading without credentials. */
  constructor(client: S3Client, http: ServiceHttp, signs: boolean) {
    this.#client = client;
    this.#http = http;
    this.#signs = signs;
  }

  /** Throws what the SDK does, or an error with the same fields. */
  async get(wanted: S3Get, abortSignal: AbortSignal | undefined): Promise<S3GetAnswer> {
    const target = await this.#target(wanted);
    if (target === null) {
      const answer = await this.#client.send(new GetObjectCommand(wanted), { abortSignal });
      return { contentRange: answer.ContentRange, contentLength: answer.ContentLength, etag: answer.ETag, body: answer.Body as IncomingMessage };
    }
    const key = encodeKey(wanted.Key);
    const asked = {
      ...(wanted.Range === undefined ? {} : { range: wanted.Range }),
      ...(wanted.IfMatch === undefined ? {} : { 'if-match': wanted.IfMatch }),
      ...(wanted.RequestPayer === undefined ? {} : { 'x-amz-request-payer': wanted.RequestPayer }),
    };
    const headers = target.signer?.sign({ host: target.host, path: target.path + key, headers: asked }, await this.#client.config.credentials(), Date.now() + this.#client.config.systemClockOffset);
    const answer = await this.#http.send({ method: 'GET', url: target.base + key, headers: headers ?? asked }, abortSignal);
    if (answer.status !== 200 && answer.status !== 206) throw await this.#refusal(answer);
    const length = answer.headers['content-length'];
    return { contentRange: answer.headers['content-range'], contentLength: length === undefined ? undefined : Number(length), etag: answer.headers.etag, body: answer.body };
  }

  #target({ Bucket = '', Key }: S3Get): Promise<Target | null> {
    let target = this.#targets.get(Bucket);
    if (target === undefined) {
      target = this.#resolve(Bucket, Key);
      this.#targets.set(Bucket, target);
      target.catch(() => this.#targets.delete(Bucket));
    }
    return target;
  }

  /** Lets the SDK prepare a request, looks at it before it is signed, and does not send it. */
  async #resolve(Bucket: string, Key: string): Promise<Target | null> {
    const command = new GetObjectCommand({ Bucket, Key });
    let seen: { readonly request: unknown; readonly schemes: readonly AuthScheme[] | undefined } | undefined;
    command.middlewareStack.add((_next, context) => async ({ request }) => {
      seen = { request, schemes: context.endpointV2?.properties?.['authSchemes'] as readonly AuthScheme[] | undefined };
      return { response: {}, output: { $metadata: {} } };
    }, { step: 'finalizeRequest', name: 'lookAtRequest', priority: 'high' });
    await this.#client.send(command);
    const request = seen?.request as PreparedRequest | undefined;
    const scheme = seen?.schemes?.[0];
    const key = encodeKey(Key);
    if (request === undefined || !request.path.endsWith(`/${key}`) || scheme?.name !== 'sigv4' || scheme.signingRegion === undefined) return null;
    const path = request.path.slice(0, -key.length);
    const { host, href } = new URL(`${request.protocol}//${request.hostname}${request.port === undefined ? '' : `:${request.port}`}${path}`);
    if (!href.endsWith(path)) return null;
    return { host, base: href, path, signer: this.#signs ? new S3Signer(scheme.signingRegion, scheme.signingName ?? 's3') : undefined };
  }

  /** The answer as the SDK throws it. Takes over the service's clock where ours is wrong, as the SDK does. */
  async #refusal({ status, headers, body }: HttpAnswer): Promise<Error> {
    const text = Number(headers['content-length'] ?? 0) > mostErrorText ? '' : (await textOf(body)).slice(0, mostErrorText);
    body.destroy();
    const told = (name: string): string | undefined => elementText(text, name);
    const Code = told('Code') ?? (status === 404 ? 'NotFound' : undefined);
    const now = Date.parse(told('ServerTime') ?? headers.date ?? '');
    if (Code === 'RequestTimeTooSkewed' && !Number.isNaN(now)) this.#client.config.systemClockOffset = now - Date.now();
    return Object.assign(new Error(told('Message') ?? 'UnknownError'), {
      name: Code ?? 'Unknown', Code, Region: told('Region'),
      $metadata: { httpStatusCode: status, requestId: told('RequestId') ?? headers['x-amz-request-id'] }, $response: { headers },
    });
  }
}

interface AuthScheme {
  readonly name?: string;
  readonly signingName?: string;
  readonly signingRegion?: string;
}

interface PreparedRequest {
  readonly protocol: string;
  readonly hostname: string;
  readonly port?: number;
  readonly path: string;
}
