import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { startAzurite } from '../../servers/azurite.ts';
import { keyFile } from '../../servers/gcs/accounts.ts';
import { defaultAccount, startGcsServer } from '../../servers/gcs/server.ts';
import { defaultCredential, startS3Server } from '../../servers/s3Server.ts';

const program = fileURLToPath(new URL('../../../bin/spimquant.mjs', import.meta.url));

// Bundlers change how libraries load each other: what works from the sources need not work as it is shipped.
describe('the built program', function () {
  this.timeout(60_000);
  let folder: string;
  before(async () => { folder = await mkdtemp(join(tmpdir(), 'spimquant-built-')); });
  after(async () => rm(folder, { recursive: true, force: true }));

  const listed = async (words: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<string> => {
    const { stdout } = await promisify(execFile)(process.execPath, [program, 'ls', ...words], { env: { PATH: process.env.PATH, HOME: folder, SPIMQUANT_STATE_DIR: join(folder, 'state'), ...env } });
    return stdout;
  };

  it('reads S3', async () => {
    await using server = await startS3Server({ buckets: { lab: {} } });
    await server.put('lab', 'notes/a.txt', 'alpha');
    const env = { AWS_ACCESS_KEY_ID: defaultCredential.accessKeyId, AWS_SECRET_ACCESS_KEY: defaultCredential.secretAccessKey };
    assert.match(await listed(['s3://lab/notes', '--s3-endpoint', server.endpoint], env), /a\.txt/);
  });

  it('reads Google Cloud Storage with the key of a service account', async () => {
    await using server = await startGcsServer({ buckets: { lab: {} } });
    await server.put('lab', 'notes/a.txt', 'alpha');
    const key = join(folder, 'key.json');
    await writeFile(key, JSON.stringify(keyFile(defaultAccount, server.endpoint)));
    assert.match(await listed(['gs://lab/notes', '--gcs-endpoint', server.endpoint, '--gcs-credentials', key]), /a\.txt/);
  });

  it('reads Azure with the key of an account', async () => {
    await using azure = await startAzurite();
    await azure.container('notes').create();
    await azure.put('notes', 'b/a.txt', 'alpha');
    assert.match(await listed(['az://lab/notes/b', '--azure-endpoint', azure.endpoint()], { AZURE_STORAGE_KEY: azure.key() }), /a\.txt/);
  });
});
