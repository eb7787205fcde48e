import assert from 'node:assert/strict';
import { buildGraph } from '../../../runner/engine/graph.ts';
import { Scheduler } from '../../../runner/engine/scheduler.ts';
import type { Task } from '../../../runner/pipeline/task.ts';
import { toyCohort, toyTask } from '../../fixtures/engine/toyTasks.ts';

const GB = 1e9;

function schedule(tasks: readonly Task[], cores: number, memoryBytes = 100): Scheduler {
  const graph = buildGraph(tasks);
  return new Scheduler(graph, tasks.map((task) => task.id), { cores, memoryBytes });
}

/** Runs everything, each task ending after as many rounds as its `readBytes`; returns the ids started in each round. */
function simulate(tasks: readonly Task[], cores: number, memoryBytes: number): string[][] {
  const scheduler = schedule(tasks, cores, memoryBytes);
  const rounds: string[][] = [];
  const running = new Map<string, number>();
  while (!scheduler.idle) {
    const started = scheduler.next();
    rounds.push(started.map((task) => task.id));
    for (const task of started) running.set(task.id, Math.max(1, task.readBytes));
    const held = tasks.filter((task) => running.has(task.id)).reduce((sum, task) => sum + task.memoryBytes, 0);
    assert.ok(running.size > 0, 'something runs');
    assert.ok(running.size <= cores);
    assert.ok(held <= memoryBytes || running.size === 1, `${held} of ${memoryBytes}`);
    for (const [id, rest] of running) {
      if (rest > 1) running.set(id, rest - 1);
      else {
        running.delete(id);
        scheduler.finished(id);
      }
    }
  }
  return rounds;
}

describe('scheduler', () => {
  it('starts a task again that was put off, and nothing that needs it before', () => {
    const scheduler = schedule([toyTask('a', [], ['work:a']), toyTask('b', ['work:a'], ['work:b'])], 2);
    assert.deepEqual(scheduler.next().map(({ id }) => id), ['a']);
    scheduler.postponed('a');
    assert.equal(scheduler.idle, false);
    assert.deepEqual(scheduler.next().map(({ id }) => id), ['a']);
    scheduler.finished('a');
    assert.deepEqual(scheduler.next().map(({ id }) => id), ['b']);
    scheduler.finished('b');
    assert.equal(scheduler.idle, true);
  });

  it('never starts a task before what it needs has ended', () => {
    const tasks = toyCohort(['01', '02', '03']);
    const { needs } = buildGraph(tasks);
    const done = new Set<string>();
    for (const round of simulate(tasks, 4, 100)) {
      for (const id of round) assert.ok((needs.get(id) ?? []).every((need) => done.has(need)), id);
      for (const id of round) done.add(id);
    }
    assert.equal(done.size, tasks.length);
  });

  it('finishes participants one after another', () => {
    const order = simulate(toyCohort(['01', '02', '03']), 1, 100).flat();
    const reports = ['01', '02', '03'].map((label) => order.indexOf(`sub-${label}/report`));
    assert.deepEqual(reports, [10, 21, 32]);
  });

  it('starts the longest chain of a participant first', () => {
    const tasks = [
      toyTask('sub-01/short', [], ['output:s']),
      toyTask('sub-01/long', [], ['work:l']),
      toyTask('sub-01/end', ['work:l'], ['output:e']),
    ];
    assert.deepEqual(schedule(tasks, 1).next().map((task) => task.id), ['sub-01/long']);
  });

  it('keeps within memory', () => {
    const tasks = Array.from({ length: 6 }, (_, i) => toyTask(`sub-01/${i}`, [], [`output:${i}`], { memoryBytes: 3 * GB }));
    assert.deepEqual(simulate(tasks, 8, 8 * GB).map((round) => round.length), [2, 2, 2]);
  });

  it('runs a task larger than the budget alone', () => {
    const tasks = [
      toyTask('sub-01/a', [], ['output:a'], { memoryBytes: GB }),
      toyTask('sub-01/huge', [], ['output:h'], { memoryBytes: 50 * GB }),
      toyTask('sub-01/b', [], ['output:b'], { memoryBytes: GB }),
    ];
    const rounds = simulate(tasks, 4, 8 * GB);
    assert.deepEqual(rounds.find((round) => round.includes('sub-01/huge')), ['sub-01/huge']);
  });

  it('does not let small tasks hold up a large one for ever', () => {
    const small = Array.from({ length: 40 }, (_, i) => toyTask(`sub-02/${i}`, [], [`output:${i}`], { memoryBytes: 2 * GB, readBytes: 1 + (i % 3) }));
    const rounds = simulate([toyTask('sub-01/first', [], ['output:x'], { memoryBytes: 2 * GB, readBytes: 3 }), toyTask('sub-01/large', ['output:x'], ['output:y'], { memoryBytes: 7 * GB, readBytes: 1 }), ...small], 4, 8 * GB);
    const order = rounds.flat();
    assert.ok(order.indexOf('sub-01/large') < 20, `${order.indexOf('sub-01/large')}`);
  });

  it('skips exactly what needs a failed task', () => {
    const scheduler = schedule(toyCohort(['01', '02']), 1);
    assert.deepEqual(scheduler.next().map((task) => task.id), ['sub-01/import']);
    const skipped = scheduler.failed('sub-01/import').map((task) => task.id);
    assert.equal(skipped.length, 10);
    assert.ok(skipped.every((id) => id.startsWith('sub-01/')));
    assert.deepEqual(scheduler.next().map((task) => task.id), ['sub-02/import']);
  });
});
