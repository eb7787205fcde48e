import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { StorageOptions } from '../../../runner/storage/objectStore.ts';
import { S3Store } from '../../../runner/storage/s3/s3Store.ts';
import { defaultCredential, startS3Server } from '../../servers/s3Server.ts';
import type { LoggedRequest, S3Server } from '../../servers/s3Server.ts';
import { AwsHome } from './awsHome.ts';
import { impatient, isError, listAll, pattern, text } from './objectStoreSuite.ts';

const home = new AwsHome();

function storeAt(server: S3Server, prefix: string = '', storage: StorageOptions = {}): S3Store {
  return new S3Store({ scheme: 's3', bucket: 'lab', prefix }, { s3Endpoint: server.endpoint, ...storage }, impatient);
}

describe('S3Store when things go wrong', () => {
  let server: S3Server;
  beforeEach(async () => {
    await home.enter({ keys: defaultCredential });
    server = await startS3Server({ buckets: { lab: {} } });
    await server.put('lab', 'a.txt', 'alpha');
  });
  afterEach(async () => {
    await server.close();
    await home.leave();
  });
  const requestsTo = (key: string): LoggedRequest[] => server.requests.filter((request) => request.key === key);

  for (const kind of ['reset', 'truncate'] as const) {
    it(`goes on where it was when a body ends early (${kind})`, async () => {
      const bytes = pattern(3_000_000);
      await server.put('lab', 'big.bin', bytes);
      server.inject({ fault: { kind, afterBytes: 1_000_000 } });
      server.inject({ fault: { kind, afterBytes: 500_000 } });
      const store = storeAt(server);
      const read = await store.read('big.bin');
      assert.ok(read && Buffer.compare(read, bytes) === 0);
      const ranges = requestsTo('big.bin').map((request) => request.range);
      assert.equal(ranges.length, 3);
      assert.equal(ranges[0], undefined);
      assert.match(ranges[1] ?? '', /^bytes=\d+-2999999$/);
      assert.ok(Number(/=(\d+)/.exec(ranges[2] ?? '')?.[1]) >= Number(/=(\d+)/.exec(ranges[1] ?? '')?.[1]));
    });
  }

  it('repeats single parts of an upload', async () => {
    const store = storeAt(server);
    server.inject({ match: (request) => request.query.partNumber === '2', fault: { kind: 'status', status: 503, code: 'SlowDown' } });
    server.inject({ match: (request) => request.query.partNumber === '3', fault: { kind: 'reset' } });
    await store.write('large', pattern(20_000_000));
    assert.ok(Buffer.compare((await store.read('large')) ?? new Uint8Array(), pattern(20_000_000)) === 0);
    assert.equal(requestsTo('large').filter((request) => request.query.partNumber === '1').length, 1);
  });

  it('waits for a network that is away for a while', async () => {
    const port = Number(new URL(server.endpoint).port);
    let waits = 0;
    const store = new S3Store({ scheme: 's3', bucket: 'lab', prefix: '' }, { s3Endpoint: server.endpoint }, {
      sleep: async () => {
        waits += 1;
        if (waits < 8) return;
        server = await startS3Server({ port, buckets: { lab: {} } });
        await server.put('lab', 'a.txt', 'back');
      },
    });
    assert.equal(text(await store.read('a.txt')), 'alpha');
    await server.close();
    assert.equal(text(await store.read('a.txt')), 'back');
    assert.equal(waits, 8);
  });
});

describe('S3Store with services of other manners', () => {
  let server: S3Server;
  beforeEach(async () => {
    await home.enter({ keys: defaultCredential });
    server = await startS3Server();
  });
  afterEach(async () => {
    await server.close();
    await home.leave();
  });

  it('still refuses to replace where conditional writes are refused or ignored', async () => {
    for (const conditionalWrites of ['refuse', 'ignore'] as const) {
      server.createBucket('lab', { conditionalWrites });
      const store = storeAt(server);
      await store.write('lock', 'first', { ifAbsent: true });
      await assert.rejects(store.write('lock', 'second', { ifAbsent: true }), isError('already-exists'));
      assert.equal(text(await store.read('lock')), 'first');
      const { version } = await store.write('table', 'one');
      await store.write('table', 'two', { ifVersion: version });
      await assert.rejects(store.write('table', 'three', { ifVersion: version }), isError('changed'));
      assert.equal(text(await store.read('table')), 'two');
    }
  });

  it('replaces what nobody has changed where the tag of a condition is compared with its quotes, and nothing else', async () => {
    server.createBucket('lab', { conditionalWrites: 'bare-tags' });
    const [store, other] = [storeAt(server), storeAt(server)];
    const { version } = await store.write('table', 'one');
    const second = await store.write('table', 'two', { ifVersion: version });
    await assert.rejects(other.write('table', 'three', { ifVersion: version }), isError('changed'));
    assert.equal(text(await store.read('table')), 'two');
    const before = server.requests.length;
    await store.write('table', 'four', { ifVersion: second.version });
    assert.equal(server.requests.length - before, 2, 'it is known by now');
    const { version: last } = await store.write('table', 'five');
    const outcomes = await Promise.allSettled([store, other, storeAt(server)].map((each, index) => each.write('table', `editor ${index}`, { ifVersion: last })));
    assert.equal(outcomes.filter(({ status }) => status === 'fulfilled').length, 1);
  });

  it('says so when a service passes over the wish for encryption', async () => {
    server.createBucket('lab', { encrypts: false });
    for (const wish of [{ encryption: 'provider' }, { encryption: 'kms', encryptionKey: 'key' }] as const) {
      const store = storeAt(server, '', wish);
      await assert.rejects(store.write('small', 'x'), isError('bad-option', '--encryption', `${store.uri}/small`));
      await assert.rejects(store.write('large', pattern(9_000_000)), isError('bad-option', '--encryption'));
      await assert.rejects(async () => (await store.parts()).begin('parts', 20_000_000), isError('bad-option', '--encryption'));
    }
    assert.deepEqual(await server.keys('lab'), ['small'], 'what is large is not even sent');
    assert.equal(server.openUploads('lab'), 0);
  });

  it('lists names as they are when the service does not encode them', async () => {
    server.createBucket('lab', { encodesKeys: false });
    const store = storeAt(server);
    await store.write('a+b/50%25 & more.txt', 'x');
    assert.deepEqual((await listAll(store, '', { recursive: true })).map((entry) => entry.key), ['a+b/50%25 & more.txt']);
    assert.deepEqual((await listAll(store, '')).map((entry) => entry.key), ['a+b/']);
  });

  it('reads and writes the folder behind a bucket', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'spimquant-bucket-'));
    try {
      server.createBucket('lab', { folder });
      const store = storeAt(server, 'out');
      await store.write('sub-01/table.tsv', 'region\tcount\n');
      assert.equal(await readFile(join(folder, 'out/sub-01/table.tsv'), 'utf8'), 'region\tcount\n');
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });
});
