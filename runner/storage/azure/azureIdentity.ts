import type { Readable } from 'node:stream';
import type { AccessToken } from '@azure/identity';
import type { Environment } from '../../protocol/callerEnvironment.ts';
import type { HealthCheck, ServiceHealth, ServiceIdentity } from '../../protocol/health.ts';
import { variable } from '../environment.ts';
import { bare } from '../health/bare.ts';
import type { Asking } from '../health/bare.ts';
import { check, hastySurroundings } from '../health/examination.ts';
import type { ExaminationContext, Found } from '../health/examination.ts';
import type { Known } from '../health/remedies.ts';
import { examine, someOf, tryBucket } from '../health/trials.ts';
import type { BucketTrial, Examined } from '../health/trials.ts';
import type { StorageOptions } from '../objectStore.ts';
import { AzureConnection } from './azureConnection.ts';
import type { AzureSession } from './azureConnection.ts';
import { listContainers } from './azureContainers.ts';
import { azureFault, isMissingBlob, isMissingContainer } from './azureErrors.ts';
import type { AzureFault } from './azureErrors.ts';
import { azureAccounts } from './azureFiles.ts';
import { azureSettings, isAzureEndpoint, sasExpiry } from './azureSettings.ts';
import type { AzureSettings } from './azureSettings.ts';
import { azureTrouble } from './azureTroubles.ts';
import type { AzureAsker } from './azureTroubles.ts';
import { SignIn } from './signIn.ts';

/** A container of an account, or a prefix of it. */
export interface AzurePlace {
  readonly account: string;
  readonly bucket: string;
  /** Without slashes at its ends; may be empty. */
  readonly prefix: string;
}

/** Where Microsoft signs people in. */
const signInAddress = 'https://login.microsoftonline.com';
const scope = 'https://storage.azure.com/.default';

/**
 * Who we are at Azure Blob Storage, whether it can be reached, and, of a container, what may be done there. Without a
 * place the first account is looked at that the environment or az names. Every right is tried and nothing is left behind.
 * Rejects with `cancelled`, and never with anything else.
 */
export async function examineAzure(place: AzurePlace | undefined, options: StorageOptions, context: ExaminationContext): Promise<ServiceHealth> {
  const account = place?.account ?? (await azureAccounts(context.env)).at(0);
  let settings: AzureSettings | undefined;
  if (account !== undefined) {
    const set = await check('sign-in', context, { account }, async () => {
      settings = azureSettings(account, options, context.env);
      return '';
    }, (error) => azureTrouble(error, 'identify', { env: context.env, settings: undefined, now: context.clock(), known: { account } }));
    if (settings === undefined) return { scheme: 'az', title: 'Azure Blob Storage', status: 'ill', checks: [set] };
  }
  return examine(new ExaminedAzure(place, account, settings, options, context), context);
}

class ExaminedAzure implements Examined {
  readonly scheme = 'az';
  readonly title: string;
  readonly endpoint: string;
  readonly #place: AzurePlace | undefined;
  readonly #account: string | undefined;
  readonly #settings: AzureSettings | undefined;
  readonly #context: ExaminationContext;
  readonly #connection: Asking<AzureSession, AzureFault>;
  readonly #variable: string | undefined;
  #identity: ServiceIdentity | undefined;
  /** Who, as `az role assignment` takes it. */
  #assignee: string | undefined;

  constructor(place: AzurePlace | undefined, account: string | undefined, settings: AzureSettings | undefined, options: StorageOptions, context: ExaminationContext) {
    this.#place = place;
    this.#account = account;
    this.#settings = settings;
    this.#context = context;
    this.endpoint = settings?.endpoint ?? signInAddress;
    this.title = settings === undefined || isAzureEndpoint(settings.endpoint) ? 'Azure Blob Storage' : `Blob service at ${new URL(settings.endpoint).host}`;
    this.#variable = account === undefined ? undefined : variableOf(account, settings, options, context.env);
    this.#connection = bare(new AzureConnection({ scheme: 'az', account: account ?? '', bucket: place?.bucket ?? '$root', prefix: '' }, options, hastySurroundings(context.patienceMs)));
  }

  identity(): ServiceIdentity | undefined {
    return this.#identity;
  }

  /** Requests do not tell where an account is. */
  region(): undefined {
    return undefined;
  }

  isUnused({ problem: found }: HealthCheck): boolean {
    return this.#place === undefined && found?.remedy === 'az-none';
  }

  get #known(): Known {
    return { endpoint: this.endpoint, account: this.#account, bucket: this.#place?.bucket, variable: this.#variable, ...(this.#assignee === undefined ? {} : { identity: this.#assignee }) };
  }

  get #asker(): AzureAsker {
    return { env: this.#context.env, settings: this.#settings, now: this.#context.clock(), known: this.#known };
  }

  async signIn(): Promise<HealthCheck> {
    return check('sign-in', this.#context, this.#known, async (): Promise<Found> => {
      const credential = this.#settings?.credential ?? { kind: 'sign-in' as const };
      switch (credential.kind) {
        case 'anonymous': return 'Unsigned requests, as asked: nobody is signed in.';
        case 'key':
          this.#identity = { name: `the account ${this.#account ?? ''} itself, by its key`, account: this.#account, source: `the variable ${this.#variable ?? ''}` };
          return `Credentials found: ${this.#identity.source}.`;
        case 'sas': {
          const ends = sasExpiry(credential.token);
          const rights = new URLSearchParams(credential.token).get('sp');
          this.#identity = {
            name: `whoever has the shared access signature${rights === null ? '' : ` (rights ${rights})`}`, account: this.#account, source: `the variable ${this.#variable ?? ''}`,
            ...(ends === undefined ? {} : { expires: new Date(ends).toISOString() }),
          };
          return `Credentials found: ${this.#identity.source}.`;
        }
        case 'sign-in': return this.#takeToken(await new SignIn().getToken(scope));
      }
    }, (error) => azureTrouble(error, 'identify', this.#asker));
  }

  #takeToken(token: AccessToken): string {
    const claims = claimsOf(token.token);
    const name = claims.upn ?? claims.preferred_username ?? claims.unique_name ?? claims.app_displayname ?? claims.appid ?? claims.oid;
    this.#assignee = claims.upn ?? claims.oid ?? claims.appid;
    this.#identity = {
      source: sourceOfToken(claims, this.#context.env), expires: new Date(token.expiresOnTimestamp).toISOString(), renews: true,
      ...(name === undefined ? {} : { name: claims.oid === undefined || claims.oid === name ? name : `${name} (object ${claims.oid})` }),
      ...(claims.tid === undefined ? {} : { account: `directory ${claims.tid}` }),
    };
    return `Credentials found: ${this.#identity.source}.`;
  }

  async identify(): Promise<readonly HealthCheck[]> {
    if (this.#identity === undefined) return [];
    const { name } = this.#identity;
    return [name === undefined ? { name: 'identity', outcome: 'unknown', said: 'The token does not say whose it is.' } : { name: 'identity', outcome: 'yes', said: `${name}.` }];
  }

  async tryThings(): Promise<readonly HealthCheck[]> {
    const place = this.#place;
    if (place !== undefined) return tryBucket(this.#trial(place), this.#context);
    const account = this.#account;
    if (account === undefined || this.#settings?.credential.kind === 'anonymous') return [];
    return [await check('buckets', this.#context, this.#known, async (signal): Promise<Found> => {
      const { names, more } = await listContainers(this.#connection, account, 100, signal);
      return `Of ${account}: ${someOf(names, more)}`;
    }, (error) => azureTrouble(error, 'list', this.#asker))];
  }

  #ask<T>(doing: string, signal: AbortSignal | undefined, work: (session: AzureSession, signal: AbortSignal | undefined) => Promise<T>): Promise<T> {
    return this.#connection.run(doing, `az://${this.#account ?? ''}`, signal, work);
  }

  #trial({ prefix }: AzurePlace): BucketTrial {
    return {
      prefix, known: this.#known,
      look: (signal) => this.#look(signal),
      isMissing: ({ problem: found }) => found?.remedy === 'az-no-container' || found?.remedy === 'az-no-account',
      list: (start, signal) => this.#ask('list', signal, async ({ container }, abortSignal) => {
        const page = await container.listBlobsFlat({ prefix: start, abortSignal }).byPage({ maxPageSize: 20 }).next();
        return page.done === true ? [] : page.value.segment.blobItems.map(({ name }) => name);
      }),
      read: (name, signal) => this.#read(name, signal),
      write: (name) => (this.#settings?.credential.kind === 'anonymous' ? undefined : this.#write(name)),
      explain: (doing, error) => azureTrouble(error, doing === 'look' ? 'list' : doing, this.#asker),
    };
  }

  async #look(signal: AbortSignal): Promise<Found> {
    try {
      await this.#ask('look at', signal, ({ container }, abortSignal) => container.getProperties({ abortSignal }));
      return 'It is there.';
    } catch (error) {
      const fault = azureFault(error);
      if (isMissingContainer(fault)) throw error;
      // To this question there are no words, and a signature may not ask it: what may be done is tried for itself.
      if (fault.status === 401 || fault.status === 403 || fault.status === 404) return { outcome: 'unknown', said: 'The service does not tell of it.' };
      throw error;
    }
  }

  async #read(name: string, signal: AbortSignal): Promise<boolean> {
    try {
      await this.#ask('read', signal, async ({ container }, abortSignal) => {
        const { readableStreamBody } = await container.getBlobClient(name).download(0, 1, { abortSignal, maxRetryRequests: 0 });
        (readableStreamBody as Readable | undefined)?.destroy();
      });
      return true;
    } catch (error) {
      const fault = azureFault(error);
      // An empty blob has no first byte.
      if (fault.status === 416) return true;
      if (isMissingBlob(fault) && fault.code === 'BlobNotFound') return false;
      throw error;
    }
  }

  /** Writes on a condition that cannot hold: that a blob is there, in this version. */
  async #write(name: string): Promise<Found> {
    try {
      await this.#ask('write', undefined, ({ container }) => container.getBlockBlobClient(name).upload('', 0, { conditions: { ifMatch: '"0x8DSPIMQUANT"' } }));
    } catch (error) {
      const { status } = azureFault(error);
      if (status === 412 || (status === 404 && !isMissingContainer(azureFault(error)))) return 'Allowed: only the condition that cannot hold was refused.';
      throw error;
    }
    // A service that ignores conditions has written it.
    await this.#ask('delete', undefined, ({ container }) => container.getBlobClient(name).deleteIfExists());
    return 'Allowed.';
  }
}

interface Claims {
  readonly upn?: string;
  readonly preferred_username?: string;
  readonly unique_name?: string;
  readonly app_displayname?: string;
  readonly appid?: string;
  readonly oid?: string;
  readonly tid?: string;
  readonly idtyp?: string;
  /** Of a managed identity: the resource that has it. */
  readonly xms_mirid?: string;
}

/** What a token says of its owner. Signatures are the service's to check. */
export function claimsOf(token: string): Claims {
  try {
    const payload = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()) as Readonly<Record<string, unknown>>;
    return Object.fromEntries(Object.entries(payload).filter(([, value]) => typeof value === 'string'));
  } catch {
    return {};
  }
}

/** Programs by which people sign in, by their ids at Microsoft. */
const programs: Readonly<Record<string, string>> = {
  '04b07795-8ddb-461a-bbee-02f9e1bf7b46': 'the sign-in of az (az login)', '1950a258-227b-4e31-a9cf-717495945fc2': 'the sign-in of Azure PowerShell', 'aebc6443-996d-45c2-90f0-388ff96faa56': 'the sign-in of VS Code',
};

function sourceOfToken({ appid, xms_mirid: machine }: Claims, env: Environment): string {
  const program = programs[appid ?? ''];
  if (program !== undefined) return program;
  const isOwn = appid !== undefined && appid === variable(env, 'AZURE_CLIENT_ID');
  if (machine === undefined && variable(env, 'AZURE_FEDERATED_TOKEN_FILE') !== undefined) return 'a workload identity (AZURE_FEDERATED_TOKEN_FILE)';
  if (machine === undefined && isOwn) {
    const secret = ['AZURE_CLIENT_SECRET', 'AZURE_CLIENT_CERTIFICATE_PATH'].find((name) => variable(env, name) !== undefined);
    if (secret !== undefined) return `a service principal of the environment (AZURE_CLIENT_ID, AZURE_TENANT_ID, ${secret})`;
  }
  if (machine !== undefined || variable(env, 'IDENTITY_ENDPOINT') !== undefined || variable(env, 'MSI_ENDPOINT') !== undefined) return 'the managed identity of this machine';
  return 'the Azure credential chain (az login, a managed identity, or another sign-in)';
}

/** The variable that a key or signature comes from; undefined for a sign-in. */
function variableOf(account: string, settings: AzureSettings | undefined, options: StorageOptions, env: Environment): string | undefined {
  if (settings === undefined || (settings.credential.kind !== 'key' && settings.credential.kind !== 'sas')) return undefined;
  const name = settings.credential.kind === 'key' ? 'AZURE_STORAGE_KEY' : 'AZURE_STORAGE_SAS_TOKEN';
  if (variable(env, 'AZURE_STORAGE_CONNECTION_STRING') === undefined) return name;
  try {
    const without = azureSettings(account, options, { ...env, AZURE_STORAGE_CONNECTION_STRING: undefined });
    return JSON.stringify(without) === JSON.stringify(settings) ? name : 'AZURE_STORAGE_CONNECTION_STRING';
  } catch {
    return 'AZURE_STORAGE_CONNECTION_STRING';
  }
}
