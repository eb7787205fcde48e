import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** Statuses and codes that the services of each kind refuse by, one after another. */
const refusals = {
  s3: [[403, 'AccessDenied'], [403, 'SignatureDoesNotMatch'], [400, 'ExpiredToken'], [400, 'InvalidArgument'], [404, 'NoSuchBucket'], [403, 'ECHO'], [409, 'ECHO']],
  gcs: [[403, 'forbidden'], [401, 'authError'], [400, 'required'], [404, 'notFound'], [403, 'ECHO'], [418, 'ECHO']],
  azure: [[403, 'AuthenticationFailed'], [403, 'AuthorizationFailure'], [404, 'ContainerNotFound'], [400, 'InvalidQueryParameterValue'], [403, 'ECHO'], [409, 'ECHO']],
  token: [[400, 'invalid_grant'], [401, 'invalid_client'], [403, 'ECHO']],
} as const;

/**
 * The worst of all services: it refuses every request, and repeats in its refusal all that it was sent (address, headers,
 * body; plain, percent-encoded and in base64), sometimes as the very code of the error. It speaks as S3, Google Cloud Storage, Azure,
 * a token service, or a proxy, whichever it is taken for.
 */
export class EchoServer {
  readonly endpoint: string;
  /** All that was sent so far, to see that secrets did arrive. */
  heard = '';
  readonly #server: Server;
  #turn = 0;

  /** Use {@link startEchoServer}. */
  constructor(server: Server) {
    this.#server = server;
    this.endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    server.on('request', (message: IncomingMessage, response: ServerResponse) => void this.#refuse(message, response));
    server.on('connect', (message, socket) => {
      const said = sent(message, '');
      this.heard += said;
      socket.on('error', () => undefined);
      socket.end(`HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: ${Buffer.byteLength(said)}\r\n\r\n${said}`);
    });
  }

  async close(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#server.close(() => { resolve(); });
      this.#server.closeAllConnections();
    });
  }

  async #refuse(message: IncomingMessage, response: ServerResponse): Promise<void> {
    response.on('error', () => undefined);
    const chunks: Buffer[] = [];
    for await (const chunk of message) chunks.push(chunk as Buffer);
    const said = sent(message, Buffer.concat(chunks).toString('latin1'));
    this.heard += said;
    const kind = kindOf(message);
    const [status, code] = refusals[kind][this.#turn++ % refusals[kind].length];
    // Sockets take no line breaks in headers.
    const shown = code === 'ECHO' ? said.replace(/\s+/g, ' ').slice(0, 1500) : code;
    const xml = `<?xml version="1.0"?><Error><Code>${escaped(shown)}</Code><Message>${escaped(said)}</Message><StringToSign>${escaped(said)}</StringToSign></Error>`;
    const body = kind === 'token' ? JSON.stringify({ error: shown, error_description: said })
      : kind === 'gcs' ? JSON.stringify({ error: { code: status, message: said, errors: [{ reason: shown, message: said }] } }) : xml;
    response.writeHead(status, { 'content-type': kind === 'gcs' || kind === 'token' ? 'application/json' : 'application/xml', 'x-ms-error-code': shown.slice(0, 300), 'x-amz-request-id': shown.slice(0, 300), 'content-length': Buffer.byteLength(body) });
    response.end(message.method === 'HEAD' ? undefined : body);
  }
}

function kindOf({ url = '', headers }: IncomingMessage): keyof typeof refusals {
  if (headers['x-ms-version'] !== undefined) return 'azure';
  if (/\/(token|federation|oauth2)/.test(url)) return 'token';
  return /\/storage\/v1\/|\/b\//.test(url) ? 'gcs' : 's3';
}

/** All of a request, in several forms. */
function sent({ method = '', url = '', rawHeaders }: IncomingMessage, body: string): string {
  const headers = rawHeaders.flatMap((name, at) => (at % 2 === 0 ? [`${name}: ${rawHeaders[at + 1]}`] : []));
  const plain = `${method} ${url}\n${headers.join('\n')}\n\n${body}`;
  // Values alone, without anything beside them that says what they are.
  const bare = rawHeaders.filter((_, at) => at % 2 === 1).map((value) => value.replace(/^\w+ /, '')).join(' | ');
  return [plain, bare, encodeURIComponent(plain), Buffer.from(plain).toString('base64'), Buffer.from(bare).toString('base64url')].join('\n');
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

/** Starts a server on the loopback interface. */
export async function startEchoServer(): Promise<EchoServer> {
  const server = createServer();
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  return new EchoServer(server);
}
