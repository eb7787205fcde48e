import { base64ToHex } from '../digest.ts';
import type { Checksums, ObjectStat } from '../objectStore.ts';
import type { GcsClient } from './gcsClient.ts';
import { encodeName } from '../serviceText.ts';

/** What the JSON API says of an object, as far as it is asked for here. Numbers are texts. */
export interface ObjectResource {
  readonly name: string;
  readonly size?: string;
  readonly generation?: string;
  readonly updated?: string;
  readonly md5Hash?: string;
  readonly crc32c?: string;
  readonly kmsKeyName?: string;
  readonly metadata?: Readonly<Record<string, string>>;
}

const statFields = 'name,size,generation,updated,md5Hash,crc32c';
/** Asked for of one object: partial answers are smaller, and take the service less time. */
export const objectFields = `${statFields},kmsKeyName,metadata`;

/** A page of a listing. */
export interface ListPage {
  readonly items?: readonly ObjectResource[];
  readonly prefixes?: readonly string[];
  readonly nextPageToken?: string;
}

/** What to list: whole names of objects, prefix included. */
export interface ListRequest {
  readonly prefix: string;
  /** Up to the next slash only. */
  readonly oneLevel: boolean;
  /** Names from this on, itself included. */
  readonly from: string | undefined;
  readonly pageToken: string | undefined;
}

export function bucketPath(bucket: string): string {
  return `/storage/v1/b/${encodeURIComponent(bucket)}`;
}

export function objectPath(bucket: string, name: string): string {
  return `${bucketPath(bucket)}/o/${encodeName(name)}`;
}

/** One page of at most 1,000 names. Throws as the client. */
export async function listPage(client: GcsClient, bucket: string, request: ListRequest, signal: AbortSignal | undefined): Promise<ListPage> {
  return client.json<ListPage>({
    method: 'GET', path: `${bucketPath(bucket)}/o`,
    query: {
      prefix: request.prefix,
      delimiter: request.oneLevel ? '/' : undefined,
      startOffset: request.from,
      pageToken: request.pageToken,
      maxResults: '1000',
      fields: `nextPageToken,prefixes,items(${statFields})`,
    },
  }, signal);
}

/** What is known of one object. Throws as the client. */
export async function getObject(client: GcsClient, bucket: string, name: string, signal: AbortSignal | undefined): Promise<ObjectResource> {
  return client.json<ObjectResource>({ method: 'GET', path: objectPath(bucket, name), query: { fields: objectFields } }, signal);
}

/** `key`: the object's name below the store's root. */
export function statOf(key: string, resource: ObjectResource): ObjectStat {
  const modified = Date.parse(resource.updated ?? '');
  const told = { md5: base64ToHex(resource.md5Hash, 16), crc32c: base64ToHex(resource.crc32c, 4) };
  const checksums = Object.fromEntries(Object.entries(told).filter(([, value]) => value !== undefined)) as Checksums;
  return {
    key, size: Number(resource.size ?? 0), version: resource.generation ?? '',
    ...(Number.isNaN(modified) ? {} : { modified }),
    ...(Object.keys(checksums).length === 0 ? {} : { checksums }),
  };
}
