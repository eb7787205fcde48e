import { join } from 'node:path';
import type { Environment } from '../protocol/callerEnvironment.ts';
import { providerOf } from '../protocol/signIn.ts';
import type { StorageChoice } from '../protocol/storageChoice.ts';
import { azureFolder } from './azure/azureFiles.ts';
import { azureSettings } from './azure/azureSettings.ts';
import { homeOf, variable } from './environment.ts';
import { gcloudFolder } from './gcs/gcloudFiles.ts';
import { expandHome, isRemote, parseUri } from './uri.ts';

/**
 * Where the credentials are kept with which an address is read: files, and folders of which any file counts. None of
 * them need exist. Empty for folders of this machine and for anonymous access. When one of them changes, somebody may
 * have signed in.
 */
export function credentialFiles(uri: string, storage: StorageChoice, env: Environment, platform: NodeJS.Platform = process.platform): readonly string[] {
  if (storage.anonymous === true) return [];
  switch (providerOf(uri)) {
    case 'aws': return awsFiles(env);
    case 'google': return [googleFile(storage, env, platform)];
    case 'azure': return azureFiles(env);
    case undefined: return [];
  }
}

/**
 * Whether credentials can change while a program runs. Keys in its environment stay what they were at its start; an AWS
 * profile goes before them, and they go before a sign-in to Azure.
 */
export function areRenewable(uri: string, storage: StorageChoice, env: Environment): boolean {
  const location = isRemote(uri) ? parseUri(uri) : undefined;
  if (location?.scheme === 'az') return azureSettings(location.account, storage, env).credential.kind === 'sign-in';
  if (location?.scheme !== 's3') return true;
  const profile = storage.awsProfile ?? variable(env, 'AWS_PROFILE');
  return profile !== undefined || variable(env, 'AWS_ACCESS_KEY_ID') === undefined || variable(env, 'AWS_SECRET_ACCESS_KEY') === undefined;
}

/** See "Shared config and credentials files" in the reference guide of the AWS SDKs; `login` is of `aws login`. */
function awsFiles(env: Environment): readonly string[] {
  const folder = join(homeOf(env), '.aws');
  return [
    variable(env, 'AWS_SHARED_CREDENTIALS_FILE') ?? join(folder, 'credentials'),
    variable(env, 'AWS_CONFIG_FILE') ?? join(folder, 'config'),
    join(folder, 'sso', 'cache'),
    variable(env, 'AWS_LOGIN_CACHE_DIRECTORY') ?? join(folder, 'login', 'cache'),
    ...given(env, 'AWS_WEB_IDENTITY_TOKEN_FILE', 'AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE'),
  ];
}

/** See "How Application Default Credentials works" in the documentation of Google Cloud. */
function googleFile(storage: StorageChoice, env: Environment, platform: NodeJS.Platform): string {
  if (storage.gcsCredentials !== undefined) return expandHome(storage.gcsCredentials);
  return variable(env, 'GOOGLE_APPLICATION_CREDENTIALS') ?? join(gcloudFolder(env, platform), 'application_default_credentials.json');
}

/** What the Azure CLI and the Azure Developer CLI write when somebody signs in. */
function azureFiles(env: Environment): readonly string[] {
  const folder = azureFolder(env);
  return [
    join(folder, 'msal_token_cache.json'), join(folder, 'msal_token_cache.bin'), join(folder, 'azureProfile.json'),
    join(variable(env, 'AZD_CONFIG_DIR') ?? join(homeOf(env), '.azd'), 'auth'),
    ...given(env, 'AZURE_FEDERATED_TOKEN_FILE'),
  ];
}

function given(env: Environment, ...names: readonly string[]): readonly string[] {
  return names.flatMap((name) => variable(env, name) ?? []);
}
