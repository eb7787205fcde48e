import assert from 'node:assert/strict';
import { appendFileSync, existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Journal, readEvents, stateFolder } from '../../../runner/engine/journal.ts';
import { countTasks, foldEvents, logLimit } from '../../../runner/protocol/runState.ts';
import { newRunId } from '../../../runner/protocol/runs.ts';
import type { RunEventBody } from '../../../runner/protocol/events.ts';

const intent = { id: 'r1', command: 'spimquant a b participant', verb: 'participant', bids: '/a', output: '/b', options: {}, version: '0', pid: 1, process: '', host: 'h', started: '' };
const summary = (id: string) => ({ id, stage: 's', scope: '01', title: id });

const story: readonly RunEventBody[] = [
  { type: 'run-started', pid: 1, host: 'h' },
  { type: 'participant-failed', participant: '09', error: { code: 'bad-zarr', message: 'no' } },
  { type: 'run-planned', tasks: ['a', 'b', 'c', 'd'].map(summary), reused: 3 },
  { type: 'task-started', task: 'a' },
  { type: 'task-progress', task: 'a', progress: { done: 1, total: 2, unit: 'items' } },
  { type: 'task-log', task: 'a', level: 'warn', message: 'hm' },
  { type: 'task-finished', task: 'a', seconds: 2, bytesRead: 10, bytesWritten: 20 },
  { type: 'task-started', task: 'b' },
  { type: 'task-failed', task: 'b', error: { code: 'internal', message: 'x' } },
  { type: 'task-skipped', task: 'c', because: 'it needs b, which failed' },
  { type: 'task-started', task: 'd' },
];

describe('journal', () => {
  let folder = '';
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'journal-'));
  });
  afterEach(() => {
    rmSync(folder, { recursive: true });
  });

  function write(bodies: readonly RunEventBody[]): Journal {
    let now = 1000;
    const journal = new Journal(folder, intent, () => now++);
    for (const body of bodies) journal.append(body);
    return journal;
  }

  it('is on disk before anyone is told', () => {
    const journal = write([]);
    const seen: number[] = [];
    journal.subscribe((event) => {
      seen.push(event.seq);
      assert.equal(readEvents(journal.folder).at(-1)?.seq, event.seq);
    });
    for (const body of story) journal.append(body);
    journal.close();
    assert.deepEqual(seen, story.map((_, at) => at + 1));
  });

  it('reads back what was written, with times', () => {
    const journal = write(story);
    journal.close();
    assert.deepEqual(readEvents(journal.folder), story.map((body, at) => ({ seq: at + 1, time: 1000 + at, ...body })));
    assert.equal((JSON.parse(readFileSync(join(journal.folder, 'run.json'), 'utf8')) as typeof intent).command, intent.command);
  });

  it('is closed to other users', function () {
    if (process.platform === 'win32') return;
    const journal = write(story);
    journal.close();
    assert.equal(statSync(journal.folder).mode & 0o077, 0);
    assert.equal(statSync(join(journal.folder, 'events.ndjson')).mode & 0o077, 0);
  });

  for (const torn of ['{"seq":12,"ty', '{"seq":12,"time":1,"type":"run-log","level":"info","message":"no newline"}', '\u0000\u0000\u0000', 'null\n', '{"seq":14,"time":0}\n']) {
    it(`bears a last line torn as ${JSON.stringify(torn)}`, () => {
      const journal = write(story);
      journal.close();
      appendFileSync(join(journal.folder, 'events.ndjson'), torn);
      assert.equal(readEvents(journal.folder).length, story.length);
    });
  }

  it('is cut anywhere without losing the whole lines before', () => {
    const journal = write(story);
    journal.close();
    const whole = readFileSync(join(journal.folder, 'events.ndjson'), 'utf8');
    for (let length = 0; length <= whole.length; length += 7) {
      const lines = whole.slice(0, length).split('\n').length - 1;
      const cutFolder = mkdtempSync(join(folder, 'cut-'));
      appendFileSync(join(cutFolder, 'events.ndjson'), whole.slice(0, length));
      assert.equal(readEvents(cutFolder).length, lines);
    }
  });

  /** A disk on which so many more bytes can be written, and some more once the reserve is gone. */
  const diskWith = (room: { bytes: number }, reserve: () => boolean): typeof writeSync => ((file: number, bytes: Buffer, at: number) => {
    const free = room.bytes + (reserve() ? 0 : 1000);
    if (free <= 0) throw Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' });
    const written = writeSync(file, bytes, at, Math.min(free, bytes.length - at));
    room.bytes -= written;
    return written;
  }) as typeof writeSync;

  it('keeps room for the last words of a run whose disk is full', () => {
    const room = { bytes: 200 };
    const reserve = join(folder, intent.id, 'reserve');
    const journal = new Journal(folder, intent, () => 1, diskWith(room, () => existsSync(reserve)));
    assert.ok(statSync(reserve).size > 100_000);
    for (const body of story.slice(0, 3)) journal.append(body);
    assert.ok(!existsSync(reserve));
    assert.deepEqual(readEvents(journal.folder).map(({ seq }) => seq), [1, 2, 3]);
    journal.close();
  });

  it('leaves no half line behind when there is no room at all, and goes on without a gap', () => {
    const room = { bytes: -900 };
    const journal = new Journal(folder, intent, () => 1, diskWith(room, () => existsSync(join(folder, intent.id, 'reserve'))));
    journal.append(story[0]);
    assert.throws(() => journal.append(story[2]), { code: 'ENOSPC' });
    room.bytes = 1e6;
    journal.append(story[2]);
    journal.close();
    assert.deepEqual(readEvents(journal.folder).map(({ seq, type }) => `${seq} ${type}`), ['1 run-started', '2 run-planned']);
  });

  it('gives the room back at its end', () => {
    const journal = write(story);
    journal.close();
    assert.ok(!existsSync(join(journal.folder, 'reserve')));
  });

  it('names runs by time, without two alike', () => {
    assert.match(newRunId(Date.UTC(2026, 0, 2, 3, 4, 5)), /^20260102-030405-[0-9a-f]{6}$/);
    assert.notEqual(newRunId(0), newRunId(0));
  });

  it('lives where the environment says', () => {
    assert.equal(stateFolder({ SPIMQUANT_STATE_DIR: '/s', XDG_STATE_HOME: '/x' }), '/s');
    if (process.platform !== 'win32') assert.equal(stateFolder({ XDG_STATE_HOME: '/x' }), '/x/spimquant');
  });
});

describe('run state', () => {
  const events = (bodies: readonly RunEventBody[]) => bodies.map((body, at) => ({ seq: at + 1, time: at, ...body }));

  it('is a fold over events', () => {
    const state = foldEvents(events(story));
    assert.equal(state.status, 'running');
    assert.equal(state.reused, 3);
    assert.deepEqual(countTasks(state.tasks.values()), { waiting: 0, running: 1, finished: 1, failed: 1, skipped: 1, cancelled: 0 });
    assert.equal(state.bytesRead, 10);
    assert.equal(state.bytesWritten, 20);
    assert.equal(state.failedParticipants[0].participant, '09');
    assert.equal(state.tasks.get('c')?.because, 'it needs b, which failed');
    assert.deepEqual(state.log.map((line) => line.message), ['hm']);
  });

  const error = { code: 'auth-expired', message: 'expired', where: 's3://lab/a' } as const;
  const pause = { type: 'run-paused', kind: 'sign-in', error, signIn: ['aws sso login'], until: 90_000 } as const;

  it('knows a pause from its beginning to its end', () => {
    const paused = foldEvents(events([...story, pause, { type: 'task-postponed', task: 'd', error }]));
    assert.equal(paused.status, 'paused');
    assert.deepEqual(paused.pause, { kind: 'sign-in', error, signIn: ['aws sso login'], until: 90_000, since: story.length });
    assert.deepEqual(countTasks(paused.tasks.values()), { waiting: 1, running: 0, finished: 1, failed: 1, skipped: 1, cancelled: 0 });
    assert.equal(paused.tasks.get('d')?.progress, undefined);
    const asked = foldEvents(events([...story, pause, { type: 'run-still-paused', error: { ...error, message: 'still' } }]));
    assert.equal(asked.pause?.checked, story.length + 1);
    assert.equal(asked.pause.error.message, 'still');
    assert.equal(asked.pause.since, story.length);
    const resumed = foldEvents(events([...story, pause, { type: 'run-log', level: 'info', message: 'hm' }, { type: 'run-resumed' }]));
    assert.equal(resumed.status, 'running');
    assert.equal(resumed.pause, undefined);
    assert.equal(resumed.pausedMs, 2);
    const again = foldEvents([{ seq: 20, time: 100, ...pause }, { seq: 21, time: 130, type: 'run-finished', outcome: 'interrupted' }], resumed);
    assert.equal(again.status, 'interrupted');
    assert.equal(again.pause, undefined);
    assert.equal(again.pausedMs, 32);
  });

  it('is starting again after a pause in its planning', () => {
    assert.equal(foldEvents(events([story[0], pause, { type: 'run-resumed' }])).status, 'starting');
  });

  it('counts what was under way as cancelled when the run ends', () => {
    const state = foldEvents(events([...story, { type: 'run-finished', outcome: 'cancelled' }]));
    assert.equal(state.status, 'cancelled');
    assert.equal(state.tasks.get('d')?.status, 'cancelled');
  });

  it('keeps a bounded log', () => {
    const lines = Array.from({ length: logLimit + 50 }, (_, i): RunEventBody => ({ type: 'run-log', level: 'info', message: `${i}` }));
    const { log } = foldEvents(events(lines));
    assert.equal(log.length, logLimit);
    assert.equal(log.at(-1)?.message, `${logLimit + 49}`);
  });
});
