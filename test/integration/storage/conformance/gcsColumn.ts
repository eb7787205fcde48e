import { GcsStore } from '../../../../runner/storage/gcs/gcsStore.ts';
import type { StorageOptions } from '../../../../runner/storage/objectStore.ts';
import { accountSecrets, defaultAccount, defaultProject, keyFile, serviceAccount, startGcsServer, userAccount, userFile } from '../../../servers/gcsServer.ts';
import type { BucketOptions, Fault, LoggedRequest } from '../../../servers/gcsServer.ts';
import { GoogleHome } from '../gcsHome.ts';
import type { StoreColumn } from './column.ts';
import { impatient } from './underTest.ts';
import type { Place, RequestKind, StoreFault, StoreUnderTest, Variant, Who } from './underTest.ts';

const stranger = serviceAccount('stranger');
const revoked = userAccount('gone@example.org', { revoked: true });

const bucketOf: Readonly<Record<Place, string>> = { here: 'lab', 'missing-bucket': 'absent', 'public-bucket': 'open', 'requester-pays-bucket': 'pays', 'other-region': 'lab', unreachable: 'lab' };

/** What Google says with these statuses. */
const failures: Readonly<Record<Extract<StoreFault, { kind: 'status' }>['status'], readonly [string, string]>> = {
  401: ['authError', 'Invalid Credentials'],
  403: ['forbidden', 'tester does not have storage.objects.get access to the Google Cloud Storage object.'],
  429: ['rateLimitExceeded', 'The rate of change requests to the object is too high.'],
  500: ['backendError', 'We encountered an internal error. Please try again.'],
  503: ['backendError', 'Backend Error'],
};

/** A fault as the GCS server, or a proxy before a service like it, lets it happen. */
export function gcsServerFault(fault: StoreFault): Fault {
  if (fault.kind !== 'status') return fault;
  const [code, message] = failures[fault.status];
  return { kind: 'status', status: fault.status, code, message, ...(fault.retryAfterSeconds === undefined ? {} : { headers: { 'retry-after': String(fault.retryAfterSeconds) } }) };
}

/** What tells the kind of a request. */
export type GcsRequestShape = Pick<LoggedRequest, 'api' | 'method' | 'name' | 'query' | 'contentRange'>;

const isContent = ({ method, contentRange }: GcsRequestShape): boolean => method === 'PUT' && contentRange?.startsWith('bytes */') === false;

/** The last chunk of a resumable upload, at whose end the object appears. */
const isLast = (request: GcsRequestShape): boolean => {
  const [, last, total] = /-(\d+)\/(\d+)$/.exec(request.contentRange ?? '') ?? [];
  return isContent(request) && Number(last) + 1 === Number(total);
};

/** Which requests to Google Cloud Storage are of a kind. */
export const gcsKinds: Readonly<Record<RequestKind, (request: GcsRequestShape) => boolean>> = {
  any: () => true,
  read: ({ api, method, query }) => api === 'json' && method === 'GET' && query.alt === 'media',
  stat: ({ api, method, name, query }) => api === 'json' && method === 'GET' && name !== '' && query.alt !== 'media',
  list: ({ api, method, name, query }) => api === 'json' && method === 'GET' && name === '' && query.maxResults !== undefined,
  part: (request) => (request.api === 'upload' && isContent(request)) || (request.api === 'xml' && request.query.partNumber !== undefined),
  finish: (request) => request.query.uploadType === 'multipart' || isLast(request) || (request.api === 'xml' && request.method === 'POST' && request.query.uploads === undefined),
  delete: ({ api, method }) => api === 'json' && method === 'DELETE',
};

/** The in-repo server with a bucket for every place; `lab` as the options say. `prefix`: of the store under test. */
export async function openGcsUnderTest(lab: BucketOptions, prefix: string): Promise<StoreUnderTest> {
  const server = await startGcsServer({
    accounts: [defaultAccount, stranger, revoked],
    projects: [defaultProject],
    buckets: { lab: { location: 'EUROPE-WEST3', grants: { [defaultAccount.email]: ['get', 'list', 'create', 'delete', 'look'] }, ...lab }, open: { public: true, grants: {} }, pays: { requesterPays: true } },
  });
  for (const bucket of ['open', 'pays']) await server.put(bucket, 'a.txt', 'alpha');
  const home = new GoogleHome();
  home.enter({
    files: {
      'owner.json': keyFile(defaultAccount, server.endpoint),
      'wrong.json': keyFile(defaultAccount, server.endpoint, { foreign: true }),
      'expired.json': userFile(revoked, server.endpoint),
      'stranger.json': keyFile(stranger, server.endpoint),
    },
  });
  const whoOptions: Readonly<Record<Who, StorageOptions>> = {
    owner: { gcsCredentials: home.path('owner.json') },
    nobody: {},
    wrong: { gcsCredentials: home.path('wrong.json') },
    expired: { gcsCredentials: home.path('expired.json') },
    stranger: { gcsCredentials: home.path('stranger.json') },
    anonymous: { anonymous: true },
  };
  const open = ({ who = 'owner', place = 'here', storage = {}, surroundings = {} }: Variant): GcsStore =>
    new GcsStore(
      { scheme: 'gs', bucket: bucketOf[place], prefix: place === 'here' ? prefix : '' },
      { gcsEndpoint: place === 'unreachable' ? 'http://127.0.0.1:9' : server.endpoint, ...whoOptions[who], ...storage },
      { ...impatient, ...surroundings },
    );
  const below = (key: string): string => (prefix === '' ? key : `${prefix}/${key}`);
  const storageRequests = (on: RequestKind): readonly LoggedRequest[] => server.requests.filter((request) => request.api !== 'token' && gcsKinds[on](request));
  return {
    store: open({}),
    put: async (key, content) => server.put('lab', below(key), content),
    open: async (variant) => (variant.place === 'other-region' ? undefined : open(variant)),
    faults: {
      inject: (fault, on = 'any', times = 1) => server.inject({ fault: gcsServerFault(fault), match: (request) => request.api !== 'token' && gcsKinds[on](request), times }),
      clear: () => server.clearFaults(),
      seen: (on = 'any') => storageRequests(on).length,
    },
    unfinishedUploads: async () => server.openUploads('lab'),
    attributes: async (key) => {
      const object = await server.bucket('lab').get(below(key));
      await object?.close();
      return { storageClass: object?.storageClass ?? 'STANDARD', encryption: object?.kmsKeyName === undefined ? 'provider' : 'kms', encryptionKey: object?.kmsKeyName };
    },
    choices: { storageClass: 'NEARLINE', encryptionKey: `projects/${defaultProject}/locations/europe-west3/keyRings/lab/cryptoKeys/data` },
    secrets: [...accountSecrets, 'Bearer ', 'upload_id'],
    close: async () => {
      await server.close();
      home.leave();
    },
  };
}

export const gcsColumn: StoreColumn = {
  id: 'gcs',
  title: 'Google Cloud Storage (test server)',
  notApplicable: { 'access-region': 'the service has one address for buckets of all regions' },
  open: () => openGcsUnderTest({}, 'data set'),
};

/** The same at the root of a bucket whose listings come in short pages, and which takes less of an upload than it is sent. */
export const gcsShortColumn: StoreColumn = {
  ...gcsColumn,
  id: 'gcs-short',
  title: 'Google Cloud Storage, at the root of a bucket that answers in small pieces',
  open: () => openGcsUnderTest({ namesPerPage: 700, takesAtMost: 3 * 1024 * 1024 }, ''),
};
