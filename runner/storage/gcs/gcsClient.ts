import type { AuthClient } from 'google-auth-library';
import type { Environment } from '../../protocol/callerEnvironment.ts';
import { rememberSecrets } from '../../protocol/knownSecrets.ts';
import type { Timeouts } from '../connection.ts';
import { ServiceHttp, textOf } from '../serviceHttp.ts';
import type { HttpAnswer, HttpRequest, RequestBody } from '../serviceHttp.ts';
import { elementText } from '../serviceText.ts';
import type { GcsSettings } from './gcsSettings.ts';

/** An answer that is a refusal. Neither message nor fields hold the request, whose address may be a secret. */
export class GcsRefusal extends Error {
  readonly status: number;
  /** Of the error's JSON, such as `notFound`; of its XML the code, such as `NoSuchUpload`. */
  readonly reason: string | undefined;
  /** The service's own sentence. */
  readonly text: string;
  readonly askedMs: number;
  /** Whether it came while a token was asked for, not from the storage service. */
  readonly from: 'storage' | 'tokens';

  constructor(status: number, reason: string | undefined, text: string, askedMs: number, from: 'storage' | 'tokens' = 'storage') {
    super(`HTTP ${status}${reason === undefined ? '' : ` ${reason}`}`);
    this.name = 'GcsRefusal';
    this.status = status;
    this.reason = reason;
    this.text = text;
    this.askedMs = askedMs;
    this.from = from;
  }
}

/** A request to the service. */
export interface GcsRequest {
  readonly method: HttpRequest['method'];
  /** Below the endpoint, percent-encoded; or a whole address that the service gave. */
  readonly path: string;
  readonly query?: Readonly<Record<string, string | undefined>>;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: RequestBody;
  /** Statuses besides success that are answers, not refusals. */
  readonly accepted?: readonly number[];
}

/** Sends requests with credentials, once each. */
export class GcsClient {
  readonly #settings: GcsSettings;
  readonly #auth: AuthClient | undefined;
  readonly #http: ServiceHttp;

  constructor(settings: GcsSettings, auth: AuthClient | undefined, sockets: number, timeouts: Timeouts, env: Environment) {
    this.#settings = settings;
    this.#auth = auth;
    this.#http = new ServiceHttp(sockets, timeouts, env);
  }

  /**
   * The answer, its body still to come. Throws {@link GcsRefusal}, errors of the system, and the library's when there
   * is no token to be had.
   */
  async send(request: GcsRequest, signal: AbortSignal | undefined): Promise<HttpAnswer> {
    const { payer } = this.#settings;
    const authorization = await this.#authorization();
    const answer = await this.#http.send({
      method: request.method,
      url: address(this.#settings.endpoint, request),
      headers: {
        'user-agent': 'spimquant',
        ...(authorization === undefined ? {} : { authorization }),
        ...(payer === undefined ? {} : { 'x-goog-user-project': payer }),
        ...request.headers,
      },
      body: request.body,
    }, signal);
    if ((answer.status >= 200 && answer.status < 300) || request.accepted?.includes(answer.status) === true) return answer;
    throw refusal(answer, await textOf(answer.body));
  }

  /** The answer's JSON. Throws as {@link GcsClient.send}, and a SyntaxError for an answer that was cut off. */
  async json<T>(request: GcsRequest, signal: AbortSignal | undefined): Promise<T> {
    return JSON.parse(await this.text(request, signal)) as T;
  }

  /** The answer's body as text, read to its end so that the connection can be used again. */
  async text(request: GcsRequest, signal: AbortSignal | undefined): Promise<string> {
    return textOf((await this.send(request, signal)).body);
  }

  async #authorization(): Promise<string | undefined> {
    if (this.#auth === undefined) return undefined;
    const token = (await this.#auth.getRequestHeaders()).get('authorization');
    // The library gives nothing at all for credentials that it can do nothing with.
    if (token === null) throw new GcsRefusal(401, 'no_token', 'The credentials gave no token', 0, 'tokens');
    rememberSecrets([token.replace(/^Bearer /, '')]);
    return token;
  }
}

function address(endpoint: string, { path, query }: GcsRequest): string {
  const pairs = Object.entries(query ?? {}).flatMap(([name, value]) => (value === undefined ? [] : [`${name}=${encodeURIComponent(value)}`]));
  return `${/^https?:/.test(path) ? path : endpoint + path}${pairs.length === 0 ? '' : `?${pairs.join('&')}`}`;
}

function refusal({ status, headers }: HttpAnswer, body: string): GcsRefusal {
  const seconds = Number(headers['retry-after']);
  const { reason, text } = reasonOf(body);
  return new GcsRefusal(status, reason, text, Number.isFinite(seconds) && seconds > 0 ? seconds * 1000 : 0);
}

/** Errors are JSON, but plain text where content was asked for, and XML where parts are uploaded. */
function reasonOf(body: string): { readonly reason: string | undefined; readonly text: string } {
  try {
    const { error } = JSON.parse(body) as { readonly error?: { readonly message?: string; readonly errors?: readonly { readonly reason?: string }[] } };
    return { reason: error?.errors?.[0]?.reason, text: error?.message ?? '' };
  } catch {
    const code = elementText(body, 'Code');
    return { reason: code, text: code === undefined ? body : `${elementText(body, 'Message') ?? ''} ${elementText(body, 'Details') ?? ''}` };
  }
}
