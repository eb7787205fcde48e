import { isBucketScheme, parseBucketAddress } from '../../runner/protocol/bucketAddress.ts';
import type { BucketLocation } from '../../runner/protocol/bucketAddress.ts';

/** The parts of an editor's URI that name a file of a bucket. Nothing in them is percent-encoded. */
export interface UriParts {
  readonly scheme: string;
  readonly authority: string;
  /** Begins with a slash. */
  readonly path: string;
}

/** Schemes of the services, by the editor's scheme. */
export type Schemes = Readonly<Record<string, BucketLocation['scheme']>>;

/**
 * What the editor may call the services. The second form stands in where another extension has the scheme of the first
 * for itself, as the AWS Toolkit has.
 */
export const editorSchemes: Schemes = { 's3': 's3', 'gs': 'gs', 'az': 'az', 'spimquant-s3': 's3', 'spimquant-gs': 'gs', 'spimquant-az': 'az' };

/** The second form of a service's scheme. */
export function otherScheme(service: BucketLocation['scheme']): string {
  return `spimquant-${service}`;
}

/**
 * The parts of the URI of an address such as `s3://bucket/key`, with `scheme` for the service's. The editor writes
 * authorities in lower case; capitals of old buckets' names are kept as `+x`, which no name has.
 *
 * @throws SpimquantError `bad-option` for what is no address of a bucket
 */
export function uriPartsOf(address: string, scheme: (service: BucketLocation['scheme']) => string = (service) => service): UriParts {
  const location = parseBucketAddress(address);
  const key = location.prefix === '' ? '' : `/${location.prefix}`;
  const [authority, path] = location.scheme === 'az' ? [location.account, `/${location.bucket}${key}`] : [location.bucket, key === '' ? '/' : key];
  return { scheme: scheme(location.scheme), authority: authority.replace(/[A-Z]/g, (letter) => `+${letter.toLowerCase()}`), path };
}

/**
 * The address that a URI stands for; undefined: it is not of a bucket. Query and fragment of a URI are the editor's own
 * (a line to go to, say), and no part of a key.
 */
export function addressOf({ scheme, authority, path }: UriParts): string | undefined {
  const service = Object.hasOwn(editorSchemes, scheme) ? editorSchemes[scheme] : undefined;
  if (service === undefined || !isBucketScheme(service)) return undefined;
  const name = authority.replace(/\+([a-z])/g, (_all, letter: string) => letter.toUpperCase());
  return `${service}://${name}${path.replace(/\/+$/, '')}`;
}

/** The address of the folder above; undefined: it is a bucket itself. */
export function folderAbove(address: string): string | undefined {
  const { scheme, prefix } = parseBucketAddress(address);
  if (prefix === '') return undefined;
  const above = address.slice(0, address.lastIndexOf('/'));
  return above.length > `${scheme}://`.length ? above : undefined;
}

/** Whether an address is another one or lies below it. */
export function isWithin(address: string, folder: string): boolean {
  return address === folder || address.startsWith(`${folder}/`);
}
