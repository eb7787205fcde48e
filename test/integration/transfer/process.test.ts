import assert from 'node:assert/strict';
import { rmSync, writeFileSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { spimquant } from '../../../scripts/demo/command.ts';
import type { CommandResult } from '../../../scripts/demo/command.ts';
import { defaultCredential, startS3Server } from '../../servers/s3Server.ts';
import type { S3Server } from '../../servers/s3Server.ts';
import type { LoggedRequest } from '../../servers/s3/loggedRequest.ts';
import { Random } from '../../unit/transfer/random.ts';
import { until } from '../server/runnerBench.ts';
import { Desk, latin } from './support.ts';

/** Bytes that are not the same anywhere. */
function bytes(length: number, seed: number): Buffer {
  const random = new Random(seed);
  const content = Buffer.alloc(length);
  for (let at = 0; at + 4 <= length; at += 4) content.writeUInt32LE(Math.floor(random.next() * 2 ** 32), at);
  return content;
}

describe('spimquant sync as a process', function () {
  this.timeout(180_000);
  let server: S3Server;
  let desk: Desk;
  const files = { 'large.bin': bytes(40_000_000, 1), 'deep/small.tsv': Buffer.from('a\tb\n'), 'other.bin': bytes(20_000_000, 2) };

  const sync = (words: readonly string[], onStart?: (end: (signal: NodeJS.Signals) => void) => void, env: Readonly<Record<string, string>> = {}): Promise<CommandResult> => spimquant(['sync', ...words, '--s3-endpoint', server.endpoint, '--quiet'], {
    env: { SPIMQUANT_STATE_DIR: desk.path('state'), AWS_ACCESS_KEY_ID: defaultCredential.accessKeyId, AWS_SECRET_ACCESS_KEY: defaultCredential.secretAccessKey, AWS_REGION: 'us-east-1', ...env },
    ...(onStart === undefined ? {} : { onStart }),
  });

  /** Runs it, and kills the process when the server has had so many requests of a kind. */
  const killedAt = async (words: readonly string[], method: string, requests: number): Promise<void> => {
    const seen = (): number => server.requests.filter((request) => request.method === method && request.key !== '').length;
    const before = seen();
    let watch: NodeJS.Timeout | undefined;
    await sync(words, (end) => { watch = setInterval(() => { if (seen() - before >= requests) end('SIGKILL'); }, 2); });
    clearInterval(watch);
  };

  /** Parts that transfers have noted as arrived and not joined yet: `large.bin 0`. */
  const noted = async (): Promise<readonly string[]> => {
    const parts: string[] = [];
    for (const transfer of await readdir(desk.path('state/transfers')).catch(() => [])) {
      // Other files there come and go.
      const text = await readFile(desk.path('state/transfers', transfer, 'parts.ndjson'), 'utf8').catch(() => '');
      const open = new Map<string, Set<number>>();
      for (const line of text.split('\n')) {
        // A killed process may leave half a line.
        const [what, key, index] = line.endsWith(']') ? (JSON.parse(line) as readonly [string, string, number]) : ['', '', 0];
        if (what === 'begin') open.set(key, new Set());
        if (what === 'part') open.get(key)?.add(index);
        if (what === 'end') open.delete(key);
      }
      for (const [key, sent] of open) parts.push(...[...sent].map((part) => `${key} ${part}`));
    }
    return parts;
  };
  /** Parts that the server was sent, or asked for, since so many requests, in the same words. */
  const moved = (since: number, way: 'up' | 'down'): readonly string[] => server.requests.slice(since).flatMap(({ method, key, query, range }) => {
    if (way === 'up') return method === 'PUT' && query['partNumber'] !== undefined ? [`${key.slice(3)} ${Number(query['partNumber']) - 1}`] : [];
    const offset = method === 'GET' && key !== '' ? /^bytes=(\d+)-/.exec(range ?? '')?.[1] : undefined;
    return offset === undefined ? [] : [`${key.slice(3)} ${Number(offset) / (8 * 1024 * 1024)}`];
  });
  const isPart = ({ method, key, query, range }: LoggedRequest): boolean => key !== '' && (method === 'PUT' ? query['partNumber'] !== undefined : method === 'GET' && range !== undefined);
  /** Lets two parts through, and is silent to all others until faults are cleared. Ends the process by a signal once it waits for such a part. */
  const stoppedInTheMiddle = async (words: readonly string[], signal: NodeJS.Signals): Promise<CommandResult> => {
    let seen = 0;
    let end: (() => void) | undefined;
    server.inject({ fault: { kind: 'hang' }, times: Infinity, match: (request) => {
      if (!isPart(request) || ++seen <= 2) return false;
      void until(async () => (await noted()).length >= 2, 'two parts are noted', 60_000).finally(() => { end?.(); });
      return true;
    } });
    const ended = await sync([...words, '--transfers', '3'], (kill) => { end = () => { kill(signal); }; });
    server.clearFaults();
    return ended;
  };

  beforeEach(async () => {
    desk = await Desk.make();
    server = await startS3Server({ buckets: { lab: {} } });
  });
  afterEach(async () => {
    await server.close();
    await desk.remove();
  });

  it('killed again and again, goes on: files whole or absent, in the end equal, up and down', async () => {
    for (const [name, content] of Object.entries(files)) await desk.write(`source/${name}`, content);
    for (const requests of [2, 4, 6]) {
      await killedAt([desk.path('source'), 's3://lab/up'], 'PUT', requests);
      for (const key of await server.keys('lab')) assert.ok(key.replace('up/', '') in files, key);
    }
    const arrived = await noted();
    const before = server.requests.length;
    assert.equal((await sync([desk.path('source'), 's3://lab/up'])).code, 0);
    assert.deepEqual(moved(before, 'up').filter((part) => arrived.includes(part)), []);
    assert.deepEqual(await server.keys('lab'), Object.keys(files).map((name) => `up/${name}`).sort());
    assert.equal(server.openUploads('lab'), 0);
    const whole = Object.fromEntries(Object.entries(files).map(([name, content]): [string, string] => [name, latin(content)]).sort(([a], [b]) => (a < b ? -1 : 1)));
    for (const requests of [2, 4, 6]) {
      await killedAt(['s3://lab/up', desk.path('down')], 'GET', requests);
      for (const [path, content] of Object.entries(await desk.read('down'))) if (!path.includes('.spimquant-tmp')) assert.ok(content === whole[path], `${path} is there, but not whole`);
    }
    assert.equal((await sync(['s3://lab/up', desk.path('down')])).code, 0);
    const down = await desk.read('down');
    assert.deepEqual(Object.keys(down), Object.keys(whole));
    for (const [path, content] of Object.entries(down)) assert.ok(content === whole[path], path);
  });

  for (const signal of ['SIGINT', 'SIGKILL'] as const) {
    it(`ended by ${signal} while the service is silent: leaves nothing half-written, and sends no part again that had arrived`, async () => {
      await desk.write('up/large.bin', files['large.bin']);
      for (const way of ['up', 'down'] as const) {
        const words = way === 'up' ? [desk.path('up'), 's3://lab/up'] : ['s3://lab/up', desk.path('down')];
        const stopped = await stoppedInTheMiddle(words, signal);
        assert.deepEqual([stopped.code, stopped.signal], signal === 'SIGINT' ? [130, null] : [null, signal], stopped.stderr);
        if (way === 'up') assert.deepEqual(await server.keys('lab'), []);
        else assert.deepEqual(Object.keys(await desk.read('down')).filter((path) => !path.includes('.spimquant-tmp-part-')), []);
        const arrived = await noted();
        assert.ok(arrived.length >= 2, arrived.join());
        const before = server.requests.length;
        assert.equal((await sync(words)).code, 0);
        const again = moved(before, way);
        assert.deepEqual(again.filter((part) => arrived.includes(part)), [], `${way}: sent again`);
        assert.equal(arrived.length + again.length, Math.ceil(40_000_000 / (8 * 1024 * 1024)), `${way}: ${again.join()}`);
      }
      assert.equal(server.openUploads('lab'), 0);
      assert.deepEqual(await desk.read('down'), { 'large.bin': latin(files['large.bin']) });
    });
  }

  it('stopped by a full disk: says so, keeps what has arrived, and goes on when there is room', async () => {
    for (const [name, content] of Object.entries(files)) await server.put('lab', `up/${name}`, content);
    const full = desk.path('full');
    let seen = 0;
    // Full from the moment on when the third part is asked for: the plan found room enough.
    server.inject({ fault: { kind: 'wait', until: Promise.resolve() }, times: Infinity, match: (request) => {
      if (isPart(request) && ++seen === 3) writeFileSync(full, '');
      return false;
    } });
    const words = ['s3://lab/up', desk.path('down')];
    const preload = new URL('../../fixtures/transfer/fullDisk.ts', import.meta.url).href;
    const stopped = await sync([...words, '--transfers', '2', '--pause-limit', '0'], undefined, { NODE_OPTIONS: `--disable-warning=ExperimentalWarning --import=${preload}`, FULL_DISK: full });
    assert.equal(stopped.code, 1, stopped.stderr);
    assert.match(stopped.stdout + stopped.stderr, /disk is full/i);
    for (const [path, content] of Object.entries(await desk.read('down'))) if (!path.includes('.spimquant-tmp-')) assert.ok(latin(files[path as keyof typeof files]) === content, `${path} is there, but not whole`);
    const arrived = await noted();
    rmSync(full);
    const before = server.requests.length;
    assert.equal((await sync(words)).code, 0);
    assert.deepEqual(moved(before, 'down').filter((part) => arrived.includes(part)), []);
    assert.deepEqual(await desk.read('down'), Object.fromEntries(Object.entries(files).map(([name, content]): [string, string] => [name, latin(content)]).sort(([a], [b]) => (a < b ? -1 : 1))));
  });

  it('deletes with --yes alone where nobody can be asked, and nothing with -n', async () => {
    await desk.write('source/a', 'a');
    await server.put('lab', 'x/a', 'old');
    await server.put('lab', 'x/extra', 'extra');
    const dry = await sync([desk.path('source'), 's3://lab/x', '--delete', '-n']);
    assert.equal(dry.code, 0, dry.stderr);
    assert.match(dry.stdout, /delete extra/);
    const refused = await sync([desk.path('source'), 's3://lab/x', '--delete']);
    assert.notEqual(refused.code, 0);
    assert.match(refused.stderr, /--yes/);
    assert.deepEqual(await server.keys('lab'), ['x/a', 'x/extra']);
    assert.equal((await sync([desk.path('source'), 's3://lab/x', '--delete', '--yes', '--max_delete', '1'])).code, 0);
    assert.deepEqual(await server.keys('lab'), ['x/a']);
  });
});
