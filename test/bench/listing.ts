import { fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { DatasetRef } from '../../runner/protocol/datasets.ts';
import { DatasetService } from '../../runner/server/datasets.ts';
import { defaultCredential } from '../servers/s3Server.ts';
import { keysOfParticipant } from '../servers/s3/virtualDataset.ts';
import { runPython } from './benchRow.ts';
import type { BenchRow } from './benchRow.ts';
import type { ListedSpec } from './listing/serve.ts';

/** A million keys: ten thousand participants of a hundred. */
const dataset = { participants: 10_000, sessions: 2, chunks: 43 };
const latencyMs = 50;
/** Pages of the recursive listing that are timed; the rest takes as long. */
const recursivePages = 20;

const keys = { AWS_ACCESS_KEY_ID: defaultCredential.accessKeyId, AWS_SECRET_ACCESS_KEY: defaultCredential.secretAccessKey, AWS_REGION: 'us-east-1', AWS_EC2_METADATA_DISABLED: 'true' };

/** Seconds of a peer, and what it has found. */
interface Found {
  readonly seconds: number;
  readonly found: number;
}

const botoClient = `
import sys, time, json, boto3
from botocore.config import Config
s3 = boto3.client('s3', endpoint_url=sys.argv[1], config=Config(s3={'addressing_style': 'path'}))
s3.head_bucket(Bucket='bench')
paginator = s3.get_paginator('list_objects_v2')
`;

/** Folders called sub-… by boto3's paginator, all of them or those of the first page. */
const botoFolders = `${botoClient}
pages = int(sys.argv[2])
start = time.perf_counter()
found = 0
for number, page in enumerate(paginator.paginate(Bucket='bench', Prefix='bids/', Delimiter='/')):
    found += sum(each['Prefix'].startswith('bids/sub-') for each in page.get('CommonPrefixes', []))
    if number + 1 == pages:
        break
print(json.dumps({'seconds': time.perf_counter() - start, 'found': found}))
`;

/** All keys, as `aws s3 ls --recursive` lists them: so many pages of them. */
const botoRecursive = `${botoClient}
pages = int(sys.argv[2])
start = time.perf_counter()
found = 0
for number, page in enumerate(paginator.paginate(Bucket='bench', Prefix='bids/sub-')):
    found += len(page['Contents'])
    if number + 1 == pages:
        break
print(json.dumps({'seconds': time.perf_counter() - start, 'found': found}))
`;

const fsspec = `
import sys, time, json, os, s3fs
fs = s3fs.S3FileSystem(key=os.environ['AWS_ACCESS_KEY_ID'], secret=os.environ['AWS_SECRET_ACCESS_KEY'], client_kwargs={'endpoint_url': sys.argv[1], 'region_name': 'us-east-1'})
fs.exists('bench/bids/dataset_description.json')
start = time.perf_counter()
found = len(fs.glob('bench/bids/sub-*'))
print(json.dumps({'seconds': time.perf_counter() - start, 'found': found}))
`;

async function serve(spec: ListedSpec): Promise<{ readonly endpoint: string; readonly child: ChildProcess }> {
  const child = fork(fileURLToPath(new URL('listing/serve.ts', import.meta.url)), [JSON.stringify(spec)], { execArgv: process.execArgv });
  const [message] = (await Promise.race([once(child, 'message'), once(child, 'exit').then(() => { throw new Error('The test server did not start.'); })])) as [{ readonly endpoint: string }];
  return { endpoint: message.endpoint, child };
}

interface Ours {
  /** Until the first participants can be shown, until all are counted, and until a later runner shows them. */
  readonly first: number;
  readonly whole: number;
  readonly again: number;
}

/** What the runner takes, and what it takes a runner that finds what another has kept. */
async function timeOurs(endpoint: string): Promise<Ours> {
  const folder = await mkdtemp(join(tmpdir(), 'spimquant-bench-'));
  const ref: DatasetRef = { uri: 's3://bench/bids', storage: { s3Endpoint: endpoint } };
  const { signal } = new AbortController();
  const open = (): { readonly service: DatasetService; readonly counted: Promise<number> } => {
    const { promise, resolve } = Promise.withResolvers<number>();
    const service = new DatasetService({
      stateFolder: folder, cacheFolder: folder, clock: Date.now, log: () => undefined, changed: () => undefined, updated: () => undefined,
      progress: (_dataset, counted, done) => { if (done) resolve(counted); },
    });
    return { service, counted: promise };
  };
  try {
    // The library of the service is loaded, as the peers have loaded theirs.
    const warm = open();
    await warm.service.handlers['datasets.describe']({ dataset: { ...ref, uri: 's3://bench/bids/sub-00001' } }, signal);
    warm.service.dispose();
    const { service, counted } = open();
    const start = performance.now();
    const page = await service.handlers['datasets.participants']({ dataset: ref, offset: 0, limit: 200 }, signal);
    const first = (performance.now() - start) / 1000;
    if (page.labels.length !== 200 || await counted !== dataset.participants) throw new Error('Participants are missing.');
    const whole = (performance.now() - start) / 1000;
    service.dispose();
    const later = open();
    const began = performance.now();
    const kept = await later.service.handlers['datasets.participants']({ dataset: ref, offset: 9000, limit: 200 }, signal);
    const again = (performance.now() - began) / 1000;
    if (kept.labels.length !== 200 || kept.total !== dataset.participants) throw new Error('What was kept is not whole.');
    later.service.dispose();
    return { first, whole, again };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Serves the dataset 50 ms away for as long as something is measured. */
async function withServer<T>(work: (endpoint: string) => Promise<T>): Promise<T> {
  const { endpoint, child } = await serve({ ...dataset, latencyMs });
  Object.assign(process.env, keys);
  try {
    return await work(endpoint);
  } finally {
    child.disconnect();
  }
}

const about = `${dataset.participants.toLocaleString('en-US')} participants, ${latencyMs} ms a request`;

/** Finding the participants of a dataset with a million keys, by a process that lists folders and by one that lists all keys. `python` has boto3. */
export async function benchListing(python: string): Promise<readonly BenchRow[]> {
  return withServer(async (endpoint) => {
    const ours = await timeOurs(endpoint);
    const page = await runPython<Found>(python, botoFolders, [endpoint, '1']);
    const folders = await runPython<Found>(python, botoFolders, [endpoint, '0']);
    if (folders.found !== dataset.participants) throw new Error(`boto3 found ${folders.found} participants.`);
    const recursive = await runPython<Found>(python, botoRecursive, [endpoint, String(recursivePages)]);
    const all = dataset.participants * keysOfParticipant(dataset);
    return [
      { name: `first page: ${about}`, peer: 'boto3, first page of folders', oursSeconds: ours.first, peerSeconds: page.seconds },
      { name: `whole: ${about}`, peer: 'boto3, all folders', oursSeconds: ours.whole, peerSeconds: folders.seconds },
      { name: `whole: ${about}`, peer: `boto3, all ${all.toLocaleString('en-US')} keys (of ${recursivePages} pages)`, oursSeconds: ours.whole, peerSeconds: recursive.seconds * all / recursive.found },
      { name: `after a restart: ${about}`, peer: 'boto3, all folders', oursSeconds: ours.again, peerSeconds: folders.seconds },
    ];
  });
}

/** The same by a glob of s3fs. `python` has s3fs. */
export async function benchGlob(python: string): Promise<readonly BenchRow[]> {
  return withServer(async (endpoint) => {
    const ours = await timeOurs(endpoint);
    const glob = await runPython<Found>(python, fsspec, [endpoint]);
    if (glob.found !== dataset.participants) throw new Error(`s3fs found ${glob.found} participants.`);
    return [
      { name: `first page: ${about}`, peer: 's3fs.glob, which has no pages', oursSeconds: ours.first, peerSeconds: glob.seconds },
      { name: `whole: ${about}`, peer: 's3fs.glob', oursSeconds: ours.whole, peerSeconds: glob.seconds },
    ];
  });
}
