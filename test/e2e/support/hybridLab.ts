import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { startAzurite, type Azurite } from '../../servers/azurite.ts';
import { keyFile } from '../../servers/gcs/accounts.ts';
import { defaultAccount, startGcsServer, type GcsServer } from '../../servers/gcs/server.ts';
import { documentedPolicy, heldTo } from '../../servers/s3/documentedPolicy.ts';
import { startS3Server, type S3Server } from '../../servers/s3/server.ts';
import { loopbackCredentials, temporaryFolder, tinyBrainOfTwoStains, writeDataset, type TemporaryFolder } from './phantoms.ts';

/** One tiny brain in a folder, in S3 and at Google, and room for results in S3, at Google and in Azure. */
export interface HybridLab extends AsyncDisposable {
  readonly folder: TemporaryFolder;
  readonly bids: string;
  /** Its buckets grant what docs/aws.md says, and no more. */
  readonly s3: S3Server;
  /** What S3 has refused. */
  readonly denied: readonly string[];
  readonly gcs: GcsServer;
  readonly azure: Azurite;
  readonly places: { readonly s3: string; readonly s3Results: string; readonly gs: string; readonly gsResults: string; readonly azResults: string };
  /** Flags by which all services are reached. */
  readonly flags: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

export async function startHybridLab(): Promise<HybridLab> {
  const stack = new AsyncDisposableStack();
  try {
    const folder = stack.use(await temporaryFolder());
    const bids = join(folder.path, 'lab', 'bids');
    await mkdir(bids, { recursive: true });
    await writeDataset(bids, [tinyBrainOfTwoStains('T1', 31)]);
    const denied: string[] = [];
    const s3 = stack.use(await startS3Server({ buckets: {
      'lab-data': { folder: join(folder.path, 'lab'), ...heldTo(documentedPolicy('To read a dataset'), denied) },
      'lab-results': heldTo(documentedPolicy('To write an output'), denied),
    } }));
    const gcs = stack.use(await startGcsServer({ buckets: { 'lab-data': { folder: join(folder.path, 'lab') }, 'lab-results': { location: 'EUROPE-WEST3' } } }));
    const azure = stack.use(await startAzurite());
    await azure.container('results').create();
    const key = join(folder.path, 'service-account.json');
    await writeFile(key, JSON.stringify(keyFile(defaultAccount, gcs.endpoint)), { mode: 0o600 });
    const everything = stack.move();
    return {
      folder, bids, s3, denied, gcs, azure,
      places: { s3: 's3://lab-data/bids', s3Results: 's3://lab-results/spimquant', gs: 'gs://lab-data/bids', gsResults: 'gs://lab-results/study/out', azResults: 'az://lab/results/out' },
      flags: ['--s3-endpoint', s3.endpoint, '--s3-region', 'us-east-1', '--gcs-endpoint', gcs.endpoint, '--gcs-credentials', key, '--azure-endpoint', azure.endpoint()],
      env: { ...loopbackCredentials, AZURE_STORAGE_ACCOUNT: 'lab', AZURE_STORAGE_KEY: azure.key(), AWS_EC2_METADATA_DISABLED: 'true' },
      [Symbol.asyncDispose]: () => everything.disposeAsync(),
    };
  } catch (error) {
    await stack.disposeAsync();
    throw error;
  }
}
