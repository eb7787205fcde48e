import { createServer, request as forward } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { finished } from 'node:stream/promises';
import { FaultList } from './faults.ts';
import type { Fault, FaultRule } from './faults.ts';

/** A request as it passes by. Headers may hold signatures: nothing of it is kept but what tells the kind of request. */
export interface PassingRequest {
  readonly method: string;
  /** As sent, without the query. */
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingMessage['headers'];
}

/** Makes the body of an error as the service behind the proxy would. */
export type FailureBody = (fault: Extract<Fault, { kind: 'status' }>) => { readonly headers?: Readonly<Record<string, string>>; readonly body: string };

/**
 * Stands before a service that cannot be made to fail, passes requests on as they are (host name included, so that
 * signatures stay right), and lets faults happen to them.
 */
export class FaultProxy {
  readonly endpoint: string;
  /** Every request that arrived, oldest first. */
  readonly requests: PassingRequest[] = [];
  readonly #server: Server;
  readonly #target: URL;
  readonly #failureBody: FailureBody;
  readonly #faults = new FaultList<PassingRequest>();

  /** Use {@link startFaultProxy}. */
  constructor(server: Server, target: string, failureBody: FailureBody) {
    this.#server = server;
    this.endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    this.#target = new URL(target);
    this.#failureBody = failureBody;
    server.on('request', (message: IncomingMessage, response: ServerResponse) => void this.#serve(message, response));
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
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #serve(message: IncomingMessage, response: ServerResponse): Promise<void> {
    response.on('error', () => undefined);
    try {
      const url = new URL(message.url ?? '/', this.endpoint);
      const passing: PassingRequest = { method: message.method ?? 'GET', path: (message.url ?? '/').split('?')[0], query: url.searchParams, headers: message.headers };
      this.requests.push(passing);
      const fault = this.#faults.take(passing);
      if (fault?.kind === 'reset' && fault.afterBytes === undefined) {
        message.socket.resetAndDestroy();
        return;
      }
      const chunks: Buffer[] = [];
      for await (const chunk of message) chunks.push(chunk as Buffer);
      if (fault?.kind === 'hang' && fault.afterBytes === undefined) return;
      if (fault?.kind === 'wait') await fault.until;
      if (fault?.kind === 'status') {
        const { headers = {}, body } = this.#failureBody(fault);
        response.writeHead(fault.status, { ...headers, ...fault.headers, 'content-length': Buffer.byteLength(body) }).end(message.method === 'HEAD' ? undefined : body);
        return;
      }
      await this.#pass(message, Buffer.concat(chunks), response, fault);
    } catch {
      // One side went away in mid-request.
      message.socket.destroy();
    }
  }

  async #pass(message: IncomingMessage, body: Buffer, response: ServerResponse, fault: Fault | undefined): Promise<void> {
    const answer = await new Promise<IncomingMessage>((resolve, reject) => {
      const onward = forward({ host: this.#target.hostname, port: this.#target.port, method: message.method, path: message.url, headers: message.headers, agent: false }, resolve);
      onward.on('error', reject);
      response.once('close', () => onward.destroy());
      onward.end(body);
    });
    if (fault?.kind === 'lose-answer') {
      await finished(answer.resume());
      message.socket.resetAndDestroy();
      return;
    }
    // These two are about one connection, not about the answer.
    const headers = Object.entries(answer.headers).filter(([name]) => name !== 'connection' && name !== 'keep-alive');
    response.writeHead(answer.statusCode ?? 500, Object.fromEntries(headers));
    const limit = fault !== undefined && 'afterBytes' in fault ? fault.afterBytes : undefined;
    if (limit === undefined) {
      for await (const chunk of answer) {
        if (!response.write(chunk)) await new Promise((resolve) => response.once('drain', resolve));
      }
      response.end();
      return;
    }
    let sent = 0;
    for await (const chunk of answer) {
      const part = (chunk as Buffer).subarray(0, limit - sent);
      sent += part.length;
      // The flush makes sure that the client has the part before the line goes.
      await new Promise((resolve) => response.write(part, resolve));
      if (sent === limit) break;
    }
    if (fault?.kind === 'reset') message.socket.resetAndDestroy();
    else if (fault?.kind === 'truncate') message.socket.end();
  }
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
