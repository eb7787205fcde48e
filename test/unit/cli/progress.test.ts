import assert from 'node:assert/strict';
import { bar, renderProgress } from '../../../runner/cli/progress.ts';
import { PlainReporter, TerminalReporter, wantsColor } from '../../../runner/cli/reporters.ts';
import { formatBytes, formatSeconds } from '../../../runner/wording/words.ts';
import { applyEvent, foldEvents, initialState, runFraction } from '../../../runner/protocol/runState.ts';
import type { RunEvent, RunEventBody } from '../../../runner/protocol/events.ts';

const summary = (id: string, scope = '01') => ({ id, stage: 's', scope, title: `segment Abeta (otsu+k3i2), ${id}` });

function events(bodies: readonly RunEventBody[]): RunEvent[] {
  return bodies.map((body, at) => ({ seq: at + 1, time: at === 0 ? 0 : 1000, ...body }));
}

const midway = events([
  { type: 'run-started', pid: 1, host: 'h' },
  { type: 'run-planned', tasks: ['a', 'b', 'c', 'd'].map((id) => summary(id)), reused: 0 },
  { type: 'task-finished', task: 'a', seconds: 1, bytesRead: 5e6, bytesWritten: 0 },
  { type: 'task-started', task: 'b' },
  { type: 'task-progress', task: 'b', progress: { done: 50e6, total: 100e6, unit: 'bytes' } },
  { type: 'task-started', task: 'c' },
]);

describe('progress', () => {
  const state = foldEvents(midway);

  it('shows bars with rate and time left', () => {
    const lines = renderProgress(state, 11_000, { width: 100, height: 10, color: false });
    assert.equal(lines.length, 3);
    assert.match(lines[0], / 37 %  1\/4 steps  11 s  about 18 s left  5\.0 MB read/);
    assert.match(lines[1], /^ {2}sub-01 {2}segment Abeta \(otsu\+k3i2\), b .*██████░░░░░░ 50 % {2}5\.0 MB\/s {2}10 s left$/);
    assert.match(lines[2], /, c +10 s$/);
  });

  for (const width of [20, 33, 60, 61, 100, 240]) {
    it(`stays within ${width} columns`, () => {
      for (const line of renderProgress(state, 11_000, { width, height: 10, color: false })) assert.ok(line.length < width, `${line.length}: ${line}`);
    });
  }

  const pause: RunEventBody = { type: 'run-paused', kind: 'sign-in', error: { code: 'auth-expired', message: 'expired' }, signIn: ['aws sso login'] };
  const pausedState = foldEvents([...midway, { seq: 7, time: 2000, ...pause }]);

  it('says why nothing moves, and reckons without the wait afterwards', () => {
    const lines = renderProgress(pausedState, 62_000, { width: 100, height: 10, color: false });
    assert.equal(lines[1], '  Paused 1 min 00 s. Sign in again (aws sso login).');
    assert.doesNotMatch(lines[0], /left/);
    const resumed = applyEvent(pausedState, { seq: 8, time: 62_000, type: 'run-resumed' });
    assert.match(renderProgress(resumed, 71_000, { width: 100, height: 10, color: false })[0], /1 min 11 s {2}about 18 s left/);
    for (const width of [20, 60]) for (const line of renderProgress(pausedState, 62_000, { width, height: 10, color: false })) assert.ok(line.length < width);
    assert.ok(renderProgress(pausedState, 62_000, { width: 80, height: 2, color: false }).length <= 2);
  });

  it('stays within its height', () => {
    assert.equal(renderProgress(state, 11_000, { width: 80, height: 2, color: false }).length, 2);
    assert.match(renderProgress(state, 11_000, { width: 80, height: 2, color: false })[1], /2 steps more/);
  });

  it('counts running tasks by their progress', () => {
    assert.equal(runFraction(state), 1.5 / 4);
    assert.equal(runFraction(initialState), 0);
  });

  it('draws bars', () => {
    assert.equal(bar(0, 4), '░░░░');
    assert.equal(bar(1, 4), '████');
    assert.equal(bar(0.625, 4), '██▌░');
    assert.equal(bar(7, 4), '████');
  });

  it('writes amounts as people do', () => {
    assert.deepEqual([0, 999, 1e3, 12_345, 99.96e6, 3.2e9].map(formatBytes), ['0 B', '999 B', '1.0 kB', '12.3 kB', '100 MB', '3.2 GB']);
    assert.deepEqual([0.04, 9.94, 12, 59.6, 65, 3600, 8040].map(formatSeconds), ['0.0 s', '9.9 s', '12 s', '1 min 00 s', '1 min 05 s', '1 h 00 min', '2 h 14 min']);
  });
});

describe('reporters', () => {
  function collect(): { readonly text: () => string; readonly output: { write(text: string): boolean; columns: number; rows: number; isTTY: boolean } } {
    let text = '';
    return { text: () => text, output: { write: (more) => { text += more; return true; }, columns: 60, rows: 24, isTTY: true } };
  }

  function feed(reporter: { event(event: RunEvent, state: ReturnType<typeof foldEvents>): void }, story: readonly RunEvent[]): void {
    let state = initialState;
    for (const event of story) {
      state = applyEvent(state, event);
      reporter.event(event, state);
    }
  }

  it('write plain lines to pipes, one for whatever ends', () => {
    const { text, output } = collect();
    feed(new PlainReporter(output), [...midway, ...events([
      { type: 'task-failed', task: 'b', error: { code: 'internal', message: 'broken' } },
      { type: 'task-skipped', task: 'd', because: 'it needs b' },
    ])]);
    assert.deepEqual(text().trimEnd().split('\n'), [
      'plan     4 steps to run, 0 up to date',
      '[1/4] done     sub-01  segment Abeta (otsu+k3i2), a (1.0 s)',
      '[2/4] failed   sub-01  segment Abeta (otsu+k3i2), b: broken',
      '[3/4] skipped  sub-01  segment Abeta (otsu+k3i2), d: it needs b',
    ]);
  });

  it('keep failures above the bars, and clear the bars at the end', () => {
    const { text, output } = collect();
    const reporter = new TerminalReporter(output, false, () => 11_000);
    feed(reporter, [...midway, ...events([{ type: 'task-failed', task: 'b', error: { code: 'internal', message: 'broken' } }])]);
    reporter.stop();
    assert.ok(text().startsWith('\u001b[?25l'), 'the cursor is hidden');
    assert.ok(text().endsWith('\u001b[J\u001b[?25h'), 'the bars are erased and the cursor shown');
    assert.ok(text().includes('failed   sub-01  segment Abeta (otsu+k3i2), b: broken\u001b[K\n'));
  });

  it('use colours on terminals only, and never against NO_COLOR', () => {
    const terminal = { write: () => true, isTTY: true };
    assert.equal(wantsColor(terminal, {}), true);
    assert.equal(wantsColor(terminal, { NO_COLOR: '1' }), false);
    assert.equal(wantsColor(terminal, { TERM: 'dumb' }), false);
    assert.equal(wantsColor({ write: () => true }, {}), false);
  });
});
