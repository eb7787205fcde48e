import { SpimquantError } from '../../protocol/errors.ts';
import type { Environment } from '../../protocol/callerEnvironment.ts';
import type { StorageOptions } from '../objectStore.ts';

/** The user's AWS files as the SDK's loader gives them: section name -> setting -> value. */
export interface AwsFiles {
  readonly configFile: Readonly<Record<string, Readonly<Record<string, string | undefined>>>>;
  readonly credentialsFile: Readonly<Record<string, Readonly<Record<string, string | undefined>>>>;
}

/** How to reach S3, with every source taken into account. Holds no secret. */
export interface S3Settings {
  /** Named by an option or AWS_PROFILE; undefined leaves the choice to the credential chain. */
  readonly profile: string | undefined;
  /** Where to begin; the bucket's own region is learnt from its first answer. */
  readonly region: string;
  /** Undefined for AWS itself. */
  readonly endpoint: string | undefined;
  /** `endpoint/bucket/key` instead of `bucket.endpoint/key`. */
  readonly pathStyle: boolean;
  readonly anonymous: boolean;
  readonly requesterPays: boolean;
}

/**
 * Settles endpoint, region and profile. What is asked for explicitly wins: options, then the profile named in them, then
 * the environment, then AWS_PROFILE's (or the default) profile. The SDK's client does not use the endpoint of a profile
 * given to it, therefore all of it is settled here.
 * Throws `auth-missing` for a profile that is in neither file, `bad-option` for an endpoint that is no http(s) URL.
 */
export function s3Settings(options: StorageOptions, environment: Environment, files: AwsFiles): S3Settings {
  const profile = options.awsProfile ?? nonEmpty(environment.AWS_PROFILE);
  const anonymous = options.anonymous === true;
  if (profile !== undefined && !anonymous) checkProfile(profile, files);
  const settings = profileSettings(profile ?? 'default', files);
  const ignoreConfigured = environment.AWS_IGNORE_CONFIGURED_ENDPOINT_URLS === 'true';

  const fromProfile = ignoreConfigured ? undefined : profileEndpoint(settings, files);
  const fromEnvironment = ignoreConfigured ? undefined : (nonEmpty(environment.AWS_ENDPOINT_URL_S3) ?? nonEmpty(environment.AWS_ENDPOINT_URL));
  const environmentRegion = nonEmpty(environment.AWS_REGION) ?? nonEmpty(environment.AWS_DEFAULT_REGION);
  const named = options.awsProfile !== undefined;

  const endpoint = options.s3Endpoint ?? (named ? (fromProfile ?? fromEnvironment) : (fromEnvironment ?? fromProfile));
  const region = options.s3Region ?? (named ? (settings.region ?? environmentRegion) : (environmentRegion ?? settings.region)) ?? 'us-east-1';
  return {
    profile,
    region,
    endpoint: endpoint === undefined ? undefined : checkEndpoint(endpoint),
    pathStyle: endpoint !== undefined && !isAwsHost(endpoint) && settings['s3.addressing_style'] !== 'virtual',
    anonymous,
    requesterPays: options.requesterPays === true,
  };
}

/** A profile's settings from both files. */
export function profileSettings(profile: string, files: AwsFiles): Readonly<Record<string, string | undefined>> {
  return { ...files.credentialsFile[profile], ...files.configFile[profile] };
}

/** `endpoint_url` of the profile's [services] section for S3, or else of the profile itself. */
export function profileEndpoint(settings: Readonly<Record<string, string | undefined>>, files: AwsFiles): string | undefined {
  return serviceEndpoint(settings, files, 's3') ?? nonEmpty(settings.endpoint_url);
}

/** `endpoint_url` of the profile's [services] section for a service. */
export function serviceEndpoint(settings: Readonly<Record<string, string | undefined>>, files: AwsFiles, service: 's3' | 'sts'): string | undefined {
  const services = settings.services === undefined ? undefined : files.configFile[`services.${settings.services}`];
  return nonEmpty(services?.[`${service}.endpoint_url`]);
}

/** The names of all profiles, in no order. */
export function profileNames(files: AwsFiles): string[] {
  const sections = [...Object.keys(files.configFile), ...Object.keys(files.credentialsFile)];
  return [...new Set(sections)].filter((name) => !/^(services|sso-session)\./.test(name));
}

function checkProfile(profile: string, files: AwsFiles): void {
  if (files.configFile[profile] !== undefined || files.credentialsFile[profile] !== undefined) return;
  const known = profileNames(files).sort();
  throw new SpimquantError('auth-missing', `There is no AWS profile named "${profile}".`, {
    where: profile,
    hint: known.length > 0 ? `Profiles on this machine: ${known.join(', ')}.` : 'There are no profiles on this machine: make one with "aws configure --profile NAME" or "aws configure sso".',
  });
}

function checkEndpoint(endpoint: string): string {
  const url = URL.canParse(endpoint) ? new URL(endpoint) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol)) {
    throw new SpimquantError('bad-option', `The S3 endpoint is not an http or https URL: ${endpoint}`, { hint: 'Write it like https://s3.example.org or http://127.0.0.1:9000.' });
  }
  if (url.username !== '' || url.password !== '') {
    throw new SpimquantError('bad-option', 'The S3 endpoint contains a user name or password.', { hint: 'Put the keys into an AWS profile or the environment, and only the address into the endpoint.' });
  }
  return endpoint;
}

export function isAwsHost(endpoint: string): boolean {
  return URL.canParse(endpoint) && /(^|\.)amazonaws\.com(\.cn)?$/.test(new URL(endpoint).hostname);
}

function nonEmpty(value: string | undefined): string | undefined {
  return value === undefined || value.trim() === '' ? undefined : value.trim();
}
