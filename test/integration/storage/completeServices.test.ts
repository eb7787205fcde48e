import assert from 'node:assert/strict';
import type { Requests } from '../../../runner/protocol/rpc.ts';
import type { StorageChoice } from '../../../runner/protocol/storageChoice.ts';
import { storageRequests } from '../../../runner/server/storageRequests.ts';
import { inEnvironment } from '../../helpers/inEnvironment.ts';
import { UserHome } from '../../helpers/userHome.ts';
import { startAzurite } from '../../servers/azurite.ts';
import type { Azurite } from '../../servers/azurite.ts';
import { defaultAccount, keyFile, startGcsServer } from '../../servers/gcsServer.ts';
import type { GcsServer } from '../../servers/gcsServer.ts';

const signal = new AbortController().signal;

describe('completing addresses of Google Cloud Storage and Azure', function () {
  this.timeout(120_000);
  const home = new UserHome();
  let google: GcsServer;
  let azurite: Azurite;

  before(async () => {
    google = await startGcsServer({ buckets: { lab: {}, labour: {}, other: {}, shut: { grants: {} } } });
    for (const key of ['bids/b.txt', 'bids/sub-01/x', 'bids/sub-02/x', 'readme']) await google.put('lab', key, key);
    azurite = await startAzurite({ accounts: ['lab', 'second'] });
    for (const name of ['mice', 'rats']) await azurite.container(name).create();
    for (const key of ['bids/b.txt', 'bids/sub-01/x', 'readme']) await azurite.put('mice', key, key);
    home.write({ 'key.json': keyFile(defaultAccount, google.endpoint), '.azure/config': '[storage]\naccount = fromconfig\n' });
  });
  after(async () => {
    await google.close();
    await azurite.close();
    home.remove();
  });

  const complete = async (prefix: string, storage: StorageChoice = {}, env: Readonly<Record<string, string>> = {}, limit = 50): Promise<readonly string[]> => {
    const whole = home.env({ PATH: home.folder, GOOGLE_APPLICATION_CREDENTIALS: home.path('key.json'), AZURE_STORAGE_KEY: azurite.key(), AZURE_STORAGE_ACCOUNT: 'lab', ...env });
    const requests = storageRequests(Date.now, async () => ['ofdatasets']);
    const answer: Requests['storage.complete']['result'] = await inEnvironment(whole, () => requests['storage.complete']({ prefix, cwd: '/', limit, storage: { gcsEndpoint: google.endpoint, azureEndpoint: azurite.endpoint(), ...storage } }, signal));
    return answer.items.map(({ uri }) => uri);
  };

  it('offers the buckets of the project, and what is in them by one request', async () => {
    assert.deepEqual(await complete('gs://la'), ['gs://lab/', 'gs://labour/']);
    google.requests.splice(0);
    assert.deepEqual(await complete('gs://', { gcsProject: 'another' }), ['gs://lab/', 'gs://labour/', 'gs://other/', 'gs://shut/']);
    assert.equal(google.requests.find(({ query }) => 'project' in query)?.query.project, 'another');
    assert.deepEqual(await complete('gs://lab/'), ['gs://lab/bids/', 'gs://lab/readme']);
    google.requests.splice(0);
    assert.deepEqual(await complete('gs://lab/bids/sub'), ['gs://lab/bids/sub-01/', 'gs://lab/bids/sub-02/']);
    assert.deepEqual(google.requests.filter(({ api }) => api === 'json').map(({ query }) => [query.prefix, query.delimiter]), [['bids/sub', '/']]);
  });

  it('offers no buckets without credentials or a project, and says when a folder may not be listed', async () => {
    assert.deepEqual(await complete('gs://la', {}, { GOOGLE_APPLICATION_CREDENTIALS: home.path('gone.json') }), []);
    assert.deepEqual(await complete('gs://nobodys/x'), []);
    await assert.rejects(complete('gs://shut/'), { code: 'access-denied' });
  });

  it('offers storage accounts that are known, their containers, and what is in them', async () => {
    assert.deepEqual(await complete('az://'), ['az://fromconfig/', 'az://lab/', 'az://ofdatasets/']);
    assert.deepEqual(await complete('az://of'), ['az://ofdatasets/']);
    assert.deepEqual(await complete('az://lab/'), ['az://lab/mice/', 'az://lab/rats/']);
    assert.deepEqual(await complete('az://lab/m'), ['az://lab/mice/']);
    assert.deepEqual(await complete('az://lab/mice/'), ['az://lab/mice/bids/', 'az://lab/mice/readme']);
    assert.deepEqual(await complete('az://lab/mice/bids/'), ['az://lab/mice/bids/sub-01/', 'az://lab/mice/bids/b.txt']);
    assert.deepEqual(await complete('az://lab/nothing/'), []);
    assert.deepEqual(await complete('az://lab/', {}, { AZURE_STORAGE_KEY: Buffer.from('wrong').toString('base64') }), []);
  });
});
