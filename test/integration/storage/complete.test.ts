import assert from 'node:assert/strict';
import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SpimquantError } from '../../../runner/protocol/errors.ts';
import type { StorageOptions } from '../../../runner/storage/objectStore.ts';
import { storageRequests } from '../../../runner/server/storageRequests.ts';
import { defaultCredential, startS3Server } from '../../servers/s3Server.ts';
import type { S3Server } from '../../servers/s3Server.ts';
import { AwsHome } from './awsHome.ts';

const signal = new AbortController().signal;
const requests = storageRequests(Date.now);
const code = (expected: string) => (error: unknown): boolean => error instanceof SpimquantError && error.code === expected;

describe('completing and reading places', () => {
  const home = new AwsHome();
  let folder: string;
  let server: S3Server;
  let storage: StorageOptions;

  const complete = async (prefix: string, limit = 50): Promise<{ readonly uris: readonly string[]; readonly more: boolean }> => {
    const { items, more } = await requests['storage.complete']({ prefix, cwd: folder, limit, storage }, signal);
    assert.ok(items.every((item) => item.folder === item.uri.endsWith('/')));
    return { uris: items.map(({ uri }) => uri), more };
  };

  before(async () => {
    server = await startS3Server({ buckets: { lab: {}, labour: {}, other: {}, shut: { listable: false } } });
    storage = { s3Endpoint: server.endpoint };
    for (const key of ['bids/b.txt', 'bids/a.txt', 'bids/sub-01/x', 'bids/sub-02/x', 'bids/.hidden/x', 'bids/sub-01.txt', 'readme']) await server.put('lab', key, key);
    for (let i = 0; i < 2500; i++) await server.put('other', `many/sub-${String(i).padStart(4, '0')}/x`, '');
    folder = await mkdtemp(join(tmpdir(), 'spimquant-complete-'));
    await mkdir(join(folder, 'bids', 'sub-01'), { recursive: true });
    await mkdir(join(folder, 'bids', '.git'));
    for (const name of ['bids.txt', 'bids/alpha.json', 'bids/.bidsignore']) await writeFile(join(folder, name), 'text');
    await home.enter({ keys: defaultCredential });
  });
  after(async () => {
    await home.leave();
    await server.close();
    await rm(folder, { recursive: true, force: true });
  });
  beforeEach(() => server.requests.splice(0));

  it('offers folders, then files, of a local folder; hidden ones only when asked for', async () => {
    assert.deepEqual(await complete('bi'), { uris: [`${folder}/bids/`, `${folder}/bids.txt`], more: false });
    assert.deepEqual((await complete(`${folder}/bids/`)).uris, [`${folder}/bids/sub-01/`, `${folder}/bids/alpha.json`]);
    assert.deepEqual((await complete('./bids/.')).uris, [`${folder}/bids/.git/`, `${folder}/bids/.bidsignore`]);
    assert.deepEqual((await complete('./bids/.b')).uris, [`${folder}/bids/.bidsignore`]);
    assert.deepEqual(await complete('bids/', 1), { uris: [`${folder}/bids/sub-01/`], more: true });
    assert.deepEqual(await complete('nowhere/deep/x'), { uris: [], more: false });
    assert.deepEqual(await complete('bids.txt/x'), { uris: [], more: false });
  });

  it('offers buckets, and what is in them, by one request that asks for no more than fits', async () => {
    assert.deepEqual((await complete('s3://la')).uris, ['s3://lab/', 's3://labour/']);
    assert.deepEqual((await complete('s3://lab/')).uris, ['s3://lab/bids/', 's3://lab/readme']);
    assert.deepEqual((await complete('s3://lab/bids/')).uris, ['s3://lab/bids/sub-01/', 's3://lab/bids/sub-02/', 's3://lab/bids/a.txt', 's3://lab/bids/b.txt', 's3://lab/bids/sub-01.txt']);
    server.requests.splice(0);
    assert.deepEqual((await complete('s3://other/many/sub-24')).uris.length, 50);
    assert.deepEqual(server.requests.map(({ query }) => [query.prefix, query.delimiter]), [['many/sub-24', '/']]);
    server.requests.splice(0);
    assert.deepEqual(await complete('s3://other/many/', 10), { uris: Array.from({ length: 10 }, (_, i) => `s3://other/many/sub-000${i}/`), more: true });
    assert.equal(server.requests.length, 1);
  });

  it('offers nothing where nothing is, or buckets may not be listed, and says so when a folder may not', async () => {
    assert.deepEqual(await complete('s3://nobodys/x'), { uris: [], more: false });
    assert.deepEqual(await complete('s3://x/y'), { uris: [], more: false });
    assert.deepEqual(await complete('http://lab/'), { uris: [], more: false });
    server.inject({ fault: { kind: 'status', status: 403, code: 'AccessDenied' } });
    assert.deepEqual(await complete('s3://la'), { uris: [], more: false });
    await assert.rejects(complete('s3://shut/'), code('access-denied'));
    if (process.getuid?.() !== 0 && process.platform !== 'win32') {
      await mkdir(join(folder, 'locked'));
      await chmod(join(folder, 'locked'), 0);
      await assert.rejects(complete('locked/'), code('access-denied'));
    }
  });

  it('reads files up to a size', async () => {
    const read = async (uri: string, maxBytes = 100): Promise<string> => Buffer.from((await requests['storage.read']({ uri, maxBytes, storage }, signal)).base64, 'base64').toString();
    assert.equal(await read('s3://lab/bids/a.txt'), 'bids/a.txt');
    assert.equal(await read(join(folder, 'bids.txt')), 'text');
    await assert.rejects(read('s3://lab/bids/a.txt', 5), code('bad-option'));
    await assert.rejects(read(join(folder, 'bids.txt'), 3), code('bad-option'));
    await assert.rejects(read('s3://lab/none'), code('not-found'));
    await assert.rejects(read(folder), code('not-found'));
    await assert.rejects(read('s3://lab'), code('bad-option'));
    await assert.rejects(read('s3://shut/x'), code('access-denied'));
  });
});
