import { randomUUID, verify } from 'node:crypto';
import type { GcsAccount } from './accounts.ts';

/** What a token service says when it gives none. */
export class TokenFailure extends Error {
  readonly status: number;
  readonly code: string;

  constructor(status: number, code: string, description: string) {
    super(description);
    this.status = status;
    this.code = code;
  }
}

interface Token {
  readonly account: GcsAccount;
  /** Milliseconds since the epoch. */
  readonly expires: number;
}

const storageScopes = new Set([
  'https://www.googleapis.com/auth/cloud-platform', 'https://www.googleapis.com/auth/devstorage.full_control',
  'https://www.googleapis.com/auth/devstorage.read_write', 'https://www.googleapis.com/auth/devstorage.read_only',
]);

/** Gives access tokens to accounts that prove who they are, and knows them again. */
export class TokenAuthority {
  readonly #accounts: readonly GcsAccount[];
  readonly #audiences: ReadonlySet<string>;
  readonly #now: () => number;
  readonly #tokens = new Map<string, Token>();
  /** Seconds that a token lasts. */
  lifetime: number;

  constructor(accounts: readonly GcsAccount[], endpoint: string, lifetime: number, now: () => number) {
    this.#accounts = accounts;
    this.#audiences = new Set([`${endpoint}/token`, 'https://oauth2.googleapis.com/token']);
    this.lifetime = lifetime;
    this.#now = now;
  }

  /** The account of a token; undefined for a token that is unknown or has expired. */
  accountOf(token: string): GcsAccount | undefined {
    const known = this.#tokens.get(token);
    return known === undefined || known.expires <= this.#now() ? undefined : known.account;
  }

  /** Makes all tokens that were given useless, as when an account's sessions are ended. */
  withdrawAll(): void {
    this.#tokens.clear();
  }

  give(account: GcsAccount): { readonly access_token: string; readonly expires_in: number; readonly token_type: 'Bearer' } {
    if (account.revoked === true) throw new TokenFailure(400, 'invalid_grant', 'Token has been expired or revoked.');
    const access_token = `loopback-token-${randomUUID()}`;
    this.#tokens.set(access_token, { account, expires: this.#now() + this.lifetime * 1000 });
    return { access_token, expires_in: this.lifetime, token_type: 'Bearer' };
  }

  /** The token endpoint's answer to a form. Throws TokenFailure. */
  exchange(form: URLSearchParams): object {
    const get = (name: string): string => form.get(name) ?? '';
    switch (get('grant_type')) {
      case 'urn:ietf:params:oauth:grant-type:jwt-bearer':
        return this.give(this.#signer(get('assertion')));
      case 'refresh_token': {
        const client = this.#accounts.some(({ user }) => user?.clientId === get('client_id') && user.clientSecret === get('client_secret'));
        if (!client) throw new TokenFailure(401, 'invalid_client', 'The OAuth client was not found.');
        const account = this.#accounts.find(({ user }) => user?.refreshToken === get('refresh_token'));
        if (account === undefined) throw new TokenFailure(400, 'invalid_grant', 'Bad Request');
        return this.give(account);
      }
      case 'urn:ietf:params:oauth:grant-type:token-exchange': {
        const account = this.#accounts.find(({ subjectToken }) => subjectToken !== undefined && subjectToken === get('subject_token'));
        if (account === undefined) throw new TokenFailure(400, 'invalid_grant', 'The given credential is rejected by the attribute condition.');
        return { ...this.give(account), issued_token_type: 'urn:ietf:params:oauth:token-type:access_token' };
      }
      default:
        throw new TokenFailure(400, 'unsupported_grant_type', `Invalid grant_type: ${get('grant_type')}`);
    }
  }

  /** An access token of another account, for one that may have it. */
  impersonate(email: string): { readonly accessToken: string; readonly expireTime: string } {
    const account = this.#accounts.find((one) => one.email === email);
    if (account === undefined) throw new TokenFailure(404, 'NOT_FOUND', `Unknown service account ${email}`);
    return { accessToken: this.give(account).access_token, expireTime: new Date(this.#now() + this.lifetime * 1000).toISOString() };
  }

  /** Whose key has signed a JWT that is meant for this service and is fresh (RFC 7523). */
  #signer(assertion: string): GcsAccount {
    const [header, payload, signature, ...rest] = assertion.split('.');
    const { alg } = decode(header);
    const claims = decode(payload);
    if (alg !== 'RS256' || signature === undefined || rest.length > 0) throw new TokenFailure(400, 'invalid_grant', 'Invalid JWT: it must be signed by RS256.');
    const account = this.#accounts.find(({ email, publicKey }) => email === claims.iss && publicKey !== undefined);
    if (account?.publicKey === undefined) throw new TokenFailure(400, 'invalid_grant', 'Invalid grant: account not found');
    if (!verify('RSA-SHA256', Buffer.from(`${header}.${payload}`), account.publicKey, Buffer.from(signature, 'base64url'))) throw new TokenFailure(400, 'invalid_grant', 'Invalid JWT Signature.');
    if (!this.#audiences.has(String(claims.aud))) throw new TokenFailure(400, 'invalid_grant', `Invalid JWT: the audience ${String(claims.aud)} is another service.`);
    const [now, issued, expires] = [this.#now() / 1000, Number(claims.iat), Number(claims.exp)];
    const timely = expires > now && issued <= now + 300 && expires - issued <= 3600 && Number.isFinite(issued);
    if (!timely) throw new TokenFailure(400, 'invalid_grant', 'Invalid JWT: Token must be a short-lived token (60 minutes) and in a reasonable timeframe. Check your iat and exp values in the JWT claim.');
    if (!scopesOf(claims.scope).some((scope) => storageScopes.has(scope))) throw new TokenFailure(400, 'invalid_scope', 'Invalid OAuth scope or ID token audience provided.');
    return account;
  }
}

function scopesOf(scope: unknown): readonly string[] {
  return typeof scope === 'string' ? scope.split(' ') : [];
}

function decode(part: string | undefined): Readonly<Record<string, unknown>> {
  try {
    return JSON.parse(Buffer.from(part ?? '', 'base64url').toString()) as Readonly<Record<string, unknown>>;
  } catch {
    throw new TokenFailure(400, 'invalid_grant', 'Invalid JWT: Failed audience check.');
  }
}
