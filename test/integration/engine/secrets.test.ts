import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { openStore } from '../../../runner/storage/open.ts';
import { toyCohort, toyTask } from '../../fixtures/engine/toyTasks.ts';
import { defaultCredential, startS3Server } from '../../servers/s3Server.ts';
import type { S3Server } from '../../servers/s3Server.ts';
import { AwsHome } from '../storage/awsHome.ts';
import { Bench } from './cliProcess.ts';

const out = 's3://lab/study/out';
const wrongSecret = 'plantedWrongSecret/0123456789';
const password = 'plantedPassword0123456789';

describe('secrets', () => {
  const home = new AwsHome();
  let server: S3Server;
  beforeEach(async () => {
    await home.enter({ keys: defaultCredential });
    server = await startS3Server({ buckets: { lab: {} } });
  });
  afterEach(async () => {
    await server.close();
    await home.leave();
  });

  const keys = (secret: string): Record<string, string> => ({ AWS_ACCESS_KEY_ID: defaultCredential.accessKeyId, AWS_SECRET_ACCESS_KEY: secret, AWS_REGION: 'us-east-1' });

  /** Where any of the planted secrets is found: in files below a folder, or in texts. */
  function found(folder: string, texts: Readonly<Record<string, string>>): string[] {
    const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
    const all = [...files.map((file) => [file, readFileSync(file, 'latin1')] as const), ...Object.entries(texts)];
    const secrets = [defaultCredential.secretAccessKey, wrongSecret, password];
    return all.filter(([, text]) => secrets.some((secret) => text.includes(secret) || text.includes(encodeURIComponent(secret)))).map(([name]) => name);
  }

  it('of the environment reach no journal, receipt, configuration, result or message', async () => {
    const failing = toyTask('sub-02/bad', ['dataset:image.txt'], ['output:sub-02/a.tsv'], { stage: 'fail' });
    const bench = new Bench([...toyCohort(['01']), failing], keys(defaultCredential.secretAccessKey));
    try {
      const flags = ['--s3-endpoint', server.endpoint, '--notemp'];
      const plain = await bench.run(flags, out);
      const json = await bench.run(['--json', '--forceall', ...flags], out);
      const texts: Record<string, string> = { plain: plain.stdout + plain.stderr, json: json.stdout + json.stderr };
      const store = openStore(out, { s3Endpoint: server.endpoint, s3Region: 'us-east-1' });
      for await (const entry of store.list('', { recursive: true })) texts[entry.key] = Buffer.from(await store.read(entry.key) ?? []).toString('latin1');
      assert.ok(Object.keys(texts).some((key) => key.includes('/receipts/')));
      assert.ok('config/spimquant.yml' in texts);
      assert.deepEqual(found(bench.folder, texts), []);
    } finally {
      bench.remove();
    }
  });

  it('that a service refuses are not repeated', async () => {
    const bench = new Bench(toyCohort(['01']), keys(wrongSecret));
    try {
      const { code, stdout, stderr } = await bench.run(['--s3-endpoint', server.endpoint], out);
      assert.equal(code, 1);
      assert.match(stderr, /access-denied/);
      assert.deepEqual(found(bench.folder, { stdout, stderr }), []);
    } finally {
      bench.remove();
    }
  });

  it('written into addresses are refused without being repeated', async () => {
    const bench = new Bench(toyCohort(['01']), keys(defaultCredential.secretAccessKey));
    try {
      const endpoint = server.endpoint.replace('://', `://user:${password}@`);
      for (const [flags, output] of [[['--s3-endpoint', endpoint], out], [['--s3-endpoint', server.endpoint], `s3://user:${password}@lab/out`]] as const) {
        const { code, stdout, stderr } = await bench.run(flags, output);
        assert.equal(code, 2);
        assert.deepEqual(found(bench.folder, { stdout, stderr }), []);
      }
    } finally {
      bench.remove();
    }
  });
});
