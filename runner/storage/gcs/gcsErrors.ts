import { SpimquantError } from '../../protocol/errors.ts';
import type { ErrorCode } from '../../protocol/errors.ts';
import { ChangedObject, TruncatedBody } from '../bodyFaults.ts';
import type { ServiceFault } from '../connection.ts';
import type { FaultKind } from '../retry.ts';
import { GcsRefusal } from './gcsClient.ts';
import { waysToSignIn } from './gcsCredentials.ts';
import type { GcsSettings } from './gcsSettings.ts';

/** What an answer or fault comes to. */
export interface GcsFault extends ServiceFault {
  /** The service's reason (`notFound`), a system code (`ECONNRESET`), or the name of the error. */
  readonly code: string;
  /** HTTP status, when there was an answer. */
  readonly status: number | undefined;
  /** The service's own sentence. Never shown as it stands: it may repeat parts of the request. */
  readonly text: string;
  /** `tokens`: it came while a token was asked for. */
  readonly from: 'storage' | 'tokens';
}

const passing = new Set(['ECONNRESET', 'EPIPE', 'ECONNABORTED', 'ETIMEDOUT', 'ERR_STREAM_PREMATURE_CLOSE']);
const unreachable = new Set(['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH', 'EHOSTDOWN', 'ENETDOWN']);
const throttling = new Set(['rateLimitExceeded', 'userRateLimitExceeded', 'SlowDown']);

/** Reads what a request threw. Pure. */
export function gcsFault(error: unknown): GcsFault {
  const refusal = error instanceof GcsRefusal ? error : tokenRefusal(error);
  if (refusal !== undefined) {
    const { status, reason, text, askedMs, from } = refusal;
    return { kind: kindOfRefusal(refusal), code: reason ?? `HTTP ${status}`, status, askedMs, text, from };
  }
  const raw = (typeof error === 'object' && error !== null ? error : {}) as RawError;
  const code = firstText(raw.code, raw.cause?.code, raw.errors?.[0]?.code, raw.name) ?? 'Error';
  // Requests for tokens are the library's, whose errors have what was asked for.
  return { kind: kindOf(error, code), code, status: undefined, askedMs: 0, text: raw.message ?? '', from: raw.config === undefined ? 'storage' : 'tokens' };
}

interface RawError {
  readonly name?: string;
  readonly message?: string;
  readonly code?: unknown;
  readonly cause?: { readonly code?: unknown };
  /** Of an AggregateError: connecting failed on every address of a host. */
  readonly errors?: readonly { readonly code?: unknown }[];
  readonly config?: unknown;
  readonly status?: unknown;
  readonly response?: { readonly status?: unknown; readonly data?: unknown };
}

function firstText(...values: readonly unknown[]): string | undefined {
  return values.find((value): value is string => typeof value === 'string' && value !== '');
}

/** What a token service said, of the library's error; undefined when there was no answer. */
function tokenRefusal(error: unknown): GcsRefusal | undefined {
  const { response } = (typeof error === 'object' && error !== null ? error : {}) as RawError;
  if (typeof response?.status !== 'number') return undefined;
  const data = (typeof response.data === 'object' && response.data !== null ? response.data : {}) as { readonly error?: unknown; readonly error_description?: unknown };
  const inner = (typeof data.error === 'object' && data.error !== null ? data.error : {}) as { readonly status?: unknown; readonly message?: unknown };
  return new GcsRefusal(response.status, firstText(data.error, inner.status), firstText(data.error_description, inner.message) ?? '', 0, 'tokens');
}

function kindOfRefusal({ status, reason, text }: GcsRefusal): FaultKind {
  if (status === 429 || status === 503 || throttling.has(reason ?? '')) return 'throttled';
  // 408: the service waited in vain.
  if ((status >= 500 && status !== 501 && status !== 507) || status === 408) return 'transient';
  if (status === 400 && /doesn't match calculated|does not match the (?:CRC32C|MD5)|BadDigest/i.test(`${reason} ${text}`)) return 'transient';
  return 'final';
}

function kindOf(error: unknown, code: string): FaultKind {
  if (unreachable.has(code)) return 'unreachable';
  // An answer cut off in mid-text cannot be read as JSON.
  if (passing.has(code) || code.startsWith('HPE_') || error instanceof TruncatedBody || error instanceof ChangedObject || error instanceof SyntaxError) return 'transient';
  if (/socket hang up|premature close|network timeout/i.test((error as RawError).message ?? '') || code === 'AbortError' || code === 'TimeoutError') return 'transient';
  return 'final';
}

/** Whether the fault says that there is no such object. A missing bucket is another matter. */
export function isMissingObject(fault: GcsFault): boolean {
  return fault.status === 404 && !isMissingBucket(fault);
}

/** Whether the fault says that there is no such bucket. */
export function isMissingBucket(fault: GcsFault): boolean {
  return fault.status === 404 && (/bucket.*does not exist/i.test(fault.text) || fault.code === 'NoSuchBucket');
}

/** Whether the credentials were good and are no longer. */
export function isExpired(fault: GcsFault): boolean {
  if (fault.from === 'tokens') return fault.code === 'invalid_grant' && !isWrongKey(fault) && !isWrongClock(fault);
  return fault.status === 401 && !isAnonymous(fault);
}

/** Whether the service asks for credentials where there were none. Where content was asked for, it says so in plain text. */
function isAnonymous({ code, text }: GcsFault): boolean {
  return code === 'required' || /^anonymous caller|login required/i.test(text);
}

/** Whether the key of an account, or the account, is not what Google has. */
export function isWrongKey({ from, code, text }: GcsFault): boolean {
  return from === 'tokens' && (code === 'invalid_client' || code === 'unauthorized_client' || (code === 'invalid_grant' && /signature|account not found|invalid jwt|disabled|deleted/i.test(text)));
}

/** Whether Google does not take the time that a request for a token names. */
export function isWrongClock({ from, text }: GcsFault): boolean {
  return from === 'tokens' && /short-lived token|reasonable timeframe|iat and exp/i.test(text);
}

/** Whether new credentials, or a sign-in, may change the answer, so that the old ones must not be kept. */
export function isAboutCredentials(fault: GcsFault): boolean {
  return isExpired(fault) || (fault.from === 'tokens' && fault.kind === 'final');
}

/** What the error is about. */
export interface GcsContext {
  readonly bucket: string;
  /** Full URI of the object or folder. */
  readonly where: string;
  /** A verb: `read`, `list`, `write`, `delete`. */
  readonly doing: string;
  readonly settings: GcsSettings | undefined;
}

/** Puts a fault into words for a user. The cause it carries is made anew: errors of requests drag the whole request along, token included. */
export function gcsError(fault: GcsFault, context: GcsContext): SpimquantError {
  const { code, message, hint } = explain(fault, context);
  const facts = [fault.code, fault.status === undefined ? '' : `HTTP ${fault.status}`, fault.from === 'tokens' ? 'while asking for a token' : ''];
  return new SpimquantError(code, message, { hint, where: context.where, cause: new Error(facts.filter((fact) => fact !== '').join(', ')) });
}

interface Explanation {
  readonly code: ErrorCode;
  readonly message: string;
  readonly hint: string;
}

function explain(fault: GcsFault, context: GcsContext): Explanation {
  const { bucket, where, doing, settings } = context;
  const answer = fault.status === undefined ? fault.code : fault.code === `HTTP ${fault.status}` ? fault.code : `${fault.code}, HTTP ${fault.status}`;
  const at = fault.from === 'tokens' ? 'The token service of Google' : settings === undefined || settings.isGoogle ? 'Google Cloud Storage' : settings.endpoint;
  const account = settings?.credentials?.file?.account;
  const file = settings?.credentials?.file?.path;

  if (isWrongClock(fault)) {
    return { code: 'access-denied', message: `The clock of this machine is wrong: could not ${doing} ${where}`, hint: 'Set the time (for example with timedatectl set-ntp true) and run the same command again.' };
  }
  if (isExpired(fault)) {
    const isKey = settings?.credentials?.file?.kind === 'service-account';
    const remedy = isKey ? `Make a new key for ${account ?? 'the service account'} and put it into ${file ?? 'the credentials file'}` : 'Sign in again with "gcloud auth application-default login"';
    return { code: 'auth-expired', message: `The Google Cloud sign-in has expired or was withdrawn: could not ${doing} ${where}`, hint: `${remedy}, and run the same command again: finished work is kept.` };
  }
  if (isWrongKey(fault)) {
    return {
      code: 'access-denied', message: `Google refuses the credentials${file === undefined ? '' : ` in ${file}`}: could not ${doing} ${where} (${answer})`,
      hint: `Check that ${account ?? 'the account'} still exists and the key was not deleted, and make a new one if need be (gcloud iam service-accounts keys create), or sign in with "gcloud auth application-default login".`,
    };
  }
  if (fault.from === 'tokens' && fault.kind === 'final' && fault.status !== undefined) {
    return { code: 'access-denied', message: `No token could be had with the Google Cloud credentials: could not ${doing} ${where} (${answer})`, hint: `Check the credentials file${file === undefined ? '' : ` ${file}`} and the rights of the account in it. ${waysToSignIn}` };
  }
  if (/requester pays/i.test(fault.text) && settings?.requesterPays !== true) {
    return { code: 'requester-pays', message: `The owner of the bucket lets readers pay: could not ${doing} ${where} (${answer})`, hint: 'Add --requester-pays, and --gcs-project with the project that is then billed for requests and transfer.' };
  }
  if (settings?.payer !== undefined && (fault.code === 'UserProjectInvalid' || /user project|serviceusage|to use project/i.test(fault.text))) {
    return { code: 'access-denied', message: `The project "${settings.payer}" cannot pay for this: could not ${doing} ${where} (${answer})`, hint: 'Name a project with --gcs-project in which you have roles/serviceusage.serviceUsageConsumer and billing is on.' };
  }
  // What is written to, or listed, is there unless its bucket is not.
  if (isMissingBucket(fault) || (fault.status === 404 && (doing === 'write' || doing === 'list'))) {
    return { code: 'not-found', message: `There is no bucket named "${bucket}" at ${at}: could not ${doing} ${where}`, hint: 'Check the spelling, and --gcs-endpoint if the bucket is not at Google.' };
  }
  if (fault.status === 404) return { code: 'not-found', message: `There is no such object: ${where}`, hint: 'Check the spelling; another program may have deleted it.' };
  if (fault.status === 412) return { code: 'already-exists', message: `It exists already: ${where}`, hint: 'Choose another name, or delete it first.' };
  if (fault.kind === 'throttled') {
    return { code: 'throttled', message: `${at} kept asking for fewer requests: could not ${doing} ${where} (${answer})`, hint: 'Wait a while and run the same command again, with fewer --cores: finished work is kept.' };
  }
  if (fault.status === 401 || fault.status === 403) return explainDenied(fault, context, answer);
  if (fault.status === 400) return explainBadRequest(fault, context, answer);
  if (fault.status === 507 || /storage quota/i.test(fault.text)) {
    return { code: 'disk-full', message: `The bucket has no room left: could not ${doing} ${where} (${answer})`, hint: 'Free some space or raise the quota, and run the same command again: finished work is kept.' };
  }
  if (/CERT|SELF_SIGNED|UNABLE_TO_VERIFY|ERR_TLS/.test(fault.code)) {
    return { code: 'network', message: `The certificate of ${at} is not trusted: could not ${doing} ${where} (${fault.code})`, hint: 'If your network uses its own certificate, name its file in NODE_EXTRA_CA_CERTS.' };
  }
  if (fault.kind === 'unreachable') {
    return { code: 'network', message: `${at} cannot be reached: could not ${doing} ${where} (${answer})`, hint: 'Check the network, a proxy or VPN, and the endpoint.' };
  }
  return { code: 'network', message: `${at} did not answer as it should: could not ${doing} ${where} (${answer})`, hint: 'If it happens again, check the network and the state of the service, then run the same command again: finished work is kept.' };
}

const roles: Readonly<Record<string, string>> = { read: 'roles/storage.objectViewer', list: 'roles/storage.objectViewer', write: 'roles/storage.objectUser', delete: 'roles/storage.objectUser' };

function explainDenied(fault: GcsFault, { bucket, where, doing, settings }: GcsContext, answer: string): Explanation {
  if (settings?.anonymous === true || settings?.credentials === undefined) {
    return { code: 'access-denied', message: `Not open to the public: could not ${doing} ${where} (${answer})`, hint: 'Leave out --anonymous and use credentials that may read the bucket.' };
  }
  if (/kms|cryptoKey/i.test(fault.text)) {
    return { code: 'access-denied', message: `The encryption key may not be used: could not ${doing} ${where} (${answer})`, hint: 'Give the project\'s Cloud Storage service agent roles/cloudkms.cryptoKeyEncrypterDecrypter on the key.' };
  }
  if (/retention|hold|soft.?delete/i.test(`${fault.code} ${fault.text}`)) {
    return { code: 'access-denied', message: `The bucket keeps its objects for a while (retention policy or hold): could not ${doing} ${where} (${answer})`, hint: 'Use another bucket or prefix, or ask its owner.' };
  }
  if (/billing|account.*disabled/i.test(`${fault.code} ${fault.text}`)) {
    return { code: 'access-denied', message: `The bucket's project has no billing: could not ${doing} ${where} (${answer})`, hint: 'Ask the owner of the bucket to switch billing on.' };
  }
  const who = settings.credentials.file?.account ?? 'ACCOUNT';
  const role = roles[doing] ?? roles.read;
  const missing = doing === 'read' ? ' Without the right to list the bucket (storage.objects.list), the service gives this answer for a missing object too, so check the spelling.' : '';
  const payer = settings.requesterPays ? '' : ' If the bucket is "requester pays", add --requester-pays.';
  return {
    code: 'access-denied', message: `Not allowed: could not ${doing} ${where} (${answer})`,
    hint: `Ask the owner of the bucket for ${role}: gcloud storage buckets add-iam-policy-binding gs://${bucket} --member=${memberOf(who)} --role=${role}.${missing}${payer}`,
  };
}

/** An account as policies name it. */
export function memberOf(account: string): string {
  return account.endsWith('.gserviceaccount.com') ? `serviceAccount:${account}` : `user:${account}`;
}

function explainBadRequest(fault: GcsFault, { where, doing }: GcsContext, answer: string): Explanation {
  if (/storage class/i.test(fault.text)) return { code: 'bad-option', message: `The bucket does not take this storage class: could not ${doing} ${where} (${answer})`, hint: 'Give --storage-class one of STANDARD, NEARLINE, COLDLINE and ARCHIVE.' };
  if (/kms|cryptoKey|encryption/i.test(fault.text)) {
    return { code: 'bad-option', message: `The bucket cannot use this encryption key: could not ${doing} ${where} (${answer})`, hint: 'Name it as projects/PROJECT/locations/LOCATION/keyRings/RING/cryptoKeys/KEY, in the location of the bucket.' };
  }
  if (/name/i.test(fault.text)) return { code: 'bad-option', message: `The service does not take this name: ${where} (${answer})`, hint: 'Check the name of the bucket, and keep the whole key under 1024 bytes.' };
  return { code: 'network', message: `The service does not understand the request: could not ${doing} ${where} (${answer})`, hint: 'Check the name of the bucket, and --gcs-endpoint if the service is not Google\'s.' };
}
