import assert from 'node:assert/strict';
import { CohortFold } from '../../../runner/backends/coiled/cohortFold.ts';
import type { Segment } from '../../../runner/cloud/segments.ts';
import type { RunEventBody } from '../../../runner/protocol/events.ts';

const error = { code: 'runner-lost', message: 'gone' } as const;

describe('what machines tell of a cohort, taken together', () => {
  const segment = (attempt: string, number: number, first: number, ...bodies: readonly RunEventBody[]): Segment => ({ participant: '01', attempt, number, samples: [], events: bodies.map((body, index) => ({ seq: first + index, time: 1000 * (first + index), ...body })) });
  const started: RunEventBody = { type: 'run-started', pid: 1, host: 'vm' };
  const planned: RunEventBody = { type: 'run-planned', reused: 0, tasks: [{ id: 'a', stage: 's', scope: '01', title: 'step a' }, { id: 'b', stage: 's', scope: '01', title: 'step b' }] };
  const finished = (task: string): RunEventBody => ({ type: 'task-finished', task, seconds: 2, bytesRead: 10, bytesWritten: 5 });
  const over: RunEventBody = { type: 'run-finished', outcome: 'succeeded' };
  const types = (events: readonly RunEventBody[]): readonly string[] => events.map(({ type }) => type).filter((type) => type !== 'task-log');

  it('follows a participant from its start to its end, with sums', () => {
    const fold = new CohortFold(['01', '02']);
    assert.deepEqual(types(fold.take(segment('aa', 1, 1, started, planned))), ['task-started', 'task-progress']);
    assert.equal(fold.statusOf('01'), 'running');
    assert.equal(fold.startedOf('01'), 1000);
    const said = fold.take(segment('aa', 2, 3, finished('a')));
    assert.deepEqual(said.find(({ type }) => type === 'task-progress'), { type: 'task-progress', task: 'sub-01/machine', progress: { done: 1, total: 2, unit: 'items' } });
    const last = fold.take(segment('aa', 3, 4, finished('b'), over));
    assert.deepEqual(last.at(-1), { type: 'task-finished', task: 'sub-01/machine', seconds: 4, bytesRead: 20, bytesWritten: 10 });
    assert.deepEqual(fold.counts, { waiting: 1, running: 0, succeeded: 1, failed: 0 });
    assert.deepEqual(fold.open(['01', '02']), ['02']);
    assert.ok(fold.isOver('01') && !fold.isOver('02'));
  });

  it('takes nothing twice, however often and late it comes', () => {
    const fold = new CohortFold(['01']);
    fold.take(segment('aa', 1, 1, started, planned, finished('a')));
    assert.deepEqual(fold.take(segment('aa', 1, 1, started, planned, finished('a'))), []);
    fold.take(segment('aa', 2, 4, finished('b'), over));
    assert.deepEqual(fold.take(segment('aa', 2, 4, finished('b'), over)), []);
    assert.deepEqual(fold.take(segment('bb', 1, 1, started)), []);
    assert.equal(fold.counts.succeeded, 1);
  });

  it('takes a machine that was taken away as waiting, and what another tells from its beginning', () => {
    const fold = new CohortFold(['01']);
    fold.take(segment('aa', 1, 1, started, planned, finished('a')));
    assert.deepEqual(types(fold.lose('01', error)), ['task-postponed']);
    assert.deepEqual(fold.lose('01', error), []);
    assert.deepEqual(types(fold.take(segment('bb', 1, 1, started))), ['task-started']);
    // Late words of the first count no more.
    assert.deepEqual(fold.take(segment('aa', 2, 4, finished('b'), over)), []);
    assert.equal(fold.statusOf('01'), 'running');
    assert.deepEqual(types(fold.take(segment('bb', 2, 2, { type: 'run-finished', outcome: 'cancelled' }))), ['task-postponed']);
    assert.equal(fold.statusOf('01'), 'waiting');
  });

  it('says why a participant failed, by the first error that was told', () => {
    const fold = new CohortFold(['01']);
    fold.take(segment('aa', 1, 1, started, planned, { type: 'task-failed', task: 'a', error: { code: 'bad-zarr', message: 'broken chunk' } }));
    const said = fold.take(segment('aa', 2, 4, { type: 'run-finished', outcome: 'failed' }));
    assert.deepEqual(said.at(-1), { type: 'task-failed', task: 'sub-01/machine', error: { code: 'bad-zarr', message: 'broken chunk' } });
    assert.deepEqual(fold.fail('01', error), []);
  });

  it('passes over participants that are none of the run', () => {
    assert.deepEqual(new CohortFold(['02']).take(segment('aa', 1, 1, started)), []);
  });
});
