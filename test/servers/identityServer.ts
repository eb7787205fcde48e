import { createServer } from 'node:http';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { generate } from 'selfsigned';

/** What a token of Microsoft Entra ID says, as far as a test sets it. Times are in milliseconds from now. */
export interface TokenClaims {
  /** When it ends; an hour from now when left out. */
  readonly endsIn?: number;
  readonly audience?: string;
  /** Further claims, such as `upn`. */
  readonly more?: Readonly<Record<string, string>>;
}

/** A token in the form of Microsoft Entra ID's, which emulators do not check the signature of. */
export function entraToken({ endsIn = 3_600_000, audience = 'https://storage.azure.com', more = {} }: TokenClaims = {}): string {
  const now = Math.floor(Date.now() / 1000);
  const directory = 'ab1f708d-50f6-404c-a006-d71b2ac7a606';
  const payload = { aud: audience, iss: `https://sts.windows.net/${directory}/`, tid: directory, oid: '11059fcc-5514-4800-b5f8-49808b9cfab6', iat: now - 7200, nbf: now - 7200, exp: now + Math.floor(endsIn / 1000), ...more };
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  return `${part({ typ: 'JWT', alg: 'RS256' })}.${part(payload)}.${Buffer.from('TOKEN-SIGNATURE').toString('base64url')}`;
}

/** Gives tokens to the programs of a machine, as App Service of Azure does (managed identity). */
export class IdentityServer {
  /** Of the requests so far. */
  readonly resources: string[] = [];
  /** What the next tokens say; undefined: nobody gets one. */
  claims: TokenClaims | undefined = {};
  /** When the tokens end, as the answer says; left out: as the token itself says. */
  toldToEndIn: number | undefined;
  readonly secret = 'IDENTITY-HEADER-SECRET';
  readonly #server: Server;

  /** Use {@link startIdentityServer}. */
  constructor(server: Server) {
    this.#server = server;
    server.on('request', (request, response) => {
      const { searchParams } = new URL(request.url ?? '/', 'http://localhost');
      const answer = (status: number, body: object): void => void response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
      if (request.headers['x-identity-header'] !== this.secret) return answer(401, { statusCode: 401, message: 'No.' });
      this.resources.push(searchParams.get('resource') ?? '');
      if (this.claims === undefined) return answer(400, { statusCode: 400, message: 'No identity was found' });
      const endsIn = this.toldToEndIn ?? this.claims.endsIn ?? 3_600_000;
      answer(200, { access_token: entraToken(this.claims), expires_on: String(Math.floor((Date.now() + endsIn) / 1000)), resource: searchParams.get('resource'), token_type: 'Bearer', client_id: searchParams.get('client_id') });
    });
  }

  /** The environment of a program on such a machine. Every client id has tokens of its own. */
  environment(clientId: string): Record<string, string> {
    return { IDENTITY_ENDPOINT: `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/msi/token`, IDENTITY_HEADER: this.secret, AZURE_CLIENT_ID: clientId };
  }

  async close(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#server.close(() => resolve());
      this.#server.closeAllConnections();
    });
  }
}

export async function startIdentityServer(): Promise<IdentityServer> {
  const server = createServer();
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  return new IdentityServer(server);
}

/** A certificate for the loopback interface, which nobody trusts who is not told to. */
export async function loopbackCertificate(): Promise<{ readonly cert: string; readonly key: string }> {
  const { cert, private: key } = await generate([{ name: 'commonName', value: 'localhost' }], {
    keyType: 'ec',
    algorithm: 'sha256',
    extensions: [
      { name: 'basicConstraints', cA: true, critical: true },
      { name: 'subjectAltName', altNames: [{ type: 2, value: 'localhost' }, { type: 7, ip: '127.0.0.1' }] },
    ],
  });
  return { cert, key };
}
