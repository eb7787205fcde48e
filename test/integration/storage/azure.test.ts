import assert from 'node:assert/strict';
import { AzureStore } from '../../../runner/storage/azure/azureStore.ts';
import type { StorageOptions } from '../../../runner/storage/objectStore.ts';
import type { Surroundings } from '../../../runner/storage/connection.ts';
import { startAzurite } from '../../servers/azurite.ts';
import type { Azurite } from '../../servers/azurite.ts';
import { startFaultProxy } from '../../servers/faultProxy.ts';
import type { FaultProxy } from '../../servers/faultProxy.ts';
import { azureFailureBody } from './azureFailures.ts';
import { AzureHome } from './azureHome.ts';
import { assertBytes, holdsNoSecret, impatient, isError, listAll, pattern, text } from './objectStoreSuite.ts';

describe('AzureStore', function () {
  this.timeout(120_000);
  const home = new AzureHome();
  let azurite: Azurite;
  let proxy: FaultProxy;
  let container: string;
  let count = 0;

  before(async () => {
    azurite = await startAzurite({ accounts: ['lab', 'other'] });
    proxy = await startFaultProxy(azurite.origin, azureFailureBody);
  });
  after(async () => {
    await proxy.close();
    await azurite.close();
  });
  beforeEach(async () => {
    home.enter({ AZURE_STORAGE_KEY: azurite.key() });
    container = `c${++count}-bids`;
    await azurite.container(container).create();
    proxy.requests.splice(0);
    proxy.clearFaults();
  });
  afterEach(() => home.leave());

  const lab = (options: StorageOptions = {}, surroundings: Partial<Surroundings> = {}): AzureStore =>
    new AzureStore({ scheme: 'az', account: 'lab', bucket: container, prefix: '' }, { azureEndpoint: proxy.endpoint, ...options }, { ...impatient, ...surroundings });
  const blob = (name: string) => azurite.container(container).getBlockBlobClient(name);
  const refuses = async (work: () => Promise<unknown>, ...expected: Parameters<typeof isError>): Promise<void> =>
    assert.rejects(work, (error) => {
      isError(...expected)(error);
      holdsNoSecret(error, [azurite.key(), 'sig=', 'SharedKey']);
      return true;
    });

  it('asks once for a range, and twice for the last bytes', async () => {
    await azurite.put(container, 'a.txt', 'alpha');
    const store = lab();
    assert.equal(text(await store.read('a.txt', { range: { offset: 1, length: 2 } })), 'lp');
    assert.deepEqual(proxy.requests.map(({ method, range }) => [method, range]), [['GET', 'bytes=1-2']]);
    assert.equal(text(await store.read('a.txt', { range: { suffix: 2 } })), 'ha');
    assert.deepEqual(proxy.requests.slice(1).map(({ method, range }) => [method, range]), [['HEAD', undefined], ['GET', 'bytes=3-4']]);
  });

  it('keeps its connections, and makes no more than requests are allowed at once', async () => {
    await azurite.put(container, 'a.txt', 'alpha');
    const before = proxy.connections;
    const store = lab({ concurrency: 3 });
    for (let round = 0; round < 10; round++) await store.read('a.txt');
    assert.equal(proxy.connections - before, 1);
    await Promise.all(Array.from({ length: 30 }, () => store.read('a.txt')));
    assert.ok(proxy.connections - before <= 3);
  });

  it('goes through the proxy that the environment names', async () => {
    await azurite.put(container, 'a.txt', 'alpha');
    home.set({ HTTP_PROXY: proxy.endpoint });
    const store = lab({ azureEndpoint: azurite.endpoint() });
    assert.equal(text(await store.read('a.txt')), 'alpha');
    assert.deepEqual(proxy.requests.map(({ path }) => path), [`/lab/${container}/a.txt`]);
  });

  it('tells browsers what they get, and leaves a mark of its own', async () => {
    await lab().write('report.html', '<p>');
    const { contentType, metadata } = await blob('report.html').getProperties();
    assert.equal(contentType, 'text/html; charset=utf-8');
    assert.deepEqual(Object.keys(metadata ?? {}), ['spimquant_write']);
  });

  it('passes over blobs that stand for folders', async () => {
    await blob('data/sub-01').upload('', 0, { metadata: { hdi_isfolder: 'true' } });
    await azurite.put(container, 'data/sub-01/a.txt', 'alpha');
    const store = lab();
    assert.deepEqual((await listAll(store, 'data')).map((entry) => entry.key), ['data/sub-01/']);
    assert.deepEqual((await listAll(store, 'data', { recursive: true })).map((entry) => entry.key), ['data/sub-01/a.txt']);
    assert.equal(await store.stat('data/sub-01'), undefined);
    assert.equal(await store.read('data/sub-01'), undefined);
    assert.equal(await store.read('data/sub-01', { range: { suffix: 4 } }), undefined);
  });

  it('reads pages full of names that XML writes differently', async () => {
    const names = Array.from({ length: 1100 }, (_, index) => `p&q/<"${String(index).padStart(4, '0')}">'&amp;.txt`);
    for (let from = 0; from < names.length; from += 100) await Promise.all(names.slice(from, from + 100).map(async (name) => azurite.put(container, name, '')));
    assert.deepEqual((await listAll(lab(), 'p&q')).map((entry) => entry.key), names);
  });

  it('lists from a name on also where the service cannot', async () => {
    for (const name of ['a', 'b', 'c']) await azurite.put(container, `x/${name}`, '');
    proxy.inject({ match: ({ query }) => query.has('startFrom'), fault: { kind: 'status', status: 400, code: 'InvalidQueryParameterValue' } });
    assert.deepEqual((await listAll(lab(), 'x', { startAfter: 'a' })).map((entry) => entry.key), ['x/b', 'x/c']);
    assert.equal(proxy.requests.length, 2);
  });

  it('begins an upload anew when another program\'s write swept its blocks away', async () => {
    const store = lab();
    let meddled = 0;
    const meddle = async (): Promise<void> => {
      while (meddled < 1) {
        const staged = proxy.requests.filter(({ query }) => query.get('comp') === 'block').length;
        if (staged >= 2) {
          meddled += 1;
          await azurite.put(container, 'large', 'of another');
        } else await new Promise(setImmediate);
      }
    };
    const [written] = await Promise.all([store.write('large', pattern(20_000_000)), meddle()]);
    assert.equal(written.size, 20_000_000);
    assertBytes(await store.read('large'), pattern(20_000_000));
  });

  it('shows nothing of an upload that fails, is cancelled, or waits to be completed', async () => {
    const store = lab();
    proxy.inject({ match: ({ query }) => query.get('comp') === 'blocklist', fault: { kind: 'status', status: 403, code: 'AuthorizationPermissionMismatch' } });
    await refuses(() => store.write('large', pattern(20_000_000)), 'access-denied', 'Storage Blob Data Contributor');
    const controller = new AbortController();
    proxy.inject({ match: ({ query }) => query.get('comp') === 'block', fault: { kind: 'hang' }, times: 100 });
    const seen = proxy.requests.length;
    const writing = store.write('large', pattern(20_000_000), { signal: controller.signal });
    while (proxy.requests.length === seen) await new Promise(setImmediate);
    controller.abort();
    await assert.rejects(writing, isError('cancelled'));
    proxy.clearFaults();
    assert.deepEqual(await listAll(store, '', { recursive: true }), []);
    assert.equal(await store.stat('large'), undefined);
    assert.equal(await store.read('large'), undefined);
  });

  it('uses the connection string of the account, with its endpoint', async () => {
    await azurite.container('theirs', 'other').createIfNotExists();
    await azurite.put('theirs', 'b.txt', 'beta', 'other');
    home.set({ AZURE_STORAGE_KEY: undefined, AZURE_STORAGE_CONNECTION_STRING: `AccountName=other;AccountKey=${azurite.key('other')};BlobEndpoint=${proxy.endpoint}/other` });
    const theirs = new AzureStore({ scheme: 'az', account: 'other', bucket: 'theirs', prefix: '' }, {}, impatient);
    assert.equal(text(await theirs.read('b.txt')), 'beta');
    await refuses(() => lab().read('a.txt'), 'auth-missing');
  });

  it('uses a shared access signature, and tells what right it lacks', async () => {
    await azurite.put(container, 'a.txt', 'alpha');
    home.set({ AZURE_STORAGE_KEY: undefined, AZURE_STORAGE_SAS_TOKEN: `?${azurite.sas(container, 'rl')}` });
    const store = lab();
    assert.equal(text(await store.read('a.txt', { range: { suffix: 2 } })), 'ha');
    assert.equal((await listAll(store, '')).length, 1);
    await refuses(() => store.write('b.txt', 'x'), 'access-denied', 'generate-sas', 'racwdl');
    await refuses(() => store.delete('a.txt'), 'access-denied', 'generate-sas');
    home.set({ AZURE_STORAGE_SAS_TOKEN: azurite.sas(container, 'r') });
    await refuses(() => listAll(lab(), ''), 'access-denied', '--permissions rl');
    home.set({ AZURE_STORAGE_SAS_TOKEN: azurite.sas(container, 'rl').replace(/sig=..../, 'sig=AAAA') });
    await refuses(() => lab().read('a.txt'), 'access-denied', 'generate-sas');
    await refuses(() => lab().stat('a.txt'), 'access-denied', 'generate-sas');
  });

  it('tells that somebody holds a lease', async () => {
    await azurite.put(container, 'a.txt', 'alpha');
    await blob('a.txt').getBlobLeaseClient().acquireLease(60);
    const store = lab();
    assert.equal(text(await store.read('a.txt')), 'alpha');
    await refuses(() => store.write('a.txt', 'x'), 'access-denied', 'lease', 'az storage blob lease break');
    await refuses(() => store.write('a.txt', pattern(9_000_000)), 'access-denied', 'lease');
    await refuses(() => store.delete('a.txt'), 'access-denied', 'lease', `az://lab/${container}/a.txt`);
    assert.equal(text(await store.read('a.txt')), 'alpha');
  });

  it('tells that a blob is in the archive', async () => {
    await lab({ storageClass: 'archive' }).write('old.txt', 'x');
    assert.equal((await lab().stat('old.txt'))?.size, 1);
    await refuses(() => lab().read('old.txt'), 'access-denied', 'archive tier', 'set-tier');
  });

  it('does not delete snapshots along with a blob', async () => {
    await azurite.put(container, 'a.txt', 'alpha');
    await blob('a.txt').createSnapshot();
    await refuses(() => lab().delete('a.txt'), 'access-denied', 'snapshots', '--delete-snapshots');
    assert.equal(text(await lab().read('a.txt')), 'alpha');
  });

  it('tells a tier that there is not, before anything is sent', async () => {
    await refuses(() => lab({ storageClass: 'STANDARD_IA' }).write('a.txt', 'x'), 'bad-option', 'STANDARD_IA', 'Hot, Cool, Cold, Archive');
    assert.equal(proxy.requests.length, 0);
  });

  it('tells whose service it is', async () => {
    assert.deepEqual(await lab().region(), { provider: 'other' });
    assert.deepEqual(await lab({ azureEndpoint: undefined }).region(), { provider: 'azure' });
  });
});
