import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, request } from 'node:http';
import type { IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { inspect } from 'node:util';
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

  it('passes on byte for byte, and who asks before sending gets the service\'s own word', async () => {
    const heard: { readonly url: string | undefined; readonly headers: readonly string[]; readonly body: string }[] = [];
    const service = createServer();
    service.on('checkContinue', (message, response) => {
      if (message.url?.includes('refused') === true) {
        response.writeHead(417, { 'X-Why': 'no' }).end();
        return;
      }
      response.writeContinue();
      const chunks: Buffer[] = [];
      message.on('data', (chunk: Buffer) => chunks.push(chunk)).on('end', () => {
        heard.push({ url: message.url, headers: message.rawHeaders, body: Buffer.concat(chunks).toString() });
        response.writeHead(201, 'Made', ['X-Twice', 'a', 'X-Twice', 'b', 'ETag', '"1"']).end('done');
      });
    });
    service.listen(0, '127.0.0.1');
    await once(service, 'listening');
    const port = (service.address() as AddressInfo).port;
    await using other = await startFaultProxy(`http://127.0.0.1:${port}`, () => ({ body: '' }));
    try {
      const ask = async (path: string): Promise<{ readonly sent: boolean; readonly answer: IncomingMessage; readonly body: string }> => {
        const headers = ['Host', 'bucket.example.org', 'Authorization', 'SECRET', 'X-MS-Date', 'now', 'Expect', '100-continue', 'Content-Length', '4'];
        const asking = request(new URL(path, other.endpoint), { method: 'PUT', headers });
        let sent = false;
        asking.once('continue', () => {
          sent = true;
          asking.end('body');
        });
        const [answer] = (await once(asking, 'response')) as [IncomingMessage];
        const body = Buffer.concat(await answer.toArray()).toString();
        asking.destroy();
        return { sent, answer, body };
      };
      const taken = await ask('/a%2Fb//c?sig=SECRET&comp=block');
      assert.ok(taken.sent);
      assert.deepEqual([taken.answer.statusCode, taken.answer.statusMessage, taken.body], [201, 'Made', 'done']);
      assert.deepEqual(taken.answer.rawHeaders.slice(0, 6), ['X-Twice', 'a', 'X-Twice', 'b', 'ETag', '"1"']);
      assert.equal(heard[0].url, '/a%2Fb//c?sig=SECRET&comp=block');
      assert.deepEqual(heard[0].headers.slice(0, 10), ['Host', 'bucket.example.org', 'Authorization', 'SECRET', 'X-MS-Date', 'now', 'Expect', '100-continue', 'Content-Length', '4']);
      assert.equal(heard[0].body, 'body');
      const refused = await ask('/refused');
      assert.deepEqual([refused.sent, refused.answer.statusCode, refused.answer.headers['x-why']], [false, 417, 'no']);
      assert.doesNotMatch(inspect(other.requests, { depth: 5 }), /SECRET/);
      assert.deepEqual(other.requests.map(({ path, query }) => [path, query.get('comp')]), [['/a%2Fb//c', 'block'], ['/refused', null]]);
    } finally {
      service.closeAllConnections();
      service.close();
    }
  });
});
