import assert from 'node:assert/strict';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { RunnerClient } from '../../extension/runner-client/client.types.ts';
import { createRunnerClient } from '../../extension/runner-client/runnerClient.ts';
import { isOver, type RunRecord } from '../../runner/protocol/runs.ts';
import type { CommandResult } from '../../scripts/demo/command.ts';
import { bucketDigests, folderDigests, startCloudLab, type CloudLab } from './support/cloudLab.ts';
import { tinyBrain } from './support/phantoms.ts';
import { spimquant, succeed, watch, type WatchedRun } from './support/runs.ts';
import { registerFlags } from './support/tinyFlags.ts';

/** What the pipeline's own processes make of trouble; every kind of it is in test/integration/coiled/cloudFaults.test.ts, in simulated time. */
describe('a cloud run when things go wrong', function () {
  this.timeout(900_000);
  let lab: CloudLab;
  let expected: readonly string[];
  const command = (output: string, ...more: readonly string[]): readonly string[] => ['s3://brains', `s3://results/${output}`, 'participant', ...registerFlags, '--cloud', ...lab.flags, ...more];
  const lines = (digests: ReadonlyMap<string, string>): readonly string[] => [...digests].map(([path, digest]) => `${path} ${digest}`).sort();
  const results = async (output: string): Promise<readonly string[]> => lines(await bucketDigests(lab.s3, `${output}/`));
  const noMachineLeft = (): void => {
    assert.deepEqual(lab.coiled.vmsLeft().map(({ name }) => name), []);
    assert.deepEqual(lab.coiled.vmsWithProcesses().map(({ name }) => name), []);
  };

  before(async () => {
    lab = await startCloudLab([tinyBrain('F1', 61, 'control'), tinyBrain('F2', 62, 'drug')]);
    await succeed([lab.bids, join(lab.folder.path, 'local'), 'participant', ...registerFlags]);
    expected = lines(await folderDigests(join(lab.folder.path, 'local')));
  });

  after(() => lab[Symbol.asyncDispose]());

  it('has the same results although Coiled throttles, fails for a moment, loses the answer to the request that makes machines, and one of them is taken away', async () => {
    lab.coiled.inject({ match: ({ path, method }) => method === 'POST' && path === '/api/v2/jobs/compressed', fault: { kind: 'status', status: 429, code: '' } });
    lab.coiled.inject({ match: ({ path, method }) => method === 'POST' && path.startsWith('/api/v2/clusters/account/'), fault: { kind: 'lose-answer' } });
    lab.coiled.inject({ match: ({ path, method }) => method === 'GET' && path.startsWith('/api/v2/jobs/cluster/'), fault: { kind: 'status', status: 503, code: '' } });
    let taken = false;
    const timer = setInterval(() => {
      const busy = lab.coiled.vmsWithProcesses().find(({ spot }) => spot);
      if (taken || busy?.running?.job.cluster === undefined) return;
      taken = true;
      lab.coiled.interrupt(busy.running.job.cluster.id, busy.id);
    }, 500);
    const run = await watch(command('trouble'), undefined, lab.env);
    clearInterval(timer);
    assert.ok(taken);
    assert.equal(run.code, 0, run.stderr);
    assert.equal(lab.coiled.submissions().length, 1);
    assert.deepEqual(await results('trouble'), expected);
    noMachineLeft();
  });

  it('is followed on by the runner after its process was killed: no second machine for the same participant', async () => {
    const before = lab.coiled.submissions().length;
    const killed = await stopAfter('killed', 'SIGKILL');
    assert.equal(killed.signal, 'SIGKILL');
    const elsewhere = { env: { ...lab.env, SPIMQUANT_STATE_DIR: join(lab.folder.path, 'elsewhere') } };
    assert.match((await succeed(['runs', 's3://results/killed', ...lab.flags], elsewhere)).stdout, /not over: \d done/);
    assert.match((await succeed(['logs', 's3://results/killed', ...lab.flags], elsewhere)).stdout, /(?:Coiled has|asks Coiled for) spimquant-.*2 participants/);
    await using runner = startRunner();
    const run = await takenUp(runner.client, 's3://results/killed');
    assert.equal(run.status, 'succeeded', run.error?.message);
    assert.equal(run.cloud?.left.length, 0);
    assert.equal(lab.coiled.submissions().length, before + 1);
    assert.deepEqual(await results('killed'), expected);
    noMachineLeft();
  });

  it('is ended, and not begun anew, when its process was killed while it was being stopped', async () => {
    await stopAfter('ending', 'SIGKILL');
    const [key] = (await lab.s3.keys('results')).filter((each) => /^ending\/.*\/run\.json$/.test(each));
    await lab.s3.put('results', key.replace('run.json', 'stop.json'), '{}');
    const before = lab.coiled.submissions().length;
    // Where the runner finds no token, it does so as soon as a window brings one.
    const { DASK_COILED__TOKEN: token, ...others } = lab.env;
    await using runner = startRunner(others);
    const interrupted = async (): Promise<boolean> => (await runner.client.request('runs.list', { limit: 100 })).runs.some(({ output, status }) => output === 's3://results/ending' && status === 'interrupted');
    while (!(await interrupted())) await wait(250);
    await runner.client.request('explore', { text: 'spimquant doctor coiled', cwd: lab.folder.path, token: 't', coiled: { token } });
    assert.equal((await takenUp(runner.client, 's3://results/ending')).status, 'cancelled');
    assert.equal(lab.coiled.submissions().length, before);
    noMachineLeft();
  });

  it('leaves no machine, and no process of one, when it is stopped', async () => {
    const stopped = await stopAfter('stopped', 'SIGINT');
    assert.equal(stopped.code, 130, stopped.stderr);
    noMachineLeft();
  });

  it('is ended from another machine by its output', async () => {
    let cancelled: Promise<CommandResult> | undefined;
    const run = await spimquant([...command('called-off'), '--json'], {
      env: lab.env,
      onLine: (line) => {
        if (line.includes('"state":"submitted"')) cancelled ??= succeed(['cancel', 's3://results/called-off', ...lab.flags], { env: { ...lab.env, SPIMQUANT_STATE_DIR: join(lab.folder.path, 'elsewhere') } });
      },
    });
    const words = (await cancelled)?.stdout;
    assert.equal(run.code, 130, `${words}\n${run.stdout}`);
    assert.match((await cancelled)?.stdout ?? '', /no machine of it is left/);
    noMachineLeft();
    assert.match((await succeed(['runs', 's3://results/called-off', ...lab.flags], { env: lab.env })).stdout, /cancelled/i);
  });

  /** The runner, as an editor starts it. */
  function startRunner(own: Readonly<Record<string, string>> = lab.env): { readonly client: RunnerClient } & AsyncDisposable {
    const client = createRunnerClient({
      start: () => ({ nodePath: process.execPath, electronAsNode: false, idleMs: 60_000 }), serverFile: fileURLToPath(new URL('../../runner/server.ts', import.meta.url)),
      env: { ...process.env, ...own }, version: '0', build: '', log: () => undefined,
    });
    return { client, [Symbol.asyncDispose]: async () => { await client.request('runner.stop', {}).catch(() => undefined); client.dispose(); } };
  }

  /** The run by which the runner follows on one of this output that was interrupted, once it is over. */
  async function takenUp(client: RunnerClient, of: string): Promise<RunRecord> {
    for (;;) {
      const { runs } = await client.request('runs.list', { limit: 100 });
      const own = runs.filter(({ output }) => output === of);
      const found = own.find(({ status }) => status !== 'interrupted' && isOver(status));
      if (found !== undefined) return found;
      await wait(250);
    }
  }

  /** Ends a run by a signal as soon as Coiled has its cluster. */
  async function stopAfter(output: string, signal: 'SIGINT' | 'SIGKILL'): Promise<WatchedRun> {
    let kill: ((signal: NodeJS.Signals) => void) | undefined;
    const result = await spimquant([...command(output), '--json'], {
      env: lab.env, onStart: (end) => { kill = end; }, onLine: (line) => { if (line.includes('"state":"submitted"')) kill?.(signal); },
    });
    return { ...result, events: [] };
  }
});
