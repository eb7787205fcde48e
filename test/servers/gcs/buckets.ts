import { json } from './answer.ts';
import type { Answer } from './answer.ts';
import { GcsFailure } from './failure.ts';
import { listObjects } from './listing.ts';
import type { ParsedRequest } from './request.ts';
import type { Bucket, Permission } from './state.ts';

/** A bucket as the JSON API describes it. */
export function bucketResource(bucket: Bucket): object {
  const { requesterPays, defaultKmsKeyName } = bucket.options;
  return {
    kind: 'storage#bucket',
    id: bucket.name,
    name: bucket.name,
    location: bucket.location,
    locationType: bucket.location.includes('-') ? 'region' : 'multi-region',
    storageClass: 'STANDARD',
    metageneration: '1',
    timeCreated: '2026-01-01T00:00:00.000Z',
    ...(requesterPays === true ? { billing: { requesterPays } } : {}),
    ...(defaultKmsKeyName === undefined ? {} : { encryption: { defaultKmsKeyName } }),
  };
}

const permissionNames: Readonly<Record<string, Permission>> = {
  'storage.objects.get': 'get', 'storage.objects.list': 'list', 'storage.objects.create': 'create', 'storage.objects.delete': 'delete', 'storage.buckets.get': 'look',
};

/** The full name of a permission. */
export function permissionName(permission: Permission): string {
  return Object.entries(permissionNames).find(([, own]) => own === permission)?.[0] ?? permission;
}

/** Requests to a bucket: itself, its objects, and what one may do there. `may` says so. */
export async function bucketOperation(bucket: Bucket, request: ParsedRequest, may: (permission: Permission) => boolean): Promise<Answer> {
  const [, , collection, id] = request.parts;
  if (request.method !== 'GET') throw new GcsFailure(405, 'methodNotAllowed', 'The requested method is not allowed for this resource.');
  if (collection === undefined) return json(bucketResource(bucket), request.query.get('fields'));
  if (collection === 'o') return listObjects(bucket, request);
  if (collection === 'iam' && id === 'testPermissions') {
    const permissions = request.all('permissions').filter((name) => name in permissionNames && may(permissionNames[name]));
    return json({ kind: 'storage#testIamPermissionsResponse', ...(permissions.length === 0 ? {} : { permissions }) });
  }
  throw new GcsFailure(404, 'notFound', 'Not Found');
}
