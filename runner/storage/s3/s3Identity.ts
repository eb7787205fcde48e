import { AbortMultipartUploadCommand, CreateMultipartUploadCommand, GetObjectCommand, HeadBucketCommand, ListBucketsCommand, ListObjectsV2Command } from '@aws-sdk/client-s3';
import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import type { HealthCheck, ServiceHealth, ServiceIdentity } from '../../protocol/health.ts';
import { bare } from '../health/bare.ts';
import type { Asking } from '../health/bare.ts';
import { check, hastySurroundings } from '../health/examination.ts';
import type { ExaminationContext, Found, Trouble } from '../health/examination.ts';
import { problem } from '../health/remedies.ts';
import type { Known } from '../health/remedies.ts';
import { examine, someOf, tryBucket } from '../health/trials.ts';
import type { BucketTrial, Examined } from '../health/trials.ts';
import type { StorageOptions } from '../objectStore.ts';
import { loadAwsFiles } from './awsProfiles.ts';
import { requestHandler, s3Credentials, silent } from './s3Client.ts';
import { S3Connection } from './s3Connection.ts';
import type { S3Session } from './s3Connection.ts';
import { s3Fault } from './s3Errors.ts';
import type { S3Fault } from './s3Errors.ts';
import { isAwsHost, profileSettings, s3Settings, serviceEndpoint } from './s3Settings.ts';
import type { AwsFiles, S3Settings } from './s3Settings.ts';
import { shownKey, sourceOf } from './s3Sources.ts';
import type { S3Source, SourcedCredentials } from './s3Sources.ts';
import { keeping } from './s3Store.ts';
import { s3Trouble, settingsTrouble, signInTrouble } from './s3Troubles.ts';
import type { S3Asker } from './s3Troubles.ts';

/** A bucket, or a prefix of it. */
export interface S3Place {
  readonly bucket: string;
  /** Without slashes at its ends; may be empty. */
  readonly prefix: string;
}

/** How long an upload that was begun to see whether it may be takes to be withdrawn, in milliseconds, at most. */
const withdrawMs = 5000;
/** Keys that the SDK's chain gets again by itself before they end. */
const renewing: readonly S3Source['kind'][] = ['sso', 'login', 'process', 'role', 'web-identity', 'container', 'instance'];

/**
 * Who we are at Amazon S3 or a service like it, whether it can be reached, and, of a bucket, what may be done there. Every
 * right is tried and nothing is left behind. Rejects with `cancelled`, and never with anything else.
 */
export async function examineS3(place: S3Place | undefined, options: StorageOptions, context: ExaminationContext): Promise<ServiceHealth> {
  const files = await loadAwsFiles();
  let settings: S3Settings | undefined;
  const set = await check('sign-in', context, {}, async () => {
    settings = s3Settings(options, context.env, files);
    return '';
  }, (error) => settingsTrouble(error, options.awsProfile ?? context.env.AWS_PROFILE));
  if (settings === undefined) return { scheme: 's3', title: 'Amazon S3', status: 'ill', checks: [set] };
  return examine(new ExaminedS3(place, options, settings, files, context), context);
}

/** A fault that was read and is told as another. */
class Refused extends Error {
  readonly fault: S3Fault;

  constructor(fault: S3Fault) {
    super(fault.code);
    this.fault = fault;
  }
}

class ExaminedS3 implements Examined {
  readonly scheme = 's3';
  readonly title: string;
  readonly endpoint: string;
  readonly #place: S3Place | undefined;
  readonly #options: StorageOptions;
  readonly #settings: S3Settings;
  readonly #context: ExaminationContext;
  readonly #files: AwsFiles;
  readonly #known: Known;
  readonly #isAws: boolean;
  readonly #connection: Asking<S3Session, S3Fault>;
  #credentials: SourcedCredentials | undefined;
  #source: S3Source | undefined;
  #identity: ServiceIdentity | undefined;
  #region: string | undefined;

  constructor(place: S3Place | undefined, options: StorageOptions, settings: S3Settings, files: AwsFiles, context: ExaminationContext) {
    this.#place = place;
    this.#options = options;
    this.#settings = settings;
    this.#files = files;
    this.#context = context;
    this.#isAws = settings.endpoint === undefined || isAwsHost(settings.endpoint);
    this.endpoint = settings.endpoint ?? awsEndpoint(settings.region);
    this.title = this.#isAws ? 'Amazon S3' : `S3 service at ${new URL(this.endpoint).host}`;
    this.#known = { endpoint: this.endpoint, profile: settings.profile, bucket: place?.bucket };
    this.#connection = bare(new S3Connection(place?.bucket ?? '', options, hastySurroundings(context.patienceMs)));
  }

  identity(): ServiceIdentity | undefined {
    return this.#identity;
  }

  region(): string | undefined {
    return this.#region;
  }

  isUnused({ problem: found }: HealthCheck): boolean {
    return this.#place === undefined && (found?.remedy === 's3-none' || found?.remedy === 's3-choose-profile');
  }

  get #asker(): S3Asker {
    const identity = this.#identity?.name;
    return {
      settings: this.#settings, files: this.#files, env: this.#context.env, source: this.#source,
      known: { ...this.#known, ...(identity?.startsWith('arn:') === true ? { identity } : {}) },
    };
  }

  async signIn(): Promise<HealthCheck> {
    if (this.#settings.anonymous) return { name: 'sign-in', outcome: 'yes', said: 'Unsigned requests, as asked: nobody is signed in.' };
    return check('sign-in', this.#context, this.#known, async () => {
      const provider = s3Credentials(this.#settings);
      const found: SourcedCredentials = typeof provider === 'function' ? await provider() : provider;
      this.#credentials = found;
      this.#source = sourceOf(found, this.#settings, this.#files, this.#context.env);
      this.#identity = {
        source: this.#source.words,
        ...(found.expiration === undefined ? {} : { expires: found.expiration.toISOString(), renews: renewing.includes(this.#source.kind) }),
      };
      if (found.expiration !== undefined && found.expiration.getTime() <= this.#context.clock()) {
        return { outcome: 'no', ...s3Trouble(s3Fault({ name: 'ExpiredToken', message: '' }), 'identify', this.#asker) };
      }
      return `Credentials found: ${this.#source.words}.`;
    }, (error) => signInTrouble(error, this.#asker));
  }

  /** Asks who these credentials are, where somebody can be asked. */
  async identify(): Promise<readonly HealthCheck[]> {
    const credentials = this.#credentials;
    if (credentials === undefined) return [];
    const service = this.#identityService();
    const key = `the access key ${shownKey(credentials.accessKeyId)}`;
    if (service === undefined) {
      this.#identity = { ...this.#identity, source: this.#identity?.source ?? '', name: key };
      return [{ name: 'identity', outcome: 'unknown', said: `This service has nobody to ask who ${key} is.` }];
    }
    const found = await check('identity', this.#context, this.#known, async (signal) => {
      const client = new STSClient({
        region: this.#settings.region, ...service, maxAttempts: 1, logger: silent,
        credentials: credentials as { readonly accessKeyId: string; readonly secretAccessKey: string },
        requestHandler: requestHandler(hastySurroundings(this.#context.patienceMs).timeouts),
      });
      try {
        const { Arn, Account } = await client.send(new GetCallerIdentityCommand({}), { abortSignal: signal });
        this.#identity = { source: this.#identity?.source ?? '', ...this.#identity, ...(Arn === undefined ? {} : { name: Arn }), ...(Account === undefined ? {} : { account: Account }) };
        return `${Arn ?? 'Somebody'}${Account === undefined ? '' : `, account ${Account}`}.`;
      } finally {
        client.destroy();
      }
    }, (error) => s3Trouble(faultOf(error), 'identify', this.#asker));
    // Where only S3 can be reached, nothing is amiss.
    const unreached = found.outcome === 'no' && found.problem?.code === 'network';
    return [unreached ? { name: 'identity', outcome: 'unknown', said: `Nobody could be asked who ${key} is: ${found.said}` } : found];
  }

  /** Where identities are known: at an endpoint, at Amazon (no endpoint), or nowhere (undefined). */
  #identityService(): { readonly endpoint?: string } | undefined {
    const { env } = this.#context;
    const named = serviceEndpoint(profileSettings(this.#settings.profile ?? 'default', this.#files), this.#files, 'sts');
    const endpoint = env.AWS_IGNORE_CONFIGURED_ENDPOINT_URLS === 'true' ? undefined : env.AWS_ENDPOINT_URL_STS ?? named;
    return endpoint !== undefined ? { endpoint } : this.#isAws ? {} : undefined;
  }

  async tryThings(): Promise<readonly HealthCheck[]> {
    const place = this.#place;
    if (place !== undefined) return tryBucket(this.#trial(place), this.#context);
    return this.#settings.anonymous ? [] : [await this.#buckets()];
  }

  #ask<T>(doing: string, signal: AbortSignal | undefined, work: (session: S3Session, signal: AbortSignal | undefined) => Promise<T>): Promise<T> {
    return this.#connection.run(doing, `s3://${this.#place?.bucket ?? ''}`, signal, work);
  }

  async #buckets(): Promise<HealthCheck> {
    const found = await check('buckets', this.#context, this.#known, async (signal) => {
      const { Buckets = [] } = await this.#ask('list', signal, ({ client }, abortSignal) => client.send(new ListBucketsCommand({}), { abortSignal }));
      const names = Buckets.flatMap(({ Name }) => Name ?? []).sort();
      return someOf(names);
    }, (error) => s3Trouble(faultOf(error), 'list', this.#asker));
    if (found.problem?.remedy !== 's3-list') return found;
    return { name: 'buckets', outcome: 'unknown', said: 'These credentials may not list buckets by name: ask about one of them.' };
  }

  #trial({ bucket, prefix }: S3Place): BucketTrial {
    return {
      prefix, known: this.#known,
      look: (signal) => this.#look(bucket, signal),
      isMissing: ({ problem: found }) => found?.remedy === 's3-no-bucket',
      list: (start, signal) => this.#ask('list', signal, async ({ client }, abortSignal) => {
        const page = await client.send(new ListObjectsV2Command({ Bucket: bucket, Prefix: start, MaxKeys: 20, ...this.#payer() }), { abortSignal });
        return (page.Contents ?? []).flatMap(({ Key }) => Key ?? []);
      }),
      read: (name, signal) => this.#read(bucket, name, signal),
      write: (name) => (this.#settings.anonymous ? undefined : this.#write(bucket, name)),
      explain: (doing, error): Trouble => s3Trouble(faultOf(error), doing === 'look' ? 'list' : doing, this.#asker),
    };
  }

  async #look(bucket: string, signal: AbortSignal): Promise<Found> {
    const where = (): string => (this.#region === undefined ? 'It is there.' : `It is there, in ${this.#region}.`);
    try {
      await this.#ask('look at', signal, async ({ client, region }, abortSignal) => {
        const { BucketRegion } = await client.send(new HeadBucketCommand({ Bucket: bucket, ...this.#payer() }), { abortSignal });
        this.#region = BucketRegion ?? (this.#isAws ? region : undefined);
      });
      return where();
    } catch (error) {
      const fault = faultOf(error);
      this.#region = fault.region;
      if (fault.status === 404) throw new Refused({ ...fault, code: 'NoSuchBucket' });
      // To this question there are no words: what may be done is tried for itself.
      if (fault.status === 403 || fault.status === 400) return { outcome: 'unknown', said: this.#region === undefined ? 'The service does not say where it is.' : where() };
      throw error;
    }
  }

  async #read(bucket: string, name: string, signal: AbortSignal): Promise<boolean> {
    try {
      await this.#ask('read', signal, async ({ client }, abortSignal) => {
        const { Body } = await client.send(new GetObjectCommand({ Bucket: bucket, Key: name, Range: 'bytes=0-0', ...this.#payer() }), { abortSignal });
        (Body as { destroy?: () => void } | undefined)?.destroy?.();
      });
      return true;
    } catch (error) {
      const { status, code } = faultOf(error);
      // An empty object has no first byte.
      if (status === 416) return true;
      if (status === 404 && code !== 'NoSuchBucket') return false;
      throw error;
    }
  }

  /** Begins an upload and withdraws it: no object appears, not even for a moment. */
  async #write(bucket: string, name: string): Promise<Found> {
    const object = { Bucket: bucket, Key: name, ...this.#payer() };
    const { UploadId } = await this.#ask('write', undefined, ({ client }) => client.send(new CreateMultipartUploadCommand({ ...object, ...keeping(this.#options) })));
    try {
      await this.#ask('write', AbortSignal.timeout(withdrawMs), ({ client }, abortSignal) => client.send(new AbortMultipartUploadCommand({ ...object, UploadId }), { abortSignal }));
    } catch {
      return { outcome: 'yes', said: 'Allowed; but an upload that is broken off cannot be withdrawn, and an empty one stays behind.', problem: problem('s3-abort', this.#asker.known) };
    }
    return 'Allowed: an upload was begun and withdrawn.';
  }

  #payer(): { readonly RequestPayer?: 'requester' } {
    return this.#settings.requesterPays ? { RequestPayer: 'requester' } : {};
  }
}

function faultOf(error: unknown): S3Fault {
  return error instanceof Refused ? error.fault : s3Fault(error);
}

/** Where Amazon S3 of a region is. */
function awsEndpoint(region: string): string {
  return `https://s3.${region}.amazonaws.com${region.startsWith('cn-') ? '.cn' : ''}`;
}
