import { schemeOf } from '../../../runner/protocol/bucketAddress.ts';
import type { BucketLocation } from '../../../runner/protocol/bucketAddress.ts';
import { isServiceAddress } from '../../../runner/protocol/storageChoice.ts';
import type { StorageChoice } from '../../../runner/protocol/storageChoice.ts';

/** A storage service, by the scheme of its addresses. */
export type Service = BucketLocation['scheme'];

/** Whose credentials: those that the provider's tools would take, an AWS profile, a file of Google Cloud, or nobody's. */
export type Way = 'usual' | 'profile' | 'file' | 'anonymous';

/** How a bucket is reached, as the questions have it. */
export interface ReachAnswers {
  readonly way: Way;
  /** Whether endpoint, region and who pays were asked for. */
  readonly more: boolean;
  /** Whether the profile's name, or the file's path, is written instead of being chosen. */
  readonly named: boolean;
  readonly profile: string;
  readonly credentialsFile: string;
  readonly endpoint: string;
  readonly region: string;
  readonly requesterPays: boolean;
  readonly project: string;
}

/** The service that an address belongs to; undefined for folders. */
export function serviceOf(address: string): Service | undefined {
  const scheme = schemeOf(address);
  return scheme === 's3' || scheme === 'gs' || scheme === 'az' ? scheme : undefined;
}

/** Scheme and authority of an address: the bucket, at Azure the account. */
export function bucketOf(uri: string): string {
  return /^[a-z0-9]+:\/\/[^/]*/i.exec(uri)?.[0] ?? uri;
}

/** What the services are called. */
export const serviceNames: Readonly<Record<Service, string>> = { s3: 'Amazon S3', gs: 'Google Cloud Storage', az: 'Azure Blob Storage' };

/**
 * The storage choice that answers mean. Only what belongs to the service and to the chosen way counts. `before`: of a
 * dataset that is changed, whose choices for writing stay.
 */
export function storageOf(service: Service, answers: Partial<ReachAnswers>, before: StorageChoice = {}): StorageChoice {
  const { storageClass, encryption, encryptionKey } = before;
  const writing = { ...(storageClass === undefined ? {} : { storageClass }), ...(encryption === undefined ? {} : { encryption }), ...(encryptionKey === undefined ? {} : { encryptionKey }) };
  const { way = 'usual', more = false, profile = '', credentialsFile = '', endpoint = '', region = '', project = '' } = answers;
  const pays = more && answers.requesterPays === true && way !== 'anonymous' && service !== 'az';
  const text = <K extends keyof StorageChoice>(field: K, value: string, counts: boolean): StorageChoice => (counts && value !== '' ? { [field]: value } : {});
  return {
    ...text('awsProfile', profile, service === 's3' && way === 'profile'),
    ...text('s3Endpoint', endpoint, more && service === 's3'),
    ...text('s3Region', region, more && service === 's3'),
    ...text('gcsEndpoint', endpoint, more && service === 'gs'),
    ...text('gcsProject', project, pays && service === 'gs'),
    ...text('gcsCredentials', credentialsFile, service === 'gs' && way === 'file'),
    ...text('azureEndpoint', endpoint, more && service === 'az'),
    ...(way === 'anonymous' ? { anonymous: true } : {}),
    ...(pays ? { requesterPays: true } : {}),
    ...writing,
  };
}

/** The answers that make a storage choice, to begin from when it is changed. */
export function answersOf(service: Service, storage: StorageChoice): Partial<ReachAnswers> {
  const endpoint = { s3: storage.s3Endpoint, gs: storage.gcsEndpoint, az: storage.azureEndpoint }[service] ?? '';
  const region = service === 's3' ? storage.s3Region ?? '' : '';
  const requesterPays = storage.requesterPays === true;
  const way: Way = storage.anonymous === true ? 'anonymous'
    : service === 's3' && storage.awsProfile !== undefined ? 'profile'
    : service === 'gs' && storage.gcsCredentials !== undefined ? 'file'
    : 'usual';
  return {
    way, more: endpoint !== '' || region !== '' || requesterPays, endpoint, region, requesterPays,
    profile: storage.awsProfile ?? '', credentialsFile: storage.gcsCredentials ?? '', project: storage.gcsProject ?? '',
  };
}

/** How a bucket is reached, in a few words: `profile lab, at http://127.0.0.1:9000`. */
export function reachWords(storage: StorageChoice): string {
  const endpoint = storage.s3Endpoint ?? storage.gcsEndpoint ?? storage.azureEndpoint;
  return [
    storage.anonymous === true ? 'without credentials'
    : storage.awsProfile !== undefined ? `AWS profile ${storage.awsProfile}`
    : storage.gcsCredentials !== undefined ? `key file ${storage.gcsCredentials}`
    : 'usual credentials',
    ...(endpoint === undefined ? [] : [`at ${endpoint}`]),
    ...(storage.s3Region === undefined ? [] : [`region ${storage.s3Region}`]),
    ...(storage.requesterPays === true ? [`paid by ${storage.gcsProject === undefined ? 'you' : `project ${storage.gcsProject}`}`] : []),
  ].join(', ');
}

/** Why a text cannot be the address of a storage service; undefined: it can. */
export function endpointProblem(text: string): string | undefined {
  if (text === '' || isServiceAddress(text)) return undefined;
  return /@/.test(text)
    ? 'Write the address of the service without user name or password, as in https://s3.example.org.'
    : 'Write the whole address of the service, as in https://s3.example.org or http://127.0.0.1:9000.';
}

/** What is to be known about an address that can be used all the same. */
export function endpointWarning(text: string): string | undefined {
  return /^http:\/\/(?!127\.|localhost\b|\[::1\])/i.test(text) ? 'Data and signatures travel unencrypted over http. Write https:// if the service has it.' : undefined;
}

/** Why a text cannot be a region; undefined: it can. */
export function regionProblem(text: string): string | undefined {
  return text === '' || /^[a-z0-9][a-z0-9-]*$/i.test(text) ? undefined : 'A region has letters, digits and hyphens, as eu-central-1.';
}

/** Why a text cannot be the id of a project of Google Cloud; undefined: it can. */
export function projectProblem(text: string): string | undefined {
  if (text === '') return 'Write the id of the project that is billed.';
  return /^(?:[a-z0-9.-]+:)?[a-z][a-z0-9-]{4,28}[a-z0-9]$|^\d+$/.test(text) ? undefined : 'An id has 6 to 30 small letters, digits and hyphens, and begins with a letter. The name of a project may differ from its id.';
}
