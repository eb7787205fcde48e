import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { readEvents } from '../../../runner/engine/journal.ts';
import { foldEvents } from '../../../runner/protocol/runState.ts';
import { between, seededRandom } from '../../../runner/phantom/random.ts';
import { toyCohort, toyTask } from '../../fixtures/engine/toyTasks.ts';
import { Bench, ended, results, saying, temporaries } from './cliProcess.ts';

/** Journals of all runs, oldest first. */
function journals(bench: Bench): string[] {
  const runs = join(bench.state, 'runs');
  return readdirSync(runs).sort().map((run) => join(runs, run));
}

describe('interrupted runs', () => {
  it('go on after kill -9 at 20 random moments: same bytes, nothing finished is done again', async function () {
    // Twenty processes one after another, each killed within the first second of its work.
    this.timeout(240_000);
    const tasks = toyCohort(['01', '02', '03'], { steps: 3, pause: 12, repeat: 2000 });
    const bench = new Bench(tasks);
    const reference = join(bench.folder, 'reference');
    const random = seededRandom(7);
    const finished = new Set<string>();
    try {
      await bench.run(['--notemp'], reference);
      for (let round = 0; round < 20; round++) {
        const known = journals(bench);
        const child = bench.start(['--json', '-c', '2', '--notemp']);
        const closed = once(child, 'close');
        const begun = await saying(child, round % 3 === 0 ? /task-started/ : /task-finished/).then(() => true, () => false);
        if (begun) {
          await wait(between(random, 0, 150));
          child.kill('SIGKILL');
        }
        await closed;
        const [run] = journals(bench).filter((folder) => !known.includes(folder));
        for (const event of readEvents(run)) {
          if (event.type === 'task-started') assert.ok(!finished.has(event.task), `${event.task} was done already`);
          if (event.type === 'task-finished') finished.add(event.task);
        }
        if (finished.size < tasks.length) continue;
        // All was done before the kills were used up: once more from the start.
        assert.deepEqual(results(bench.out), results(reference));
        rmSync(bench.out, { recursive: true });
        finished.clear();
      }
      const { code } = await bench.run(['--notemp']);
      assert.equal(code, 0);
      assert.deepEqual(results(bench.out), results(reference));
      assert.deepEqual(temporaries(bench.out), []);
    } finally {
      bench.remove();
    }
  });

  it('go on without temporary files of finished participants', async () => {
    const bench = new Bench(toyCohort(['01', '02'], { steps: 2, pause: 10 }));
    try {
      const child = bench.start(['--json', '-c', '1']);
      await saying(child, /"task-finished","task":"sub-01\/report"/);
      child.kill('SIGKILL');
      await once(child, 'close');
      const { code, events } = await bench.events();
      assert.equal(code, 0);
      const again = events.flatMap((event) => (event.type === 'task-started' ? [event.task] : []));
      assert.ok(again.length > 0 && again.every((id) => id.startsWith('sub-02/')), again.join(' '));
    } finally {
      bench.remove();
    }
  });

  for (const [stage, what] of [['hang', 'a step that waits'], ['spin', 'a step that computes without looking up']] as const) {
    it(`stop at Ctrl-C in ${what}, leave nothing half written and free the output`, async () => {
      const bench = new Bench([
        toyTask('sub-01/first', ['dataset:image.txt'], ['output:sub-01/a.tsv']),
        toyTask('sub-01/last', ['output:sub-01/a.tsv'], ['output:sub-01/b.tsv'], { stage }),
      ]);
      try {
        const child = bench.start(['--json', '-c', '2']);
        const end = ended(child);
        await saying(child, /"message":"(hang|spinn)ing"/);
        const asked = performance.now();
        child.kill('SIGINT');
        assert.equal((await end).code, 130);
        // Well below the minutes that the step would take.
        assert.ok(performance.now() - asked < 5000);
        assert.deepEqual(temporaries(bench.out), []);
        const state = foldEvents(readEvents(journals(bench)[0]));
        assert.equal(state.status, 'cancelled');
        assert.equal(state.tasks.get('sub-01/first')?.status, 'finished');
        assert.equal(state.tasks.get('sub-01/last')?.status, 'cancelled');

        bench.plan([toyTask('sub-01/first', ['dataset:image.txt'], ['output:sub-01/a.tsv']), toyTask('sub-01/last', ['output:sub-01/a.tsv'], ['output:sub-01/b.tsv'])]);
        const { code, events } = await bench.events();
        assert.equal(code, 0);
        assert.deepEqual(events.flatMap((event) => (event.type === 'task-finished' ? [event.task] : [])), ['sub-01/last']);
      } finally {
        bench.remove();
      }
    });
  }

  it('keep a second run out of the same output, until unlocked or dead', async () => {
    const bench = new Bench([toyTask('sub-01/long', ['dataset:image.txt'], ['output:sub-01/a.tsv'], { stage: 'hang' })]);
    try {
      const child = bench.start(['--json']);
      await saying(child, /hanging/);
      const second = await bench.run();
      assert.equal(second.code, 1);
      assert.match(second.stderr, new RegExp(`Another run is writing to this output: process ${child.pid} on .*\\[output-busy\\]`));
      assert.match(second.stderr, /--unlock/);
      child.kill('SIGKILL');
      await once(child, 'close');
      const unlocked = await bench.run(['--unlock']);
      assert.match(unlocked.stdout, new RegExp(`Removed the lock of process ${child.pid}`));
      assert.equal((await bench.run(['--unlock'])).stdout, 'The output was not locked.\n');
    } finally {
      bench.remove();
    }
  });
});
