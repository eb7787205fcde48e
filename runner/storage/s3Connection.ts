import { setTimeout as wait } from 'node:timers/promises';
import type { S3Client } from '@aws-sdk/client-s3';
import { SpimquantError } from '../protocol/errors.ts';
import { orCancelled, throwIfCancelled } from './cancel.ts';
import type { StorageOptions } from './objectStore.ts';
import { defaultRetryPolicy, retryDelay } from './retry.ts';
import type { RetryPolicy } from './retry.ts';
import { defaultTimeouts, loadS3Settings, makeS3Client, s3Credentials } from './s3Client.ts';
import type { S3Timeouts } from './s3Client.ts';
import { isAboutCredentials, isExpired, isWrongRegion, s3Error, s3Fault } from './s3Errors.ts';
import type { S3Settings } from './s3Settings.ts';
import { Semaphore } from './semaphore.ts';

/** What a connection takes from outside, so that tests can set it. */
export interface S3Surroundings {
  readonly sleep: (ms: number, signal: AbortSignal | undefined) => Promise<void>;
  /** In [0, 1). */
  readonly random: () => number;
  readonly retries: RetryPolicy;
  readonly timeouts: S3Timeouts;
}

const usualSurroundings: S3Surroundings = {
  sleep: async (ms, signal) => wait(ms, undefined, { signal }),
  random: Math.random,
  retries: defaultRetryPolicy,
  timeouts: defaultTimeouts,
};

/** One request, or a request and the reading of its body. */
export type S3Work<T> = (client: S3Client, settings: S3Settings, signal: AbortSignal | undefined) => Promise<T>;

interface Session {
  readonly client: S3Client;
  readonly settings: S3Settings;
  readonly region: string;
}

const defaultConcurrency = 16;
/** A bucket has one region; more changes than this in one operation mean that service and endpoint disagree. */
const maxRedirects = 2;

/**
 * The way to one bucket: makes the client at first use, bounds simultaneous requests, tries again where that helps,
 * moves to the bucket's region once it is known, and takes up renewed credentials.
 */
export class S3Connection {
  readonly bucket: string;
  readonly #options: StorageOptions;
  readonly #around: S3Surroundings;
  readonly #places: Semaphore;
  readonly #sockets: number;
  #region: string | undefined;
  #session: Promise<Session> | undefined;
  /** Whether any request has succeeded: then the endpoint is right, and trouble to reach it will pass. */
  #reached = false;

  constructor(bucket: string, options: StorageOptions, surroundings: Partial<S3Surroundings> = {}) {
    this.bucket = bucket;
    this.#options = options;
    this.#around = { ...usualSurroundings, ...surroundings };
    this.#sockets = options.concurrency ?? defaultConcurrency;
    this.#places = new Semaphore(this.#sockets);
  }

  /**
   * Runs `work` until it succeeds or trying again is of no use. `doing` (a verb) and `where` (the full URI) are for the
   * error. Rejects with `cancelled` as soon as the signal is aborted.
   */
  async run<T>(doing: string, where: string, signal: AbortSignal | undefined, work: S3Work<T>): Promise<T> {
    throwIfCancelled(signal, where);
    return orCancelled(this.#tryRepeatedly(doing, where, signal, work), signal, where);
  }

  async #tryRepeatedly<T>(doing: string, where: string, signal: AbortSignal | undefined, work: S3Work<T>): Promise<T> {
    let redirects = 0;
    let renewed = false;
    for (let attempt = 1; ; ) {
      let session: Session | undefined;
      try {
        return await this.#places.use(async () => {
          session = await this.#open();
          const result = await work(session.client, session.settings, signal);
          this.#reached = true;
          return result;
        }, signal, where);
      } catch (error) {
        throwIfCancelled(signal, where);
        if (error instanceof SpimquantError) throw error;
        const fault = s3Fault(error);
        if (session && fault.region !== undefined && fault.region !== session.region && (isWrongRegion(fault) || fault.status === 400) && redirects < maxRedirects) {
          redirects += 1;
          this.#moveTo(fault.region, session);
          continue;
        }
        if (isAboutCredentials(fault)) {
          // Keys may have been renewed on disk since the client read them; and a later call must see a new sign-in.
          this.#forget();
          if (isExpired(fault) && !renewed) {
            renewed = true;
            continue;
          }
        }
        const kind = fault.kind === 'unreachable' && this.#reached ? 'lost' : fault.kind;
        const delay = retryDelay(kind, attempt, this.#around.random(), this.#around.retries, fault.askedMs);
        if (delay === undefined) throw s3Error(fault, { bucket: this.bucket, doing, where, settings: session?.settings });
        await this.#around.sleep(delay, signal);
        attempt += 1;
      }
    }
  }

  #open(): Promise<Session> {
    if (this.#session === undefined) {
      const opening = this.#connect();
      this.#session = opening;
      opening.catch(() => this.#forget());
    }
    return this.#session;
  }

  async #connect(): Promise<Session> {
    const settings = await loadS3Settings(this.#options);
    const region = this.#region ?? settings.region;
    const client = makeS3Client(settings, region, s3Credentials(settings), this.#sockets, this.#around.timeouts);
    return { client, settings, region };
  }

  /** Uses another region from now on, unless a parallel request has already brought that about. */
  #moveTo(region: string, from: Session): void {
    if (this.#region === region) return;
    this.#region = region;
    const { settings } = from;
    const client = makeS3Client(settings, region, from.client.config.credentials, this.#sockets, this.#around.timeouts);
    this.#session = Promise.resolve({ client, settings, region });
  }

  #forget(): void {
    this.#session = undefined;
  }
}
