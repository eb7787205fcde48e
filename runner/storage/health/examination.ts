import { reportError } from '../../protocol/errors.ts';
import type { CheckName, HealthCheck, HealthProblem } from '../../protocol/health.ts';
import { orCancelled, throwIfCancelled } from '../cancel.ts';
import type { RetryPolicy } from '../retry.ts';
import { defaultRetryPolicy } from '../retry.ts';
import { usualSurroundings } from '../connection.ts';
import type { Surroundings } from '../connection.ts';
import { problem } from './remedies.ts';
import type { Known } from './remedies.ts';

/** What examining a service takes from outside. */
export interface ExaminationContext {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly signal: AbortSignal;
  /** Milliseconds since the epoch. */
  readonly clock: () => number;
  /** Milliseconds that one check may take. */
  readonly patienceMs: number;
}

/** What a check found out: a sentence, with what it means when that is not `yes`. */
export type Found = string | { readonly outcome: HealthCheck['outcome']; readonly said: string; readonly problem?: HealthProblem };

/** What a fault comes to: words, and the step that mends it where there is one. */
export interface Trouble {
  readonly said: string;
  readonly problem: HealthProblem;
}

/** A check is told soon, not when every attempt has been made. */
const retries: RetryPolicy = { ...defaultRetryPolicy, attempts: { throttled: 2, transient: 2, unreachable: 1, lost: 1, clock: 2, final: 1 } };

/** Connections for checks: few attempts, and no more patience than the check has, which is what tells of it. */
export function hastySurroundings(patienceMs: number): Surroundings {
  return { ...usualSurroundings, retries, timeouts: { connectMs: 2 * patienceMs, silenceMs: 2 * patienceMs } };
}

/** Its time was over. */
class TooSlow extends Error {}

/**
 * Does a check within its time. What it throws is explained; a thing that hangs is given up and told as that. Rejects
 * with `cancelled` as soon as the signal is aborted, and never with anything else.
 */
export async function check(
  name: CheckName, { signal, patienceMs }: Pick<ExaminationContext, 'signal' | 'patienceMs'>, known: Known,
  work: (signal: AbortSignal) => Promise<Found>, explain: (error: unknown) => Trouble,
): Promise<HealthCheck> {
  throwIfCancelled(signal, name);
  const own = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  try {
    const late = new Promise<never>((_resolve, reject) => {
      timer = setTimeout(() => {
        reject(new TooSlow());
        own.abort();
      }, patienceMs);
    });
    const found = await orCancelled(Promise.race([work(AbortSignal.any([signal, own.signal])), late]), signal, name);
    return { name, ...(typeof found === 'string' ? { outcome: 'yes', said: found } : found) };
  } catch (error) {
    throwIfCancelled(signal, name);
    if (error instanceof TooSlow) {
      return { name, outcome: 'unknown', said: `No answer within ${Math.round(patienceMs / 1000)} s.`, problem: problem('slow', known) };
    }
    return { name, outcome: 'no', ...explain(error) };
  } finally {
    clearTimeout(timer);
  }
}

/** Whatever nobody thought of, in its own words. Messages of foreign libraries may repeat what they were given, so none is shown. */
export function unforeseen(error: unknown): Trouble {
  const { code, message } = reportError(error);
  return { said: code === 'internal' ? 'Something went wrong that is not foreseen.' : message, problem: problem('unforeseen') };
}
