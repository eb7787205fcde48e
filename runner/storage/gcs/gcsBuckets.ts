import type { Asking } from '../health/bare.ts';
import type { GcsSession } from './gcsConnection.ts';
import type { GcsFault } from './gcsErrors.ts';

/** Names of a project's buckets, at most so many, sorted; `more`: there are others. Throws as the connection. */
export async function listBuckets(connection: Asking<GcsSession, GcsFault>, project: string, limit: number, signal: AbortSignal | undefined): Promise<{ readonly names: readonly string[]; readonly more: boolean }> {
  const names: string[] = [];
  let pageToken: string | undefined;
  do {
    const page: BucketPage = await connection.run('list', 'gs://', signal, ({ client }, own) => client.json<BucketPage>({
      method: 'GET', path: '/storage/v1/b', query: { project, maxResults: String(Math.min(1000, limit + 1 - names.length)), pageToken, fields: 'nextPageToken,items(name)' },
    }, own));
    names.push(...(page.items ?? []).map(({ name }) => name));
    pageToken = page.nextPageToken;
  } while (pageToken !== undefined && names.length <= limit);
  return { names: names.slice(0, limit).sort(), more: names.length > limit };
}

interface BucketPage {
  readonly items?: readonly { readonly name: string }[];
  readonly nextPageToken?: string;
}
