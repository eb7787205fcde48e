import assert from 'node:assert/strict';
import { endPatience } from '../../../runner/backends/coiled/endMachines.ts';
import type { RunEvent } from '../../../runner/protocol/events.ts';
import { foldEvents } from '../../../runner/protocol/runState.ts';
import { leftWords } from '../../../runner/wording/cloud.ts';
import { digestRun } from '../../../runner/wording/runRecord.ts';
import { SimulatedCloud, type Follower } from '../../helpers/simulatedCloud.ts';
import { until } from './standIn.ts';

const minute = 60_000;
const participants = ['01', '02', '03'];

/** Runs end to end against the stand-in, with simulated time and simulated machines: what pipelines make of it is tested in test/e2e. */
describe('a cloud run and every kind of trouble', function () {
  this.timeout(60_000);
  let cloud: SimulatedCloud;

  beforeEach(async () => { cloud = await SimulatedCloud.start(); });
  afterEach(() => cloud[Symbol.asyncDispose]());

  /** Each participant was finished, by one machine, and no machine is left. */
  const allFinishedOnce = (all: readonly string[] = participants): void => {
    assert.deepEqual(Object.fromEntries(cloud.finished), Object.fromEntries(all.map((each) => [each, 1])));
    assert.deepEqual([...cloud.doubled], []);
    noMachineLeft();
  };
  const noMachineLeft = (): void => { assert.deepEqual(cloud.coiled.vmsLeft().map(({ name, state }) => `${name} ${state.state}`), []); };
  const messages = (events: readonly RunEvent[]): string => events.flatMap((event) => ('message' in event ? [event.message] : [])).join('\n');
  /** When `what` has come about for a run, once. */
  const during = async (run: Follower, what: () => boolean): Promise<void> => {
    let over = false;
    void run.ended.then(() => { over = true; }, () => { over = true; });
    await until('a moment of the run', () => over || what());
    assert.ok(!over, 'the run was over before');
  };
  const oneWorks = (): boolean => cloud.begun.size > 0;

  it('goes on to its end after the token has expired, and says what could not be verified; signed in anew, that is made up for', async () => {
    const run = await cloud.begin(participants);
    await during(run, oneWorks);
    cloud.coiled.expireToken();
    assert.equal((await run.ended).outcome, 'succeeded');
    assert.match(messages(run.events()), /Coiled cannot be asked: .*token/i);
    const end = await cloud.end();
    assert.equal(end?.outcome, 'succeeded');
    assert.equal(end.left.length, 1);
    const record = digestRun({ id: 'x', command: '', verb: 'participant', bids: '', output: '', options: {}, version: '0', pid: 0, process: '', host: '', started: '' }, foldEvents(run.events()), { seq: 1, cancelling: false });
    assert.ok(record.cloud !== undefined);
    assert.match(leftWords(record.cloud) ?? '', /may still be there, and cost/);
    // Coiled has ended them by itself. The next command verifies it.
    cloud.token = 'stand-in-token-0002';
    cloud.coiled.addToken(cloud.token);
    assert.equal(await cloud.takeUp(), undefined);
    assert.deepEqual((await cloud.end())?.left, []);
    allFinishedOnce();
  });

  it('asks with the new token when somebody signs in anew while it runs', async () => {
    const run = await cloud.begin(participants);
    await during(run, oneWorks);
    cloud.coiled.expireToken();
    cloud.token = 'stand-in-token-0002';
    cloud.coiled.addToken(cloud.token);
    assert.equal((await run.ended).outcome, 'succeeded');
    assert.deepEqual((await cloud.end())?.left, []);
    allFinishedOnce();
  });

  it('gives up when no machine ever starts, says why, and leaves nothing that could start later', async () => {
    cloud.coiled.behaviour.stuckPending = true;
    const began = cloud.clock.now();
    const { outcome, error } = await (await cloud.begin(participants)).ended;
    assert.equal(outcome, 'failed');
    assert.match(error?.message ?? '', /no machine for 30 min/);
    assert.match(error?.hint ?? '', /--cloud_vm_type|--cloud_region/);
    assert.ok(cloud.clock.now() - began < 45 * minute);
    assert.equal(cloud.finished.size, 0);
    noMachineLeft();
    assert.deepEqual((await cloud.end())?.left, []);
  });

  it('has Coiled end machines that never end, and does not begin such a participant again', async () => {
    cloud.machine.workMs = Infinity;
    cloud.machine.stubborn = true;
    const run = await cloud.begin(participants, '--cloud_timeout 10m');
    assert.equal((await run.ended).outcome, 'failed');
    assert.deepEqual([...cloud.begun.values()], [1, 1, 1]);
    assert.match(JSON.stringify(run.events().filter(({ type }) => type === 'task-failed')), /did not end in the time that it is given/);
    noMachineLeft();
    assert.deepEqual((await cloud.end())?.left, []);
  });

  it('warns, and goes on warning, while Coiled does not end machines; the next command ends them first', async () => {
    cloud.coiled.behaviour.stopAfterJobMs = undefined;
    cloud.coiled.behaviour.ignoredStops = Math.ceil(endPatience / minute) + 2;
    const run = await cloud.begin(participants);
    assert.equal((await run.ended).outcome, 'succeeded');
    assert.equal((await cloud.end())?.left.length, 1);
    assert.equal(cloud.coiled.vmsLeft().length, 4);
    const state = foldEvents(run.events());
    assert.match(JSON.stringify(state.cloud?.jobs), /"state":"left".*4 machines left/);
    assert.equal(await cloud.takeUp(), undefined);
    assert.deepEqual((await cloud.end())?.left, []);
    allFinishedOnce();
  });

  it('has its machines ended by Coiled when nobody follows any more', async () => {
    cloud.machine.workMs = Infinity;
    const run = await cloud.begin(participants, '--cloud_timeout 1h');
    await during(run, oneWorks);
    run.kill();
    assert.equal(cloud.coiled.vmsLeft().length, 4);
    await cloud.pass(4 * 60 * minute);
    noMachineLeft();
  });

  it('is taken up wherever its process was killed: nothing is lost, nothing done twice, nothing left', async () => {
    // Killed at the n-th request: before and after everything that makes a job, a cluster and its machines.
    for (let n = 1; n <= 14; n++) {
      await using own = await SimulatedCloud.start();
      const run = await own.begin(participants);
      let over = false;
      void run.ended.then(() => { over = true; });
      await until(`request ${n}`, () => over || own.coiled.requests.length >= n);
      run.kill();
      if (n % 2 === 0) await own.pass(5 * minute);
      const next = await own.takeUp();
      if (next !== undefined) assert.equal((await next.ended).outcome, 'succeeded', `killed at request ${n}`);
      assert.deepEqual(Object.fromEntries(own.finished), { '01': 1, '02': 1, '03': 1 }, `killed at request ${n}`);
      assert.deepEqual([...own.doubled], []);
      assert.equal(own.coiled.submissions().filter(({ jobs }) => jobs.length > 0).length, 1, `killed at request ${n}`);
      assert.deepEqual(own.coiled.vmsLeft(), [], `killed at request ${n}`);
    }
  });

  it('makes machines once whatever answer is lost, late or refused', async () => {
    const [throttled, down, lost, reset, cut] = [{ kind: 'status', status: 429, code: '' }, { kind: 'status', status: 503, code: '' }, { kind: 'lose-answer' }, { kind: 'reset' }, { kind: 'truncate', afterBytes: 3 }] as const;
    for (const [name, part, faults] of [
      ['POST', '/jobs/', [throttled, lost, cut]], ['POST', '/software-environment/', [down, lost]], ['POST', '/clusters/account/', [throttled, down, lost, reset, cut]],
      ['GET', '/clusters/account/', [down, reset]], ['GET', '/jobs/cluster/', [throttled, cut]], ['DELETE', '/clusters/', [down, lost]],
    ] as const) {
      for (const fault of faults) {
        await using own = await SimulatedCloud.start();
        own.coiled.inject({ match: ({ method, path }) => method === name && path.includes(part), fault, times: 2 });
        const { outcome, error } = await (await own.begin(participants)).ended;
        const which = `${fault.kind} at ${name} ${part}`;
        assert.equal(outcome, 'succeeded', `${which}: ${error?.message ?? ''}`);
        assert.deepEqual(Object.fromEntries(own.finished), { '01': 1, '02': 1, '03': 1 }, which);
        assert.equal(own.coiled.submissions().length, 1, which);
        assert.deepEqual(own.coiled.vmsLeft(), [], which);
      }
    }
  });

  it('loses nothing by half an hour without network', async () => {
    cloud.machine.workMs = 20 * minute;
    const run = await cloud.begin(participants);
    await during(run, oneWorks);
    cloud.coiled.inject({ fault: { kind: 'reset' }, times: 60 });
    assert.equal((await run.ended).outcome, 'succeeded');
    allFinishedOnce();
  });

  it('goes on after spot machines were taken away, again and again', async () => {
    cloud.machine.workMs = 20 * minute;
    const run = await cloud.begin(participants);
    for (let taken = 0; taken < 3; taken++) {
      await during(run, () => cloud.coiled.vmsWithProcesses().some(({ spot }) => spot));
      cloud.coiled.interrupt(cloud.coiled.submissions()[0].name);
    }
    assert.equal((await run.ended).outcome, 'succeeded');
    allFinishedOnce();
  });

  it('begins participants anew whose machines Coiled gave up, and gives up when that happens again and again', async () => {
    cloud.coiled.behaviour.clusterError = 'Scheduler did not start';
    const failed = await cloud.begin(participants);
    assert.equal((await failed.ended).outcome, 'failed');
    assert.equal(cloud.coiled.submissions().length, 3);
    noMachineLeft();
    assert.match(JSON.stringify(failed.events().filter(({ type }) => type === 'task-failed')), /Scheduler did not start/);
  });

  it('ends at once when the credits are used up', async () => {
    cloud.machine.workMs = 20 * minute;
    const run = await cloud.begin(participants);
    await during(run, oneWorks);
    cloud.coiled.exhaustQuota('lab');
    assert.equal((await run.ended).outcome, 'failed');
    assert.match(JSON.stringify(run.events().filter(({ type }) => type === 'task-failed')), /quota/);
    assert.equal(cloud.coiled.submissions().length, 1);
    noMachineLeft();
  });

  it('ends its machines when the user ends it, and when somebody calls it off in the bucket', async () => {
    cloud.machine.workMs = 20 * minute;
    const run = await cloud.begin(participants);
    await during(run, oneWorks);
    run.cancel();
    assert.equal((await run.ended).outcome, 'cancelled');
    noMachineLeft();
    assert.equal((await cloud.end())?.outcome, 'cancelled');
    await using other = await SimulatedCloud.start();
    other.machine.workMs = 20 * minute;
    const second = await other.begin(participants);
    await until('a machine', () => other.begun.size > 0);
    await other.callOff();
    assert.equal((await second.ended).outcome, 'cancelled');
    assert.deepEqual(other.coiled.vmsLeft(), []);
    assert.equal(other.coiled.submissions().length, 1);
  });

  it('ends when as much is spent as it may cost', async () => {
    cloud.machine.workMs = 10 * 60 * minute;
    const { outcome, error } = await (await cloud.begin(participants, '--cloud_max_cost 1')).ended;
    assert.equal(outcome, 'failed');
    assert.match(error?.message ?? '', /\$1\.\d\d are spent, and --cloud_max_cost allows \$1\.00/);
    noMachineLeft();
  });
});
