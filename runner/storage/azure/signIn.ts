import type { AccessToken, GetTokenOptions, TokenCredential } from '@azure/identity';
import { rememberSecrets } from '../../protocol/knownSecrets.ts';

/** How long before its end a token is replaced, in milliseconds: more than the two minutes of the SDK, which then finds a fresh one. */
const renewBeforeMs = 3 * 60_000;
/** How long after a failed renewal the next one is tried, in milliseconds. */
const tryAgainMs = 30_000;

/**
 * The user's sign-in as the Azure tools keep it: environment (service principal), workload identity, managed identity, then
 * the sign-ins of az, Azure PowerShell and azd. It is made at the first request; the library takes a while to load.
 *
 * The SDK renews tokens in the background, where nobody would hear of a failure. Therefore a renewal that fails gives the
 * old token once more: the service refuses it when it has ended, and that refusal reaches the user.
 */
export class SignIn implements TokenCredential {
  readonly #now: () => number;
  readonly #make: () => Promise<TokenCredential>;
  #credential: Promise<TokenCredential> | undefined;
  #renewing: Promise<AccessToken> | undefined;
  #token: AccessToken | undefined;
  /** The directory that owns the account, as its first refusal tells when it is not the user's own. */
  #tenant: string | undefined;
  #failed = -Infinity;

  constructor(make: () => Promise<TokenCredential> = defaultCredential, now: () => number = Date.now) {
    this.#make = make;
    this.#now = now;
  }

  async getToken(scopes: string | string[], options: GetTokenOptions = {}): Promise<AccessToken> {
    const elsewhere = options.tenantId !== undefined && options.tenantId !== this.#tenant;
    if (elsewhere) this.#tenant = options.tenantId;
    if (elsewhere || options.claims !== undefined) {
      this.#token = undefined;
      this.#renewing = undefined;
    }
    const held = this.#token;
    const now = this.#now();
    if (held !== undefined && (now < held.expiresOnTimestamp - renewBeforeMs || now < this.#failed + tryAgainMs)) return held;
    if (this.#renewing === undefined) {
      const renewing = this.#renew(scopes, options, held);
      const forget = (): void => {
        if (this.#renewing === renewing) this.#renewing = undefined;
      };
      this.#renewing = renewing;
      renewing.then(forget, forget);
    }
    return this.#renewing;
  }

  async #renew(scopes: string | string[], { claims, enableCae }: GetTokenOptions, held: AccessToken | undefined): Promise<AccessToken> {
    try {
      this.#credential ??= this.#make();
      const tenantId = this.#tenant;
      const found = await (await this.#credential).getToken(scopes, { claims, enableCae, ...(tenantId === undefined ? {} : { tenantId }) });
      if (found === null) throw Object.assign(new Error('No token'), { name: 'CredentialUnavailableError' });
      rememberSecrets([found.token]);
      const token = { token: found.token, expiresOnTimestamp: found.expiresOnTimestamp, tokenType: found.tokenType };
      if (tenantId === this.#tenant) this.#token = token;
      return token;
    } catch (error) {
      if (held === undefined) throw error;
      this.#failed = this.#now();
      return held;
    }
  }
}

async function defaultCredential(): Promise<TokenCredential> {
  const { DefaultAzureCredential } = await import('@azure/identity');
  return new DefaultAzureCredential();
}
