import { Agent, createServer, request as forward } from 'node:http';
import type { ClientRequest, IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { finished, pipeline } from 'node:stream/promises';
import { FaultList } from './faults.ts';
import type { Fault, FaultRule } from './faults.ts';

/** A request as it passes by. What of it is secret (signatures, tokens) is left out. */
export interface PassingRequest {
  readonly method: string;
  /** As sent, without the query. */
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  /** Value of the Range header, under whichever of its names. */
  readonly range: string | undefined;
}

/** Makes the body of an error as the service behind the proxy would. */
export type FailureBody = (fault: Extract<Fault, { kind: 'status' }>) => { readonly headers?: Readonly<Record<string, string>>; readonly body: string };

const secretHeaders = /^(authorization|cookie|proxy-authorization)$|token|signature/i;
const secretParameters = /^(sig|x-(amz|goog)-(signature|credential|security-token))$|token|^key$/i;

/**
 * Stands before a service that cannot be made to fail, passes requests on byte for byte (host name included, so that
 * signatures stay right; streaming; asking before a body is sent), and lets faults happen to them. Clients may also be
 * told that it is their proxy.
 */
export class FaultProxy {
  readonly endpoint: string;
  /** Every request that arrived, oldest first. */
  readonly requests: PassingRequest[] = [];
  /** How many connections clients have made. */
  connections = 0;
  readonly #server: Server;
  readonly #target: URL;
  readonly #failureBody: FailureBody;
  readonly #faults = new FaultList<PassingRequest>();
  readonly #agent = new Agent({ keepAlive: true });

  /** Use {@link startFaultProxy}. */
  constructor(server: Server, target: string, failureBody: FailureBody) {
    this.#server = server;
    this.endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    this.#target = new URL(target);
    this.#failureBody = failureBody;
    const serve = (message: IncomingMessage, response: ServerResponse): void => void this.#serve(message, response);
    server.on('connection', () => {
      this.connections += 1;
    });
    server.on('request', serve);
    server.on('checkContinue', serve);
  }

  /** Lets something go wrong with a coming request. Earlier rules come first. */
  inject(rule: FaultRule<PassingRequest>): void {
    this.#faults.add(rule);
  }

  /** Forgets faults that have not struck. */
  clearFaults(): void {
    this.#faults.clear();
  }

  async close(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#server.close(() => resolve());
      this.#server.closeAllConnections();
    });
    this.#agent.destroy();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #serve(message: IncomingMessage, response: ServerResponse): Promise<void> {
    response.on('error', () => undefined);
    message.on('error', () => undefined);
    try {
      const passing = passingRequest(message, this.endpoint);
      this.requests.push(passing);
      const fault = this.#faults.take(passing);
      if (fault?.kind === 'reset' && fault.afterBytes === undefined) {
        message.socket.resetAndDestroy();
        return;
      }
      if (fault?.kind === 'wait') await fault.until;
      if (fault?.kind === 'status' || (fault?.kind === 'hang' && fault.afterBytes === undefined)) {
        if (message.headers.expect !== undefined) response.writeContinue();
        await finished(message.resume());
        if (fault.kind === 'status') this.#fail(message, response, fault);
        return;
      }
      await this.#pass(message, response, fault);
    } catch {
      // One side went away in mid-request.
      message.socket.destroy();
    }
  }

  #fail(message: IncomingMessage, response: ServerResponse, fault: Extract<Fault, { kind: 'status' }>): void {
    const { headers = {}, body } = this.#failureBody(fault);
    response.writeHead(fault.status, { ...headers, ...fault.headers, 'content-length': Buffer.byteLength(body) }).end(message.method === 'HEAD' ? undefined : body);
  }

  async #pass(message: IncomingMessage, response: ServerResponse, fault: Fault | undefined): Promise<void> {
    const onward = forward({ host: this.#target.hostname, port: this.#target.port, method: message.method, path: pathOf(message), headers: message.rawHeaders, agent: this.#agent });
    response.once('close', () => {
      if (!response.writableFinished) onward.destroy();
    });
    const answered = answerTo(onward);
    await send(message, onward, response, answered);
    const answer = await answered;
    if (fault?.kind === 'lose-answer') {
      await finished(answer.resume());
      message.socket.resetAndDestroy();
      return;
    }
    response.writeHead(answer.statusCode ?? 500, answer.statusMessage, ownHeadersOf(answer));
    if (fault !== undefined && 'afterBytes' in fault && fault.afterBytes !== undefined) await this.#breakOff(answer, message, response, fault.kind, fault.afterBytes);
    else if (fault?.kind === 'corrupt') await pipeline(answer, corrupting(fault.atByte), response);
    else await pipeline(answer, response);
  }

  async #breakOff(answer: IncomingMessage, message: IncomingMessage, response: ServerResponse, kind: Fault['kind'], limit: number): Promise<void> {
    let sent = 0;
    for await (const chunk of answer) {
      const part = (chunk as Buffer).subarray(0, limit - sent);
      sent += part.length;
      // The flush makes sure that the client has the part before the line goes.
      await new Promise((resolve) => response.write(part, resolve));
      if (sent === limit) break;
    }
    if (kind === 'reset') message.socket.resetAndDestroy();
    else if (kind === 'truncate') message.socket.end();
  }
}

/** With the query. Clients send a proxy the whole address. */
function pathOf({ url = '/' }: IncomingMessage): string {
  return url.replace(/^http:\/\/[^/]*/, '');
}

function passingRequest(message: IncomingMessage, endpoint: string): PassingRequest {
  const url = new URL(message.url ?? '/', endpoint);
  for (const name of [...url.searchParams.keys()]) if (secretParameters.test(name)) url.searchParams.set(name, '…');
  const headers = Object.fromEntries(Object.entries(message.headers).filter(([name]) => !secretHeaders.test(name)));
  const range = headers.range ?? headers['x-ms-range'];
  return { method: message.method ?? 'GET', path: pathOf(message).split('?')[0], query: url.searchParams, headers, range: typeof range === 'string' ? range : undefined };
}

async function answerTo(onward: ClientRequest): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    onward.once('response', resolve);
    onward.once('error', reject);
  });
}

/** Passes the body on; who asks before sending it waits for the service's word. Ends early when the service has answered already. */
async function send(message: IncomingMessage, onward: ClientRequest, response: ServerResponse, answered: Promise<unknown>): Promise<void> {
  if (message.headers.expect !== undefined) {
    onward.flushHeaders();
    const wanted = await Promise.race([new Promise<true>((resolve) => onward.once('continue', () => resolve(true))), answered.then(() => false)]);
    if (!wanted) return;
    response.writeContinue();
  }
  await Promise.race([pipeline(message, onward), answered]);
}

/** An answer's headers but for those about one connection. */
function ownHeadersOf({ rawHeaders }: IncomingMessage): string[] {
  return rawHeaders.filter((_, at) => !/^(connection|keep-alive)$/i.test(rawHeaders[at - (at % 2)]));
}

/** Passes a body on with one byte that is another. */
function corrupting(atByte: number): (body: AsyncIterable<Buffer>) => AsyncGenerator<Buffer> {
  return async function* (body) {
    let at = 0;
    for await (const chunk of body) {
      if (atByte >= at && atByte < at + chunk.length) chunk[atByte - at] ^= 1;
      at += chunk.length;
      yield chunk;
    }
  };
}

/** Starts a proxy on the loopback interface before the service at `target`. Close it with `close()`, or declare it with `await using`. */
export async function startFaultProxy(target: string, failureBody: FailureBody): Promise<FaultProxy> {
  const server = createServer({ keepAliveTimeout: 30_000 });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  return new FaultProxy(server, target, failureBody);
}
