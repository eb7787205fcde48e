import assert from 'node:assert/strict';
import { buildGraph, chainLengths } from '../../../runner/engine/graph.ts';
import { toyCohort, toyTask } from '../../fixtures/engine/toyTasks.ts';

describe('task graph', () => {
  it('orders tasks so that everything is made before it is needed', () => {
    const tasks = toyCohort(['01', '02']).toReversed();
    const { order, needs } = buildGraph(tasks);
    const position = new Map(order.map((task, at) => [task.id, at]));
    assert.equal(order.length, tasks.length);
    for (const task of tasks) {
      for (const need of needs.get(task.id) ?? []) assert.ok((position.get(need) ?? NaN) < (position.get(task.id) ?? NaN), `${need} before ${task.id}`);
    }
  });

  it('links producers and consumers', () => {
    const { producerOf, consumersOf, neededBy } = buildGraph(toyCohort(['01']));
    assert.equal(producerOf.get('work:sub-01/image.txt')?.id, 'sub-01/import');
    assert.equal(producerOf.get('dataset:image.txt'), undefined);
    assert.equal(consumersOf.get('work:sub-01/image.txt')?.length, 8);
    assert.deepEqual(neededBy.get('sub-01/sum'), ['sub-01/report']);
  });

  it('measures the chain that hangs on a task', () => {
    const lengths = chainLengths(buildGraph(toyCohort(['01'])));
    assert.equal(lengths.get('sub-01/import'), 4);
    assert.equal(lengths.get('sub-01/report'), 1);
  });

  it('finds circles, equal names and equal outputs', () => {
    assert.throws(() => buildGraph([toyTask('a', ['work:b'], ['work:a']), toyTask('b', ['work:a'], ['work:b'])]), /circle: a <- b <- a/);
    assert.throws(() => buildGraph([toyTask('a', [], ['work:a']), toyTask('a', [], ['work:b'])]), /two tasks called a/);
    assert.throws(() => buildGraph([toyTask('a', [], ['work:x']), toyTask('b', [], ['work:x'])]), /make work:x: a and b/);
  });

  it('bears long chains', () => {
    const tasks = Array.from({ length: 20_000 }, (_, i) => toyTask(`t${i}`, i === 0 ? [] : [`work:${i - 1}`], [`work:${i}`]));
    assert.equal(buildGraph(tasks.toReversed()).order[0].id, 't0');
  });
});
