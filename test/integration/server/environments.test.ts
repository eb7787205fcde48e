import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { RunnerClient } from '../../../extension/runner-client/client.types.ts';
import { UserHome } from '../../helpers/userHome.ts';
import { defaultCredential, startS3Server } from '../../servers/s3Server.ts';
import type { S3Server } from '../../servers/s3Server.ts';
import { RunnerBench } from './runnerBench.ts';

const bids = { uri: 's3://lab/bids', storage: {} };

describe('windows of one runner, each with its own environment', function () {
  this.timeout(60_000);
  const home = new UserHome();
  let server: S3Server;
  let bench: RunnerBench;

  before(async () => {
    server = await startS3Server({ buckets: { lab: {} } });
    await server.put('lab', 'bids/dataset_description.json', JSON.stringify({ Name: 'Mice', BIDSVersion: '1.9.0' }));
    await server.put('lab', 'bids/sub-01/micr/x.txt', 'x');
    home.write({
      '.aws/credentials': `[lab]\naws_access_key_id = ${defaultCredential.accessKeyId}\naws_secret_access_key = ${defaultCredential.secretAccessKey}\n[wrong]\naws_access_key_id = AKIANOBODY\naws_secret_access_key = nothing\n`,
      '.aws/config': `[profile lab]\nregion = us-east-1\nendpoint_url = ${server.endpoint}\n[profile wrong]\nregion = us-east-1\nendpoint_url = ${server.endpoint}\n`,
    });
    bench = new RunnerBench([]);
  });
  after(async () => {
    await bench.remove();
    await server.close();
    home.remove();
  });

  const window = (more: Record<string, string>): RunnerClient => bench.client({
    env: home.env({ ...more, SPIMQUANT_STATE_DIR: bench.state, SPIMQUANT_CACHE_DIR: join(bench.folder, 'cache') }),
  });
  const name = async (client: RunnerClient): Promise<string | undefined> => (await client.request('datasets.describe', { dataset: bids })).name;

  it('are answered with their own credentials, not with those that the runner was started with', async () => {
    const first = window({ AWS_PROFILE: 'wrong' });
    await assert.rejects(name(first), { code: 'access-denied' });
    const later = window({ AWS_PROFILE: 'lab' });
    assert.equal(await name(later), 'Mice');
    await assert.rejects(name(first), { code: 'access-denied' });
    assert.equal((await later.request('storage.complete', { prefix: 's3://lab/bids/sub', cwd: '/', limit: 10 })).items[0].uri, 's3://lab/bids/sub-01/');
    await assert.rejects(first.request('storage.complete', { prefix: 's3://lab/bids/sub', cwd: '/', limit: 10 }), { code: 'access-denied' });
    assert.match(Buffer.from((await later.request('storage.read', { uri: 's3://lab/bids/dataset_description.json', maxBytes: 1000 })).base64, 'base64').toString(), /Mice/);
    await assert.rejects(first.request('storage.read', { uri: 's3://lab/bids/dataset_description.json', maxBytes: 1000 }), { code: 'access-denied' });
  });

  it('do not share what was read by requests at the same time', async () => {
    const [good, bad, keys] = [window({ AWS_PROFILE: 'lab' }), window({ AWS_PROFILE: 'wrong' }), window({
      AWS_ACCESS_KEY_ID: defaultCredential.accessKeyId, AWS_SECRET_ACCESS_KEY: defaultCredential.secretAccessKey, AWS_ENDPOINT_URL_S3: server.endpoint, AWS_REGION: 'us-east-1',
    })];
    const answers = await Promise.all(Array.from({ length: 12 }, (_, i) => name([good, bad, keys][i % 3]).catch((error: { readonly code: string }) => error.code)));
    assert.deepEqual(answers, Array.from({ length: 12 }, (_, i) => (i % 3 === 1 ? 'access-denied' : 'Mice')));
  });

  it('without a profile have none, even when the runner was started with one', async () => {
    const none = window({ AWS_ENDPOINT_URL_S3: server.endpoint });
    await assert.rejects(name(none), { code: 'auth-missing' });
    assert.equal((await none.request('credentials.choices', {})).aws.chosen, undefined);
    assert.equal((await window({ AWS_PROFILE: 'lab' }).request('credentials.choices', {})).aws.chosen, 'lab');
  });

  it('leave nothing of it in the state folder', () => {
    const files = readdirSync(bench.state, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
    assert.ok(files.length > 0);
    for (const file of files) assert.ok(!readFileSync(join(file.parentPath, file.name), 'latin1').includes(defaultCredential.secretAccessKey), file.name);
  });
});
