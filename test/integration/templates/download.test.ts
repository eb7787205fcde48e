import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SpimquantError } from '../../../runner/protocol/errors.ts';
import type { ErrorCode } from '../../../runner/protocol/errors.ts';
import { ensureDownloaded } from '../../../runner/templates/download.ts';
import type { DownloadSource } from '../../../runner/templates/template.types.ts';

const content = Buffer.from(Array.from({ length: 300_000 }, (_, index) => (index * 7) % 251));
const sha256 = createHash('sha256').update(content).digest('hex');
const md5 = createHash('md5').update(content).digest('hex');

function is(code: ErrorCode, pattern: RegExp): (error: unknown) => boolean {
  return (error) => error instanceof SpimquantError && error.code === code && pattern.test(`${error.message} ${error.hint ?? ''}`);
}

describe('downloading templates', () => {
  let folder: string;
  let server: Server;
  let base: string;
  let path: string;
  let requests: IncomingMessage[];
  let answer: (request: IncomingMessage, response: ServerResponse) => void;
  const logged: string[] = [];
  const controller = new AbortController();
  const options = { signal: controller.signal, log: (_: string, message: string): void => { logged.push(message); }, backoff: () => 1 };
  const source = (more: { sha256?: string } = {}): DownloadSource[] => [{ kind: 'url', url: `${base}/anat.nii.gz`, ...more }];
  const whole = (_: IncomingMessage, response: ServerResponse): void => { response.writeHead(200, { 'content-length': content.length, etag: '"1"' }).end(content); };

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'spimquant-templates-'));
    path = join(folder, 'tpl-X', 'tpl-X_anat.nii.gz');
    requests = [];
    answer = whole;
    server = createServer((request, response) => {
      requests.push(request);
      answer(request, response);
    });
    await new Promise<void>((resolve) => { server.listen(0, '127.0.0.1', resolve); });
    base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });

  afterEach(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => { server.close(resolve); });
    await rm(folder, { recursive: true, force: true });
  });

  it('fetches once, tells how far it is, and remembers the checksum', async () => {
    const seen: number[] = [];
    await ensureDownloaded(path, source(), { ...options, progress: (done, total) => { seen.push(done); assert.equal(total, content.length); } });
    assert.deepEqual(await readFile(path), content);
    assert.equal((await readFile(`${path}.sha256`, 'utf8')).trim(), sha256);
    assert.equal(seen.at(-1), content.length);
    await ensureDownloaded(path, source(), options);
    assert.equal(requests.length, 1);
    assert.deepEqual((await readdir(join(folder, 'tpl-X'))).sort(), ['tpl-X_anat.nii.gz', 'tpl-X_anat.nii.gz.sha256']);
  });

  it('goes on where the connection broke', async () => {
    // Broken only when a part has been read: what is still on its way is lost with the connection.
    const partRead = Promise.withResolvers<void>();
    answer = (request, response) => {
      const from = Number(/bytes=(\d+)-/.exec(request.headers.range ?? '')?.[1] ?? 0);
      if (from === 0) {
        response.writeHead(200, { 'content-length': content.length, etag: '"1"' });
        response.write(content.subarray(0, 100_000));
        void partRead.promise.then(() => { response.destroy(); });
      } else {
        assert.equal(request.headers['if-range'], '"1"');
        response.writeHead(206, { 'content-length': content.length - from, 'content-range': `bytes ${from}-${content.length - 1}/${content.length}`, etag: '"1"' }).end(content.subarray(from));
      }
    };
    await ensureDownloaded(path, source({ sha256 }), { ...options, progress: () => { partRead.resolve(); } });
    assert.deepEqual(await readFile(path), content);
    assert.ok(requests.some((request) => request.headers.range !== undefined));
  });

  it('starts anew when the file changed in between', async () => {
    let first = true;
    answer = (request, response) => {
      if (!first) return whole(request, response);
      first = false;
      response.writeHead(200, { 'content-length': content.length, etag: '"0"' });
      response.write(Buffer.alloc(50_000, 1), () => { setImmediate(() => { response.destroy(); }); });
      return undefined;
    };
    await ensureDownloaded(path, source({ sha256 }), options);
    assert.deepEqual(await readFile(path), content);
  });

  it('tries again after errors of the server, then the next source', async () => {
    let faults = 2;
    answer = (request, response) => {
      if (request.url === '/gone') response.writeHead(404).end();
      else if (faults-- > 0) response.writeHead(503).end();
      else whole(request, response);
    };
    await ensureDownloaded(path, [{ kind: 'url', url: `${base}/gone` }, ...source()], options);
    assert.equal(requests.length, 4);
  });

  it('refuses content with the wrong checksum and leaves nothing behind', async () => {
    await assert.rejects(ensureDownloaded(path, source({ sha256: '0'.repeat(64) }), options), is('bad-template', /wrong checksum/));
    assert.deepEqual(await readdir(join(folder, 'tpl-X')), []);
  });

  it('asks a Zenodo record for address and MD5, and tries the next record', async () => {
    let sum = md5;
    answer = (request, response) => {
      if (request.url === '/api/records/1') response.end(JSON.stringify({ files: [{ key: 'other.nii.gz' }] }));
      else if (request.url === '/api/records/2') response.end(JSON.stringify({ files: [{ key: 'a.nii.gz', checksum: `md5:${sum}`, links: { self: `${base}/a` } }] }));
      else whole(request, response);
    };
    const records: DownloadSource[] = [{ kind: 'zenodo', record: '1', file: 'a.nii.gz' }, { kind: 'zenodo', record: '2', file: 'a.nii.gz' }];
    await ensureDownloaded(path, records, { ...options, zenodo: base });
    assert.deepEqual(await readFile(path), content);
    sum = '0'.repeat(32);
    await assert.rejects(ensureDownloaded(join(folder, 'again.nii.gz'), records, { ...options, zenodo: base }), is('bad-template', /wrong checksum/));
    await assert.rejects(ensureDownloaded(join(folder, 'none.nii.gz'), records.slice(0, 1), { ...options, zenodo: base }), is('not-found', /None of the known sources/));
  });

  it('fetches again what was changed on disk, and refuses what changed at its source', async () => {
    await ensureDownloaded(path, source(), options);
    await writeFile(path, 'broken');
    await ensureDownloaded(path, source(), options);
    assert.deepEqual(await readFile(path), content);
    await rm(path);
    answer = (_, response) => { response.end('something new'); };
    await assert.rejects(ensureDownloaded(path, source(), options), is('bad-template', /not the file that was downloaded from there before.*\.sha256/));
  });

  it('explains what to do without a network', async () => {
    const dead = base;
    server.closeAllConnections();
    await new Promise((resolve) => { server.close(resolve); });
    await assert.rejects(ensureDownloaded(path, [{ kind: 'url', url: `${dead}/x` }], options), is('network', /could not be downloaded.*--template_dir/));
    server = createServer();
    await new Promise<void>((resolve) => { server.listen(0, '127.0.0.1', resolve); });
  });

  it('stops when it is cancelled', async () => {
    const cancel = new AbortController();
    answer = (_, response) => {
      response.writeHead(200, { 'content-length': content.length });
      response.write(content.subarray(0, 1000), () => { cancel.abort(); });
    };
    await assert.rejects(ensureDownloaded(path, source(), { ...options, signal: cancel.signal }), (error: Error) => error.name === 'AbortError');
    assert.deepEqual(await readdir(join(folder, 'tpl-X')), []);
  });
});
