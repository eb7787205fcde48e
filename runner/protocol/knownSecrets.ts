import { SecretFinder, secretsOfEnvironment, secretsOfJson, shortestSecret, withoutSecrets } from './secrets.ts';

/** Secrets kept at most. The oldest are given up first: tokens that have long ended. */
const limit = 400;

/**
 * The secrets that this process (or thread) has met. The one thing here that is not passed in: what comes out of a
 * process passes few places, and a secret must be known at all of them, from wherever it came.
 */
const met = new Set<string>();
let finder: SecretFinder | undefined;

/** From now on these values appear in no text that leaves this process. Values too short to be looked for are passed over. */
export function rememberSecrets(values: Iterable<string | undefined>): void {
  for (const value of values) {
    if (value === undefined || value.length < shortestSecret || met.has(value)) continue;
    met.add(value);
    finder = undefined;
    if (met.size > limit) met.delete(met.values().next().value ?? '');
  }
}

/** See {@link secretsOfEnvironment}. */
export function rememberSecretsOfEnvironment(env: Readonly<Record<string, string | undefined>>): void {
  rememberSecrets(secretsOfEnvironment(env));
}

/** See {@link secretsOfJson}. */
export function rememberSecretsOfJson(value: unknown): void {
  rememberSecrets(secretsOfJson(value));
}

/** A value whose texts are as they may leave this process. It is the same one when there is nothing to hide. */
export function hideSecretsIn<T extends object>(value: T): T {
  const text = JSON.stringify(value);
  const rest = hideSecrets(text);
  return rest === text ? value : JSON.parse(rest) as T;
}

/** A text as it may leave this process: see {@link withoutSecrets}. */
export function hideSecrets(text: string): string {
  finder ??= new SecretFinder(met);
  return withoutSecrets(text, finder);
}
