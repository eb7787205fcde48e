import { Agent as HttpAgent } from 'node:http';
import type { AgentOptions } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import type { Environment } from '../protocol/callerEnvironment.ts';
import type { ProxyVariable } from '../protocol/health.ts';
import { variable } from './environment.ts';

const names = ['HTTPS_PROXY', 'HTTP_PROXY', 'ALL_PROXY', 'NO_PROXY'];

/** The proxies that the environment names, without user names and passwords. Small letters win, as in curl. */
export function proxiesOf(env: Environment): readonly ProxyVariable[] {
  return names.flatMap((upper): ProxyVariable[] => {
    const found = [upper.toLowerCase(), upper].find((name) => variable(env, name) !== undefined);
    return found === undefined ? [] : [{ variable: found, value: withoutUser(variable(env, found) ?? '') }];
  });
}

/** The variable whose proxy requests to an address go through; undefined: they go straight. */
export function proxyFor(address: string, env: Environment): ProxyVariable | undefined {
  if (!URL.canParse(address)) return undefined;
  const { protocol, hostname } = new URL(address);
  const proxies = proxiesOf(env);
  const past = proxies.find(({ variable: name }) => /^no_proxy$/i.test(name))?.value ?? '';
  if (past.split(/[\s,]+/).some((entry) => entry === '*' || matches(hostname, entry))) return undefined;
  const wanted = protocol === 'https:' ? /^https_proxy$/i : /^http_proxy$/i;
  return proxies.find(({ variable: name }) => wanted.test(name));
}

function matches(host: string, entry: string): boolean {
  const name = entry.replace(/:\d+$/, '').replace(/^\*?\./, '').toLowerCase();
  return name !== '' && (host === name || host.endsWith(`.${name}`));
}

function withoutUser(address: string): string {
  return address.replace(/^([a-z0-9+.-]+:\/\/)?[^/@]*@/i, '$1');
}

/** Whether this Node can send requests through proxies that an environment names: 22.21, 24.5 and newer. */
export function knowsProxies(version: string = process.versions.node): boolean {
  const [major, minor] = version.split('.').map(Number);
  return major > 24 || (major === 24 && minor >= 5) || (major === 22 && minor >= 21);
}

/** Agents whose requests go through the proxies that the environment names (HTTPS_PROXY, HTTP_PROXY, NO_PROXY), where Node can do that. */
export function agentsFor(env: Environment, options: AgentOptions): { readonly httpAgent: HttpAgent; readonly httpsAgent: HttpsAgent } {
  const proxied = proxiesOf(env).length > 0 && knowsProxies() ? { ...options, proxyEnv: { ...env } } : options;
  return { httpAgent: new HttpAgent(proxied), httpsAgent: new HttpsAgent(proxied) };
}
