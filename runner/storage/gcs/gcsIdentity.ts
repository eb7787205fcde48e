import { readFile } from 'node:fs/promises';
import type { AuthClient } from 'google-auth-library';
import type { HealthCheck, ServiceHealth, ServiceIdentity } from '../../protocol/health.ts';
import { bare } from '../health/bare.ts';
import type { Asking } from '../health/bare.ts';
import { check, hastySurroundings } from '../health/examination.ts';
import type { ExaminationContext, Found } from '../health/examination.ts';
import { problem } from '../health/remedies.ts';
import type { Known } from '../health/remedies.ts';
import { examine, someOf, tryBucket } from '../health/trials.ts';
import type { BucketTrial, Examined } from '../health/trials.ts';
import type { StorageOptions } from '../objectStore.ts';
import type { GcsSession } from './gcsConnection.ts';
import { GcsConnection, loadGcsSettings } from './gcsConnection.ts';
import type { GcsCredentials } from './gcsCredentials.ts';
import { gcsFault, isMissingObject } from './gcsErrors.ts';
import type { GcsFault } from './gcsErrors.ts';
import { listBuckets } from './gcsBuckets.ts';
import { projectOf } from './gcsProject.ts';
import { bucketPath, objectPath } from './gcsObjects.ts';
import { gcsEndpoint } from './gcsSettings.ts';
import type { GcsSettings } from './gcsSettings.ts';
import { gcsSettingsTrouble, gcsTrouble } from './gcsTroubles.ts';
import type { GcsAsker } from './gcsTroubles.ts';

/** A bucket, or a prefix of it. */
export interface GcsPlace {
  readonly bucket: string;
  /** Without slashes at its ends; may be empty. */
  readonly prefix: string;
}

/** Where Google gives tokens, and says whose they are. */
const googleTokenAddress = 'https://oauth2.googleapis.com/token';
const permissions = ['storage.objects.list', 'storage.objects.get', 'storage.objects.create', 'storage.objects.delete'];

/**
 * Who we are at Google Cloud Storage, whether it can be reached, and, of a bucket, what may be done there. Every right is
 * tried and nothing is left behind. Rejects with `cancelled`, and never with anything else.
 */
export async function examineGcs(place: GcsPlace | undefined, options: StorageOptions, context: ExaminationContext): Promise<ServiceHealth> {
  let endpoint: string | undefined;
  const set = await check('sign-in', context, {}, async () => {
    endpoint = gcsEndpoint(options, context.env).address;
    return '';
  }, (error) => gcsSettingsTrouble(error, { options, known: {} }));
  if (endpoint === undefined) return { scheme: 'gs', title: 'Google Cloud Storage', status: 'ill', checks: [set] };
  return examine(new ExaminedGcs(place, endpoint, options, context), context);
}

class ExaminedGcs implements Examined {
  readonly scheme = 'gs';
  readonly title: string;
  readonly endpoint: string;
  readonly #place: GcsPlace | undefined;
  readonly #options: StorageOptions;
  readonly #context: ExaminationContext;
  readonly #connection: Asking<GcsSession, GcsFault>;
  #settings: GcsSettings | undefined;
  #client: AuthClient | undefined;
  #identity: ServiceIdentity | undefined;
  #account: string | undefined;
  #project: string | undefined;
  #region: string | undefined;

  constructor(place: GcsPlace | undefined, endpoint: string, options: StorageOptions, context: ExaminationContext) {
    this.#place = place;
    this.endpoint = endpoint;
    this.#options = options;
    this.#context = context;
    this.title = gcsEndpoint(options, context.env).isGoogle ? 'Google Cloud Storage' : `Storage service at ${new URL(endpoint).host}`;
    this.#connection = bare(new GcsConnection(place?.bucket ?? '', options, hastySurroundings(context.patienceMs)));
  }

  identity(): ServiceIdentity | undefined {
    return this.#identity;
  }

  region(): string | undefined {
    return this.#region;
  }

  isUnused({ problem: found }: HealthCheck): boolean {
    return this.#place === undefined && found?.remedy === 'gs-none';
  }

  get #known(): Known {
    return { endpoint: this.endpoint, bucket: this.#place?.bucket, project: this.#settings?.payer ?? this.#project };
  }

  get #asker(): GcsAsker {
    return { env: this.#context.env, options: this.#options, credentials: this.#settings?.credentials, account: this.#account, known: this.#known };
  }

  async signIn(): Promise<HealthCheck> {
    return check('sign-in', this.#context, this.#known, async () => {
      const { settings, opened } = await loadGcsSettings(this.#options);
      this.#settings = settings;
      if (opened === undefined) return settings.anonymous ? 'Unsigned requests, as asked: nobody is signed in.' : 'Unsigned requests: STORAGE_EMULATOR_HOST names a service that asks for no credentials.';
      this.#client = opened.client;
      this.#account = opened.credentials.file?.account;
      this.#identity = { source: sourceWords(opened.credentials), ...(this.#account === undefined ? {} : { name: this.#account }) };
      // Only a token tells whether the credentials are still good.
      await opened.client.getAccessToken();
      const { expiry_date: expires } = opened.client.credentials;
      this.#identity = { ...this.#identity, ...(typeof expires === 'number' ? { expires: new Date(expires).toISOString(), renews: true } : {}) };
      return `Credentials found: ${this.#identity.source}.`;
    }, (error) => gcsTrouble(error, 'identify', this.#asker));
  }

  async identify(): Promise<readonly HealthCheck[]> {
    const [client, credentials] = [this.#client, this.#settings?.credentials];
    if (client === undefined || credentials === undefined) return [];
    const found = await check('identity', this.#context, this.#known, async (signal): Promise<Found> => {
      const [account, project] = await Promise.all([this.#askAccount(client, credentials, signal), projectOf(this.#options, this.#context.env, credentials)]);
      this.#account = account;
      this.#project = project;
      this.#identity = { source: sourceWords(credentials), ...this.#identity, ...(account === undefined ? {} : { name: account }), ...(project === undefined ? {} : { account: project }) };
      return account === undefined ? { outcome: 'unknown', said: 'Google does not say whose credentials these are.' } : `${account}.`;
    }, (error) => gcsTrouble(error, 'identify', this.#asker));
    // Storage works without anybody saying who we are.
    return [found.outcome === 'no' ? { name: 'identity', outcome: 'unknown', said: `Nobody could be asked whose credentials these are: ${found.said}` } : found];
  }

  async #askAccount(client: AuthClient, { origin, file }: GcsCredentials, signal: AbortSignal): Promise<string | undefined> {
    if (file?.account !== undefined) return file.account;
    if (origin === 'machine') {
      const { gcpMetadata } = await import('./googleAuth.ts');
      return String(await gcpMetadata.instance('service-accounts/default/email'));
    }
    const address = tokenInfoAddress(file === undefined ? undefined : await tokenAddressOf(file.path));
    const { token } = await client.getAccessToken();
    if (!token) return undefined;
    const { data } = await client.transporter.request<{ readonly email?: string }>({ url: address, method: 'POST', data: new URLSearchParams({ access_token: token }), responseType: 'json', signal });
    return typeof data.email === 'string' ? data.email : undefined;
  }

  async tryThings(): Promise<readonly HealthCheck[]> {
    const place = this.#place;
    if (place !== undefined) return tryBucket(this.#trial(place), this.#context);
    const credentials = this.#settings?.credentials;
    if (credentials === undefined) return [];
    return [await check('buckets', this.#context, this.#known, async (signal): Promise<Found> => {
      const project = await projectOf(this.#options, this.#context.env, credentials);
      if (project === undefined) return { outcome: 'unknown', said: 'No project is known whose buckets could be listed.', problem: problem('gs-project') };
      try {
        const { names, more } = await listBuckets(this.#connection, project, 100, signal);
        return `Of ${project}: ${someOf(names, more)}`;
      } catch (error) {
        if (gcsFault(error).status !== 403) throw error;
        return { outcome: 'unknown', said: `These credentials may not list the buckets of ${project} by name: ask about one of them.` };
      }
    }, (error) => gcsTrouble(error, 'list', this.#asker))];
  }

  #ask<T>(doing: string, signal: AbortSignal | undefined, work: (session: GcsSession, signal: AbortSignal | undefined) => Promise<T>): Promise<T> {
    return this.#connection.run(doing, `gs://${this.#place?.bucket ?? ''}`, signal, work);
  }

  #trial({ bucket, prefix }: GcsPlace): BucketTrial {
    return {
      prefix, known: this.#known,
      look: (signal) => this.#look(bucket, signal),
      isMissing: ({ problem: found }) => found?.remedy === 'gs-no-bucket',
      list: async (start, signal) => {
        const page = await this.#ask('list', signal, ({ client }, own) => client.json<{ readonly items?: readonly { readonly name: string }[] }>({
          method: 'GET', path: `${bucketPath(bucket)}/o`, query: { prefix: start, maxResults: '20', fields: 'items(name)' },
        }, own));
        return (page.items ?? []).map(({ name }) => name);
      },
      read: (name, signal) => this.#read(bucket, name, signal),
      write: (name) => (this.#settings?.credentials === undefined ? undefined : this.#write(bucket, name)),
      explain: (doing, error) => gcsTrouble(error, doing === 'look' ? 'list' : doing, this.#asker),
    };
  }

  /** Where the bucket is, which many may not see, and what the service says that we may do. */
  async #look(bucket: string, signal: AbortSignal): Promise<Found> {
    try {
      const { location } = await this.#ask('look at', signal, ({ client }, own) => client.json<{ readonly location?: string }>({ method: 'GET', path: bucketPath(bucket), query: { fields: 'location' } }, own));
      this.#region = location?.toLowerCase();
      return location === undefined ? 'It is there.' : `It is there, in ${location.toLowerCase()}.`;
    } catch (error) {
      const { status } = gcsFault(error);
      if (status !== 401 && status !== 403) throw error;
    }
    const wanted = permissions.map((name) => `permissions=${name}`).join('&');
    const granted = await this.#ask('look at', signal, ({ client }, own) => client.json<{ readonly permissions?: readonly string[] }>({ method: 'GET', path: `${bucketPath(bucket)}/iam/testPermissions?${wanted}` }, own));
    const names = (granted.permissions ?? []).map((name) => name.replace('storage.objects.', ''));
    return { outcome: 'unknown', said: `The service does not say where it is. Granted on it: ${names.length === 0 ? 'nothing' : names.join(', ')}.` };
  }

  async #read(bucket: string, name: string, signal: AbortSignal): Promise<boolean> {
    try {
      // An empty object has no first byte.
      await this.#ask('read', signal, ({ client }, own) => client.text({ method: 'GET', path: objectPath(bucket, name), query: { alt: 'media' }, headers: { range: 'bytes=0-0' }, accepted: [416] }, own));
      return true;
    } catch (error) {
      if (isMissingObject(gcsFault(error))) return false;
      throw error;
    }
  }

  /** Writes on a condition that cannot hold: an object of this name with this generation. */
  async #write(bucket: string, name: string): Promise<Found> {
    try {
      await this.#ask('write', undefined, ({ client }) => client.text({
        method: 'POST', path: `/upload/storage/v1/b/${encodeURIComponent(bucket)}/o`, query: { uploadType: 'media', name, ifGenerationMatch: '1' },
        headers: { 'content-type': 'application/octet-stream' }, body: { length: 0, pieces: [] },
      }, undefined));
    } catch (error) {
      if (gcsFault(error).status === 412) return 'Allowed: only the condition that cannot hold was refused.';
      throw error;
    }
    // A service that ignores conditions has written it.
    await this.#ask('delete', undefined, ({ client }) => client.text({ method: 'DELETE', path: objectPath(bucket, name), accepted: [404] }, undefined));
    return 'Allowed.';
  }
}

function sourceWords({ origin, file }: GcsCredentials): string {
  const kind = { 'user': 'a person\'s sign-in', 'service-account': 'key of a service account', 'impersonated': 'acting as a service account', 'external': 'identity of another provider', 'unreadable': 'unreadable' }[file?.kind ?? 'unreadable'];
  switch (origin) {
    case 'machine': return 'the service account of this machine (metadata server)';
    case 'gcloud': return `gcloud auth application-default login (${file?.path ?? ''}: ${kind})`;
    case 'variable': return `the file of GOOGLE_APPLICATION_CREDENTIALS (${file?.path ?? ''}: ${kind})`;
    case 'option': return `the file of --gcs-credentials (${file?.path ?? ''}: ${kind})`;
  }
}

/** The token service that a credentials file names. */
async function tokenAddressOf(path: string): Promise<string | undefined> {
  const text = await readFile(path, 'utf8').catch(() => '{}');
  const { token_uri: address } = JSON.parse(text) as { readonly token_uri?: unknown };
  return typeof address === 'string' ? address : undefined;
}

function tokenInfoAddress(tokenAddress: string = googleTokenAddress): string {
  return tokenAddress.replace(/\/token$/, '/tokeninfo');
}
