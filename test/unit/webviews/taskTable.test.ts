import assert from 'node:assert/strict';
import type { TaskRow } from '../../../runner/protocol/runView.ts';
import { arrange, groupFailures, intoLanes, stageBands, statusOf, taskFraction } from '../../../webviews/run/taskTable.ts';

function task(id: string, more: Partial<TaskRow> = {}): TaskRow {
  const [scope, stage] = id.split('/');
  return { id, stage, scope, title: id, status: 'waiting', attempts: 0, ...more };
}

describe('the steps of a run as a table', () => {
  it('has participants between the template and the group, and stages in the order of the plan', () => {
    const table = arrange([task('group/stats'), task('02/import'), task('template/import'), task('02/segment'), task('01/segment')]);
    assert.deepEqual(table.scopes, ['template', '02', '01', 'group']);
    assert.deepEqual(table.stages, ['stats', 'import', 'segment']);
    assert.equal(table.cell('01', 'import'), undefined);
    assert.equal(table.cell('02', 'segment')?.status, 'waiting');
  });

  it('shows of several tasks what a reader should see first', () => {
    const finished = task('01/a', { status: 'finished' });
    assert.equal(statusOf([finished, finished]), 'finished');
    assert.equal(statusOf([finished, task('01/a')]), 'running');
    assert.equal(statusOf([finished, task('01/a', { status: 'running' }), task('01/a', { status: 'failed' })]), 'failed');
    assert.equal(statusOf([]), 'waiting');
    assert.equal(arrange([finished, task('01/a', { status: 'running', progress: { done: 1, total: 2, unit: 'items' } })]).cell('01', 'a')?.fraction, 0.75);
    assert.equal(taskFraction(task('01/a', { status: 'running', progress: { done: 3, total: 0, unit: 'items' } })), 0);
  });

  it('knows when stages were at work, and puts those that overlap into lines of their own', () => {
    const bands = stageBands([
      task('01/a', { status: 'finished', started: 1000, seconds: 2 }), task('02/a', { status: 'finished', started: 2000, seconds: 3 }),
      task('01/b', { status: 'running', started: 4000 }), task('01/c'), task('02/d', { status: 'failed', started: 5500 }),
    ], 6000);
    assert.deepEqual(bands, [{ stage: 'a', begin: 1000, end: 5000 }, { stage: 'b', begin: 4000, end: 6000 }, { stage: 'd', begin: 5500, end: 5500 }]);
    assert.deepEqual(intoLanes(bands).map(({ stage, lane }) => [stage, lane]), [['a', 0], ['b', 1], ['d', 0]]);
  });

  it('tells one cause once', () => {
    const failed = (scope: string, message: string): TaskRow => task(`${scope}/import`, { status: 'failed', error: { code: 'bad-zarr', message } });
    const groups = groupFailures([failed('01', 'Chunk 0/1 of sub-01 is damaged'), failed('02', 'Chunk 3/12 of sub-02 is damaged'), failed('03', 'The disk is full'), task('04/import')]);
    assert.deepEqual(groups.map(({ first, count }) => [first.scope, count]), [['01', 2], ['03', 1]]);
  });
});
