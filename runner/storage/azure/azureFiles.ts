import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { AzureChoices, AzureSubscription } from '../../protocol/credentials.ts';
import { homeOf, variable } from '../environment.ts';
import type { Environment } from '../../protocol/callerEnvironment.ts';
import { parseIni } from '../iniText.ts';

/** Variables that hold credentials. */
const credentialVariables = [
  'AZURE_STORAGE_CONNECTION_STRING', 'AZURE_STORAGE_KEY', 'AZURE_STORAGE_SAS_TOKEN', 'AZURE_CLIENT_SECRET', 'AZURE_CLIENT_CERTIFICATE_PATH', 'AZURE_FEDERATED_TOKEN_FILE',
];

/** Where az keeps its configuration. */
export function azureFolder(env: Environment): string {
  return variable(env, 'AZURE_CONFIG_DIR') ?? join(homeOf(env), '.azure');
}

/** What this machine has for Azure. Files that cannot be read count as absent. */
export async function azureChoices(env: Environment): Promise<AzureChoices> {
  const [subscriptions, accounts] = await Promise.all([azureSubscriptions(env), azureAccounts(env)]);
  return { subscriptions, accounts, variables: credentialVariables.filter((name) => variable(env, name) !== undefined) };
}

/** The subscriptions that `az login` found, the chosen one first. */
export async function azureSubscriptions(env: Environment): Promise<readonly AzureSubscription[]> {
  const text = await readFile(join(azureFolder(env), 'azureProfile.json'), 'utf8').catch(() => '');
  let content: unknown;
  try {
    // az writes a byte order mark.
    content = JSON.parse(text.replace(/^\ufeff/, ''));
  } catch {
    return [];
  }
  const listed: unknown = (content as { readonly subscriptions?: unknown } | null)?.subscriptions;
  if (!Array.isArray(listed)) return [];
  const found = (listed as readonly RawSubscription[]).flatMap((raw): AzureSubscription[] => (typeof raw?.id !== 'string' ? [] : [{
    id: raw.id, name: typeof raw.name === 'string' ? raw.name : raw.id, isDefault: raw.isDefault === true,
    ...(typeof raw.tenantId === 'string' ? { tenant: raw.tenantId } : {}),
    ...(typeof raw.user?.name === 'string' ? { user: raw.user.name } : {}),
  }]));
  return found.sort((a, b) => Number(b.isDefault) - Number(a.isDefault) || (a.name < b.name ? -1 : 1));
}

interface RawSubscription {
  readonly id?: unknown;
  readonly name?: unknown;
  readonly isDefault?: unknown;
  readonly tenantId?: unknown;
  readonly user?: { readonly name?: unknown };
}

/** Storage accounts that the environment or the configuration of az name, sorted. */
export async function azureAccounts(env: Environment): Promise<readonly string[]> {
  const config = parseIni(await readFile(join(azureFolder(env), 'config'), 'utf8').catch(() => '')).get('storage');
  const names = [
    variable(env, 'AZURE_STORAGE_ACCOUNT'), accountOf(variable(env, 'AZURE_STORAGE_CONNECTION_STRING')), config?.get('account'), accountOf(config?.get('connection_string')),
  ];
  return [...new Set(names.filter((name) => name !== undefined && /^[a-z0-9]{3,24}$/.test(name)))].sort() as string[];
}

/** The account of a connection string. */
function accountOf(connectionString: string | undefined): string | undefined {
  if (connectionString === undefined) return undefined;
  if (/(^|;)\s*UseDevelopmentStorage\s*=\s*true/i.test(connectionString)) return 'devstoreaccount1';
  return /(?:^|;)\s*AccountName\s*=\s*([^;]+)/i.exec(connectionString)?.[1].trim()
    ?? /(?:^|;)\s*BlobEndpoint\s*=\s*https?:\/\/([a-z0-9]+)\.blob\./i.exec(connectionString)?.[1];
}
