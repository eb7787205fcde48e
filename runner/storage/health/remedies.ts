import type { ErrorCode } from '../../protocol/errors.ts';
import type { HealthProblem } from '../../protocol/health.ts';

/** What is wrong, and the one step that mends it: docs/troubleshooting.md is written from this table. */
export interface Remedy {
  readonly code: ErrorCode;
  /** As the page names it. */
  readonly when: string;
  /**
   * One step. `{name}` is filled in with what is known, and is NAME on the page; a part in `[[…]]` is left out when what it
   * would be filled with is not known. Commands are in backticks.
   */
  readonly step: string;
}

function table<K extends string>(entries: Readonly<Record<K, readonly [ErrorCode, string, string]>>): Readonly<Record<K, Remedy>> {
  return Object.fromEntries(Object.entries<readonly [ErrorCode, string, string]>(entries).map(([id, [code, when, step]]) => [id, { code, when, step }])) as Record<K, Remedy>;
}

/** Whatever the service is. */
const everywhere = table({
  'name-unknown': ['network', 'The name of the service cannot be found', 'Check the spelling of {endpoint}, and the network or VPN: `curl -I {endpoint}` must answer on this machine.'],
  'refused': ['network', 'Nothing answers at the address', 'Start the service at {endpoint}, or correct host and port of its address.'],
  'unreachable': ['network', 'The service cannot be reached', 'Check the network, VPN or firewall: `curl -I {endpoint}` must answer on this machine.'],
  'slow': ['network', 'An answer did not come in time', 'Ask again; if it stays so, look with `curl -I {endpoint}` whether the network or a proxy holds it up.'],
  'certificate': ['network', 'The certificate is not trusted', 'Set NODE_EXTRA_CA_CERTS to the file of your organisation\'s certificate authority and start the runner anew (command `SPIMquant: Restart Runner`).'],
  'proxy': ['network', 'The proxy does not let requests through', 'Correct {variable}, or add the host to NO_PROXY: `curl -I {endpoint}` must answer on this machine.'],
  'clock': ['access-denied', 'The clock of this machine is wrong', 'Set the time, on Linux with `sudo timedatectl set-ntp true`.'],
  'throttled': ['throttled', 'The service asks for fewer requests', 'Wait a minute and ask again.'],
  'unforeseen': ['network', 'The service answers something else', 'Ask again, and report it with the message when it stays so.'],
});

const local = table({
  'folder-missing': ['not-found', 'The folder is not there', 'Check the spelling, and that the disk is mounted.'],
  'folder-denied': ['access-denied', 'The folder may not be read', 'Ask its owner for the right to read: `ls -ld {folder}` shows who that is.'],
  'folder-closed': ['access-denied', 'Nothing may be written there', 'Choose another folder for results, or ask the owner for the right to write: `ls -ld {folder}` shows who that is.'],
  'disk-full': ['disk-full', 'The disk is full', 'Free some space, or choose a folder on another disk.'],
});

const s3 = table({
  's3-none': ['auth-missing', 'No AWS credentials are set up', 'Sign in with `aws configure sso` (or store access keys with `aws configure`), or add `--anonymous` for a public bucket.'],
  's3-choose-profile': ['auth-missing', 'There are profiles, but none is chosen', 'Name one with `--aws-profile {profile}`, or set AWS_PROFILE.'],
  's3-profile-missing': ['auth-missing', 'The profile does not exist', 'Choose one that `aws configure list-profiles` shows, or make it with `aws configure sso --profile {profile}`.'],
  's3-profile-empty': ['auth-missing', 'The profile has no keys', 'Complete it with `aws configure sso --profile {profile}` or `aws configure --profile {profile}`.'],
  's3-sso': ['auth-expired', 'The SSO sign-in has expired, or was never done', 'Sign in with `aws sso login[[ --profile {profile}]]`.'],
  's3-login': ['auth-expired', 'The sign-in of `aws login` has expired', 'Sign in with `aws login[[ --profile {profile}]]`.'],
  's3-process': ['auth-missing', 'The program of credential_process gives no keys', 'Run `aws sts get-caller-identity[[ --profile {profile}]]` in a terminal and mend what the program says there.'],
  's3-role': ['access-denied', 'The role may not be taken on', 'Ask the administrator of {role} to let you assume it (sts:AssumeRole).'],
  's3-variables-expired': ['auth-expired', 'Temporary keys in the environment have expired', 'Set AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN to new ones, and start the editor from that terminal.'],
  's3-variables-wrong': ['access-denied', 'The service refuses the keys of the environment', 'Copy AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY anew, both of one key of this service, and start the editor from that terminal.'],
  's3-keys-expired': ['auth-expired', 'Temporary keys of the profile have expired', 'Write new ones into ~/.aws/credentials, section [{profile}].'],
  's3-key-unknown': ['access-denied', 'The service does not know the access key', 'Store the keys of this service[[ at {endpoint}]] anew, with `aws configure[[ --profile {profile}]]`.'],
  's3-secret-wrong': ['access-denied', 'The secret key does not belong to the access key', 'Copy both anew, with `aws configure[[ --profile {profile}]]`.'],
  's3-no-bucket': ['not-found', 'There is no such bucket', 'Check the spelling; for a bucket that is not at Amazon add `--s3-endpoint URL`, or set endpoint_url in the profile.'],
  's3-region': ['region-mismatch', 'The bucket is in another region', 'Add `--s3-region {region}`.'],
  's3-list': ['access-denied', 'The bucket may not be listed', 'Ask the owner of the bucket to allow s3:ListBucket on arn:aws:s3:::{bucket}[[ for {identity}]].'],
  's3-read': ['access-denied', 'Objects may not be read', 'Ask the owner of the bucket to allow s3:GetObject on arn:aws:s3:::{bucket}/*[[ for {identity}]].'],
  's3-write': ['access-denied', 'Nothing may be written', 'Choose another output, or ask the owner of the bucket to allow s3:PutObject on arn:aws:s3:::{bucket}/*[[ for {identity}]].'],
  's3-abort': ['access-denied', 'Uploads may not be withdrawn', 'Ask the owner of the bucket to allow s3:AbortMultipartUpload on arn:aws:s3:::{bucket}/*[[ for {identity}]].'],
  's3-not-public': ['access-denied', 'The bucket is not open to the public', 'Leave out `--anonymous`, so that your credentials are used.'],
  's3-payer': ['requester-pays', 'The owner lets readers pay', 'Add `--requester-pays`: your AWS account is then billed for requests and transfer.'],
  's3-archived': ['access-denied', 'Objects are in an archive tier', 'Restore them first, for example with `aws s3api restore-object`.'],
  's3-key-denied': ['access-denied', 'The encryption key may not be used', 'Ask the owner of the key to allow kms:GenerateDataKey and kms:Decrypt[[ for {identity}]].'],
});

const google = table({
  'gs-none': ['auth-missing', 'No Google Cloud credentials are set up', 'Sign in with `gcloud auth application-default login`, or add `--anonymous` for a public bucket.'],
  'gs-file': ['auth-missing', 'The credentials file cannot be used', 'Let {variable} name a credentials file of Google Cloud, or leave it out and sign in with `gcloud auth application-default login`.'],
  'gs-login': ['auth-expired', 'The sign-in has expired or was withdrawn', 'Sign in again with `gcloud auth application-default login`.'],
  'gs-key': ['access-denied', 'Google refuses the key of the service account', 'Make a new key with `gcloud iam service-accounts keys create {file} --iam-account {account}`.'],
  'gs-impersonation': ['access-denied', 'The service account may not be acted as', 'Ask for roles/iam.serviceAccountTokenCreator on {account}, or sign in without impersonation: `gcloud auth application-default login`.'],
  'gs-token': ['access-denied', 'No token is given for the credentials', 'Sign in anew with `gcloud auth application-default login`, or have the credentials file {file} made anew.'],
  'gs-project': ['auth-missing', 'No project is known whose buckets could be listed', 'Name one with `--gcs-project PROJECT`, or choose one with `gcloud config set project PROJECT`.'],
  'gs-no-bucket': ['not-found', 'There is no such bucket', 'Check the spelling: `gcloud storage buckets list` shows those of your project.'],
  'gs-read': ['access-denied', 'The bucket may not be listed or read', 'Ask the owner of the bucket to run `gcloud storage buckets add-iam-policy-binding gs://{bucket} --member={identity} --role=roles/storage.objectViewer`.'],
  'gs-write': ['access-denied', 'Nothing may be written', 'Choose another output, or ask the owner of the bucket to run `gcloud storage buckets add-iam-policy-binding gs://{bucket} --member={identity} --role=roles/storage.objectUser`.'],
  'gs-not-public': ['access-denied', 'The bucket is not open to the public', 'Leave out `--anonymous`, so that your credentials are used.'],
  'gs-payer': ['requester-pays', 'The owner lets readers pay', 'Add `--requester-pays --gcs-project PROJECT`: that project is then billed for requests and transfer.'],
  'gs-payer-denied': ['access-denied', 'The project cannot pay', 'Ask for roles/serviceusage.serviceUsageConsumer in {project}, or name another project with `--gcs-project`.'],
  'gs-key-denied': ['access-denied', 'The encryption key may not be used', 'Ask the owner of the key to give the Cloud Storage service agent of your project roles/cloudkms.cryptoKeyEncrypterDecrypter on it.'],
});

const azure = table({
  'az-none': ['auth-missing', 'No Azure credentials are set up', 'Sign in with `az login`, or add `--anonymous` for a public container.'],
  'az-login': ['auth-expired', 'The sign-in has expired, or is not accepted any more', 'Sign in again with `az login`.'],
  'az-tenant': ['access-denied', 'The sign-in is for another directory', 'Sign in to the directory of the account with `az login --tenant TENANT`.'],
  'az-plain': ['auth-missing', 'A sign-in is not sent over an address that is not encrypted', 'Set AZURE_STORAGE_KEY to a key of {account}, or use an https address.'],
  'az-key': ['access-denied', 'The account key is not right', 'Set {variable} anew; `az storage account keys list --account-name {account}` shows what belongs into it.'],
  'az-keys-off': ['access-denied', 'The account takes no keys', 'Unset {variable} and sign in with `az login`.'],
  'az-sas-expired': ['auth-expired', 'The shared access signature has expired, or is not valid yet', 'Set {variable} to a new one, made with `az storage container generate-sas`.'],
  'az-sas': ['access-denied', 'The shared access signature is not right', 'Set {variable} anew, whole and for this account, as `az storage container generate-sas` writes it.'],
  'az-sas-rights': ['access-denied', 'The shared access signature does not allow it', 'Set {variable} to one with more rights: `az storage container generate-sas --permissions {permission}`.'],
  'az-no-account': ['network', 'There is no storage account of that name', 'Check the spelling: `az storage account list` shows those of your subscription.'],
  'az-no-container': ['not-found', 'There is no such container', 'Check the spelling: `az storage container list --account-name {account}` shows those of the account.'],
  'az-read': ['access-denied', 'The container may not be listed or read', 'Ask the owner of the account to run `az role assignment create --role "Storage Blob Data Reader" --assignee {identity} --scope SCOPE`.'],
  'az-write': ['access-denied', 'Nothing may be written', 'Choose another output, or ask the owner of the account to run `az role assignment create --role "Storage Blob Data Contributor" --assignee {identity} --scope SCOPE`.'],
  'az-not-public': ['access-denied', 'The container is not open to the public', 'Leave out `--anonymous`, so that your credentials are used.'],
  'az-firewall': ['access-denied', 'The account lets nobody in from this network', 'Ask the owner of the account to let this network in (`az storage account network-rule add`), or work from a machine that is.'],
  'az-archived': ['access-denied', 'Blobs are in the archive tier', 'Bring them back first with `az storage blob set-tier --tier Hot`, which takes hours.'],
});

const coiled = table({
  'coiled-none': ['auth-missing', 'Nobody is signed in', 'Sign in with `coiled login` in a terminal, or with the command `SPIMquant: Sign in to Coiled`.'],
  'coiled-variable': ['auth-expired', 'The token of the environment is not accepted', 'Set {variable} to a new token, or unset it and sign in with `coiled login`; then start the editor from that terminal.'],
  'coiled-file': ['auth-expired', 'The token that `coiled login` has kept is not accepted any more', 'Sign in again with `coiled login`.'],
  'coiled-editor': ['auth-expired', 'The token that the editor keeps is not accepted any more', 'Sign in again with the command `SPIMquant: Sign in to Coiled`.'],
  'coiled-form': ['auth-missing', 'The token is no token', 'Copy the token anew, whole and without quotes.'],
  'coiled-server': ['bad-option', 'The address of Coiled is none', 'Correct spimquant.coiled.server or DASK_COILED__SERVER, or leave it out.'],
  'coiled-workspace': ['not-found', 'There is no such workspace, or you are no member', 'Name one of your workspaces[[ ({workspaces})]] in spimquant.coiled.workspace, with `--cloud_workspace` or in DASK_COILED__WORKSPACE, or ask the owner to invite you.'],
  'coiled-no-workspace': ['not-found', 'You have no workspace', 'Make one at {endpoint}, or ask a colleague to invite you.'],
  'coiled-cloud': ['access-denied', 'The workspace has no cloud', 'Connect your cloud with `coiled setup aws` (or gcp, azure)[[ --workspace {workspace}]]; that takes rights of an administrator there.'],
  'coiled-other-cloud': ['access-denied', 'The workspace is in a cloud that is not known here', 'Choose a workspace on AWS, Google Cloud or Azure.'],
  'coiled-quota': ['cost-limit', 'The credits are used up', 'See credits and limits at {endpoint}, or ask the owner of the workspace.'],
  'coiled-denied': ['access-denied', 'The workspace does not let you ask that', 'Ask the owner of the workspace[[ {workspace}]] for the right to create clusters.'],
});

/** Every remedy by its name. */
export const remedies = { ...everywhere, ...local, ...s3, ...google, ...azure, ...coiled };

export type RemedyId = keyof typeof remedies;

/** The sections of the page. */
export const remedySections: readonly { readonly title: string; readonly entries: readonly Remedy[] }[] = [
  { title: 'Any service', entries: Object.values(everywhere) },
  { title: 'Folders', entries: Object.values(local) },
  { title: 'Amazon S3 and services like it', entries: Object.values(s3) },
  { title: 'Google Cloud Storage', entries: Object.values(google) },
  { title: 'Azure Blob Storage', entries: Object.values(azure) },
  { title: 'Coiled', entries: Object.values(coiled) },
];

/** What a step is filled in with. */
export type Known = Readonly<Partial<Record<'endpoint' | 'variable' | 'folder' | 'profile' | 'role' | 'region' | 'bucket' | 'identity' | 'project' | 'account' | 'file' | 'permission' | 'workspace' | 'workspaces', string>>>;

/** A problem with its step, as plain text. */
export function problem(id: RemedyId, known: Known = {}): HealthProblem {
  const { code, step } = remedies[id];
  return { code, remedy: id, step: fillIn(step, known).replaceAll('`', '"') };
}

/** A step with what is known filled in; what is not is written in capitals, and optional parts then left out. */
export function fillIn(step: string, known: Known): string {
  const isKnown = (text: string): boolean => [...text.matchAll(/\{(\w+)\}/g)].every(([, name]) => known[name as keyof Known] !== undefined);
  return step
    .replaceAll(/\[\[(.*?)\]\]/g, (_all, part: string) => (isKnown(part) ? part : ''))
    .replaceAll(/\{(\w+)\}/g, (_all, name: string) => known[name as keyof Known] ?? name.toUpperCase());
}
