import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { CoiledClient } from '../../../runner/coiled/client.types.ts';
import { vmsLeft } from '../../../runner/coiled/states.ts';
import { isAlive } from '../../../runner/monitor/process.ts';
import { DrivenClock, startCoiledServer } from '../../servers/coiledServer.ts';
import type { CoiledServer } from '../../servers/coiledServer.ts';
import { clientOf, specOf, submit, until } from './standIn.ts';

describe('A batch at Coiled', () => {
  let clock: DrivenClock;
  let server: CoiledServer;
  let client: CoiledClient;
  let out: string;

  beforeEach(async () => {
    clock = new DrivenClock();
    server = await startCoiledServer({ clock });
    client = clientOf(server);
    out = mkdtempSync(join(tmpdir(), 'spimquant-batch-'));
  });

  afterEach(async () => {
    client.dispose();
    await server.close();
    rmSync(out, { recursive: true, force: true });
  });

  /** Lets VMs come and tasks end. */
  const finish = async (cluster: number): Promise<void> => {
    clock.advance(60_000);
    await until('all tasks end', () => server.cluster(cluster).jobs.every(({ completed }) => completed !== undefined));
  };

  it('runs every task with its value and environment, tells its states, logs and cost, and leaves no VM', async () => {
    const script = '#!/bin/sh\necho "does $COILED_BATCH_TASK_INPUT with $PLAIN"\necho "$SECRET of $(cat lists/names.txt)" > "$OUT/$COILED_BATCH_TASK_INPUT"\n';
    const spec = specOf({
      script, tasks: { kind: 'values', values: ['sub-a', 'sub-b', 'sub-c'] }, env: { PLAIN: 'plain', OUT: out }, secretEnv: { SECRET: 'hidden' }, files: [{ path: 'lists/names.txt', content: 'names' }],
    });
    const { job, cluster } = await submit(client, spec);
    assert.deepEqual(await client.jobsOfCluster(cluster).then(([found]) => found.array.map(({ state }) => state)), ['pending', 'pending', 'pending']);
    assert.equal((await client.clusterState('lab', cluster)).state, 'pending');
    assert.equal((await client.job(job)).cloudCost, undefined, 'the cost is not known before a VM is there');

    await finish(cluster);
    assert.deepEqual(readdirSync(out).sort(), ['sub-a', 'sub-b', 'sub-c']);
    assert.equal(readFileSync(join(out, 'sub-b'), 'utf8'), 'hidden of names\n');

    const [found] = await client.jobsOfCluster(cluster);
    assert.equal(found.state, 'done');
    assert.deepEqual(found.tasks, { total: 3, succeeded: 3, failed: 0 });
    assert.deepEqual(found.array.map(({ index, state, exitCode }) => ({ index, state, exitCode })), [0, 1, 2].map((index) => ({ index, state: 'done', exitCode: 0 })));
    assert.ok(found.array.every(({ vm }) => vm !== undefined) && found.cloudCost !== undefined && found.cloudCost > 0);

    assert.deepEqual((await client.logs('lab', cluster, { job, task: 1 })).map(({ text, task }) => ({ text, task })), [{ text: 'does sub-b with plain', task: 1 }]);
    assert.equal((await client.logs('lab', cluster, { job })).length, 3);

    const before = await client.cluster('lab', cluster);
    assert.equal(vmsLeft(before).length, 4, 'three workers, and the VM that schedules');
    assert.equal(JSON.stringify(before).includes('PRIVATE-KEY'), false, 'the keys of a cluster are not taken');
    clock.advance(60_000);
    const after = await client.cluster('lab', cluster);
    assert.deepEqual([after.state.state, vmsLeft(after).length, server.vmsLeft().length, server.vmsWithProcesses().length], ['stopped', 0, 0, 0]);
    const steps = (await client.history('lab', cluster)).filter(({ of }) => of === 'cluster').map(({ state }) => state);
    assert.deepEqual(steps, ['pending', 'starting', 'scaling', 'ready', 'stopping', 'stopped']);
    const credits = (await client.debits('lab', { cluster })).reduce((sum, debit) => sum + debit.credits, 0);
    assert.ok(credits > 0, `credits are taken off: ${credits}`);
  });

  it('gives each task several variables, and one VM to two tasks when no more are allowed', async () => {
    const spec = specOf({
      script: '#!/bin/sh\necho "$SUBJECT $CHANNEL on $COILED_INSTANCE_ID"\n', maxWorkers: 1,
      tasks: { kind: 'variables', variables: [{ SUBJECT: 'a', CHANNEL: '1' }, { SUBJECT: 'b', CHANNEL: '2' }] },
    });
    const { job, cluster } = await submit(client, spec);
    await finish(cluster);
    const lines = (await client.logs('lab', cluster, { job })).map(({ text }) => text.split(' on '));
    assert.deepEqual(lines.map(([task]) => task).sort(), ['a 1', 'b 2']);
    assert.equal(new Set(lines.map(([, vm]) => vm)).size, 1);
  });

  it('runs a single task on the scheduler, so that there is one VM', async () => {
    const { cluster } = await submit(client, specOf());
    await finish(cluster);
    assert.deepEqual((await client.cluster('lab', cluster)).vms.map(({ role }) => role), ['scheduler']);
  });

  it('tells of a task that failed, and runs it again as often as is allowed', async () => {
    const script = '#!/bin/sh\necho begun >> "$OUT/$COILED_BATCH_TASK_ID"\n[ "$COILED_BATCH_TASK_ID" = 0 ] || exit 3\n';
    const { cluster } = await submit(client, specOf({ script, tasks: { kind: 'count', count: 2 }, env: { OUT: out }, maxRetries: 2 }));
    await finish(cluster);
    const [found] = await client.jobsOfCluster(cluster);
    assert.equal(found.state, 'done-with-errors');
    assert.deepEqual(found.array.map(({ state, exitCode }) => [state, exitCode]), [['done', 0], ['failed', 3]]);
    assert.deepEqual(server.attempts(cluster), [1, 3]);
    assert.equal(readFileSync(join(out, '1'), 'utf8'), 'begun\n'.repeat(3));
  });

  it('gives the task of an interrupted spot VM to another VM', async () => {
    const script = '#!/bin/sh\nif [ -e "$OUT/first" ]; then echo again > "$OUT/second"; else touch "$OUT/first"; sleep 600; fi\n';
    const { cluster } = await submit(client, specOf({ script, tasks: { kind: 'count', count: 1 }, taskOnScheduler: false, spot: 'spot', env: { OUT: out }, maxRetries: 1 }));
    clock.advance(60_000);
    await until('the task is under way', () => readdirSync(out).includes('first'));
    const gone = server.interrupt(cluster);
    assert.deepEqual((await client.jobsOfCluster(cluster))[0].array.map(({ state }) => state), ['pending']);
    await finish(cluster);
    const [task] = (await client.jobsOfCluster(cluster))[0].array;
    assert.equal(task.state, 'done');
    assert.notEqual(task.vm, gone.id);
    assert.ok(readdirSync(out).includes('second'));
    const lost = (await client.cluster('lab', cluster)).vms.find(({ id }) => id === gone.id);
    assert.match(lost?.state.reason ?? '', /Spot interruption/);
  });

  it('ends processes of tasks, and what they started, when the cluster is stopped', async () => {
    const script = '#!/bin/sh\ntrap "" TERM\nsleep 600 &\necho $! > "$OUT/child"\ntouch "$OUT/begun"\nwhile :; do sleep 1; done\n';
    server.behaviour.killMs = 50;
    const { cluster } = await submit(client, specOf({ script, env: { OUT: out } }));
    clock.advance(60_000);
    await until('the task is under way', () => readdirSync(out).includes('begun'));
    assert.equal(await client.stopCluster('lab', cluster, 'cancelled by a test'), 'stopping');
    assert.equal(vmsLeft(await client.cluster('lab', cluster)).length, 1, 'VMs take a moment to go');
    clock.advance(20_000);
    await until('the processes are gone', () => server.vmsWithProcesses().length === 0);
    const child = Number(readFileSync(join(out, 'child'), 'utf8'));
    await until('what the task started is gone', () => !isAlive(child));
    const stopped = await client.cluster('lab', cluster);
    assert.deepEqual([stopped.state.state, stopped.state.reason, vmsLeft(stopped).length], ['stopped', 'cancelled by a test', 0]);
    assert.equal(await client.stopCluster('lab', cluster, 'again'), 'stopping', 'it may be asked twice');
    assert.equal(await client.stopCluster('lab', 424242, 'nobody'), 'gone');
  });

  it('sees that VMs are left when a request to stop has no effect', async () => {
    server.behaviour.ignoredStops = 1;
    const { cluster } = await submit(client, specOf());
    await client.stopCluster('lab', cluster, 'first');
    clock.advance(30_000);
    assert.equal(vmsLeft(await client.cluster('lab', cluster)).length, 1);
    await client.stopCluster('lab', cluster, 'second');
    clock.advance(30_000);
    assert.equal(vmsLeft(await client.cluster('lab', cluster)).length, 0);
  });

  it('ends a job at its time limit, and a cluster at its own', async () => {
    const long = { script: '#!/bin/sh\nsleep 600\n' };
    const first = await submit(client, specOf({ ...long, name: 'limited-job', timeoutSeconds: 600 }));
    const second = await submit(client, specOf({ ...long, name: 'limited-cluster', clusterTimeoutSeconds: 900 }));
    clock.advance(60_000);
    await until('both tasks run', () => server.vmsWithProcesses().length === 2);
    clock.advance(1_000_000);
    await until('nothing runs any more', () => server.vmsWithProcesses().length === 0);
    assert.match((await client.cluster('lab', first.cluster)).state.reason, /Job timeout/);
    assert.match((await client.cluster('lab', second.cluster)).state.reason, /Cluster timeout/);
    assert.equal(server.vmsLeft().length, 0);
  });

  it('tells why VMs do not come, and why a cluster failed', async () => {
    server.behaviour.stuckPending = true;
    const stuck = await submit(client, specOf({ name: 'stuck' }));
    clock.advance(3_600_000);
    const waiting = await client.cluster('lab', stuck.cluster);
    assert.deepEqual([waiting.state.state, waiting.vms[0].state.state], ['starting', 'queued']);
    assert.match(waiting.vms[0].state.reason, /InsufficientInstanceCapacity/);
    server.behaviour.stuckPending = false;
    const running = await submit(client, specOf({ name: 'cut-off', script: '#!/bin/sh\nsleep 600\n' }));
    clock.advance(60_000);
    server.exhaustQuota('lab');
    const failed = await client.clusterState('lab', running.cluster);
    assert.deepEqual([failed.state, failed.reason], ['error', 'You have reached the workspace quota of 10000 Coiled credits']);
    clock.advance(60_000);
    assert.equal(vmsLeft(await client.cluster('lab', running.cluster)).length, 0);
  });

  it('shows lines of logs when they come, late or twice', async () => {
    Object.assign(server.behaviour, { logDelayMs: 120_000, logsTwice: true, stopAfterJobMs: undefined });
    const { job, cluster } = await submit(client, specOf());
    await finish(cluster);
    assert.deepEqual(await client.logs('lab', cluster, { job }), []);
    clock.advance(120_000);
    const lines = await client.logs('lab', cluster, { job });
    assert.equal(lines.length, 2);
    assert.equal(new Set(lines.map(({ key }) => key)).size, 1);
  });

  for (const fields of ['future', 'sparse'] as const) {
    it(`understands answers with ${fields === 'future' ? 'fields and states that are new' : 'no more fields than there must be'}`, async () => {
      server.behaviour.fields = fields;
      assert.equal((await client.workspace(undefined)).slug, 'lab');
      assert.equal((await client.cloud('lab')).provider, 'aws');
      assert.ok((await client.instanceTypes({ provider: 'aws' })).length > 3);
      const { job, cluster } = await submit(client, specOf());
      assert.equal((await client.clusterState('lab', cluster)).state, fields === 'future' ? 'unknown' : 'pending');
      assert.equal(vmsLeft(await client.cluster('lab', cluster)).length, 1);
      await finish(cluster);
      assert.equal((await client.jobsOfCluster(cluster))[0].state, 'done');
      assert.equal((await client.job(job)).cluster, cluster);
      assert.equal((await client.logs('lab', cluster, { job })).length, 1);
      clock.advance(60_000);
      assert.equal(vmsLeft(await client.cluster('lab', cluster)).length, 0);
      assert.equal((await client.clusters('lab')).length, 1);
    });
  }
});
