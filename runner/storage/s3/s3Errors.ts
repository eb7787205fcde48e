import { SpimquantError } from '../../protocol/errors.ts';
import type { ErrorCode } from '../../protocol/errors.ts';
import type { ServiceFault } from '../connection.ts';
import type { FaultKind } from '../retry.ts';
import type { S3Settings } from './s3Settings.ts';

/** What an answer or fault of the SDK comes to. */
export interface S3Fault extends ServiceFault {
  /** S3's error code (`NoSuchKey`), a system code (`ECONNRESET`), or the name of the error. */
  readonly code: string;
  /** HTTP status, when there was an answer. */
  readonly status: number | undefined;
  /** The bucket's region, when the answer tells. */
  readonly region: string | undefined;
  readonly requestId: string | undefined;
  /** S3's own sentence. Never shown as it stands: it may repeat parts of the request. */
  readonly text: string;
}

const throttling = new Set(['SlowDown', 'ServiceUnavailable', 'Throttling', 'ThrottlingException', 'ThrottledException', 'RequestThrottled', 'RequestThrottledException', 'TooManyRequests', 'TooManyRequestsException', 'RequestLimitExceeded', 'BandwidthLimitExceeded', 'ProvisionedThroughputExceededException']);
const passing = new Set(['InternalError', 'RequestTimeout', 'OperationAborted', 'ConditionalRequestConflict', 'TimeoutError', 'TruncatedBody', 'ChangedObject', 'ECONNRESET', 'EPIPE', 'ECONNABORTED', 'ERR_STREAM_PREMATURE_CLOSE', 'ETIMEDOUT', 'IncompleteBody', 'BadDigest', 'XAmzContentSHA256Mismatch']);
const unreachable = new Set(['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH', 'EHOSTDOWN', 'ENETDOWN']);
const expired = new Set(['ExpiredToken', 'ExpiredTokenException', 'RequestExpired', 'TokenRefreshRequired']);
const wrongKeys = new Set(['InvalidAccessKeyId', 'SignatureDoesNotMatch', 'InvalidToken', 'InvalidClientTokenId', 'UnrecognizedClientException', 'InvalidSecurity', 'NotSignedUp']);
const wrongRegion = new Set(['PermanentRedirect', 'TemporaryRedirect', 'Redirect', 'AuthorizationHeaderMalformed', 'IllegalLocationConstraintException']);

/** Reads what the SDK threw. Pure. */
export function s3Fault(error: unknown): S3Fault {
  const raw = (typeof error === 'object' && error !== null ? error : {}) as RawError;
  const status = raw.$metadata?.httpStatusCode;
  const headers = raw.$response?.headers ?? {};
  const text = typeof raw.message === 'string' ? raw.message : String(error);
  const code = firstText(raw.Code, raw.name === 'Error' ? undefined : sdkName(raw.name), raw.code, raw.name) ?? 'Error';
  const systemCode = firstText(raw.code, raw.cause?.code, raw.errors?.[0]?.code);
  const askedSeconds = Number(headers['retry-after']);
  return {
    kind: kindOf(code, systemCode, status, text),
    code: status === undefined ? (systemCode ?? code) : code,
    status,
    region: headers['x-amz-bucket-region'] ?? raw.Region ?? /expecting '([a-z0-9-]+)'/.exec(text)?.[1],
    askedMs: Number.isFinite(askedSeconds) && askedSeconds > 0 ? askedSeconds * 1000 : 0,
    requestId: raw.$metadata?.requestId,
    text,
  };
}

interface RawError {
  readonly name?: string;
  readonly message?: unknown;
  readonly code?: unknown;
  readonly Code?: unknown;
  readonly Region?: string;
  readonly cause?: { readonly code?: unknown };
  /** Of an AggregateError: connecting failed on every address of a host. */
  readonly errors?: readonly { readonly code?: unknown }[];
  readonly $metadata?: { readonly httpStatusCode?: number; readonly requestId?: string };
  readonly $response?: { readonly headers?: Readonly<Record<string, string | undefined>> };
}

/** Answers without a body (to HEAD) have no code; the SDK then makes up these names. */
function sdkName(name: string | undefined): string | undefined {
  return name === 'Unknown' || name === 'UnknownError' || name === 'S3ServiceException' ? undefined : name;
}

function firstText(...values: readonly unknown[]): string | undefined {
  return values.find((value): value is string => typeof value === 'string' && value !== '');
}

function kindOf(code: string, systemCode: string | undefined, status: number | undefined, text: string): FaultKind {
  if (code === 'RequestTimeTooSkewed') return 'clock';
  if (throttling.has(code) || status === 429 || status === 503) return 'throttled';
  if (passing.has(code) || passing.has(systemCode ?? '')) return 'transient';
  if (unreachable.has(systemCode ?? code)) return 'unreachable';
  if (status !== undefined && status >= 500 && status !== 501 && status !== 507) return 'transient';
  if (status === undefined && (/socket hang up|network socket disconnected/i.test(text) || (systemCode ?? '').startsWith('HPE_'))) return 'transient';
  // A list cut off in mid-answer fails as XML that cannot be read, with a status of success.
  if (status !== undefined && status < 300 && code !== 'CredentialsProviderError') return 'transient';
  return 'final';
}

/** Whether the fault says that there is no such object. A missing bucket is another matter. */
export function isMissingObject(fault: S3Fault): boolean {
  return fault.status === 404 && fault.code !== 'NoSuchBucket' && fault.code !== 'NoSuchUpload';
}

export function isExpired(fault: S3Fault): boolean {
  return expired.has(fault.code);
}

/** Whether new credentials, or a sign-in, may change the answer, so that the old ones must not be kept. */
export function isAboutCredentials(fault: S3Fault): boolean {
  return isExpired(fault) || wrongKeys.has(fault.code) || fault.code.endsWith('ProviderError');
}

/** Whether the answer says that the bucket is in another region. */
export function isWrongRegion(fault: S3Fault): boolean {
  return wrongRegion.has(fault.code) || fault.status === 301 || fault.status === 307;
}

/** What the error is about. */
export interface S3Context {
  readonly bucket: string;
  /** Full URI of the object or folder. */
  readonly where: string;
  /** A verb: `read`, `list`, `write`, `delete`. */
  readonly doing: string;
  readonly settings: S3Settings | undefined;
}

/**
 * Puts a fault into words for a user. The cause it carries is made anew from code, status and request id: the SDK's own
 * error drags the whole request along, signature and session token included.
 */
export function s3Error(fault: S3Fault, context: S3Context): SpimquantError {
  const { code, message, hint } = explain(fault, context);
  const facts = [fault.code, fault.status === undefined ? '' : `HTTP ${fault.status}`, fault.requestId === undefined ? '' : `request ${fault.requestId}`];
  return new SpimquantError(code, message, { hint, where: context.where, cause: new Error(facts.filter((fact) => fact !== '').join(', ')) });
}

interface Explanation {
  readonly code: ErrorCode;
  readonly message: string;
  readonly hint: string;
}

function explain(fault: S3Fault, context: S3Context): Explanation {
  const { bucket, where, doing, settings } = context;
  const login = settings?.profile === undefined ? 'aws sso login' : `aws sso login --profile ${settings.profile}`;
  const answer = fault.status === undefined ? fault.code : `${fault.code}, HTTP ${fault.status}`;
  const at = settings?.endpoint ?? 'Amazon S3';

  if (isExpired(fault) || (fault.code.endsWith('ProviderError') && /expired|sso|sign.?in|login/i.test(fault.text))) {
    return { code: 'auth-expired', message: `The AWS sign-in has expired or is not complete: could not ${doing} ${where}`, hint: `Sign in again (${login}), or renew the session token, and run the same command again: finished work is kept.` };
  }
  if (fault.code.endsWith('ProviderError')) {
    const profile = settings?.profile === undefined ? '' : ` in the profile "${settings.profile}"`;
    return {
      code: 'auth-missing',
      message: `No AWS credentials were found${profile}: could not ${doing} ${where}`,
      hint: `Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or make a profile with "aws configure" and name it with AWS_PROFILE, or sign in with "${login}". For a public bucket add --anonymous.`,
    };
  }
  if (wrongKeys.has(fault.code)) {
    const what = fault.code === 'SignatureDoesNotMatch' ? 'the secret key does not belong to the access key' : fault.code === 'InvalidAccessKeyId' ? 'it does not know the access key' : 'the session token is not valid';
    return { code: 'access-denied', message: `${at} refuses the credentials, because ${what}: could not ${doing} ${where}`, hint: 'Check which keys are in use (aws configure list), and that they belong to this service.' };
  }
  if (isWrongRegion(fault)) {
    const region = fault.region === undefined ? 'another region' : `the region ${fault.region}`;
    return { code: 'region-mismatch', message: `The bucket "${bucket}" is in ${region}, not ${settings?.region ?? 'this one'}: could not ${doing} ${where}`, hint: 'Set AWS_REGION (or the profile\'s region) to the region of the bucket, and check the endpoint.' };
  }
  if (fault.code === 'RequestTimeTooSkewed') {
    return { code: 'access-denied', message: `The clock of this machine is wrong: could not ${doing} ${where}`, hint: 'Set the time (for example with timedatectl set-ntp true) and run the same command again.' };
  }
  if (fault.code === 'NoSuchBucket') {
    return { code: 'not-found', message: `There is no bucket named "${bucket}" at ${at}: could not ${doing} ${where}`, hint: 'Check the spelling, and the endpoint or profile if the bucket is not at Amazon.' };
  }
  if (fault.status === 404) {
    return { code: 'not-found', message: `It is not there: ${where} (${answer})`, hint: 'Check the spelling; it may also have been deleted meanwhile.' };
  }
  if (fault.code === 'InvalidObjectState') {
    return { code: 'access-denied', message: `It is in an archive tier and cannot be read at once: ${where}`, hint: 'Restore it first (aws s3api restore-object), or copy it to a standard storage class.' };
  }
  if (fault.status === 401 || fault.status === 403) return explainDenied(fault, context, answer);
  if (fault.status === 412) {
    return { code: 'already-exists', message: `It exists already: ${where}`, hint: 'Choose another name, or delete it first.' };
  }
  if (fault.status === 507 || /StorageFull|QuotaExceeded/.test(fault.code)) {
    return { code: 'disk-full', message: `The bucket has no room left: could not ${doing} ${where} (${answer})`, hint: 'Free some space or raise the quota, and run the same command again: finished work is kept.' };
  }
  if (['InvalidBucketName', 'KeyTooLongError', 'InvalidURI'].includes(fault.code)) {
    return { code: 'bad-option', message: `The service does not take this name: ${where} (${answer})`, hint: 'Check the name of the bucket, and keep the whole key under 1024 bytes.' };
  }
  if (fault.kind === 'throttled') {
    return { code: 'throttled', message: `${at} kept asking for fewer requests: could not ${doing} ${where} (${answer})`, hint: 'Wait a while and run the same command again, with fewer --cores: finished work is kept.' };
  }
  if (/CERT|SELF_SIGNED|UNABLE_TO_VERIFY|ERR_TLS/.test(fault.code)) {
    return { code: 'network', message: `The certificate of ${at} is not trusted: could not ${doing} ${where} (${fault.code})`, hint: 'If your network uses its own certificate, name its file in NODE_EXTRA_CA_CERTS.' };
  }
  if (fault.kind === 'unreachable') {
    return { code: 'network', message: `${at} cannot be reached: could not ${doing} ${where} (${answer})`, hint: 'Check the network, a proxy or VPN, and the endpoint.' };
  }
  return { code: 'network', message: `${at} did not answer as it should: could not ${doing} ${where} (${answer})`, hint: 'If it happens again, check the network and the state of the service, then run the same command again: finished work is kept.' };
}

function explainDenied(fault: S3Fault, { where, doing, settings }: S3Context, answer: string): Explanation {
  const payer = settings?.requesterPays === true ? '' : ' If the bucket is "requester pays", add --requester-pays.';
  if (/requester.?pays|request.?payer/i.test(fault.text) && settings?.requesterPays !== true) {
    return { code: 'requester-pays', message: `The owner of the bucket lets readers pay: could not ${doing} ${where} (${answer})`, hint: 'Add --requester-pays; your AWS account is then billed for requests and transfer.' };
  }
  if (settings?.anonymous === true) {
    return { code: 'access-denied', message: `Not open to the public: could not ${doing} ${where} (${answer})`, hint: 'Leave out --anonymous and use credentials that may read the bucket.' };
  }
  const missing = doing === 'read' ? ' Without the right to list the bucket (s3:ListBucket), S3 gives this answer for a missing object too, so check the spelling.' : '';
  const right = doing === 'list' ? 's3:ListBucket' : doing === 'write' ? 's3:PutObject' : doing === 'delete' ? 's3:DeleteObject' : 's3:GetObject';
  return { code: 'access-denied', message: `Not allowed: could not ${doing} ${where} (${answer})`, hint: `Ask the owner of the bucket for ${right} on it, or use another profile.${missing}${payer}` };
}
