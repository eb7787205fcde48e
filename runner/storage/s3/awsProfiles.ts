import { loadSharedConfigFiles } from '@smithy/shared-ini-file-loader';
import type { AwsChoices, AwsProfile } from '../../protocol/credentials.ts';
import type { Environment } from '../../protocol/callerEnvironment.ts';
import { rememberSecretsOfJson } from '../../protocol/knownSecrets.ts';
import { profileEndpoint, profileNames, profileSettings } from './s3Settings.ts';
import type { AwsFiles } from './s3Settings.ts';

/** Variables that hold keys, or say where they come from. */
const keyVariables = ['AWS_ACCESS_KEY_ID', 'AWS_SESSION_TOKEN', 'AWS_WEB_IDENTITY_TOKEN_FILE', 'AWS_CONTAINER_CREDENTIALS_RELATIVE_URI', 'AWS_CONTAINER_CREDENTIALS_FULL_URI'];

/** The user's AWS files, read anew: another program may have changed them. */
export async function loadAwsFiles(): Promise<AwsFiles> {
  const files = await loadSharedConfigFiles({ ignoreCache: true });
  rememberSecretsOfJson(files);
  return files;
}

/** What this machine has for Amazon S3 and services like it. */
export async function awsChoices(env: Environment): Promise<AwsChoices> {
  const files = await loadAwsFiles();
  const chosen = env.AWS_PROFILE?.trim();
  const names = profileNames(files).sort((a, b) => Number(b === 'default') - Number(a === 'default') || (a < b ? -1 : 1));
  return {
    profiles: names.map((name) => describeProfile(name, files)),
    ...(chosen ? { chosen } : {}),
    variables: keyVariables.filter((name) => env[name]),
  };
}

/** A profile by its settings alone; the SDK's chain decides in the same order. */
export function describeProfile(name: string, files: AwsFiles): AwsProfile {
  const settings = profileSettings(name, files);
  const region = settings.region?.trim();
  const endpoint = profileEndpoint(settings, files);
  return { name, ...kindOf(settings, files), ...(region ? { region } : {}), ...(endpoint === undefined ? {} : { endpoint }) };
}

function kindOf(settings: Readonly<Record<string, string | undefined>>, files: AwsFiles): Pick<AwsProfile, 'kind' | 'description'> {
  if (settings.role_arn && (settings.source_profile || settings.credential_source)) {
    return { kind: 'role', description: `Role ${roleName(settings.role_arn)} by way of ${settings.source_profile ? `the profile ${settings.source_profile}` : settings.credential_source}` };
  }
  if (settings.aws_access_key_id && settings.aws_secret_access_key) return { kind: 'keys', description: settings.aws_session_token ? 'Temporary keys' : 'Access keys' };
  if (settings.role_arn && settings.web_identity_token_file) return { kind: 'web-identity', description: `Role ${roleName(settings.role_arn)} by a token file` };
  // The program's arguments may hold a secret.
  if (settings.credential_process) return { kind: 'process', description: 'Keys from a program (credential_process)' };
  if (settings.sso_start_url || settings.sso_session) {
    const account = settings.sso_account_id === undefined ? '' : `, account ${settings.sso_account_id}`;
    const role = settings.sso_role_name === undefined ? '' : `, role ${settings.sso_role_name}`;
    const session = settings.sso_session === undefined || files.configFile[`sso-session.${settings.sso_session}`] !== undefined ? '' : ` (its sso-session ${settings.sso_session} is missing)`;
    return { kind: 'sso', description: `SSO${account}${role}${session}` };
  }
  if (settings.login_session) return { kind: 'login', description: 'Sign-in of the console (aws login)' };
  return { kind: 'none', description: 'No keys: settings only' };
}

/** `Analyst` of `arn:aws:iam::123456789012:role/lab/Analyst`. */
function roleName(arn: string): string {
  return arn.slice(arn.lastIndexOf('/') + 1);
}
