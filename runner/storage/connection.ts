import { setTimeout as wait } from 'node:timers/promises';
import { SpimquantError } from '../protocol/errors.ts';
import { orCancelled, throwIfCancelled } from './cancel.ts';
import { defaultRetryPolicy, retryDelay } from './retry.ts';
import type { FaultKind, RetryPolicy } from './retry.ts';
import { Semaphore } from './semaphore.ts';

/** What an answer or fault of a service comes to, as far as every service has it. */
export interface ServiceFault {
  readonly kind: FaultKind;
  /** What a Retry-After header asked for, in milliseconds. */
  readonly askedMs: number;
}

/** What a connection takes from outside, so that tests can set it. */
export interface Surroundings {
  readonly sleep: (ms: number, signal: AbortSignal | undefined) => Promise<void>;
  /** In [0, 1). */
  readonly random: () => number;
  readonly retries: RetryPolicy;
  readonly timeouts: Timeouts;
}

/** Milliseconds for connecting, and of silence on a connection, after which a request counts as failed. */
export interface Timeouts {
  readonly connectMs: number;
  readonly silenceMs: number;
}

export const defaultTimeouts: Timeouts = { connectMs: 15_000, silenceMs: 60_000 };

export const usualSurroundings: Surroundings = {
  sleep: async (ms, signal) => wait(ms, undefined, { signal }),
  random: Math.random,
  retries: defaultRetryPolicy,
  timeouts: defaultTimeouts,
};

/** A kind of service, as far as a connection must know it. `Session`: a client with what it was made of. */
export interface Service<Session, Fault extends ServiceFault> {
  /** Makes a client, with credentials and settings read anew. */
  open(): Promise<Session>;
  /** Reads what a client threw. */
  fault(error: unknown): Fault;
  /** Whether new credentials, or a sign-in, may change the answer, so that the old ones must not be kept. */
  isAboutCredentials(fault: Fault): boolean;
  /** Whether the credentials were good and are no longer: once, a new session is tried at once. */
  isExpired(fault: Fault): boolean;
  /** A session that gets another answer (at another place, say); undefined: there is none. */
  another?(fault: Fault, from: Session): Session | undefined;
  /** The fault in words for a user. */
  explain(fault: Fault, context: { readonly doing: string; readonly where: string; readonly session: Session | undefined }): SpimquantError;
}

export const defaultConcurrency = 16;
/** A bucket is in one place; more changes than this in one operation mean that the service contradicts itself. */
const maxMoves = 2;

/**
 * The way to one bucket of any service: makes the client at first use, bounds simultaneous requests, tries again where
 * that helps, moves to where the bucket is, and takes up renewed credentials.
 */
export class Connection<Session, Fault extends ServiceFault> {
  readonly #service: Service<Session, Fault>;
  readonly #around: Surroundings;
  readonly #places: Semaphore;
  #session: Promise<Session> | undefined;
  /** Whether any request has succeeded: then the endpoint is right, and trouble to reach it will pass. */
  #reached = false;

  constructor(service: Service<Session, Fault>, concurrency: number = defaultConcurrency, surroundings: Surroundings = usualSurroundings) {
    this.#service = service;
    this.#around = surroundings;
    this.#places = new Semaphore(concurrency);
  }

  /**
   * Runs `work` (a request, or a request and the reading of its body) until it succeeds or trying again is of no use.
   * `doing` (a verb) and `where` (the full URI) are for the error. Rejects with `cancelled` as soon as the signal is aborted.
   */
  async run<T>(doing: string, where: string, signal: AbortSignal | undefined, work: (session: Session, signal: AbortSignal | undefined) => Promise<T>): Promise<T> {
    throwIfCancelled(signal, where);
    return orCancelled(this.#tryRepeatedly(doing, where, signal, work), signal, where);
  }

  async #tryRepeatedly<T>(doing: string, where: string, signal: AbortSignal | undefined, work: (session: Session, signal: AbortSignal | undefined) => Promise<T>): Promise<T> {
    let moves = 0;
    let renewed = false;
    for (let attempt = 1; ; ) {
      let session: Session | undefined;
      try {
        return await this.#places.use(async () => {
          session = await this.#open();
          const result = await work(session, signal);
          this.#reached = true;
          return result;
        }, signal, where);
      } catch (error) {
        throwIfCancelled(signal, where);
        if (error instanceof SpimquantError) throw session === undefined ? placed(error, doing, where) : error;
        const fault = this.#service.fault(error);
        const other = session === undefined || moves >= maxMoves ? undefined : this.#service.another?.(fault, session);
        if (other !== undefined) {
          moves += 1;
          this.#session = Promise.resolve(other);
          continue;
        }
        if (this.#service.isAboutCredentials(fault)) {
          // Keys may have been renewed on disk since the client read them; and a later call must see a new sign-in.
          this.#session = undefined;
          if (this.#service.isExpired(fault) && !renewed) {
            renewed = true;
            continue;
          }
        }
        const kind = fault.kind === 'unreachable' && this.#reached ? 'lost' : fault.kind;
        const delay = retryDelay(kind, attempt, this.#around.random(), this.#around.retries, fault.askedMs);
        if (delay === undefined) throw this.#service.explain(fault, { doing, where, session });
        await this.#around.sleep(delay, signal);
        attempt += 1;
      }
    }
  }

  #open(): Promise<Session> {
    if (this.#session === undefined) {
      const opening = this.#service.open();
      this.#session = opening;
      opening.catch(() => {
        if (this.#session === opening) this.#session = undefined;
      });
    }
    return this.#session;
  }
}

/** Says what could not be done for an error that only knows why, such as missing credentials. */
function placed(error: SpimquantError, doing: string, where: string): SpimquantError {
  if (error.where !== undefined || error.code === 'cancelled') return error;
  return new SpimquantError(error.code, `${error.message.replace(/\.$/, '')}: could not ${doing} ${where}`, { hint: error.hint, where, cause: error });
}
