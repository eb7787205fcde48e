import assert from 'node:assert/strict';
import { chmodSync, readFileSync, rmSync } from 'node:fs';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { AzureStore } from '../../../runner/storage/azure/azureStore.ts';
import type { StorageOptions } from '../../../runner/storage/objectStore.ts';
import { startAzurite } from '../../servers/azurite.ts';
import type { Azurite } from '../../servers/azurite.ts';
import { entraToken, loopbackCertificate, startIdentityServer } from '../../servers/identityServer.ts';
import type { IdentityServer, TokenClaims } from '../../servers/identityServer.ts';
import { AzureHome } from './azureHome.ts';
import { holdsNoSecret, isError, pattern } from './conformance/assertions.ts';
import { impatient, listAll, text } from './objectStoreSuite.ts';

/** A program in the place of az: it notes how it was called, and says what is in files. */
const az = '#!/bin/sh\necho "$@" >> "$HOME/az.log"\nif [ -f "$HOME/az.error" ]; then /bin/cat "$HOME/az.error" >&2; exit 1; fi\n/bin/cat "$HOME/az.json"\nif [ -f "$HOME/az.next" ]; then /bin/mv "$HOME/az.next" "$HOME/az.json"; fi\n';

// The real @azure/identity, against a machine's token service and a stand-in for az; the tokens go to azurite over https.
describe('AzureStore: signing in', function () {
  this.timeout(120_000);
  const home = new AzureHome();
  const trusted = getCACertificates('default');
  let azurite: Azurite;
  let identity: IdentityServer;
  let cert: string;
  let users = 0;

  before(async () => {
    const https = await loopbackCertificate();
    cert = https.cert;
    setDefaultCACertificates([...trusted, cert]);
    azurite = await startAzurite({ https });
    identity = await startIdentityServer();
    await azurite.container('lab').create();
    await azurite.put('lab', 'a.txt', 'alpha');
  });
  after(async () => {
    await identity.close();
    await azurite.close();
    setDefaultCACertificates(trusted);
  });
  beforeEach(() => {
    home.enter();
    identity.claims = {};
    identity.toldToEndIn = undefined;
    identity.resources.splice(0);
  });
  afterEach(() => home.leave());

  const lab = (options: StorageOptions = {}): AzureStore => new AzureStore({ scheme: 'az', account: 'lab', bucket: 'lab', prefix: '' }, { azureEndpoint: azurite.endpoint(), ...options }, impatient);
  /** Another machine of Azure: the library keeps tokens of an identity for as long as the process lives. */
  const onMachine = (): void => home.set({ AZURE_TOKEN_CREDENTIALS: undefined, ...identity.environment(`user-${++users}`) });
  /** What az says of a token; `told`: when it says that it ends. */
  const said = (token: TokenClaims, told = token.endsIn ?? 3_600_000): object => ({ accessToken: entraToken(token), expires_on: Math.floor((Date.now() + told) / 1000), tokenType: 'Bearer' });
  const withAz = (files: Readonly<Record<string, string | object>>): void => {
    home.home.write({ az, ...files });
    chmodSync(home.home.path('az'), 0o755);
  };
  const secrets = ['eyJ', 'TOKEN-SIGNATURE', 'IDENTITY-HEADER-SECRET', 'Bearer ey'];
  const refuses = async (work: () => Promise<unknown>, ...expected: Parameters<typeof isError>): Promise<void> =>
    assert.rejects(work, (error) => {
      isError(...expected)(error);
      holdsNoSecret(error, secrets);
      return true;
    });

  it('takes the identity of a machine of Azure, one token for many requests', async () => {
    onMachine();
    const store = lab();
    await Promise.all(Array.from({ length: 12 }, async () => assert.equal(text(await store.read('a.txt')), 'alpha')));
    await store.write('out/large', pattern(9_000_000));
    assert.deepEqual((await listAll(store, '', { recursive: true })).map((entry) => entry.key), ['a.txt', 'out/large']);
    await store.delete('out/large');
    assert.deepEqual(identity.resources, ['https://storage.azure.com']);
  });

  it('takes the sign-in of az', async () => {
    withAz({ 'az.json': said({}) });
    assert.equal(text(await lab().read('a.txt')), 'alpha');
    assert.equal(readFileSync(home.home.path('az.log'), 'utf8'), 'account get-access-token --output json --resource https://storage.azure.com\n');
  });

  it('prefers keys of the environment, and leaves those of another account alone', async () => {
    onMachine();
    home.set({ AZURE_STORAGE_KEY: azurite.key() });
    assert.equal(text(await lab().read('a.txt')), 'alpha');
    assert.deepEqual(identity.resources, []);
    home.set({ AZURE_STORAGE_ACCOUNT: 'other' });
    assert.equal(text(await lab().read('a.txt')), 'alpha');
    assert.equal(identity.resources.length, 1);
  });

  it('renews tokens that are about to end', async () => {
    onMachine();
    identity.claims = { endsIn: 60_000 };
    const store = lab();
    assert.equal(text(await store.read('a.txt')), 'alpha');
    // The next token is fetched while the first is still good.
    while (identity.resources.length < 2) assert.equal(text(await store.read('a.txt')), 'alpha');
  });

  it('goes on with the old token when there is no new one yet', async () => {
    onMachine();
    identity.claims = { endsIn: 60_000 };
    const store = lab();
    assert.equal(text(await store.read('a.txt')), 'alpha');
    identity.claims = undefined;
    while (identity.resources.length < 2) assert.equal(text(await store.read('a.txt')), 'alpha');
    assert.equal(text(await store.read('a.txt')), 'alpha');
  });

  it('goes on with a new token when the old one is refused, without a failure', async () => {
    const [ended, good] = [said({ endsIn: -60_000 }, 3_600_000), said({})];
    withAz({ 'az.json': ended, 'az.next': good });
    const store = lab();
    assert.equal(text(await store.read('a.txt')), 'alpha');
    withAz({ 'az.json': ended, 'az.next': good });
    assert.equal((await listAll(lab(), '')).length, 1);
  });

  it('tells that a token is refused: one for another service', async () => {
    onMachine();
    identity.claims = { audience: 'https://graph.microsoft.com' };
    await refuses(() => lab().read('a.txt'), 'access-denied', 'az account show', 'az login');
    await refuses(() => listAll(lab(), ''), 'access-denied', 'az login');
    await refuses(() => lab().write('b.txt', 'x'), 'access-denied', 'az login');
  });

  it('tells that a token has ended', async () => {
    onMachine();
    identity.claims = { endsIn: -60_000 };
    identity.toldToEndIn = 3_600_000;
    await refuses(() => lab().stat('a.txt'), 'auth-expired', 'az login', 'finished work is kept');
    await refuses(() => listAll(lab(), ''), 'auth-expired', 'az login');
  });

  it('tells that nobody has signed in, by any of the ways there are', async () => {
    await refuses(() => lab().read('a.txt'), 'auth-missing', '"lab"', 'az login', 'AZURE_STORAGE_KEY', '--anonymous');
    withAz({ 'az.error': "ERROR: Please run 'az login' to setup account.\n" });
    await refuses(() => lab().read('a.txt'), 'auth-missing', 'az login');
    home.set({ AZURE_STORAGE_KEY: 'x', AZURE_STORAGE_ACCOUNT: 'other' });
    await refuses(() => lab().read('a.txt'), 'auth-missing', 'AZURE_STORAGE_KEY is not used', '"other"');
  });

  it('tells that the sign-in of az has expired, without repeating what az says', async () => {
    withAz({ 'az.error': 'ERROR: AADSTS700082: The refresh token eyJSECRET has expired due to inactivity.\nTo re-authenticate, please run:\naz login --scope https://storage.azure.com/.default\n' });
    await refuses(() => lab().read('a.txt'), 'auth-expired', 'az login', 'finished work is kept');
  });

  it('goes on after a sign-in that followed a failure', async () => {
    withAz({ 'az.error': "ERROR: Please run 'az login' to setup account.\n" });
    const store = lab();
    await refuses(() => store.read('a.txt'), 'auth-missing');
    rmSync(home.home.path('az.error'));
    withAz({ 'az.json': said({}) });
    assert.equal(text(await store.read('a.txt')), 'alpha');
  });

  it('is never sent unencrypted', async () => {
    onMachine();
    await refuses(() => lab({ azureEndpoint: azurite.endpoint().replace('https:', 'http:') }).read('a.txt'), 'auth-missing', 'not encrypted', 'https');
    assert.deepEqual(identity.resources, []);
  });

  it('names what makes a certificate trusted', async () => {
    setDefaultCACertificates(trusted);
    try {
      home.set({ AZURE_STORAGE_KEY: azurite.key() });
      await refuses(() => lab().read('a.txt'), 'network', 'certificate', 'NODE_EXTRA_CA_CERTS');
    } finally {
      setDefaultCACertificates([...trusted, cert]);
    }
  });
});
