import assert from 'node:assert/strict';
import { S3Store } from '../../../runner/storage/s3/s3Store.ts';
import { startFaultProxy } from '../../servers/faultProxy.ts';
import type { FaultProxy } from '../../servers/faultProxy.ts';
import { defaultCredential, startS3Server } from '../../servers/s3Server.ts';
import type { S3Server } from '../../servers/s3Server.ts';
import { AwsHome } from './awsHome.ts';
import { assertBytes, impatient, isError, listAll, pattern, text } from './objectStoreSuite.ts';

describe('the proxy that lets faults happen to services of others', () => {
  const home = new AwsHome();
  let server: S3Server;
  let proxy: FaultProxy;
  let store: S3Store;

  beforeEach(async () => {
    await home.enter({ keys: defaultCredential });
    server = await startS3Server({ buckets: { lab: {} } });
    proxy = await startFaultProxy(server.endpoint, ({ code }) => ({ headers: { 'content-type': 'application/xml' }, body: `<Error><Code>${code}</Code></Error>` }));
    store = new S3Store({ scheme: 's3', bucket: 'lab', prefix: '' }, { s3Endpoint: proxy.endpoint }, impatient);
  });
  afterEach(async () => {
    await proxy.close();
    await server.close();
    await home.leave();
  });

  it('passes requests on as they are', async () => {
    await store.write('a b/ä+c.txt', 'alpha');
    assert.equal(text(await store.read('a b/ä+c.txt')), 'alpha');
    assert.equal((await store.stat('a b/ä+c.txt'))?.size, 5);
    assert.equal((await listAll(store, '', { recursive: true })).length, 1);
    await store.write('large', pattern(9_000_000));
    assertBytes(await store.read('large'), pattern(9_000_000));
    await store.delete('large');
    assert.deepEqual(await server.keys('lab'), ['a b/ä+c.txt']);
    assert.equal(proxy.requests.length, server.requests.length);
  });

  it('lets them fail', async () => {
    await server.put('lab', 'big', pattern(500_000));
    proxy.inject({ fault: { kind: 'status', status: 503, code: 'SlowDown' } });
    proxy.inject({ fault: { kind: 'reset' } });
    proxy.inject({ fault: { kind: 'reset', afterBytes: 100_000 } });
    proxy.inject({ fault: { kind: 'truncate', afterBytes: 100_000 } });
    assertBytes(await store.read('big'), pattern(500_000));
    assert.equal(proxy.requests.length, 5);
    assert.equal(server.requests.length, 3);
    proxy.inject({ fault: { kind: 'status', status: 403, code: 'AccessDenied' } });
    await assert.rejects(store.read('big'), isError('access-denied'));
    proxy.inject({ match: ({ method }) => method === 'PUT', fault: { kind: 'lose-answer' } });
    await store.write('once', 'mine', { ifAbsent: true });
    for (const fault of [{ kind: 'hang' }, { kind: 'hang', afterBytes: 1000 }] as const) {
      proxy.inject({ fault });
      const controller = new AbortController();
      const seen: number = proxy.requests.length;
      const reading = store.read('big', { signal: controller.signal });
      while (proxy.requests.length === seen) await new Promise(setImmediate);
      controller.abort();
      await assert.rejects(reading, isError('cancelled'));
    }
  });
});
