import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { startAzurite } from '../../test/servers/azurite.ts';
import { keyFile } from '../../test/servers/gcs/accounts.ts';
import { defaultAccount, startGcsServer } from '../../test/servers/gcs/server.ts';
import { defaultCredential, startS3Server } from '../../test/servers/s3/server.ts';

/** Object storage of three kinds on this machine, as the demo uses it. */
export interface DemoServices {
  /** Where the brains are in each. */
  readonly brains: { readonly s3: string; readonly gs: string; readonly az: string };
  /** Where results go in each. */
  readonly results: { readonly s3: string; readonly gs: string; readonly az: string };
  /** Local folder behind the results in S3. */
  readonly s3Results: string;
  /** Flags that lead a command to these services instead of the real ones. */
  readonly flags: readonly string[];
  /** Credentials, as a user has them in the environment. */
  readonly env: Readonly<Record<string, string>>;
  [Symbol.asyncDispose](): Promise<void>;
}

/**
 * Starts the services. The brains of folder `bids` are a bucket at S3; what is written to S3 and Google stays in folders
 * below `folder`, what is written to Azure (its emulator) is gone with it.
 */
export async function startServices(folder: string, bids: string): Promise<DemoServices> {
  const buckets = join(folder, 'buckets');
  const [s3Results, gcsBrains, gcsResults] = ['s3-results', 'gcs-brains', 'gcs-results'].map((name) => join(buckets, name));
  for (const each of [s3Results, gcsBrains, gcsResults]) await mkdir(each, { recursive: true });
  const stack = new AsyncDisposableStack();
  try {
    const s3 = stack.use(await startS3Server({ buckets: { 'phantom-brains': { folder: bids }, 'phantom-results': { folder: s3Results } } }));
    const gcs = stack.use(await startGcsServer({ buckets: { 'phantom-brains': { folder: gcsBrains }, 'phantom-results': { folder: gcsResults } } }));
    const azure = stack.use(await startAzurite());
    for (const container of ['phantom-brains', 'phantom-results']) await azure.container(container).create();
    const key = join(folder, 'service-account.json');
    await writeFile(key, JSON.stringify(keyFile(defaultAccount, gcs.endpoint)), { mode: 0o600 });
    stack.defer(() => rm(key, { force: true }));
    const services = stack.move();
    return {
      brains: { s3: 's3://phantom-brains', gs: 'gs://phantom-brains', az: 'az://lab/phantom-brains' },
      results: { s3: 's3://phantom-results', gs: 'gs://phantom-results', az: 'az://lab/phantom-results' },
      s3Results,
      flags: ['--s3-endpoint', s3.endpoint, '--s3-region', 'us-east-1', '--gcs-endpoint', gcs.endpoint, '--gcs-credentials', key, '--azure-endpoint', azure.endpoint()],
      env: {
        AWS_ACCESS_KEY_ID: defaultCredential.accessKeyId, AWS_SECRET_ACCESS_KEY: defaultCredential.secretAccessKey, AWS_SESSION_TOKEN: '',
        AZURE_STORAGE_ACCOUNT: 'lab', AZURE_STORAGE_KEY: azure.key(),
      },
      [Symbol.asyncDispose]: () => services.disposeAsync(),
    };
  } catch (error) {
    await stack.disposeAsync();
    throw error;
  }
}
