import { strict as assert } from 'node:assert';
import { followRun } from '../../../extension/notebook/execution/followRun.ts';
import { isRunOutput } from '../../../extension/notebook/execution/cellOutput.ts';
import type { RunListener, RunnerClient } from '../../../extension/runner-client/client.types.ts';
import type { RunEvent, RunEventBody } from '../../../runner/protocol/events.ts';
import type { RunOutput } from '../../../runner/protocol/runOutput.ts';
import type { RunRecord } from '../../../runner/protocol/runs.ts';

const record: RunRecord = {
  id: 'r1', status: 'starting', started: 500, command: 'spimquant a b participant', verb: 'participant', place: 'local', bids: 'a', output: 'b', cancelling: false,
  counts: { waiting: 0, running: 0, finished: 0, failed: 0, skipped: 0, cancelled: 0 }, reused: 0, fraction: 0, current: [], seq: 0, host: 'here',
};

const events = (...bodies: readonly RunEventBody[]): RunEvent[] => bodies.map((body, index) => ({ ...body, seq: index + 1, time: 1000 + index }));

const story = events(
  { type: 'run-started', pid: 1, host: 'here' },
  { type: 'run-planned', reused: 2, tasks: [{ id: 't1', stage: 's', scope: '01', title: 'segment Abeta' }, { id: 't2', stage: 's', scope: '02', title: 'segment Abeta' }] },
  { type: 'task-started', task: 't1' },
  ...Array.from({ length: 40 }, (_, n): RunEventBody => ({ type: 'task-log', task: 't1', level: 'info', message: `line ${n}` })),
  { type: 'task-finished', task: 't1', seconds: 1, bytesRead: 10, bytesWritten: 5 },
  { type: 'task-started', task: 't2' },
  { type: 'task-failed', task: 't2', error: { code: 'bad-zarr', message: 'A chunk is damaged.', hint: 'Copy it anew.', stack: 'at somewhere' } },
  { type: 'run-finished', outcome: 'failed' },
);

/** A line to a runner of which only following is used; the journal is the story above. */
function runnerThat(tell: (listener: RunListener) => void): RunnerClient {
  const nothing = { dispose: () => undefined };
  return {
    status: { kind: 'connected', pid: 1, version: '0', serverId: 's' }, onStatus: () => nothing, on: () => nothing, attach: async () => true,
    restart: async () => undefined, dispose: () => undefined,
    request: async () => ({ files: [{ uri: '/b/x.tsv', title: 'x', kind: 'table', bytes: 1 }, { uri: '/b/report.html', title: 'Report', kind: 'report', bytes: 1 }], more: false }) as never,
    follow: (_id, after, listener) => {
      assert.equal(after, 0);
      tell(listener);
      return nothing;
    },
  };
}

describe('a run in a cell', () => {
  const time = { now: () => Date.now(), after: () => () => undefined };

  it('ends with what failed, the end of the log and what there is to open', async () => {
    const shown: RunOutput[] = [];
    const { ended } = followRun({
      runner: runnerThat((listener) => { listener.events(story.slice(0, 20)); listener.events(story.slice(20)); }),
      time, run: record, signal: new AbortController().signal, cancelling: () => false, show: async (output) => { shown.push(output); },
    });
    const last = await ended;
    assert.equal(last, shown.at(-1));
    assert.ok(isRunOutput(JSON.parse(JSON.stringify(last))));
    assert.deepEqual([last?.run.status, last?.run.started, last?.run.ended], ['failed', 1000, 1000 + story.length - 1]);
    assert.deepEqual(last?.run.counts, { waiting: 0, running: 0, finished: 1, failed: 1, skipped: 0, cancelled: 0 });
    assert.deepEqual(last?.tail.map(({ message }) => message), Array.from({ length: 12 }, (_, n) => `line ${28 + n}`));
    assert.deepEqual(last?.failures, [{ title: 'sub-02 segment Abeta', error: { code: 'bad-zarr', message: 'A chunk is damaged.', hint: 'Copy it anew.' } }]);
    assert.deepEqual(last?.files.map(({ title }) => title), ['Report', 'x']);
  });

  it('shows what goes on, and that its end was asked for', async () => {
    const shown: RunOutput[] = [];
    let cancelling = false;
    const abort = new AbortController();
    const following = followRun({
      runner: runnerThat((listener) => { listener.events(story.slice(0, 3)); }),
      time: { now: () => shown.length * 1000, after: () => () => undefined }, run: record, signal: abort.signal,
      cancelling: () => cancelling, show: async (output) => { shown.push(output); },
    });
    await new Promise((resolve) => { setImmediate(resolve); });
    cancelling = true;
    following.refresh();
    await new Promise((resolve) => { setImmediate(resolve); });
    assert.deepEqual(shown.map(({ run: { status, cancelling: asked, current } }) => [status, asked, current]), [
      ['running', false, ['sub-01 segment Abeta']], ['running', true, ['sub-01 segment Abeta']],
    ]);
    abort.abort();
    assert.equal(await following.ended, undefined);
  });

  it('stays as it was last seen when its record is deleted', async () => {
    const shown: RunOutput[] = [];
    const { ended } = followRun({
      runner: runnerThat((listener) => { listener.events(story.slice(0, 3)); listener.gone(); }),
      time, run: record, signal: new AbortController().signal, cancelling: () => false, show: async (output) => { shown.push(output); },
    });
    assert.equal(await ended, undefined);
    assert.equal(shown.at(-1)?.run.status, 'running');
  });
});
