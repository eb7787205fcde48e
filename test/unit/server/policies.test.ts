import assert from 'node:assert/strict';
import { appendFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, truncateSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Feeds } from '../../../extension/runner-client/feeds.ts';
import { copyRunner } from '../../../extension/runner-client/runnerFiles.ts';
import { JournalReader } from '../../../runner/engine/journalReader.ts';
import { readEvents } from '../../../runner/engine/journal.ts';
import { cancelWish, finishForGone, wishCancel } from '../../../runner/engine/runFolder.ts';
import { digestRun } from '../../../runner/wording/runRecord.ts';
import type { RunEvent, RunEventBody } from '../../../runner/protocol/events.ts';
import { decideConnection } from '../../../runner/protocol/handshake.ts';
import type { RunIntent } from '../../../runner/protocol/runs.ts';
import { foldEvents, RunFold } from '../../../runner/protocol/runState.ts';
import { checkParameters } from '../../../runner/server/parameters.ts';
import { becomeInstance } from '../../../runner/server/singleInstance.ts';

const numbered = (bodies: readonly RunEventBody[]): RunEvent[] => bodies.map((body, at) => ({ seq: at + 1, time: at, ...body }));
const log = (message: string): RunEventBody => ({ type: 'run-log', level: 'info', message });
const intent: RunIntent = { id: 'r1', command: 'c', verb: 'participant', bids: '/a', output: '/b', options: {}, version: '0', pid: 1, process: '', host: 'h', started: '2026-01-01T00:00:00.000Z' };

describe('meeting a runner', () => {
  const me = { protocol: 1, version: '0.2.0', build: 'b' };
  for (const [theirs, connected, decision] of [
    [{}, false, 'use'],
    [{ build: 'other' }, false, 'replace'],
    [{ build: 'other' }, true, 'use'],
    [{ version: '0.1.9' }, false, 'replace'],
    [{ version: '0.1.9' }, true, 'replace'],
    [{ version: '0.10.0' }, false, 'use'],
    [{ version: '0.10.0', protocol: 2 }, false, 'reload-window'],
    [{ version: '0.1.0', protocol: 2 }, false, 'replace'],
    [{ protocol: 2 }, false, 'reload-window'],
  ] as const) {
    it(`${JSON.stringify(theirs)}, ${connected ? 'again' : 'first'}: ${decision}`, () => {
      assert.equal(decideConnection(me, { ...me, ...theirs }, connected), decision);
    });
  }
});

describe('listeners of a run', () => {
  const events = numbered(['a', 'b', 'c', 'd', 'e'].map(log));

  it('hear each event once and in order, whatever is sent again or too early', () => {
    const feeds = new Feeds();
    const [early, late]: number[][] = [[], []];
    feeds.add('r', 0, { events: (some) => early.push(...some.map(({ seq }) => seq)), gone: () => undefined });
    feeds.deliver('r', events.slice(0, 3));
    const remove = feeds.add('r', 1, { events: (some) => late.push(...some.map(({ seq }) => seq)), gone: () => undefined });
    assert.equal(feeds.heard('r'), 1);
    // Still from before the second listener came: it does not follow on for that one.
    feeds.deliver('r', events.slice(3, 4));
    feeds.deliver('r', events.slice(1, 5));
    assert.deepEqual([early, late], [[1, 2, 3, 4, 5], [2, 3, 4, 5]]);
    assert.equal(remove(), false);
  });
});

describe('reading a journal while it grows', () => {
  let folder = '';
  beforeEach(() => { folder = mkdtempSync(join(tmpdir(), 'reader-')); });
  afterEach(() => { rmSync(folder, { recursive: true }); });
  const path = (): string => join(folder, 'events.ndjson');

  it('gives every event once, in any cut, long lines and half ones included', () => {
    const events = numbered(Array.from({ length: 300 }, (_, i) => log('µ'.repeat(i === 150 ? 400_000 : i))));
    const bytes = Buffer.from(events.map((event) => `${JSON.stringify(event)}\n`).join(''));
    const [whole, later] = [new JournalReader(folder), new JournalReader(folder, 100)];
    const [all, rest]: RunEvent[][] = [[], []];
    assert.deepEqual(whole.read(10), []);
    for (let at = 0; at < bytes.length; at += 33_333) {
      appendFileSync(path(), bytes.subarray(at, at + 33_333));
      for (const [reader, into] of [[whole, all], [later, rest]] as const) {
        for (let some = reader.read(7); some.length > 0; some = reader.read(7)) into.push(...some);
      }
    }
    assert.deepEqual(all, events);
    assert.deepEqual(rest, events.slice(100));
  });

  it('goes on after a half line was cut off and the end written by another', () => {
    const events = numbered([{ type: 'run-started', pid: 1, host: 'h' }, log('a')]);
    writeFileSync(path(), events.map((event) => `${JSON.stringify(event)}\n`).join(''));
    const reader = new JournalReader(folder);
    assert.equal(reader.read(10).length, 2);
    appendFileSync(path(), '{"seq":3,"time":1,"type":"run-l');
    assert.deepEqual(reader.read(10), []);
    finishForGone(folder, intent, 'interrupted', 77);
    assert.deepEqual(reader.read(10), [{ seq: 3, time: 77, type: 'run-finished', outcome: 'interrupted' }]);
    finishForGone(folder, intent, 'cancelled', 78);
    assert.equal(readEvents(folder).length, 3);
  });

  it('finishes journals that are empty, missing or damaged in the middle', () => {
    finishForGone(folder, intent, 'interrupted', 5);
    assert.deepEqual(readEvents(folder).map(({ type }) => type), ['run-finished']);
    truncateSync(path(), 0);
    finishForGone(folder, intent, 'interrupted', 5);
    assert.equal(readEvents(folder).length, 1);
    writeFileSync(path(), `${JSON.stringify(numbered([log('a')])[0])}\ngarbage\n{"seq":3}\n`);
    const reader = new JournalReader(folder);
    assert.equal(reader.read(10).length, 1);
    finishForGone(folder, intent, 'interrupted', 5);
    assert.deepEqual(reader.read(10).map(({ seq, type }) => [seq, type]), [[2, 'run-finished']]);
    assert.equal(cancelWish(folder), undefined);
    wishCancel(folder, 1);
    assert.ok(cancelWish(folder) !== undefined);
  });
});

describe('folding a journal', () => {
  it('takes time in proportion to its events: 1000 tasks, 100 000 events', () => {
    const tasks = Array.from({ length: 1000 }, (_, i) => ({ id: `t${i}`, stage: 's', scope: '01', title: `t${i}` }));
    const bodies: RunEventBody[] = [{ type: 'run-planned', tasks, reused: 0 }];
    for (let i = 0; i < 100_000; i++) bodies.push({ type: 'task-progress', task: `t${i % 1000}`, progress: { done: i, total: 100_000, unit: 'items' } });
    const events = numbered(bodies);
    const begun = performance.now();
    const state = foldEvents(events);
    // Copying the tasks at every event takes ten times as long.
    assert.ok(performance.now() - begun < 1500, `${performance.now() - begun} ms`);
    assert.equal(state.tasks.get('t999')?.progress?.done, 99_999);
  });

  it('never changes a state that was handed out', () => {
    const fold = new RunFold();
    const [planned, started, said] = numbered([{ type: 'run-planned', tasks: [{ id: 'a', stage: 's', scope: '01', title: 'a' }], reused: 0 }, { type: 'task-started', task: 'a' }, log('x')]);
    fold.apply(planned);
    const before = fold.state;
    fold.apply(started);
    fold.apply(said);
    assert.equal(before.tasks.get('a')?.status, 'waiting');
    assert.deepEqual(before.log, []);
    assert.equal(fold.state.tasks.get('a')?.status, 'running');
    const record = digestRun(intent, fold.state, { seq: 3, cancelling: true });
    assert.deepEqual(record.current, ['sub-01 a']);
    assert.equal(record.cancelling, true);
    assert.equal(digestRun(intent, foldEvents([{ seq: 4, time: 9, type: 'run-finished', outcome: 'cancelled' }], fold.state), { seq: 4, cancelling: true }).cancelling, false);
  });
});

describe('the one runner', () => {
  let folder = '';
  beforeEach(() => { folder = mkdtempSync(join(tmpdir(), 'instance-')); });
  afterEach(() => { rmSync(folder, { recursive: true }); });
  const system = (pid: number, living: ReadonlySet<number>, mark = (of: number) => `m${of}`) => ({ pid, host: 'h', isAlive: (of: number) => living.has(of), processMark: mark });

  it('is one of many that try at the same moment, also over the body of a dead one', async () => {
    const living = new Set([1, 2, 3, 4, 5, 6]);
    const dead = await becomeInstance(folder, 0, system(9, living));
    assert.ok('renew' in dead);
    for (let round = 0; round < 20; round++) {
      const tries = await Promise.all([...living].map((pid) => becomeInstance(folder, 0, system(pid, living))));
      const winners = tries.filter((each) => 'renew' in each);
      assert.equal(winners.length, 1);
      assert.equal(winners[0].renew(), true);
      assert.equal(dead.renew(), false);
      winners[0].release();
    }
  });

  it('is not taken for alive because its process id is used again', async () => {
    await becomeInstance(folder, 0, system(1, new Set([1])));
    const next = await becomeInstance(folder, 0, system(2, new Set([1, 2]), (pid) => `later${pid}`));
    assert.ok('renew' in next);
    // Where the system gives processes no mark, silence tells.
    const silent = () => '';
    assert.ok('pid' in await becomeInstance(folder, Date.now(), system(3, new Set([2, 3]), silent)));
    const name = 'lock-00000002.json';
    utimesSync(join(folder, name), 1, 1);
    assert.ok('renew' in await becomeInstance(folder, Date.now(), system(3, new Set([2, 3]), silent)));
  });
});

describe('copies of the program', () => {
  it('hold the runner and nothing of the editor, and are made once', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'copies-'));
    try {
      const dist = join(folder, 'dist');
      for (const name of ['server.js', 'server.js.map', 'extension.cjs', 'assets/kernels.wasm', 'webviews/result.js']) {
        mkdirSync(join(dist, name, '..'), { recursive: true });
        writeFileSync(join(dist, name), name);
      }
      const copies = await Promise.all([1, 2, 3].map(() => copyRunner(dist, join(folder, 'store'), 'mark')));
      assert.deepEqual(new Set(copies), new Set([join(folder, 'store', 'mark')]));
      assert.equal(readFileSync(join(copies[0], 'assets/kernels.wasm'), 'utf8'), 'assets/kernels.wasm');
      for (const name of ['server.js.map', 'extension.cjs', 'webviews']) assert.throws(() => readFileSync(join(copies[0], name)), { code: 'ENOENT' });
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

describe('parameters of requests', () => {
  it('that have not their form are refused by name', () => {
    assert.throws(() => checkParameters('runs.follow', { id: 'r1', after: -1 }), { code: 'bad-option', message: /runs\.follow\.after must be a whole number/ });
    assert.throws(() => checkParameters('runs.delete', { id: '../x' }), { message: /id of a run/ });
    assert.throws(() => checkParameters('hello', { token: 't', protocol: 1, version: '1', build: '', env: { A: 1 } }), { message: /env\.A must be a text/ });
    assert.deepEqual(checkParameters('runs.list', { limit: 5 }), { limit: 5 });
  });
});
