import { isBucketScheme, schemeOf } from './bucketAddress.ts';
import type { Environment } from './callerEnvironment.ts';
import type { StorageChoice } from './storageChoice.ts';

/** Whose sign-in it is. */
export type Provider = 'aws' | 'google' | 'azure';

const providers = { s3: 'aws', gs: 'google', az: 'azure' } as const;

/** Whose credentials an address needs; undefined for folders. */
export function providerOf(uri: string): Provider | undefined {
  const scheme = schemeOf(uri);
  return scheme !== undefined && isBucketScheme(scheme) ? providers[scheme] : undefined;
}

/** What signs in to a provider when nothing more is known. */
export const usualSignIn: Readonly<Record<Provider, string>> = {
  aws: 'aws sso login',
  google: 'gcloud auth application-default login',
  azure: 'az login',
};

/**
 * Commands that may sign in to where an address leads, the likeliest first; they are safe to be typed into any shell.
 * One: it is clear. None or several: the credentials are in a file that no command renews, or it cannot be told.
 *
 * @param environment of the program that reads: only which profile and which file it uses is looked at
 */
export function signInCommands(uri: string, storage: StorageChoice, environment: Environment = {}): readonly string[] {
  if (storage.anonymous === true) return [];
  switch (providerOf(uri)) {
    case 'aws': return awsCommands(storage, storage.awsProfile ?? (environment.AWS_PROFILE || undefined));
    // The key of a service account, and whatever else is in a file of one's own, is not renewed by gcloud.
    case 'google': return storage.gcsCredentials === undefined && !environment.GOOGLE_APPLICATION_CREDENTIALS ? [usualSignIn.google] : [];
    case 'azure': return [usualSignIn.azure];
    case undefined: return [];
  }
}

function awsCommands({ s3Endpoint }: StorageChoice, profile: string | undefined): readonly string[] {
  const command = profile === undefined ? usualSignIn.aws : awsSignIn(profile);
  if (command === undefined) return [];
  // Services that only speak as S3 does have their own ways; the tools of AWS can still be what fills the file.
  const elsewhere = s3Endpoint !== undefined && !/^https?:\/\/[^/]*\bamazonaws\.com(\.cn)?(:\d+)?(\/|$)/i.test(s3Endpoint);
  return elsewhere ? [command, command.replace('aws sso login', 'aws configure')] : [command];
}

/** Undefined for names that a shell might understand as more than a name. */
function awsSignIn(profile: string): string | undefined {
  if (/^[\w.@+:/=][\w.@+:/=-]*$/.test(profile)) return `${usualSignIn.aws} --profile ${profile}`;
  return /^[\w.@+:/=][\w.@+:/= -]*$/.test(profile) ? `${usualSignIn.aws} --profile "${profile}"` : undefined;
}
