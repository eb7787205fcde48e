import assert from 'node:assert/strict';
import { appendFile, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { eventsFile } from '../../../runner/engine/journal.ts';
import type { RunEventBody } from '../../../runner/protocol/events.ts';
import type { LogQuery } from '../../../runner/protocol/runView.ts';
import { RunIndex } from '../../../runner/server/runView/runIndex.ts';

const tasks = ['sub-01/segment', 'sub-01/report', 'sub-02/segment'].map((id) => ({ id, stage: id.slice(7), scope: id.slice(4, 6), title: id }));
const start: readonly RunEventBody[] = [
  { type: 'run-started', pid: 7, host: 'lab' },
  { type: 'run-planned', tasks, reused: 2 },
];

describe('the index of a run', () => {
  let folder: string;
  let seq: number;
  let index: RunIndex;

  const write = async (...events: readonly RunEventBody[]): Promise<void> => {
    await appendFile(join(folder, eventsFile), events.map((event) => `${JSON.stringify({ seq: ++seq, time: 1_700_000_000_000 + seq, ...event })}\n`).join(''));
  };
  const say = (task: string, message: string, level: 'info' | 'warn' | 'error' = 'info'): RunEventBody => ({ type: 'task-log', task, level, message });
  const messages = async (query: LogQuery = {}, from = 0, count = 1000): Promise<readonly string[]> => (await index.page(query, from, count, Infinity)).rows.map((row) => row.message);

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'spimquant-index-'));
    seq = 0;
    index = new RunIndex(folder);
    await write(...start);
  });
  afterEach(async () => rm(folder, { recursive: true, force: true }));

  it('shows what a reader of the log would see, and no progress', async () => {
    await write({ type: 'task-started', task: 'sub-01/segment' }, { type: 'task-progress', task: 'sub-01/segment', progress: { done: 1, total: 2, unit: 'items' } },
      say('sub-01/segment', 'two\nlines of "text"'), { type: 'task-failed', task: 'sub-01/segment', error: { code: 'bad-zarr', message: 'Damaged chunk', hint: 'Copy it again.' } });
    const page = await index.page({}, 0, 10, Infinity);
    assert.deepEqual(page.rows.map(({ level, task, message }) => [level, task, message]), [
      ['info', undefined, 'started as process 7 on lab'], ['info', undefined, '3 steps to do, 2 results there already'],
      ['info', 'sub-01/segment', 'started'], ['info', 'sub-01/segment', 'two\nlines of "text"'],
      ['error', 'sub-01/segment', 'Damaged chunk [bad-zarr]\nCopy it again.'],
    ]);
    assert.deepEqual([page.total, page.all, page.errors, page.known], [5, 5, 1, 1]);
    assert.deepEqual(page.rows.map((row) => row.seq), [1, 2, 3, 5, 6]);
  });

  it('chooses by level, task, participant and words, alone and together', async () => {
    await write(say('sub-01/segment', 'Threshold 900', 'warn'), say('sub-01/report', 'threshold written'), say('sub-02/segment', 'no THRESHOLD', 'error'), say('sub-02/segment', 'done'));
    assert.deepEqual(await messages({ level: 'warn' }), ['Threshold 900', 'no THRESHOLD']);
    assert.deepEqual(await messages({ task: 'sub-01/report' }), ['threshold written']);
    assert.deepEqual(await messages({ scope: '01' }), ['Threshold 900', 'threshold written']);
    assert.deepEqual(await messages({ text: 'threshold' }), ['Threshold 900', 'threshold written', 'no THRESHOLD']);
    assert.deepEqual(await messages({ text: 'threshold', level: 'warn', scope: '02' }), ['no THRESHOLD']);
    assert.deepEqual(await messages({ scope: '03' }), []);
  });

  it('finds words as they were written, not how the file writes them', async () => {
    await write(say('sub-01/segment', 'a "quoted" C:\\path'), say('sub-01/segment', 'Größe 5 µm'), say('sub-01/segment', 'level seq task time'));
    assert.deepEqual(await messages({ text: '"QUOTED"' }), ['a "quoted" C:\\path']);
    assert.deepEqual(await messages({ text: 'c:\\path' }), ['a "quoted" C:\\path']);
    assert.deepEqual(await messages({ text: 'größe' }), ['Größe 5 µm']);
    assert.deepEqual(await messages({ text: 'task-log' }), []);
    assert.deepEqual(await messages({ text: 'segment","level' }), []);
  });

  it('grows with the journal, and takes a line only when it is whole', async () => {
    await write(say('sub-01/segment', 'one'));
    assert.equal((await messages({ text: 'o' })).at(-1), 'one');
    const half = JSON.stringify({ seq: seq + 1, time: 1, ...say('sub-01/segment', 'two') });
    await appendFile(join(folder, eventsFile), half.slice(0, 30));
    assert.equal((await messages()).length, 3);
    await appendFile(join(folder, eventsFile), `${half.slice(30)}\n`);
    seq += 1;
    assert.deepEqual((await messages({ text: 'o' })).slice(-2), ['one', 'two']);
  });

  it('ends before a damaged line, as all readers of the journal do', async () => {
    await write(say('sub-01/segment', 'one'));
    await appendFile(join(folder, eventsFile), '{"seq":4,"time"\n');
    seq += 1;
    await write(say('sub-01/segment', 'never seen'), { type: 'run-finished', outcome: 'succeeded' });
    assert.equal((await messages()).at(-1), 'one');
  });

  it('gives pages from the beginning, the middle and the end', async () => {
    await write(...Array.from({ length: 5000 }, (_, at) => say('sub-01/segment', `line ${at}`)));
    assert.deepEqual(await messages({ task: 'sub-01/segment' }, -2, 2), ['line 4998', 'line 4999']);
    assert.deepEqual(await messages({ task: 'sub-01/segment' }, 2500, 2), ['line 2500', 'line 2501']);
    assert.deepEqual(await messages({ task: 'sub-01/segment' }, 6000, 2), []);
    assert.equal((await index.page({ text: '99' }, 0, 1, Infinity)).total, Array.from({ length: 5000 }, (_, at) => String(at)).filter((n) => n.includes('99')).length);
  });

  it('finds the next error either way', async () => {
    await write(say('sub-01/segment', 'a'), say('sub-01/segment', 'b', 'error'), say('sub-02/segment', 'c'), say('sub-02/segment', 'd', 'error'));
    assert.equal(await index.nextError({}, -1, false), 3);
    assert.equal(await index.nextError({}, 3, false), 5);
    assert.equal(await index.nextError({}, 5, false), undefined);
    assert.equal(await index.nextError({}, 5, true), 3);
    assert.equal(await index.nextError({ scope: '02' }, -1, false), 1);
  });

  it('tells tasks as they stand, and afterwards what changed', async () => {
    const first = await index.tasks(0);
    assert.deepEqual(first.changed.map(({ id, status }) => [id, status]), tasks.map(({ id }) => [id, 'waiting']));
    await write({ type: 'task-started', task: 'sub-02/segment' }, { type: 'task-started', task: 'sub-02/segment' });
    const next = await index.tasks(first.seq);
    assert.deepEqual(next.changed.map(({ id, status, attempts }) => [id, status, attempts]), [['sub-02/segment', 'running', 2]]);
    assert.deepEqual((await index.tasks(next.seq)).changed, []);
    await write({ type: 'run-finished', outcome: 'cancelled' });
    assert.equal((await index.tasks(next.seq)).changed.length, 3);
  });

  it('tells what a cloud run has spent, by how many machines, and what tasks need', async () => {
    assert.equal((await index.tasks(0)).cloud, undefined);
    const spent = { dollars: 1.25, by: 'coiled', asOf: 5 } as const;
    await write({ type: 'run-planned', reused: 0, tasks: [{ ...tasks[1], after: ['sub-01/segment'] }] }, { type: 'cloud-standing', machines: 2, spent });
    const { cloud, changed } = await index.tasks(0);
    assert.deepEqual(cloud, { jobs: [], machines: 2, spent });
    assert.deepEqual(changed.find(({ id }) => id === 'sub-01/report')?.after, ['sub-01/segment']);
  });

  it('has nothing to say of a run that has not begun to write', async () => {
    await rm(join(folder, eventsFile));
    const other = new RunIndex(folder);
    assert.deepEqual((await other.page({}, 0, 5, Infinity)).rows, []);
    await writeFile(join(folder, eventsFile), '');
    assert.equal((await other.tasks(0)).tasks, 0);
  });
});
