import assert from 'node:assert/strict';
import { request as httpRequest } from 'node:http';
import { Readable } from 'node:stream';
import {
  DeleteObjectsCommand, GetObjectCommand, HeadObjectCommand, ListBucketsCommand, ListMultipartUploadsCommand, ListObjectsV2Command, ListPartsCommand,
  CreateMultipartUploadCommand, PutObjectCommand, S3Client, UploadPartCommand, CompleteMultipartUploadCommand,
} from '@aws-sdk/client-s3';
import { Upload } from '@aws-sdk/lib-storage';
import { defaultCredential, startS3Server } from '../../servers/s3Server.ts';
import type { S3Server } from '../../servers/s3Server.ts';
import { canonicalRequest, encodeRfc3986, sha256, sign, signChunk, signingKey, verifySignature } from '../../servers/s3/signature.ts';
import { pattern } from './objectStoreSuite.ts';

// The examples of the S3 API reference, "Signature Calculations for the Authorization Header" and the pages beside it.
const example = { accessKeyId: 'AKIAIOSFODNN7EXAMPLE', secretAccessKey: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY' };
const exampleDate = '20130524T000000Z';
const exampleScope = '20130524/us-east-1/s3/aws4_request';
const exampleKey = signingKey(example.secretAccessKey, '20130524', 'us-east-1', 's3');

describe('the S3 test server: signatures of the API reference', () => {
  it('of a ranged GET', () => {
    const headers = { host: 'examplebucket.s3.amazonaws.com', range: 'bytes=0-9', 'x-amz-content-sha256': sha256(''), 'x-amz-date': exampleDate };
    const canonical = canonicalRequest({ method: 'GET', path: '/test.txt', query: [], headers }, 'host;range;x-amz-content-sha256;x-amz-date', sha256(''));
    assert.equal(sign(exampleKey, exampleDate, exampleScope, canonical), 'f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41');
  });

  it('of a listing', () => {
    const headers = { host: 'examplebucket.s3.amazonaws.com', 'x-amz-content-sha256': sha256(''), 'x-amz-date': exampleDate };
    const canonical = canonicalRequest({ method: 'GET', path: '/', query: [['max-keys', '2'], ['prefix', 'J']], headers }, 'host;x-amz-content-sha256;x-amz-date', sha256(''));
    assert.equal(sign(exampleKey, exampleDate, exampleScope, canonical), '34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7');
  });

  it('of a presigned URL, until it expires', () => {
    const query = [
      ['X-Amz-Algorithm', 'AWS4-HMAC-SHA256'], ['X-Amz-Credential', `${example.accessKeyId}/${exampleScope}`], ['X-Amz-Date', exampleDate],
      ['X-Amz-Expires', '86400'], ['X-Amz-SignedHeaders', 'host'], ['X-Amz-Signature', 'aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404'],
    ] as const;
    const request = { method: 'GET', path: '/test.txt', query, headers: { host: 'examplebucket.s3.amazonaws.com' } };
    assert.equal(verifySignature(request, [example], Date.UTC(2013, 4, 24, 12))?.credential, example);
    assert.throws(() => verifySignature(request, [example], Date.UTC(2013, 4, 25, 1)), /expired/);
    assert.throws(() => verifySignature({ ...request, path: '/other.txt' }, [example], Date.UTC(2013, 4, 24, 12)), /does not match/);
  });

  it('of the chunks of a body', () => {
    const chunks = [Buffer.alloc(65536, 'a'), Buffer.alloc(1024, 'a'), Buffer.alloc(0)];
    let previous = '4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9';
    const signatures = chunks.map((chunk) => (previous = signChunk(exampleKey, exampleDate, exampleScope, previous, chunk)));
    assert.deepEqual(signatures, [
      'ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648',
      '0055627c9e194cb4542bae2aa5492e3c1575bbb81b612b7d234b86a503ef5497',
      'b6c6ea8a5354eaf15b3cb7646744f4275b71ea724fed81ceb9323e279d449df9',
    ]);
  });
});

interface RawAnswer {
  readonly status: number;
  readonly body: string;
}

/** A request exactly as given: for what the SDK would not send. */
async function send(server: S3Server, method: string, path: string, headers: Record<string, string>, body: Uint8Array = new Uint8Array()): Promise<RawAnswer> {
  const { port } = new URL(server.endpoint);
  return new Promise((resolve, reject) => {
    const request = httpRequest({ host: '127.0.0.1', port, method, path, headers: { 'content-length': body.length, ...headers } }, (answer) => {
      const chunks: Buffer[] = [];
      answer.on('data', (chunk: Buffer) => chunks.push(chunk));
      answer.on('end', () => resolve({ status: answer.statusCode ?? 0, body: Buffer.concat(chunks).toString() }));
    });
    request.on('error', reject);
    request.end(body);
  });
}

describe('the S3 test server: what clients ask of it', () => {
  let server: S3Server;
  let client: S3Client;
  const Bucket = 'lab';

  before(async () => {
    server = await startS3Server({ buckets: { lab: { public: true } } });
    client = new S3Client({ endpoint: server.endpoint, region: 'us-east-1', forcePathStyle: true, maxAttempts: 1, credentials: defaultCredential });
  });
  after(async () => {
    client.destroy();
    await server.close();
  });
  const rejectsWith = (name: string): ((error: unknown) => boolean) => (error) => (error as Error).name === name;

  it('takes bodies in chunks with a checksum behind them', async () => {
    const bytes = pattern(300_000);
    await client.send(new PutObjectCommand({ Bucket, Key: 'stream', Body: Readable.from([bytes.subarray(0, 100_000), bytes.subarray(100_000)]), ContentLength: bytes.length, ChecksumAlgorithm: 'CRC32' }));
    const answer = await client.send(new GetObjectCommand({ Bucket, Key: 'stream' }));
    assert.deepEqual(await answer.Body?.transformToByteArray(), bytes);
  });

  it('refuses a chunk, a checksum or a body that is not what was signed', async () => {
    const date = new Date().toISOString().replace(/[-:]|\.\d+/g, '');
    const scope = `${date.slice(0, 8)}/us-east-1/s3/aws4_request`;
    const key = signingKey(defaultCredential.secretAccessKey, date.slice(0, 8), 'us-east-1', 's3');
    const put = async (hash: string, body: (seed: string) => Uint8Array, more: Record<string, string> = {}): Promise<RawAnswer> => {
      const headers: Record<string, string> = { host: new URL(server.endpoint).host, 'x-amz-content-sha256': hash, 'x-amz-date': date, ...more };
      const names = Object.keys(headers).sort().join(';');
      const signature = sign(key, date, scope, canonicalRequest({ method: 'PUT', path: '/lab/raw', query: [], headers }, names, hash));
      return send(server, 'PUT', '/lab/raw', { ...headers, authorization: `AWS4-HMAC-SHA256 Credential=${defaultCredential.accessKeyId}/${scope}, SignedHeaders=${names}, Signature=${signature}` }, body(signature));
    };
    const chunked = (content: string, tampered: string) => (seed: string): Uint8Array => {
      const first = signChunk(key, date, scope, seed, Buffer.from(content));
      const last = signChunk(key, date, scope, first, Buffer.alloc(0));
      return Buffer.from(`${content.length.toString(16)};chunk-signature=${first}\r\n${tampered}\r\n0;chunk-signature=${last}\r\n\r\n`);
    };
    assert.equal((await put('STREAMING-AWS4-HMAC-SHA256-PAYLOAD', chunked('hello', 'hello'))).status, 200);
    assert.match((await put('STREAMING-AWS4-HMAC-SHA256-PAYLOAD', chunked('hello', 'jello'))).body, /SignatureDoesNotMatch/);
    assert.match((await put(sha256('hello'), () => Buffer.from('jello'))).body, /XAmzContentSHA256Mismatch/);
    assert.match((await put('UNSIGNED-PAYLOAD', () => Buffer.from('hello'), { 'x-amz-checksum-crc32': 'AAAAAA==' })).body, /BadDigest/);
    assert.match((await put('STREAMING-UNSIGNED-PAYLOAD-TRAILER', () => Buffer.from('5\r\nhello\r\n0\r\nx-amz-checksum-crc32:AAAAAA==\r\n\r\n'))).body, /BadDigest/);
    assert.match((await put('STREAMING-UNSIGNED-PAYLOAD-TRAILER', () => Buffer.from('50\r\nhello'))).body, /IncompleteBody/);
    const answer = await client.send(new GetObjectCommand({ Bucket, Key: 'raw' }));
    assert.equal(await answer.Body?.transformToString(), 'hello');
  });

  it('refuses writing without a signature, and headers that were added to a signed request', async () => {
    assert.equal((await send(server, 'PUT', '/lab/raw2', {}, Buffer.from('x'))).status, 403);
    assert.equal((await send(server, 'GET', '/lab/stream', { authorization: 'Basic abc' })).status, 400);
    assert.equal((await send(server, 'GET', '/', {})).status, 403);
    assert.deepEqual((await client.send(new ListBucketsCommand({}))).Buckets?.map((bucket) => bucket.Name), ['lab']);
  });

  it('finds the bucket in the name of the host', async () => {
    await server.put('lab', 'virtual/ä b', 'here');
    assert.equal((await send(server, 'GET', `/virtual/${encodeRfc3986('ä b')}`, { host: 'lab.localhost:1' })).body, 'here');
  });

  it('lists in pages, by delimiter, after a key, in byte order', async () => {
    const keys = ['p/a/1', 'p/a/2', 'p/b/1', 'p/c', 'p/d', 'p/\u{1f9e0}', 'p/\uff5e'];
    for (const key of keys) await server.put('lab', key, '');
    const names: string[] = [];
    let token: string | undefined;
    let pages = 0;
    do {
      const page = await client.send(new ListObjectsV2Command({ Bucket, Prefix: 'p/', Delimiter: '/', MaxKeys: 2, ContinuationToken: token }));
      names.push(...(page.CommonPrefixes ?? []).map(({ Prefix }) => Prefix ?? ''), ...(page.Contents ?? []).map(({ Key }) => Key ?? ''));
      assert.equal(page.KeyCount, (page.CommonPrefixes ?? []).length + (page.Contents ?? []).length);
      token = page.NextContinuationToken;
      pages += 1;
    } while (token !== undefined);
    assert.equal(pages, 3);
    assert.deepEqual(names, ['p/a/', 'p/b/', 'p/c', 'p/d', 'p/\uff5e', 'p/\u{1f9e0}']);
    const after = await client.send(new ListObjectsV2Command({ Bucket, Prefix: 'p/', StartAfter: 'p/b/1', MaxKeys: 1 }));
    assert.deepEqual(after.Contents?.map(({ Key }) => Key), ['p/c']);
  });

  it('answers conditions and ranges', async () => {
    const { ETag } = await client.send(new HeadObjectCommand({ Bucket, Key: 'stream' }));
    const get = async (more: object): Promise<number | undefined> =>
      client.send(new GetObjectCommand({ Bucket, Key: 'stream', ...more })).then(
        (answer) => {
          (answer.Body as Readable).destroy();
          return answer.$metadata.httpStatusCode;
        },
        (error: { $metadata?: { httpStatusCode?: number } }) => error.$metadata?.httpStatusCode,
      );
    assert.equal(await get({ IfMatch: ETag }), 200);
    assert.equal(await get({ IfMatch: '"0"' }), 412);
    assert.equal(await get({ IfNoneMatch: ETag }), 304);
    assert.equal(await get({ Range: 'bytes=0-9' }), 206);
    assert.equal(await get({ Range: 'bytes=299999-' }), 206);
    assert.equal(await get({ Range: 'bytes=300000-' }), 416);
    assert.equal(await get({ Range: 'bytes=-0' }), 416);
    assert.equal(await get({ Range: 'bytes=9-1' }), 200);
    assert.equal(await get({ Range: 'lines=1-2' }), 200);
  });

  it('joins the parts that lib-storage sends, under a condition', async () => {
    const bytes = pattern(12 * 1024 * 1024 + 5);
    await new Upload({ client, params: { Bucket, Key: 'joined', Body: bytes, IfNoneMatch: '*' }, partSize: 5 * 1024 * 1024 }).done();
    const answer = await client.send(new GetObjectCommand({ Bucket, Key: 'joined' }));
    assert.ok(Buffer.compare((await answer.Body?.transformToByteArray()) ?? new Uint8Array(), bytes) === 0);
    assert.match(answer.ETag ?? '', /-3"$/);
    const again = new Upload({ client, params: { Bucket, Key: 'joined', Body: bytes, IfNoneMatch: '*' }, partSize: 5 * 1024 * 1024 });
    await assert.rejects(again.done(), rejectsWith('PreconditionFailed'));
    assert.equal(server.openUploads('lab'), 0);
  });

  it('keeps uploads apart until they are joined, and checks the parts', async () => {
    const { UploadId } = await client.send(new CreateMultipartUploadCommand({ Bucket, Key: 'parts' }));
    const upload = { Bucket, Key: 'parts', UploadId };
    const one = await client.send(new UploadPartCommand({ ...upload, PartNumber: 1, Body: 'small' }));
    const two = await client.send(new UploadPartCommand({ ...upload, PartNumber: 2, Body: 'parts' }));
    assert.equal((await client.send(new ListPartsCommand(upload))).Parts?.length, 2);
    assert.equal((await client.send(new ListMultipartUploadsCommand({ Bucket }))).Uploads?.[0].Key, 'parts');
    const complete = (Parts: { PartNumber: number; ETag?: string }[]): Promise<unknown> => client.send(new CompleteMultipartUploadCommand({ ...upload, MultipartUpload: { Parts } }));
    const [first, second] = [{ PartNumber: 1, ETag: one.ETag }, { PartNumber: 2, ETag: two.ETag }];
    await assert.rejects(complete([first, second]), rejectsWith('EntityTooSmall'));
    await assert.rejects(complete([second, first]), rejectsWith('InvalidPartOrder'));
    await assert.rejects(complete([{ PartNumber: 1, ETag: '"0"' }]), rejectsWith('InvalidPart'));
    assert.ok(!(await server.keys('lab')).includes('parts'));
    await complete([second]);
    assert.ok((await server.keys('lab')).includes('parts'));
    await assert.rejects(complete([second]), rejectsWith('NoSuchUpload'));
  });

  it('deletes many at once', async () => {
    await server.put('lab', 'many/<1> & "2"', '');
    await server.put('lab', 'many/3', '');
    await client.send(new DeleteObjectsCommand({ Bucket, Delete: { Objects: [{ Key: 'many/<1> & "2"' }, { Key: 'many/3' }, { Key: 'many/absent' }] } }));
    assert.ok(!(await server.keys('lab')).some((key) => key.startsWith('many/')));
  });
});
