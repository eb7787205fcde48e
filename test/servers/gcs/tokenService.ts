import type { Answer } from './answer.ts';
import type { ParsedRequest } from './request.ts';
import { TokenFailure } from './tokens.ts';
import type { TokenAuthority } from './tokens.ts';
import type { GcsAccount } from './accounts.ts';

/**
 * The services that give tokens: OAuth's token endpoint, the security token service for workloads elsewhere, IAM
 * credentials for acting as another account, and the metadata server of a machine at Google. `machine`: whose account the
 * machine has.
 */
export function tokenOperation(tokens: TokenAuthority, request: ParsedRequest, body: Buffer, machine: GcsAccount | undefined): Answer {
  try {
    const [first] = request.parts;
    if (first === '' || first === 'computeMetadata') return metadata(tokens, request, machine);
    if (first === 'tokeninfo') {
      const known = tokens.accountOf(new URLSearchParams(body.toString()).get('access_token') ?? '');
      return known === undefined ? plain(400, { error: 'invalid_token', error_description: 'Invalid Value' }) : plain(200, { email: known.email, expires_in: String(tokens.lifetime) });
    }
    if (request.method !== 'POST') throw new TokenFailure(405, 'method_not_allowed', 'The token services take POST only.');
    const impersonated = /^v1\/projects\/-\/serviceAccounts\/([^/:]+):generateAccessToken$/.exec(request.parts.join('/'))?.[1];
    if (impersonated === undefined) return plain(200, tokens.exchange(new URLSearchParams(body.toString())));
    const caller = tokens.accountOf(/^Bearer (.+)$/.exec(request.headers.authorization ?? '')?.[1] ?? '');
    if (caller === undefined) throw new TokenFailure(401, 'UNAUTHENTICATED', 'Request had invalid authentication credentials.');
    return plain(200, tokens.impersonate(impersonated));
  } catch (error) {
    if (!(error instanceof TokenFailure)) throw error;
    // IAM tells errors as Google's APIs do, OAuth as RFC 6749 says.
    const isApi = /^[A-Z_]+$/.test(error.code);
    return plain(error.status, isApi ? { error: { code: error.status, message: error.message, status: error.code } } : { error: error.code, error_description: error.message });
  }
}

function metadata(tokens: TokenAuthority, request: ParsedRequest, machine: GcsAccount | undefined): Answer {
  const flavour = { 'metadata-flavor': 'Google' };
  if (machine === undefined) return { status: 404 };
  if (request.headers['metadata-flavor'] !== 'Google') return { status: 403, headers: flavour };
  const path = request.parts.join('/');
  if (path.endsWith('/service-accounts/default/token')) return { ...plain(200, tokens.give(machine)), headers: { ...flavour, 'content-type': 'application/json' } };
  if (path.endsWith('/service-accounts/default/email')) return { status: 200, headers: { ...flavour, 'content-type': 'application/text' }, body: machine.email };
  return path === '' || path === 'computeMetadata/v1/instance' ? { status: 200, headers: flavour, body: 'computeMetadata/' } : { status: 404, headers: flavour };
}

function plain(status: number, value: object): Answer {
  return { status, headers: { 'content-type': 'application/json; charset=UTF-8' }, body: JSON.stringify(value) };
}
