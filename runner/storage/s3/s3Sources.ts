import type { Environment } from '../../protocol/callerEnvironment.ts';
import { variable } from '../environment.ts';
import { describeProfile } from './awsProfiles.ts';
import type { AwsFiles, S3Settings } from './s3Settings.ts';

/** Credentials as the SDK's chain gives them, with its marks of where they come from. */
export interface SourcedCredentials {
  readonly accessKeyId: string;
  readonly sessionToken?: string;
  readonly expiration?: Date;
  readonly $source?: Readonly<Record<string, string>>;
}

/** Which kind of place credentials come from, and its words. `none`: the SDK has left no mark. */
export interface S3Source {
  readonly kind: 'environment' | 'keys' | 'sso' | 'login' | 'process' | 'role' | 'web-identity' | 'container' | 'instance' | 'none';
  readonly words: string;
}

/** Where credentials come from, by the marks of the SDK's chain. Pure. */
export function sourceOf({ sessionToken, $source: marks = {} }: SourcedCredentials, settings: S3Settings, files: AwsFiles, env: Environment): S3Source {
  const has = (...names: readonly string[]): boolean => names.some((name) => name in marks);
  const profileName = settings.profile ?? 'default';
  const profile = `the profile ${profileName}`;
  const described = describeProfile(profileName, files);
  if (has('CREDENTIALS_ENV_VARS')) {
    return { kind: 'environment', words: `variables of the environment (AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY${sessionToken === undefined ? '' : ', AWS_SESSION_TOKEN'})` };
  }
  if (has('CREDENTIALS_ENV_VARS_STS_WEB_ID_TOKEN')) return { kind: 'web-identity', words: 'a token file of the environment (AWS_WEB_IDENTITY_TOKEN_FILE, AWS_ROLE_ARN)' };
  if (has('CREDENTIALS_PROFILE_STS_WEB_ID_TOKEN')) return { kind: 'web-identity', words: `${profile} (${described.description})` };
  if (has('CREDENTIALS_STS_ASSUME_ROLE', 'CREDENTIALS_PROFILE_SOURCE_PROFILE', 'CREDENTIALS_PROFILE_NAMED_PROVIDER')) return { kind: 'role', words: `${profile} (${described.description})` };
  if (has('CREDENTIALS_PROFILE_SSO', 'CREDENTIALS_PROFILE_SSO_LEGACY', 'CREDENTIALS_SSO', 'CREDENTIALS_SSO_LEGACY')) return { kind: 'sso', words: `${profile} (${described.description})` };
  if (has('CREDENTIALS_PROFILE_LOGIN', 'CREDENTIALS_LOGIN')) return { kind: 'login', words: `${profile} (${described.description})` };
  if (has('CREDENTIALS_PROFILE_PROCESS', 'CREDENTIALS_PROCESS')) return { kind: 'process', words: `${profile} (${described.description})` };
  if (has('CREDENTIALS_PROFILE')) return { kind: 'keys', words: `${profile} (${sessionToken === undefined ? 'access keys' : 'temporary keys'})` };
  const container = ['AWS_CONTAINER_CREDENTIALS_RELATIVE_URI', 'AWS_CONTAINER_CREDENTIALS_FULL_URI'].find((name) => variable(env, name) !== undefined);
  if (has('CREDENTIALS_HTTP') || container !== undefined) return { kind: 'container', words: `the role of this container (${container ?? 'credentials over HTTP'})` };
  if (Object.keys(marks).length === 0 || has('CREDENTIALS_IMDS')) return { kind: 'instance', words: 'the role of this machine (instance metadata)' };
  return { kind: 'none', words: 'the AWS credential chain' };
}

/** An access key as it may be shown: `…MPLE`. */
export function shownKey(accessKeyId: string): string {
  return accessKeyId.length <= 4 ? '…' : `…${accessKeyId.slice(-4)}`;
}

/** The profile that has to sign in: the one at the end of a chain of roles. */
export function signInProfile(settings: S3Settings, files: AwsFiles): { readonly name: string; readonly kind: ReturnType<typeof describeProfile>['kind'] } {
  let name = settings.profile ?? 'default';
  for (let steps = 0; steps < 8; steps++) {
    const { kind } = describeProfile(name, files);
    const source = (files.configFile[name] ?? files.credentialsFile[name])?.source_profile;
    if (kind !== 'role' || source === undefined || source === name) return { name, kind };
    name = source;
  }
  return { name, kind: 'role' };
}
