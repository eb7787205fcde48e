import { request as httpRequest } from 'node:http';
import type { Agent as HttpAgent, ClientRequest, IncomingHttpHeaders, IncomingMessage, OutgoingHttpHeaders } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { Agent as HttpsAgent } from 'node:https';
import type { Environment } from '../protocol/callerEnvironment.ts';
import type { Timeouts } from './connection.ts';
import { agentsFor } from './proxies.ts';

/** A body: pieces that are sent one after the other, `length` bytes in all. */
export interface RequestBody {
  readonly length: number;
  readonly pieces: Iterable<Uint8Array> | AsyncIterable<Uint8Array>;
}

export interface HttpRequest {
  readonly method: 'GET' | 'HEAD' | 'POST' | 'PUT' | 'DELETE';
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: RequestBody;
}

export interface HttpAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: IncomingMessage;
}

/** Silence, or no connection, for longer than is waited for. */
class Timeout extends Error {
  readonly code = 'ETIMEDOUT';
  /** As the system has it of its own: `connect` when there was no connection, so that nothing was sent. */
  readonly syscall: 'connect' | 'read';

  constructor(message: string, syscall: 'connect' | 'read') {
    super(message);
    this.syscall = syscall;
  }
}

/**
 * Sends requests over connections that are kept. The SDK's own requests can be neither cancelled nor bounded in their
 * silence, and cost several times as much for the small ranges that images are read by.
 */
export class ServiceHttp {
  readonly #timeouts: Timeouts;
  readonly #plain: HttpAgent;
  readonly #secure: HttpsAgent;

  constructor(sockets: number, timeouts: Timeouts, env: Environment) {
    this.#timeouts = timeouts;
    const { httpAgent, httpsAgent } = agentsFor(env, { keepAlive: true, maxSockets: sockets });
    this.#plain = httpAgent;
    this.#secure = httpsAgent;
  }

  /** The answer, its body still to come. Rejects with system errors and, when the signal is aborted, an AbortError. */
  async send({ method, url, headers, body }: HttpRequest, signal: AbortSignal | undefined): Promise<HttpAnswer> {
    const secure = url.startsWith('https:');
    const outgoing: OutgoingHttpHeaders = { ...headers, ...(body === undefined ? {} : { 'content-length': body.length }) };
    return new Promise((resolve, reject) => {
      const options = { method, headers: outgoing, signal, agent: secure ? this.#secure : this.#plain };
      const request = secure ? httpsRequest(url, options) : httpRequest(url, options);
      this.#watch(request);
      request.on('error', reject);
      request.once('response', (answer) => {
        // A service may refuse before it has the whole body; what is left of the line then is of no use.
        answer.once('end', () => {
          if (!request.writableEnded) request.destroy();
        });
        resolve({ status: answer.statusCode ?? 0, headers: answer.headers, body: answer });
      });
      sendBody(request, body).catch((error: Error) => {
        request.destroy(error);
        reject(error);
      });
    });
  }

  /** Closes connections that are kept. */
  close(): void {
    this.#plain.destroy();
    this.#secure.destroy();
  }

  #watch(request: ClientRequest): void {
    request.setTimeout(this.#timeouts.silenceMs, () => request.destroy(new Timeout('The service was silent', 'read')));
    request.once('socket', (socket) => {
      if (!socket.connecting) return;
      const timer = setTimeout(() => request.destroy(new Timeout('No connection came about', 'connect')), this.#timeouts.connectMs);
      const stop = (): void => clearTimeout(timer);
      socket.once('connect', stop);
      socket.once('close', stop);
    });
  }
}

/** Writes no faster than the line takes it, and stops when the service has answered already or the line is gone. */
async function sendBody(request: ClientRequest, body: RequestBody | undefined): Promise<void> {
  let over = false;
  const end = (): void => {
    over = true;
  };
  request.once('response', end);
  request.once('close', end);
  for await (const piece of body?.pieces ?? []) {
    if (over) return;
    if (request.write(piece)) continue;
    await new Promise<void>((resolve) => {
      const go = (): void => {
        for (const event of ['drain', 'response', 'close']) request.off(event, go);
        resolve();
      };
      for (const event of ['drain', 'response', 'close']) request.once(event, go);
    });
  }
  if (!over) request.end();
}

/** All of a body that is not expected to be large, as text. Rejects as streams do. */
export async function textOf(body: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of body) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
}
