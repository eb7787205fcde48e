import { SpimquantError } from '../protocol/errors.ts';
import type { ErrorCode } from '../protocol/errors.ts';
import type { ServiceFault } from '../storage/connection.ts';
import type { FaultKind } from '../storage/retry.ts';
import type { TokenSource } from './token.types.ts';

/** An answer of Coiled that is a refusal. Holds neither token nor body of the request. */
export class CoiledRefusal extends Error {
  readonly status: number;
  /** Coiled's own, such as `PERMISSIONS_ERROR`. */
  readonly reason: string | undefined;
  /** Coiled's own sentence, without secrets; empty: none. */
  readonly text: string;
  readonly askedMs: number;
  /** Whether the request may have had an effect when its answer is a fault of the service. */
  readonly once: boolean;

  constructor(status: number, reason: string | undefined, text: string, askedMs: number, once: boolean) {
    super(`HTTP ${status}${reason === undefined ? '' : ` ${reason}`}`);
    this.name = 'CoiledRefusal';
    this.status = status;
    this.reason = reason;
    this.text = text;
    this.askedMs = askedMs;
    this.once = once;
  }
}

/** The line failed. `cause` is what the system threw. */
export class CoiledLineFault extends Error {
  /** Whether it failed before anything can have been sent. */
  readonly unsent: boolean;
  readonly once: boolean;

  constructor(cause: unknown, once: boolean) {
    super('The line to Coiled failed', { cause });
    this.name = 'CoiledLineFault';
    this.unsent = isUnsent(cause);
    this.once = once;
  }
}

/** What became of a request, as far as can be told. */
export type Fate = 'refused' | 'not-sent' | 'unknown';

export interface CoiledFault extends ServiceFault {
  /** HTTP status; undefined: there was no answer. */
  readonly status: number | undefined;
  /** Coiled's own reason, or a system code (`ECONNRESET`), or the name of an error. */
  readonly code: string;
  readonly text: string;
  readonly fate: Fate;
}

const unreachable = new Set(['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH', 'EHOSTDOWN', 'ENETDOWN']);
const passing = new Set(['ECONNRESET', 'EPIPE', 'ECONNABORTED', 'ETIMEDOUT', 'ERR_STREAM_PREMATURE_CLOSE', 'SyntaxError']);

/** Reads what a request threw. Pure. */
export function coiledFault(error: unknown): CoiledFault {
  if (error instanceof CoiledRefusal) {
    const { status, reason, text, askedMs, once } = error;
    // What stands between us and Coiled (502, 504), and Coiled in trouble (500, 503), may have let the request take effect.
    const unsure = status >= 500 || status === 408;
    return { kind: kindOfStatus(status, once), code: reason ?? `HTTP ${status}`, status, text, askedMs, fate: unsure ? 'unknown' : 'refused' };
  }
  const line = error instanceof CoiledLineFault ? error : new CoiledLineFault(error, false);
  const code = systemCodeOf(line.cause);
  const again = !line.once || line.unsent;
  const kind: FaultKind = !again ? 'final' : unreachable.has(code) ? 'unreachable' : passing.has(code) || code.startsWith('HPE_') || /socket hang up/i.test(messageOf(line.cause)) ? 'transient' : 'final';
  return { kind, code, status: undefined, text: '', askedMs: 0, fate: line.unsent ? 'not-sent' : 'unknown' };
}

function kindOfStatus(status: number, once: boolean): FaultKind {
  if (status === 429) return 'throttled';
  if (status === 503) return once ? 'final' : 'throttled';
  if (status >= 500 || status === 408) return once || status === 501 ? 'final' : 'transient';
  return 'final';
}

/** Whether there was no connection, or none that could be trusted: then nothing was sent. */
function isUnsent(error: unknown): boolean {
  const code = systemCodeOf(error);
  if (/CERT|SELF_SIGNED|UNABLE_TO_|ERR_TLS|ERR_SSL|ERR_PROXY/.test(code) || code === 'EPROTO' || unreachable.has(code)) return true;
  const raw = (typeof error === 'object' && error !== null ? error : {}) as { readonly syscall?: unknown; readonly errors?: readonly { readonly syscall?: unknown }[] };
  return [raw.syscall, raw.errors?.[0]?.syscall].some((call) => call === 'connect' || call === 'getaddrinfo');
}

function systemCodeOf(error: unknown): string {
  const raw = (typeof error === 'object' && error !== null ? error : {}) as { readonly code?: unknown; readonly name?: unknown; readonly errors?: readonly { readonly code?: unknown }[] };
  return [raw.code, raw.errors?.[0]?.code, raw.name].find((code): code is string => typeof code === 'string' && code !== '') ?? 'Error';
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : '';
}

/** Whether the token is not accepted. */
export function isTokenRefused({ status }: CoiledFault): boolean {
  return status === 401;
}

/** Whether the workspace is out of credits, or of what its cloud lets it have. */
export function isQuota({ status, text, code }: CoiledFault): boolean {
  return status === 402 || (status !== undefined && status < 500 && status !== 429 && /quota|out of credits|payment/i.test(`${code} ${text}`));
}

/** Whether the workspace has no cloud yet. */
export function hasNoCloud({ code }: CoiledFault): boolean {
  return code === 'NO_CLOUD_SETUP';
}

export interface CoiledContext {
  readonly server: string;
  /** A verb with what: `create the cluster "x"`. */
  readonly doing: string;
  readonly source: TokenSource | undefined;
}

/** An error with what became of the request. */
export class CoiledError extends SpimquantError {
  readonly fate: Fate;
  readonly status: number | undefined;

  constructor(code: ErrorCode, message: string, hint: string, fault: CoiledFault, server: string) {
    super(code, message, { hint, where: server, cause: new Error([fault.code, fault.status === undefined ? '' : `HTTP ${fault.status}`].filter((fact) => fact !== '').join(', ')) });
    this.fate = fault.fate;
    this.status = fault.status;
  }
}

/** Puts a fault into words for a user. */
export function coiledError(fault: CoiledFault, context: CoiledContext): CoiledError {
  const { code, message, hint } = explain(fault, context);
  return new CoiledError(code, message, hint, fault, context.server);
}

interface Explanation {
  readonly code: ErrorCode;
  readonly message: string;
  readonly hint: string;
}

function explain(fault: CoiledFault, { server, doing, source }: CoiledContext): Explanation {
  const said = fault.text === '' ? '' : `: ${fault.text.replace(/\.$/, '')}`;
  const answer = fault.status === undefined ? fault.code : fault.code === `HTTP ${fault.status}` ? fault.code : `${fault.code}, HTTP ${fault.status}`;
  const could = `could not ${doing} (${answer})`;
  if (isTokenRefused(fault)) return { code: 'auth-expired', message: `Coiled does not accept the token${source === undefined ? '' : ` ${sourceInWords(source)}`}: ${could}`, hint: howToSignIn(source) };
  if (hasNoCloud(fault)) return { code: 'access-denied', message: `The workspace has no cloud${said}: ${could}`, hint: 'Connect it to your cloud with "coiled setup aws" (or gcp, azure), and try again.' };
  if (isQuota(fault)) return { code: 'cost-limit', message: `Coiled's quota is used up${said}: ${could}`, hint: `See credits and limits at ${server}, or ask the owner of the workspace.` };
  switch (fault.status) {
    case 403: return { code: 'access-denied', message: `Coiled does not allow it${said}: ${could}`, hint: 'Check which workspace is used, and ask its owner for the right to create clusters.' };
    case 404: return { code: 'not-found', message: `Coiled does not know it${said}: ${could}`, hint: 'Check the name of the workspace, and whether the cluster or job was deleted.' };
    case 409: return { code: 'already-exists', message: `It is there already, or being changed${said}: ${could}`, hint: 'Try again in a moment; for a new cluster choose another name.' };
    case 426: return { code: 'access-denied', message: `Coiled asks for a newer program${said}: ${could}`, hint: 'Look for a newer version of SPIMquant.' };
    case 429: return { code: 'throttled', message: `Coiled kept asking for fewer requests: ${could}`, hint: 'Wait a few minutes and try again: what runs goes on.' };
    case undefined: break;
    default:
      if (fault.status < 500) return { code: 'bad-option', message: `Coiled refuses it${said}: ${could}`, hint: 'Correct what the message names; the settings of the cloud are described in docs/coiled.md.' };
  }
  if (/CERT|SELF_SIGNED|UNABLE_TO_|ERR_TLS/.test(fault.code)) return { code: 'network', message: `The certificate of ${server} is not trusted: ${could}`, hint: 'If your network uses its own certificate, name its file in NODE_EXTRA_CA_CERTS.' };
  if (fault.fate === 'not-sent') return { code: 'network', message: `${server} cannot be reached: ${could}`, hint: 'Check the network, a proxy or VPN, and the address of Coiled.' };
  return { code: 'network', message: `Coiled did not answer as it should${said}: ${could}`, hint: 'Try again in a few minutes, and look at https://status.coiled.io if it stays so: what runs goes on.' };
}

/** `of the variable DASK_COILED__TOKEN`. */
export function sourceInWords(source: TokenSource): string {
  switch (source.kind) {
    case 'variable': return `of the variable ${source.name}`;
    case 'file': return `in ${source.path}`;
    case 'editor': return 'that the editor keeps';
  }
}

/** How a token is renewed, by where it is from. */
export function howToSignIn(source: TokenSource | undefined): string {
  switch (source?.kind) {
    case 'variable': return `Set ${source.name} to a new token, and start the editor from that terminal.`;
    case 'editor': return 'Sign in again with the command "SPIMquant: Sign in to Coiled".';
    default: return 'Sign in with "coiled login" in a terminal, or with the command "SPIMquant: Sign in to Coiled".';
  }
}
