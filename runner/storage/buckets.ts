import { SpimquantError } from '../protocol/errors.ts';
import type { StorageOptions } from './objectStore.ts';

/** Buckets named at most: nobody looks through more. */
const most = 10_000;

/**
 * Names of the buckets that these credentials own, sorted: at Google those of the project that is named, or of the
 * credentials. Throws as stores do; many users may not ask (`access-denied`). The SDKs take a while to load: programs that
 * touch no bucket do not wait for them.
 */
export async function listBuckets(scheme: 's3' | 'gs', options: StorageOptions = {}, signal?: AbortSignal): Promise<readonly string[]> {
  return scheme === 's3' ? s3Buckets(options, signal) : googleBuckets(options, signal);
}

async function s3Buckets(options: StorageOptions, signal: AbortSignal | undefined): Promise<readonly string[]> {
  const [{ ListBucketsCommand }, { S3Connection }] = await Promise.all([import('@aws-sdk/client-s3'), import('./s3/s3Connection.ts')]);
  const answer = await new S3Connection('', options).run('list', 's3://', signal, ({ client }, abortSignal) =>
    client.send(new ListBucketsCommand({}), { abortSignal }));
  return (answer.Buckets ?? []).flatMap(({ Name }) => Name ?? []).sort();
}

async function googleBuckets(options: StorageOptions, signal: AbortSignal | undefined): Promise<readonly string[]> {
  const [{ listBuckets: listOfProject }, { GcsConnection, loadGcsSettings }, { projectOf }] = await Promise.all([
    import('./gcs/gcsBuckets.ts'), import('./gcs/gcsConnection.ts'), import('./gcs/gcsProject.ts'),
  ]);
  const { settings } = await loadGcsSettings(options);
  const project = await projectOf(options, process.env, settings.credentials);
  if (project === undefined) throw new SpimquantError('auth-missing', 'No Google Cloud project is known whose buckets could be listed.', { hint: 'Name one with --gcs-project, or choose one with "gcloud config set project PROJECT".' });
  return (await listOfProject(new GcsConnection('', options), project, most, signal)).names;
}

/** Names of the containers of a storage account at Azure, sorted. Throws as stores do. */
export async function listContainers(account: string, options: StorageOptions = {}, signal?: AbortSignal): Promise<readonly string[]> {
  const [{ listContainers: listOfAccount }, { AzureConnection }] = await Promise.all([import('./azure/azureContainers.ts'), import('./azure/azureConnection.ts')]);
  return (await listOfAccount(new AzureConnection({ scheme: 'az', account, bucket: '$root', prefix: '' }, options), account, most, signal)).names;
}
