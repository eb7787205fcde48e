import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { chmodSync } from 'node:fs';
import { text } from 'node:stream/consumers';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { fileURLToPath } from 'node:url';
import type { Health } from '../../../runner/protocol/health.ts';
import { UserHome } from '../../helpers/userHome.ts';
import { startAzurite } from '../../servers/azurite.ts';
import type { Azurite } from '../../servers/azurite.ts';
import { entraToken, loopbackCertificate, startIdentityServer } from '../../servers/identityServer.ts';
import type { IdentityServer } from '../../servers/identityServer.ts';
import { consult } from './doctorSupport.ts';
import type { Consultation, Question } from './doctorSupport.ts';

const cli = fileURLToPath(new URL('../../../runner/cli.ts', import.meta.url));
/** A program in the place of az that says what is in a file. */
const az = '#!/bin/sh\nif [ -f "$HOME/az.error" ]; then /bin/cat "$HOME/az.error" >&2; exit 1; fi\n/bin/cat "$HOME/az.json"\n';

describe('spimquant doctor at Azure Blob Storage', function () {
  this.timeout(120_000);
  const trusted = getCACertificates('default');
  let home: UserHome;
  let azurite: Azurite;
  let identity: IdentityServer;
  let cert: string;

  before(async () => {
    const https = await loopbackCertificate();
    cert = https.cert;
    setDefaultCACertificates([...trusted, https.cert]);
    azurite = await startAzurite({ https });
    identity = await startIdentityServer();
    await azurite.container('lab').create();
    await azurite.container('open').create({ access: 'container' });
    await azurite.container('empty').create();
    for (const container of ['lab', 'open']) await azurite.put(container, 'bids/dataset_description.json', '{}');
  });
  beforeEach(() => { home = new UserHome(); });
  afterEach(() => { home.remove(); });
  after(async () => {
    await identity.close();
    await azurite.close();
    setDefaultCACertificates(trusted);
  });

  const ask = async ({ storage, env, ...question }: Question): Promise<Consultation> =>
    consult(home, { patienceMs: 20_000, ...question, env: { PATH: home.folder, ...env }, storage: { azureEndpoint: azurite.endpoint(), ...storage } });
  const key = (): Record<string, string> => ({ AZURE_STORAGE_KEY: azurite.key() });
  const withAz = (files: Readonly<Record<string, string | object>>): void => {
    home.write({ az, ...files });
    chmodSync(home.path('az'), 0o755);
  };
  const blobs = async (container: string): Promise<string[]> => {
    const names: string[] = [];
    for await (const { name } of azurite.container(container).listBlobsFlat({ includeUncommitedBlobs: true })) names.push(name);
    return names;
  };

  it('says by what one is in, and what may be done, and leaves nothing behind', async () => {
    const found = await ask({ uri: 'az://lab/lab/bids', env: key() });
    assert.equal(found.service().status, 'well', found.text);
    assert.deepEqual(found.service().identity, { name: 'the account lab itself, by its key', account: 'lab', source: 'the variable AZURE_STORAGE_KEY' });
    for (const name of ['sign-in', 'identity', 'reach', 'clock', 'bucket', 'list', 'read', 'write'] as const) assert.equal(found.check(name).outcome, 'yes', `${name}: ${found.text}`);
    assert.deepEqual([...found.notices('error'), ...found.notices('warn'), ...found.notices('info')], []);
    assert.deepEqual(await blobs('lab'), ['bids/dataset_description.json']);
    const string = await ask({ uri: 'az://lab/lab/bids', env: { AZURE_STORAGE_CONNECTION_STRING: `DefaultEndpointsProtocol=https;AccountName=lab;AccountKey=${azurite.key()};BlobEndpoint=${azurite.endpoint()}` } });
    assert.equal(string.service().identity?.source, 'the variable AZURE_STORAGE_CONNECTION_STRING');
    assert.equal(string.health.readable, true);
  });

  it('says what a signature allows and when it ends', async () => {
    const found = await ask({ uri: 'az://lab/lab/bids', env: { AZURE_STORAGE_SAS_TOKEN: azurite.sas('lab', 'rl', 47 * 60_000 + 5000) } });
    assert.equal(found.health.readable, true, found.text);
    assert.equal(found.service().identity?.name, 'whoever has the shared access signature (rights rl)');
    assert.match(found.text, /Expires +in 47 minutes/);
    assert.equal(found.check('write').problem?.remedy, 'az-sas-rights');
    assert.match(found.notices('info')[0], /--permissions racwdl/);
  });

  it('reads from a token whose it is, and which program signed in', async () => {
    withAz({ 'az.json': { accessToken: entraToken({ more: { upn: 'anna@example.org', appid: '04b07795-8ddb-461a-bbee-02f9e1bf7b46' } }), expires_on: Math.floor(Date.now() / 1000) + 3600, tokenType: 'Bearer' } });
    const person = await ask({ uri: 'az://lab/lab/bids' });
    assert.equal(person.service().identity?.source, 'the sign-in of az (az login)', person.text);
    assert.match(person.service().identity?.name ?? '', /^anna@example\.org \(object [0-9a-f-]+\)$/);
    assert.match(person.service().identity?.account ?? '', /^directory [0-9a-f-]+$/);
    assert.equal(person.health.readable, true);
    assert.doesNotMatch(JSON.stringify(person.result), /eyJ|TOKEN-SIGNATURE/);
  });

  it('knows the identity of a machine', async () => {
    home.write({ 'ca.pem': cert });
    // The library takes a process to stay on one machine.
    const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', cli, 'doctor', 'az://lab/lab/bids', '--azure-endpoint', azurite.endpoint(), '--json'], {
      env: home.env({ ...identity.environment('doctor'), AZURE_TOKEN_CREDENTIALS: 'prod', NODE_EXTRA_CA_CERTS: home.path('ca.pem') }), stdio: ['ignore', 'pipe', 'inherit'],
    });
    const answer = await text(child.stdout);
    const { health } = JSON.parse(answer) as { readonly health: Health };
    assert.equal(health.services[0].identity?.source, 'the managed identity of this machine', answer);
    assert.equal(health.services[0].identity?.renews, true);
    assert.equal(health.readable, true);
    assert.doesNotMatch(answer, /eyJ|TOKEN-SIGNATURE|IDENTITY-HEADER/);
  });

  const cases: readonly { readonly what: string; readonly question: () => Question; readonly prepare?: () => void; readonly remedy: string; readonly step: RegExp }[] = [
    { what: 'no credentials', question: () => ({}), remedy: 'az-none', step: /"az login"/ },
    { what: 'a sign-in that has expired', question: () => ({}), prepare: () => { withAz({ 'az.error': 'ERROR: AADSTS700082: The refresh token eyJSECRET has expired due to inactivity.\nTo re-authenticate, please run:\naz login --scope https://storage.azure.com/.default\n' }); }, remedy: 'az-login', step: /Sign in again/ },
    { what: 'a key of another account', question: () => ({ env: { AZURE_STORAGE_KEY: Buffer.from('plantedKey').toString('base64') } }), remedy: 'az-key', step: /Set AZURE_STORAGE_KEY anew.*--account-name lab/ },
    { what: 'a signature that has expired', question: () => ({ env: { AZURE_STORAGE_SAS_TOKEN: azurite.sas('lab', 'rl', -60_000) } }), remedy: 'az-sas-expired', step: /AZURE_STORAGE_SAS_TOKEN to a new one/ },
    { what: 'a signature that is damaged', question: () => ({ env: { AZURE_STORAGE_SAS_TOKEN: azurite.sas('lab', 'rl').replace(/sig=[^&]+/, 'sig=plantedSignature') } }), remedy: 'az-sas', step: /AZURE_STORAGE_SAS_TOKEN anew/ },
    { what: 'a signature that may write only', question: () => ({ env: { AZURE_STORAGE_SAS_TOKEN: azurite.sas('lab', 'cw') } }), remedy: 'az-sas-rights', step: /--permissions rl/ },
    { what: 'a container that is not there', question: () => ({ uri: 'az://lab/labb/bids', env: key() }), remedy: 'az-no-container', step: /az storage container list --account-name lab/ },
    { what: 'a container that is not public', question: () => ({ storage: { anonymous: true } }), remedy: 'az-not-public', step: /Leave out "--anonymous"/ },
    { what: 'a sign-in that would be sent unencrypted', question: () => ({ storage: { azureEndpoint: azurite.endpoint().replace('https:', 'http:') } }), remedy: 'az-plain', step: /https address/ },
  ];
  for (const { what, question, prepare, remedy, step } of cases) {
    it(`says what to do about ${what}`, async () => {
      prepare?.();
      const found = await ask({ uri: 'az://lab/lab/bids', ...question() });
      const problems = found.service().checks.flatMap(({ problem }) => (problem === undefined ? [] : [problem]));
      const told = problems.find((each) => each.remedy === remedy);
      assert.ok(told !== undefined, `${remedy} is not among ${problems.map((each) => each.remedy).join(', ')}: ${found.text}`);
      assert.match(told.step, step);
      assert.equal(found.health.readable, false);
      assert.ok(found.notices('error').some((notice) => notice.includes(told.step)), found.text);
      assert.doesNotMatch(JSON.stringify(found.result), /planted|eyJ|sig=/);
    });
  }

  it('reads what is public, and knows places with nothing in them', async () => {
    const open = await ask({ uri: 'az://lab/open/bids', storage: { anonymous: true } });
    assert.equal(open.health.readable, true, open.text);
    const empty = await ask({ uri: 'az://lab/empty/out', env: key() });
    assert.match(empty.check('list').said, /nothing is there yet/);
    assert.equal(empty.health.readable, true);
  });

  it('without an address lists containers of the account that is named, and is content where nothing is set up', async () => {
    const some = await ask({ env: { ...key(), AZURE_STORAGE_ACCOUNT: 'lab' } });
    assert.equal(some.check('buckets', 'az').said, 'Of lab: empty, lab, open.', some.text);
    const none = await consult(home, { env: { PATH: home.folder }, patienceMs: 20_000 });
    assert.equal(none.service('az').status, 'unused', none.text);
    assert.deepEqual(none.notices('error'), []);
  });
});
