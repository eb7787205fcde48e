import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { TLSSocket } from 'node:tls';
import type { Environment } from '../../protocol/callerEnvironment.ts';
import type { HealthCheck } from '../../protocol/health.ts';
import { agentsFor, knowsProxies, proxyFor } from '../proxies.ts';
import { check } from './examination.ts';
import type { ExaminationContext, Trouble } from './examination.ts';
import { problem } from './remedies.ts';

/** Seconds that clocks may differ; services refuse more than five minutes (Azure, Google) or fifteen (Amazon). */
const toleratedSkew = 240;

/** An answer of a service to somebody unknown. */
interface Answer {
  readonly status: number;
  readonly milliseconds: number;
  /** `TLSv1.3`; undefined: plain http. */
  readonly tls: string | undefined;
  /** The service's clock minus ours, in milliseconds; undefined: it does not tell. */
  readonly skewMs: number | undefined;
}

/** Asks an address for nothing in particular: any answer says that there is a service. */
async function knock(address: string, { env, clock }: Pick<ExaminationContext, 'env' | 'clock'>, signal: AbortSignal): Promise<Answer> {
  const url = new URL(address);
  const { httpAgent, httpsAgent } = agentsFor(env, { keepAlive: false });
  const began = clock();
  return new Promise((resolve, reject) => {
    const secure = url.protocol === 'https:';
    const request = (secure ? httpsRequest : httpRequest)(url, { method: 'HEAD', agent: secure ? httpsAgent : httpAgent, signal }, (response) => {
      const now = clock();
      const told = Date.parse(response.headers.date ?? '');
      response.resume();
      resolve({
        status: response.statusCode ?? 0, milliseconds: now - began, tls: secure ? ((response.socket as TLSSocket).getProtocol() ?? undefined) : undefined,
        // The service's clock is told in whole seconds, somewhere between question and answer.
        skewMs: Number.isNaN(told) ? undefined : told + 500 - (began + now) / 2,
      });
    });
    request.on('error', reject);
    request.end();
  });
}

/** Whether an address can be reached, and whether its clock agrees with ours. */
export async function reachChecks(address: string, context: ExaminationContext): Promise<readonly HealthCheck[]> {
  let skewMs: number | undefined;
  const proxy = proxyFor(address, context.env);
  const reached = await check('reach', context, { endpoint: address }, async (signal) => {
    const answer = await knock(address, context, signal);
    ({ skewMs } = answer);
    if (answer.status === 407 || (proxy !== undefined && answer.status === 502)) {
      return { outcome: 'no', said: `The proxy of ${proxy?.variable ?? 'the network'} refuses the way (HTTP ${answer.status}).`, problem: problem('proxy', { endpoint: address, variable: proxy?.variable }) };
    }
    const way = proxy === undefined ? '' : knowsProxies() ? `, through the proxy of ${proxy.variable}` : '';
    return `${answer.tls === undefined ? 'Answers without encryption' : `Answers by ${answer.tls.replace('v', ' ')}`} in ${Math.max(1, Math.round(answer.milliseconds))} ms${way}.`;
  }, (error) => reachTrouble(error, address, context.env));
  if (skewMs === undefined) return [reached];
  return [reached, clockCheck(skewMs)];
}

function clockCheck(skewMs: number): HealthCheck {
  const seconds = Math.round(Math.abs(skewMs) / 1000);
  if (seconds <= 2) return { name: 'clock', outcome: 'yes', said: 'Agrees with the service\'s.' };
  const far = seconds < 120 ? `${seconds} s` : seconds < 7200 ? `${Math.round(seconds / 60)} minutes` : `${Math.round(seconds / 3600)} hours`;
  const said = `The clock of this machine is ${far} ${skewMs > 0 ? 'behind' : 'ahead of'} the service's.`;
  return seconds <= toleratedSkew ? { name: 'clock', outcome: 'yes', said } : { name: 'clock', outcome: 'no', said, problem: problem('clock') };
}

/** Why an address cannot be reached, by the system's code of the error. */
export function reachTrouble(error: unknown, endpoint: string, env: Environment): Trouble {
  const code = systemCodeOf(error);
  const proxy = proxyFor(endpoint, env);
  const known = { endpoint, variable: proxy?.variable };
  const host = URL.canParse(endpoint) ? new URL(endpoint).host : endpoint;
  if (/CERT|SELF_SIGNED|UNABLE_TO_|ERR_TLS/.test(code)) return { said: `The certificate of ${host} is not trusted (${code}).`, problem: problem('certificate', known) };
  if (code === 'EPROTO' || code.startsWith('ERR_SSL')) return { said: `${host} does not speak TLS as it should: is it http instead of https?`, problem: problem('refused', known) };
  if (proxy !== undefined && knowsProxies()) return { said: `The proxy of ${proxy.variable} (${proxy.value}) does not let requests to ${host} through (${code}).`, problem: problem('proxy', known) };
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') return { said: `The name ${host} cannot be found (${code}).`, problem: problem('name-unknown', known) };
  if (code === 'ECONNREFUSED') return { said: `Nothing answers at ${host} (${code}).`, problem: problem('refused', known) };
  return { said: `${host} cannot be reached (${code}).`, problem: problem('unreachable', known) };
}

function systemCodeOf(error: unknown): string {
  const raw = (typeof error === 'object' && error !== null ? error : {}) as { readonly code?: unknown; readonly cause?: { readonly code?: unknown }; readonly errors?: readonly { readonly code?: unknown }[] };
  return [raw.code, raw.cause?.code, raw.errors?.[0]?.code].find((code): code is string => typeof code === 'string') ?? 'no answer';
}
