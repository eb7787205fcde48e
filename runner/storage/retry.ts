/** Why a request failed, as far as it matters for trying again. */
export type FaultKind =
  /** The service asks for fewer requests (503 SlowDown, 429). */
  | 'throttled'
  /** A fault of the service (5xx), or of the line once connected: resets, cut-off bodies, silence. */
  | 'transient'
  /** No connection at all: wrong host, nothing listening, no network. Waiting seldom helps. */
  | 'unreachable'
  /** No connection to a service that answered before: the network is away for a while (a lid closed, another Wi-Fi). */
  | 'lost'
  /** The clock differs from the service's; the client corrects itself after the first refusal. */
  | 'clock'
  /** Trying again gives the same answer. */
  | 'final';

export interface RetryPolicy {
  /** Attempts in all, by kind of fault; 1 means no second attempt. */
  readonly attempts: Readonly<Record<FaultKind, number>>;
  /** Upper bound of the first wait in milliseconds; it doubles with every attempt. */
  readonly baseMs: Readonly<Record<FaultKind, number>>;
  /** Upper bound of any wait in milliseconds. */
  readonly capMs: number;
}

export const defaultRetryPolicy: RetryPolicy = {
  attempts: { throttled: 10, transient: 8, unreachable: 4, lost: 14, clock: 2, final: 1 },
  baseMs: { throttled: 500, transient: 100, unreachable: 200, lost: 500, clock: 0, final: 0 },
  capMs: 20_000,
};

/**
 * How long to wait before the next attempt, in milliseconds; undefined when there should be none.
 * Full jitter: uniform between zero and the doubling bound, so that many clients do not come back at once
 * (AWS Architecture Blog, "Exponential backoff and jitter", 2015). A wait the service asked for is the least.
 *
 * @param attempt how many attempts were made, 1 or more
 * @param random a number in [0, 1)
 * @param askedMs what a Retry-After header asked for
 */
export function retryDelay(kind: FaultKind, attempt: number, random: number, policy: RetryPolicy = defaultRetryPolicy, askedMs: number = 0): number | undefined {
  if (attempt >= policy.attempts[kind]) return undefined;
  const bound = Math.min(policy.capMs, policy.baseMs[kind] * 2 ** (attempt - 1));
  return Math.min(policy.capMs, Math.max(askedMs, random * bound));
}
