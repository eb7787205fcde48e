import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isAlive } from '../../../runner/monitor/process.ts';
import { newRunId } from '../../../runner/protocol/runs.ts';
import { toyCohort, toyTask } from '../../fixtures/engine/toyTasks.ts';
import { Hearing, kill, RunnerBench, until } from './runnerBench.ts';

const quick = toyCohort(['01', '02'], { steps: 2, pause: 5 });
const hanging = (stage: 'hang' | 'spin') => [
  toyTask('sub-01/first', ['dataset:image.txt'], ['output:sub-01/a.tsv']),
  toyTask('sub-01/last', ['output:sub-01/a.tsv'], ['output:sub-01/b.tsv'], { stage }),
];

describe('runs of the runner', function () {
  this.timeout(60_000);
  let bench: RunnerBench;
  afterEach(() => bench.remove());

  it('start as processes of their own, are heard event by event, and end', async () => {
    bench = new RunnerBench(quick);
    const client = bench.client({ env: { ...bench.env, SPIMQUANT_TOY_SECRET: 'tango-7731' } });
    const changes: string[] = [];
    client.on('runs.changed', ({ run }) => changes.push(run.status));
    const origin = { notebook: 'file:///a.spimnb', cell: 'c1' };
    const id = newRunId(Date.now());
    const started = await client.request('runs.start', { id, text: bench.command(), cwd: bench.folder, origin });
    assert.equal(started.status, 'starting');
    assert.deepEqual(started.origin, origin);
    const hearing = new Hearing(client, id);
    await until(() => hearing.over, 'the run is over');
    assert.deepEqual(hearing.events, bench.events(id));
    const record = await bench.over(client, id);
    assert.equal(record.status, 'succeeded');
    assert.equal(record.fraction, 1);
    assert.equal(record.counts.finished, quick.length);
    assert.equal(record.seq, hearing.events.length);
    await until(() => changes.at(-1) === 'succeeded', 'everyone was told of the end');
    const log = await client.request('runs.log', { id, from: 0, limit: 3 });
    assert.match(log.text, /started as process \d+/);
    const rest = await client.request('runs.log', { id, from: log.next, limit: 1000 });
    assert.match(rest.text, /sub-02\/report: finished in .*\n.* succeeded\n$/);
    assert.equal(rest.over, true);
    const { files } = await client.request('runs.outputs', { id });
    assert.deepEqual(files.map((file) => [file.kind, file.title]), [
      ['report', 'sub-01/report.html'], ['report', 'sub-02/report.html'], ['table', 'sub-01/sum.tsv'], ['table', 'sub-02/sum.tsv'],
    ]);
    for (const file of readdirSync(bench.state, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile())) {
      assert.ok(!readFileSync(join(file.parentPath, file.name), 'utf8').includes('tango-7731'), `${file.name} holds a secret`);
    }
  });

  it('start once however often they are asked for', async () => {
    bench = new RunnerBench(quick);
    const [one, two] = [bench.client(), bench.client()];
    const id = newRunId(Date.now());
    await Promise.all([bench.start(one, 'out', id), bench.start(two, 'out', id), bench.start(one, 'out', id)]);
    const record = await bench.over(one, id);
    assert.equal(record.status, 'succeeded');
    assert.equal(bench.events(id).filter((event) => event.type === 'run-started').length, 1);
    await bench.start(two, 'out', id);
    assert.equal((await bench.over(two, id)).ended, record.ended);
  });

  it('are refused when the command makes no sense, and leave no record then', async () => {
    bench = new RunnerBench(quick);
    const client = bench.client();
    const ask = (text: string, cwd = bench.folder) => client.request('runs.start', { id: newRunId(Date.now()), text, cwd });
    await assert.rejects(ask(`${bench.command()} --cors 2`), { code: 'bad-option', message: /cors/ });
    await assert.rejects(ask('spimquant --help'), { code: 'bad-option', message: /no run/ });
    await assert.rejects(ask(bench.command(), join(bench.folder, 'nowhere')), { code: 'not-found' });
    await assert.rejects(client.request('runs.start', { id: '../../evil', text: bench.command(), cwd: bench.folder }), { code: 'bad-option', message: /id of a run/ });
    assert.deepEqual(bench.runIds, []);
  });

  it('that cannot begin end with the reason in their journal', async () => {
    bench = new RunnerBench(quick);
    const client = bench.client();
    const id = newRunId(Date.now());
    await client.request('runs.start', { id, text: 'spimquant nothing-here out participant', cwd: bench.folder });
    const record = await bench.over(client, id);
    assert.equal(record.status, 'failed');
    assert.equal(record.error?.code, 'not-found');
    assert.match(record.error?.message ?? '', /There is no such dataset folder: .*nothing-here/);
    assert.deepEqual(bench.events(id).map((event) => event.type), ['run-started', 'run-finished']);
  });

  it('take paths relative to the folder of the request, and cores from its defaults', async () => {
    bench = new RunnerBench(quick);
    const client = bench.client();
    const id = newRunId(Date.now());
    const asked = await client.request('runs.start', { id, text: 'spimquant bids out participant', cwd: bench.folder, cores: 1 });
    assert.equal(asked.bids, bench.bids);
    assert.equal(asked.cwd, bench.folder);
    assert.equal((await bench.over(client, id)).status, 'succeeded');
    let most = 0;
    let running = 0;
    for (const event of bench.events(id)) {
      if (event.type === 'task-started') most = Math.max(most, ++running);
      if (event.type === 'task-finished') running -= 1;
    }
    assert.equal(most, 1);
  });

  for (const stage of ['hang', 'spin'] as const) {
    it(`are cancelled within a second (${stage}), and the output is free at once`, async () => {
      bench = new RunnerBench(hanging(stage));
      const client = bench.client();
      const { id } = await bench.start(client);
      const hearing = new Hearing(client, id);
      await until(() => hearing.events.some((event) => event.type === 'task-log'), 'the step is under way');
      const asked = performance.now();
      const record = await client.request('runs.cancel', { id });
      assert.ok(performance.now() - asked < 1000, `${performance.now() - asked} ms`);
      assert.equal(record.status, 'cancelled');
      await until(() => hearing.over, 'the end was heard');
      assert.deepEqual(hearing.events, bench.events(id));
      bench.plan(quick);
      const again = await bench.start(client);
      assert.equal((await bench.over(client, again.id)).status, 'succeeded');
    });
  }

  it('that do not listen are ended by force and recorded as cancelled', async () => {
    bench = new RunnerBench(hanging('hang'));
    const client = bench.client();
    const { id } = await bench.start(client);
    const hearing = new Hearing(client, id);
    await until(() => hearing.events.some((event) => event.type === 'task-log'), 'the step is under way');
    const pid = bench.intent(id)?.pid ?? 0;
    process.kill(pid, 'SIGSTOP');
    const asked = performance.now();
    const record = await client.request('runs.cancel', { id });
    assert.ok(performance.now() - asked < 1000, `${performance.now() - asked} ms`);
    assert.equal(record.status, 'cancelled');
    assert.ok(!isAlive(pid));
    await until(() => hearing.over, 'the end was heard');
    assert.deepEqual(hearing.events, bench.events(id));
  });

  it('can be cancelled before they have begun', async () => {
    bench = new RunnerBench(hanging('hang'));
    const client = bench.client();
    const { id } = await bench.start(client);
    const record = await client.request('runs.cancel', { id });
    assert.equal(record.status, 'cancelled');
    assert.equal((await bench.over(client, id)).status, 'cancelled');
  });

  it('killed with -9 are found out within two seconds, and the same command goes on', async () => {
    bench = new RunnerBench(hanging('hang'));
    const client = bench.client();
    const { id } = await bench.start(client);
    const hearing = new Hearing(client, id);
    await until(() => hearing.events.some((event) => event.type === 'task-log'), 'the step is under way');
    kill(bench.intent(id)?.pid ?? 0);
    await until(() => hearing.over, 'the end was heard', 2000);
    assert.deepEqual(hearing.events, bench.events(id));
    const record = await bench.over(client, id);
    assert.equal(record.status, 'interrupted');
    assert.equal(record.counts.finished, 1);
    bench.plan([toyTask('sub-01/first', ['dataset:image.txt'], ['output:sub-01/a.tsv']), toyTask('sub-01/last', ['output:sub-01/a.tsv'], ['output:sub-01/b.tsv'])]);
    const again = await bench.start(client);
    const end = await bench.over(client, again.id);
    assert.equal(end.status, 'succeeded');
    assert.equal(end.counts.finished, 1);
    assert.equal(end.reused, 1);
  });

  it('are deleted once they are over', async () => {
    bench = new RunnerBench(hanging('hang'));
    const client = bench.client();
    const { id } = await bench.start(client);
    const hearing = new Hearing(client, id);
    const removed: string[] = [];
    client.on('runs.removed', (value) => removed.push(value.id));
    await assert.rejects(client.request('runs.delete', { id }), { code: 'bad-option', message: /not over/ });
    await client.request('runs.cancel', { id });
    await client.request('runs.delete', { id });
    await until(() => hearing.gone && removed.includes(id), 'everyone was told');
    assert.deepEqual(bench.runIds, []);
    assert.deepEqual((await client.request('runs.list', { limit: 10 })).runs, []);
    const late = new Hearing(client, id);
    await until(() => late.gone, 'late listeners are told');
  });
});
