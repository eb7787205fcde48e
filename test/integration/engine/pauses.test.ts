import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { readEvents } from '../../../runner/engine/journal.ts';
import { wishResume } from '../../../runner/engine/runFolder.ts';
import type { RunEvent } from '../../../runner/protocol/events.ts';
import { foldEvents } from '../../../runner/protocol/runState.ts';
import type { RunState } from '../../../runner/protocol/runState.ts';
import type { Task } from '../../../runner/pipeline/task.ts';
import { toyCohort, toyTask } from '../../fixtures/engine/toyTasks.ts';
import { until } from '../server/runnerBench.ts';
import { Bench, ended, saying } from './cliProcess.ts';
import type { Ended } from './cliProcess.ts';
import { ExpiringSession } from './expiringSession.ts';

/** A run as a process on a dataset and an output in buckets, with credentials in a file. */
class PauseBench extends Bench {
  readonly account: ExpiringSession;

  constructor(tasks: readonly Task[], env: Readonly<Record<string, string>> = {}) {
    super(tasks);
    this.account = new ExpiringSession(this.folder);
    Object.assign(this.env, { ...this.account.env, TOY_HURRY: '50', ...env });
  }

  begin(flags: readonly string[] = []): { readonly child: ReturnType<Bench['start']>; readonly end: Promise<Ended> } {
    const child = this.start(['--json', '-c', '2', '--s3-endpoint', this.account.server.endpoint, ...flags], 's3://lab/out', 's3://lab/bids');
    return { child, end: ended(child) };
  }

  get journals(): string[] {
    const runs = join(this.state, 'runs');
    return readdirSync(runs).sort().map((run) => join(runs, run));
  }

  /** The events of the newest run. */
  get newest(): readonly RunEvent[] {
    try {
      return readEvents(this.journals.at(-1) ?? '');
    } catch {
      return [];
    }
  }

  get now(): RunState {
    return foldEvents(this.newest);
  }

  count(type: RunEvent['type']): number {
    return this.newest.filter((event) => event.type === type).length;
  }

  paused(): Promise<unknown> {
    return until(() => this.now.status === 'paused', 'the run is paused');
  }

  /** Every object of the output by its key. */
  async made(): Promise<Record<string, string>> {
    const bucket = this.account.server.bucket('lab').backend;
    const keys = (await this.account.server.keys('lab')).filter((key) => key.startsWith('out/sub-'));
    return Object.fromEntries(await Promise.all(keys.map(async (key) => {
      const object = await bucket.get(key);
      const bytes = await object?.read(0, object.size);
      await object?.close();
      return [key, Buffer.from(bytes ?? []).toString()] as const;
    })));
  }

  async end(): Promise<void> {
    await this.account.end();
    this.remove();
  }
}

/** Tasks that were started again although they were finished. */
function redone(events: readonly RunEvent[]): string[] {
  const finished = new Set<string>();
  return events.flatMap((event) => {
    if (event.type === 'task-finished') finished.add(event.task);
    return event.type === 'task-started' && finished.has(event.task) ? [event.task] : [];
  });
}

const cohort = toyCohort(['01', '02'], { steps: 2, pause: 5, repeat: 50 });

describe('a run whose credentials expire', function () {
  this.timeout(60_000);
  let bench: PauseBench;
  beforeEach(async () => {
    bench = new PauseBench(cohort);
    await bench.account.serve();
  });
  afterEach(() => bench.end());

  /** The outputs of a run that nothing disturbs. */
  const undisturbed = async (): Promise<Record<string, string>> => {
    const calm = new PauseBench(cohort);
    try {
      await calm.account.serve();
      assert.equal((await calm.begin().end).code, 0);
      return await calm.made();
    } finally {
      await calm.end();
    }
  };

  it('pauses, and goes on by itself after the sign-in: same bytes, nothing finished is done again', async () => {
    const expected = await undisturbed();
    assert.equal(Object.keys(expected).length, 4);
    const { child, end } = bench.begin();
    await saying(child, /"task-finished","task":"sub-01\/part\/3"/);
    bench.account.first.expired = true;
    await bench.paused();
    const { pause, tasks } = bench.now;
    assert.equal(pause?.kind, 'sign-in');
    assert.equal(pause.error.code, 'auth-expired');
    assert.deepEqual(pause.signIn, ['aws sso login', 'aws configure']);
    assert.equal(pause.credentials, bench.account.credentials);
    assert.ok((pause.until ?? 0) - pause.since > 23 * 3_600_000);
    assert.ok([...tasks.values()].every(({ status }) => status !== 'failed'));
    bench.account.signIn(bench.account.second);
    const { code, stderr } = await end;
    assert.equal(code, 0, stderr);
    assert.deepEqual(await bench.made(), expected);
    assert.deepEqual(redone(bench.newest), []);
    assert.equal(bench.count('run-paused'), 1);
    assert.equal(bench.count('run-resumed'), 1);
    assert.equal(bench.count('task-failed'), 0);
    assert.ok(bench.count('task-postponed') >= 1);
    assert.equal(bench.count('task-finished'), cohort.length);
    assert.ok(bench.now.pausedMs > 0);
    assert.equal(bench.journals.length, 1);
  });

  it('is paused in its planning as well, where it has no journal otherwise', async () => {
    bench.account.first.expired = true;
    const { end } = bench.begin();
    await bench.paused();
    assert.equal(bench.now.planned, false);
    bench.account.signIn(bench.account.second);
    assert.equal((await end).code, 0);
    assert.deepEqual(bench.newest.map(({ type }) => type).filter((type) => !type.startsWith('task-')), ['run-started', 'run-paused', 'run-resumed', 'run-planned', 'run-finished']);
  });

  it('does not do a task again of which only the receipt could not be written', async () => {
    bench.plan([toyTask('sub-01/only', ['dataset:image.txt'], ['output:sub-01/a.tsv'])]);
    bench.account.server.inject({ fault: { kind: 'status', status: 400, code: 'ExpiredToken' }, match: ({ method, key }) => method === 'PUT' && key.includes('/receipts/'), times: 2 });
    const { end } = bench.begin();
    assert.equal((await end).code, 0);
    assert.equal(bench.count('run-paused'), 1);
    assert.equal(bench.count('task-started'), 1);
    assert.equal(bench.count('task-postponed'), 0);
    assert.equal(bench.account.server.requests.filter(({ method, key }) => method === 'PUT' && key === 'out/sub-01/a.tsv').length, 1);
  });

  it('tries at once when it is told to, and says when that is of no use yet', async () => {
    const { child, end } = bench.begin();
    await saying(child, /"task-finished"/);
    bench.account.first.expired = true;
    await bench.paused();
    const [folder] = bench.journals;
    wishResume(folder);
    await until(() => bench.count('run-still-paused') === 1, 'it was tried in vain');
    assert.equal(bench.now.status, 'paused');
    assert.ok((bench.now.pause?.checked ?? 0) > 0);
    bench.account.first.expired = false;
    wishResume(folder);
    assert.equal((await end).code, 0);
    assert.equal(bench.count('run-paused'), 1);
  });

  it('is cancelled at once while it is paused, and gone on with later', async () => {
    const { child, end } = bench.begin();
    await saying(child, /"task-finished"/);
    bench.account.first.expired = true;
    await bench.paused();
    const asked = performance.now();
    child.kill('SIGINT');
    assert.equal((await end).code, 130);
    assert.ok(performance.now() - asked < 3000, `${performance.now() - asked} ms`);
    const before = bench.newest;
    assert.equal(bench.now.status, 'cancelled');
    assert.equal(bench.now.pause, undefined);
    bench.account.signIn(bench.account.second);
    assert.equal((await bench.begin().end).code, 0);
    assert.deepEqual(redone([...before, ...bench.newest]), []);
  });

  it('killed with -9 while it is paused is gone on with by the same command', async () => {
    const { child } = bench.begin();
    await saying(child, /"task-finished"/);
    bench.account.first.expired = true;
    await bench.paused();
    child.kill('SIGKILL');
    await once(child, 'close');
    const before = bench.newest;
    bench.account.signIn(bench.account.second);
    assert.equal((await bench.begin().end).code, 0);
    assert.equal(bench.journals.length, 2);
    assert.deepEqual(redone([...before, ...bench.newest]), []);
  });

  it('fails with the error when nobody signs in within the limit', async () => {
    const { child, end } = bench.begin(['--pause-limit', '60s']);
    await saying(child, /"task-finished"/);
    bench.account.first.expired = true;
    assert.equal((await end).code, 1);
    assert.equal(bench.now.status, 'failed');
    assert.equal(bench.now.error?.code, 'auth-expired');
    assert.equal(bench.count('run-paused'), 1);
    assert.equal(bench.count('task-failed'), 0);
    const before = bench.newest;
    bench.account.signIn(bench.account.second);
    assert.equal((await bench.begin().end).code, 0);
    assert.deepEqual(redone([...before, ...bench.newest]), []);
  });

  it('fails at once without a pause, when that is asked for', async () => {
    const { child, end } = bench.begin(['--pause-limit', '0']);
    await saying(child, /"task-finished"/);
    bench.account.first.expired = true;
    assert.equal((await end).code, 1);
    assert.equal(bench.count('run-paused'), 0);
    assert.ok(bench.count('task-failed') > 0);
  });

  it('fails at once when its keys are in its environment, and says why', async () => {
    const own = new PauseBench(cohort, { AWS_ACCESS_KEY_ID: 'AKIDONE', AWS_SECRET_ACCESS_KEY: 'secret/ONE', AWS_SESSION_TOKEN: 'TOKEN-ONE' });
    try {
      await own.account.serve();
      const { child, end } = own.begin();
      await saying(child, /"task-finished"/);
      own.account.first.expired = true;
      assert.equal((await end).code, 1);
      assert.equal(own.count('run-paused'), 0);
      const failed = own.newest.find((event) => event.type === 'task-failed');
      assert.match(failed?.error.hint ?? '', /in the environment .* cannot be renewed/);
    } finally {
      await own.end();
    }
  });

  it('says in a terminal without a screen what it waits for, how it is mended and until when, and nothing secret', async () => {
    bench.account.first.expired = true;
    const child = bench.start(['-c', '2', '--s3-endpoint', bench.account.server.endpoint], 's3://lab/out', 's3://lab/bids');
    const end = ended(child);
    await bench.paused();
    bench.account.signIn(bench.account.second);
    const { code, stderr } = await end;
    assert.equal(code, 0);
    const line = stderr.split('\n').find((each) => each.startsWith('paused')) ?? '';
    assert.match(line, /^paused +The AWS sign-in has expired .* Renew the credentials in .*credentials\. The run goes on by itself then\. It waits until \d{4}-\d\d-\d\d \d\d:\d\d; /);
    assert.match(stderr, /^goes on$/m);
    for (const secret of ['secret/', 'TOKEN-']) assert.ok(!`${stderr}${JSON.stringify(bench.newest)}`.includes(secret));
    const quiet = bench.start(['-q', '-F', '--s3-endpoint', bench.account.server.endpoint], 's3://lab/out', 's3://lab/bids');
    const quietEnd = ended(quiet);
    await until(() => bench.count('task-finished') > 0, 'it works');
    bench.account.second.expired = true;
    await bench.paused();
    bench.account.second.expired = false;
    wishResume(bench.journals.at(-1) ?? '');
    const said = await quietEnd;
    assert.equal(said.code, 0);
    assert.match(said.stderr, /^paused .*\ngoes on\n$/);
  });
});

describe('a run whose network is away', function () {
  this.timeout(60_000);
  let bench: PauseBench;
  beforeEach(async () => {
    bench = new PauseBench(cohort);
    await bench.account.serve();
  });
  afterEach(() => bench.end());

  it('pauses, and goes on when the network is back', async () => {
    const { child, end } = bench.begin();
    await saying(child, /"task-finished","task":"sub-01\/part\/3"/);
    const port = Number(new URL(bench.account.server.endpoint).port);
    await bench.account.server.close();
    await bench.paused();
    assert.equal(bench.now.pause?.kind, 'network');
    assert.deepEqual(bench.now.pause.signIn, []);
    await bench.account.serve(port);
    const { code, stderr } = await end;
    assert.equal(code, 0, stderr);
    assert.deepEqual(redone(bench.newest), []);
    assert.equal(bench.count('run-paused'), 1);
    assert.equal(bench.count('task-finished'), cohort.length);
    assert.equal(Object.keys(await bench.made()).length, 4);
  });

  it('fails in the end when the network is there and the same step fails by it again and again', async () => {
    bench.plan([toyTask('sub-01/damaged', ['dataset:image.txt'], ['output:sub-01/a.tsv'], { stage: 'unreadable' }), toyTask('sub-01/good', ['dataset:image.txt'], ['output:sub-01/b.tsv'])]);
    assert.equal((await bench.begin().end).code, 1);
    assert.equal(bench.now.status, 'failed');
    assert.equal(bench.now.tasks.get('sub-01/damaged')?.error?.code, 'network');
    assert.equal(bench.now.tasks.get('sub-01/good')?.status, 'finished');
    assert.equal(bench.count('run-paused'), 10);
    assert.equal(bench.count('run-resumed'), 10);
  });

  it('fails at once when the service was never reached', async () => {
    await bench.account.server.close();
    const { code, stdout } = await bench.begin().end;
    assert.equal(code, 1);
    assert.match(stdout, /"code":"network"/);
  });
});

describe('a run whose disk is full', function () {
  this.timeout(60_000);

  it('pauses, while the other steps go on, and goes on when it is told that there is room', async () => {
    const bench = new PauseBench([]);
    const freed = join(bench.folder, 'freed');
    bench.plan([
      toyTask('sub-01/large', ['dataset:image.txt'], ['output:sub-01/a.tsv'], { stage: 'full', params: { text: 'a', until: freed } }),
      toyTask('sub-01/slow', ['dataset:image.txt'], ['output:sub-01/b.tsv'], { params: { text: 'b', steps: 20, pause: 20 } }),
      toyTask('sub-01/last', ['output:sub-01/a.tsv', 'output:sub-01/b.tsv'], ['output:sub-01/c.tsv']),
    ]);
    try {
      const end = ended(bench.start(['--json', '-c', '2']));
      await bench.paused();
      assert.equal(bench.now.pause?.kind, 'disk');
      await until(() => bench.now.tasks.get('sub-01/slow')?.status === 'finished', 'the other step ends');
      assert.equal(bench.now.status, 'paused');
      assert.equal(bench.now.tasks.get('sub-01/large')?.status, 'waiting');
      writeFileSync(freed, '');
      wishResume(bench.journals[0]);
      assert.equal((await end).code, 0);
      assert.equal(bench.count('run-paused'), 1);
      assert.equal(bench.now.tasks.get('sub-01/last')?.status, 'finished');
    } finally {
      bench.remove();
    }
  });
});
