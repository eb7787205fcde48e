import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SpimquantError } from '../../../runner/protocol/errors.ts';
import type { Requests } from '../../../runner/protocol/rpc.ts';
import type { StorageEntry, StorageFile } from '../../../runner/protocol/storageEntry.ts';
import { storageRequests } from '../../../runner/server/storageRequests.ts';
import type { StorageOptions } from '../../../runner/storage/objectStore.ts';
import { defaultCredential, startS3Server } from '../../servers/s3Server.ts';
import type { S3Server } from '../../servers/s3Server.ts';
import { AwsHome } from './awsHome.ts';

const never = new AbortController().signal;
const code = (expected: string) => (error: unknown): boolean => error instanceof SpimquantError && error.code === expected;

/** Without what differs from run to run. */
function plain(entry: StorageEntry): string {
  return entry.kind === 'folder' ? `${entry.name}/` : `${entry.name} ${entry.bytes}`;
}

describe('looking at places, listing and reading them', () => {
  const home = new AwsHome();
  let folder: string;
  let server: S3Server;
  let storage: StorageOptions;
  let now = 0;
  const requests = storageRequests(() => now);
  const stat = async (uri: string, signal = never): Promise<string> => plain(await requests['storage.stat']({ uri, storage }, signal));
  const list = (uri: string, limit: number, continuation?: string): Promise<Requests['storage.list']['result']> => requests['storage.list']({ uri, limit, storage, continuation }, never);

  before(async () => {
    server = await startS3Server({ buckets: { lab: {}, empty: {}, shut: { listable: false }, many: {} } });
    storage = { s3Endpoint: server.endpoint };
    await home.enter({ keys: defaultCredential });
    for (const [key, content] of [
      ['bids/a.txt', 'alpha'], ['bids/sub-01/x', 'x'], ['bids/sub-01-old/x', 'x'], ['bids/sub-01.json', '{}'], ['bids/sub-010/x', 'x'], ['bids/hollow/', ''],
      ['bids/marked', ''], ['bids/marked/x', 'x'], ['bids/both', 'text'], ['bids/both/x', 'x'], ['bids/odd #1 50%?/ä ö.tsv', 'odd'],
    ]) await server.put('lab', key, content);
    await server.put('shut', 'x', 'x');
    for (let i = 0; i < 2500; i++) await server.put('many', `all/f${String(i).padStart(4, '0')}`, '');
    folder = await mkdtemp(join(tmpdir(), 'spimquant-places-'));
    await mkdir(join(folder, 'bids', 'sub-01'), { recursive: true });
    await writeFile(join(folder, 'bids', 'a.txt'), 'alpha');
  });
  after(async () => {
    await home.leave();
    await server.close();
    await rm(folder, { recursive: true, force: true });
  });
  beforeEach(() => server.requests.splice(0));

  it('tells files from folders, also those that somebody has made and left empty', async () => {
    assert.equal(await stat('s3://lab/bids/a.txt'), 'a.txt 5');
    assert.equal(server.requests.length, 1);
    assert.equal(await stat('s3://lab/bids/sub-01'), 'sub-01/');
    assert.equal(await stat('s3://lab/bids/hollow'), 'hollow/');
    assert.equal(await stat('s3://lab/bids/marked'), 'marked/');
    assert.equal(await stat('s3://lab/bids/both'), 'both 4');
    assert.equal(await stat('s3://lab/bids/odd #1 50%?/ä ö.tsv'), 'ä ö.tsv 3');
    assert.equal(await stat('s3://lab/bids/odd #1 50%?'), 'odd #1 50%?/');
    assert.equal(await stat('s3://empty'), '/');
    assert.equal(await stat(join(folder, 'bids', 'a.txt')), 'a.txt 5');
    assert.equal(await stat(join(folder, 'bids')), 'bids/');
    assert.equal(await stat('/'), '/');
    const found = await requests['storage.stat']({ uri: 's3://lab/bids/a.txt', storage }, never);
    assert.ok(found.kind === 'file' && Math.abs((found.modified ?? 0) - Date.now()) < 600_000 && found.version.length > 0);
  });

  it('says why a place cannot be looked at', async () => {
    for (const uri of ['s3://lab/bids/sub-0', 's3://lab/none', join(folder, 'none'), join(folder, 'bids', 'a.txt', 'x')]) await assert.rejects(stat(uri), code('not-found'));
    await assert.rejects(stat('s3://none'), code('not-found'));
    await assert.rejects(stat('s3://shut'), code('access-denied'));
    await assert.rejects(stat('s3://shut/y'), code('access-denied'));
    assert.equal(await stat('s3://shut/x'), 'x 1');
    await assert.rejects(requests['storage.stat']({ uri: 's3://lab', storage: { s3Endpoint: 'ftp://x' } }, never), code('bad-option'));
    await assert.rejects(stat('s3://lab/bids/a.txt', AbortSignal.abort()), code('cancelled'));
  });

  it('finds a folder among thousands of names that begin like it', async () => {
    for (let i = 0; i < 1100; i++) await server.put('many', `like/f-${i}`, '');
    await server.put('many', 'like/f/x', '');
    assert.equal(await stat('s3://many/like/f'), 'f/');
  });

  it('lists a folder page by page without asking for anything twice', async () => {
    assert.deepEqual((await list('s3://lab/bids', 100)).entries.map(plain), [
      'a.txt 5', 'both 4', 'both/', 'hollow/', 'marked 0', 'marked/', 'odd #1 50%?/', 'sub-01-old/', 'sub-01.json 2', 'sub-01/', 'sub-010/',
    ]);
    server.requests.splice(0);
    const names: string[] = [];
    let continuation: string | undefined;
    do {
      const page = await list('s3://many/all', 900, continuation);
      assert.ok(page.entries.length <= 900);
      names.push(...page.entries.map(({ name }) => name));
      continuation = page.continuation;
    } while (continuation !== undefined);
    assert.equal(names.length, 2500);
    assert.equal(new Set(names).size, 2500);
    assert.equal(server.requests.length, 3);
    assert.deepEqual((await list(join(folder, 'bids'), 10)).entries.map(plain), ['a.txt 5', 'sub-01/']);
  });

  it('asks a bucket for no more than is shown', async () => {
    const { entries, continuation } = await list('s3://many/all', 10);
    assert.equal(entries.length, 10);
    assert.ok(continuation);
    assert.equal(server.requests.length, 1);
  });

  it('gives a listing up after a while, and goes on from a page once', async () => {
    const first = await list('s3://many/all', 10);
    await list('s3://many/all', 10, first.continuation);
    await assert.rejects(list('s3://many/all', 10, first.continuation), code('not-found'));
    const other = await list('s3://many/all', 10);
    now += 400_000;
    await assert.rejects(list('s3://many/all', 10, other.continuation), code('not-found'));
  });

  it('tells an empty folder from none', async () => {
    assert.deepEqual(await list('s3://empty', 10), { entries: [] });
    assert.deepEqual(await list('s3://lab/bids/hollow', 10), { entries: [] });
    await assert.rejects(list('s3://lab/none', 10), code('not-found'));
    await assert.rejects(list('s3://lab/bids/a.txt', 10), code('bad-option'));
    await assert.rejects(list('s3://shut', 10), code('access-denied'));
    await assert.rejects(list(join(folder, 'none'), 10), code('not-found'));
  });

  it('reads parts of a file', async () => {
    const read = async (uri: string, offset: number, length: number): Promise<string> => Buffer.from((await requests['storage.read']({ uri, maxBytes: 10, range: { offset, length }, storage }, never)).base64, 'base64').toString();
    assert.equal(await read('s3://lab/bids/a.txt', 1, 3), 'lph');
    assert.equal(await read('s3://lab/bids/a.txt', 3, 10), 'ha');
    assert.equal(await read('s3://lab/bids/a.txt', 9, 10), '');
    assert.equal(await read(join(folder, 'bids', 'a.txt'), 4, 4), 'a');
    await assert.rejects(read('s3://lab/bids/a.txt', 0, 11), code('bad-option'));
    await assert.rejects(read('s3://lab/none', 0, 1), code('not-found'));
  });

  it('writes a small file in place of one version of it, or where there is none', async () => {
    const write = (uri: string, content: string, ifVersion?: string): Promise<StorageFile> => requests['storage.write']({ uri, base64: Buffer.from(content).toString('base64'), ifVersion, storage }, never);
    const read = async (uri: string): Promise<string> => Buffer.from((await requests['storage.read']({ uri, maxBytes: 100, storage }, never)).base64, 'base64').toString();
    for (const uri of ['s3://lab/edit/t.tsv', join(folder, 'edit.tsv')]) {
      const first = await write(uri, 'one');
      await assert.rejects(write(uri, 'two'), code('already-exists'));
      const second = await write(uri, 'two', first.version);
      assert.deepEqual({ ...second }, { ...await requests['storage.stat']({ uri, storage }, never) });
      await assert.rejects(write(uri, 'three', first.version), code('changed'));
      assert.equal(await read(uri), 'two');
      // Asked twice because the answer was lost: it is there already.
      assert.equal((await write(uri, 'two', first.version)).version, second.version);
    }
    await assert.rejects(write('s3://lab', 'x'), code('bad-option'));
    await assert.rejects(requests['storage.write']({ uri: 's3://lab/edit/large', base64: Buffer.alloc(9 << 20).toString('base64'), storage }, never), code('bad-option'));
    await assert.rejects(requests['storage.read']({ uri: 's3://lab/edit/t.tsv', maxBytes: 10, range: { offset: 0, length: 1 }, ifVersion: 'other', storage }, never), code('changed'));
  });

  it('tries again with new credentials after a sign-in', async () => {
    await home.leave();
    await home.enter({ credentials: '[default]\naws_access_key_id = WRONG\naws_secret_access_key = wrong\n' });
    await assert.rejects(requests['storage.stat']({ uri: 's3://lab/bids/a.txt', storage: { ...storage, s3Region: 'us-east-1' } }, never));
    await home.renew(`[default]\naws_access_key_id = ${defaultCredential.accessKeyId}\naws_secret_access_key = ${defaultCredential.secretAccessKey}\n`);
    assert.equal(plain(await requests['storage.stat']({ uri: 's3://lab/bids/a.txt', storage: { ...storage, s3Region: 'us-east-1' } }, never)), 'a.txt 5');
  });
});
