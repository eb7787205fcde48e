import { AsyncLocalStorage } from 'node:async_hooks';
import { createHash } from 'node:crypto';
import { inCallersPlace } from '../protocol/callerEnvironment.ts';
import type { Environment } from '../protocol/callerEnvironment.ts';
import { rememberSecretsOfEnvironment } from '../protocol/knownSecrets.ts';

/** The environment that holds while somebody's request is answered, and a mark that equal environments share. */
export interface AskersEnvironment {
  readonly variables: Record<string, string>;
  readonly key: string;
}

const asking = new AsyncLocalStorage<AskersEnvironment>();

/** The runner's environment with what a window brought along in hello; in memory only. */
export function environmentOf(own: Environment, caller: Environment | undefined): AskersEnvironment {
  const variables = inCallersPlace(own, caller);
  rememberSecretsOfEnvironment(variables);
  const text = JSON.stringify(Object.entries(variables).sort(([a], [b]) => (a < b ? -1 : 1)));
  return { variables, key: createHash('sha256').update(text).digest('base64url') };
}

/** Does something, and all that comes of it, in the environment of whoever asks for it. */
export function inEnvironmentOf<T>(asker: AskersEnvironment, work: () => T): T {
  return asking.run(asker, work);
}

/** The environment that holds now; undefined outside of requests. For threads that carry out a part of a request. */
export function currentAsker(): AskersEnvironment | undefined {
  return asking.getStore();
}

/**
 * Tells environments apart. What was opened or read with one must not serve another, which may have other rights.
 * Empty outside of requests.
 */
export function askersKey(): string {
  return asking.getStore()?.key ?? '';
}

/**
 * From now on `process.env` is the environment of whose request is being answered, and outside of requests the process's
 * own. The providers' libraries look for credentials and proxies there, each at many places and whenever it needs them;
 * the runner, however, outlives the terminal or window that started it, and serves several.
 */
export function lendEnvironment(): void {
  const own = process.env;
  const current = (): NodeJS.ProcessEnv => asking.getStore()?.variables ?? own;
  process.env = new Proxy<NodeJS.ProcessEnv>({}, {
    get: (_none, name) => Reflect.get(current(), name) as unknown,
    set: (_none, name, value) => Reflect.set(current(), name, String(value)),
    has: (_none, name) => Reflect.has(current(), name),
    deleteProperty: (_none, name) => Reflect.deleteProperty(current(), name),
    ownKeys: () => Reflect.ownKeys(current()),
    getOwnPropertyDescriptor: (_none, name) => {
      const found = Reflect.getOwnPropertyDescriptor(current(), name);
      return found === undefined ? undefined : { ...found, configurable: true };
    },
    defineProperty: (_none, name, descriptor) => Reflect.defineProperty(current(), name, descriptor),
  });
}
