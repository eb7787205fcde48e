import assert from 'node:assert/strict';
import { spimquant } from '../../../scripts/demo/command.ts';
import type { CommandResult } from '../../../scripts/demo/command.ts';
import { defaultCredential, startS3Server } from '../../servers/s3Server.ts';
import type { S3Server } from '../../servers/s3Server.ts';
import { Random } from '../../unit/transfer/random.ts';
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

  const sync = (words: readonly string[], onStart?: (end: (signal: NodeJS.Signals) => void) => void): Promise<CommandResult> => spimquant(['sync', ...words, '--s3-endpoint', server.endpoint, '--quiet'], {
    env: { SPIMQUANT_STATE_DIR: desk.path('state'), AWS_ACCESS_KEY_ID: defaultCredential.accessKeyId, AWS_SECRET_ACCESS_KEY: defaultCredential.secretAccessKey, AWS_REGION: 'us-east-1' },
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
    assert.equal((await sync([desk.path('source'), 's3://lab/up'])).code, 0);
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
