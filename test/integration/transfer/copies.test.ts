import assert from 'node:assert/strict';
import { mkdir, rm, symlink, utimes } from 'node:fs/promises';
import type { StorageOptions } from '../../../runner/storage/objectStore.ts';
import { defaultCredential, startS3Server } from '../../servers/s3Server.ts';
import type { S3Server } from '../../servers/s3Server.ts';
import { AwsHome } from '../storage/awsHome.ts';
import { isError, pattern } from '../storage/objectStoreSuite.ts';
import { Desk, latin, modifiedOf } from './support.ts';

const large = pattern(20_000_003);

describe('transfers between folders and buckets', () => {
  const home = new AwsHome();
  let server: S3Server;
  let desk: Desk;
  let storage: StorageOptions;
  beforeEach(async () => {
    await home.enter({ keys: defaultCredential });
    server = await startS3Server({ buckets: { lab: {}, two: {} } });
    desk = await Desk.make();
    storage = { s3Endpoint: server.endpoint };
  });
  afterEach(async () => {
    await desk.remove();
    await server.close();
    await home.leave();
  });

  const names = ['a.txt', 'sub/b.txt', 'with space & sign+?#%41.txt', 'Größe-β-脳/\u{1f9e0}.txt', '.hidden', 'back\\slash', "it's (odd)!*~", 'deep/'.repeat(20) + 'x', 'n'.repeat(240), '~', '-dash', 'a/b', 'a.b', 'a-b'];

  async function fill(folder: string): Promise<Record<string, string>> {
    const content: Record<string, string> = { 'empty': '', 'large.bin': latin(large) };
    for (const name of names) content[name] = `content of ${name}`;
    for (const [name, text] of Object.entries(content)) await desk.write(`${folder}/${name}`, name === 'large.bin' ? large : text);
    return Object.fromEntries(Object.entries(content).map(([name, text]): [string, string] => [name, name === 'large.bin' ? text : latin(text)]).sort(([a], [b]) => (a < b ? -1 : 1)));
  }

  it('bring every file from a folder over two buckets back to a folder, as it was', async () => {
    const content = await fill('source');
    const up = await desk.transfer(desk.path('source'), 's3://lab/data set', { storage });
    assert.deepEqual(up.failures, []);
    assert.equal(up.result?.copied.files, Object.keys(content).length);
    await desk.transfer('s3://lab/data set/', 's3://two', { storage });
    await desk.transfer('s3://two', desk.path('back'), { storage });
    assert.deepEqual(await desk.read('back'), content);
    await desk.transfer(desk.path('back'), desk.path('local copy'), { storage });
    assert.deepEqual(await desk.read('local copy'), content);
    assert.equal(server.openUploads('lab') + server.openUploads('two'), 0);
  });

  it('copy nothing the second time, whichever way, and only what has changed the third', async () => {
    const content = await fill('source');
    const ways = [[desk.path('source'), 's3://lab/x'], ['s3://lab/x', 's3://two/y'], ['s3://two/y', desk.path('back')], [desk.path('back'), desk.path('third')]] as const;
    for (const [from, to] of ways) await desk.transfer(from, to, { storage });
    for (const [from, to] of ways) {
      const before = server.requests.length;
      const again = await desk.transfer(from, to, { storage });
      assert.deepEqual([again.plan.copy.files, again.plan.skip.files], [0, Object.keys(content).length], `${from} to ${to}`);
      assert.deepEqual(server.requests.slice(before).filter(({ method, key }) => method !== 'GET' || key !== '').filter(({ method }) => method !== 'HEAD'), []);
    }
    await desk.write('source/a.txt', 'CONTENT OF a.txt');
    await desk.write('source/new.txt', 'new');
    for (const [from, to] of ways) {
      const third = await desk.transfer(from, to, { storage });
      assert.deepEqual(third.items.map(({ key }) => key), ['a.txt', 'new.txt'], `${from} to ${to}`);
    }
    assert.equal((await desk.read('third'))['a.txt'], 'CONTENT OF a.txt');
  });

  it('know what was copied by their record, also when times say otherwise', async () => {
    const source = await desk.write('source/a', 'first');
    await desk.transfer(desk.path('source'), 's3://lab/x', { storage });
    // Touched, then put back in time with another content of the same length.
    await utimes(source, Date.now() / 1000 + 3600, Date.now() / 1000 + 3600);
    const touched = await desk.transfer(desk.path('source'), 's3://lab/x', { storage });
    assert.deepEqual(touched.items.map(({ why }) => why), ['source-changed']);
    await desk.write('source/a', 'FIRST');
    await utimes(source, 1000, 1000);
    const older = await desk.transfer(desk.path('source'), 's3://lab/x', { storage });
    assert.deepEqual(older.items.map(({ why }) => why), ['source-changed']);
    // Somebody else has written the destination.
    await server.put('lab', 'x/a', 'other');
    const foreign = await desk.transfer(desk.path('source'), 's3://lab/x', { storage });
    assert.deepEqual(foreign.items.map(({ why }) => why), ['destination-changed']);
    assert.equal(Buffer.from((await (await server.bucket('lab').backend.get('x/a'))?.read(0, 5)) ?? []).toString(), 'FIRST');
  });

  it('give local files the time of the source, by which others know them too', async () => {
    await server.put('lab', 'x/a', 'alpha');
    await desk.transfer('s3://lab/x', desk.path('one'), { storage });
    const modified = (await server.bucket('lab').backend.get('x/a'))?.modified.getTime() ?? 0;
    assert.ok(Math.abs((await modifiedOf(desk.path('one/a'))) - modified) < 1000);
    // Another machine, which remembers nothing.
    await rm(desk.path('state'), { recursive: true });
    assert.deepEqual((await desk.transfer('s3://lab/x', desk.path('one'), { storage })).items, []);
  });

  it('compare by content when they are asked to', async () => {
    await desk.write('source/same', 'same');
    await desk.write('source/differs', 'this');
    await desk.write('source/large', large);
    await desk.transfer(desk.path('source'), 's3://lab/x', { storage });
    await server.put('lab', 'x/differs', 'that');
    await rm(desk.path('state'), { recursive: true });
    // By time the bucket's is the newer one.
    assert.deepEqual((await desk.transfer(desk.path('source'), 's3://lab/x', { storage, dry: true })).items, []);
    const compared = await desk.transfer(desk.path('source'), 's3://lab/x', { storage, byContent: true, dry: true });
    assert.deepEqual(compared.items.map(({ key, why }) => `${key} ${why}`), ['differs content-differs']);
    // Of an upload in parts this service tells no checksum.
    assert.equal(compared.plan.uncompared, 1);
    await desk.write('copy/same', 'same');
    await desk.write('copy/differs', 'THIS');
    await desk.write('copy/large', large);
    const local = await desk.transfer(desk.path('source'), desk.path('copy'), { byContent: true, dry: true });
    assert.deepEqual(local.items.map(({ key }) => key), ['differs']);
    const everything = await desk.transfer(desk.path('source'), desk.path('copy'), { forced: true, dry: true });
    assert.deepEqual(everything.items.map(({ why }) => why), ['forced', 'forced', 'forced']);
  });

  it('take single objects to a folder, or to another name', async () => {
    await server.put('lab', 'x/a.txt', 'alpha');
    await server.put('lab', 'x/other.txt', 'other');
    await mkdir(desk.path('folder'));
    await desk.transfer('s3://lab/x/a.txt', desk.path('folder'), { storage });
    await desk.transfer('s3://lab/x/a.txt', `${desk.path('made')}/`, { storage });
    await desk.transfer('s3://lab/x/a.txt', desk.path('renamed.txt'), { storage });
    await desk.transfer(desk.path('renamed.txt'), 's3://two/b.txt', { storage });
    await desk.transfer(desk.path('renamed.txt'), 's3://two/below/', { storage });
    await desk.transfer(desk.path('renamed.txt'), 's3://lab/x', { storage });
    const files = await desk.read('.');
    assert.deepEqual(Object.keys(files).filter((name) => !name.startsWith('state')), ['folder/a.txt', 'made/a.txt', 'renamed.txt']);
    assert.deepEqual(await server.keys('two'), ['b.txt', 'below/renamed.txt']);
    assert.ok((await server.keys('lab')).includes('x/renamed.txt'));
    assert.deepEqual((await desk.transfer('s3://lab/x/a.txt', desk.path('renamed.txt'), { storage })).items, []);
  });

  it('copy an image so that it is known for one when all of it is there', async () => {
    for (const key of ['zarr.json', '0/zarr.json', '0/c/0', '0/c/1', 'labels/x']) await desk.write(`source/sub-01/a.ome.zarr/${key}`, key);
    await desk.write('source/z.txt', 'z');
    const up = await desk.transfer(desk.path('source'), 's3://lab/x', { storage, transfers: 1 });
    assert.equal(up.items.at(-1)?.key, 'sub-01/a.ome.zarr/zarr.json');
    assert.equal(server.requests.filter(({ method }) => method === 'PUT').at(-1)?.key, 'x/sub-01/a.ome.zarr/zarr.json');
    server.inject({ match: ({ method, key }) => method === 'GET' && key.endsWith('0/c/1'), fault: { kind: 'status', status: 403, code: 'AccessDenied' }, times: 100 });
    const down = await desk.transfer('s3://lab/x', desk.path('back'), { storage });
    assert.deepEqual(down.failures.map(({ key, code }) => `${key} ${code}`), ['sub-01/a.ome.zarr/0/c/1 access-denied', 'sub-01/a.ome.zarr/zarr.json not-found']);
    assert.deepEqual(Object.keys(await desk.read('back')), ['sub-01/a.ome.zarr/0/c/0', 'sub-01/a.ome.zarr/0/zarr.json', 'sub-01/a.ome.zarr/labels/x', 'z.txt']);
    server.clearFaults();
    await desk.transfer('s3://lab/x', desk.path('back'), { storage });
    assert.equal(Object.keys(await desk.read('back')).length, 6);
  });

  it('leave out what filters say, on both sides', async () => {
    await fill('source');
    await server.put('lab', 'x/old.tsv', 'old');
    await server.put('lab', 'x/old.txt', 'old');
    const done = await desk.transfer(desk.path('source'), 's3://lab/x', { storage, deletes: true, filters: [{ include: false, pattern: '*' }, { include: true, pattern: '*.txt' }] });
    assert.deepEqual(await server.keys('lab'), ['x/Größe-β-脳/\u{1f9e0}.txt', 'x/a.txt', 'x/old.tsv', 'x/sub/b.txt', 'x/with space & sign+?#%41.txt'].sort());
    assert.equal(done.plan.excluded, names.length + 2 - 4);
    assert.deepEqual(done.deletions.map(({ key }) => key), ['old.txt']);
  });

  it('list nothing but what is included, and delete nothing beside it', async () => {
    for (const key of ['sub-01/a', 'sub-01/micr/b', 'sub-01-x', 'sub-010/a', 'sub-02/a', 'participants.tsv', 'derivatives/sub-01/a']) await server.put('lab', `bids/${key}`, key);
    await desk.write('copy/sub-01/extra', 'extra');
    await desk.write('copy/sub-02/own', 'own');
    server.requests.splice(0);
    const filters = ['/sub-01', '/participants.tsv'].map((pattern) => ({ include: true, pattern }));
    const done = await desk.transfer('s3://lab/bids', desk.path('copy'), { storage, deletes: true, filters });
    assert.deepEqual(await desk.read('copy'), { 'participants.tsv': 'participants.tsv', 'sub-01/a': 'sub-01/a', 'sub-01/micr/b': 'sub-01/micr/b', 'sub-02/own': 'own' });
    assert.deepEqual(done.deletions.map(({ key }) => key), ['sub-01/extra']);
    // Whether the source is there at all is asked by one page of it.
    const listed = server.requests.flatMap(({ method, key, query }) => (method === 'GET' && key === '' ? [query.prefix ?? ''] : []));
    assert.deepEqual(listed.filter((prefix) => prefix !== 'bids/').sort(), ['bids/participants.tsv', 'bids/sub-01']);
    assert.ok(listed.filter((prefix) => prefix === 'bids/').length <= 1, listed.join(' '));
  });

  it('report names of a bucket that lead out of the folder, mean nothing or fit no disk, and copy the others', async () => {
    const odd = ['x/../escape', 'x//double', 'x/./dot', 'x/tail/', `x/${'n'.repeat(300)}`, 'x/tab\tname'];
    for (const key of odd) await server.put('lab', key, 'odd');
    await server.put('lab', 'x/marker/', '');
    await server.put('lab', 'x/both', 'object');
    await server.put('lab', 'x/both/below', 'below');
    await server.put('lab', 'x/standing', '');
    await server.put('lab', 'x/standing/below', 'below');
    await server.put('lab', 'x/fine', 'fine');
    const done = await desk.transfer('s3://lab/x', desk.path('target/x'), { storage });
    const files = await desk.read('target');
    assert.deepEqual(files, { 'x/both/below': 'below', 'x/fine': 'fine', 'x/standing/below': 'below' });
    const reported = Object.fromEntries(done.problems.map(({ key, reason }) => [key, reason]));
    assert.deepEqual(Object.keys(reported).sort(), ['../escape', './dot', '/double', 'both', 'n'.repeat(300), 'tab\tname', 'tail/'].sort());
    assert.match(reported['../escape'], /lead out of the folder/);
    assert.match(reported.both, /others lie below it/);
    assert.deepEqual(done.failures, []);
    // A bucket can have most of them: what no key of ours leads to is reported all the same.
    const onward = await desk.transfer('s3://lab/x', 's3://two/x', { storage });
    assert.ok((await server.keys('two')).includes('x/both'));
    assert.ok((await server.keys('two')).includes(`x/${'n'.repeat(300)}`));
    assert.deepEqual(onward.problems.map(({ key }) => key).sort(), ['../escape', './dot', '/double', 'tail/'].sort());
  });

  it('follow links to files and folders, and leave out what a run needs for itself', async () => {
    await desk.write('elsewhere/a.txt', 'linked');
    await desk.write('source/.spimquant/lock.json', '{}');
    await desk.write('source/.spimquant/work/part', 'temporary');
    await desk.write('source/.spimquant/output.json', '{}');
    await symlink(desk.path('elsewhere'), desk.path('source/link'));
    await symlink(desk.path('nowhere'), desk.path('source/broken'));
    await desk.transfer(desk.path('source'), 's3://lab/x', { storage });
    assert.deepEqual(await server.keys('lab'), ['x/.spimquant/output.json', 'x/link/a.txt']);
  });

  it('do not mix names that a disk takes for the same', async () => {
    for (const key of ['A.txt', 'a.txt', 'b.txt']) await server.put('lab', `x/${key}`, key);
    await desk.write('target/B.txt', 'another');
    const done = await desk.transfer('s3://lab/x', desk.path('target'), { storage, foldsCase: true, deletes: true });
    assert.deepEqual(done.problems.map(({ key }) => key), ['a.txt']);
    assert.match(done.problems[0].reason, /capitals/);
    assert.deepEqual([done.plan.copy.files, done.plan.delete.files], [2, 0]);
    assert.deepEqual(Object.keys(await desk.read('target')), ['A.txt', 'B.txt', 'b.txt']);
  });

  it('refuse ends that lie in each other, are the same, or are not there', async () => {
    await desk.write('data/a', 'a');
    await server.put('lab', 'x/a', 'a');
    await symlink(desk.path('data'), desk.path('alias'));
    const refuses = (from: string, to: string, error: (error: unknown) => true, deletes = false): Promise<void> => assert.rejects(desk.transfer(from, to, { storage, deletes }), error);
    await refuses(desk.path('data'), desk.path('data'), isError('bad-option', 'the same'));
    await refuses(desk.path('data'), desk.path('alias'), isError('bad-option', 'the same'));
    await refuses(desk.path('data'), desk.path('data/copy'), isError('bad-option', 'lies in the source'));
    await refuses(desk.path('alias'), desk.path('data/x/y'), isError('bad-option', 'lies in the source'));
    await refuses('s3://lab/x', 's3://lab/x/below', isError('bad-option', 'lies in the source'));
    await refuses('s3://lab/x/a', 's3://lab/x/', isError('bad-option', 'the same'));
    await refuses('s3://lab/x', 's3://lab', isError('bad-option', '--delete would delete it'), true);
    await refuses(desk.path('absent'), 's3://lab/y', isError('not-found', 'absent'));
    await refuses('s3://lab/absent', desk.path('y'), isError('not-found', 's3://lab/absent'));
    await refuses('s3://none/x', desk.path('y'), isError('not-found', 'none'));
    await refuses('s3://lab/x', desk.path('data/a'), isError('bad-option', 'a file is there'));
    assert.deepEqual(Object.keys(await desk.read('data')), ['a']);
    assert.deepEqual(await server.keys('lab'), ['x/a']);
  });

  it('go between two services with their own ways of access', async () => {
    const other = await startS3Server({ buckets: { far: {} }, credentials: [{ accessKeyId: 'AKIDOTHER', secretAccessKey: 'other/secret' }] });
    try {
      await home.leave();
      await home.enter({ credentials: `[one]\naws_access_key_id=${defaultCredential.accessKeyId}\naws_secret_access_key=${defaultCredential.secretAccessKey}\n[two]\naws_access_key_id=AKIDOTHER\naws_secret_access_key=other/secret\n` });
      await server.put('lab', 'x/a', 'alpha');
      await server.put('lab', 'x/large', large);
      const done = await desk.transfer('s3://lab/x', 's3://far/y', { storage: { s3Endpoint: server.endpoint, awsProfile: 'one' }, toStorage: { s3Endpoint: other.endpoint, awsProfile: 'two', storageClass: 'STANDARD_IA' } });
      assert.deepEqual(done.failures, []);
      assert.deepEqual(await other.keys('far'), ['y/a', 'y/large']);
      for (const key of ['y/a', 'y/large']) assert.equal((await other.attributes('far', key)).storageClass, 'STANDARD_IA');
    } finally {
      await other.close();
    }
  });
});
