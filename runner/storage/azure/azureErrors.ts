import { SpimquantError } from '../../protocol/errors.ts';
import type { ErrorCode } from '../../protocol/errors.ts';
import type { ServiceFault } from '../connection.ts';
import type { FaultKind } from '../retry.ts';
import { isAzureEndpoint, sasExpiry, signInHint } from './azureSettings.ts';
import type { AzureSettings } from './azureSettings.ts';

/** What an answer or fault of the SDK comes to. */
export interface AzureFault extends ServiceFault {
  /** Azure's error code (`BlobNotFound`), a system code (`ECONNRESET`), or the name of the error. */
  readonly code: string;
  /** HTTP status, when there was an answer. */
  readonly status: number | undefined;
  readonly requestId: string | undefined;
  /** What is wrong with the sign-in, when no token could be had at all. */
  readonly signIn: 'missing' | 'expired' | undefined;
  /** The reason that comes with a refused signature. Never shown as it stands: it may repeat parts of the request. */
  readonly detail: string;
}

const throttling = new Set(['ServerBusy', 'TooManyRequests', 'IngressExceedsLimit', 'EgressExceedsLimit', 'OperationsPerSecondExceedsLimit']);
const passing = new Set(['InternalError', 'OperationTimedOut', 'Md5Mismatch', 'Crc64Mismatch', 'TruncatedBody', 'ChangedObject', 'PARSE_ERROR', 'ECONNRESET', 'EPIPE', 'ECONNABORTED', 'ERR_STREAM_PREMATURE_CLOSE', 'ETIMEDOUT', 'ContainerBeingCreated', 'AccountBeingCreated']);
const unreachable = new Set(['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH', 'EHOSTDOWN', 'ENETDOWN']);
const missingContainer = new Set(['ContainerNotFound', 'ContainerBeingDeleted', 'ContainerDisabled', 'FilesystemNotFound']);
/** Denials that depend on whose sign-in it is, so that another one may be let in. */
const refusals = new Set(['AuthenticationFailed', 'AuthorizationFailure', 'AuthorizationPermissionMismatch', 'InsufficientAccountPermissions']);
/** Names of the errors of @azure/identity. */
const signInErrors = new Set(['AggregateAuthenticationError', 'AuthenticationError', 'AuthenticationRequiredError', 'CredentialUnavailableError']);

interface RawError {
  readonly name?: unknown;
  readonly message?: unknown;
  readonly code?: unknown;
  readonly statusCode?: unknown;
  readonly response?: { readonly headers?: { get(name: string): string | undefined }; readonly bodyAsText?: string | null };
}

/** Reads what the SDK threw. Pure. */
export function azureFault(error: unknown): AzureFault {
  const raw = (typeof error === 'object' && error !== null ? error : {}) as RawError;
  const name = typeof raw.name === 'string' ? raw.name : 'Error';
  const text = typeof raw.message === 'string' ? raw.message : String(error);
  const isSignIn = signInErrors.has(name);
  const status = typeof raw.statusCode === 'number' && !isSignIn ? raw.statusCode : undefined;
  const header = (wanted: string): string | undefined => raw.response?.headers?.get(wanted);
  // An answer to HEAD has no body: its code is in the header.
  const code = header('x-ms-error-code') ?? (typeof raw.code === 'string' && raw.code !== '' ? raw.code : name);
  const askedSeconds = Number(header('retry-after'));
  return {
    kind: isSignIn ? 'final' : kindOf(code, name, status, text),
    code,
    status,
    requestId: header('x-ms-request-id'),
    signIn: !isSignIn ? undefined : /AADSTS\d|expired|refresh token|az login --/i.test(text) ? 'expired' : 'missing',
    detail: `${text}\n${/<AuthenticationErrorDetail>([^<]*)/.exec(raw.response?.bodyAsText ?? '')?.[1] ?? ''}`,
    askedMs: Number.isFinite(askedSeconds) && askedSeconds > 0 ? askedSeconds * 1000 : 0,
  };
}

function kindOf(code: string, name: string, status: number | undefined, text: string): FaultKind {
  if (throttling.has(code) || status === 429 || status === 503) return 'throttled';
  // Bodies that break off are an AbortError, or a plain error with this text.
  if (passing.has(code) || name === 'AbortError' || text.startsWith('Data corruption failure')) return 'transient';
  if (unreachable.has(code)) return 'unreachable';
  if (status !== undefined && status >= 500 && status !== 501 && status !== 507) return 'transient';
  if (status === undefined && (/socket hang up|network socket disconnected/i.test(text) || code.startsWith('HPE_'))) return 'transient';
  // A list cut off in mid-answer fails as XML that cannot be read, with a status of success.
  if (status !== undefined && status < 300) return 'transient';
  return 'final';
}

/** Whether the fault says that there is no such blob. A missing container is another matter, and so is one that is hidden from the public. */
export function isMissingBlob(fault: AzureFault): boolean {
  return fault.status === 404 && !missingContainer.has(fault.code) && fault.code !== 'ResourceNotFound';
}

/** Whether the fault says that there is no such container. */
export function isMissingContainer(fault: AzureFault): boolean {
  return missingContainer.has(fault.code);
}

/** Whether an object was there already when one was to be made. */
export function isAlreadyThere(fault: AzureFault): boolean {
  return fault.code === 'BlobAlreadyExists' || (fault.status === 412 && fault.code === 'ConditionNotMet');
}

/** Whether the credentials were good and are no longer. */
export function isExpired(fault: AzureFault): boolean {
  if (fault.signIn === 'expired' || fault.code === 'InvalidAuthenticationInfo') return true;
  return (fault.status === 401 || fault.status === 403) && /time frame|has expired|token is expired/i.test(fault.detail);
}

/** Whether new credentials, or a sign-in, may change the answer, so that the old ones must not be kept. */
export function isAboutCredentials(fault: AzureFault): boolean {
  return fault.signIn !== undefined || fault.status === 401 || isExpired(fault) || refusals.has(fault.code);
}

/** What the error is about. */
export interface AzureContext {
  readonly account: string;
  readonly container: string;
  /** Full URI of the object or folder. */
  readonly where: string;
  /** A verb: `read`, `list`, `write`, `delete`. */
  readonly doing: string;
  readonly settings: AzureSettings | undefined;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

/**
 * Puts a fault into words for a user. The cause it carries is made anew from code, status and request id: the SDK's own
 * error drags the whole request along, with its token, and a signature in its URL.
 */
export function azureError(fault: AzureFault, context: AzureContext): SpimquantError {
  const { code, message, hint } = explain(fault, context);
  const facts = [fault.code, fault.status === undefined ? '' : `HTTP ${fault.status}`, fault.requestId === undefined ? '' : `request ${fault.requestId}`];
  return new SpimquantError(code, message, { hint, where: context.where, cause: new Error(facts.filter((fact) => fact !== '').join(', ')) });
}

interface Explanation {
  readonly code: ErrorCode;
  readonly message: string;
  readonly hint: string;
}

const again = 'and run the same command again: finished work is kept.';

function explain(fault: AzureFault, context: AzureContext): Explanation {
  const { account, container, where, doing } = context;
  const answer = fault.status === undefined ? fault.code : `${fault.code}, HTTP ${fault.status}`;
  const at = serviceName(context);
  const denied = explainDenied(fault, context, answer) ?? explainBlob(fault, context, answer);
  if (denied !== undefined) return denied;

  if (missingContainer.has(fault.code) || fault.status === 404) {
    return { code: 'not-found', message: `There is no container named "${container}" at ${at}: could not ${doing} ${where}`, hint: 'Check the spelling of account and container; containers are made with "az storage container create".' };
  }
  if (isAlreadyThere(fault)) {
    return { code: 'already-exists', message: `It exists already: ${where}`, hint: 'Choose another name, or delete it first.' };
  }
  if (fault.status === 507) {
    return { code: 'disk-full', message: `The storage account has no room left: could not ${doing} ${where} (${answer})`, hint: `Free some space or raise the quota, ${again}` };
  }
  if (fault.status === 400 && /x-ms-version|service version/i.test(fault.detail)) {
    return { code: 'bad-option', message: `${at} is too old for this program: could not ${doing} ${where} (${answer})`, hint: 'Bring the service up to date. Azurite needs --skipApiVersionCheck.' };
  }
  if (/EncryptionScope|BlobTier|AccessTier/i.test(fault.code)) {
    return { code: 'bad-option', message: `The storage account does not take this access tier or encryption scope: could not ${doing} ${where} (${answer})`, hint: 'Check --storage-class and --encryption-key against what the account has (az storage account show, az storage account encryption-scope list).' };
  }
  if (['InvalidResourceName', 'InvalidUri', 'OutOfRangeInput'].includes(fault.code)) {
    return { code: 'bad-option', message: `The service does not take this name: ${where} (${answer})`, hint: 'Check the name of the container, and keep the name below it under 1024 letters.' };
  }
  if (fault.kind === 'throttled') {
    return { code: 'throttled', message: `${at} kept asking for fewer requests: could not ${doing} ${where} (${answer})`, hint: `Wait a while, use fewer --cores, ${again}` };
  }
  if (/CERT|SELF_SIGNED|UNABLE_TO_VERIFY|ERR_TLS/.test(fault.code)) {
    return { code: 'network', message: `The certificate of ${at} is not trusted: could not ${doing} ${where} (${fault.code})`, hint: 'If your network uses its own certificate, name its file in NODE_EXTRA_CA_CERTS.' };
  }
  if (fault.code === 'ENOTFOUND') {
    return { code: 'network', message: `${at} cannot be reached: could not ${doing} ${where} (${answer})`, hint: `If the network is up, there is no storage account named "${account}": check the spelling (az storage account list), or the endpoint.` };
  }
  if (fault.kind === 'unreachable') {
    return { code: 'network', message: `${at} cannot be reached: could not ${doing} ${where} (${answer})`, hint: 'Check the network, a proxy or VPN, and the endpoint.' };
  }
  return { code: 'network', message: `${at} did not answer as it should: could not ${doing} ${where} (${answer})`, hint: `If it happens again, check the network and the state of the service, ${again}` };
}

function serviceName({ account, settings }: AzureContext): string {
  return settings === undefined || isAzureEndpoint(settings.endpoint) ? `the Azure storage account "${account}"` : settings.endpoint;
}

/** Faults of one blob: archived, leased, protected. */
function explainBlob({ code, detail }: AzureFault, { where, doing }: AzureContext, answer: string): Explanation | undefined {
  if (code === 'BlobArchived' || code === 'BlobBeingRehydrated') {
    return { code: 'access-denied', message: `It is in the archive tier and cannot be read at once: ${where} (${answer})`, hint: 'Bring it back first (az storage blob set-tier --tier Hot), which takes hours, or copy it to another tier.' };
  }
  if (code.startsWith('Lease') || (code === 'ConditionNotMet' && /lease/i.test(detail))) {
    return { code: 'access-denied', message: `Another program holds a lease on it: could not ${doing} ${where} (${answer})`, hint: 'Wait until that program is through, or end the lease (az storage blob lease break).' };
  }
  if (/^BlobImmutable|ImmutabilityPolicy|LegalHold/.test(code)) {
    return { code: 'access-denied', message: `It is protected by an immutability policy or a legal hold: could not ${doing} ${where} (${answer})`, hint: 'Choose another name, or ask the owner of the container (az storage blob immutability-policy, az storage blob set-legal-hold).' };
  }
  if (code === 'SnapshotsPresent') {
    return { code: 'access-denied', message: `It has snapshots, which would be deleted with it: could not ${doing} ${where} (${answer})`, hint: 'If they may go, delete it with "az storage blob delete --delete-snapshots include".' };
  }
  if (code === 'InvalidBlobType') {
    return { code: 'access-denied', message: `There is a page or append blob of this name, which is not replaced: could not ${doing} ${where} (${answer})`, hint: 'Choose another name, or delete it first.' };
  }
  if (code === 'InvalidBlockList' || code === 'InvalidBlobOrBlock') {
    return { code: 'output-busy', message: `Another program uploads the same blob: could not ${doing} ${where} (${answer})`, hint: 'Let one program at a time write it. What a broken upload left behind goes away after a week.' };
  }
  return undefined;
}

/** Faults about who asks. */
function explainDenied(fault: AzureFault, context: AzureContext, answer: string): Explanation | undefined {
  const { where, doing, settings, account, now } = context;
  const kind = settings?.credential.kind;
  if (fault.signIn === 'missing') {
    const passedOver = settings?.credential.kind === 'sign-in' ? settings.credential.passedOver : undefined;
    return { code: 'auth-missing', message: `No Azure credentials were found for the storage account "${account}": could not ${doing} ${where}`, hint: [passedOver, signInHint].filter(Boolean).join(' ') };
  }
  if (fault.signIn === 'expired') {
    return { code: 'auth-expired', message: `The Azure sign-in has expired or is not complete: could not ${doing} ${where}`, hint: `Sign in again (az login), ${again}` };
  }
  if (kind === 'anonymous' && (fault.status === 401 || fault.status === 403 || fault.code === 'ResourceNotFound' || fault.code === 'PublicAccessNotPermitted')) {
    return { code: 'access-denied', message: `Not open to the public: could not ${doing} ${where} (${answer})`, hint: 'Leave out --anonymous and use credentials that may read the container. To the public, Azure shows a private container and a missing one alike, so check the spelling too.' };
  }
  if (fault.status !== 401 && fault.status !== 403 && fault.code !== 'InvalidAuthenticationInfo') return undefined;
  if (/date header|too old|request date/i.test(fault.detail)) {
    return { code: 'access-denied', message: `The clock of this machine is wrong: could not ${doing} ${where}`, hint: `Set the time (for example with timedatectl set-ntp true) ${again}` };
  }
  if (settings?.credential.kind === 'sas' && ((sasExpiry(settings.credential.token) ?? Infinity) < now || isExpired(fault))) {
    return { code: 'auth-expired', message: `The shared access signature has expired or is not valid yet: could not ${doing} ${where} (${answer})`, hint: `Have a new one made (az storage container generate-sas), set AZURE_STORAGE_SAS_TOKEN, ${again}` };
  }
  if (isExpired(fault) || fault.status === 401) {
    return { code: 'auth-expired', message: `The Azure sign-in is no longer accepted: could not ${doing} ${where} (${answer})`, hint: `Sign in again (az login), ${again}` };
  }
  if (fault.code === 'AuthenticationFailed') {
    const what = kind === 'sas' ? 'the shared access signature is not right' : kind === 'key' ? 'the account key is not right' : 'the token is not right';
    return { code: 'access-denied', message: `${serviceName(context)} refuses the credentials, because ${what}: could not ${doing} ${where}`, hint: kind === 'sign-in' ? 'Check with "az account show" which directory you are signed in to, and sign in to that of the account (az login --tenant).' : 'Check that it belongs to this account, and is complete (az storage account keys list, az storage container generate-sas).' };
  }
  if (fault.code === 'KeyBasedAuthenticationNotPermitted') {
    return { code: 'access-denied', message: `The storage account "${account}" does not take keys: could not ${doing} ${where} (${answer})`, hint: 'Unset AZURE_STORAGE_KEY and AZURE_STORAGE_CONNECTION_STRING, and sign in with "az login".' };
  }
  if (/SourceIPMismatch|ProtocolMismatch/.test(fault.code) || (fault.code === 'AuthorizationFailure' && kind !== 'sas')) {
    return { code: 'access-denied', message: `The storage account "${account}" lets nobody in from here: could not ${doing} ${where} (${answer})`, hint: 'Its firewall, or the signature, allows other networks or https only: ask its owner, or work from a machine that is let in.' };
  }
  return { code: 'access-denied', message: `Not allowed: could not ${doing} ${where} (${answer})`, hint: rightHint(doing, kind) };
}

function rightHint(doing: string, kind: string | undefined): string {
  const writes = doing === 'write' || doing === 'delete';
  if (kind === 'sas') return `Ask for a shared access signature with the right to ${doing} (az storage container generate-sas --permissions ${writes ? 'racwdl' : 'rl'}).`;
  return `Ask the owner of the storage account for the role "Storage Blob Data ${writes ? 'Contributor' : 'Reader'}" on it (to own an account is not enough), or sign in as somebody who has it (az login).`;
}
