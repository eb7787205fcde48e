import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { gzipSync } from 'node:zlib';
import { GcsConnection } from '../../../runner/storage/gcs/gcsConnection.ts';
import { GcsStore } from '../../../runner/storage/gcs/gcsStore.ts';
import { uploadInSession } from '../../../runner/storage/gcs/gcsUpload.ts';
import type { StorageOptions } from '../../../runner/storage/objectStore.ts';
import { bytesSource } from '../../../runner/storage/uploadSource.ts';
import { defaultAccount, keyFile, startGcsServer } from '../../servers/gcsServer.ts';
import type { BucketOptions, GcsServer, LoggedRequest } from '../../servers/gcsServer.ts';
import { GoogleHome } from './gcsHome.ts';
import { assertBytes, impatient, isError, listAll, pattern, text } from './objectStoreSuite.ts';

describe('GcsStore', () => {
  const home = new GoogleHome();
  let server: GcsServer;
  let store: GcsStore;

  const options = (more: StorageOptions = {}): StorageOptions => ({ gcsEndpoint: server.endpoint, gcsCredentials: home.path('key.json'), ...more });
  const at = (more: StorageOptions = {}): GcsStore => new GcsStore({ scheme: 'gs', bucket: 'lab', prefix: '' }, options(more), impatient);
  const storageRequests = (): LoggedRequest[] => server.requests.filter(({ api }) => api !== 'token');

  beforeEach(async () => {
    server = await startGcsServer({ buckets: { lab: { location: 'EUROPE-WEST3' } } });
    home.enter({ files: { 'key.json': keyFile(defaultAccount, server.endpoint) } });
    store = at();
  });
  afterEach(async () => {
    await server.close();
    home.leave();
  });

  it('takes one request for a read, a range, a look, a page, a small write and a deletion', async () => {
    await store.write('folder/a', 'alpha');
    await store.write('folder/b', 'beta', { ifAbsent: true });
    await store.read('folder/a');
    await store.read('folder/a', { range: { offset: 1, length: 2 } });
    await store.read('folder/a', { range: { suffix: 2 } });
    await store.stat('folder/a');
    await listAll(store, 'folder');
    await store.delete('folder/a');
    assert.deepEqual(storageRequests().map(({ method, api }) => `${method} ${api}`), ['POST upload', 'POST upload', 'GET json', 'GET json', 'GET json', 'GET json', 'GET json', 'DELETE json']);
  });

  it('asks for no more of a listing than it uses', async () => {
    await store.write('folder/a', 'alpha');
    const [entry] = await listAll(store, 'folder');
    const asked = storageRequests().at(-1)?.query;
    assert.equal(asked?.fields, 'nextPageToken,prefixes,items(name,size,generation,updated,md5Hash,crc32c)');
    assert.deepEqual([asked?.prefix, asked?.delimiter, asked?.maxResults], ['folder/', '/', '1000']);
    const md5 = createHash('md5').update('alpha').digest('hex');
    assert.ok(entry.kind === 'object' && entry.checksums?.md5 === md5);
  });

  it('begins a listing after a name at that name', async () => {
    for (const name of ['a', 'b', 'c/x', 'd']) await store.write(`folder/${name}`, '');
    assert.deepEqual((await listAll(store, 'folder', { startAfter: 'b' })).map(({ key }) => key), ['folder/c/', 'folder/d']);
    assert.equal(storageRequests().at(-1)?.query.startOffset, 'folder/b');
  });

  it('reads objects that were stored compressed as they are, whole and by ranges', async () => {
    const packed = gzipSync('region\tcount\n'.repeat(500));
    await server.put('lab', 'table.tsv.gz', packed, { contentEncoding: 'gzip' });
    assertBytes(await store.read('table.tsv.gz'), packed);
    assertBytes(await store.read('table.tsv.gz', { range: { offset: 3, length: 10 } }), packed.subarray(3, 13));
    assert.equal((await store.stat('table.tsv.gz'))?.size, packed.length);
  });

  it('tells what kind of content it writes', async () => {
    await store.write('report.html', '<p>');
    await store.write('large.json', pattern(9_000_000));
    const types = await Promise.all(['report.html', 'large.json'].map(async (name) => (await server.bucket('lab').get(name))?.contentType));
    assert.deepEqual(types, ['text/html; charset=utf-8', 'application/json']);
  });

  it('says where the data lie, as far as it may know', async () => {
    assert.deepEqual(await store.region(), { provider: 'other' });
    assert.deepEqual(await new GcsStore({ scheme: 'gs', bucket: 'absent', prefix: '' }, options()).region(), { provider: 'other' });
  });

  it('asks once whether the bucket is there, where the answer for an object does not tell', async () => {
    const vague = { kind: 'status', status: 404, code: 'notFound', message: 'Not Found' } as const;
    server.inject({ fault: vague, match: ({ name }) => name === 'absent', times: 2 });
    assert.equal(await store.stat('absent'), undefined);
    assert.equal(await store.read('absent'), undefined);
    assert.deepEqual(storageRequests().map(({ name }) => name), ['absent', '', 'absent']);
    const nowhere = new GcsStore({ scheme: 'gs', bucket: 'nowhere', prefix: '' }, options(), impatient);
    server.inject({ fault: vague, match: ({ bucket, name }) => bucket === 'nowhere' && name === 'x' });
    await assert.rejects(nowhere.read('x'), isError('not-found', '"nowhere"'));
  });

  describe('uploads in a session', () => {
    const bytes = pattern(3_000_000);
    const chunk = 1024 * 1024;

    const upload = async (signal?: AbortSignal, content: Uint8Array = bytes): Promise<void> => {
      const target = { name: 's', where: 'gs://lab/s', resource: { contentType: 'x/y' }, kmsKeyName: undefined, ifAbsent: false, signal };
      await uploadInSession(new GcsConnection('lab', options(), impatient), target, bytesSource(content), chunk);
    };
    const ranges = (): (string | undefined)[] => storageRequests().filter(({ method }) => method === 'PUT').map(({ contentRange }) => contentRange);
    const stored = async (): Promise<Uint8Array | undefined> => (await server.bucket('lab').get('s'))?.read(0, bytes.length);

    it('goes on where the service is after a fault', async () => {
      server.inject({ fault: { kind: 'lose-answer' }, match: ({ contentRange }) => contentRange?.startsWith('bytes 0-') === true });
      server.inject({ fault: { kind: 'status', status: 503, code: 'backendError' }, match: ({ contentRange }) => contentRange?.startsWith('bytes 1048576-') === true });
      await upload();
      assert.deepEqual(ranges(), ['bytes 0-1048575/3000000', 'bytes */3000000', 'bytes 1048576-2097151/3000000', 'bytes */3000000', 'bytes 1048576-2097151/3000000', 'bytes 2097152-2999999/3000000']);
      assertBytes(await stored(), bytes);
    });

    it('sends again what the service did not take', async () => {
      server.createBucket('lab', { takesAtMost: 512 * 1024 });
      await upload();
      assert.deepEqual(ranges().slice(0, 2), ['bytes 0-1048575/3000000', 'bytes 524288-1572863/3000000']);
      assertBytes(await stored(), bytes);
    });

    it('begins anew when the service has lost the session, and gives up when that goes on', async () => {
      server.inject({ fault: { kind: 'status', status: 410, code: 'backendError' }, match: ({ contentRange }) => contentRange?.startsWith('bytes 2097152-') === true });
      await upload();
      assert.equal(storageRequests().filter(({ method }) => method === 'POST').length, 2);
      assertBytes(await stored(), bytes);
      server.inject({ fault: { kind: 'status', status: 404, code: 'notFound' }, match: ({ method }) => method === 'PUT', times: 100 });
      await assert.rejects(upload(), isError('upload-lost', 'gs://lab/s'));
    });

    it('is compared with a checksum before it appears, and after', async () => {
      const mangled: BucketOptions = { mangles: 1 };
      server.createBucket('lab', mangled);
      await upload();
      assertBytes(await stored(), bytes, 'what was spoilt on the way is sent again');
      assert.equal(mangled.mangles, 0);
      server.createBucket('lab', { mangles: 1, ignoresChecksums: true });
      await assert.rejects(upload(), isError('checksum-mismatch', 'gs://lab/s'));
      assert.deepEqual(await server.names('lab'), []);
    });

    it('ends when the service refuses before it has all of a chunk', async () => {
      const closed = new Set<Socket>();
      const early = createServer((request, response) => {
        request.socket.once('close', () => closed.add(request.socket));
        if (request.method === 'POST') response.writeHead(200, { location: `${address}/session` }).end();
        else response.writeHead(403, { 'content-type': 'application/json' }).end('{"error": {"code": 403, "message": "No.", "errors": [{"reason": "forbidden"}]}}');
      });
      await new Promise<void>((resolve) => early.listen(0, '127.0.0.1', resolve));
      const address = `http://127.0.0.1:${(early.address() as AddressInfo).port}`;
      try {
        const target = { name: 's', where: 'gs://lab/s', resource: { contentType: 'x/y' }, kmsKeyName: undefined, ifAbsent: false, signal: undefined };
        const uploading = uploadInSession(new GcsConnection('lab', { gcsEndpoint: address, anonymous: true }, impatient), target, bytesSource(pattern(40_000_000)));
        await assert.rejects(uploading, isError(['access-denied', 'network'], 'gs://lab/s'));
        while (closed.size === 0) await new Promise(setImmediate);
      } finally {
        early.closeAllConnections();
        early.close();
      }
    });

    it('is cancelled between two chunks', async () => {
      const controller = new AbortController();
      server.inject({ fault: { kind: 'wait', until: Promise.resolve().then(() => controller.abort()) }, match: ({ contentRange }) => contentRange?.startsWith('bytes 1048576-') === true });
      await assert.rejects(upload(controller.signal), isError('cancelled', 'gs://lab/s'));
      assert.equal(server.openUploads('lab'), 0);
      assert.deepEqual(await server.names('lab'), []);
    });
  });

  it('tells a missing bucket where the service only says that something is not found', async () => {
    const bare = createServer((request, response) => {
      request.resume();
      response.writeHead(404, { 'content-type': 'application/json' }).end('{"error": {"code": 404, "message": "Not Found", "errors": [{"reason": "notFound"}]}}');
    });
    await new Promise<void>((resolve) => bare.listen(0, '127.0.0.1', resolve));
    try {
      const missing = new GcsStore({ scheme: 'gs', bucket: 'absent', prefix: '' }, { gcsEndpoint: `http://127.0.0.1:${(bare.address() as AddressInfo).port}`, anonymous: true }, impatient);
      await assert.rejects(missing.stat('a.txt'), isError('not-found', 'There is no bucket named "absent"'));
      await assert.rejects(missing.read('a.txt'), isError('not-found', 'There is no bucket named "absent"'));
    } finally {
      bare.closeAllConnections();
      bare.close();
    }
  });

  it('sends a small write again that was spoilt on the way', async () => {
    server.createBucket('lab', { mangles: 1 });
    await store.write('a', pattern(10_000));
    assertBytes(await store.read('a'), pattern(10_000));
    assert.equal(storageRequests().filter(({ method }) => method === 'POST').length, 2);
  });

  describe('encryption by a key of the key management', () => {
    const key = 'projects/p/locations/europe-west3/keyRings/r/cryptoKeys/k';

    it('is the bucket\'s where none is named, and an error where the bucket has none', async () => {
      await assert.rejects(at({ encryption: 'kms' }).write('a', 'x'), isError('bad-option', 'gs://lab/a', '--encryption-key'));
      assert.deepEqual(await server.names('lab'), []);
      server.createBucket('lab', { location: 'EUROPE-WEST3', defaultKmsKeyName: key });
      await at({ encryption: 'kms' }).write('a', 'x');
      assert.equal((await server.bucket('lab').get('a'))?.kmsKeyName, key);
      server.createBucket('lab', { grants: { [defaultAccount.email]: ['create', 'get'] } });
      await assert.rejects(at({ encryption: 'kms' }).write('a', 'x'), isError('bad-option', '--encryption-key'));
    });

    it('tells a key that the bucket cannot use, and a storage class that there is not', async () => {
      await assert.rejects(at({ encryption: 'kms', encryptionKey: 'my-key' }).write('a', 'x'), isError('bad-option', 'cryptoKeys/KEY'));
      await assert.rejects(at({ encryption: 'kms', encryptionKey: key.replace('europe-west3', 'us-east1') }).write('a', 'x'), isError('bad-option', 'location of the bucket'));
      await assert.rejects(at({ storageClass: 'STANDARD_IA' }).write('a', 'x'), isError('bad-option', 'NEARLINE'));
      server.inject({ match: ({ api }) => api === 'upload', fault: { kind: 'status', status: 403, code: 'forbidden', message: 'Permission denied on Cloud KMS key. Please ensure that your Cloud Storage service account has been authorized to use this key.' } });
      await assert.rejects(at({ encryption: 'kms', encryptionKey: key }).write('a', 'x'), isError('access-denied', 'roles/cloudkms.cryptoKeyEncrypterDecrypter'));
    });
  });

  it('takes no parts at services that speak the JSON API only', async () => {
    assert.ok(await at().parts());
    for (const fault of [{ kind: 'status', status: 404, code: 'notFound' }, { kind: 'status', status: 501, code: 'notImplemented' }] as const) {
      server.inject({ match: ({ api }) => api === 'xml', fault });
      assert.equal(await at().parts(), undefined);
    }
    server.inject({ match: ({ api }) => api === 'xml', fault: { kind: 'status', status: 403, code: 'forbidden' } });
    assert.ok(await at().parts(), 'the uploads of others may be hidden');
  });

  it('waits for a network that is away for a while', async () => {
    const port = Number(new URL(server.endpoint).port);
    let waits = 0;
    const patient = new GcsStore({ scheme: 'gs', bucket: 'lab', prefix: '' }, options({ anonymous: true, gcsCredentials: undefined }), {
      sleep: async () => {
        waits += 1;
        if (waits < 8) return;
        server = await startGcsServer({ port, buckets: { lab: { public: true } } });
        await server.put('lab', 'a.txt', 'back');
      },
    });
    server.createBucket('lab', { public: true });
    await server.put('lab', 'a.txt', 'alpha');
    assert.equal(text(await patient.read('a.txt')), 'alpha');
    await server.close();
    assert.equal(text(await patient.read('a.txt')), 'back');
    assert.equal(waits, 8);
  });

  it('works on the folder behind a bucket', async () => {
    server.createBucket('lab', { folder: home.path('bucket') });
    home.write({ 'bucket/sub-01/put here.txt': 'by hand' });
    assert.equal(text(await store.read('sub-01/put here.txt')), 'by hand');
    await store.write('sub-01/table.tsv', 'x');
    assert.deepEqual((await listAll(store, '', { recursive: true })).map(({ key }) => key), ['sub-01/put here.txt', 'sub-01/table.tsv']);
  });
});
