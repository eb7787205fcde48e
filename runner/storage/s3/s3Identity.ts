import { randomUUID } from 'node:crypto';
import { AbortMultipartUploadCommand, CreateMultipartUploadCommand, GetObjectCommand, HeadBucketCommand, ListBucketsCommand, ListObjectsV2Command } from '@aws-sdk/client-s3';
import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import type { HealthCheck, ServiceHealth, ServiceIdentity } from '../../protocol/health.ts';
import { check, hastySurroundings } from '../health/examination.ts';
import type { ExaminationContext, Found } from '../health/examination.ts';
import { reachChecks } from '../health/reach.ts';
import { problem } from '../health/remedies.ts';
import type { Known } from '../health/remedies.ts';
import { isIll } from '../health/status.ts';
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
  return new Examination(place, options, settings, files, context).run();
}

/** What a service threw, read. */
class Refused extends Error {
  readonly fault: S3Fault;

  constructor(fault: S3Fault) {
    super(fault.code);
    this.fault = fault;
  }
}

class Examination {
  readonly #place: S3Place | undefined;
  readonly #options: StorageOptions;
  readonly #settings: S3Settings;
  readonly #context: ExaminationContext;
  readonly #files: AwsFiles;
  readonly #known: Known;
  readonly #endpoint: string;
  readonly #connection: S3Connection;
  #source: S3Source | undefined;
  #identity: ServiceIdentity | undefined;
  #region: string | undefined;

  constructor(place: S3Place | undefined, options: StorageOptions, settings: S3Settings, files: AwsFiles, context: ExaminationContext) {
    this.#place = place;
    this.#options = options;
    this.#settings = settings;
    this.#files = files;
    this.#context = context;
    this.#endpoint = settings.endpoint ?? awsEndpoint(settings.region);
    this.#known = { endpoint: this.#endpoint, profile: settings.profile, bucket: place?.bucket };
    this.#connection = new S3Connection(place?.bucket ?? '', options, hastySurroundings(context.patienceMs));
  }

  async run(): Promise<ServiceHealth> {
    const { signedIn, credentials } = await this.#signIn();
    const able = signedIn.outcome === 'yes';
    const [identity, reached, done] = await Promise.all([
      credentials === undefined ? [] : this.#identify(credentials),
      reachChecks(this.#endpoint, this.#context),
      able ? this.#tryThings() : [],
    ]);
    const checks = [signedIn, ...identity, ...reached, ...done];
    const nothingSetUp = this.#place === undefined && ['s3-none', 's3-choose-profile'].includes(signedIn.problem?.remedy ?? '');
    return {
      scheme: 's3', title: this.#isAws ? 'Amazon S3' : `S3 service at ${new URL(this.#endpoint).host}`,
      status: nothingSetUp ? 'unused' : isIll(checks) ? 'ill' : 'well',
      ...(this.#identity === undefined ? {} : { identity: this.#identity }),
      endpoint: this.#endpoint, ...(this.#region === undefined ? {} : { region: this.#region }),
      checks,
    };
  }

  get #isAws(): boolean {
    return this.#settings.endpoint === undefined || isAwsHost(this.#settings.endpoint);
  }

  get #asker(): S3Asker {
    const identity = this.#identity?.name;
    return {
      settings: this.#settings, files: this.#files, env: this.#context.env, source: this.#source,
      known: { ...this.#known, ...(identity?.startsWith('arn:') === true ? { identity } : {}) },
    };
  }

  async #signIn(): Promise<{ readonly signedIn: HealthCheck; readonly credentials?: SourcedCredentials }> {
    if (this.#settings.anonymous) return { signedIn: { name: 'sign-in', outcome: 'yes', said: 'Unsigned requests, as asked: nobody is signed in.' } };
    let credentials: SourcedCredentials | undefined;
    const signedIn = await check('sign-in', this.#context, this.#known, async () => {
      const provider = s3Credentials(this.#settings);
      const found: SourcedCredentials = typeof provider === 'function' ? await provider() : provider;
      credentials = found;
      this.#source = sourceOf(found, this.#settings, this.#files, this.#context.env);
      this.#identity = {
        source: this.#source.words,
        ...(found.expiration === undefined ? {} : { expires: found.expiration.toISOString() }),
      };
      if (found.expiration !== undefined && found.expiration.getTime() <= this.#context.clock()) {
        return { outcome: 'no', ...s3Trouble(s3Fault({ name: 'ExpiredToken', message: '' }), 'identify', this.#asker) };
      }
      return `Credentials found: ${this.#source.words}.`;
    }, (error) => signInTrouble(error, this.#asker));
    return { signedIn, credentials };
  }

  /** Asks who these credentials are, where somebody can be asked. */
  async #identify(credentials: SourcedCredentials): Promise<readonly HealthCheck[]> {
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
      } catch (error) {
        throw new Refused(s3Fault(error));
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

  async #tryThings(): Promise<readonly HealthCheck[]> {
    const place = this.#place;
    if (place === undefined) return this.#settings.anonymous ? [] : [await this.#buckets()];
    const bucket = await this.#bucket(place);
    if (bucket.problem?.remedy === 's3-no-bucket') return [bucket];
    const [[list, read], write] = await Promise.all([this.#listAndRead(place), this.#write(place)]);
    return [bucket, list, read, write];
  }

  async #ask<T>(doing: string, signal: AbortSignal | undefined, work: (session: S3Session, signal: AbortSignal | undefined) => Promise<T>): Promise<T> {
    let fault: S3Fault | undefined;
    try {
      return await this.#connection.run(doing, `s3://${this.#place?.bucket ?? ''}`, signal, async (session, own) => {
        try {
          return await work(session, own);
        } catch (error) {
          fault = s3Fault(error);
          throw error;
        }
      });
    } catch (error) {
      throw fault === undefined ? error : new Refused(fault);
    }
  }

  async #buckets(): Promise<HealthCheck> {
    const found = await check('buckets', this.#context, this.#known, async (signal) => {
      const { Buckets = [] } = await this.#ask('list', signal, ({ client }, abortSignal) => client.send(new ListBucketsCommand({}), { abortSignal }));
      const names = Buckets.flatMap(({ Name }) => Name ?? []).sort();
      return names.length === 0 ? 'There are none.' : `${names.slice(0, 5).join(', ')}${names.length > 5 ? ` and ${names.length - 5} more` : ''}.`;
    }, (error) => s3Trouble(faultOf(error), 'list', this.#asker));
    if (found.problem?.remedy !== 's3-list') return found;
    return { name: 'buckets', outcome: 'unknown', said: 'These credentials may not list buckets by name: ask about one of them.' };
  }

  async #bucket({ bucket }: S3Place): Promise<HealthCheck> {
    const where = (): string => (this.#region === undefined ? 'It is there.' : `It is there, in ${this.#region}.`);
    return check('bucket', this.#context, this.#known, async (signal) => {
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
        // To this question there are no words: what may be done is tried below.
        if (fault.status === 403 || fault.status === 400) return { outcome: 'unknown', said: this.#region === undefined ? 'The service does not say where it is.' : where() };
        throw error;
      }
    }, (error) => s3Trouble(faultOf(error), 'list', this.#asker));
  }

  async #listAndRead({ bucket, prefix }: S3Place): Promise<readonly [HealthCheck, HealthCheck]> {
    let key: string | undefined;
    const list = await check('list', this.#context, this.#known, async (signal): Promise<Found> => {
      const find = (prefixed: string): Promise<string | undefined> => this.#ask('list', signal, async ({ client }, abortSignal) => {
        const page = await client.send(new ListObjectsV2Command({ Bucket: bucket, Prefix: prefixed, MaxKeys: 20, ...this.#payer() }), { abortSignal });
        return (page.Contents ?? []).flatMap(({ Key }) => Key ?? []).find((each) => !each.endsWith('/') && (prefix === '' || each === prefix || each.startsWith(`${prefix}/`)));
      });
      key = await find(prefix === '' ? '' : `${prefix}/`) ?? (prefix === '' ? undefined : await find(prefix));
      return key === undefined ? 'Allowed; nothing is there yet.' : 'Allowed.';
    }, (error) => s3Trouble(faultOf(error), 'list', this.#asker));
    const tried = key ?? [prefix, 'dataset_description.json'].filter((part) => part !== '').join('/');
    const read = await check('read', this.#context, this.#known, async (signal) => {
      try {
        await this.#ask('read', signal, async ({ client }, abortSignal) => {
          const { Body } = await client.send(new GetObjectCommand({ Bucket: bucket, Key: tried, Range: 'bytes=0-0', ...this.#payer() }), { abortSignal });
          (Body as { destroy?: () => void } | undefined)?.destroy?.();
        });
        return `Allowed: ${tried}.`;
      } catch (error) {
        const { status, code } = faultOf(error);
        // An empty object has no first byte.
        if (status === 416) return `Allowed: ${tried}.`;
        if (status === 404 && code !== 'NoSuchBucket') return 'Allowed; nothing is there to read.';
        throw error;
      }
    }, (error) => s3Trouble(faultOf(error), 'read', this.#asker));
    return [list, read];
  }

  /** Begins an upload and withdraws it: no object appears, not even for a moment. */
  async #write({ bucket, prefix }: S3Place): Promise<HealthCheck> {
    if (this.#settings.anonymous) return { name: 'write', outcome: 'unknown', said: 'Not tried: requests are unsigned.' };
    const key = [prefix, `.spimquant-doctor-${randomUUID()}`].filter((part) => part !== '').join('/');
    return check('write', this.#context, this.#known, async (): Promise<Found> => {
      // Not given up with the check: what was begun is withdrawn in any case.
      const { UploadId } = await this.#ask('write', undefined, ({ client }) => client.send(new CreateMultipartUploadCommand({ Bucket: bucket, Key: key, ...keeping(this.#options), ...this.#payer() })));
      try {
        await this.#ask('write', AbortSignal.timeout(withdrawMs), ({ client }, abortSignal) => client.send(new AbortMultipartUploadCommand({ Bucket: bucket, Key: key, UploadId, ...this.#payer() }), { abortSignal }));
      } catch {
        return { outcome: 'yes', said: 'Allowed; but an upload that is broken off cannot be withdrawn, and an empty one stays behind.', problem: problem('s3-abort', this.#asker.known) };
      }
      return 'Allowed: an upload was begun and withdrawn.';
    }, (error) => s3Trouble(faultOf(error), 'write', this.#asker));
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
