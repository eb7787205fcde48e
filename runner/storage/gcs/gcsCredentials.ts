import { createPrivateKey } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { AuthClient, OAuth2ClientOptions } from 'google-auth-library';
import { SpimquantError } from '../../protocol/errors.ts';
import type { GoogleCredentialsFile } from '../../protocol/credentials.ts';
import type { Environment } from '../../protocol/callerEnvironment.ts';
import { rememberSecretsOfJson } from '../../protocol/knownSecrets.ts';
import { variable } from '../environment.ts';
import type { StorageOptions } from '../objectStore.ts';
import { credentialsFile, gcloudFolder } from './gcloudFiles.ts';

/** Where credentials come from. Holds no secret. */
export interface GcsCredentials {
  /** Named by an option, by GOOGLE_APPLICATION_CREDENTIALS, written by gcloud, or given by the machine's own metadata server. */
  readonly origin: 'option' | 'variable' | 'gcloud' | 'machine';
  readonly file?: GoogleCredentialsFile;
  /** Domain of a cloud that Google's partners run; undefined: Google's. */
  readonly universe?: string;
}

/** Credentials with what gets tokens by them. */
export interface OpenCredentials {
  readonly credentials: GcsCredentials;
  readonly client: AuthClient;
}

const scopes = ['https://www.googleapis.com/auth/devstorage.read_write', 'https://www.googleapis.com/auth/cloud-platform'];
/** Where the library asks for tokens of service accounts and users, whatever their files say. */
const googleTokenAddress = 'https://oauth2.googleapis.com/token';
/** How long a token may take, in milliseconds. */
const tokenTimeoutMs = 30_000;

/**
 * Finds credentials as Google's own clients do: the file that is named, GOOGLE_APPLICATION_CREDENTIALS, what
 * `gcloud auth application-default login` wrote, and the metadata server of a machine at Google. Nothing is asked of a
 * service yet, but of that machine. Throws `auth-missing` when there are none, or a file is not usable.
 */
export async function findCredentials(options: StorageOptions, env: Environment): Promise<OpenCredentials> {
  if (options.gcsCredentials !== undefined) return fromFile('option', options.gcsCredentials);
  const named = variable(env, 'GOOGLE_APPLICATION_CREDENTIALS');
  if (named !== undefined) return fromFile('variable', named);
  const written = join(gcloudFolder(env), 'application_default_credentials.json');
  if ((await readFile(written).catch(() => undefined)) !== undefined) return fromFile('gcloud', written);
  const { Compute, gcpMetadata } = await library();
  if (await gcpMetadata.isAvailable()) return { credentials: { origin: 'machine' }, client: new Compute({ scopes, useAuthRequestParameters: false }) };
  throw new SpimquantError('auth-missing', 'No Google Cloud credentials were found.', { hint: waysToSignIn });
}

/** The ways to have credentials, as one sentence. */
export const waysToSignIn = 'Sign in with "gcloud auth application-default login", or name a credentials file with --gcs-credentials or GOOGLE_APPLICATION_CREDENTIALS. For a public bucket add --anonymous.';

async function fromFile(origin: 'option' | 'variable' | 'gcloud', path: string): Promise<OpenCredentials> {
  const what = origin === 'option' ? 'The credentials file that --gcs-credentials names' : origin === 'variable' ? 'The file that GOOGLE_APPLICATION_CREDENTIALS names' : 'The credentials file of gcloud';
  let text;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    const reason = (error as NodeJS.ErrnoException).code === 'ENOENT' ? 'is not there' : 'cannot be read';
    throw new SpimquantError('auth-missing', `${what} ${reason}: ${path}`, { where: path, hint: waysToSignIn });
  }
  let client;
  let content: CredentialsJson = {};
  try {
    content = JSON.parse(text) as CredentialsJson;
    rememberSecretsOfJson(content);
    client = await clientFor(content);
  } catch {
    // What the parser or the library says may quote the file.
  }
  if (client === undefined) throw new SpimquantError('auth-missing', `${what} is no usable credentials file: ${path}`, { where: path, hint: `It should be JSON with a type such as service_account or authorized_user. ${waysToSignIn}` });
  const universe = typeof content.universe_domain === 'string' && content.universe_domain !== 'googleapis.com' ? content.universe_domain : undefined;
  return { credentials: { origin, file: await credentialsFile(path), ...(universe === undefined ? {} : { universe }) }, client };
}

/** As Google's tools write them; which fields there are depends on the type. */
interface CredentialsJson {
  readonly type?: string;
  readonly universe_domain?: string;
  readonly client_email?: string;
  readonly private_key?: string;
  readonly private_key_id?: string;
  readonly project_id?: string;
  readonly token_uri?: string;
  readonly client_id?: string;
  readonly client_secret?: string;
  readonly refresh_token?: string;
  readonly source_credentials?: CredentialsJson;
  readonly service_account_impersonation_url?: string;
  readonly delegates?: readonly string[];
  readonly credential_source?: { readonly environment_id?: string; readonly executable?: object };
}

/** Loaded when it is needed only: public buckets and emulators do without. */
const library = async () => import('./googleAuth.ts');

/** Undefined for contents that are no credentials. Throws for a private key that is none. */
async function clientFor(json: CredentialsJson): Promise<AuthClient | undefined> {
  const { ExternalAccountAuthorizedUserClient, JWT, UserRefreshClient } = await library();
  const common = { transporter: await transporter(json.token_uri), useAuthRequestParameters: false, universeDomain: json.universe_domain };
  switch (json.type) {
    case 'service_account':
      if (!json.client_email || !json.private_key) return undefined;
      createPrivateKey(json.private_key);
      return new JWT({
        ...common, email: json.client_email, key: json.private_key, keyId: json.private_key_id, scopes,
        ...(json.token_uri === undefined || json.token_uri === googleTokenAddress ? {} : { additionalClaims: { aud: json.token_uri } }),
      });
    case 'authorized_user':
      if (!json.client_id || !json.client_secret || !json.refresh_token) return undefined;
      return new UserRefreshClient({ ...common, clientId: json.client_id, clientSecret: json.client_secret, refreshToken: json.refresh_token });
    case 'external_account':
      return externalClient(json, common);
    case 'external_account_authorized_user':
      return new ExternalAccountAuthorizedUserClient({ ...(json as ConstructorParameters<typeof ExternalAccountAuthorizedUserClient>[0]), ...common });
    case 'impersonated_service_account':
      return impersonatingClient(json, common);
    default:
      return undefined;
  }
}

type CommonOptions = Pick<OAuth2ClientOptions, 'transporter' | 'useAuthRequestParameters' | 'universeDomain'>;

/** An identity of another provider, of the kind that its source of tokens tells. The library's own choice by `fromJSON` prints a warning. */
async function externalClient(json: CredentialsJson, common: CommonOptions): Promise<AuthClient | undefined> {
  const { AwsClient, IdentityPoolClient, PluggableAuthClient } = await library();
  const options = { ...json, ...common, scopes: [...scopes] } as unknown;
  if (json.credential_source?.environment_id !== undefined) return new AwsClient(options as ConstructorParameters<typeof AwsClient>[0]);
  if (json.credential_source?.executable !== undefined) return new PluggableAuthClient(options as ConstructorParameters<typeof PluggableAuthClient>[0]);
  return new IdentityPoolClient(options as ConstructorParameters<typeof IdentityPoolClient>[0]);
}

/** A service account that another identity may act as. The library's own client for that prints a warning. */
async function impersonatingClient(json: CredentialsJson, common: CommonOptions): Promise<AuthClient | undefined> {
  const { OAuth2Client } = await library();
  const url = json.service_account_impersonation_url;
  const source = json.source_credentials === undefined ? undefined : await clientFor(json.source_credentials);
  if (url === undefined || !url.endsWith(':generateAccessToken') || source === undefined) return undefined;
  const client = new OAuth2Client(common);
  client.refreshHandler = async () => {
    const { data } = await source.request<{ readonly accessToken: string; readonly expireTime: string }>({
      url, method: 'POST', data: { scope: scopes, delegates: json.delegates ?? [], lifetime: '3600s' }, responseType: 'json',
    });
    return { access_token: data.accessToken, expiry_date: Date.parse(data.expireTime) };
  };
  return client;
}

/**
 * What the library sends its requests by: never twice (the connection tries again), and for tokens to the address in the
 * credentials file, which the library itself does not heed for service accounts and users.
 */
async function transporter(tokenAddress: string | undefined): Promise<AuthClient['transporter']> {
  const { gaxios } = await library();
  const made = new gaxios.Gaxios({ timeout: tokenTimeoutMs });
  made.interceptors.request.add({
    resolved: async (config) => {
      delete config.retryConfig;
      config.retry = false;
      if (tokenAddress !== undefined && config.url.toString() === googleTokenAddress) config.url = new URL(tokenAddress);
      return config;
    },
  });
  return made;
}
