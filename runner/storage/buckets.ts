import type { StorageOptions } from './objectStore.ts';

/** Names of the buckets that these credentials own, sorted. Throws as stores do; many users may not ask (`access-denied`). */
export async function listBuckets(options: StorageOptions = {}, signal?: AbortSignal): Promise<readonly string[]> {
  // The SDK takes a while to load: programs that touch no bucket do not wait for it.
  const [{ ListBucketsCommand }, { S3Connection }] = await Promise.all([import('@aws-sdk/client-s3'), import('./s3/s3Connection.ts')]);
  const answer = await new S3Connection('', options).run('list', 's3://', signal, ({ client }, abortSignal) =>
    client.send(new ListBucketsCommand({}), { abortSignal }));
  return (answer.Buckets ?? []).flatMap(({ Name }) => Name ?? []).sort();
}
