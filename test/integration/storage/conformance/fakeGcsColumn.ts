import { GcsStore } from '../../../../runner/storage/gcs/gcsStore.ts';
import { encodeName } from '../../../../runner/storage/serviceText.ts';
import { startFaultProxy } from '../../../servers/faultProxy.ts';
import type { FailureBody, PassingRequest } from '../../../servers/faultProxy.ts';
import { failureBody, GcsFailure } from '../../../servers/gcs/failure.ts';
import { defaultAccount, keyFile, startGcsServer } from '../../../servers/gcsServer.ts';
import { findFakeGcs, startFakeGcs } from '../../../servers/peers/fakeGcs.ts';
import { GoogleHome } from '../gcsHome.ts';
import { allCases } from './cases.ts';
import { gcsKinds, gcsServerFault } from './gcsColumn.ts';
import type { GcsRequestShape } from './gcsColumn.ts';
import type { PeerColumn } from './peerColumn.ts';
import { impatient } from './underTest.ts';
import type { Place, RequestKind, StoreUnderTest, Variant } from './underTest.ts';

const prefix = 'data set';
const buckets: Readonly<Record<Place, string>> = { here: 'lab', 'missing-bucket': 'absent', 'public-bucket': 'open', 'requester-pays-bucket': 'lab', 'other-region': 'lab', unreachable: 'lab' };

const failure: FailureBody = ({ status, code, message = code }) => {
  const { type, body } = failureBody(new GcsFailure(status, code, message), 'json');
  return { headers: { 'content-type': type }, body };
};

/** A request as our own server would log it. */
function shapeOf({ method, path, query, headers }: PassingRequest): GcsRequestShape {
  const [, upload, rest] = /^\/(?:(upload)\/)?storage\/v1\/b(\/.*)?$/.exec(path) ?? [];
  const [, , kind, ...name] = (rest ?? '').split('/');
  const range = headers['content-range'];
  return {
    api: rest === undefined ? 'xml' : upload === undefined ? 'json' : 'upload',
    method,
    name: kind === 'o' ? decodeURIComponent(name.join('/')) : '',
    query: Object.fromEntries(query),
    contentRange: typeof range === 'string' ? range : undefined,
  };
}

const isKind = (kind: RequestKind) => (request: PassingRequest): boolean => gcsKinds[kind](shapeOf(request));

/** The server behind a proxy that lets requests fail. Tokens are those of our own server, and the peer takes any. */
async function openFakeGcsUnderTest(): Promise<StoreUnderTest> {
  const peer = await startFakeGcs();
  const tokens = await startGcsServer({ accounts: [defaultAccount] });
  const proxy = await startFaultProxy(peer.endpoint, failure);
  const home = new GoogleHome();
  home.enter({ files: { 'owner.json': keyFile(defaultAccount, tokens.endpoint) } });
  const ask = async (path: string, init: RequestInit): Promise<string> => {
    const answer = await fetch(`${peer.endpoint}${path}`, init);
    const body = await answer.text();
    if (!answer.ok) throw new Error(`fake-gcs-server answered ${answer.status} to ${path}: ${body}`);
    return body;
  };
  const put = (bucket: string, name: string, content: Uint8Array | string): Promise<string> =>
    ask(`/upload/storage/v1/b/${bucket}/o?uploadType=media&name=${encodeName(name)}`, { method: 'POST', body: Buffer.from(content) });
  for (const name of ['lab', 'open']) await ask('/storage/v1/b', { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ name }) });
  await put('open', 'a.txt', 'alpha');
  const open = ({ who = 'owner', place = 'here', storage = {}, surroundings = {} }: Variant): GcsStore =>
    new GcsStore(
      { scheme: 'gs', bucket: buckets[place], prefix: place === 'here' ? prefix : '' },
      { gcsEndpoint: place === 'unreachable' ? 'http://127.0.0.1:9' : proxy.endpoint, ...(who === 'anonymous' ? { anonymous: true } : who === 'nobody' ? {} : { gcsCredentials: home.path('owner.json') }), ...storage },
      { ...impatient, ...surroundings },
    );
  return {
    store: open({}),
    put: (key, content) => put('lab', `${prefix}/${key}`, content),
    open: async (variant) => open(variant),
    faults: {
      inject: (fault, on = 'any', times = 1) => proxy.inject({ fault: gcsServerFault(fault), match: isKind(on), times }),
      clear: () => proxy.clearFaults(),
      seen: (on = 'any') => proxy.requests.filter(isKind(on)).length,
    },
    attributes: async (key) => {
      const { storageClass } = JSON.parse(await ask(`/storage/v1/b/lab/o/${encodeName(`${prefix}/${key}`)}`, {})) as { readonly storageClass?: string };
      return { storageClass };
    },
    choices: { storageClass: 'NEARLINE' },
    secrets: ['Bearer ', 'upload_id'],
    close: async () => {
      await proxy.close();
      await tokens.close();
      await peer.close();
      home.leave();
    },
  };
}

const because = (reason: string, ...ids: readonly string[]): Readonly<Record<string, string>> => Object.fromEntries(ids.map((id) => [id, reason]));

export const fakeGcsColumn: PeerColumn = {
  id: 'fake-gcs',
  title: 'Google Cloud Storage (fake-gcs-server)',
  program: 'fake-gcs-server',
  find: findFakeGcs,
  notApplicable: {
    ...because('fake-gcs-server takes any credentials, and none', 'access-wrong', 'access-expired', 'access-denied', 'access-anonymous-private', 'access-anonymous-public', 'access-requester-pays', 'access-requester-pays-write'),
    ...because('the service has one address for buckets of all regions', 'access-region'),
    ...because('fake-gcs-server has only the JSON API, which takes no parts', ...allCases.map(({ id }) => id).filter((id) => id.startsWith('parts-'))),
    ...because('fake-gcs-server takes the question how far an upload has got for its end; what then is there in part is noticed and removed', 'write-large-repeat'),
    ...because('fake-gcs-server does not tell of uploads that are under way', 'write-large-withdrawn'),
    ...because('fake-gcs-server does not tell how objects are encrypted', 'write-encryption', 'write-encryption-key'),
  },
  open: openFakeGcsUnderTest,
};
