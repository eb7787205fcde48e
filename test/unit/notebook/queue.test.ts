import { strict as assert } from 'node:assert';
import { adopt, begin, emptyQueue, end, enqueue, placeInQueue, remove } from '../../../extension/notebook/execution/queue.ts';
import type { QueueState } from '../../../extension/notebook/execution/queue.ts';

/** Carries out all that waits, as a notebook does; the names that fail do not succeed. Answers what ran and what was dropped. */
function runAll(queue: QueueState<string>, failing: readonly string[] = []): { ran: string[]; dropped: string[] } {
  const ran: string[] = [], dropped: string[] = [];
  let state = queue;
  for (;;) {
    const { queue: begun, item } = begin(state);
    if (item === undefined) return { ran, dropped };
    ran.push(item);
    assert.equal(begin(begun).item, undefined, 'one at a time');
    const ended = end(begun, item, !failing.includes(item));
    dropped.push(...ended.dropped);
    state = ended.queue;
  }
}

describe('the queue of a notebook', () => {
  const queue = enqueue(emptyQueue<string>(), ['a', 'b', 'c']);

  it('carries out one cell after the other, in order', () => {
    assert.deepEqual(runAll(enqueue(queue, ['d'])), { ran: ['a', 'b', 'c', 'd'], dropped: [] });
  });

  it('drops the rest of a batch after a failure, and no other batch', () => {
    assert.deepEqual(runAll(enqueue(queue, ['d']), ['a']), { ran: ['a', 'd'], dropped: ['b', 'c'] });
  });

  it('lets a waiting cell be taken out', () => {
    assert.deepEqual(runAll(remove(queue, 'b')), { ran: ['a', 'c'], dropped: [] });
  });

  it('does not take out what is under way', () => {
    const begun = begin(queue).queue;
    assert.deepEqual(remove(begun, 'a').active, begun.active);
  });

  it('waits for all runs that were found going on', () => {
    const found = adopt(adopt(queue, 'x'), 'y');
    assert.equal(begin(found).item, undefined);
    const half = end(found, 'x', false).queue;
    assert.equal(begin(half).item, undefined);
    assert.deepEqual(runAll(end(half, 'y', true).queue), { ran: ['a', 'b', 'c'], dropped: [] });
  });

  it('tells how many go before a cell', () => {
    const begun = begin(queue).queue;
    assert.equal(placeInQueue(begun, 'a'), undefined);
    assert.equal(placeInQueue(begun, 'b'), 1);
    assert.equal(placeInQueue(begun, 'c'), 2);
  });

  it('ends nothing twice', () => {
    const ended = end(begin(queue).queue, 'a', true).queue;
    assert.deepEqual(end(ended, 'a', false), { queue: ended, dropped: [] });
  });
});
