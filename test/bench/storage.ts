import { fork, spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { openStore } from '../../runner/storage/open.ts';
import { defaultCredential } from '../servers/s3Server.ts';
import { runPython } from './benchRow.ts';
import type { BenchRow } from './benchRow.ts';
import type { BucketSpec } from './storage/serve.ts';

const spimquant = fileURLToPath(new URL('../../bin/spimquant.mjs', import.meta.url));
const keys = { AWS_ACCESS_KEY_ID: defaultCredential.accessKeyId, AWS_SECRET_ACCESS_KEY: defaultCredential.secretAccessKey, AWS_REGION: 'us-east-1', AWS_EC2_METADATA_DISABLED: 'true' };

const rangeBytes = 64 * 1024;
const ranges = 1500;
const atOnce = 16;
const largeBytes = 128 * 1024 * 1024;

/** The same ranges by boto3 from as many threads. Prints the seconds. */
const botoRanges = `
import sys, time, json, boto3
from botocore.config import Config
from concurrent.futures import ThreadPoolExecutor
endpoint, key, offsets, length, threads = sys.argv[1], sys.argv[2], json.loads(sys.argv[3]), int(sys.argv[4]), int(sys.argv[5])
s3 = boto3.client('s3', endpoint_url=endpoint, config=Config(max_pool_connections=threads, s3={'addressing_style': 'path'}))
def read(offset):
    return len(s3.get_object(Bucket='bench', Key=key, Range=f'bytes={offset}-{offset + length - 1}')['Body'].read())
with ThreadPoolExecutor(threads) as pool:
    list(pool.map(read, offsets[:threads]))
    start = time.perf_counter()
    total = sum(pool.map(read, offsets))
    took = time.perf_counter() - start
assert total == length * len(offsets)
print(json.dumps(took))
`;

/** The same ranges by s3fs, which sends them from one thread, as many at once. Prints the seconds. */
const fsRanges = `
import sys, time, json, os, s3fs
endpoint, key, offsets, length, atonce = sys.argv[1], sys.argv[2], json.loads(sys.argv[3]), int(sys.argv[4]), int(sys.argv[5])
fs = s3fs.S3FileSystem(key=os.environ['AWS_ACCESS_KEY_ID'], secret=os.environ['AWS_SECRET_ACCESS_KEY'], client_kwargs={'endpoint_url': endpoint, 'region_name': 'us-east-1'}, config_kwargs={'max_pool_connections': atonce})
def read(starts):
    return fs.cat_ranges(['bench/' + key] * len(starts), starts, [start + length for start in starts], batch_size=atonce)
read(offsets[:atonce])
start = time.perf_counter()
total = sum(map(len, read(offsets)))
took = time.perf_counter() - start
assert total == length * len(offsets)
print(json.dumps(took))
`;

/** Reads the ranges with that Python; seconds. */
interface RangePeer {
  readonly name: string;
  readonly script: string;
}

/** A program that makes a folder like a prefix. */
interface SyncPeer {
  readonly name: string;
  readonly command: (endpoint: string, folder: string) => readonly [program: string, ...args: readonly string[]];
}

async function serve(spec: BucketSpec): Promise<{ readonly endpoint: string; readonly child: ChildProcess }> {
  const child = fork(fileURLToPath(new URL('storage/serve.ts', import.meta.url)), [JSON.stringify(spec)], { execArgv: process.execArgv });
  const [message] = (await Promise.race([once(child, 'message'), once(child, 'exit').then(() => { throw new Error('The test server did not start.'); })])) as [{ readonly endpoint: string }];
  return { endpoint: message.endpoint, child };
}

/** Small ranged reads, sixteen at once, as looking at slices of an image makes them. */
async function benchRanges(python: string, peer: RangePeer, latencyMs: number): Promise<BenchRow> {
  const folder = await mkdtemp(join(tmpdir(), 'spimquant-bench-'));
  const { endpoint, child } = await serve({ folder, objects: [{ size: largeBytes, count: 1 }], latencyMs });
  try {
    const key = `${largeBytes}/0000.bin`;
    const count = latencyMs > 0 ? ranges / 3 : ranges;
    const offsets = Array.from({ length: count }, (_, at) => ((at * 7919) % (largeBytes / rangeBytes)) * rangeBytes);
    Object.assign(process.env, keys);
    const store = openStore('s3://bench', { s3Endpoint: endpoint, concurrency: atOnce });
    await Promise.all(offsets.slice(0, atOnce).map((offset) => store.read(key, { range: { offset, length: rangeBytes } })));
    const start = performance.now();
    const read = await Promise.all(offsets.map((offset) => store.read(key, { range: { offset, length: rangeBytes } })));
    const oursSeconds = (performance.now() - start) / 1000;
    if (read.some((bytes) => bytes?.length !== rangeBytes)) throw new Error('A range came back short.');
    const peerSeconds = await runPython<number>(python, peer.script, [endpoint, key, JSON.stringify(offsets), String(rangeBytes), String(atOnce)]);
    return { name: `${count} ranges of 64 KiB${latencyMs > 0 ? `, ${latencyMs} ms away` : ''}`, peer: peer.name, oursSeconds, peerSeconds };
  } finally {
    child.disconnect();
    await rm(folder, { recursive: true, force: true });
  }
}

/** Seconds of a whole process. Rejects when it fails. */
async function timed(command: string, args: readonly string[], state: string): Promise<number> {
  const start = performance.now();
  const child = spawn(command, args, { stdio: ['ignore', 'ignore', 'pipe'], env: { ...process.env, ...keys, SPIMQUANT_STATE_DIR: state } });
  let errors = '';
  child.stderr.on('data', (data: Buffer) => { errors = (errors + data.toString()).slice(-2000); });
  const [code] = (await once(child, 'close')) as [number | null];
  if (code !== 0) throw new Error(`${command} failed: ${errors.trim().split('\n').at(-1) ?? ''}`);
  return (performance.now() - start) / 1000;
}

/** Fetching a prefix into an empty folder, as whole programs. */
async function benchSync(rival: SyncPeer, name: string, objects: BucketSpec['objects'], latencyMs: number): Promise<BenchRow> {
  const folder = await mkdtemp(join(tmpdir(), 'spimquant-bench-'));
  const { endpoint, child } = await serve({ folder: join(folder, 'bucket'), objects, latencyMs });
  try {
    const runs: { ours: number; peer: number }[] = [];
    for (let turn = 0; turn < 2; turn++) {
      const ours = await timed(process.execPath, [spimquant, 'sync', 's3://bench', join(folder, `ours-${turn}`), '--s3-endpoint', endpoint, '--quiet'], join(folder, 'state'));
      const [program, ...args] = rival.command(endpoint, join(folder, `peer-${turn}`));
      const peer = await timed(program, args, join(folder, 'state'));
      runs.push({ ours, peer });
      for (const which of ['ours', 'peer']) await rm(join(folder, `${which}-${turn}`), { recursive: true, force: true });
    }
    return { name, peer: rival.name, oursSeconds: Math.min(...runs.map(({ ours }) => ours)), peerSeconds: Math.min(...runs.map(({ peer }) => peer)) };
  } finally {
    child.disconnect();
    await rm(folder, { recursive: true, force: true });
  }
}

async function benchSyncs(rival: SyncPeer): Promise<readonly BenchRow[]> {
  return [
    await benchSync(rival, 'sync 1500 objects of 64 KiB', [{ size: 65_536, count: 1500 }], 0),
    await benchSync(rival, 'sync 600 objects of 64 KiB, 20 ms away', [{ size: 65_536, count: 600 }], 20),
    await benchSync(rival, 'sync 4 objects of 64 MiB', [{ size: 1 << 26, count: 4 }], 0),
  ];
}

/** Reading ranges and fetching prefixes from an S3 service on this machine. `python` has boto3 and awscli. */
export async function benchStorage(python: string): Promise<readonly BenchRow[]> {
  const boto: RangePeer = { name: 'boto3', script: botoRanges };
  return [
    await benchRanges(python, boto, 0),
    await benchRanges(python, boto, 20),
    ...await benchSyncs({ name: 'aws s3 sync', command: (endpoint, folder) => [python, '-m', 'awscli', '--endpoint-url', endpoint, 's3', 'sync', '--quiet', 's3://bench', folder] }),
  ];
}

/** The same ranges. `python` has a version of s3fs that reads many at once (2021 or later). */
export async function benchFsRanges(python: string): Promise<readonly BenchRow[]> {
  const peer: RangePeer = { name: 's3fs.cat_ranges', script: fsRanges };
  return [await benchRanges(python, peer, 0), await benchRanges(python, peer, 20)];
}

/** Fetching the same prefixes by rclone, as it comes (4 files at once) and with as many at once as `spimquant sync` has. */
export async function benchRclone(): Promise<readonly BenchRow[]> {
  const rclone = (name: string, more: readonly string[]): SyncPeer => ({
    name, command: (endpoint, folder) => ['rclone', 'sync', '--config', '/dev/null', '--s3-provider', 'Other', '--s3-env-auth', '--s3-endpoint', endpoint, ...more, ':s3:bench', folder],
  });
  return [...await benchSyncs(rclone('rclone sync', [])), ...await benchSyncs(rclone('rclone sync --transfers 16', ['--transfers', '16']))];
}
