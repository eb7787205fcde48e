import { isIP } from 'node:net';
import { SpimquantError } from '../../protocol/errors.ts';
import { variable } from '../environment.ts';
import type { Environment } from '../../protocol/callerEnvironment.ts';
import type { StorageOptions } from '../objectStore.ts';

/** What requests are signed with. */
export type AzureCredential =
  | { readonly kind: 'anonymous' }
  /** A key of the account. */
  | { readonly kind: 'key'; readonly key: string }
  /** A shared access signature, without its question mark. */
  | { readonly kind: 'sas'; readonly token: string }
  /** Tokens of Microsoft Entra ID, from wherever the Azure tools find them. */
  | { readonly kind: 'sign-in'; /** Why keys of the environment are not used, as a sentence. */ readonly passedOver?: string };

/** How to reach the blobs of one account, with every source taken into account. Holds secrets: it must not get into errors. */
export interface AzureSettings {
  readonly account: string;
  /** Of the account's blob service, without a slash at its end. */
  readonly endpoint: string;
  readonly credential: AzureCredential;
}

/** The ways to have credentials, for hints. */
export const signInHint = 'Sign in with "az login", or set AZURE_STORAGE_CONNECTION_STRING, AZURE_STORAGE_KEY or AZURE_STORAGE_SAS_TOKEN. For a public container add --anonymous.';

const tiers = ['Hot', 'Cool', 'Cold', 'Archive'];

/** An access tier as the service spells it. Throws `bad-option` for others. */
export function accessTier(name: string): string {
  const found = tiers.find((tier) => tier.toLowerCase() === name.trim().toLowerCase());
  if (found === undefined) throw new SpimquantError('bad-option', `Azure has no access tier "${name}".`, { where: name, hint: `The tiers are ${tiers.join(', ')}.` });
  return found;
}

/**
 * Settles endpoint and credentials for an account. The endpoint is the one of the options, or of a connection string
 * for this account, or else Azure's own. Credentials, the first there is: `anonymous`; AZURE_STORAGE_CONNECTION_STRING when
 * it is for this account; AZURE_STORAGE_KEY; AZURE_STORAGE_SAS_TOKEN (both unless AZURE_STORAGE_ACCOUNT names another
 * account); the sign-in of the Azure tools.
 * Throws `bad-option` for an endpoint that cannot be the account's, `auth-missing` when a sign-in would be sent unencrypted.
 */
export function azureSettings(account: string, options: StorageOptions, env: Environment): AzureSettings {
  const connection = connectionString(variable(env, 'AZURE_STORAGE_CONNECTION_STRING'), account);
  const endpoint = options.azureEndpoint === undefined ? (connection?.endpoint ?? `https://${account}.blob.core.windows.net`) : checkEndpoint(options.azureEndpoint, account);
  const credential = options.anonymous === true ? { kind: 'anonymous' } as const : (connection?.credential ?? environmentCredential(account, env));
  if (credential.kind === 'sign-in' && !endpoint.startsWith('https:')) {
    throw new SpimquantError('auth-missing', `There is no key for the storage account "${account}", and a sign-in is not sent to ${endpoint}, which is not encrypted.`, {
      where: `az://${account}`,
      hint: [credential.passedOver, 'Set AZURE_STORAGE_CONNECTION_STRING, AZURE_STORAGE_KEY or AZURE_STORAGE_SAS_TOKEN, or use an https endpoint with "az login". For a public container add --anonymous.'].filter(Boolean).join(' '),
    });
  }
  return { account, endpoint, credential };
}

/** When a shared access signature ends, in milliseconds since the epoch; undefined when it does not say. */
export function sasExpiry(token: string): number | undefined {
  const end = Date.parse(new URLSearchParams(token).get('se') ?? '');
  return Number.isNaN(end) ? undefined : end;
}

function environmentCredential(account: string, env: Environment): AzureCredential {
  const key = variable(env, 'AZURE_STORAGE_KEY');
  const sas = variable(env, 'AZURE_STORAGE_SAS_TOKEN');
  const named = variable(env, 'AZURE_STORAGE_ACCOUNT');
  if (key === undefined && sas === undefined) return { kind: 'sign-in' };
  if (named !== undefined && !sameAccount(named, account)) {
    return { kind: 'sign-in', passedOver: `${key === undefined ? 'AZURE_STORAGE_SAS_TOKEN' : 'AZURE_STORAGE_KEY'} is not used, because AZURE_STORAGE_ACCOUNT says that it is for the account "${named}".` };
  }
  return key !== undefined ? { kind: 'key', key } : { kind: 'sas', token: withoutMark(sas ?? '') };
}

interface ConnectionString {
  readonly endpoint: string;
  readonly credential: AzureCredential;
}

/** What a connection string says, if it is for this account and holds a credential. */
function connectionString(text: string | undefined, account: string): ConnectionString | undefined {
  if (text === undefined) return undefined;
  const fields = new Map(text.split(';').flatMap((part) => {
    const at = part.indexOf('=');
    return at < 0 ? [] : [[part.slice(0, at).trim().toLowerCase(), part.slice(at + 1).trim()] as const];
  }));
  if (fields.get('usedevelopmentstorage')?.toLowerCase() === 'true') {
    // Microsoft's documented names and key of every emulator.
    const key = 'Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==';
    return sameAccount(account, 'devstoreaccount1') ? { endpoint: 'http://127.0.0.1:10000/devstoreaccount1', credential: { kind: 'key', key } } : undefined;
  }
  const written = fields.get('blobendpoint')?.replace(/\?.*$/, '').replace(/\/+$/, '');
  const name = fields.get('accountname') ?? accountOf(written);
  const key = fields.get('accountkey'), sas = fields.get('sharedaccesssignature');
  if (name === undefined || !sameAccount(name, account) || (key === undefined && sas === undefined)) return undefined;
  const endpoint = written ?? `${fields.get('defaultendpointsprotocol') ?? 'https'}://${account}.blob.${fields.get('endpointsuffix') ?? 'core.windows.net'}`;
  return { endpoint: checkEndpoint(endpoint, account), credential: key !== undefined ? { kind: 'key', key } : { kind: 'sas', token: withoutMark(sas ?? '') } };
}

/** The account of an endpoint: in its host's name, or in the path where the host is an address. */
function accountOf(endpoint: string | undefined): string | undefined {
  if (endpoint === undefined || !URL.canParse(endpoint)) return undefined;
  const url = new URL(endpoint);
  return isPathStyle(url) ? url.pathname.split('/')[1] : url.hostname.split('.')[0];
}

/** Emulators have no host name per account: the account is the first part of the path. */
function isPathStyle(url: URL): boolean {
  return isIP(url.hostname.replace(/^\[|\]$/g, '')) !== 0 || url.hostname === 'localhost';
}

function checkEndpoint(endpoint: string, account: string): string {
  const url = URL.canParse(endpoint) ? new URL(endpoint) : undefined;
  const refuse = (message: string, hint: string): never => {
    throw new SpimquantError('bad-option', message, { where: `az://${account}`, hint });
  };
  if (url === undefined || !/^https?:$/.test(url.protocol)) {
    return refuse('The Azure endpoint is not an http or https URL.', `Write it like https://${account}.blob.core.windows.net or http://127.0.0.1:10000/${account}.`);
  }
  if (url.username !== '' || url.password !== '' || url.search !== '') {
    return refuse('The Azure endpoint contains a password or a signature.', 'Put the key into AZURE_STORAGE_KEY or the signature into AZURE_STORAGE_SAS_TOKEN, and only the address into the endpoint.');
  }
  const path = url.pathname.replace(/\/+$/, '');
  if (!isPathStyle(url)) return url.origin + path;
  if (path === '') return `${url.origin}/${account}`;
  const other = path.split('/')[1];
  if (!sameAccount(other, account)) refuse(`The Azure endpoint is that of the account "${other}", not of "${account}".`, `Write ${url.origin}/${account}, or az://${other}/CONTAINER/PREFIX.`);
  return url.origin + path;
}

function sameAccount(a: string, b: string): boolean {
  return a.toLowerCase() === b.toLowerCase();
}

function withoutMark(token: string): string {
  return token.replace(/^\?/, '');
}

/** Whether an endpoint is one of Microsoft's, in any of its clouds. */
export function isAzureEndpoint(endpoint: string): boolean {
  return URL.canParse(endpoint) && /\.(core\.(windows\.net|usgovcloudapi\.net|chinacloudapi\.cn)|storage\.azure\.net)$/.test(new URL(endpoint).hostname);
}
