import assert from 'node:assert/strict';
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import type { RunnerStatus } from '../../../extension/runner-client/client.types.ts';
import { openLine } from '../../../extension/runner-client/line.ts';
import { isAlive } from '../../../runner/monitor/process.ts';
import { newRunId } from '../../../runner/protocol/runs.ts';
import type { RunIntent } from '../../../runner/protocol/runs.ts';
import { toyCohort, toyTask } from '../../fixtures/engine/toyTasks.ts';
import { Bench, ended } from '../engine/cliProcess.ts';
import { Hearing, kill, RunnerBench, until } from './runnerBench.ts';

const me = { protocol: 1, version: '0.1.0', build: '' };
const deaf = { notified: () => undefined };
const slow = toyCohort(['01', '02'], { steps: 4, pause: 40 });
const hang = [toyTask('sub-01/long', ['dataset:image.txt'], ['output:sub-01/a.tsv'], { stage: 'hang' })];

describe('the runner', function () {
  this.timeout(60_000);
  let bench: RunnerBench;
  beforeEach(() => { bench = new RunnerBench(slow); });
  afterEach(() => bench.remove());

  it('is closed to other users and to those without the token', async () => {
    const client = bench.client();
    await client.request('runs.list', { limit: 1 });
    const address = bench.address;
    assert.ok(address !== undefined);
    assert.equal(statSync(bench.runnerFolder).mode & 0o077, 0);
    assert.equal(statSync(join(bench.runnerFolder, 'runner.json')).mode & 0o077, 0);
    assert.equal(address.token.length, 64);
    await assert.rejects(openLine({ ...address, token: '0'.repeat(64) }, me, deaf), { code: 'access-denied' });
    const line = await openLine(address, me, deaf);
    line.close();

    // Without hello nothing is answered, and the connection ends.
    const stranger = connect(address.socket);
    let heard = '';
    stranger.on('data', (bytes: Buffer) => { heard += bytes.toString(); });
    const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'runs.list', params: { limit: 10 } });
    stranger.write(`Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`);
    await until(() => stranger.destroyed, 'the stranger is thrown out', 3000);
    assert.match(heard, /Say hello first/);
    assert.ok(!heard.includes('"runs"'));
    const noise = connect(address.socket);
    noise.on('error', () => undefined);
    noise.write(Buffer.alloc(400_000, 120));
    await until(() => noise.destroyed, 'noise is thrown out', 3000);
    assert.equal((await client.request('runs.list', { limit: 1 })).more, false);
  });

  it('is one, however many windows start at once', async () => {
    const clients = [1, 2, 3, 4].map(() => bench.client());
    await Promise.all(clients.map((client) => client.request('runs.list', { limit: 1 })));
    const ids = new Set(clients.map(({ status }) => (status.kind === 'connected' ? status.serverId : 'none')));
    assert.deepEqual([...ids], [bench.address?.serverId]);
  });

  it('ends by itself when nobody needs it, but not while a run goes on', async () => {
    bench.plan(toyCohort(['01'], { steps: 4, pause: 60 }));
    const start = () => ({ nodePath: process.execPath, electronAsNode: false, idleMs: 300 });
    const client = bench.client({ start });
    const { id } = await bench.start(client);
    const pid = bench.address?.pid ?? 0;
    client.dispose();
    await until(() => bench.events(id).some(({ type }) => type === 'task-started'), 'the run works', 60_000);
    assert.ok(isAlive(pid));
    await until(() => !isAlive(pid), 'the runner has ended');
    assert.equal(bench.events(id).at(-1)?.type, 'run-finished');
    assert.equal(bench.address, undefined);
    assert.ok(!readdirSync(bench.runnerFolder).some((name) => name.endsWith('.sock')));
  });

  it('is not started by looking whether there is one', async () => {
    const client = bench.client();
    assert.equal(await client.attach(), false);
    assert.ok(!existsSync(bench.runnerFolder));
    await bench.client().request('runs.list', { limit: 1 });
    assert.equal(await client.attach(), true);
  });

  it('gives way to a newer version without ending its runs, and an older window goes on with it', async () => {
    const older = bench.client({ version: '0.1.0', env: { ...bench.env, TOY_VERSION: '0.1.0' } });
    const { id } = await bench.start(older);
    const heardByOlder = new Hearing(older, id);
    await until(() => heardByOlder.events.some(({ type }) => type === 'task-finished'), 'the run works', 60_000);
    const first = bench.address?.pid ?? 0;
    const newer = bench.client({ version: '0.2.0', env: { ...bench.env, TOY_VERSION: '0.2.0' } });
    const hearing = new Hearing(newer, id);
    await until(() => hearing.over && heardByOlder.over, 'both have heard the end');
    assert.ok(!isAlive(first));
    assert.equal(bench.address?.version, '0.2.0');
    assert.deepEqual(hearing.events, bench.events(id));
    assert.deepEqual(heardByOlder.events, bench.events(id));
    assert.equal((await bench.over(older, id)).status, 'succeeded');
    assert.equal(bench.events(id).filter(({ type }) => type === 'run-started').length, 1);
  });

  it('is started again after kill -9: the run goes on, nothing is missed or heard twice', async () => {
    const client = bench.client();
    const { id } = await bench.start(client);
    const hearing = new Hearing(client, id);
    const statuses: RunnerStatus['kind'][] = [];
    client.onStatus(({ kind }) => statuses.push(kind));
    for (let round = 0; round < 3; round++) {
      const heard = hearing.events.length;
      await until(() => hearing.events.length > heard, 'the run works', 60_000);
      const killed = bench.address?.pid ?? 0;
      const before = statuses.length;
      const asked = performance.now();
      kill(killed);
      await until(() => statuses.slice(before).includes('lost'), 'the loss is noticed', 1000);
      assert.ok(performance.now() - asked < 1000);
      await until(() => client.status.kind === 'connected', 'there is a runner again');
    }
    await until(() => hearing.over, 'the end was heard');
    assert.deepEqual(hearing.events, bench.events(id));
    assert.equal((await bench.over(client, id)).status, 'succeeded');
  });

  for (const what of ['while a window is connected', 'when a window calls it', 'and is to be restarted'] as const) {
    it(`that hangs ${what} is ended and started again: the run goes on, nothing is missed or heard twice`, async () => {
      const patience = { helloMs: 3000, beatMs: 250, beats: 12 };
      const client = bench.client({ patience });
      const { id } = await bench.start(client);
      const hearing = new Hearing(client, id);
      await until(() => hearing.events.some(({ type }) => type === 'task-finished'), 'the run works', 60_000);
      const hung = bench.address?.pid ?? 0;
      process.kill(hung, 'SIGSTOP');
      if (what === 'when a window calls it') {
        const other = bench.client({ patience });
        assert.equal((await other.request('runs.list', { limit: 10 })).runs.length, 1);
      } else if (what === 'and is to be restarted') {
        await client.restart();
      } else {
        // What was asked before it is noticed is answered all the same.
        assert.equal((await client.request('runs.list', { limit: 10 })).runs.length, 1);
      }
      assert.ok(!isAlive(hung));
      await until(() => hearing.over, 'the end was heard');
      assert.deepEqual(hearing.events, bench.events(id));
      assert.notEqual(bench.address?.pid, hung);
      assert.equal((await bench.over(client, id)).status, 'succeeded');
    });
  }

  it('that is busy for a moment is left alone', async () => {
    const client = bench.client({ patience: { helloMs: 15_000, beatMs: 50, beats: 100 } });
    await client.request('runs.list', { limit: 1 });
    const busy = bench.address?.pid ?? 0;
    process.kill(busy, 'SIGSTOP');
    const answer = client.request('runs.list', { limit: 1 });
    await wait(500);
    process.kill(busy, 'SIGCONT');
    await answer;
    assert.equal(bench.address?.pid, busy);
    assert.equal(client.status.kind, 'connected');
  });

  it('finds runs that died while it was dead itself', async () => {
    bench.plan(hang);
    const client = bench.client();
    const { id } = await bench.start(client);
    await until(() => bench.events(id).some(({ type }) => type === 'task-log'), 'the step is under way');
    client.dispose();
    kill(bench.address?.pid ?? 0);
    kill(bench.intent(id)?.pid ?? 0);
    const later = bench.client();
    const record = await bench.over(later, id);
    assert.equal(record.status, 'interrupted');
    const wished = await bench.start(later, 'out2');
    await until(() => bench.events(wished.id).some(({ type }) => type === 'task-log'), 'the second is under way');
    writeFileSync(join(bench.runFolder(wished.id), 'cancel.json'), '{}');
    kill(bench.address?.pid ?? 0);
    // The wish is carried out by the next runner.
    assert.equal((await bench.over(later, wished.id)).status, 'cancelled');
  });

  it('knows runs of the terminal, can cancel them, and leaves those of other machines alone', async () => {
    const cli = new Bench(hang, { SPIMQUANT_STATE_DIR: bench.state });
    try {
      const client = bench.client();
      await client.request('runs.list', { limit: 1 });
      const changed: string[] = [];
      client.on('runs.changed', ({ run }) => changed.push(run.id));
      const child = cli.start(['--json']);
      const end = ended(child);
      const [id] = await until(() => (changed.length > 0 ? changed : undefined), 'the run of the terminal shows');
      await until(() => bench.events(id).some(({ type }) => type === 'task-log'), 'its step is under way');
      assert.equal((await client.request('runs.cancel', { id })).status, 'cancelled');
      assert.equal((await end).code, 130);

      const elsewhere = { ...(bench.intent(id) as RunIntent), id: newRunId(Date.now()), host: `not-${hostname()}`, pid: 1 };
      mkdirSync(bench.runFolder(elsewhere.id));
      writeFileSync(join(bench.runFolder(elsewhere.id), 'run.json'), JSON.stringify(elsewhere));
      writeFileSync(join(bench.runFolder(elsewhere.id), 'events.ndjson'), `${JSON.stringify({ seq: 1, time: 5, type: 'run-started', pid: 1, host: elsewhere.host })}\n`);
      await until(() => changed.includes(elsewhere.id), 'the run of the other machine shows');
      await assert.rejects(client.request('runs.cancel', { id: elsewhere.id }), { code: 'bad-option', message: /another machine/ });
      assert.equal(bench.events(elsewhere.id).length, 1);
    } finally {
      cli.remove();
    }
  });

  it('lists thousands of past runs page by page, whatever a few of their folders look like', async () => {
    const intent = (id: string): RunIntent => ({ id, command: 'spimquant a b participant', verb: 'participant', bids: '/a', output: '/b', options: {}, version: '0', pid: 1, process: '', host: 'elsewhere', started: '2026-01-01T00:00:00.000Z' });
    const lines = [{ seq: 1, time: 1, type: 'run-started', pid: 1, host: 'elsewhere' }, { seq: 2, time: 2, type: 'run-planned', tasks: [], reused: 4 }, { seq: 3, time: 3, type: 'run-finished', outcome: 'succeeded' }];
    const journal = lines.map((line) => `${JSON.stringify(line)}\n`).join('');
    const put = (id: string, run: string | undefined, events: string | undefined): void => {
      mkdirSync(bench.runFolder(id), { recursive: true });
      if (run !== undefined) writeFileSync(join(bench.runFolder(id), 'run.json'), run);
      if (events !== undefined) writeFileSync(join(bench.runFolder(id), 'events.ndjson'), events);
    };
    const total = 3000;
    for (let i = 0; i < total; i++) put(`20260101-000000-${String(i).padStart(6, '0')}`, JSON.stringify(intent(String(i))), journal);
    put('20260102-000000-000000', '{ "id": "tor', journal);
    put('20260102-000000-000001', undefined, undefined);
    put('20260102-000000-000002', JSON.stringify({ id: 'x' }), journal);
    put('20260102-000000-000003', JSON.stringify(intent('x')), `garbage\n${journal}`);
    writeFileSync(join(bench.state, 'runs', 'a file'), '');
    const client = bench.client();
    const first = await client.request('runs.list', { limit: 50 });
    assert.equal(first.runs.length, 50);
    assert.equal(first.more, true);
    assert.deepEqual(first.runs.map(({ id }) => id).slice(0, 3), ['20260102-000000-000003', '20260101-000000-002999', '20260101-000000-002998']);
    assert.deepEqual(first.runs.slice(0, 2).map(({ status }) => status), ['interrupted', 'succeeded']);
    const asked = performance.now();
    const second = await client.request('runs.list', { limit: 50, before: first.runs.at(-1)?.id });
    assert.ok(performance.now() - asked < 1000, `${performance.now() - asked} ms`);
    assert.equal(second.runs[0].id, '20260101-000000-002950');
    assert.equal(second.runs[0].reused, 4);
    const last = await client.request('runs.list', { limit: 50, before: '20260101-000000-000010' });
    assert.deepEqual([last.runs.length, last.more], [10, false]);
  });

  it('listens elsewhere when its folder has too long a path for a socket', async () => {
    const state = join(bench.folder, 'a'.repeat(120));
    const client = bench.client({ env: { ...bench.env, SPIMQUANT_STATE_DIR: state, XDG_RUNTIME_DIR: join(bench.folder, 'run') } });
    await client.request('runs.list', { limit: 1 });
    const address = JSON.parse(readFileSync(join(state, 'runner', hostname(), 'runner.json'), 'utf8')) as { readonly socket: string; readonly pid: number };
    assert.ok(address.socket.startsWith(join(bench.folder, 'run', 'spimquant')), address.socket);
    await client.request('runner.stop', {}).catch(() => undefined);
    client.dispose();
    await until(() => !isAlive(address.pid), 'it has ended');
  });

  it('that cannot be started says why', async () => {
    const withNode = (nodePath: string) => bench.client({ start: () => ({ nodePath, electronAsNode: false }) });
    const none = withNode(join(bench.folder, 'no-node'));
    await assert.rejects(none.request('runs.list', { limit: 1 }), { code: 'runner-lost', message: /no such program/, hint: /spimquant\.runner\.nodePath/ });
    assert.equal(none.status.kind, 'failed');
    const old = join(bench.folder, 'old-node');
    writeFileSync(old, '#!/bin/sh\necho v18.19.1\n');
    chmodSync(old, 0o755);
    await assert.rejects(withNode(old).request('runs.list', { limit: 1 }), { message: /Node\.js 18\.19\.1 is too old/ });
    const broken = join(bench.folder, 'broken.mjs');
    writeFileSync(broken, 'throw new Error("no such thing as luck");');
    await assert.rejects(bench.client({ serverFile: broken }).request('runs.list', { limit: 1 }), { code: 'runner-lost', message: /no such thing as luck/ });
  });
});

describe('exploring commands of the runner', function () {
  this.timeout(60_000);
  let bench: RunnerBench;
  beforeEach(() => { bench = new RunnerBench([], { SPIMQUANT_TOY: 'of the server' }); });
  afterEach(() => bench.remove());

  it('answer from a thread that is used again, fail with their error, and tell how far they are', async () => {
    const client = bench.client();
    const told: string[] = [];
    client.on('explore.progress', ({ token, message }) => told.push(`${token}: ${message}`));
    const ask = async (text: string, window = client): Promise<unknown> => (await window.request('explore', { text, cwd: '/somewhere', token: 't1' })).blocks[0];
    const first = await ask('thread');
    assert.deepEqual(await ask('thread'), first);
    assert.deepEqual(await ask('where'), { kind: 'text', text: '/somewhere' });
    assert.ok(told.includes('t1: at thread'));
    await assert.rejects(ask('fail here'), { code: 'no-signal', message: 'There is nothing in this image.', hint: 'Try another.', where: 'here' });
    assert.deepEqual(await ask('env SPIMQUANT_TOY'), { kind: 'text', text: 'of the server of the server' });
    const other = bench.client({ env: { ...bench.env, SPIMQUANT_TOY: 'mine' } });
    assert.deepEqual(await ask('env SPIMQUANT_TOY', other), { kind: 'text', text: 'mine mine' });
    const without = bench.client({ env: { ...bench.env, SPIMQUANT_TOY: undefined } });
    assert.deepEqual(await ask('env SPIMQUANT_TOY', without), { kind: 'text', text: 'nothing nothing' });
    assert.deepEqual(await ask('env SPIMQUANT_TOY'), { kind: 'text', text: 'of the server of the server' });
    await assert.rejects(ask('crash'), { code: 'runner-lost' });
    assert.deepEqual(await ask('where'), { kind: 'text', text: '/somewhere' });
  });

  for (const word of ['wait', 'spin']) {
    it(`are cancelled at once, whatever they do (${word}), and others go on`, async () => {
      const client = bench.client();
      const progress = new Promise<void>((resolve) => { client.on('explore.progress', () => { resolve(); }); });
      const abort = new AbortController();
      const busy = client.request('explore', { text: word, cwd: '/', token: 't' }, { signal: abort.signal });
      await progress;
      const asked = performance.now();
      abort.abort();
      await assert.rejects(busy, { code: 'cancelled' });
      assert.ok(performance.now() - asked < 300, `${performance.now() - asked} ms`);
      const answers = await Promise.all([1, 2, 3, 4].map(() => client.request('explore', { text: 'where', cwd: '/', token: 't' })));
      assert.equal(answers.length, 4);
    });
  }
});
