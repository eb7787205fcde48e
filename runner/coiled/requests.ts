import type { Environment } from '../protocol/callerEnvironment.ts';
import type { Timeouts } from '../storage/connection.ts';
import { ServiceHttp, textOf } from '../storage/serviceHttp.ts';
import type { HttpAnswer } from '../storage/serviceHttp.ts';
import { CoiledLineFault, CoiledRefusal } from './errors.ts';
import type { CoiledToken } from './token.types.ts';

/** A request to Coiled. */
export interface CoiledRequest {
  readonly method: 'GET' | 'POST' | 'DELETE';
  /** Below the server, percent-encoded. */
  readonly path: string;
  readonly query?: Readonly<Record<string, string | number | undefined>>;
  /** Sent as JSON, or bytes as they are. */
  readonly body?: object | Uint8Array;
  /** What Coiled may repeat in its answer and nobody may see, besides the token. */
  readonly secrets?: readonly string[];
  /** It must not be made twice: then faults that leave its fate open are final. */
  readonly once?: boolean;
}

/** What requests are sent with. */
export interface CoiledSession {
  readonly token: CoiledToken;
}

const sockets = 4;

/** Sends requests, once each. */
export class CoiledRequests {
  readonly #server: string;
  readonly #http: ServiceHttp;

  constructor(server: string, timeouts: Timeouts, env: Environment) {
    this.#server = server;
    this.#http = new ServiceHttp(sockets, timeouts, env);
  }

  /**
   * The answer's JSON; undefined for an answer without a body. Throws {@link CoiledRefusal} and {@link CoiledLineFault}.
   */
  async json(request: CoiledRequest, { token }: CoiledSession, signal: AbortSignal | undefined): Promise<unknown> {
    const once = request.once === true;
    let answer: HttpAnswer;
    let text: string;
    try {
      answer = await this.#send(request, token.value, signal);
      text = await textOf(answer.body);
    } catch (error) {
      throw new CoiledLineFault(error, once);
    }
    if (answer.status < 200 || answer.status >= 300) throw refusal(answer, text, once, [token.value, ...(request.secrets ?? [])]);
    if (text.trim() === '') return undefined;
    try {
      return JSON.parse(text);
    } catch (error) {
      // Cut off, or the page of a proxy that wants to be signed in to.
      throw new CoiledLineFault(error, once);
    }
  }

  close(): void {
    this.#http.close();
  }

  async #send({ method, path, query, body }: CoiledRequest, token: string, signal: AbortSignal | undefined): Promise<HttpAnswer> {
    const pairs = Object.entries(query ?? {}).flatMap(([name, value]) => (value === undefined ? [] : [`${name}=${encodeURIComponent(value)}`]));
    const isBytes = body instanceof Uint8Array;
    const bytes = body === undefined ? undefined : isBytes ? body : Buffer.from(JSON.stringify(body));
    return this.#http.send({
      method,
      url: `${this.#server}${path}${pairs.length === 0 ? '' : `?${pairs.join('&')}`}`,
      headers: {
        'authorization': authorization(token),
        'user-agent': 'spimquant',
        'accept': 'application/json',
        ...(bytes === undefined ? {} : { 'content-type': isBytes ? 'application/octet-stream' : 'application/json' }),
      },
      ...(bytes === undefined ? {} : { body: { length: bytes.length, pieces: [bytes] } }),
    }, signal);
  }
}

/** Tokens of today have a hyphen; older ones are announced differently. */
export function authorization(token: string): string {
  return `${token.includes('-') ? 'ApiToken' : 'Token'} ${token}`;
}

function refusal({ status, headers }: HttpAnswer, body: string, once: boolean, secrets: readonly string[]): CoiledRefusal {
  const { reason, text } = sentenceOf(body);
  return new CoiledRefusal(status, reason === undefined ? undefined : redact(reason, secrets), redact(text, secrets).slice(0, 1000), retryAfterMs(headers['retry-after']), once);
}

/** Coiled's errors have several forms; pages of proxies are none of them. */
function sentenceOf(body: string): { readonly reason: string | undefined; readonly text: string } {
  try {
    const raw: unknown = JSON.parse(body);
    if (typeof raw === 'string') return { reason: undefined, text: raw };
    if (typeof raw !== 'object' || raw === null) return { reason: undefined, text: '' };
    const { code, message, detail, non_field_errors: errors } = raw as Readonly<Record<string, unknown>>;
    const text = [message, detail, Array.isArray(errors) ? errors[0] as unknown : undefined].find((part): part is string => typeof part === 'string' && part !== '');
    return { reason: typeof code === 'string' && code !== '' ? code : undefined, text: text ?? fieldErrors(raw as Readonly<Record<string, unknown>>) };
  } catch {
    return { reason: undefined, text: body.includes('<') ? '' : body.trim() };
  }
}

/** `name: is too long`, of `{"name": ["is too long"]}`. */
function fieldErrors(raw: Readonly<Record<string, unknown>>): string {
  return Object.entries(raw).flatMap(([name, value]) => (Array.isArray(value) && typeof value[0] === 'string' ? [`${name}: ${value[0]}`] : [])).join('; ');
}

/** Seconds, or a date, as HTTP has it; 0: nothing was asked. */
function retryAfterMs(header: string | undefined): number {
  if (header === undefined) return 0;
  const seconds = Number(header);
  const ms = Number.isFinite(seconds) ? seconds * 1000 : Date.parse(header) - Date.now();
  return Number.isFinite(ms) && ms > 0 ? ms : 0;
}

/** A text without secrets that it may repeat. Short values are left: they are in any text by chance. */
export function redact(text: string, secrets: readonly string[]): string {
  return secrets.reduce((rest, secret) => (secret.length < 4 ? rest : rest.replaceAll(secret, '***')), text);
}
