import type { Environment } from '../protocol/callerEnvironment.ts';

/** A variable's value; undefined when it is empty or blank. */
export function variable(env: Environment, name: string): string | undefined {
  const value = env[name]?.trim();
  return value === undefined || value === '' ? undefined : value;
}

/** Where the user's own files are, as the providers' tools see it. */
export function homeOf(env: Environment): string {
  return variable(env, 'HOME') ?? variable(env, 'USERPROFILE') ?? '';
}
