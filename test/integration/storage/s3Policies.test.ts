import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { toyCohort } from '../../fixtures/engine/toyTasks.ts';
import { UserHome } from '../../helpers/userHome.ts';
import { defaultCredential, startS3Server } from '../../servers/s3Server.ts';
import type { S3Server } from '../../servers/s3Server.ts';
import { documentedPolicy, heldTo } from '../../servers/s3/documentedPolicy.ts';
import { Bench, ended } from '../engine/cliProcess.ts';
import type { Ended } from '../engine/cliProcess.ts';

const cli = fileURLToPath(new URL('../../../runner/cli.ts', import.meta.url));

const reading = documentedPolicy('To read a dataset');
const writing = documentedPolicy('To write an output');
const data = 's3://lab-data/bids';
const results = 's3://lab-results/spimquant';

describe('the policies in docs/aws.md', function () {
  this.timeout(120_000);
  const home = new UserHome();
  let server: S3Server;
  let bench: Bench;
  let denied: string[];

  beforeEach(async () => {
    denied = [];
    server = await startS3Server({ buckets: { 'lab-data': heldTo(reading, denied), 'lab-results': heldTo(writing, denied) } });
    bench = new Bench(toyCohort(['01', '02']), home.env({ AWS_ACCESS_KEY_ID: defaultCredential.accessKeyId, AWS_SECRET_ACCESS_KEY: defaultCredential.secretAccessKey, AWS_REGION: 'us-east-1' }));
    for (const name of ['image.txt', 'tasks.json']) await server.put('lab-data', `bids/${name}`, readFileSync(join(bench.bids, name)));
  });
  afterEach(async () => {
    bench.remove();
    await server.close();
  });
  after(() => { home.remove(); });

  async function sync(...words: readonly string[]): Promise<Ended> {
    const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', cli, 'sync', ...words, '--s3-endpoint', server.endpoint], { env: { ...bench.env, SPIMQUANT_STATE_DIR: bench.state } });
    return ended(child);
  }

  it('are enough for a run from bucket to bucket, and to run it again', async () => {
    const flags = ['--s3-endpoint', server.endpoint];
    for (const more of [[], [], ['--forceall']]) {
      const { code, stdout, stderr } = await ended(bench.start([...flags, ...more], results, data));
      assert.equal(code, 0, stdout + stderr + denied.join('\n'));
    }
    assert.deepEqual(denied, []);
    assert.ok((await server.keys('lab-results')).includes('spimquant/sub-02/report.html'));
  });

  it('are enough for transfers in both directions, large files and deletion included', async () => {
    const large = join(bench.bids, 'large.bin');
    writeFileSync(large, Buffer.alloc(20_000_000, 7));
    for (const words of [[bench.bids, results], [data, join(bench.folder, 'copy')], [data, results, '--delete', '--yes', '--max_delete', '10']]) {
      const { code, stdout, stderr } = await sync(...words);
      assert.equal(code, 0, stdout + stderr + denied.join('\n'));
    }
    assert.deepEqual(denied, []);
    assert.ok(existsSync(join(bench.folder, 'copy', 'image.txt')));
    assert.ok(!(await server.keys('lab-results')).includes('spimquant/large.bin'));
  });

  it('allow no more: nothing is written to the dataset, nothing read elsewhere', async () => {
    writeFileSync(join(bench.bids, 'new.txt'), 'new');
    const written = await sync(bench.bids, data);
    assert.equal(written.code, 1);
    assert.match(written.stdout + written.stderr, /access-denied|Not allowed/);
    await server.put('lab-data', 'private/notes.txt', 'x');
    assert.notEqual((await sync('s3://lab-data/private', join(bench.folder, 'private'))).code, 0);
    assert.ok(denied.some((each) => each.startsWith('s3:PutObject lab-data/bids/')), denied.join('\n'));
    assert.ok(denied.some((each) => each.startsWith('s3:ListBucket lab-data/')), denied.join('\n'));
  });
});
