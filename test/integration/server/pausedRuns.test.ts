import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import type { RunnerClient } from '../../../extension/runner-client/client.types.ts';
import { explore } from '../../../runner/explore/explore.ts';
import { isAlive } from '../../../runner/monitor/process.ts';
import type { Provider } from '../../../runner/protocol/signIn.ts';
import { newRunId } from '../../../runner/protocol/runs.ts';
import type { RunRecord } from '../../../runner/protocol/runs.ts';
import { toyCohort } from '../../fixtures/engine/toyTasks.ts';
import { ExpiringSession } from '../engine/expiringSession.ts';
import { Hearing, kill, RunnerBench, until } from './runnerBench.ts';

const cohort = toyCohort(['01', '02'], { steps: 2, pause: 5 });

describe('paused runs of the runner', function () {
  this.timeout(60_000);
  let bench: RunnerBench;
  let account: ExpiringSession;
  let client: RunnerClient;

  beforeEach(async () => {
    bench = new RunnerBench(cohort, { TOY_HURRY: '50' });
    account = new ExpiringSession(bench.folder);
    Object.assign(bench.env, account.env);
    await account.serve();
    client = bench.client();
  });
  afterEach(async () => {
    await account.end();
    await bench.remove();
  });

  const record = async (id: string): Promise<RunRecord | undefined> => (await client.request('runs.list', { limit: 10 })).runs.find((run) => run.id === id);

  /** Starts a run on buckets and lets its credentials expire in its middle. */
  const pausedRun = async (): Promise<RunRecord> => {
    const id = newRunId(Date.now());
    await client.request('runs.start', { id, text: `spimquant s3://lab/bids s3://lab/out participant --cores 2 --s3-endpoint ${account.server.endpoint}`, cwd: bench.folder });
    const hearing = new Hearing(client, id);
    await until(() => hearing.events.some(({ type }) => type === 'task-finished'), 'the run works');
    account.first.expired = true;
    return until(async () => {
      const run = await record(id);
      return run?.status === 'paused' ? run : undefined;
    }, 'the run is paused');
  };

  it('say why, since when and what signs in; every window is told, and sees them go on', async () => {
    const told: RunRecord[] = [];
    bench.client().on('runs.changed', ({ run }) => told.push(run));
    await bench.client().request('runs.list', { limit: 1 });
    const { id, pause, cancelling } = await pausedRun();
    assert.equal(pause?.kind, 'sign-in');
    assert.equal(pause.error.code, 'auth-expired');
    assert.ok(pause.signIn.includes('aws sso login'));
    assert.ok(pause.since <= Date.now() && pause.since > Date.now() - 60_000);
    assert.equal(cancelling, false);
    await assert.rejects(client.request('runs.delete', { id }), { code: 'bad-option', message: /not over yet/ });
    account.signIn(account.second);
    const end = await bench.over(client, id);
    assert.equal(end.status, 'succeeded');
    assert.equal(end.pause, undefined);
    assert.ok((end.pausedMs ?? 0) > 0);
    assert.equal(bench.events(id).filter(({ type }) => type === 'run-paused').length, 1);
  });

  it('try at once when they are told to: the answer is that they go on, or why not', async () => {
    const { id } = await pausedRun();
    await assert.rejects(client.request('runs.resume', { id }), { code: 'auth-expired' });
    assert.equal((await record(id))?.status, 'paused');
    assert.ok(((await record(id))?.pause?.checked ?? 0) > 0);
    account.first.expired = false;
    assert.notEqual((await client.request('runs.resume', { id })).status, 'paused');
    assert.equal((await bench.over(client, id)).status, 'succeeded');
    await assert.rejects(client.request('runs.resume', { id }), { code: 'bad-option', message: /not paused/ });
    await assert.rejects(client.request('runs.resume', { id: 'nobody' }), { code: 'not-found' });
  });

  it('stay paused when the runner is replaced or killed, and can be told to go on by the next', async () => {
    const { id, pause } = await pausedRun();
    const first = bench.address?.pid ?? 0;
    await client.restart();
    assert.ok(!isAlive(first));
    assert.deepEqual((await record(id))?.pause, pause);
    const second = bench.address?.pid ?? 0;
    kill(second);
    await until(() => !isAlive(second), 'it is gone');
    assert.equal((await record(id))?.pause?.since, pause?.since);
    account.first.expired = false;
    await client.request('runs.resume', { id });
    assert.equal((await bench.over(client, id)).status, 'succeeded');
    assert.equal(bench.events(id).filter(({ type }) => type === 'run-started').length, 1);
  });

  it('are cancelled within a second', async () => {
    const { id } = await pausedRun();
    const asked = performance.now();
    assert.equal((await client.request('runs.cancel', { id })).status, 'cancelled');
    assert.ok(performance.now() - asked < 1000, `${performance.now() - asked} ms`);
    assert.equal((await record(id))?.pause, undefined);
  });

  it('whose process is killed are interrupted, and the same command goes on', async () => {
    const { id } = await pausedRun();
    kill(bench.intent(id)?.pid ?? 0);
    const dead = await bench.over(client, id);
    assert.equal(dead.status, 'interrupted');
    assert.equal(dead.pause, undefined);
    account.signIn(account.second);
    const again = await client.request('runs.start', { id: newRunId(Date.now()), text: dead.command, cwd: bench.folder });
    const end = await bench.over(client, again.id);
    assert.equal(end.status, 'succeeded');
    const finished = new Set(bench.events(id).flatMap((event) => (event.type === 'task-finished' ? [event.task] : [])));
    assert.ok(bench.events(again.id).every((event) => event.type !== 'task-started' || !finished.has(event.task)));
  });

  it('are shown by the commands runs and logs', async () => {
    const { id } = await pausedRun();
    const ask = async (text: string): Promise<string> => {
      // The commands themselves: the toy server explores toys.
      return JSON.stringify(await explore(text, { cwd: bench.folder, env: bench.env, signal: new AbortController().signal, progress: () => undefined, log: () => undefined }));
    };
    assert.match(await ask('spimquant runs'), /paused \(sign in again\), \d+ %/);
    const log = await ask(`spimquant logs ${id}`);
    assert.match(log, /Paused since \d{4}-\d\d-\d\d \d\d:\d\d: The AWS sign-in has expired/);
    assert.match(log, /warn {2}paused: The AWS sign-in has expired .*It waits until/);
  });

  it('let windows know when somebody has signed in, for the datasets of the list that need it', async () => {
    const told: Provider[] = [];
    client.on('credentials.changed', ({ providers }) => told.push(...providers));
    await client.request('datasets.add', { dataset: { uri: 's3://lab/bids', storage: { s3Endpoint: account.server.endpoint } }, force: true });
    account.first.expired = true;
    await assert.rejects(client.request('datasets.describe', { dataset: { uri: 's3://lab/bids', storage: { s3Endpoint: account.server.endpoint } }, refresh: true }), { code: 'auth-expired' });
    // Until the runner has looked for the first time there is nothing to compare with.
    let round = 0;
    await until(() => {
      writeFileSync(account.credentials, `# ${round++}\n`);
      return told.length > 0;
    }, 'the window is told');
    assert.deepEqual([...new Set(told)], ['aws']);
  });
});
