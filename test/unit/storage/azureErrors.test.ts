import assert from 'node:assert/strict';
import { inspect } from 'node:util';
import type { ErrorCode } from '../../../runner/protocol/errors.ts';
import { azureError, azureFault, isAboutCredentials, isExpired, isMissingBlob } from '../../../runner/storage/azure/azureErrors.ts';
import type { AzureCredential } from '../../../runner/storage/azure/azureSettings.ts';

interface Answer {
  readonly status: number;
  readonly code: string;
  readonly detail?: string;
}

/** What the SDK throws, with the request that it drags along. */
function restError({ status, code, detail = '' }: Answer): Error {
  const body = `<Error><Code>${code}</Code><Message>Server says ${code}.</Message><AuthenticationErrorDetail>${detail}</AuthenticationErrorDetail></Error>`;
  const headers = new Map([['x-ms-error-code', code], ['x-ms-request-id', 'r-1']]);
  const request = { url: 'https://lab.blob.core.windows.net/bids/a.txt?sig=SECRET', headers: { authorization: 'Bearer SECRET' } };
  return Object.assign(new Error(`Server says ${code}. SECRET`), { name: 'RestError', statusCode: status, code, request, response: { headers, bodyAsText: body, request } });
}

const key: AzureCredential = { kind: 'key', key: 'SECRET' };
const sas: AzureCredential = { kind: 'sas', token: 'se=2026-01-01T00:00:00Z&sig=SECRET' };
const signIn: AzureCredential = { kind: 'sign-in' };

function explained(error: unknown, credential: AzureCredential = key, doing = 'read', now = Date.UTC(2025, 0)): { readonly code: ErrorCode; readonly words: string } {
  const settings = { account: 'lab', endpoint: 'https://lab.blob.core.windows.net', credential };
  const made = azureError(azureFault(error), { account: 'lab', container: 'bids', where: 'az://lab/bids/a.txt', doing, settings, now });
  assert.doesNotMatch(inspect(made, { depth: 10, showHidden: true }), /SECRET/);
  assert.ok(made.hint, 'says what to do');
  assert.match(made.message, /az:\/\/lab\/bids\/a\.txt/);
  return { code: made.code, words: `${made.message} ${made.hint}` };
}

describe('errors of Azure in words', () => {
  const cases: readonly (readonly [title: string, Answer, AzureCredential, ErrorCode, RegExp])[] = [
    ['a wrong key', { status: 403, code: 'AuthenticationFailed', detail: 'The MAC signature is not the same as any computed signature' }, key, 'access-denied', /the account key is not right.*az storage account keys list/],
    ['a wrong signature', { status: 403, code: 'AuthenticationFailed', detail: 'Signature did not match' }, sas, 'access-denied', /the shared access signature is not right/],
    ['a signature that has ended', { status: 403, code: 'AuthenticationFailed', detail: 'Signature not valid in the specified time frame: Start [x] - Expiry [y]' }, sas, 'auth-expired', /generate-sas.*AZURE_STORAGE_SAS_TOKEN/],
    ['a token that has ended', { status: 401, code: 'InvalidAuthenticationInfo', detail: 'Lifetime validation failed. The token is expired.' }, signIn, 'auth-expired', /az login/],
    ['a token of another directory', { status: 403, code: 'AuthenticationFailed', detail: 'Issuer validation failed' }, signIn, 'access-denied', /az login --tenant/],
    ['a role that is missing', { status: 403, code: 'AuthorizationPermissionMismatch' }, signIn, 'access-denied', /Storage Blob Data Reader.*to own an account is not enough/],
    ['a right that a signature lacks', { status: 403, code: 'AuthorizationPermissionMismatch' }, sas, 'access-denied', /generate-sas --permissions rl/],
    ['an account without keys', { status: 403, code: 'KeyBasedAuthenticationNotPermitted' }, key, 'access-denied', /Unset AZURE_STORAGE_KEY.*az login/],
    ['a firewall', { status: 403, code: 'AuthorizationFailure' }, signIn, 'access-denied', /lets nobody in from here.*firewall/],
    ['a clock that is wrong', { status: 403, code: 'AuthenticationFailed', detail: 'Request date header too old: 1 Jan' }, key, 'access-denied', /clock of this machine/],
    ['a container that is not public', { status: 404, code: 'ResourceNotFound' }, { kind: 'anonymous' }, 'access-denied', /Not open to the public.*--anonymous/],
    ['an account that is not public', { status: 409, code: 'PublicAccessNotPermitted' }, { kind: 'anonymous' }, 'access-denied', /Not open to the public/],
    ['a missing container', { status: 404, code: 'ContainerNotFound' }, key, 'not-found', /no container named "bids" at the Azure storage account "lab"/],
    ['a container that is going', { status: 409, code: 'ContainerBeingDeleted' }, key, 'not-found', /no container/],
    ['an archived blob', { status: 409, code: 'BlobArchived' }, key, 'access-denied', /archive tier.*set-tier/],
    ['a lease', { status: 412, code: 'LeaseIdMissing' }, key, 'access-denied', /lease.*lease break/],
    ['an immutability policy', { status: 409, code: 'BlobImmutableDueToPolicy' }, key, 'access-denied', /immutability policy/],
    ['a page blob', { status: 409, code: 'InvalidBlobType' }, key, 'access-denied', /page or append blob/],
    ['blocks of another program', { status: 400, code: 'InvalidBlobOrBlock' }, key, 'output-busy', /Another program.*after a week/],
    ['a conditional write', { status: 409, code: 'BlobAlreadyExists' }, key, 'already-exists', /exists already/],
    ['a tier that the account lacks', { status: 400, code: 'InvalidBlobTier' }, key, 'bad-option', /--storage-class/],
    ['an encryption scope that the account lacks', { status: 400, code: 'EncryptionScopeNotFound' }, key, 'bad-option', /--encryption-key/],
    ['a service that is too old', { status: 400, code: 'InvalidHeaderValue', detail: 'x-ms-version' }, key, 'bad-option', /too old.*skipApiVersionCheck/],
    ['a busy service', { status: 503, code: 'ServerBusy' }, key, 'throttled', /fewer --cores/],
    ['a broken service', { status: 500, code: 'InternalError' }, key, 'network', /did not answer as it should/],
  ];
  for (const [title, answer, credential, code, words] of cases) {
    it(title, () => {
      const found = explained(restError(answer), credential);
      assert.equal(found.code, code, found.words);
      assert.match(found.words, words);
    });
  }

  it('a signature that must have ended, whatever the service says', () => {
    assert.equal(explained(restError({ status: 403, code: 'AuthorizationFailure' }), sas, 'read', Date.UTC(2026, 6)).code, 'auth-expired');
  });

  it('rights to write', () => {
    assert.match(explained(restError({ status: 403, code: 'AuthorizationPermissionMismatch' }), signIn, 'write').words, /Storage Blob Data Contributor/);
    assert.match(explained(restError({ status: 403, code: 'AuthorizationPermissionMismatch' }), sas, 'delete').words, /racwdl/);
  });

  it('faults on the way', () => {
    const line = (code: string, message = 'x SECRET') => Object.assign(new Error(message), { name: 'RestError', code });
    assert.match(explained(line('ENOTFOUND')).words, /no storage account named "lab"/);
    assert.equal(explained(line('ECONNREFUSED')).code, 'network');
    assert.match(explained(line('DEPTH_ZERO_SELF_SIGNED_CERT')).words, /NODE_EXTRA_CA_CERTS/);
    assert.equal(azureFault(line('ECONNRESET')).kind, 'transient');
    assert.equal(azureFault(line('PARSE_ERROR')).kind, 'transient');
    assert.equal(azureFault(new DOMException('x', 'AbortError')).kind, 'transient');
    assert.equal(azureFault(new Error('Data corruption failure: received less data')).kind, 'transient');
    assert.equal(azureFault(new Error('a defect')).kind, 'final');
  });

  it('which faults are about the credentials, and which blobs are missing', () => {
    const fault = (status: number, code: string, detail?: string) => azureFault(restError({ status, code, detail }));
    assert.ok(isMissingBlob(fault(404, 'BlobNotFound')));
    assert.ok(!isMissingBlob(fault(404, 'ContainerNotFound')) && !isMissingBlob(fault(404, 'ResourceNotFound')));
    assert.ok(isExpired(fault(401, 'InvalidAuthenticationInfo')) && !isExpired(fault(403, 'AuthorizationPermissionMismatch')));
    assert.ok(!isExpired(fault(412, 'LeaseLost', 'the lease has expired')));
    assert.ok(isAboutCredentials(fault(403, 'AuthorizationPermissionMismatch')) && !isAboutCredentials(fault(503, 'ServerBusy')));
  });
});
