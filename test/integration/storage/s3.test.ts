import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { defaultRetryPolicy } from '../../../runner/storage/retry.ts';
import { openStore } from '../../../runner/storage/open.ts';
import type { StorageOptions } from '../../../runner/storage/objectStore.ts';
import { S3Store } from '../../../runner/storage/s3/s3Store.ts';
import { defaultCredential, startS3Server } from '../../servers/s3Server.ts';
import type { LoggedRequest, S3Server } from '../../servers/s3Server.ts';
import { AwsHome } from './awsHome.ts';
import { isError, listAll, objectStoreSuite, pattern, text } from './objectStoreSuite.ts';

const home = new AwsHome();

objectStoreSuite('S3, in memory', async () => {
  await home.enter({ keys: defaultCredential });
  const server = await startS3Server({ buckets: { lab: {} } });
  return {
    store: openStore('s3://lab/data set/', { s3Endpoint: server.endpoint }),
    put: async (key, content) => server.put('lab', `data set/${key}`, content),
    close: async () => {
      await server.close();
      await home.leave();
    },
  };
});

objectStoreSuite('S3, at the root of a bucket kept in a folder', async () => {
  await home.enter({ keys: defaultCredential });
  const folder = await mkdtemp(join(tmpdir(), 'spimquant-bucket-'));
  const server = await startS3Server({ buckets: { lab: { folder } } });
  return {
    store: openStore('s3://lab', { s3Endpoint: server.endpoint }),
    put: async (key, content) => server.put('lab', key, content),
    close: async () => {
      await server.close();
      await home.leave();
      await rm(folder, { recursive: true, force: true });
    },
  };
});

/** Waits between attempts are recorded, not waited for. */
function impatient(server: S3Server, options: StorageOptions = {}, uri: { bucket?: string; prefix?: string } = {}, silenceMs: number = 20_000): { store: S3Store; waits: number[] } {
  const waits: number[] = [];
  const store = new S3Store({ scheme: 's3', bucket: uri.bucket ?? 'lab', prefix: uri.prefix ?? '' }, { s3Endpoint: server.endpoint, ...options }, {
    sleep: async (ms) => void waits.push(ms),
    random: () => 0.5,
    timeouts: { connectMs: 20_000, silenceMs },
  });
  return { store, waits };
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

  it('waits and tries again when the service asks for fewer requests', async () => {
    server.inject({ fault: { kind: 'status', status: 503, code: 'SlowDown' }, times: 2 });
    server.inject({ fault: { kind: 'status', status: 429, code: 'TooManyRequests', headers: { 'retry-after': '3' } } });
    const { store, waits } = impatient(server);
    assert.equal(text(await store.read('a.txt')), 'alpha');
    assert.deepEqual(waits, [250, 500, 3000]);
  });

  it('gives up on a service that never stops throttling, and says so', async () => {
    server.inject({ fault: { kind: 'status', status: 503, code: 'SlowDown' }, times: 100 });
    const { store, waits } = impatient(server);
    await assert.rejects(store.write('b.txt', 'x'), isError('throttled', 's3://lab/b.txt', 'SlowDown'));
    assert.equal(waits.length, defaultRetryPolicy.attempts.throttled - 1);
    server.clearFaults();
    assert.deepEqual(await server.keys('lab'), ['a.txt']);
  });

  it('repeats reading, listing, writing and deleting after faults of the service', async () => {
    const { store } = impatient(server);
    const fault = { kind: 'status', status: 500, code: 'InternalError' } as const;
    server.inject({ fault });
    assert.equal((await store.stat('a.txt'))?.size, 5);
    server.inject({ fault });
    assert.equal((await listAll(store, '')).length, 1);
    server.inject({ fault });
    await store.write('b.txt', 'beta');
    server.inject({ fault });
    await store.delete('a.txt');
    assert.deepEqual(await server.keys('lab'), ['b.txt']);
  });

  it('repeats when the connection is reset before the answer', async () => {
    server.inject({ fault: { kind: 'reset' }, times: 3 });
    const { store, waits } = impatient(server);
    assert.equal(text(await store.read('a.txt')), 'alpha');
    assert.equal(waits.length, 3);
  });

  for (const kind of ['reset', 'truncate'] as const) {
    it(`goes on where it was when a body ends early (${kind})`, async () => {
      const bytes = pattern(3_000_000);
      await server.put('lab', 'big.bin', bytes);
      server.inject({ fault: { kind, afterBytes: 1_000_000 } });
      server.inject({ fault: { kind, afterBytes: 500_000 } });
      const { store } = impatient(server);
      const read = await store.read('big.bin');
      assert.ok(read && Buffer.compare(read, bytes) === 0);
      const ranges = requestsTo('big.bin').map((request) => request.range);
      assert.equal(ranges.length, 3);
      assert.equal(ranges[0], undefined);
      assert.match(ranges[1] ?? '', /^bytes=\d+-2999999$/);
      assert.ok(Number(/=(\d+)/.exec(ranges[2] ?? '')?.[1]) >= Number(/=(\d+)/.exec(ranges[1] ?? '')?.[1]));
    });
  }

  it('goes on where it was in ranges and suffixes too', async () => {
    const bytes = pattern(1_000_000);
    await server.put('lab', 'big.bin', bytes);
    const { store } = impatient(server);
    server.inject({ fault: { kind: 'truncate', afterBytes: 100_000 } });
    assert.deepEqual(await store.read('big.bin', { range: { offset: 1000, length: 400_000 } }), bytes.slice(1000, 401_000));
    server.inject({ fault: { kind: 'reset', afterBytes: 100_000 } });
    assert.deepEqual(await store.read('big.bin', { range: { suffix: 300_000 } }), bytes.slice(700_000));
  });

  it('never mixes two versions of an object', async () => {
    await server.put('lab', 'big.bin', new Uint8Array(2_000_000).fill(1));
    const store = new S3Store({ scheme: 's3', bucket: 'lab', prefix: '' }, { s3Endpoint: server.endpoint }, {
      sleep: async () => server.put('lab', 'big.bin', new Uint8Array(1_500_000).fill(2)),
    });
    server.inject({ fault: { kind: 'reset', afterBytes: 700_000 } });
    const read = await store.read('big.bin');
    assert.equal(read?.length, 1_500_000);
    assert.ok(read?.every((value) => value === 2));
  });

  it('repeats a listing that is cut off in the middle of its text', async () => {
    for (let index = 0; index < 50; index++) await server.put('lab', `many/${index}`, '');
    for (const kind of ['reset', 'truncate'] as const) server.inject({ fault: { kind, afterBytes: 2000 } });
    const { store, waits } = impatient(server);
    assert.equal((await listAll(store, 'many')).length, 50);
    assert.equal(waits.length, 2);
  });

  it('does not take its own write for another\'s when the answer was lost', async () => {
    const { store } = impatient(server);
    server.inject({ match: (request) => request.method === 'PUT', fault: { kind: 'lose-answer' } });
    const written = await store.write('lock', 'mine', { ifAbsent: true });
    assert.equal((await store.stat('lock'))?.version, written.version);
    server.inject({ match: (request) => request.method === 'POST' && 'uploadId' in request.query, fault: { kind: 'lose-answer' } });
    assert.equal((await store.write('large', pattern(9_000_000))).size, 9_000_000);
    assert.ok(Buffer.compare((await store.read('large')) ?? new Uint8Array(), pattern(9_000_000)) === 0);
  });

  it('gives up on silence in the answer, or in its body, and tries again', async () => {
    await server.put('lab', 'big.bin', pattern(300_000));
    server.inject({ fault: { kind: 'hang' } });
    server.inject({ fault: { kind: 'hang', afterBytes: 100_000 } });
    const { store, waits } = impatient(server, {}, {}, 300);
    assert.deepEqual(await store.read('big.bin'), pattern(300_000));
    assert.ok(waits.length >= 2);
  });

  it('ends a hanging request when its signal is aborted', async () => {
    await server.put('lab', 'big.bin', pattern(300_000));
    const store = openStore('s3://lab', { s3Endpoint: server.endpoint });
    for (const fault of [{ kind: 'hang' }, { kind: 'hang', afterBytes: 1000 }] as const) {
      server.inject({ fault });
      const controller = new AbortController();
      const seen = server.requests.length;
      const reading = store.read('big.bin', { signal: controller.signal });
      while (server.requests.length === seen) await new Promise(setImmediate);
      controller.abort();
      await assert.rejects(reading, isError('cancelled', 's3://lab/big.bin'));
    }
    server.inject({ fault: { kind: 'hang' } });
    const controller = new AbortController();
    const listing = listAll(store, '', { signal: controller.signal });
    controller.abort();
    await assert.rejects(listing, isError('cancelled'));
  });

  it('frees the places of cancelled requests for others', async () => {
    const store = openStore('s3://lab', { s3Endpoint: server.endpoint, concurrency: 2 });
    server.inject({ fault: { kind: 'hang' }, times: 2 });
    const controller = new AbortController();
    const stuck = [1, 2, 3].map(() => store.read('a.txt', { signal: controller.signal }));
    while (server.requests.length < 2) await new Promise(setImmediate);
    const waiting = store.read('a.txt');
    assert.equal(server.requests.length, 2, 'no more than two requests at once');
    controller.abort();
    for (const one of await Promise.allSettled(stuck)) assert.ok(one.status === 'rejected');
    assert.equal(text(await waiting), 'alpha');
  });

  it('withdraws the parts of an upload that fails or is cancelled', async () => {
    const { store } = impatient(server);
    server.inject({ match: (request) => request.query.partNumber === '2', fault: { kind: 'status', status: 403, code: 'AccessDenied' } });
    await assert.rejects(store.write('large', pattern(20_000_000)), isError('access-denied', 's3:PutObject'));
    assert.equal(server.openUploads('lab'), 0);

    const controller = new AbortController();
    server.inject({ match: (request) => request.query.partNumber === '1', fault: { kind: 'hang' } });
    const writing = store.write('large', pattern(20_000_000), { signal: controller.signal });
    while (!server.requests.some((request) => request.query.partNumber === '1')) await new Promise(setImmediate);
    controller.abort();
    await assert.rejects(writing, isError('cancelled', 's3://lab/large'));
    assert.equal(server.openUploads('lab'), 0);
    assert.deepEqual(await server.keys('lab'), ['a.txt']);
  });

  it('repeats single parts of an upload', async () => {
    const { store } = impatient(server);
    server.inject({ match: (request) => request.query.partNumber === '2', fault: { kind: 'status', status: 503, code: 'SlowDown' } });
    server.inject({ match: (request) => request.query.partNumber === '3', fault: { kind: 'reset' } });
    await store.write('large', pattern(20_000_000));
    assert.ok(Buffer.compare((await store.read('large')) ?? new Uint8Array(), pattern(20_000_000)) === 0);
    assert.equal(requestsTo('large').filter((request) => request.query.partNumber === '1').length, 1);
  });

  it('says that nothing listens at the endpoint', async () => {
    const store = new S3Store({ scheme: 's3', bucket: 'lab', prefix: '' }, { s3Endpoint: 'http://127.0.0.1:9' }, { sleep: async () => undefined });
    await assert.rejects(store.read('a.txt'), isError('network', 'http://127.0.0.1:9', 'cannot be reached'));
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

  it('names a missing bucket, for every kind of request', async () => {
    const { store } = impatient(server, {}, { bucket: 'absent' });
    await assert.rejects(store.stat('a'), isError('not-found', '"absent"'));
    await assert.rejects(store.read('a'), isError('not-found', '"absent"'));
    await assert.rejects(store.write('a', 'x'), isError('not-found', '"absent"'));
    await assert.rejects(store.write('a', 'x', { ifAbsent: true }), isError('not-found', '"absent"'));
    await assert.rejects(listAll(store, ''), isError('not-found', '"absent"'));
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
      const { store } = impatient(server);
      await store.write('lock', 'first', { ifAbsent: true });
      await assert.rejects(store.write('lock', 'second', { ifAbsent: true }), isError('already-exists'));
      assert.equal(text(await store.read('lock')), 'first');
    }
  });

  it('lists names as they are when the service does not encode them', async () => {
    server.createBucket('lab', { encodesKeys: false });
    const { store } = impatient(server);
    await store.write('a+b/50%25 & more.txt', 'x');
    assert.deepEqual((await listAll(store, '', { recursive: true })).map((entry) => entry.key), ['a+b/50%25 & more.txt']);
    assert.deepEqual((await listAll(store, '')).map((entry) => entry.key), ['a+b/']);
  });

  it('passes over folder markers and names that it could not read', async () => {
    server.createBucket('lab');
    for (const key of ['data/', 'data/a', 'data//b', 'data/../c']) await server.put('lab', key, '');
    const { store } = impatient(server);
    assert.deepEqual((await listAll(store, '', { recursive: true })).map((entry) => entry.key), ['data/a']);
    assert.deepEqual((await listAll(store, 'data')).map((entry) => entry.key), ['data/a']);
  });

  it('reads and writes the folder behind a bucket', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'spimquant-bucket-'));
    try {
      server.createBucket('lab', { folder });
      const { store } = impatient(server, {}, { prefix: 'out' });
      await store.write('sub-01/table.tsv', 'region\tcount\n');
      assert.equal(await readFile(join(folder, 'out/sub-01/table.tsv'), 'utf8'), 'region\tcount\n');
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });
});
