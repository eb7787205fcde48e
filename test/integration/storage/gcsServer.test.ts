import assert from 'node:assert/strict';
import { createHash, createSign } from 'node:crypto';
import { EventEmitter } from 'node:events';
import { gzipSync } from 'node:zlib';
import { Storage } from '@google-cloud/storage';
import { OAuth2Client } from 'google-auth-library';
import { defaultAccount, defaultProject, keyFile, serviceAccount, startGcsServer, userAccount } from '../../servers/gcsServer.ts';
import type { GcsServer } from '../../servers/gcsServer.ts';
import { GoogleHome } from './gcsHome.ts';
import { assertBytes, pattern } from './objectStoreSuite.ts';

interface ApiError {
  readonly error: { readonly code: number; readonly message: string; readonly errors: readonly { readonly reason: string }[] };
}

const viewer = serviceAccount('viewer');
const person = userAccount('person@example.org');

describe('the GCS test server', () => {
  const home = new GoogleHome();
  let server: GcsServer;
  let token: string;
  let now = Date.now();

  beforeEach(async () => {
    now = Date.now();
    home.enter();
    server = await startGcsServer({
      accounts: [defaultAccount, viewer, person], now: () => now,
      buckets: { lab: { location: 'EUROPE-WEST3' }, open: { public: true }, shared: { grants: { [viewer.email]: ['get', 'list'] } } },
    });
    token = server.tokens.give(defaultAccount).access_token;
  });
  afterEach(async () => {
    await server.close();
    home.leave();
  });

  const fetchAt = (path: string, init: RequestInit & { readonly token?: string } = {}): Promise<Response> =>
    fetch(path.startsWith('http') ? path : server.endpoint + path, { ...init, headers: { authorization: `Bearer ${init.token ?? token}`, ...(init.headers as Record<string, string> | undefined) } });
  const reasonAt = async (path: string, init?: RequestInit & { readonly token?: string }): Promise<readonly [number, string]> => {
    const answer = await fetchAt(path, init);
    const { error } = (await answer.json()) as ApiError;
    assert.equal(error.code, answer.status);
    return [answer.status, error.errors[0].reason];
  };

  describe('with Google\'s own client', () => {
    // It listens to its own streams so often that the runtime takes it for a leak.
    const { defaultMaxListeners } = EventEmitter;
    before(() => (EventEmitter.defaultMaxListeners = 40));
    after(() => (EventEmitter.defaultMaxListeners = defaultMaxListeners));

    /** A client by a token that the server gave, or by none. */
    const storage = (accessToken: string | undefined = token): Storage => {
      const authClient = new OAuth2Client();
      authClient.setCredentials({ access_token: accessToken, expiry_date: Date.now() + 3_600_000 });
      return new Storage({ apiEndpoint: server.endpoint, projectId: defaultProject, useAuthWithCustomEndpoint: true, authClient, retryOptions: { autoRetry: false } });
    };

    it('keeps what it uploads in one request and by a session', async () => {
      const bucket = storage().bucket('lab');
      const bytes = pattern(300_000);
      await bucket.file('a/one piece+é.bin').save(Buffer.from(bytes), { resumable: false, contentType: 'x/y', metadata: { metadata: { who: 'me' } } });
      // Begun by a call of its own: `save` leaves out the token where the endpoint is not Google's.
      const [uri] = await bucket.file('session.bin').createResumableUpload();
      await bucket.file('session.bin').save(Buffer.from(bytes), { resumable: true, uri });
      for (const name of ['a/one piece+é.bin', 'session.bin']) {
        // The client compares what it gets with the checksum that it is told.
        assertBytes((await bucket.file(name).download())[0], bytes, name);
        const [metadata] = await bucket.file(name).getMetadata();
        assert.equal(metadata.size, String(bytes.length));
        assert.equal(metadata.md5Hash, createHash('md5').update(bytes).digest('base64'));
      }
      const [metadata] = await bucket.file('a/one piece+é.bin').getMetadata();
      assert.deepEqual([metadata.contentType, metadata.metadata], ['x/y', { who: 'me' }]);
      assert.equal(server.openUploads('lab'), 0);
    });

    it('lists in pages, by delimiter', async () => {
      for (let index = 0; index < 50; index++) await server.put('lab', `many/sub-${String(index).padStart(2, '0')}/x`, '');
      const bucket = storage().bucket('lab');
      assert.equal((await bucket.getFiles({ prefix: 'many/' }))[0].length, 50);
      const prefixes: string[] = [];
      for (let query: object | null = { prefix: 'many/', delimiter: '/', autoPaginate: false, maxResults: 7 }; query !== null;) {
        const [files, next, answer] = (await bucket.getFiles(query)) as unknown as [unknown[], object | null, { readonly prefixes?: readonly string[] }];
        assert.deepEqual(files, []);
        prefixes.push(...(answer.prefixes ?? []));
        query = next;
      }
      assert.equal(prefixes.length, 50);
      const [from] = await bucket.getFiles({ startOffset: 'many/sub-10', endOffset: 'many/sub-12' });
      assert.deepEqual(from.map(({ name }) => name), ['many/sub-10/x', 'many/sub-11/x']);
    });

    it('reads ranges, and tells what is missing, denied or unsigned', async () => {
      await server.put('lab', 'digits', '0123456789');
      const file = storage().bucket('lab').file('digits');
      assert.equal(String((await file.download({ start: 2, end: 4 }))[0]), '234');
      assert.equal(String((await file.download({ end: -3 }))[0]), '789');
      await assert.rejects(file.download({ start: 10, end: 20 }), { code: 416 });
      await assert.rejects(storage().bucket('lab').file('absent').download(), { code: 404 });
      await assert.rejects(storage().bucket('absent').getFiles(), { code: 404 });
      await assert.rejects(storage('good').bucket('lab').getFiles(), { code: 401 });
      const mine = storage(server.tokens.give(viewer).access_token).bucket('shared');
      assert.deepEqual((await mine.getFiles())[0], []);
      await assert.rejects(mine.file('x').save('x', { resumable: false }), { code: 403 });
    });

    it('heeds generations, of one writer and of many', async () => {
      const file = storage().bucket('lab').file('once');
      await file.save('first', { resumable: false, preconditionOpts: { ifGenerationMatch: 0 } });
      await assert.rejects(file.save('second', { resumable: false, preconditionOpts: { ifGenerationMatch: 0 } }), { code: 412 });
      const [{ generation }] = await file.getMetadata();
      await assert.rejects(storage().bucket('lab').file('once').delete({ ifGenerationMatch: 5 }), { code: 412 });
      await storage().bucket('lab').file('once').delete({ ifGenerationMatch: Number(generation) });
      assert.deepEqual(await file.exists(), [false]);
      const outcomes = await Promise.allSettled(Array.from({ length: 6 }, (_, index) => file.save(`writer ${index}`, { resumable: index % 2 === 0, preconditionOpts: { ifGenerationMatch: 0 } })));
      assert.equal(outcomes.filter(({ status }) => status === 'fulfilled').length, 1);
    });

    it('tells of buckets and what one may do in them', async () => {
      const [buckets] = await storage().getBuckets();
      assert.deepEqual(buckets.map(({ name }) => name), ['lab', 'open', 'shared']);
      await storage().createBucket('fresh', { location: 'US-EAST1' });
      assert.equal((await storage().bucket('fresh').getMetadata())[0].location, 'US-EAST1');
      const asked = ['storage.objects.get', 'storage.objects.list', 'storage.objects.create'];
      const [may] = (await storage(server.tokens.give(viewer).access_token).bucket('shared').iam.testPermissions(asked)) as unknown as [Record<string, boolean>];
      assert.deepEqual(may, { 'storage.objects.get': true, 'storage.objects.list': true, 'storage.objects.create': false });
    });

    it('is found by STORAGE_EMULATOR_HOST, whose clients leave out the name of the API', async () => {
      await server.put('open', 'f', 'hello');
      process.env.STORAGE_EMULATOR_HOST = server.endpoint;
      const client = new Storage({ projectId: defaultProject });
      assert.equal(String((await client.bucket('open').file('f').download())[0]), 'hello');
      assert.equal(server.requests.some(({ authorised }) => authorised), false);
    });
  });

  it('gives tokens to those who prove who they are, for a while', async () => {
    const exchange = async (form: Record<string, string>): Promise<readonly [number, { readonly error?: string; readonly error_description?: string; readonly access_token?: string }]> => {
      const answer = await fetch(`${server.endpoint}/token`, { method: 'POST', body: new URLSearchParams(form) });
      return [answer.status, (await answer.json()) as { readonly error?: string }];
    };
    const { private_key: key } = keyFile(defaultAccount, server.endpoint) as { readonly private_key: string };
    const assertion = (claims: object, options: { readonly alg?: string; readonly key?: string } = {}): Record<string, string> => {
      const encode = (part: object): string => Buffer.from(JSON.stringify(part)).toString('base64url');
      const seconds = Math.floor(now / 1000);
      const text = `${encode({ alg: options.alg ?? 'RS256', typ: 'JWT' })}.${encode({ iss: defaultAccount.email, aud: `${server.endpoint}/token`, scope: 'https://www.googleapis.com/auth/devstorage.read_only', iat: seconds, exp: seconds + 3600, ...claims })}`;
      return { grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer', assertion: `${text}.${signature(text, options.key ?? key)}` };
    };
    const [status, good] = await exchange(assertion({}));
    assert.equal(status, 200);
    assert.equal((await fetchAt('/storage/v1/b/lab/o', { token: good.access_token })).status, 200);
    const foreign = keyFile(defaultAccount, server.endpoint, { foreign: true }) as { readonly private_key: string };
    const refused: readonly (readonly [Record<string, string>, RegExp])[] = [
      [assertion({}, { key: foreign.private_key }), /Invalid JWT Signature/],
      [assertion({}, { alg: 'none' }), /RS256/],
      [assertion({ iss: 'nobody@example.org' }), /account not found/],
      [assertion({ aud: 'https://elsewhere.example.org/token' }), /audience/],
      [assertion({ exp: Math.floor(now / 1000) - 1 }), /iat and exp/],
      [assertion({ exp: Math.floor(now / 1000) + 7200 }), /iat and exp/],
      [assertion({ iat: Math.floor(now / 1000) + 1000 }), /iat and exp/],
      [assertion({ scope: 'email' }), /scope/],
      [{ grant_type: 'refresh_token', client_id: 'x', client_secret: 'y', refresh_token: 'z' }, /OAuth client/],
      [{ grant_type: 'refresh_token', client_id: person.user?.clientId ?? '', client_secret: person.user?.clientSecret ?? '', refresh_token: 'z' }, /Bad Request/],
      [{ grant_type: 'password' }, /grant_type/],
    ];
    for (const [form, text] of refused) {
      const [code, answer] = await exchange(form);
      assert.ok(code >= 400 && answer.access_token === undefined && text.test(answer.error_description ?? ''), `${code} ${JSON.stringify(answer)}`);
    }
    now += 3_601_000;
    assert.deepEqual(await reasonAt('/storage/v1/b/lab/o', { token: good.access_token }), [401, 'authError']);
  });

  it('answers as Google does where something is wrong', async () => {
    await server.put('lab', 'a', 'alpha');
    assert.deepEqual(await reasonAt('/storage/v1/b/absent/o'), [404, 'notFound']);
    assert.deepEqual(await reasonAt('/storage/v1/b/lab/o/absent'), [404, 'notFound']);
    assert.deepEqual(await reasonAt('/storage/v1/b/lab/o/a?ifGenerationMatch=1'), [412, 'conditionNotMet']);
    assert.deepEqual(await reasonAt('/storage/v1/b/lab/o?pageToken=***'), [400, 'invalid']);
    assert.deepEqual(await reasonAt('/storage/v1/b'), [400, 'required']);
    assert.deepEqual(await reasonAt('/storage/v1/b/lab/o/a', { method: 'PUT' }), [405, 'methodNotAllowed']);
    const unsigned = await fetch(`${server.endpoint}/storage/v1/b/lab/o/a`);
    assert.equal(unsigned.status, 401);
    assert.match(await unsigned.text(), /Anonymous caller does not have storage.objects.get access/);
    const media = await fetchAt('/storage/v1/b/lab/o/absent?alt=media');
    assert.deepEqual([media.status, await media.text()], [404, 'No such object: lab/absent']);
    server.createBucket('pays', { requesterPays: true });
    assert.deepEqual(await reasonAt('/storage/v1/b/pays/o'), [400, 'required']);
    assert.equal((await fetchAt(`/storage/v1/b/pays/o?userProject=${defaultProject}`)).status, 200);
    // Whoever may not list learns nothing of what is absent.
    const stranger = { token: server.tokens.give(person).access_token };
    assert.deepEqual(await reasonAt('/storage/v1/b/shared/o/absent', stranger), [403, 'forbidden']);
  });

  it('takes a resumable upload piece by piece, and tells how far it has got', async () => {
    const bytes = pattern(700_000);
    const begin = async (resource: object = {}): Promise<string> => {
      const answer = await fetchAt('/upload/storage/v1/b/lab/o?uploadType=resumable&name=r', { method: 'POST', body: JSON.stringify(resource), headers: { 'content-type': 'application/json' } });
      return answer.headers.get('location') ?? '';
    };
    const put = (session: string, range: string, body?: Uint8Array, headers: Record<string, string> = {}): Promise<Response> =>
      fetchAt(session, { method: 'PUT', body: body as BodyInit | undefined, headers: { 'content-range': `bytes ${range}`, ...headers } });
    const session = await begin();
    assert.equal((await put(session, '*/700000')).headers.get('range'), null);
    const first = await put(session, '0-262143/700000', bytes.subarray(0, 262_144));
    assert.deepEqual([first.status, first.headers.get('range')], [308, 'bytes=0-262143']);
    assert.equal((await put(session, '262144-300000/700000', bytes.subarray(262_144, 300_001))).status, 400, 'not a multiple of 256 KiB');
    assert.equal((await put(session, '524288-699999/700000', bytes.subarray(524_288))).status, 400, 'a gap');
    assert.equal((await put(session, '0-699999/700000', bytes)).status, 200, 'what is there already is passed over');
    assert.equal((await put(session, '*/700000')).status, 200, 'the object is told again');
    const [{ md5Hash }] = [(await (await fetchAt('/storage/v1/b/lab/o/r?fields=md5Hash')).json()) as { readonly md5Hash: string }];
    assert.equal(md5Hash, createHash('md5').update(bytes).digest('base64'));

    const withdrawn = await begin();
    assert.equal((await fetchAt(withdrawn, { method: 'DELETE' })).status, 499);
    assert.equal((await put(withdrawn, '*/700000')).status, 404);
    assert.equal((await put(await begin({ crc32c: 'AAAAAA==' }), '0-699999/700000', bytes)).status, 400, 'not what was promised');
    assert.equal((await put(await begin(), '0-699999/700000', bytes, { 'x-goog-hash': 'crc32c=AAAAAA==' })).status, 400, 'not what was promised at the end');
    assert.equal(server.openUploads('lab'), 0);
  });

  it('joins the parts of a multipart upload of the XML API, and checks them', async () => {
    const bytes = pattern(6_000_000);
    const xml = async (query: string, init: RequestInit): Promise<readonly [number, string, Headers]> => {
      const answer = await fetchAt(`/lab/folder/in%20parts?${query}`, init);
      return [answer.status, await answer.text(), answer.headers];
    };
    const begun = await xml('uploads', { method: 'POST', headers: { 'x-goog-storage-class': 'NEARLINE', 'x-goog-meta-who': 'me' } });
    const id = /<UploadId>([^<]+)/.exec(begun[1])?.[1] ?? '';
    const part = async (number: number, body: Uint8Array, headers: Record<string, string> = {}): Promise<readonly [number, string, Headers]> => xml(`partNumber=${number}&uploadId=${id}`, { method: 'PUT', body: body as BodyInit, headers });
    const tags = [await part(1, bytes.subarray(0, 5_500_000)), await part(2, bytes.subarray(5_500_000))].map(([, , headers]) => headers.get('etag') ?? '');
    assert.match((await part(3, bytes.subarray(0, 10), { 'content-md5': 'AAAAAAAAAAAAAAAAAAAAAA==' }))[1], /BadDigest/);
    assert.equal((await part(0, bytes.subarray(0, 10)))[0], 400);
    assert.match((await xml(`uploadId=${id}`, { method: 'GET' }))[1], /<PartNumber>1<.*<PartNumber>2</s);
    const complete = (...parts: readonly (readonly [number, string])[]): ReturnType<typeof xml> =>
      xml(`uploadId=${id}`, { method: 'POST', body: `<CompleteMultipartUpload>${parts.map(([number, tag]) => `<Part><PartNumber>${number}</PartNumber><ETag>${tag}</ETag></Part>`).join('')}</CompleteMultipartUpload>` });
    assert.match((await complete([2, tags[1]], [1, tags[0]]))[1], /InvalidPartOrder/);
    assert.match((await complete([1, tags[1]]))[1], /InvalidPart</);
    assert.equal((await complete([1, tags[0]], [2, tags[1]]))[0], 200);
    const object = await server.bucket('lab').get('folder/in parts');
    assert.deepEqual([object?.size, object?.storageClass, object?.metadata, object?.md5Hash], [bytes.length, 'NEARLINE', { who: 'me' }, undefined]);
    assertBytes(await object?.read(0, bytes.length), bytes);
    assert.match((await complete([1, tags[0]]))[1], /NoSuchUpload/);
    assert.equal((await fetch(`${server.endpoint}/lab/x?uploads`, { method: 'POST' })).status, 401);
  });

  it('unpacks what is stored compressed, unless it is asked for as it is', async () => {
    const text = 'region\tcount\n'.repeat(1000);
    const packed = gzipSync(text);
    await server.put('open', 'table.tsv', packed, { contentEncoding: 'gzip' });
    const url = `${server.endpoint}/storage/v1/b/open/o/table.tsv?alt=media`;
    const plain = await fetch(url, { headers: { 'accept-encoding': 'identity', range: 'bytes=0-9' } });
    assert.deepEqual([plain.status, await plain.text()], [200, text]);
    const raw = await fetch(url, { headers: { 'accept-encoding': 'gzip', range: 'bytes=0-9' } });
    assert.deepEqual([raw.status, raw.headers.get('content-encoding'), raw.headers.get('content-range')], [206, 'gzip', `bytes 0-9/${packed.length}`]);
    await raw.body?.cancel();
  });

  it('cuts answers down to the fields that are asked for', async () => {
    await server.put('lab', 'b/x', 'xy');
    await server.put('lab', 'a', 'xyz');
    const ask = async (query: string): Promise<unknown> => (await fetchAt(`/storage/v1/b/lab/o${query}`)).json();
    assert.deepEqual(await ask('?delimiter=/&fields=nextPageToken,prefixes,items(name,size)'), { prefixes: ['b/'], items: [{ name: 'a', size: '3' }] });
    assert.deepEqual(await ask('?fields=items/name'), { items: [{ name: 'a' }, { name: 'b/x' }] });
    assert.deepEqual(await ask('/a?fields=size'), { size: '3' });
  });

  it('logs requests without tokens and sessions', async () => {
    const answer = await fetchAt('/upload/storage/v1/b/lab/o?uploadType=resumable&name=r', { method: 'POST' });
    await fetchAt(answer.headers.get('location') ?? '', { method: 'PUT', body: 'x' });
    const log = JSON.stringify(server.requests);
    assert.ok(!log.includes(token) && !log.includes(answer.headers.get('x-guploader-uploadid') ?? 'none'), log);
  });
});

function signature(text: string, key: string): string {
  return createSign('RSA-SHA256').update(text).sign(key, 'base64url');
}
