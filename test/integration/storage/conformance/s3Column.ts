import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { StorageOptions } from '../../../../runner/storage/objectStore.ts';
import { S3Store } from '../../../../runner/storage/s3/s3Store.ts';
import { defaultCredential, startS3Server } from '../../../servers/s3Server.ts';
import type { BucketOptions, Credential, Fault, LoggedRequest } from '../../../servers/s3Server.ts';
import { AwsHome } from '../awsHome.ts';
import type { StoreColumn } from './column.ts';
import { impatient } from './underTest.ts';
import type { Place, RequestKind, StoreFault, StoreUnderTest, Variant, Who } from './underTest.ts';

const secretKey = defaultCredential.secretAccessKey;
const expired: Credential = { accessKeyId: 'AKIDEXPIRED', secretAccessKey: secretKey, sessionToken: 'SESSION-TOKEN-OLD', expired: true };
const stranger: Credential = { accessKeyId: 'AKIDSTRANGER', secretAccessKey: secretKey };

/** A section of ~/.aws/credentials. */
export const awsProfile = (name: string, credential: Credential): string =>
  `[${name}]\naws_access_key_id=${credential.accessKeyId}\naws_secret_access_key=${credential.secretAccessKey}\n${credential.sessionToken === undefined ? '' : `aws_session_token=${credential.sessionToken}\n`}`;

const profiles = [awsProfile('owner', defaultCredential), awsProfile('wrong', { accessKeyId: defaultCredential.accessKeyId, secretAccessKey: 'wrong/secret' }), awsProfile('expired', expired), awsProfile('stranger', stranger)].join('');

/** By profiles of these names. */
export const s3Identities: Readonly<Record<Who, StorageOptions>> = {
  owner: { awsProfile: 'owner' },
  nobody: {},
  wrong: { awsProfile: 'wrong' },
  expired: { awsProfile: 'expired' },
  stranger: { awsProfile: 'stranger' },
  anonymous: { anonymous: true },
};

/** The names of the buckets. */
export const s3Buckets: Readonly<Record<Place, string>> = { here: 'lab', 'missing-bucket': 'absent', 'public-bucket': 'open', 'requester-pays-bucket': 'pays', 'other-region': 'far', unreachable: 'lab' };

/** What S3 says with these statuses. Credentials that are no longer good get 400. */
const failures: Readonly<Record<Extract<StoreFault, { kind: 'status' }>['status'], readonly [number, string]>> = {
  401: [400, 'ExpiredToken'],
  403: [403, 'AccessDenied'],
  429: [429, 'TooManyRequests'],
  500: [500, 'InternalError'],
  503: [503, 'SlowDown'],
};

/** A fault as the S3 server, or a proxy before a service like it, lets it happen. */
export function s3ServerFault(fault: StoreFault): Fault {
  if (fault.kind !== 'status') return fault;
  const [status, code] = failures[fault.status];
  return { kind: 'status', status, code, ...(fault.retryAfterSeconds === undefined ? {} : { headers: { 'retry-after': String(fault.retryAfterSeconds) } }) };
}

/** Which requests to S3 are of a kind. */
export const s3Kinds: Readonly<Record<RequestKind, (request: Pick<LoggedRequest, 'method' | 'key' | 'query'>) => boolean>> = {
  any: () => true,
  read: ({ method, key }) => method === 'GET' && key !== '',
  stat: ({ method }) => method === 'HEAD',
  list: ({ method, query }) => method === 'GET' && query['list-type'] !== undefined,
  part: ({ query }) => query.partNumber !== undefined,
  finish: ({ method, query }) => (method === 'PUT' && query.partNumber === undefined) || (method === 'POST' && query.uploadId !== undefined),
  delete: ({ method, query }) => method === 'DELETE' && query.uploadId === undefined,
};

/** The in-repo server with a bucket for every place; `lab` as the options say. `prefix`: of the store under test. */
export async function openS3UnderTest(lab: BucketOptions, prefix: string): Promise<StoreUnderTest> {
  const home = new AwsHome();
  await home.enter({ credentials: profiles });
  const deny = (request: LoggedRequest): boolean => request.accessKeyId === stranger.accessKeyId;
  const server = await startS3Server({
    credentials: [defaultCredential, expired, stranger],
    buckets: { lab: { deny, ...lab }, open: { public: true }, pays: { requesterPays: true }, far: { region: 'eu-west-3' } },
  });
  for (const bucket of ['open', 'pays', 'far']) await server.put(bucket, 'a.txt', 'alpha');
  const open = ({ who = 'owner', place = 'here', storage = {}, surroundings = {} }: Variant): S3Store =>
    new S3Store(
      { scheme: 's3', bucket: s3Buckets[place], prefix: place === 'here' ? prefix : '' },
      { s3Endpoint: place === 'unreachable' ? 'http://127.0.0.1:9' : server.endpoint, ...s3Identities[who], ...storage },
      { ...impatient, ...surroundings },
    );
  const below = (key: string): string => (prefix === '' ? key : `${prefix}/${key}`);
  return {
    store: open({}),
    put: async (key, content) => server.put('lab', below(key), content),
    open: async (variant) => open(variant),
    faults: {
      inject: (fault, on = 'any', times = 1) => server.inject({ fault: s3ServerFault(fault), match: s3Kinds[on], times }),
      clear: () => server.clearFaults(),
      seen: (on = 'any') => server.requests.filter(s3Kinds[on]).length,
    },
    unfinishedUploads: async () => server.openUploads('lab'),
    attributes: async (key) => server.attributes('lab', below(key)),
    choices: { storageClass: 'STANDARD_IA', encryptionKey: 'arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab' },
    secrets: [secretKey, 'wrong/secret', 'SESSION-TOKEN-OLD', 'Signature='],
    close: async () => {
      await server.close();
      await home.leave();
    },
  };
}

export const s3Column: StoreColumn = {
  id: 's3',
  title: 'S3 (test server)',
  notApplicable: {},
  open: () => openS3UnderTest({}, 'data set'),
};

/** The same with the root of a bucket that the server keeps in a folder. No file can have the name of a folder marker. */
export const s3FolderColumn: StoreColumn = {
  id: 's3-folder',
  title: 'S3, at the root of a bucket kept in a folder',
  notApplicable: { 'names-unusable': 'no file can have such a name' },
  open: async () => {
    const folder = await mkdtemp(join(tmpdir(), 'spimquant-bucket-'));
    const under = await openS3UnderTest({ folder }, '');
    return {
      ...under,
      close: async () => {
        await under.close();
        await rm(folder, { recursive: true, force: true });
      },
    };
  },
};
