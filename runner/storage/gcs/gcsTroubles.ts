import type { Environment } from '../../protocol/callerEnvironment.ts';
import { SpimquantError } from '../../protocol/errors.ts';
import { unforeseen } from '../health/examination.ts';
import type { Trouble } from '../health/examination.ts';
import { reachTrouble } from '../health/reach.ts';
import { problem } from '../health/remedies.ts';
import type { Known } from '../health/remedies.ts';
import type { StorageOptions } from '../objectStore.ts';
import { gcsFault, isExpired, isMissingBucket, isWrongClock, isWrongKey, memberOf } from './gcsErrors.ts';
import type { GcsFault } from './gcsErrors.ts';
import type { GcsCredentials } from './gcsCredentials.ts';

/** What is known of the one who asks. */
export interface GcsAsker {
  readonly env: Environment;
  readonly options: StorageOptions;
  readonly credentials: GcsCredentials | undefined;
  /** Address of the account, where it is known. */
  readonly account: string | undefined;
  readonly known: Known;
}

/** Why credentials cannot be used at all: there are none, or their file is not usable. */
export function gcsSettingsTrouble(error: unknown, { options, known }: Pick<GcsAsker, 'options' | 'known'>): Trouble {
  if (!(error instanceof SpimquantError)) return unforeseen(error);
  if (error.code === 'auth-missing') {
    // Only what concerns a file names a place.
    if (error.where === undefined) return { said: 'No Google Cloud credentials were found: no file, no sign-in.', problem: problem('gs-none', known) };
    const variable = options.gcsCredentials !== undefined ? '--gcs-credentials' : 'GOOGLE_APPLICATION_CREDENTIALS';
    return { said: `${error.message}.`, problem: problem('gs-file', { ...known, variable }) };
  }
  if (error.code === 'requester-pays') return { said: error.message, problem: problem('gs-payer', known) };
  return unforeseen(error);
}

/** What a refusal comes to, of the token service or of the storage service. */
export function gcsTrouble(error: unknown, doing: 'list' | 'read' | 'write' | 'identify', asker: GcsAsker): Trouble {
  if (error instanceof SpimquantError) return gcsSettingsTrouble(error, asker);
  const fault = gcsFault(error);
  const { credentials, options, env, account } = asker;
  const known: Known = { ...asker.known, account: account ?? credentials?.file?.account, file: credentials?.file?.path, ...(account === undefined ? {} : { identity: memberOf(account) }) };
  const answer = fault.status === undefined || fault.code === `HTTP ${fault.status}` ? fault.code : `${fault.code}, HTTP ${fault.status}`;
  if (isWrongClock(fault)) return { said: 'Google does not take the time of this machine.', problem: problem('clock') };
  const isKey = credentials?.file?.kind === 'service-account';
  if (isExpired(fault)) {
    return isKey ? { said: `The key of the service account is no longer taken (${answer}).`, problem: problem('gs-key', known) } : { said: `The sign-in has expired or was withdrawn (${answer}).`, problem: problem('gs-login', known) };
  }
  if (isWrongKey(fault)) return { said: `Google refuses the credentials (${answer}).`, problem: isKey ? problem('gs-key', known) : problem('gs-login', known) };
  if (fault.status === undefined) return reachTrouble({ code: fault.code }, fault.from === 'tokens' ? 'https://oauth2.googleapis.com' : known.endpoint ?? '', env);
  if (fault.from === 'tokens' && fault.kind === 'final') {
    return { said: `No token could be had (${answer}).`, problem: credentials?.file?.kind === 'impersonated' ? problem('gs-impersonation', known) : problem('gs-token', known) };
  }
  if (/requester pays/i.test(fault.text) && options.requesterPays !== true) return { said: `The owner lets readers pay (${answer}).`, problem: problem('gs-payer', known) };
  if (options.requesterPays === true && (fault.code === 'UserProjectInvalid' || /user project|serviceusage|to use project/i.test(fault.text))) {
    return { said: `The project ${known.project ?? ''} cannot pay (${answer}).`, problem: problem('gs-payer-denied', known) };
  }
  if (isMissingBucket(fault)) return { said: `There is no bucket named ${known.bucket ?? ''} there.`, problem: problem('gs-no-bucket', known) };
  if (fault.kind === 'throttled') return { said: `The service asks for fewer requests (${answer}).`, problem: problem('throttled', known) };
  if (fault.status === 401 || fault.status === 403) return denied(fault, doing, asker, known, answer);
  return { said: `The service answers ${answer}.`, problem: problem('unforeseen', known) };
}

function denied(fault: GcsFault, doing: 'list' | 'read' | 'write' | 'identify', { credentials }: GcsAsker, known: Known, answer: string): Trouble {
  if (credentials === undefined) return { said: `Not open to the public (${answer}).`, problem: problem('gs-not-public', known) };
  if (/kms|cryptoKey/i.test(fault.text)) return { said: `The key that objects are encrypted by may not be used (${answer}).`, problem: problem('gs-key-denied', known) };
  return { said: `Not allowed (${answer}).`, problem: doing === 'write' ? problem('gs-write', known) : problem('gs-read', known) };
}
