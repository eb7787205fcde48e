import { strict as assert } from 'node:assert';
import { planReattach } from '../../../extension/notebook/execution/reattachPolicy.ts';
import type { CellStanding } from '../../../extension/notebook/execution/reattachPolicy.ts';
import type { RunRecord, RunStatus } from '../../../runner/protocol/runs.ts';

const notebook = 'file:///study/brain.spimnb';

function run(id: string, status: RunStatus, cell: string | undefined, started = 1000, from = notebook): RunRecord {
  return {
    id, status, started, command: 'spimquant a b participant', verb: 'participant', place: 'local', bids: 'a', output: 'b', cancelling: false,
    counts: { waiting: 0, running: 0, finished: 0, failed: 0, skipped: 0, cancelled: 0 }, reused: 0, fraction: 0, current: [], seq: 1, host: 'here',
    ...(cell === undefined ? {} : { origin: { notebook: from, cell } }),
  };
}

const cell = (id: string, shown?: CellStanding['shown'], executing = false): CellStanding => ({ id, executing, ...(shown === undefined ? {} : { shown }) });

/** The plan in short: `follow 0 r1`. */
function plan(cells: readonly CellStanding[], runs: readonly RunRecord[], delivered: readonly string[] = []): string[] {
  return planReattach(cells, { notebook, runs, delivered: new Set(delivered) })
    .map((each) => `${each.kind} ${each.cell} ${each.kind === 'lost' ? each.runId : each.run.id}`);
}

describe('finding runs again', () => {
  it('follows a run that goes on, in the cell it was started from', () => {
    assert.deepEqual(plan([cell('x'), cell('y')], [run('r1', 'running', 'y')]), ['follow 1 r1']);
  });

  it('finds it by the output when the notebook has another name now', () => {
    const runs = [run('r1', 'running', 'y', 1000, 'file:///study/old.spimnb')];
    assert.deepEqual(plan([cell('y', { runId: 'r1', over: false })], runs), ['follow 0 r1']);
    assert.deepEqual(plan([cell('y')], runs), []);
  });

  it('shows the end of a run that ended meanwhile', () => {
    assert.deepEqual(plan([cell('x', { runId: 'r1', over: false })], [run('r1', 'succeeded', 'x')]), ['settle 0 r1']);
    assert.deepEqual(plan([cell('x')], [run('r1', 'interrupted', 'x')]), ['settle 0 r1']);
  });

  it('leaves a cell alone that shows the end, or was cleared after it had shown it', () => {
    assert.deepEqual(plan([cell('x', { runId: 'r1', over: true })], [run('r1', 'failed', 'x')]), []);
    assert.deepEqual(plan([cell('x')], [run('r1', 'failed', 'x')], ['r1']), []);
  });

  it('leaves a cell alone that is being carried out', () => {
    assert.deepEqual(plan([cell('x', undefined, true)], [run('r1', 'running', 'x')]), []);
  });

  it('takes the latest of several runs of a cell', () => {
    assert.deepEqual(plan([cell('x', { runId: 'r1', over: true })], [run('r1', 'cancelled', 'x', 1000), run('r2', 'running', 'x', 2000)]), ['follow 0 r2']);
  });

  it('says when there is no record of a run that was going on', () => {
    assert.deepEqual(plan([cell('x', { runId: 'r9', over: false }), cell('y', { runId: 'r8', over: true })], []), ['lost 0 r9']);
  });

  it('gives a run to one cell only: of copies to the one it was started from or that shows it first', () => {
    const shown = { runId: 'r1', over: false };
    assert.deepEqual(plan([cell('x', shown), cell('copy', shown)], [run('r1', 'running', 'x')]), ['follow 0 r1']);
    assert.deepEqual(plan([cell('x'), cell('x')], [run('r1', 'running', 'x')]), ['follow 0 r1']);
  });

  it('knows nothing of runs of other notebooks', () => {
    assert.deepEqual(plan([cell('x')], [run('r1', 'running', 'x', 1000, 'file:///elsewhere.spimnb'), run('r2', 'running', undefined)]), []);
  });
});
