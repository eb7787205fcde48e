import assert from 'node:assert/strict';
import type { ExploreContext } from '../../../runner/explore/explore.types.ts';
import { explore } from '../../../runner/explore/explore.ts';
import type { Result } from '../../../runner/protocol/results.ts';
import type { BucketBackend } from '../../servers/s3/bucket.ts';
import { startS3Server } from '../../servers/s3Server.ts';
import type { S3Server } from '../../servers/s3Server.ts';
import { folderOf, single, VirtualBucket, zeros } from '../../servers/s3/virtualBucket.ts';
import { VirtualDataset } from '../../servers/s3/virtualDataset.ts';
import { AwsHome } from '../storage/awsHome.ts';
import { commandsOf, factsOf, fails, noticesOf, tablesOf } from './support.ts';
import { defaultCredential } from '../../servers/s3Server.ts';

/** A bucket, and how many requests to it were answered at the same time at most. */
class WatchedBucket implements BucketBackend {
  most = 0;
  #now = 0;
  readonly #inner: BucketBackend;
  readonly put: BucketBackend['put'];
  readonly delete: BucketBackend['delete'];

  constructor(inner: BucketBackend) {
    this.#inner = inner;
    this.put = inner.put.bind(inner);
    this.delete = inner.delete.bind(inner);
  }

  readonly get: BucketBackend['get'] = (key) => this.#watch(() => this.#inner.get(key));
  readonly list: BucketBackend['list'] = (...about) => this.#watch(() => this.#inner.list(...about));

  async #watch<T>(work: () => Promise<T>): Promise<T> {
    this.#now += 1;
    this.most = Math.max(this.most, this.#now);
    try {
      await new Promise((resolve) => setImmediate(resolve));
      return await work();
    } finally {
      this.#now -= 1;
    }
  }
}

describe('exploring a dataset of ten thousand participants', function () {
  this.timeout(120_000);
  const home = new AwsHome();
  let server: S3Server;
  const said: string[] = [];
  const context: ExploreContext = { signal: new AbortController().signal, env: {}, cwd: '/', progress: (message) => said.push(message), log: () => undefined };
  const ask = (line: string): Promise<Result> => explore(`${line} --s3-endpoint ${server.endpoint}`, context);

  before(async () => {
    server = await startS3Server();
    await home.enter({ keys: defaultCredential });
    server.createBucket('large', { backend: new VirtualDataset({ participants: 10_000, sessions: 2, chunks: 43, derivatives: true }).bucket('bids') });
  });
  after(async () => {
    await server.close();
    await home.leave();
  });
  beforeEach(() => {
    server.requests.splice(0);
    said.splice(0);
  });

  it('ls shows the first, how many there are, and how to go on', async () => {
    const result = await ask('ls s3://large/bids --limit 5');
    const [table] = tablesOf(result);
    assert.equal(table.title, '10 images of 5 participants');
    assert.deepEqual(table.rows[0], ['sub-00001', 'ses-01', 'sample-brain', 'PI, Abeta', 'drug', '20', '2026-01']);
    assert.deepEqual(noticesOf(result), ['info: 9,995 participants follow after sub-00005.']);
    assert.equal(commandsOf(result)[0], `spimquant ls s3://large/bids --after sub-00005 --limit 5 --s3-endpoint ${server.endpoint}`);
    // The first names, a page and what comes after participants, eleven pages of participants, the two files and results, and five participants.
    assert.ok(server.requests.length <= 1 + 2 + 11 + 3 + 5 * 7, `${server.requests.length} requests`);
    const next = await ask('ls s3://large/bids --limit 2 --after sub-09998');
    assert.deepEqual(tablesOf(next)[0].rows.map(([label]) => label), ['sub-09999', 'sub-09999', 'sub-10000', 'sub-10000']);
    assert.deepEqual(noticesOf(next), []);
  });

  it('ls and validate look at the participants that are named, and list no others', async () => {
    const result = await ask('ls s3://large/bids --participant-label sub-07777 00042');
    assert.deepEqual(tablesOf(result)[0].rows.map(([label, session]) => `${String(label)} ${String(session)}`), ['sub-00042 ses-01', 'sub-00042 ses-02', 'sub-07777 ses-01', 'sub-07777 ses-02']);
    assert.ok(server.requests.length < 40, `${server.requests.length} requests`);
    server.requests.splice(0);
    const check = await ask('validate s3://large/bids --participant-label 07777');
    assert.deepEqual(factsOf(check), { Participants: '1, as asked', Images: '2 can be read', Problems: 'none' });
    assert.match(commandsOf(check)[0], /participant --participant-label 07777 --s3-endpoint/);
    assert.ok(server.requests.length < 40, `${server.requests.length} requests`);
    await assert.rejects(ask('validate s3://large/bids --participant-label 7777'), fails('not-found', /no participant 7777.*Did you mean 07777/));
  });

  it('info tells of all of them by a request for each thousand', async () => {
    const result = await ask('info s3://large/bids');
    assert.equal(factsOf(result).Participants, '10,000');
    assert.match(factsOf(result).Stains, /PI, Abeta \(in sub-00001\)/);
    assert.deepEqual(tablesOf(result)[0].rows[0], ['treatment', 'control (5000), drug (5000)']);
    assert.ok(server.requests.length < 70, `${server.requests.length} requests`);
    assert.ok(said.some((message) => /Counted \d+ participants so far/.test(message)));
  });

  it('validate opens a few images at once, says how far it is, and sums up', async () => {
    const data = new VirtualDataset({ participants: 250 });
    for (const label of data.labels.slice(0, 60)) data.restained.add(label);
    data.columns['extra'] = () => 'x';
    const bucket = new WatchedBucket(data.bucket());
    server.createBucket('checked', { backend: bucket });
    const result = await ask('validate s3://checked');
    assert.deepEqual(factsOf(result), { Participants: '250', Images: '250 can be read', Problems: '60 warnings' });
    const found = tablesOf(result).find(({ title }) => title === 'What was found');
    assert.deepEqual(found?.rows, [['warning', 'sub-0001/micr/sub-0001_sample-brain_SPIM.ome.zarr, sub-0002/micr/sub-0002_sample-brain_SPIM.ome.zarr, sub-0003/micr/sub-0003_sample-brain_SPIM.ome.zarr and 57 more', 'Its stains are Iba1, PI; most images have Abeta, PI.', 'Check the spelling in the sidecars: only stains of the same name are compared.']]);
    assert.ok(bucket.most <= 16, `${bucket.most} requests at once`);
    assert.ok(said.includes('Checked 250 of 250 participants'));
  });

  it('ls of a million keys that are no dataset takes a few pages, with sizes, and goes on where it is told', async () => {
    const million = folderOf([
      single('README.md', zeros(12)),
      { count: 1_000_000, name: (at) => `tile_${String(at).padStart(7, '0')}.tif`, node: () => zeros(2_000_000) },
    ]);
    server.createBucket('tiles', { backend: new VirtualBucket(() => million) });
    const result = await ask('ls s3://tiles --limit 3');
    const [table] = tablesOf(result);
    assert.equal(table.title, 'More than 0 folders, 10000 files of 20.0 GB');
    assert.deepEqual(table.rows.map(([name, size]) => [name, size]), [['README.md', '12 B'], ['tile_0000000.tif', '2.0 MB'], ['tile_0000001.tif', '2.0 MB']]);
    assert.equal(table.total, 10_000);
    assert.equal(commandsOf(result)[0], `spimquant ls s3://tiles --after tile_0000001.tif --limit 3 --s3-endpoint ${server.endpoint}`);
    assert.ok(server.requests.length <= 12, `${server.requests.length} requests`);
    const last = await ask('ls s3://tiles --after tile_0999997.tif');
    assert.deepEqual(tablesOf(last)[0].rows.map(([name]) => name), ['tile_0999998.tif', 'tile_0999999.tif']);
    await assert.rejects(ask('ls s3://tiles --after zzz'), fails('not-found', /Nothing comes after zzz/));
    await assert.rejects(ask('ls s3://tiles --participant-label 01'), fails('not-found', /no participants/));
  });
});
