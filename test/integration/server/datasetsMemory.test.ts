import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createConnection } from 'node:net';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { createMessageConnection, SocketMessageReader, SocketMessageWriter } from 'vscode-jsonrpc/node';
import type { MessageConnection } from 'vscode-jsonrpc/node';
import type { DatasetRef } from '../../../runner/protocol/datasets.ts';
import { protocolVersion } from '../../../runner/protocol/rpc.ts';
import type { Notifications, RequestName, Requests, RunnerAddress } from '../../../runner/protocol/rpc.ts';
import { addressFile, runnerFolderOf } from '../../../runner/protocol/stateFolder.ts';
import { defaultCredential, startS3Server } from '../../servers/s3Server.ts';
import { VirtualDataset } from '../../servers/s3/virtualDataset.ts';

/** Polls until it is so; fails after twenty seconds. */
async function until<T>(what: string, look: () => T | undefined | Promise<T | undefined>): Promise<T> {
  for (const deadline = Date.now() + 20_000; Date.now() < deadline; await wait(20)) {
    const found = await look();
    if (found !== undefined) return found;
  }
  throw new Error(`Waited in vain for ${what}`);
}

/** Resident memory of a process now, in MiB. */
async function residentMemory(pid: number): Promise<number> {
  return Number(/VmRSS:\s+(\d+) kB/.exec(await readFile(`/proc/${pid}/status`, 'utf8'))?.[1] ?? NaN) / 1024;
}

describe('the memory of a runner that knows large datasets', function () {
  this.timeout(120_000);
  let folder: string;
  let runner: ChildProcess;
  let window: MessageConnection;

  before(async function () {
    // The memory of a process is read from /proc.
    if (process.platform !== 'linux') this.skip();
    folder = await mkdtemp(join(tmpdir(), 'spimquant-runner-'));
    const program = fileURLToPath(new URL('../../../runner/server.ts', import.meta.url));
    const env = { ...process.env, SPIMQUANT_STATE_DIR: folder, HOME: folder, AWS_ACCESS_KEY_ID: defaultCredential.accessKeyId, AWS_SECRET_ACCESS_KEY: defaultCredential.secretAccessKey, AWS_REGION: 'us-east-1' };
    // With so little room for its heap, what is resident is what the runner holds and not garbage that waits to be collected; holding more ends it.
    runner = spawn(process.execPath, [...process.execArgv, '--max-old-space-size=96', '--max-semi-space-size=4', program], { env, stdio: ['ignore', 'ignore', 'inherit'] });
    const path = join(runnerFolderOf(folder, hostname()), addressFile);
    const address = await until('the runner', async () => JSON.parse(await readFile(path, 'utf8').catch(() => 'null')) as RunnerAddress | null ?? undefined);
    const socket = createConnection(address.socket);
    window = createMessageConnection(new SocketMessageReader(socket), new SocketMessageWriter(socket));
    window.listen();
    await ask('hello', { token: address.token, protocol: protocolVersion, version: address.version, build: address.build });
  });
  after(async () => {
    window?.dispose();
    if (runner?.exitCode === null) {
      runner.kill();
      await new Promise((resolve) => { runner.once('exit', resolve); });
    }
    if (folder !== undefined) await rm(folder, { recursive: true, force: true });
  });
  const ask = <N extends RequestName>(name: N, params: Requests[N]['params']): Promise<Requests[N]['result']> => window.sendRequest(name, params);

  it('grows by a few megabytes for ten thousand participants of a million keys, whatever is looked into', async () => {
    const small = new VirtualDataset({ participants: 3 });
    const large = new VirtualDataset({ participants: 10_000, sessions: 2, chunks: 43, derivatives: true });
    await using server = await startS3Server({ buckets: { small: { backend: small.bucket() }, large: { backend: large.bucket() } } });
    const storage = { s3Endpoint: server.endpoint };
    const counted = new Map<string, number>();
    window.onNotification('datasets.progress', ({ dataset, counted: many, done }: Notifications['datasets.progress']) => { if (done) counted.set(dataset.uri, many); });
    const index = async (dataset: DatasetRef, participants: number): Promise<void> => {
      await ask('datasets.describe', { dataset });
      await until('the end of counting', () => (counted.get(dataset.uri) === participants ? true : undefined));
    };
    // The library of the service, and what every look takes, is there before.
    await index({ uri: 's3://small', storage }, 3);
    await ask('datasets.participant', { dataset: { uri: 's3://small', storage }, label: '0001' });
    const before = await residentMemory(runner.pid ?? 0);
    const dataset: DatasetRef = { uri: 's3://large', storage };
    await index(dataset, 10_000);
    for (let at = 0; at < 10_000; at += 1000) await ask('datasets.participants', { dataset, offset: at, limit: 1000, search: 'treatment=drug' });
    for (let at = 1; at <= 300; at++) await ask('datasets.participant', { dataset, label: String(at).padStart(5, '0') });
    const after = await residentMemory(runner.pid ?? 0);
    // What it holds is about three megabytes; the rest is the heap that it may fill, and what sockets keep outside of it.
    assert.equal(runner.exitCode, null);
    assert.ok(after - before < 120, `${before.toFixed(0)} MiB before, ${after.toFixed(0)} MiB after`);
    assert.ok(after < 300, `${before.toFixed(0)} MiB before, ${after.toFixed(0)} MiB after`);
  });
});
