import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { AuthClient } from 'google-auth-library';
import { SpimquantError } from '../../protocol/errors.ts';
import type { GoogleCredentialsFile } from '../../protocol/credentials.ts';
import type { Environment } from '../../protocol/callerEnvironment.ts';
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
  if (await gcpMetadata.isAvailable()) return { credentials: { origin: 'machine' }, client: new Compute({ scopes }) };
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
}

/** Loaded when it is needed only: public buckets and emulators do without. */
const library = async () => import('google-auth-library');

/** Undefined for contents that are no credentials. */
async function clientFor(json: CredentialsJson): Promise<AuthClient | undefined> {
  const { ExternalAccountClient, ExternalAccountAuthorizedUserClient, Impersonated, JWT, UserRefreshClient } = await library();
  const common = { transporter: await transporter(json.token_uri), useAuthRequestParameters: false, universeDomain: json.universe_domain };
  switch (json.type) {
    case 'service_account':
      if (!json.client_email || !json.private_key) return undefined;
      return new JWT({
        ...common, email: json.client_email, key: json.private_key, keyId: json.private_key_id, scopes,
        ...(json.token_uri === undefined || json.token_uri === googleTokenAddress ? {} : { additionalClaims: { aud: json.token_uri } }),
      });
    case 'authorized_user':
      if (!json.client_id || !json.client_secret || !json.refresh_token) return undefined;
      return new UserRefreshClient({ ...common, clientId: json.client_id, clientSecret: json.client_secret, refreshToken: json.refresh_token });
    case 'external_account':
      return ExternalAccountClient.fromJSON({ ...(json as Parameters<typeof ExternalAccountClient.fromJSON>[0]), ...common, scopes }) ?? undefined;
    case 'external_account_authorized_user':
      return new ExternalAccountAuthorizedUserClient({ ...(json as ConstructorParameters<typeof ExternalAccountAuthorizedUserClient>[0]), ...common });
    case 'impersonated_service_account': {
      const url = json.service_account_impersonation_url ?? '';
      const targetPrincipal = /\/serviceAccounts\/([^/:]+):generateAccessToken$/.exec(url)?.[1];
      const sourceClient = json.source_credentials === undefined ? undefined : await clientFor(json.source_credentials);
      if (targetPrincipal === undefined || sourceClient === undefined) return undefined;
      return new Impersonated({ ...common, sourceClient, targetPrincipal, targetScopes: scopes, delegates: [...(json.delegates ?? [])], endpoint: new URL(url).origin });
    }
    default:
      return undefined;
  }
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
