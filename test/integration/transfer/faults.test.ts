import assert from 'node:assert/strict';
import { chmod, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { setImmediate as turn } from 'node:timers/promises';
import type { StorageOptions } from '../../../runner/storage/objectStore.ts';
import { defaultCredential, startS3Server } from '../../servers/s3Server.ts';
import type { LoggedRequest, S3Server } from '../../servers/s3Server.ts';
import { AwsHome } from '../storage/awsHome.ts';
import { isError, pattern } from '../storage/objectStoreSuite.ts';
import { Desk, latin } from './support.ts';

const mebibyte = 1024 * 1024;
/** Four parts. */
const large = pattern(3 * 8 * mebibyte + 12_345);

const isPart = ({ method, query }: LoggedRequest): boolean => method === 'PUT' && query.partNumber !== undefined;
const isRange = ({ method, range, key }: LoggedRequest): boolean => method === 'GET' && range !== undefined && key !== '';

describe('transfers when things go wrong', () => {
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
  const temporaries = async (folder: string): Promise<readonly string[]> => (await readdir(desk.path(folder), { recursive: true }).catch(() => [])).filter((name) => name.includes('.spimquant-tmp-'));
  const contentOf = async (key: string, bucket = 'lab'): Promise<string> => {
    const object = await server.bucket(bucket).backend.get(key);
    return latin(await object?.read(0, object.size) ?? '');
  };

  it('get through throttling, resets, truncated bodies and lost answers, down and up', async () => {
    await server.put('lab', 'x/large', large);
    for (let index = 0; index < 30; index++) await server.put('lab', `x/small-${index}`, `small ${index}`);
    const faults = [{ kind: 'status', status: 503, code: 'SlowDown' }, { kind: 'reset' }, { kind: 'truncate', afterBytes: 3 }, { kind: 'status', status: 500, code: 'InternalError' }, { kind: 'reset', afterBytes: 1000 }] as const;
    for (const fault of faults) server.inject({ fault, match: isRange });
    for (const fault of faults) server.inject({ fault, match: ({ method, key, range }) => method === 'GET' && key.includes('small') && range === undefined });
    const down = await desk.transfer('s3://lab/x', desk.path('down'), { storage });
    assert.deepEqual(down.failures, []);
    assert.equal((await desk.read('down')).large, latin(large));
    server.inject({ fault: { kind: 'lose-answer' }, match: isPart });
    server.inject({ fault: { kind: 'status', status: 503, code: 'SlowDown' }, match: isPart });
    server.inject({ fault: { kind: 'lose-answer' }, match: ({ method, query }) => method === 'POST' && query.uploadId !== undefined });
    server.inject({ fault: { kind: 'lose-answer' }, match: ({ method, key }) => method === 'PUT' && key.includes('small') });
    const up = await desk.transfer(desk.path('down'), 's3://two/y', { storage });
    assert.deepEqual(up.failures, []);
    assert.equal(await contentOf('y/large', 'two'), latin(large));
    assert.equal((await server.keys('two')).length, 31);
    assert.equal(server.openUploads('two'), 0);
    assert.deepEqual(await temporaries('down'), []);
  });

  it('find content that was changed on the way, fetch it anew, and give up on what stays wrong', async () => {
    await server.put('lab', 'x/small', 'small content');
    await server.put('lab', 'x/large', large);
    server.inject({ fault: { kind: 'corrupt', atByte: 3 }, match: ({ method, key }) => method === 'GET' && key === 'x/small' });
    server.inject({ fault: { kind: 'corrupt', atByte: 77 }, match: (request) => isRange(request) && request.key === 'x/large' });
    const mended = await desk.transfer('s3://lab/x', desk.path('down'), { storage });
    assert.deepEqual(mended.failures, []);
    assert.equal((await desk.read('down')).large, latin(large));
    assert.equal((await desk.read('down')).small, 'small content');
    assert.deepEqual(mended.result?.verified, { md5: 2 });

    server.inject({ fault: { kind: 'corrupt', atByte: 3 }, match: ({ method, key }) => method === 'GET' && key === 'x/small', times: 100 });
    server.inject({ fault: { kind: 'corrupt', atByte: 77 }, match: ({ key, range }) => key === 'x/large' && range?.startsWith('bytes=8388608-') === true, times: 100 });
    const wrong = await desk.transfer('s3://lab/x', desk.path('other'), { storage });
    assert.deepEqual(wrong.failures.map(({ key, code }) => `${key} ${code}`), ['large checksum-mismatch', 'small checksum-mismatch'].sort((a, b) => wrong.failures.findIndex(({ key }) => a.startsWith(key)) - wrong.failures.findIndex(({ key }) => b.startsWith(key))));
    assert.deepEqual(await desk.read('other'), {});
    const trusting = await desk.transfer('s3://lab/x', desk.path('trusting'), { storage, verify: false });
    assert.deepEqual(trusting.failures, []);
    assert.equal((await desk.read('trusting')).small.length, 13);
  });

  it('find it from bucket to bucket too', async () => {
    await server.put('lab', 'x/large', large);
    server.inject({ fault: { kind: 'corrupt', atByte: 5 }, match: ({ key, range }) => key === 'x/large' && range?.startsWith('bytes=16777216-') === true, times: 100 });
    const wrong = await desk.transfer('s3://lab/x', 's3://two/y', { storage });
    assert.deepEqual(wrong.failures.map(({ code }) => code), ['checksum-mismatch']);
    assert.deepEqual(await server.keys('two'), []);
    assert.equal(server.openUploads('two'), 0);
    server.clearFaults();
    const right = await desk.transfer('s3://lab/x', 's3://two/y', { storage });
    assert.deepEqual(right.result?.verified, { md5: 1 });
    assert.equal(await contentOf('y/large', 'two'), latin(large));
  });

  it('copy anew what changes meanwhile, as it is then, and nothing of two versions together', async () => {
    await server.put('lab', 'x/large', large);
    await server.put('lab', 'x/small', 'before');
    const changed = large.map((byte) => byte ^ 0x55);
    // The third range is asked for when the object has another version.
    let ranges = 0;
    const swap = { method: 'GET', done: false };
    server.inject({
      fault: { kind: 'wait', until: Promise.resolve() }, times: 1000,
      match: (request) => {
        if (isRange(request) && ++ranges === 3 && !swap.done) {
          swap.done = true;
          void server.put('lab', 'x/large', changed);
          void server.put('lab', 'x/small', 'after, and longer');
        }
        return false;
      },
    });
    const done = await desk.transfer('s3://lab/x', desk.path('down'), { storage, transfers: 2 });
    assert.deepEqual(done.failures, []);
    const files = await desk.read('down');
    assert.equal(files.large, latin(changed));
    assert.ok(['before', 'after, and longer'].includes(files.small));
    assert.match(done.notes.join(), /large changed while it was copied/);
    assert.deepEqual(await temporaries('down'), []);
    // Its record knows the version that was copied.
    const again = await desk.transfer('s3://lab/x', desk.path('down'), { storage });
    assert.deepEqual(again.items.map(({ key }) => key), files.small === 'before' ? ['small'] : []);
  });

  it('notice a local file that is written while it is uploaded', async () => {
    const path = await desk.write('source/large', large);
    let parts = 0;
    server.inject({ fault: { kind: 'status', status: 500, code: 'x' }, times: 1000, match: (request) => {
      if (isPart(request) && ++parts === 2) void writeFile(path, 'short now');
      return false;
    } });
    const done = await desk.transfer(desk.path('source'), 's3://lab/x', { storage, transfers: 1 });
    assert.deepEqual(done.failures, []);
    assert.equal(await contentOf('x/large'), 'short now');
    assert.equal(server.openUploads('lab'), 0);
  });

  it('do without what vanishes before its turn', async () => {
    for (const key of ['a', 'b', 'c']) await server.put('lab', `x/${key}`, key);
    server.inject({ fault: { kind: 'wait', until: Promise.resolve() }, match: ({ method, key }) => {
      if (method === 'GET' && key === 'x/a') void server.bucket('lab').backend.delete('x/b');
      return false;
    }, times: 100 });
    const done = await desk.transfer('s3://lab/x', desk.path('down'), { storage, transfers: 1 });
    assert.deepEqual([done.failures, done.result?.gone, done.result?.copied.files], [[], 1, 2]);
    assert.deepEqual(Object.keys(await desk.read('down')), ['a', 'c']);
  });

  it('copy the others when single objects cannot be read or written', async () => {
    for (const key of ['a', 'b', 'c', 'd']) await server.put('lab', `x/${key}`, key);
    server.inject({ fault: { kind: 'status', status: 403, code: 'AccessDenied' }, match: ({ method, key }) => method === 'GET' && key === 'x/b', times: 10 });
    await desk.write('down/c/in the way', 'x');
    const done = await desk.transfer('s3://lab/x', desk.path('down'), { storage });
    assert.deepEqual(done.failures.map(({ key, code }) => `${key} ${code}`).sort(), ['b access-denied', 'c bad-option']);
    assert.deepEqual(Object.keys(await desk.read('down')), ['a', 'c/in the way', 'd']);
    assert.deepEqual(await temporaries('down'), []);
  });

  it('stop at once when credentials have expired, and when nothing works any more', async () => {
    for (let index = 0; index < 300; index++) await server.put('lab', `x/${String(index).padStart(3, '0')}`, 'x');
    server.inject({ fault: { kind: 'status', status: 400, code: 'ExpiredToken' }, match: ({ method, key }) => method === 'GET' && key >= 'x/050', times: 1000 });
    await assert.rejects(desk.transfer('s3://lab/x', desk.path('down'), { storage }), isError('auth-expired'));
    assert.ok(server.requests.filter(({ method, key }) => method === 'GET' && key >= 'x/080').length === 0);
    server.clearFaults();
    server.inject({ fault: { kind: 'status', status: 403, code: 'AccessDenied' }, match: ({ method, key }) => method === 'GET' && key !== '', times: 1000 });
    const before = server.requests.length;
    await assert.rejects(desk.transfer('s3://lab/x', desk.path('down'), { storage }), isError('access-denied'));
    assert.ok(server.requests.length - before < 250);
    server.clearFaults();
    const rest = await desk.transfer('s3://lab/x', desk.path('down'), { storage });
    assert.ok(rest.plan.copy.files < 260);
    assert.equal(Object.keys(await desk.read('down')).length, 300);
  });

  it('delete nothing when the source cannot be listed to its end', async () => {
    for (let index = 0; index < 1500; index++) await server.put('lab', `x/${String(index).padStart(4, '0')}`, 'x');
    await desk.write('down/extra', 'x');
    server.inject({ fault: { kind: 'status', status: 403, code: 'AccessDenied' }, match: ({ query }) => query['continuation-token'] !== undefined, times: 100 });
    await assert.rejects(desk.transfer('s3://lab/x', desk.path('down'), { storage, deletes: true }), isError('access-denied', 's3://lab/x'));
    assert.deepEqual(Object.keys(await desk.read('down')), ['extra']);
    if (process.getuid?.() === 0) return;
    await desk.write('source/locked/a', 'a');
    await server.put('two', 'y/locked/old', 'old');
    await chmod(desk.path('source/locked'), 0);
    try {
      await assert.rejects(desk.transfer(desk.path('source'), 's3://two/y', { storage, deletes: true }), isError('access-denied', 'locked'));
      assert.deepEqual(await server.keys('two'), ['y/locked/old']);
    } finally {
      await chmod(desk.path('source/locked'), 0o700);
    }
  });

  it('go on where they were cancelled, down and up, and leave nothing half written to be seen', async () => {
    await server.put('lab', 'x/large', large);
    for (const way of ['down', 'up'] as const) {
      const [from, to] = way === 'down' ? ['s3://lab/x', desk.path('down')] : [desk.path('down'), 's3://two/y'];
      const counts = way === 'down' ? isRange : isPart;
      const abort = new AbortController();
      const before = server.requests.length;
      let arrived = 0;
      const running = desk.transfer(from, to, { storage, transfers: 2, signal: abort.signal, onProgress: ({ bytes }) => {
        arrived = Math.max(arrived, bytes.done);
        if (bytes.done >= 16 * mebibyte) abort.abort();
      } });
      await assert.rejects(running, isError('cancelled'));
      assert.ok(arrived >= 16 * mebibyte);
      if (way === 'down') assert.deepEqual(await desk.read('down').then((files) => Object.keys(files).filter((name) => !name.includes('.spimquant-tmp-'))), []);
      else assert.deepEqual(await server.keys('two'), []);
      assert.ok(server.requests.slice(before).filter(counts).length < 4);
      const middle = server.requests.length;
      const done = await desk.transfer(from, to, { storage });
      assert.deepEqual(done.failures, []);
      // Two parts at least had arrived, and are not sent again.
      assert.ok(server.requests.slice(middle).filter(counts).length <= 2, way);
      if (way === 'down') {
        assert.equal((await desk.read('down')).large, latin(large));
        assert.equal((await stat(desk.path('down/large'))).size, large.length);
      } else assert.equal(await contentOf('y/large', 'two'), latin(large));
    }
    assert.deepEqual(await temporaries('down'), []);
    assert.equal(server.openUploads('two'), 0);
  });

  it('begin a large object anew when what was begun is gone, damaged, or of another version', async () => {
    await server.put('lab', 'x/large', large);
    const interrupt = async (from: string, to: string): Promise<void> => {
      const abort = new AbortController();
      await assert.rejects(desk.transfer(from, to, { storage, transfers: 1, signal: abort.signal, onProgress: ({ bytes }) => { if (bytes.done > 0) abort.abort(); } }), isError('cancelled'));
    };
    // Gone: a cleaner has removed it.
    await interrupt('s3://lab/x', desk.path('down'));
    await rm(desk.path('down', (await temporaries('down'))[0]));
    await desk.transfer('s3://lab/x', desk.path('down'), { storage });
    assert.equal((await desk.read('down')).large, latin(large));
    // Damaged: a power cut took a part that counts as written.
    await rm(desk.path('down/large'));
    await interrupt('s3://lab/x', desk.path('down'));
    await writeFile(desk.path('down', (await temporaries('down'))[0]), new Uint8Array(large.length));
    const mended = await desk.transfer('s3://lab/x', desk.path('down'), { storage });
    assert.deepEqual(mended.failures, []);
    assert.equal((await desk.read('down')).large, latin(large));
    // The service has cleared the upload away.
    await interrupt(desk.path('down'), 's3://two/y');
    server.bucket('two').uploads.clear();
    await desk.transfer(desk.path('down'), 's3://two/y', { storage });
    assert.equal(await contentOf('y/large', 'two'), latin(large));
    // The source is another by now.
    await rm(desk.path('down/large'));
    await interrupt('s3://lab/x', desk.path('down'));
    const other = large.map((byte) => byte ^ 0xff);
    await server.put('lab', 'x/large', other);
    await desk.transfer('s3://lab/x', desk.path('down'), { storage });
    assert.equal((await desk.read('down')).large, latin(other));
    assert.deepEqual(await temporaries('down'), []);
  });

  it('remove what was begun of objects that are no longer there', async () => {
    await server.put('lab', 'x/large', large);
    await server.put('lab', 'x/small', 'small');
    const abort = new AbortController();
    await assert.rejects(desk.transfer('s3://lab/x', 's3://two/y', { storage, transfers: 1, signal: abort.signal, onProgress: ({ bytes }) => { if (bytes.done > 0) abort.abort(); } }), isError('cancelled'));
    assert.equal(server.openUploads('two'), 1);
    await server.bucket('lab').backend.delete('x/large');
    // Not by a transfer that leaves it out.
    await desk.transfer('s3://lab/x', 's3://two/y', { storage, filters: [{ include: true, pattern: 'small' }] });
    assert.equal(server.openUploads('two'), 1);
    await desk.transfer('s3://lab/x', 's3://two/y', { storage });
    assert.equal(server.openUploads('two'), 0);
    assert.deepEqual(await server.keys('two'), ['y/small']);
  });

  it('are cancelled while they list, within a moment', async () => {
    for (let index = 0; index < 10; index++) await server.put('lab', `x/${index}`, 'x');
    server.inject({ fault: { kind: 'hang' }, match: ({ query }) => query['list-type'] !== undefined, times: 100 });
    const abort = new AbortController();
    const running = desk.transfer('s3://lab/x', desk.path('down'), { storage, signal: abort.signal });
    while (server.requests.length === 0) await turn();
    const begun = performance.now();
    abort.abort();
    await assert.rejects(running, isError('cancelled'));
    assert.ok(performance.now() - begun < 1000);
  });
});
