import type { S3Client } from '@aws-sdk/client-s3';
import type { SpimquantError } from '../../protocol/errors.ts';
import { Connection, defaultConcurrency, usualSurroundings } from '../connection.ts';
import type { Service, Surroundings } from '../connection.ts';
import type { StorageOptions } from '../objectStore.ts';
import { ServiceHttp } from '../serviceHttp.ts';
import { S3Gets } from './s3Gets.ts';
import { loadS3Settings, makeS3Client, s3Credentials } from './s3Client.ts';
import { isAboutCredentials, isExpired, isWrongRegion, s3Error, s3Fault } from './s3Errors.ts';
import type { S3Fault } from './s3Errors.ts';
import type { S3Settings } from './s3Settings.ts';

/** A client with what it was made of. */
export interface S3Session {
  readonly client: S3Client;
  /** How objects are read. */
  readonly gets: S3Gets;
  readonly settings: S3Settings;
  readonly region: string;
}

/** The way to one bucket at Amazon S3 or a compatible service. */
export class S3Connection extends Connection<S3Session, S3Fault> {
  readonly bucket: string;

  constructor(bucket: string, options: StorageOptions, surroundings: Partial<Surroundings> = {}) {
    const around = { ...usualSurroundings, ...surroundings };
    const sockets = options.concurrency ?? defaultConcurrency;
    super(new S3Service(bucket, options, around, sockets), sockets, around);
    this.bucket = bucket;
  }
}

class S3Service implements Service<S3Session, S3Fault> {
  readonly #bucket: string;
  readonly #options: StorageOptions;
  readonly #around: Surroundings;
  readonly #sockets: number;
  /** Where the bucket is, once its answers have told. */
  #region: string | undefined;
  #moved: S3Session | undefined;

  constructor(bucket: string, options: StorageOptions, around: Surroundings, sockets: number) {
    this.#bucket = bucket;
    this.#options = options;
    this.#around = around;
    this.#sockets = sockets;
  }

  async open(): Promise<S3Session> {
    const settings = await loadS3Settings(this.#options);
    const region = this.#region ?? settings.region;
    return this.#session(settings, region, s3Credentials(settings));
  }

  #session(settings: S3Settings, region: string, credentials: Parameters<typeof makeS3Client>[2]): S3Session {
    const client = makeS3Client(settings, region, credentials, this.#sockets, this.#around.timeouts);
    return { client, gets: new S3Gets(client, new ServiceHttp(this.#sockets, this.#around.timeouts, process.env), !settings.anonymous), settings, region };
  }

  readonly fault = s3Fault;
  readonly isAboutCredentials = isAboutCredentials;
  readonly isExpired = isExpired;

  /** In the region that the answer names. Parallel requests that were refused all get the same session. */
  another(fault: S3Fault, from: S3Session): S3Session | undefined {
    const { region } = fault;
    if (region === undefined || region === from.region || !(isWrongRegion(fault) || fault.status === 400)) return undefined;
    if (this.#moved?.region !== region || this.#moved.settings !== from.settings) {
      this.#moved = this.#session(from.settings, region, from.client.config.credentials);
      this.#region = region;
    }
    return this.#moved;
  }

  explain(fault: S3Fault, { doing, where, session }: { readonly doing: string; readonly where: string; readonly session: S3Session | undefined }): SpimquantError {
    return s3Error(fault, { bucket: this.#bucket, doing, where, settings: session?.settings });
  }
}
