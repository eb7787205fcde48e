import assert from 'node:assert/strict';
import { existsSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { RunEvent } from '../../../runner/protocol/events.ts';
import { readEvents } from '../../../runner/engine/journal.ts';
import { toyCohort, toyTask } from '../../fixtures/engine/toyTasks.ts';
import { Bench, results } from './cliProcess.ts';

/** Ids of tasks with an event of this type, in order. */
function ids(events: readonly RunEvent[], type: 'task-started' | 'task-finished' | 'task-failed' | 'task-skipped'): string[] {
  return events.flatMap((event) => (event.type === type ? [event.task] : []));
}

describe('running a plan', () => {
  let bench: Bench;
  beforeEach(() => {
    bench = new Bench(toyCohort(['01', '02']));
  });
  afterEach(() => {
    bench.remove();
  });

  it('makes everything in order, then finds everything done', async () => {
    const first = await bench.events(['-c', '2']);
    assert.equal(first.code, 0);
    const done = ids(first.events, 'task-finished');
    assert.equal(done.length, 22);
    assert.ok(done.indexOf('sub-01/sum') > done.indexOf('sub-01/part/7'));
    assert.deepEqual(Object.keys(results(bench.out)), ['sub-01/report.html', 'sub-01/sum.tsv', 'sub-02/report.html', 'sub-02/sum.tsv']);
    assert.deepEqual(first.events.map((event) => event.seq), first.events.map((_, at) => at + 1));
    assert.equal(first.events.at(-1)?.type, 'run-finished');

    const second = await bench.events();
    assert.deepEqual(ids(second.events, 'task-started'), []);
    assert.equal(second.code, 0);
  });

  it('deletes temporary files that nothing needs any more, and keeps them with --notemp', async () => {
    const work = join(bench.out, '.spimquant', 'work');
    await bench.run();
    assert.deepEqual(readdirSync(work), ['.spimquant']);
    assert.deepEqual(readdirSync(join(work, '.spimquant')), ['receipts']);
    await bench.run(['-F', '--notemp']);
    assert.equal(readdirSync(join(work, 'sub-01')).length, 10);
  });

  it('puts temporary files where --work_dir says, apart for every output', async () => {
    const work = join(bench.folder, 'work');
    await bench.run(['--notemp', '--work_dir', work]);
    await bench.run(['--notemp', '--work_dir', work], join(bench.folder, 'other'));
    assert.equal(readdirSync(work).length, 2);
    assert.ok(!existsSync(join(bench.out, '.spimquant', 'work')));
  });

  it('gives the same bytes whatever the cores', async () => {
    await bench.run(['-c', '1']);
    const once = results(bench.out);
    const other = join(bench.folder, 'other');
    await bench.run(['-c', '4'], other);
    assert.deepEqual(results(other), once);
  });

  it('redoes what a changed parameter or image touches, and says why', async () => {
    await bench.run();
    const [first, ...rest] = toyCohort(['01', '02']);
    assert.equal(first.id, 'sub-01/import');
    bench.plan([first, ...rest.map((task) => (task.id === 'sub-01/report' ? { ...task, params: { text: 'new', size: 3 } } : task))]);
    const { stdout } = await bench.run(['-n']);
    assert.match(stdout, /sub-01\/report\n +why +parameters changed: size, text\n/);
    const { events } = await bench.events();
    // The report needs a temporary file that is gone, and so does what makes that file.
    assert.ok(ids(events, 'task-started').includes('sub-01/import'));
    assert.ok(ids(events, 'task-started').every((id) => id.startsWith('sub-01/')));

    writeFileSync(join(bench.bids, 'image.txt'), 'other voxels');
    assert.equal(ids((await bench.events()).events, 'task-finished').length, 22);
  });

  it('remakes a result that was deleted or cut short', async () => {
    await bench.run();
    const before = results(bench.out);
    rmSync(join(bench.out, 'sub-01', 'sum.tsv'));
    writeFileSync(join(bench.out, 'sub-02', 'report.html'), 'x');
    const { stdout } = await bench.run(['-n']);
    assert.match(stdout, /why +output missing or changed: sub-01\/sum\.tsv/);
    await bench.run();
    assert.deepEqual(results(bench.out), before);
  });

  it('plans without touching anything', async () => {
    const { code, stdout } = await bench.run(['-np']);
    assert.equal(code, 0);
    assert.match(stdout, /22 steps: 22 to run, 0 up to date/);
    assert.ok(!existsSync(bench.out));
    const lines = (await bench.run(['-n', '--json'])).stdout.trimEnd().split('\n').map((line) => JSON.parse(line) as { type: string });
    assert.equal(lines.filter((line) => line.type === 'task').length, 22);
  });

  it('leaves a journal that tells the same as --json', async () => {
    const { events } = await bench.events();
    const runs = join(bench.state, 'runs');
    const [run] = readdirSync(runs);
    assert.deepEqual(readEvents(join(runs, run)), events);
  });
});

describe('failures', () => {
  it('of one participant do not stop the others, and the summary says which and why', async () => {
    const bench = new Bench([
      toyTask('sub-01/bad', ['dataset:image.txt'], ['output:sub-01/a.tsv'], { stage: 'fail' }),
      toyTask('sub-01/next', ['output:sub-01/a.tsv'], ['output:sub-01/b.tsv']),
      toyTask('sub-01/other', ['dataset:image.txt'], ['output:sub-01/c.tsv']),
      ...toyCohort(['02']),
      toyTask('sub-03/defect', [], ['output:sub-03/a.tsv'], { stage: 'throw' }),
      toyTask('sub-04/liar', [], ['output:sub-04/a.tsv'], { stage: 'forget' }),
      toyTask('sub-05/dies', [], ['output:sub-05/a.tsv'], { stage: 'exit' }),
      toyTask('sub-06/greedy', [], ['output:sub-06/a.tsv'], { stage: 'allocateBuffer' }),
    ]);
    try {
      const { code, stdout, stderr } = await bench.run(['-c', '2']);
      assert.equal(code, 1);
      assert.deepEqual(Object.keys(results(bench.out)), ['sub-01/c.tsv', 'sub-02/report.html', 'sub-02/sum.tsv']);
      assert.match(stdout, /sub-01 failed; 1 step that needed it was skipped\n {2}sub-01\/bad\n {4}There is nothing in this image\. \[no-signal\]\n {4}at toy\n {4}Try another\./);
      assert.match(stdout, /a defect of a toy \[internal\]/);
      assert.match(stdout, /sub-04\/liar ended without writing sub-04\/a\.tsv/);
      assert.match(stdout, /sub-05\/dies\n.*worker thread of this step died/);
      assert.match(stdout, /not enough memory.*\[out-of-memory\]/);
      assert.match(stdout, /sub-02\/report\.html/);
      assert.match(stderr, /skipped {2}sub-01 {2}sub-01\/next: it needs sub-01\/bad, which failed/);

      bench.plan([toyTask('sub-01/bad', ['dataset:image.txt'], ['output:sub-01/a.tsv']), toyTask('sub-01/next', ['output:sub-01/a.tsv'], ['output:sub-01/b.tsv']), ...toyCohort(['02'])]);
      const again = await bench.events();
      assert.equal(again.code, 0);
      assert.deepEqual(ids(again.events, 'task-finished'), ['sub-01/bad', 'sub-01/next']);
    } finally {
      bench.remove();
    }
  });

  it('by lack of memory in a thread stop only that task', async () => {
    const bench = new Bench([toyTask('sub-01/greedy', [], ['output:sub-01/a.tsv'], { stage: 'allocate' }), toyTask('sub-02/modest', [], ['output:sub-02/a.tsv'])]);
    const heap = process.env.NODE_OPTIONS;
    process.env.NODE_OPTIONS = '--max-old-space-size=64';
    try {
      const { code, events } = await bench.events(['-c', '2']);
      assert.equal(code, 1);
      assert.deepEqual(events.flatMap((event) => (event.type === 'task-failed' ? [event.error.code] : [])), ['out-of-memory']);
      assert.deepEqual(ids(events, 'task-finished'), ['sub-02/modest']);
    } finally {
      if (heap === undefined) delete process.env.NODE_OPTIONS;
      else process.env.NODE_OPTIONS = heap;
      bench.remove();
    }
  });
});

describe('commands that make no sense', () => {
  const bench = new Bench([]);
  after(() => {
    bench.remove();
  });

  it('end with 2 and one message', async () => {
    const missing = await bench.run(['--seg_metod', 'th5']);
    assert.equal(missing.code, 2);
    assert.match(missing.stderr, /^spimquant: There is no flag --seg_metod\. Did you mean --seg_method\? \[bad-option\]\n/);
    assert.equal(missing.stdout, '');
    assert.equal((await bench.run([], bench.bids)).code, 2);
  });

  it('include a dataset that is not there, and an output that holds something else', async () => {
    const foreign = join(bench.folder, 'foreign');
    const other = new Bench([]);
    rmSync(other.bids, { recursive: true });
    const gone = await other.run();
    other.remove();
    assert.equal(gone.code, 2);
    assert.match(gone.stderr, /There is no such dataset folder: .*bids/);
    await bench.run();
    rmSync(join(bench.out, '.spimquant', 'output.json'));
    const refused = await bench.run();
    assert.equal(refused.code, 2);
    assert.match(refused.stderr, /not empty and was not made by SPIMquant/);
    assert.equal((await bench.run(['--force-output'])).code, 0);
    assert.ok(!existsSync(foreign));
  });
});
