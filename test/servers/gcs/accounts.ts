import { createPublicKey, generateKeyPairSync } from 'node:crypto';
import type { KeyObject } from 'node:crypto';

/** Somebody whom the server knows. */
export interface GcsAccount {
  readonly email: string;
  /** Of a service account: what its key signs is checked by this. */
  readonly publicKey?: KeyObject;
  /** Of a person who has signed in with gcloud. */
  readonly user?: { readonly clientId: string; readonly clientSecret: string; readonly refreshToken: string };
  /** Of a workload elsewhere: the token that its own provider gives it. */
  readonly subjectToken?: string;
  /** Its sign-in was withdrawn: no new tokens. */
  readonly revoked?: boolean;
}

/** One pair of keys for all accounts of a process: making one takes a tenth of a second. */
const keys = generateKeyPairSync('rsa', { modulusLength: 2048, privateKeyEncoding: { type: 'pkcs8', format: 'pem' }, publicKeyEncoding: { type: 'spki', format: 'pem' } });
const foreignKeys = generateKeyPairSync('rsa', { modulusLength: 2048, privateKeyEncoding: { type: 'pkcs8', format: 'pem' }, publicKeyEncoding: { type: 'spki', format: 'pem' } });

export const defaultProject = 'loopback-project';

/** A service account of the project. */
export function serviceAccount(name: string, more: Partial<GcsAccount> = {}): GcsAccount {
  return { email: `${name}@${defaultProject}.iam.gserviceaccount.com`, publicKey: createPublicKey(keys.publicKey), ...more };
}

/** A person who has signed in with gcloud. */
export function userAccount(email: string, more: Partial<GcsAccount> = {}): GcsAccount {
  return { email, user: { clientId: 'loopback-client.apps.googleusercontent.com', clientSecret: 'CLIENT-SECRET', refreshToken: `REFRESH-TOKEN-${email}` }, ...more };
}

/** Content of a service account's key file. `foreign`: its key is not the account's. */
export function keyFile(account: GcsAccount, endpoint: string, options: { readonly foreign?: boolean } = {}): object {
  return {
    type: 'service_account',
    project_id: defaultProject,
    private_key_id: 'loopback-key-1',
    private_key: options.foreign === true ? foreignKeys.privateKey : keys.privateKey,
    client_email: account.email,
    client_id: '100000000000000000001',
    auth_uri: 'https://accounts.google.com/o/oauth2/auth',
    token_uri: `${endpoint}/token`,
    universe_domain: 'googleapis.com',
  };
}

/** Content of the file that `gcloud auth application-default login` writes. gcloud does not name the token service in it. */
export function userFile(account: GcsAccount, endpoint: string): object {
  if (account.user === undefined) throw new Error(`${account.email} is no person`);
  const { clientId, clientSecret, refreshToken } = account.user;
  return { type: 'authorized_user', account: account.email, client_id: clientId, client_secret: clientSecret, refresh_token: refreshToken, quota_project_id: defaultProject, token_uri: `${endpoint}/token`, universe_domain: 'googleapis.com' };
}

/** Parts of these are in the private keys above: no error may hold them. */
export const accountSecrets: readonly string[] = ['PRIVATE KEY', keys.privateKey.split('\n')[1], foreignKeys.privateKey.split('\n')[1], 'CLIENT-SECRET', 'REFRESH-TOKEN', 'loopback-token-'];
