import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Health } from '../../../runner/protocol/health.ts';
import { UserHome } from '../../helpers/userHome.ts';
import { defaultCredential, startS3Server } from '../../servers/s3Server.ts';
import type { S3Server } from '../../servers/s3Server.ts';
import { RunnerBench } from '../server/runnerBench.ts';
import { consult } from './doctorSupport.ts';

const cli = fileURLToPath(new URL('../../../runner/cli.ts', import.meta.url));

describe('spimquant doctor', function () {
  this.timeout(60_000);
  const home = new UserHome();
  let s3: S3Server;
  before(async () => {
    s3 = await startS3Server({ buckets: { lab: {}, shut: { deny: () => true } } });
    await s3.put('lab', 'bids/dataset_description.json', '{}');
    mkdirSync(home.path('bids'));
    writeFileSync(home.path('bids', 'x.txt'), 'x');
  });
  after(async () => {
    await s3.close();
    home.remove();
  });

  const keys = (): Record<string, string> => ({
    AWS_ACCESS_KEY_ID: defaultCredential.accessKeyId, AWS_SECRET_ACCESS_KEY: defaultCredential.secretAccessKey, AWS_ENDPOINT_URL_S3: s3.endpoint, AWS_REGION: 'us-east-1',
  });
  const run = async (...words: readonly string[]): Promise<{ readonly code: number | null; readonly stdout: string; readonly stderr: string }> => {
    const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', cli, 'doctor', ...words], { env: home.env({ ...keys(), NO_COLOR: '1' }), cwd: home.folder, stdio: ['ignore', 'pipe', 'pipe'] });
    const out = { stdout: '', stderr: '' };
    child.stdout.on('data', (bytes: Buffer) => { out.stdout += bytes.toString(); });
    child.stderr.on('data', (bytes: Buffer) => { out.stderr += bytes.toString(); });
    const code = await new Promise<number | null>((resolve) => { child.once('close', resolve); });
    return { code, ...out };
  };

  it('ends with 0 when a place can be read, with 1 when it cannot, with 0 without one', async () => {
    const [good, shut, all, wrong] = await Promise.all([run('s3://lab/bids'), run('s3://shut/bids'), run(), run('ftp://lab')]);
    assert.equal(good.code, 0);
    assert.match(good.stdout, /^s3:\/\/lab\/bids\n/);
    assert.equal(shut.code, 1);
    assert.match(shut.stdout, /error: List: Not allowed/);
    assert.equal(all.code, 0);
    assert.equal(wrong.code, 2);
    assert.match(wrong.stderr, /ftp:\/\/ is not supported/);
  });

  it('gives programs one object', async () => {
    const { stdout, code } = await run('s3://lab/bids', '--json');
    assert.equal(code, 0);
    const { health } = JSON.parse(stdout) as { readonly health: Health };
    assert.equal(health.uri, 's3://lab/bids');
    assert.equal(health.readable, true);
    assert.deepEqual(health.services.map(({ scheme, status }) => [scheme, status]), [['s3', 'well']]);
    assert.deepEqual(health.services[0].checks.map(({ name, outcome }) => `${name} ${outcome}`), ['sign-in yes', 'identity unknown', 'reach yes', 'clock yes', 'bucket yes', 'list yes', 'read yes', 'write yes']);
  });

  it('looks at folders: whether they are there, may be read and written, and have room', async () => {
    const folder = await consult(home, { uri: 'bids' });
    assert.equal(folder.health.uri, home.path('bids'));
    assert.deepEqual(folder.service().checks.map(({ name, outcome }) => `${name} ${outcome}`), ['bucket yes', 'read yes', 'write yes', 'space yes']);
    assert.match(folder.check('space').said, /^[\d.]+ .B free of [\d.]+ .B\.$/);
    const file = await consult(home, { uri: home.path('bids', 'x.txt') });
    assert.equal(file.check('bucket').said, 'A file.');
    assert.equal(file.health.readable, true);
    const missing = await consult(home, { uri: home.path('bidz', 'more') });
    assert.equal(missing.health.readable, false);
    assert.match(missing.notices('error')[0], /Check the spelling/);
    assert.match(missing.check('write').said, new RegExp(`can be made in ${home.folder}`));
  });

  it('answers a window about a dataset, in the window\'s environment', async () => {
    const bench = new RunnerBench([]);
    const window = bench.client({ env: home.env({ ...keys(), SPIMQUANT_STATE_DIR: bench.state, SPIMQUANT_CACHE_DIR: join(bench.folder, 'cache') }), serverFile: fileURLToPath(new URL('../../../runner/server.ts', import.meta.url)) });
    const stranger = bench.client({ env: home.env({ AWS_ENDPOINT_URL_S3: s3.endpoint, SPIMQUANT_STATE_DIR: bench.state, SPIMQUANT_CACHE_DIR: join(bench.folder, 'cache') }) });
    try {
      const found = await window.request('credentials.check', { dataset: { uri: 's3://lab/bids', storage: {} } });
      assert.equal(found.health?.readable, true);
      assert.equal(found.command, 'spimquant doctor s3://lab/bids');
      assert.equal((await stranger.request('credentials.check', { dataset: { uri: 's3://lab/bids', storage: { s3Region: 'us-east-1' } } })).health?.readable, false);
      assert.equal((await window.request('credentials.check', {})).health?.uri, undefined);
    } finally {
      await bench.remove();
    }
  });
});
