import type { Environment } from '../../protocol/callerEnvironment.ts';
import { SpimquantError } from '../../protocol/errors.ts';
import { unforeseen } from '../health/examination.ts';
import type { Trouble } from '../health/examination.ts';
import { reachTrouble } from '../health/reach.ts';
import { problem } from '../health/remedies.ts';
import type { Known } from '../health/remedies.ts';
import { azureFault, isExpired, isMissingContainer } from './azureErrors.ts';
import type { AzureFault } from './azureErrors.ts';
import { isAzureEndpoint, sasExpiry } from './azureSettings.ts';
import type { AzureSettings } from './azureSettings.ts';

/** What is known of the one who asks. */
export interface AzureAsker {
  readonly env: Environment;
  readonly settings: AzureSettings | undefined;
  readonly now: number;
  /** `variable`: the one that holds the key or signature. */
  readonly known: Known;
}

/** What a refusal comes to, of the sign-in or of the storage service. */
export function azureTrouble(error: unknown, doing: 'list' | 'read' | 'write' | 'identify', asker: AzureAsker): Trouble {
  if (error instanceof SpimquantError) {
    return error.code === 'auth-missing' ? { said: error.message, problem: problem('az-plain', asker.known) } : unforeseen(error);
  }
  const fault = azureFault(error);
  const { known, env, settings } = asker;
  const answer = fault.status === undefined ? fault.code : `${fault.code}, HTTP ${fault.status}`;
  if (fault.signIn === 'missing') return { said: 'No Azure credentials were found: no variables, no sign-in.', problem: problem('az-none', known) };
  if (fault.signIn === 'expired') return { said: 'The sign-in has expired, or is not complete.', problem: problem('az-login', known) };
  if (fault.status === undefined && fault.code === 'ENOTFOUND' && settings !== undefined && isAzureEndpoint(settings.endpoint)) {
    return { said: `There is no storage account named ${settings.account} at Azure, or no network.`, problem: problem('az-no-account', known) };
  }
  const denied = deniedTrouble(fault, doing, asker, answer);
  if (denied !== undefined) return denied;
  if (isMissingContainer(fault)) return { said: `There is no container named ${known.bucket ?? ''} there.`, problem: problem('az-no-container', known) };
  if (fault.code === 'BlobArchived' || fault.code === 'BlobBeingRehydrated') return { said: 'What is there is in the archive tier and cannot be read at once.', problem: problem('az-archived', known) };
  if (fault.kind === 'throttled') return { said: `The service asks for fewer requests (${answer}).`, problem: problem('throttled', known) };
  if (fault.status === undefined) return reachTrouble({ code: fault.code }, known.endpoint ?? '', env);
  return { said: `The service answers ${answer}.`, problem: problem('unforeseen', known) };
}

function deniedTrouble(fault: AzureFault, doing: 'list' | 'read' | 'write' | 'identify', { settings, known, now }: AzureAsker, answer: string): Trouble | undefined {
  const credential = settings?.credential;
  const refused = fault.status === 401 || fault.status === 403 || fault.code === 'InvalidAuthenticationInfo';
  if (credential?.kind === 'anonymous' && (refused || fault.code === 'ResourceNotFound' || fault.code === 'PublicAccessNotPermitted')) {
    return { said: `Not open to the public, or not there (${answer}).`, problem: problem('az-not-public', known) };
  }
  if (!refused) return undefined;
  if (/date header|too old|request date/i.test(fault.detail)) return { said: 'The service does not take the time of this machine.', problem: problem('clock') };
  if (credential?.kind === 'sas' && ((sasExpiry(credential.token) ?? Infinity) < now || isExpired(fault))) {
    return { said: `The shared access signature has expired, or is not valid yet (${answer}).`, problem: problem('az-sas-expired', known) };
  }
  if (credential?.kind === 'key' && fault.code === 'InvalidAuthenticationInfo') return { said: `The account key is not right (${answer}).`, problem: problem('az-key', known) };
  if (isExpired(fault) || fault.status === 401) return { said: `The sign-in is not accepted any more (${answer}).`, problem: problem('az-login', known) };
  // What is wrong with a signature, and not with the rights it gives, has other names.
  if (fault.code === 'AuthenticationFailed' || (fault.code === 'AuthorizationFailure' && credential?.kind === 'sas')) {
    if (credential?.kind === 'sas') return { said: `The shared access signature is not right (${answer}).`, problem: problem('az-sas', known) };
    if (credential?.kind === 'key') return { said: `The account key is not right (${answer}).`, problem: problem('az-key', known) };
    return { said: `The account does not take the sign-in (${answer}).`, problem: problem('az-tenant', known) };
  }
  if (fault.code === 'KeyBasedAuthenticationNotPermitted') return { said: `The account takes no keys (${answer}).`, problem: problem('az-keys-off', known) };
  if (/SourceIPMismatch|ProtocolMismatch/.test(fault.code) || fault.code === 'AuthorizationFailure') {
    return { said: `The account lets nobody in from here (${answer}).`, problem: problem('az-firewall', known) };
  }
  const writes = doing === 'write';
  const said = `Not allowed (${answer}).`;
  if (credential?.kind === 'sas') return { said, problem: problem('az-sas-rights', { ...known, permission: writes ? 'racwdl' : 'rl' }) };
  return { said, problem: writes ? problem('az-write', known) : problem('az-read', known) };
}
