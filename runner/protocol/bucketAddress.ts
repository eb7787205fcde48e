import { SpimquantError } from './errors.ts';

/** A bucket and the part of its keys before the store's. At Azure a bucket is a container, and belongs to an account. */
export type BucketLocation =
  | { readonly scheme: 's3' | 'gs'; readonly bucket: string; /** No slash at either end; may be empty. */ readonly prefix: string }
  | { readonly scheme: 'az'; readonly account: string; readonly bucket: string; readonly prefix: string };

export const supportedAddresses = 'Supported are local folders (a path, or file://), s3://bucket/prefix, gs://bucket/prefix and az://account/container/prefix.';

/** How the address of a bucket begins, and what its names may be. */
const bucketForms = {
  s3: { form: 's3://BUCKET/PREFIX', bucket: /^[a-z0-9][a-z0-9._-]{1,254}$/i, words: 'where BUCKET has at least three letters, digits, dots or hyphens. Keys come from the environment or a profile' },
  gs: { form: 'gs://BUCKET/PREFIX', bucket: /^[a-z0-9][a-z0-9._-]{1,221}$/i, words: 'where BUCKET has at least three letters, digits, dots, hyphens or underscores' },
  az: { form: 'az://ACCOUNT/CONTAINER/PREFIX', bucket: /^([a-z0-9](-?[a-z0-9]){2,62}|\$root|\$web)$/i, words: 'where ACCOUNT is the storage account (letters and digits) and CONTAINER has at least three letters, digits or hyphens' },
} as const;
const accountPattern = /^[a-z0-9]{3,24}$/i;
/** What other tools write for the same. */
const otherNames: Readonly<Record<string, keyof typeof bucketForms>> = { s3a: 's3', s3n: 's3', gcs: 'gs', azure: 'az', abfs: 'az', abfss: 'az', wasb: 'az', wasbs: 'az' };

/** The scheme of an address, in lower case; undefined for paths (a single letter is a drive). */
export function schemeOf(uri: string): string | undefined {
  return /^([a-z][a-z0-9+.-]+):\/\//i.exec(uri)?.[1].toLowerCase();
}

export function isBucketScheme(scheme: string): scheme is BucketLocation['scheme'] {
  return scheme in bucketForms;
}

/**
 * Reads the address of a bucket as a user writes it. Keys are taken as they stand: nothing is percent-decoded.
 * Throws `bad-option` for other schemes and for names that cannot be a bucket's.
 */
export function parseBucketAddress(uri: string): BucketLocation {
  const scheme = schemeOf(uri) ?? '';
  if (!isBucketScheme(scheme)) {
    const shown = withoutSecrets(uri);
    const meant = otherNames[scheme];
    throw new SpimquantError('bad-option', `${scheme}:// is not supported: ${shown}`, { where: shown, hint: meant === undefined ? supportedAddresses : `Write ${bucketForms[meant].form}.` });
  }
  const { form, bucket: bucketPattern, words } = bucketForms[scheme];
  const parts = uri.slice(`${scheme}://`.length).split('/');
  const account = scheme === 'az' ? parts.shift() : undefined;
  const [bucket = '', ...rest] = parts;
  const refuse = (what: string, name: string): never => {
    const shown = withoutSecrets(uri);
    throw new SpimquantError('bad-option', shown !== uri ? `Access keys do not belong in the URI: ${shown}` : name === '' ? `The address names no ${what}: ${shown}` : `"${name}" cannot be the name of a ${what}: ${shown}`, {
      where: shown,
      hint: `Write ${form}, ${words}.`,
    });
  };
  if (account !== undefined && !accountPattern.test(account)) refuse('storage account', account);
  if (!bucketPattern.test(bucket)) refuse(scheme === 'az' ? 'container' : 'bucket', bucket);
  const prefix = rest.join('/').replace(/^\/+|\/+$/g, '');
  if (prefix.split('/').some((part) => part === '.' || part === '..')) {
    throw new SpimquantError('bad-option', `"." and ".." have no meaning in a bucket: ${uri}`, { where: uri, hint: 'Write the prefix out in full.' });
  }
  return scheme === 'az' ? { scheme, account: account ?? '', bucket, prefix } : { scheme, bucket, prefix };
}

/** An address as it may be shown: what people put before an `@`, and the values of signed links, are left out. */
function withoutSecrets(uri: string): string {
  return uri.replace(/(:\/\/)[^@]*@/, '$1…@').replace(/([?&][^=&]*(?:sig|token|credential|key|secret)[^=&]*=)[^&]*/gi, '$1…');
}

/** The address of the bucket itself, without a slash at its end. */
export function bucketUri(location: BucketLocation): string {
  return location.scheme === 'az' ? `az://${location.account}/${location.bucket}` : `${location.scheme}://${location.bucket}`;
}
