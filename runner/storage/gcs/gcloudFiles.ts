import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { GcloudConfiguration, GoogleChoices, GoogleCredentialsFile } from '../../protocol/credentials.ts';
import { homeOf, variable } from '../environment.ts';
import type { Environment } from '../../protocol/callerEnvironment.ts';
import { parseIni } from '../iniText.ts';

/** Where gcloud keeps its configuration and the application default credentials. */
export function gcloudFolder(env: Environment, platform: NodeJS.Platform = process.platform): string {
  const windows = platform === 'win32' ? variable(env, 'APPDATA') : undefined;
  return variable(env, 'CLOUDSDK_CONFIG') ?? (windows === undefined ? join(homeOf(env), '.config', 'gcloud') : join(windows, 'gcloud'));
}

/** What this machine has for Google Cloud. Files that cannot be read count as absent. */
export async function googleChoices(env: Environment): Promise<GoogleChoices> {
  const [configurations, applicationDefault] = await Promise.all([gcloudConfigurations(env), applicationDefaultFile(env)]);
  return { configurations, ...(applicationDefault === undefined ? {} : { applicationDefault }) };
}

/** The configurations of gcloud, sorted. */
export async function gcloudConfigurations(env: Environment): Promise<readonly GcloudConfiguration[]> {
  const folder = gcloudFolder(env);
  const names = (await readdir(join(folder, 'configurations')).catch(() => []))
    .flatMap((file) => /^config_(.+)$/.exec(file)?.[1] ?? []).sort();
  const active = variable(env, 'CLOUDSDK_ACTIVE_CONFIG_NAME') ?? ((await textOf(join(folder, 'active_config')))?.trim() || 'default');
  return Promise.all(names.map(async (name) => {
    const core = parseIni(await textOf(join(folder, 'configurations', `config_${name}`)) ?? '').get('core');
    const [account, project] = [core?.get('account'), core?.get('project')];
    return { name, active: name === active, ...(account ? { account } : {}), ...(project ? { project } : {}) };
  }));
}

/** The file of the application default credentials; undefined when none is named and gcloud has written none. */
export async function applicationDefaultFile(env: Environment): Promise<GoogleCredentialsFile | undefined> {
  const named = variable(env, 'GOOGLE_APPLICATION_CREDENTIALS');
  const path = named ?? join(gcloudFolder(env), 'application_default_credentials.json');
  const text = await textOf(path);
  if (text === undefined && named === undefined) return undefined;
  return { ...describeCredentials(path, text), ...(named === undefined ? {} : { variable: 'GOOGLE_APPLICATION_CREDENTIALS' }) };
}

/** What a credentials file says of itself. Nothing secret is taken from it. */
export async function credentialsFile(path: string): Promise<GoogleCredentialsFile> {
  return describeCredentials(path, await textOf(path));
}

const kinds: Readonly<Record<string, GoogleCredentialsFile['kind']>> = {
  authorized_user: 'user', service_account: 'service-account', impersonated_service_account: 'impersonated', external_account: 'external', external_account_authorized_user: 'external',
};

function describeCredentials(path: string, text: string | undefined): GoogleCredentialsFile {
  let content: Readonly<Record<string, unknown>> = {};
  try {
    content = JSON.parse(text ?? '') as typeof content;
  } catch {
    return { path, kind: 'unreadable' };
  }
  const field = (name: string): string | undefined => (typeof content[name] === 'string' && content[name] !== '' ? content[name] : undefined);
  const kind = kinds[field('type') ?? ''] ?? 'unreadable';
  const impersonated = /serviceAccounts\/([^/:]+):/.exec(field('service_account_impersonation_url') ?? '')?.[1];
  const account = field('client_email') ?? impersonated ?? field('account');
  const project = field('project_id') ?? field('quota_project_id');
  return { path, kind, ...(account === undefined ? {} : { account }), ...(project === undefined ? {} : { project }) };
}

async function textOf(path: string): Promise<string | undefined> {
  return readFile(path, 'utf8').catch(() => undefined);
}
