import assert from 'node:assert/strict';
import { openStore } from '../../../runner/storage/open.ts';
import { GcsStore } from '../../../runner/storage/gcs/gcsStore.ts';
import type { ObjectStore, StorageOptions } from '../../../runner/storage/objectStore.ts';
import { accountSecrets, defaultAccount, defaultProject, keyFile, serviceAccount, startGcsServer, userAccount, userFile } from '../../servers/gcsServer.ts';
import type { GcsServer, GcsServerOptions } from '../../servers/gcsServer.ts';
import { GoogleHome } from './gcsHome.ts';
import type { GoogleSetup } from './gcsHome.ts';
import { holdsNoSecret, impatient, isError, listAll, text } from './objectStoreSuite.ts';

const person = userAccount('person@example.org');
const gone = userAccount('gone@example.org', { revoked: true });
const deleted = serviceAccount('deleted');
const workload = serviceAccount('workload', { subjectToken: 'SUBJECT-TOKEN' });
const secrets = [...accountSecrets, 'SUBJECT-TOKEN', 'Bearer '];

describe('GcsStore: who may do what', () => {
  const home = new GoogleHome();
  let server: GcsServer;

  const begin = async (setup: (endpoint: string) => GoogleSetup, options: GcsServerOptions = {}): Promise<void> => {
    server = await startGcsServer({ accounts: [defaultAccount, person, gone, workload], buckets: { lab: {} }, ...options });
    await server.put('lab', 'a.txt', 'alpha');
    home.enter(setup(server.endpoint));
  };
  const lab = (options: StorageOptions = {}): ObjectStore => new GcsStore({ scheme: 'gs', bucket: 'lab', prefix: '' }, { gcsEndpoint: server.endpoint, ...options }, impatient);
  const asks = (): number => server.requests.filter(({ api }) => api === 'token').length;

  /** Every kind of request fails in the same way, and nothing that is thrown holds a secret. */
  const allFail = async (store: ObjectStore, ...expected: Parameters<typeof isError>): Promise<void> => {
    for (const request of [() => store.read('a.txt'), () => store.stat('a.txt'), () => listAll(store, ''), () => store.write('b.txt', 'beta'), () => store.delete('a.txt'), () => store.write('large', new Uint8Array(9_000_000))]) {
      await assert.rejects(request, (error) => {
        isError(...expected)(error);
        holdsNoSecret(error, secrets);
        return true;
      });
    }
    assert.deepEqual(await server.names('lab'), ['a.txt']);
  };

  const printed: unknown[] = [];
  const { warn } = console;
  beforeEach(() => {
    printed.length = 0;
    console.warn = (...words) => void printed.push(words);
  });
  afterEach(async () => {
    console.warn = warn;
    await server.close();
    home.leave();
    assert.deepEqual(printed, [], 'the library prints nothing');
  });

  const adc = (content: (endpoint: string) => object) => (endpoint: string): GoogleSetup => ({ applicationDefault: content(endpoint) });
  const named = (content: object | string): GoogleSetup => ({ files: { 'keys/lab.json': content }, environment: { GOOGLE_APPLICATION_CREDENTIALS: 'HOME/keys/lab.json' } });

  it('uses what gcloud auth application-default login wrote', async () => {
    await begin(adc((endpoint) => userFile(person, endpoint)));
    const store = lab();
    assert.equal(text(await store.read('a.txt')), 'alpha');
    await store.write('b.txt', 'beta');
    assert.equal(asks(), 1, 'a token serves for many requests');
    assert.ok(server.requests.every(({ userProject }) => userProject === undefined), 'nobody pays who did not say so');
  });

  it('uses what gcloud wrote into another folder', async () => {
    await begin((endpoint) => ({ files: { 'other/application_default_credentials.json': userFile(person, endpoint) }, environment: { CLOUDSDK_CONFIG: 'HOME/other' } }));
    assert.equal(text(await lab().read('a.txt')), 'alpha');
  });

  it('uses the key of a service account that GOOGLE_APPLICATION_CREDENTIALS names', async () => {
    await begin((endpoint) => named(keyFile(defaultAccount, endpoint)));
    const store = openStore('gs://lab', { gcsEndpoint: server.endpoint });
    const reads = await Promise.all(Array.from({ length: 8 }, () => store.read('a.txt')));
    assert.ok(reads.every((bytes) => text(bytes) === 'alpha'));
    assert.equal(asks(), 1, 'one exchange for requests at the same time');
  });

  it('prefers the file that --gcs-credentials names', async () => {
    await begin((endpoint) => ({ ...named('nothing'), files: { 'mine.json': keyFile(defaultAccount, endpoint), 'keys/lab.json': 'nothing' } }));
    assert.equal(text(await lab({ gcsCredentials: home.path('mine.json') }).read('a.txt')), 'alpha');
    await allFail(lab(), 'auth-missing', 'GOOGLE_APPLICATION_CREDENTIALS', 'no usable credentials file', 'lab.json');
  });

  it('uses the identity of a workload elsewhere (external_account)', async () => {
    await begin(() => ({ ...named(''), files: { subject: 'SUBJECT-TOKEN' } }));
    home.write({
      'keys/lab.json': {
        type: 'external_account', audience: '//iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/pool/providers/lab',
        subject_token_type: 'urn:ietf:params:oauth:token-type:jwt', token_url: `${server.endpoint}/v1/token`, credential_source: { file: home.path('subject') },
      },
    });
    assert.equal(text(await lab().read('a.txt')), 'alpha');
    home.write({ subject: 'ANOTHER' });
    await allFail(lab(), 'auth-expired', 'again');
  });

  it('acts as another account where the file says so (impersonated_service_account)', async () => {
    await begin((endpoint) => named({
      type: 'impersonated_service_account', source_credentials: userFile(person, endpoint), delegates: [],
      service_account_impersonation_url: `${endpoint}/v1/projects/-/serviceAccounts/${defaultAccount.email}:generateAccessToken`,
    }), { buckets: { lab: { grants: { [defaultAccount.email]: ['get'] } } } });
    assert.equal(text(await lab().read('a.txt')), 'alpha');
  });

  it('uses the account of a machine at Google', async () => {
    await begin(() => ({ environment: { METADATA_SERVER_DETECTION: 'assume-present' } }), { machine: defaultAccount });
    process.env.GCE_METADATA_HOST = new URL(server.endpoint).host;
    assert.equal(text(await lab().read('a.txt')), 'alpha');
    assert.ok(server.requests.some(({ api }) => api === 'token'));
  });

  it('asks for no credentials, and sends none, where STORAGE_EMULATOR_HOST points', async () => {
    await begin(adc((endpoint) => userFile(person, endpoint)), { buckets: { lab: { public: true } } });
    for (const host of [server.endpoint, new URL(server.endpoint).host, `${server.endpoint}/storage/v1/`]) {
      process.env.STORAGE_EMULATOR_HOST = host;
      assert.equal(text(await openStore('gs://lab').read('a.txt')), 'alpha');
    }
    assert.ok(server.requests.every(({ authorised }) => !authorised));
  });

  it('tells that there are no credentials, and the ways to have some', async () => {
    await begin(() => ({}));
    await allFail(lab(), 'auth-missing', 'gs://lab', 'gcloud auth application-default login', '--gcs-credentials', 'GOOGLE_APPLICATION_CREDENTIALS', '--anonymous');
    assert.equal(server.requests.length, 0);
  });

  it('goes on after a sign-in that followed a failure', async () => {
    await begin(() => ({}));
    const store = lab();
    await assert.rejects(store.read('a.txt'), isError('auth-missing'));
    home.write({ '.config/gcloud/application_default_credentials.json': userFile(person, server.endpoint) });
    assert.equal(text(await store.read('a.txt')), 'alpha');
  });

  it('tells which file is missing, or is none', async () => {
    await begin(() => ({ files: { 'half.json': '{"type": "service_account", "private_key": "PRIVATE KEY"', 'key.json': { type: 'service_account', client_email: 'x' }, 'other.json': { hello: 1 }, 'bad-key.json': { type: 'service_account', client_email: 'x@y', private_key: 'PRIVATE KEY nonsense', token_uri: 'http://127.0.0.1:9/' } } }));
    await allFail(lab({ gcsCredentials: home.path('absent.json') }), 'auth-missing', '--gcs-credentials', 'is not there', 'absent.json');
    for (const name of ['half.json', 'key.json', 'other.json']) await allFail(lab({ gcsCredentials: home.path(name) }), 'auth-missing', 'no usable credentials file', name);
    await allFail(lab({ gcsCredentials: home.path('bad-key.json') }), 'auth-missing', 'no usable credentials file', 'bad-key.json');
  });

  it('tells a key that was deleted, one of another account, and an account that is gone', async () => {
    await begin((endpoint) => named(keyFile(defaultAccount, endpoint, { foreign: true })));
    await allFail(lab(), 'access-denied', 'lab.json', defaultAccount.email, 'gcloud iam service-accounts keys create');
    home.write({ 'keys/lab.json': keyFile(deleted, server.endpoint) });
    await allFail(lab(), 'access-denied', deleted.email);
  });

  it('tells a sign-in that was withdrawn, and how to sign in again', async () => {
    await begin(adc((endpoint) => userFile(gone, endpoint)));
    await allFail(lab(), 'auth-expired', 'gcloud auth application-default login', 'finished work is kept');
  });

  it('goes on with a new sign-in once the old one is withdrawn, without a failure', async () => {
    await begin(adc((endpoint) => userFile(gone, endpoint)));
    const store = lab();
    await assert.rejects(store.read('a.txt'), isError('auth-expired'));
    home.write({ '.config/gcloud/application_default_credentials.json': userFile(person, server.endpoint) });
    assert.equal(text(await store.read('a.txt')), 'alpha');
    server.tokens.withdrawAll();
    assert.equal(text(await store.read('a.txt')), 'alpha');
    assert.equal((await listAll(store, '')).length, 1);
  });

  it('gets new tokens when old ones end', async () => {
    let now = Date.now();
    await begin((endpoint) => named(keyFile(defaultAccount, endpoint)), { now: () => now, tokenLifetime: 600 });
    const store = lab();
    assert.equal(text(await store.read('a.txt')), 'alpha');
    // The service's clock goes on, this machine's does not: as after a nap of the machine.
    now += 601_000;
    assert.equal(text(await store.read('a.txt')), 'alpha');
    assert.equal(asks(), 2);
  });

  it('tells a clock that is wrong', async () => {
    await begin((endpoint) => named(keyFile(defaultAccount, endpoint)), { now: () => Date.now() + 7_200_000 });
    await allFail(lab(), 'access-denied', 'clock', 'timedatectl');
  });

  it('tells a token service that cannot be reached, and tries again where it falters', async () => {
    await begin(() => named(keyFile(defaultAccount, 'http://127.0.0.1:9')));
    await allFail(lab(), 'network', 'The token service of Google cannot be reached');
    home.write({ 'keys/lab.json': keyFile(defaultAccount, server.endpoint) });
    server.inject({ match: ({ api }) => api === 'token', fault: { kind: 'status', status: 503, code: 'unavailable' }, times: 2 });
    server.inject({ match: ({ api }) => api === 'token', fault: { kind: 'reset' } });
    assert.equal(text(await lab().read('a.txt')), 'alpha');
    assert.equal(asks(), 4);
  });

  it('tells a denial, what right it takes, and for whom', async () => {
    await begin((endpoint) => named(keyFile(defaultAccount, endpoint)), { buckets: { lab: { grants: { [defaultAccount.email]: ['look'] } } } });
    const member = `--member=serviceAccount:${defaultAccount.email}`;
    await assert.rejects(lab().read('a.txt'), isError('access-denied', 'gs://lab/a.txt', 'roles/storage.objectViewer', member, 'check the spelling', '--requester-pays'));
    await assert.rejects(listAll(lab(), 'x'), isError('access-denied', 'gs://lab/x', 'roles/storage.objectViewer'));
    await assert.rejects(lab().write('b', 'x'), isError('access-denied', 'roles/storage.objectUser', 'gcloud storage buckets add-iam-policy-binding gs://lab'));
    await allFail(lab(), 'access-denied', 'gs://lab');
  });

  it('may write where it may not read', async () => {
    await begin((endpoint) => named(keyFile(defaultAccount, endpoint)), { buckets: { lab: { grants: { [defaultAccount.email]: ['create'] } } } });
    assert.equal((await lab().write('b', 'beta')).size, 4);
    await assert.rejects(lab().write('b', 'again'), isError('access-denied', 'roles/storage.objectUser'));
    await assert.rejects(lab().read('b'), isError('access-denied'));
  });

  it('pays by the project that is named, or known', async () => {
    await begin((endpoint) => named(keyFile(defaultAccount, endpoint)), { projects: [defaultProject, 'lab-budget'], buckets: { lab: { requesterPays: true } } });
    await allFail(lab(), 'requester-pays', '--requester-pays', '--gcs-project');
    const paid = (): string | undefined => server.requests.at(-1)?.userProject;
    assert.equal(text(await lab({ requesterPays: true, gcsProject: 'lab-budget' }).read('a.txt')), 'alpha');
    assert.equal(paid(), 'lab-budget');
    assert.equal(text(await lab({ requesterPays: true }).read('a.txt')), 'alpha');
    assert.equal(paid(), defaultProject, 'of the key file');
    process.env.GOOGLE_CLOUD_QUOTA_PROJECT = 'lab-budget';
    assert.equal(text(await lab({ requesterPays: true }).read('a.txt')), 'alpha');
    assert.equal(paid(), 'lab-budget');
    await allFail(lab({ requesterPays: true, gcsProject: 'somebody-elses' }), 'access-denied', '"somebody-elses"', 'roles/serviceusage.serviceUsageConsumer');
  });

  it('says that no project is known that could pay', async () => {
    await begin(adc((endpoint) => ({ ...userFile(person, endpoint), quota_project_id: undefined })), { buckets: { lab: { requesterPays: true } } });
    await allFail(lab({ requesterPays: true }), 'requester-pays', '--gcs-project', 'GOOGLE_CLOUD_PROJECT');
    home.write({ '.config/gcloud/configurations/config_default': '[core]\nproject = lab-budget\n' });
    assert.equal(text(await lab({ requesterPays: true }).read('a.txt')), 'alpha');
    assert.equal(server.requests.at(-1)?.userProject, 'lab-budget');
  });

  it('sends no token over a line that others can read', async () => {
    await begin(adc((endpoint) => userFile(person, endpoint)));
    await allFail(lab({ gcsEndpoint: 'http://storage.example.org' }), 'bad-option', 'not encrypted', 'http://storage.example.org');
    for (const gcsEndpoint of ['ftp://storage.example.org', 'storage', 'http://user:word@127.0.0.1']) await allFail(lab({ gcsEndpoint }), 'bad-option', 'endpoint');
    assert.equal(asks(), 0);
  });

  it('reads public buckets without a token', async () => {
    await begin(adc((endpoint) => userFile(gone, endpoint)), { buckets: { lab: { public: true } } });
    const store = lab({ anonymous: true });
    assert.equal(text(await store.read('a.txt')), 'alpha');
    assert.equal(await store.read('absent'), undefined);
    assert.ok(server.requests.every(({ authorised, api }) => !authorised && api !== 'token'));
    await assert.rejects(store.write('b', 'x'), isError('access-denied', 'Not open to the public', '--anonymous'));
  });
});
