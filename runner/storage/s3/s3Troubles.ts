import type { Environment } from '../../protocol/callerEnvironment.ts';
import { SpimquantError } from '../../protocol/errors.ts';
import { reachTrouble } from '../health/reach.ts';
import { problem } from '../health/remedies.ts';
import type { Known } from '../health/remedies.ts';
import { unforeseen } from '../health/examination.ts';
import type { Trouble } from '../health/examination.ts';
import { profileNames } from './s3Settings.ts';
import type { AwsFiles, S3Settings } from './s3Settings.ts';
import { isExpired, isWrongRegion, s3Fault } from './s3Errors.ts';
import type { S3Fault } from './s3Errors.ts';
import { signInProfile } from './s3Sources.ts';
import type { S3Source } from './s3Sources.ts';

/** What is known of the one who asks. */
export interface S3Asker {
  readonly settings: S3Settings;
  readonly files: AwsFiles;
  readonly env: Environment;
  readonly source?: S3Source;
  readonly known: Known;
}

/** Why no credentials were found. */
export function signInTrouble(error: unknown, { settings, files, env, known }: S3Asker): Trouble {
  const fault = s3Fault(error);
  const { name, kind } = signInProfile(settings, files);
  const shown = `the profile ${name}`;
  const more = { ...known, profile: name };
  const systemCode = fault.kind === 'final' ? /\b(ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH)\b/.exec(fault.text)?.[1] : fault.code;
  if (fault.status === undefined && systemCode !== undefined) return reachTrouble({ code: systemCode }, 'https://sts.amazonaws.com', env);
  if (kind === 'sso') return { said: `The SSO sign-in of ${shown} has expired, or was never done.`, problem: problem('s3-sso', more) };
  if (kind === 'login') return { said: `The sign-in of ${shown} has expired, or was never done.`, problem: problem('s3-login', more) };
  if (kind === 'process') return { said: `The program that ${shown} names gives no keys.`, problem: problem('s3-process', more) };
  const own = settings.profile ?? 'default';
  const role = (files.configFile[own] ?? files.credentialsFile[own])?.role_arn ?? env.AWS_ROLE_ARN;
  if (role !== undefined) {
    if (isExpired(fault)) return expiredTrouble({ kind: kind === 'keys' ? 'keys' : 'none', words: '' }, more);
    return { said: `The role ${role} was not granted${fault.status === undefined ? '' : ` (${fault.code})`}.`, problem: problem('s3-role', { ...more, role }) };
  }
  if (settings.profile !== undefined) return { said: `The profile ${settings.profile} has no keys.`, problem: problem('s3-profile-empty', more) };
  const [first] = profileNames(files).filter((each) => each !== 'default').sort();
  if (first !== undefined) return { said: 'No profile is chosen, and the profile default has no keys.', problem: problem('s3-choose-profile', { ...known, profile: first }) };
  return { said: 'No AWS credentials were found: no variables, no profile, no sign-in.', problem: problem('s3-none', known) };
}

/** Why a profile or an endpoint cannot be used at all. */
export function settingsTrouble(error: unknown, profile: string | undefined): Trouble {
  if (error instanceof SpimquantError && error.code === 'auth-missing') return { said: error.message, problem: problem('s3-profile-missing', { profile }) };
  return unforeseen(error);
}

function expiredTrouble(source: S3Source | undefined, known: Known): Trouble {
  switch (source?.kind) {
    case 'environment': return { said: 'The temporary keys in the environment have expired.', problem: problem('s3-variables-expired', known) };
    case 'keys': return { said: `The temporary keys of the profile ${known.profile ?? 'default'} have expired.`, problem: problem('s3-keys-expired', known) };
    case 'login': return { said: 'The sign-in has expired.', problem: problem('s3-login', known) };
    case 'process': return { said: 'The program of the profile gives keys that have expired.', problem: problem('s3-process', known) };
    default: return { said: 'The sign-in has expired.', problem: problem('s3-sso', known) };
  }
}

/** What a service's refusal of list, read or write comes to. */
export function s3Trouble(fault: S3Fault, doing: 'list' | 'read' | 'write' | 'identify', { settings, env, source, known }: S3Asker): Trouble {
  const answer = fault.status === undefined ? fault.code : `${fault.code}, HTTP ${fault.status}`;
  if (isExpired(fault)) return expiredTrouble(source, known);
  if (fault.code === 'SignatureDoesNotMatch') return { said: `The secret key does not belong to the access key (${answer}).`, problem: problem(source?.kind === 'environment' ? 's3-variables-wrong' : 's3-secret-wrong', known) };
  if (['InvalidAccessKeyId', 'InvalidClientTokenId', 'UnrecognizedClientException', 'InvalidToken', 'InvalidSecurity', 'NotSignedUp'].includes(fault.code)) {
    return { said: `The service does not know the access key (${answer}).`, problem: problem(source?.kind === 'environment' ? 's3-variables-wrong' : 's3-key-unknown', known) };
  }
  if (fault.code === 'RequestTimeTooSkewed') return { said: `The service refuses the time of this machine (${answer}).`, problem: problem('clock') };
  if (fault.code === 'NoSuchBucket') return { said: `There is no bucket named ${known.bucket ?? ''} there.`, problem: problem('s3-no-bucket', known) };
  if (isWrongRegion(fault)) return { said: `The bucket is in ${fault.region ?? 'another region'}, not in ${settings.region} (${answer}).`, problem: problem('s3-region', { ...known, region: fault.region }) };
  if (fault.code === 'InvalidObjectState') return { said: 'What is there is in an archive tier and cannot be read at once.', problem: problem('s3-archived', known) };
  if (fault.status === 401 || fault.status === 403) return deniedTrouble(fault, doing, settings, known, answer);
  if (fault.kind === 'throttled') return { said: `The service asks for fewer requests (${answer}).`, problem: problem('throttled', known) };
  if (fault.status === undefined) return reachTrouble({ code: fault.code }, known.endpoint ?? '', env);
  return { said: `The service answers ${answer}.`, problem: problem('unforeseen', known) };
}

function deniedTrouble(fault: S3Fault, doing: 'list' | 'read' | 'write' | 'identify', settings: S3Settings, known: Known, answer: string): Trouble {
  if (/requester.?pays|request.?payer/i.test(fault.text) && !settings.requesterPays) return { said: `The owner lets readers pay (${answer}).`, problem: problem('s3-payer', known) };
  if (settings.anonymous) return { said: `Not open to the public (${answer}).`, problem: problem('s3-not-public', known) };
  if (/kms/i.test(fault.text)) return { said: `The key that objects are encrypted by may not be used (${answer}).`, problem: problem('s3-key-denied', known) };
  const said = `Not allowed (${answer}).`;
  return { said, problem: doing === 'list' ? problem('s3-list', known) : doing === 'write' ? problem('s3-write', known) : problem('s3-read', known) };
}
