import assert from 'node:assert/strict';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { openStore } from '../../../runner/storage/open.ts';
import type { ObjectStore } from '../../../runner/storage/objectStore.ts';
import { toyCohort, toyTask } from '../../fixtures/engine/toyTasks.ts';
import { defaultCredential, startS3Server } from '../../servers/s3Server.ts';
import type { S3Server } from '../../servers/s3Server.ts';
import { AwsHome } from '../storage/awsHome.ts';
import { Bench, saying } from './cliProcess.ts';

const keys = { AWS_ACCESS_KEY_ID: defaultCredential.accessKeyId, AWS_SECRET_ACCESS_KEY: defaultCredential.secretAccessKey, AWS_REGION: 'us-east-1' };
const out = 's3://lab/study/out';

describe('an output in a bucket', () => {
  const home = new AwsHome();
  let server: S3Server;
  let bench: Bench;
  let store: ObjectStore;
  let flags: readonly string[];

  beforeEach(async () => {
    await home.enter({ keys: defaultCredential });
    server = await startS3Server({ buckets: { lab: {} } });
    bench = new Bench(toyCohort(['01', '02']), keys);
    store = openStore(out, { s3Endpoint: server.endpoint, s3Region: 'us-east-1' });
    flags = ['--s3-endpoint', server.endpoint, '-c', '2'];
  });
  afterEach(async () => {
    bench.remove();
    await server.close();
    await home.leave();
  });

  async function keysBelow(folder: string): Promise<string[]> {
    const found: string[] = [];
    for await (const entry of store.list(folder, { recursive: true })) found.push(entry.key);
    return found.sort();
  }

  it('gets the results, the receipts, and no lock or temporary file', async () => {
    const first = await bench.events(flags, out);
    assert.equal(first.code, 0);
    const made = await keysBelow('');
    assert.deepEqual(made.filter((key) => key.startsWith('sub-')), ['sub-01/report.html', 'sub-01/sum.tsv', 'sub-02/report.html', 'sub-02/sum.tsv']);
    assert.deepEqual(made.filter((key) => !key.startsWith('sub-') && !key.includes('/receipts/')), ['.spimquant/output.json', 'config/spimquant.yml', 'dataset_description.json']);
    assert.equal(made.filter((key) => key.includes('/receipts/')).length, 4);
    assert.ok(existsSync(join(bench.folder, 'cache', 'work')));

    const second = await bench.events(flags, out);
    assert.ok(second.events.every((event) => event.type !== 'task-started'));

    assert.match((await bench.run([...flags, '-n'], out)).stdout, /steps: 0 to run/);
    await store.delete('sub-01/sum.tsv');
    const { stdout } = await bench.run([...flags, '-n'], out);
    assert.match(stdout, /its temporary file is needed by /);
    assert.doesNotMatch(stdout, /not done yet/);
  });

  it('is locked by one run, which dies and is gone on with', async () => {
    bench.plan([...toyCohort(['01']), toyTask('sub-02/long', ['dataset:image.txt'], ['output:sub-02/a.tsv'], { stage: 'hang' })]);
    const child = bench.start(['--json', ...flags], out);
    await saying(child, /hanging/);
    const second = await bench.run(flags, out);
    assert.equal(second.code, 1);
    assert.match(second.stderr, /\[output-busy\]/);
    child.kill('SIGKILL');
    await once(child, 'close');
    bench.plan([...toyCohort(['01']), toyTask('sub-02/long', ['dataset:image.txt'], ['output:sub-02/a.tsv'])]);
    assert.equal((await bench.run(flags, out)).code, 0);
    assert.ok((await keysBelow('sub-02')).includes('sub-02/a.tsv'));
    assert.deepEqual((await keysBelow('.spimquant')).filter((key) => /lock|takeover/.test(key)), []);
  });
});
