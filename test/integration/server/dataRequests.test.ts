import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createConnection } from 'node:net';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { createMessageConnection, SocketMessageReader, SocketMessageWriter } from 'vscode-jsonrpc/node';
import type { MessageConnection } from 'vscode-jsonrpc/node';
import { protocolVersion } from '../../../runner/protocol/rpc.ts';
import type { RequestName, Requests, RunnerAddress } from '../../../runner/protocol/rpc.ts';
import type { DatasetRef } from '../../../runner/protocol/datasets.ts';
import type { ResourceSample } from '../../../runner/protocol/resources.ts';
import { addressFile, runnerFolderOf } from '../../../runner/protocol/stateFolder.ts';

/** Polls until it is so; fails after ten seconds. */
async function until<T>(what: string, look: () => T | undefined | Promise<T | undefined>): Promise<T> {
  for (const deadline = Date.now() + 10_000; Date.now() < deadline; await wait(20)) {
    const found = await look();
    if (found !== undefined) return found;
  }
  throw new Error(`Waited in vain for ${what}`);
}

describe('a running runner, asked about data and resources', () => {
  let folder: string;
  let runner: ChildProcess;
  const windows: MessageConnection[] = [];

  const connect = async (): Promise<MessageConnection> => {
    const path = join(runnerFolderOf(folder, hostname()), addressFile);
    const address = await until('the runner', async () => JSON.parse(await readFile(path, 'utf8').catch(() => 'null')) as RunnerAddress | null ?? undefined);
    const socket = createConnection(address.socket);
    const window = createMessageConnection(new SocketMessageReader(socket), new SocketMessageWriter(socket));
    window.listen();
    windows.push(window);
    await ask(window, 'hello', { token: address.token, protocol: protocolVersion, version: address.version, build: address.build });
    return window;
  };
  const ask = <N extends RequestName>(window: MessageConnection, name: N, params: Requests[N]['params']): Promise<Requests[N]['result']> => window.sendRequest(name, params);

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'spimquant-runner-'));
    const program = fileURLToPath(new URL('../../../runner/server.ts', import.meta.url));
    runner = spawn(process.execPath, [...process.execArgv, program], { env: { ...process.env, SPIMQUANT_STATE_DIR: folder }, stdio: ['ignore', 'ignore', 'inherit'] });
    await mkdir(join(folder, 'mice', 'sub-01'), { recursive: true });
    await writeFile(join(folder, 'mice', 'dataset_description.json'), JSON.stringify({ Name: 'Mice', BIDSVersion: '1.9.0' }));
  });
  after(async () => {
    for (const window of windows) window.dispose();
    if (runner.exitCode === null) {
      runner.kill();
      await new Promise((resolve) => { runner.once('exit', resolve); });
    }
    await rm(folder, { recursive: true, force: true });
  });

  it('tells every window when the list of datasets changes', async () => {
    const [one, two] = [await connect(), await connect()];
    const heard: (readonly DatasetRef[])[] = [];
    two.onNotification('datasets.changed', ({ datasets }: { datasets: readonly DatasetRef[] }) => { heard.push(datasets); });
    const dataset = { uri: join(folder, 'mice'), storage: {} };
    assert.equal((await ask(one, 'datasets.add', { dataset })).participants, 1);
    assert.deepEqual(await until('word of it', () => heard[0]), [dataset]);
    assert.deepEqual((await ask(two, 'datasets.list', {})).datasets, [dataset]);
  });

  it('answers failures with their code and what to do', async () => {
    const window = await connect();
    await assert.rejects(ask(window, 'datasets.describe', { dataset: { uri: join(folder, 'nowhere'), storage: {} } }), (error) => {
      const { data } = error as { readonly data?: { readonly code?: string; readonly hint?: string } };
      assert.deepEqual([data?.code, data?.hint], ['not-found', 'Check the spelling of the folder or of the bucket and prefix.']);
      return true;
    });
    const { items } = await ask(window, 'storage.complete', { prefix: 'mi', cwd: folder, limit: 5 });
    assert.deepEqual(items, [{ uri: `${join(folder, 'mice')}/`, folder: true }]);
    const { base64 } = await ask(window, 'storage.read', { uri: join(folder, 'mice', 'dataset_description.json'), maxBytes: 1000 });
    assert.match(Buffer.from(base64, 'base64').toString(), /"Mice"/);
  });

  it('tells those who watch what it takes, and keeps it for those who come later', async () => {
    const [watching, other] = [await connect(), await connect()];
    const heard: ResourceSample[] = [];
    const overheard: ResourceSample[] = [];
    watching.onNotification('resources.sample', (sample: ResourceSample) => { heard.push(sample); });
    other.onNotification('resources.sample', (sample: ResourceSample) => { overheard.push(sample); });
    assert.deepEqual((await ask(watching, 'resources.watch', { intervalMs: 200 })).history, []);
    await until('two samples', () => heard[1]);
    const [sample] = heard;
    assert.ok(sample.cores >= 1 && sample.cpu >= 0 && sample.processes >= 1 && sample.memory > 20e6 && sample.memory < sample.memoryLimit, JSON.stringify(sample));
    assert.equal(overheard.length, 0);
    await ask(watching, 'resources.watch', { intervalMs: 0 });
    const { history } = await ask(other, 'resources.watch', { intervalMs: 60_000 });
    assert.ok(history.length >= 2);
  });
});
