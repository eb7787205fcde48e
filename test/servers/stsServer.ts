// A Security Token Service for tests: real signatures, GetCallerIdentity and AssumeRole, in the form of the AWS Query API.
import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { S3Failure } from './s3/failure.ts';
import { parseQuery, sha256, verifySignature } from './s3/signature.ts';
import type { Credential } from './s3/signature.ts';
import { element } from './s3/xml.ts';
import type { Xml } from './s3/xml.ts';

/** Somebody the service knows. */
export interface Caller extends Credential {
  readonly arn: string;
  readonly account: string;
}

/** Keys that AssumeRole gives out for a role, by its ARN. Roles that are not here are denied. */
export type Roles = Readonly<Record<string, Credential & { readonly expires: Date }>>;

export class StsServer {
  readonly endpoint: string;
  /** Names of actions that were asked for, oldest first. */
  readonly actions: string[] = [];
  readonly #server: Server;
  readonly #callers: readonly Caller[];
  readonly #roles: Roles;

  /** Use {@link startStsServer}. */
  constructor(server: Server, callers: readonly Caller[], roles: Roles) {
    this.#server = server;
    this.endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    this.#callers = callers;
    this.#roles = roles;
    server.on('request', (message: IncomingMessage, response: ServerResponse) => void this.#serve(message, response));
  }

  async close(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#server.close(() => { resolve(); });
      this.#server.closeAllConnections();
    });
  }

  async #serve(message: IncomingMessage, response: ServerResponse): Promise<void> {
    const parts: Buffer[] = [];
    for await (const part of message) parts.push(part as Buffer);
    const body = Buffer.concat(parts).toString();
    const answer = (status: number, xml: Xml): void => { response.writeHead(status, { 'content-type': 'text/xml' }).end(xml.text); };
    try {
      answer(200, this.#answer(message, body));
    } catch (error) {
      const failure = error instanceof S3Failure ? error : new S3Failure(500, 'InternalFailure', String(error));
      // STS has another name for keys it does not know.
      const code = failure.code === 'InvalidAccessKeyId' ? 'InvalidClientTokenId' : failure.code;
      answer(failure.status, element('ErrorResponse', [element('Error', [element('Type', 'Sender'), element('Code', code), element('Message', failure.message)]), element('RequestId', 'r')]));
    }
  }

  #answer(message: IncomingMessage, body: string): Xml {
    const headers = Object.fromEntries(Object.entries(message.headers).map(([name, value]) => [name, String(value)]));
    const signer = verifySignature({ method: message.method ?? '', path: '/', query: [], headers, bodyHash: sha256(body) }, this.#callers, Date.now(), 'sts');
    const fields = new Map(parseQuery(body));
    const action = fields.get('Action') ?? '';
    this.actions.push(action);
    const caller = this.#callers.find(({ accessKeyId }) => accessKeyId === signer?.credential.accessKeyId);
    if (caller === undefined) throw new S3Failure(403, 'MissingAuthenticationToken', 'Request is missing Authentication Token');
    return element(`${action}Response`, [element(`${action}Result`, this.#result(action, caller, fields)), element('ResponseMetadata', [element('RequestId', 'r')])]);
  }

  #result(action: string, caller: Caller, fields: ReadonlyMap<string, string>): readonly Xml[] {
    if (action === 'GetCallerIdentity') return [element('Arn', caller.arn), element('UserId', 'AIDA'), element('Account', caller.account)];
    const arn = fields.get('RoleArn') ?? '';
    if (action !== 'AssumeRole' || !(arn in this.#roles)) throw new S3Failure(403, 'AccessDenied', `User: ${caller.arn} is not authorized to perform: sts:AssumeRole on resource: ${arn}`);
    const given = this.#roles[arn];
    return [
      element('Credentials', [element('AccessKeyId', given.accessKeyId), element('SecretAccessKey', given.secretAccessKey), element('SessionToken', given.sessionToken), element('Expiration', given.expires.toISOString())]),
      element('AssumedRoleUser', [element('Arn', `${arn}/session`), element('AssumedRoleId', 'AROA:session')]),
    ];
  }
}

/** Starts the service on the loopback interface. */
export async function startStsServer(callers: readonly Caller[], roles: Roles = {}): Promise<StsServer> {
  const server = createServer();
  await new Promise<void>((resolve) => { server.listen(0, '127.0.0.1', resolve); });
  return new StsServer(server, callers, roles);
}
