import assert from 'node:assert/strict';
import { bucketDigests, bucketJson, startCloudLab, type CloudLab } from './support/cloudLab.ts';
import { tinyBrain, tinyFlags } from './support/phantoms.ts';
import { spimquant, watch, type WatchedRun } from './support/runs.ts';

describe('a cloud run when things go wrong', function () {
  this.timeout(900_000);
  let lab: CloudLab;
  let expected: readonly string[];
  const command = (output: string, ...more: readonly string[]): readonly string[] => ['s3://brains', `s3://results/${output}`, 'participant', ...tinyFlags, '--cloud', ...lab.flags, ...more];
  const results = async (output: string): Promise<readonly string[]> => [...(await bucketDigests(lab.s3, `${output}/`))].map(([path, digest]) => `${path} ${digest}`).sort();
  const noMachineLeft = (): void => {
    assert.deepEqual(lab.coiled.vmsLeft().map(({ name }) => name), []);
    assert.deepEqual(lab.coiled.vmsWithProcesses().map(({ name }) => name), []);
  };

  before(async () => {
    lab = await startCloudLab([tinyBrain('F1', 61, 'control'), tinyBrain('F2', 62, 'drug')]);
    const run = await watch(command('good'), undefined, lab.env);
    assert.equal(run.code, 0, run.stderr);
    expected = await results('good');
  });

  after(() => lab[Symbol.asyncDispose]());

  it('asks for machines once although throttled, refused for a moment, and without an answer to the request that makes them', async () => {
    const before = lab.coiled.submissions().length;
    lab.coiled.inject({ match: ({ path, method }) => method === 'POST' && path === '/api/v2/jobs/compressed', fault: { kind: 'status', status: 429, code: '' } });
    lab.coiled.inject({ match: ({ path, method }) => method === 'POST' && path.startsWith('/api/v2/clusters/account/'), fault: { kind: 'lose-answer' } });
    lab.coiled.inject({ match: ({ path, method }) => method === 'GET' && path.startsWith('/api/v2/jobs/cluster/'), fault: { kind: 'status', status: 503, code: '' } });
    const run = await watch(command('once'), undefined, lab.env);
    assert.equal(run.code, 0, run.stderr);
    assert.equal(lab.coiled.submissions().length, before + 1);
    assert.deepEqual(await results('once'), expected);
    noMachineLeft();
  });

  it('goes on after a machine was taken away, with the same results', async () => {
    let taken = false;
    const timer = setInterval(() => {
      const busy = lab.coiled.vmsWithProcesses().find(({ spot }) => spot);
      if (taken || busy?.running === undefined || busy.running.job.cluster === undefined) return;
      taken = true;
      lab.coiled.interrupt(busy.running.job.cluster.id, busy.id);
    }, 500);
    const run = await watch(command('spot'), undefined, lab.env);
    clearInterval(timer);
    assert.ok(taken);
    assert.equal(run.code, 0, run.stderr);
    assert.deepEqual(await results('spot'), expected);
    noMachineLeft();
  });

  it('leaves no machine when it is stopped, and goes on from there', async () => {
    const stopped = await stopAfter('stopped', 'SIGINT');
    assert.equal(stopped.code, 130, stopped.stderr);
    noMachineLeft();
    const run = await watch(command('stopped'), undefined, lab.env);
    assert.equal(run.code, 0, run.stderr);
    assert.deepEqual(await results('stopped'), expected);
    noMachineLeft();
  });

  it('is taken up after its process was killed: no second machine for the same participant', async () => {
    const before = lab.coiled.submissions().length;
    const killed = await stopAfter('killed', 'SIGKILL');
    assert.equal(killed.signal, 'SIGKILL');
    const run = await watch(command('killed'), undefined, lab.env);
    assert.equal(run.code, 0, run.stderr);
    assert.equal(lab.coiled.submissions().length, before + 1);
    assert.deepEqual(await results('killed'), expected);
    noMachineLeft();
  });

  it('ends, and says why, when the credits are used up', async () => {
    const timer = setInterval(() => { if (lab.coiled.vmsWithProcesses().length > 0) { clearInterval(timer); lab.coiled.exhaustQuota('lab'); } }, 500);
    const result = await spimquant(command('quota'), { env: lab.env });
    clearInterval(timer);
    lab.coiled.setQuota('lab', true);
    assert.equal(result.code, 1, result.stderr);
    assert.match(result.stdout + result.stderr, /quota/);
    noMachineLeft();
    assert.equal((await bucketJson(lab.s3, /^quota\/\.spimquant\/cloud\/runs\/[^/]+\/end\.json$/))[0].outcome, 'failed');
  });

  /** Ends a run by a signal as soon as Coiled has its cluster. */
  async function stopAfter(output: string, signal: 'SIGINT' | 'SIGKILL'): Promise<WatchedRun> {
    let kill: ((signal: NodeJS.Signals) => void) | undefined;
    const result = await spimquant([...command(output), '--json'], {
      env: lab.env, onStart: (end) => { kill = end; }, onLine: (line) => { if (line.includes('"state":"submitted"')) kill?.(signal); },
    });
    return { ...result, events: [] };
  }
});
