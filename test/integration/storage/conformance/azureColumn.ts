import type { ObjectStore, StorageOptions } from '../../../../runner/storage/objectStore.ts';
import { AzureStore } from '../../../../runner/storage/azure/azureStore.ts';
import { startAzurite } from '../../../servers/azurite.ts';
import { startFaultProxy } from '../../../servers/faultProxy.ts';
import type { PassingRequest } from '../../../servers/faultProxy.ts';
import type { Fault } from '../../../servers/faults.ts';
import { azureFailureBody } from '../azureFailures.ts';
import { AzureHome } from '../azureHome.ts';
import type { StoreColumn } from './column.ts';
import { impatient } from './underTest.ts';
import type { Place, RequestKind, StoreFault, StoreUnderTest, Variant, Who } from './underTest.ts';

const wrongKey = Buffer.from('wrong secret').toString('base64');
const prefix = 'data set';
const containerOf: Readonly<Record<Place, string>> = { here: 'lab', 'missing-bucket': 'absent', 'public-bucket': 'open', 'requester-pays-bucket': 'lab', 'other-region': 'lab', unreachable: 'lab' };

/** What Azure says with these statuses. */
const codes: Readonly<Record<Extract<StoreFault, { kind: 'status' }>['status'], string>> = {
  401: 'InvalidAuthenticationInfo', 403: 'AuthorizationPermissionMismatch', 429: 'TooManyRequests', 500: 'InternalError', 503: 'ServerBusy',
};

function proxyFault(fault: StoreFault): Fault {
  if (fault.kind !== 'status') return fault;
  return { kind: 'status', status: fault.status, code: codes[fault.status], ...(fault.retryAfterSeconds === undefined ? {} : { headers: { 'retry-after': String(fault.retryAfterSeconds) } }) };
}

const isBlob = ({ query }: PassingRequest): boolean => query.get('restype') !== 'container';
const kinds: Readonly<Record<RequestKind, (request: PassingRequest) => boolean>> = {
  any: () => true,
  read: (request) => request.method === 'GET' && isBlob(request) && !request.query.has('comp'),
  stat: ({ method }) => method === 'HEAD',
  list: ({ query }) => query.get('comp') === 'list',
  part: ({ query }) => query.get('comp') === 'block',
  finish: (request) => request.method === 'PUT' && isBlob(request) && (!request.query.has('comp') || request.query.get('comp') === 'blocklist'),
  delete: ({ method }) => method === 'DELETE',
};

/** Calls `become` before whatever is asked of the store: credentials of Azure are in the environment, which is everybody's here. */
function inNameOf(store: ObjectStore, become: () => void): ObjectStore {
  return new Proxy(store, {
    get: (target, name) => {
      const value: unknown = Reflect.get(target, name, target);
      return typeof value !== 'function' ? value : (...given: readonly unknown[]): unknown => {
        become();
        return Reflect.apply(value, target, given);
      };
    },
  });
}

/** Azurite with a container for every place, behind a proxy that lets requests fail. */
async function openAzureUnderTest(): Promise<StoreUnderTest> {
  const home = new AzureHome();
  const azurite = await startAzurite();
  const proxy = await startFaultProxy(azurite.origin, azureFailureBody);
  const lab = azurite.container('lab');
  await lab.create();
  await azurite.container('open').create({ access: 'container' });
  await azurite.put('open', 'a.txt', 'alpha');
  home.enter();
  const variables: Readonly<Record<Who, Readonly<Record<string, string>>>> = {
    owner: { AZURE_STORAGE_KEY: azurite.key() },
    nobody: {},
    wrong: { AZURE_STORAGE_KEY: wrongKey },
    expired: { AZURE_STORAGE_SAS_TOKEN: azurite.sas('lab', 'racwdl', -60_000) },
    stranger: { AZURE_STORAGE_SAS_TOKEN: azurite.sas('lab', 't') },
    anonymous: {},
  };
  const open = ({ who = 'owner', place = 'here', storage = {}, surroundings = {} }: Variant): ObjectStore => {
    const options: StorageOptions = { azureEndpoint: place === 'unreachable' ? 'http://127.0.0.1:9/lab' : `${proxy.endpoint}/lab`, anonymous: who === 'anonymous', ...storage };
    const store = new AzureStore({ scheme: 'az', account: 'lab', bucket: containerOf[place], prefix: place === 'here' ? prefix : '' }, options, { ...impatient, ...surroundings });
    return inNameOf(store, () => home.set({ AZURE_STORAGE_KEY: undefined, AZURE_STORAGE_SAS_TOKEN: undefined, ...variables[who] }));
  };
  return {
    store: open({}),
    put: async (key, content) => azurite.put('lab', `${prefix}/${key}`, content),
    open: async (variant) => open(variant),
    faults: {
      inject: (fault, on = 'any', times = 1) => proxy.inject({ fault: proxyFault(fault), match: kinds[on], times }),
      clear: () => proxy.clearFaults(),
      seen: (on = 'any') => proxy.requests.filter(kinds[on]).length,
    },
    attributes: async (key) => ({ storageClass: (await lab.getBlobClient(`${prefix}/${key}`).getProperties()).accessTier }),
    choices: { storageClass: 'Cool' },
    secrets: [azurite.key(), wrongKey, 'sig=', 'SharedKey'],
    close: async () => {
      home.leave();
      await proxy.close();
      await azurite.close();
    },
  };
}

export const azureColumn: StoreColumn = {
  id: 'azure',
  title: 'Azure (azurite)',
  notApplicable: {
    'access-requester-pays': 'Azure has no containers whose readers pay',
    'access-requester-pays-write': 'Azure has no containers whose readers pay',
    'access-region': 'the address of an Azure account leads to wherever it is',
    'write-large-withdrawn': 'Azure itself discards blocks that were not committed, after a week, and lets nobody do it before',
    'parts-abandon': 'Azure itself discards blocks that were not committed, after a week, and lets nobody do it before',
    'write-encryption': 'Azure encrypts everything, and does not tell of single blobs',
    'write-encryption-key': 'azurite knows no encryption scopes',
  },
  open: openAzureUnderTest,
};
