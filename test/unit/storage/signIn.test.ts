import assert from 'node:assert/strict';
import type { AccessToken, GetTokenOptions, TokenCredential } from '@azure/identity';
import { SignIn } from '../../../runner/storage/azure/signIn.ts';

const minute = 60_000;
const scope = 'https://storage.azure.com/.default';

/** A sign-in whose tokens last an hour, and whose clock and failures a test sets. */
class Bench {
  now = 0;
  works = true;
  readonly asked: GetTokenOptions[] = [];
  readonly signIn: SignIn;

  constructor() {
    const credential: TokenCredential = {
      getToken: async (_scopes, options: GetTokenOptions = {}): Promise<AccessToken> => {
        this.asked.push(options);
        if (!this.works) throw new Error('no token');
        return { token: `token-${this.asked.length}`, expiresOnTimestamp: this.now + 60 * minute, refreshAfterTimestamp: this.now };
      },
    };
    this.signIn = new SignIn(async () => credential, () => this.now);
  }

  async token(options?: GetTokenOptions): Promise<string> {
    return (await this.signIn.getToken(scope, options)).token;
  }
}

describe('SignIn', () => {
  it('keeps a token until three minutes before its end', async () => {
    const bench = new Bench();
    assert.deepEqual(await Promise.all([bench.token(), bench.token()]), ['token-1', 'token-1']);
    bench.now = 56 * minute;
    assert.equal(await bench.token(), 'token-1');
    bench.now = 58 * minute;
    assert.equal(await bench.token(), 'token-2');
    assert.equal(bench.asked.length, 2);
  });

  it('gives the old token when there is no new one, and asks again half a minute later', async () => {
    const bench = new Bench();
    await bench.token();
    bench.works = false;
    bench.now = 58 * minute;
    assert.equal(await bench.token(), 'token-1');
    assert.equal(await bench.token(), 'token-1');
    assert.equal(bench.asked.length, 2);
    bench.now = 61 * minute;
    assert.equal(await bench.token(), 'token-1', 'the service is to refuse it');
    bench.works = true;
    bench.now += minute;
    assert.equal(await bench.token(), 'token-4');
  });

  it('rejects as long as there has been no token at all', async () => {
    const bench = new Bench();
    bench.works = false;
    await assert.rejects(bench.token(), /no token/);
    bench.works = true;
    assert.equal(await bench.token(), 'token-2');
  });

  it('remembers the directory that the service asked for', async () => {
    const bench = new Bench();
    await bench.token();
    assert.equal(await bench.token({ tenantId: 'theirs' }), 'token-2');
    assert.equal(await bench.token(), 'token-2');
    assert.equal(await bench.token({ tenantId: 'theirs' }), 'token-2');
    bench.now = 60 * minute;
    assert.equal(await bench.token(), 'token-3');
    assert.deepEqual(bench.asked.map(({ tenantId }) => tenantId), [undefined, 'theirs', 'theirs']);
  });

  it('asks anew when the service makes a claim', async () => {
    const bench = new Bench();
    await bench.token();
    assert.equal(await bench.token({ claims: '{"access_token":{}}' }), 'token-2');
    assert.equal(bench.asked[1].claims, '{"access_token":{}}');
    assert.equal(await bench.token(), 'token-2');
  });
});
